/** Ops of users on elements of buffers, of one element at a time or of whole arrays. */

import { ArgumentError } from '@skein/base'
import type { Datatype, Kind } from '../datatype/datatype.ts'
import { kinds, type NumberArray } from '../datatype/kinds.ts'
import { gather, scatterInto, spanOf } from '../datatype/packing.ts'
import type { Combine, Op } from '../op.ts'
import { numbersOf, putBack } from './numbers.ts'

/** `out[i] = a[i] op b[i]`; `out` may lie where `a` or `b` does. */
export const combineByUser = (
  op: Op,
  type: Datatype,
  a: ArrayBufferView,
  b: ArrayBufferView,
  out: ArrayBufferView,
  count: number,
): void => {
  const { kind } = type
  if (kind !== undefined && op.combine !== undefined && type.isContiguous && isNumber(kind)) {
    const { array, size } = kinds[kind]
    const n = (count * type.size) / size
    const to = numbersOf(array!, out, n)
    eachLoop(op)(op.combine, to, numbersOf(array!, a, n), numbersOf(array!, b, n), n)
    if (to !== out) putBack(to, out)
    return
  }
  if (kind !== undefined && (kinds[kind].pair === undefined || op.combine !== undefined)) {
    const x = elementsOf(type, a, count)
    const y = elementsOf(type, b, count)
    if (op.combine === undefined) op.combineArrays!(x, y, count, type)
    else combineEach(op, kind, x, y, (count * type.size) / kinds[kind].size)
    scatterInto(bytesOf(y), out, type)
    return
  }
  if (op.combineArrays === undefined) {
    const advice = 'Elements of several kinds are combined by a function of arrays: Op.createForArrays'
    throw new ArgumentError(
      'reduce',
      'the type',
      'of one kind, for an op that combines two elements',
      String(type),
      advice,
    )
  }
  // What lies between the elements comes along, so that they lie as the type says.
  const { from, to } = spanOf(count, type)
  const copyOf = (view: ArrayBufferView): DataView => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + from, to - from)
    return new DataView(Uint8Array.from(bytes).buffer)
  }
  const inout = copyOf(b)
  op.combineArrays(copyOf(a), inout, count, type)
  scatterInto(gather(inout, count, type), out, type)
}

const bytesOf = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength)

/** The elements one after another, as an array of their kind that no one else sees: pairs as a DataView. */
const elementsOf = (type: Datatype, view: ArrayBufferView, count: number): NumberArray | DataView => {
  const { array } = kinds[type.kind!]
  const bytes = gather(view, count, type)
  return array === undefined ? new DataView(bytes.buffer) : new array(bytes.buffer, bytes.byteOffset)
}

/** Elements of such a kind are those of its typed array. */
const isNumber = (kind: Kind): boolean => kinds[kind].lanes === 1 && kind !== 'bool'

type EachLoop = (combine: Combine<any>, out: NumberArray, x: NumberArray, y: NumberArray, n: number) => void

let loopsMade = 0

/** A loop for each op, so that V8 puts the user's function into it. Each has a text of its own: of equal ones V8 would make one. */
const eachLoop = (op: Op): EachLoop => {
  if (op.found === undefined) {
    const text = `/* ${loopsMade++} */ for (let i = 0; i < n; i++) out[i] = combine(x[i], y[i])`
    op.found = new Function('combine', 'out', 'x', 'y', 'n', text)
  }
  return op.found as EachLoop
}

const combineEach = (op: Op, kind: Kind, x: NumberArray | DataView, y: NumberArray | DataView, n: number): void => {
  if (isNumber(kind)) return eachLoop(op)(op.combine!, y as NumberArray, x as NumberArray, y as NumberArray, n)
  const { get, set } = access(kind)
  for (let i = 0; i < n; i++) set(y, i, op.combine!(get(x, i), get(y, i)))
}

interface Access {
  get(array: any, index: number): unknown
  set(array: any, index: number, value: any): void
}

/** Elements as a user's function has them, where they are no numbers: pairs, complex numbers and truths. */
const access = (kind: Kind): Access => {
  const { lanes, pair, size } = kinds[kind]
  if (pair !== undefined) {
    const value = field(pair.value)
    const index = field(pair.index)
    const at = kinds[pair.value].size
    return {
      get: (view, i) => [value.get(view, i * size), index.get(view, i * size + at)],
      set: (view, i, [v, k]) => (value.set(view, i * size, v), index.set(view, i * size + at, k)),
    }
  }
  if (lanes === 2)
    return {
      get: (array, i) => [array[2 * i], array[2 * i + 1]],
      set: (array, i, [re, im]) => ((array[2 * i] = re), (array[2 * i + 1] = im)),
    }
  return { get: (array, i) => array[i] !== 0, set: (array, i, value) => (array[i] = value ? 1 : 0) }
}

/** A number at a byte of a DataView, in this machine's order. */
const field = (kind: Kind): Access => {
  const name = kind === 'int64' ? 'BigInt64' : kind.replace(/^./, c => c.toUpperCase())
  return {
    get: (view, at) => view[`get${name}`](at, true),
    set: (view, at, value) => view[`set${name}`](at, value, true),
  }
}
