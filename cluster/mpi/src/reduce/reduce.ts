/**
 * Combining elements of buffers. What comes here has been checked by `checkDefined`, and the buffers hold `count` elements each. Which
 * operand is of the lower ranks matters for ops of users: it is the first.
 *
 * The result may be written where an operand lies, from the same element on; no other overlap is allowed.
 */

import { heap } from '@skein/heap'
import type { Datatype, Kind } from '../datatype/datatype.ts'
import { kinds, type NumberArray, type NumberArrayClass, type PairKind } from '../datatype/kinds.ts'
import { gather, scatterInto } from '../datatype/packing.ts'
import type { Op, OpName } from '../op.ts'
import { type Loop, loopOf, pairLoopOf } from './loops.ts'
import { aligned, numbersOf, putBack } from './numbers.ts'
import { combineByUser } from './user.ts'
import { blockBytes, vectorLoopOf } from './vector.ts'

/** `inout[i] = input[i] op inout[i]` */
export const reduceInto = (
  op: Op,
  type: Datatype,
  input: ArrayBufferView,
  inout: ArrayBufferView,
  count: number,
): void => reduce3(op, type, input, inout, inout, count)

/** `out[i] = a[i] op b[i]` */
export const reduce3 = (
  op: Op,
  type: Datatype,
  a: ArrayBufferView,
  b: ArrayBufferView,
  out: ArrayBufferView,
  count: number,
): void => {
  const { name } = op
  if (count === 0) return
  if (name === 'user') return combineByUser(op, type, a, b, out, count)
  if (name === 'noOp') return copy(type, a, out, count)
  if (name === 'replace') return copy(type, b, out, count)
  let found = op.found as Found | undefined
  if (found?.type !== type) op.found = found = find(name, type)
  const { array, lanes, loop } = found
  if (array === undefined) return reducePairs(name, type, [a, b], out, count)
  const n = count * lanes
  const bytes = n * array.BYTES_PER_ELEMENT
  if (bytes >= leastVectors && isInHeap(a, bytes) && isInHeap(b, bytes) && isInHeap(out, bytes))
    return reduceVectors(name, type.kind!, array, [a, b], out, n)
  const to = numbersOf(array, out, n)
  loop!(n, to, 0, numbersOf(array, a, n), 0, numbersOf(array, b, n), 0)
  if (to !== out) putBack(to, out)
}

/** For two operands; of pairs there is neither array nor loop. */
interface Found {
  readonly type: Datatype
  readonly lanes: number
  readonly array: NumberArrayClass | undefined
  readonly loop: Loop | undefined
}

const find = (name: OpName, type: Datatype): Found => {
  const { array, lanes } = kinds[type.kind!]
  return { type, lanes, array, loop: array && loopOf(name, type.kind!, 2) }
}

/** `out[i] = inputs[0][i] op inputs[1][i] op …`, from the left. MPI's ops take one pass over all of them. */
export const reduceAll = (
  op: Op,
  type: Datatype,
  inputs: readonly ArrayBufferView[],
  out: ArrayBufferView,
  count: number,
): void => {
  const { name } = op
  if (count === 0) return
  if (inputs.length === 1) return copy(type, inputs[0], out, count)
  if (name === 'user') return foldByUser(op, type, inputs, out, count)
  if (name === 'noOp') return copy(type, inputs[0], out, count)
  if (name === 'replace') return copy(type, inputs[inputs.length - 1], out, count)
  const kind = type.kind!
  const { array, lanes } = kinds[kind]
  if (array === undefined) return reducePairs(name, type, inputs, out, count)
  const n = count * lanes
  const bytes = count * type.size
  if (bytes >= leastVectors && isInHeap(out, bytes) && inputs.every(view => isInHeap(view, bytes)))
    return reduceVectors(name, kind, array, inputs, out, n)
  const to = numbersOf(array, out, n)
  const operands = inputs.flatMap(view => [numbersOf(array, view, n), 0])
  loopOf(name, kind, inputs.length)(n, to, 0, ...operands)
  if (to !== out) putBack(to, out)
}

/** From so many bytes on finding out where the arrays lie costs less than vectors gain. */
const leastVectors = 256

/** The length is looked at since WebAssembly is held back by no bounds but those of the heap. */
const isInHeap = (view: ArrayBufferView, bytes: number): boolean => view.byteLength >= bytes && heap.owns(view)

const reduceVectors = (
  name: OpName,
  kind: Kind,
  array: NumberArrayClass,
  inputs: readonly ArrayBufferView[],
  out: ArrayBufferView,
  n: number,
): void => {
  const loop = vectorLoopOf(name, kind, inputs.length)
  const size = array.BYTES_PER_ELEMENT
  let done = 0
  if (loop !== null) {
    const at = heap.addressOf(out)
    const bytes = Math.floor((n * size) / blockBytes) * blockBytes
    if (inputs.length === 2) loop(at, at + bytes, heap.addressOf(inputs[0]), heap.addressOf(inputs[1]))
    else loop(at, at + bytes, ...inputs.map(view => heap.addressOf(view)))
    done = bytes / size
  }
  if (done === n) return
  const to = numbersOf(array, out, n)
  loopOf(name, kind, inputs.length)(n - done, to, done, ...inputs.flatMap(view => [numbersOf(array, view, n), done]))
  if (to !== out) putBack(to, out)
}

const reducePairs = (
  name: OpName,
  type: Datatype,
  inputs: readonly ArrayBufferView[],
  out: ArrayBufferView,
  count: number,
): void => {
  const kind = type.kind as PairKind
  const { extent, alignment, pair } = kinds[kind]
  const { value, index, indexOffset } = pair!
  const before = (count - 1) * extent
  const both = (view: ArrayBufferView): NumberArray[] => [
    arrayAt(value, view, before + kinds[value].size),
    arrayAt(index, view, before + indexOffset + kinds[index].size),
  ]
  const bytes = before + type.trueExtent
  const to = aligned(out, alignment, bytes)
  const operands = inputs.flatMap(view => both(aligned(view, alignment, bytes)))
  pairLoopOf(name as 'maxloc' | 'minloc', kind, inputs.length)(count, ...both(to), ...operands)
  if (to !== out) putBack(to, out)
}

const foldByUser = (
  op: Op,
  type: Datatype,
  inputs: readonly ArrayBufferView[],
  out: ArrayBufferView,
  count: number,
): void => {
  // Not in `out`: that may be one of the inputs yet to come.
  const bytes = (count - 1) * type.extent + type.trueExtent
  const result = new Uint8Array(bytes)
  combineByUser(op, type, inputs[0], inputs[1], result, count)
  for (let k = 2; k < inputs.length; k++) combineByUser(op, type, result, inputs[k], result, count)
  copy(type, result, out, count)
}

const copy = (type: Datatype, from: ArrayBufferView, to: ArrayBufferView, count: number): void => {
  if (from.buffer === to.buffer && from.byteOffset === to.byteOffset) return
  scatterInto(gather(from, count, type), to, type)
}

const arrayAt = (kind: Kind, view: ArrayBufferView, bytes: number): NumberArray =>
  new kinds[kind].array!(view.buffer, view.byteOffset, bytes / kinds[kind].size)
