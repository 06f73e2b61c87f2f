/** Values as they would be on another thread: copies of their own, but for arrays of the heap. */

import { heap, type TypedArray } from '@skein/heap'
import { recordOf } from '../calls/arguments.ts'
import { Prepacked, type Record } from '../calls/record.ts'
import { Ref } from '../ref.ts'
import { cellsOf } from '../values/cells.ts'
import { copyToHeap } from '../values/copy.ts'
import { pack, unpack } from '../values/pack.ts'
import { tally } from '../values/tally.ts'

/** Arrays from this size on are returned in the heap. */
const largeBytes = 1024

/** What a task is called with. @throws FreedError when a value it needs is gone */
export function argumentsOf(record: Record): unknown[] {
  const { given, name } = record
  if (given instanceof Prepacked) {
    const values = given.refs.map(ref => copied(recordOf(name, ref).found, name, 'a dependency'))
    return unpack(given.bytes, values, given.holds) as unknown[]
  }
  return given.map(value =>
    value instanceof Ref ? copied(recordOf(name, value).found, name, 'a dependency') : passed(value),
  )
}

/**
 * What a task gave, for whoever wants it.
 *
 * @param kept arrays may be used on by who gave them: actors have state
 * @throws NotCloneableError
 */
export function resultOf(value: unknown, kept: boolean): unknown {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const array = value as TypedArray
    if (heap.owns(array) && !kept) return passed(array)
    if (heap.owns(array) || array.byteLength >= largeBytes) {
      return copyToHeap(array, 'task results')
    }
  }
  return cellsOf(value) > 0 ? value : unpack(pack(value, 'the result of a task', 'result', true).bytes)
}

/** What a function threw, as it arrives. */
export function errorOf(thrown: unknown): unknown {
  try {
    return unpack(pack(thrown, 'the error of a task', 'error', true).bytes)
  } catch (error) {
    return error
  }
}

function copied(value: unknown, call: string, root: string): unknown {
  if (cellsOf(value) > 0) return passed(value)
  const { bytes, leaning } = pack(value, call, root)
  return unpack(bytes, [], leaning.holds)
}

/** What fits into cells, as it is: arrays of the heap among it. */
function passed(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) tally?.shared(value)
  return value
}
