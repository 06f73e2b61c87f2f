/** Where elements are. */

import { ArgumentError } from '@skein/base'
import { infoOf } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import { countTruths, truePlaces } from '../indexing/picking.ts'
import { Memory } from '../memory.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { promote } from '../promotion.ts'
import { stridesOf } from '../shape.ts'
import { placesIn } from '../sorting/search.ts'
import { astype } from './astype.ts'
import { asarray, fresh, type Nested } from './creation.ts'
import { take } from './indexing.ts'
import { type Operand, toArray } from './operands.ts'
import { elementsOf } from './placing.ts'
import { reshape } from './shaping.ts'

const numbers = (found: Int32Array, shape: readonly number[] = [found.length]): NDArray<'int32'> =>
  arrayOf({ dtype: 'int32', shape, strides: stridesOf(shape), offset: 0, memory: new Memory(found as never) })

/** Whether each element is not 0, in C order, and how many are not. */
function truthsOf(x: NDArray): { elements: Uint8Array; count: number } {
  const elements = elementsOf(astype(x, 'bool', { copy: false })) as unknown as Uint8Array
  return { elements, count: countTruths(elements) }
}

/** Places in C order of elements that are not 0, as an array. */
function truths(x: NDArray, call: string): NDArray<'int32'> {
  const elements = elementsOf(astype(x, 'bool', { copy: false })) as unknown as Uint8Array
  let made: { array: NDArray<'int32'> } | undefined
  truePlaces(elements, count => {
    const { array, memory } = fresh('int32', [count], call, 'unset')
    made = { array }
    return memory.elements as unknown as Int32Array
  })
  return made!.array
}

const listOf = (places: NDArray<'int32'>): Int32Array => elementsOf(places) as unknown as Int32Array

/** Row and column of each element of a matrix that is not 0, `step` apart. As in `truePlaces` every place is written. */
function placesInRows(
  elements: Uint8Array,
  [height, width]: readonly number[],
  rows: Int32Array,
  columns: Int32Array,
  step: 1 | 2,
): void {
  const { length } = columns
  for (let row = 0, k = 0, n = 0; row < height; row++)
    for (let column = 0; column < width && n < length; column++, k++) {
      rows[n] = row
      columns[n] = column
      n += (-elements[k] >>> 31) * step
    }
}

/** The index along one axis of each place in C order, of places that go up. */
function along(found: Int32Array, step: number, length: number): Int32Array {
  const indices = new Int32Array(found.length)
  let [index, begin] = [0, 0]
  for (let k = 0; k < found.length; k++) {
    // Of many that are near each other few divide.
    if (found[k] >= begin + step) {
      const steps = Math.floor(found[k] / step)
      begin = steps * step
      index = steps % length
    }
    indices[k] = index
  }
  return indices
}

/** Where elements are not 0 (NaN is not): for each axis the indices along it, in C order. @throws ShapeError for an array without axes */
export function nonzero(x: Operand): NDArray<'int32'>[] {
  const array = toArray(x, 'nonzero')
  if (array.ndim === 0) throw new ShapeError('nonzero', 'takes arrays with an axis, not of shape [].', [[]])
  if (array.ndim === 2) {
    const { elements, count } = truthsOf(array)
    const made = [0, 1].map(() => fresh('int32', [count], 'nonzero', 'unset'))
    const [rows, columns] = made.map(({ memory }) => memory.elements as unknown as Int32Array)
    placesInRows(elements, array.shape, rows, columns, 1)
    return made.map(m => m.array)
  }
  const found = truths(array, 'nonzero')
  const steps = stridesOf(array.shape)
  if (array.ndim === 1) return [found]
  return array.shape.map((n, d) => numbers(along(listOf(found), steps[d], n)))
}

/** The same as rows, one for each element that is not 0. */
export function argwhere(x: Operand): NDArray<'int32'> {
  const array = toArray(x, 'argwhere')
  if (array.ndim === 2) {
    const { elements, count } = truthsOf(array)
    const made = fresh('int32', [count, 2], 'argwhere', 'unset')
    const places = made.memory.elements as unknown as Int32Array
    placesInRows(elements, array.shape, places, places.subarray(1), 2)
    return made.array
  }
  const found = listOf(truths(array, 'argwhere'))
  const steps = stridesOf(array.shape)
  const { length: rank } = steps
  const rows = new Int32Array(found.length * rank)
  for (let k = 0; k < found.length; k++)
    for (let d = 0; d < rank; d++) rows[k * rank + d] = Math.floor(found[k] / steps[d]) % array.shape[d]
  return numbers(rows, [found.length, rank])
}

export interface SearchOptions {
  /** `left`: before elements that are equal; `right`: behind them. */
  side?: 'left' | 'right'
  /** Places that put the first array in order, as `argsort` gives. */
  sorter?: Operand | readonly number[]
}

/**
 * Where elements of `x2` would have to be put into `x1`, which is in order, for it to stay so. NaN comes last.
 * @param x1 of one axis
 * @throws ShapeError; DTypeError for complex numbers
 */
export function searchsorted(x1: Operand, x2: Operand | Nested, options: SearchOptions = {}): NDArray<'int32'> {
  const call = 'searchsorted'
  const { side = 'left', sorter } = options
  if (side !== 'left' && side !== 'right') throw new ArgumentError(call, 'side', "'left' or 'right'", side)
  const given = toArray(x1, call, 'x1')
  if (given.ndim !== 1)
    throw new ShapeError(call, `x1 has one axis, not the shape ${shapeText(given.shape)}.`, [given.shape])
  const sorted = sorter === undefined ? given : take(given, sorter)
  const wanted = asarray(x2 as Nested)
  const dtype = promote(sorted.dtype, wanted.dtype)
  if (infoOf(dtype).kind === 'complex')
    throw new DTypeError(call, 'real numbers, which have an order', [sorted.dtype, wanted.dtype], '')
  const [a, b] = [sorted, wanted].map(x => elementsOf(astype(x, dtype, { copy: false })))
  const { array, memory } = fresh('int32', wanted.shape, call, 'unset')
  placesIn(a, b, side === 'right', dtype, memory.elements as unknown as Int32Array)
  return array
}

/** Places of elements that are not 0 among all of them in C order. */
export const flatnonzero = (x: Operand): NDArray<'int32'> =>
  truths(reshape(toArray(x, 'flatnonzero'), [-1]), 'flatnonzero')
