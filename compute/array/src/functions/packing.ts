/** Bits as bytes, eight of them in one. */

import { ArgumentError } from '@skein/base'
import { isInteger } from '../dtypes.ts'
import { DTypeError } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { checkAxis, sizeOf } from '../shape.ts'
import { asarray, fresh, type Nested } from './creation.ts'
import type { Operand } from './operands.ts'
import { elementsOf } from './placing.ts'
import { moveaxis, reshape } from './shaping.ts'

export interface PackOptions {
  /** Along which bits are put together; default null: all, in C order, as one row. */
  axis?: number | null
  /** Which bit of a byte is the first one: the highest (`big`, the default) or the lowest. */
  bitorder?: 'big' | 'little'
}

export interface UnpackOptions extends PackOptions {
  /** How many bits to give of each row; default all; negative: so many less. Of those that no byte has there are zeros. */
  count?: number
}

interface Lines {
  readonly array: NDArray
  readonly axis: number
  /** Places of bits in a byte, the first one first. */
  readonly places: readonly number[]
}

/** With the axis last. */
function linesOf(x: NDArray, { axis = null, bitorder = 'big' }: PackOptions, call: string): Lines {
  if (bitorder !== 'big' && bitorder !== 'little')
    throw new ArgumentError(call, 'bitorder', "'big' or 'little'", bitorder)
  const places = bitorder === 'big' ? [7, 6, 5, 4, 3, 2, 1, 0] : [0, 1, 2, 3, 4, 5, 6, 7]
  if (axis === null) return { array: reshape(x, [-1]), axis: 0, places }
  const d = checkAxis(axis, x.shape, call)
  return { array: moveaxis(x, d, -1), axis: d, places }
}

/** Bytes of eight bits each: elements that are not 0 are ones. What is missing in the last byte of a row are zeros. @param x booleans or integers */
export function packbits(x: Operand | Nested, options: PackOptions = {}): NDArray<'uint8'> {
  const call = 'packbits'
  const given = asarray(x as Nested)
  if (given.dtype !== 'bool' && !isInteger(given.dtype))
    throw new DTypeError(call, 'booleans and integers', [given.dtype])
  const { array, axis, places } = linesOf(given, options, call)
  const from = elementsOf(array) as unknown as ArrayLike<number | bigint>
  const length = array.shape[array.ndim - 1]
  const bytes = Math.ceil(length / 8)
  const made = fresh('uint8', array.shape.with(-1, bytes), call)
  const to = made.memory.elements
  const rows = sizeOf(array.shape.slice(0, -1))
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < length; k++) {
      if (Number(from[row * length + k]) !== 0) (to as Uint8Array)[row * bytes + (k >> 3)] |= 1 << places[k & 7]
    }
  }
  return moveaxis(made.array, -1, axis)
}

/** The bits of bytes, as uint8: the inverse of `packbits`. @param x uint8 */
export function unpackbits(x: Operand, options: UnpackOptions = {}): NDArray<'uint8'> {
  const call = 'unpackbits'
  const given = asarray(x as Nested)
  if (given.dtype !== 'uint8') throw new DTypeError(call, 'uint8', [given.dtype])
  const { array, axis, places } = linesOf(given, options, call)
  const from = elementsOf(array) as Uint8Array
  const bytes = array.shape[array.ndim - 1]
  const { count = bytes * 8 } = options
  if (!Number.isSafeInteger(count) || count < -bytes * 8)
    throw new ArgumentError(call, 'count', `a whole number from ${-bytes * 8}`, count)
  const length = count < 0 ? bytes * 8 + count : count
  const made = fresh('uint8', array.shape.with(-1, length), call)
  const to = made.memory.elements as Uint8Array
  const rows = sizeOf(array.shape.slice(0, -1))
  const there = Math.min(length, bytes * 8)
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < there; k++) to[row * length + k] = (from[row * bytes + (k >> 3)] >> places[k & 7]) & 1
  }
  return moveaxis(made.array, -1, axis)
}
