/** Elements in order along an axis. Sorting is stable, and NaN comes last, whichever the direction. */

import { ArgumentError } from '@skein/base'
import { type DType, infoOf, isComplex } from '../dtypes.ts'
import { DTypeError } from '../errors.ts'
import { allocate, Memory } from '../memory.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { checkAxis, type Shape, stridesOf } from '../shape.ts'
import { isLong, sortLong } from '../sorting/buckets.ts'
import { areFew, placesOfFew, type Stretch } from '../sorting/heap.ts'
import { hasLongPlaces, longPlaces } from '../sorting/places.ts'
import { firstPlaces, placesInOrder, sortRows } from '../sorting/rows.ts'
import { takeAlongAxis } from './along.ts'
import { copyOf } from './astype.ts'
import { asarray } from './creation.ts'
import { type Operand, toArray } from './operands.ts'
import { elementsOf } from './placing.ts'
import { max, min } from './reductions.ts'
import { moveaxis, reshape } from './shaping.ts'

export interface SortOptions {
  /** Default −1, the last; null: all elements in C order, as one row. */
  axis?: number | null
  /** The largest first. */
  descending?: boolean
  /** Equal elements stay in the order in which they stand. They do so always. */
  stable?: boolean
}

interface Rows {
  /** Its own, the axis last. */
  readonly array: NDArray
  readonly axis: number
  readonly length: number
}

function rowsOf(x: Operand, axis: number | null | undefined, call: string): Rows {
  const given = toArray(x, call)
  const array = axis === null || (given.ndim === 0 && axis === undefined) ? reshape(given, [-1]) : given
  const d = checkAxis(axis ?? -1, array.shape, call)
  return { array: copyOf(moveaxis(array, d, -1)), axis: d, length: array.shape[d] }
}

/** Places, of rows as they lie, as an array with its axis where it was. */
function placed(places: Int32Array, shape: Shape, axis: number): NDArray<'int32'> {
  const memory = new Memory(places as never)
  return moveaxis(arrayOf<'int32'>({ dtype: 'int32', shape, strides: stridesOf(shape), offset: 0, memory }), -1, axis)
}

/**
 * A new array with the elements in order along an axis; with `axis: null` all of them, as one row. Of zeros −0 comes first. Complex numbers are in the order of their real parts, then of their imaginary ones. Takes time in proportion
 * to the number of elements.
 */
export function sort<D extends DType>(x: NDArray<D>, options: SortOptions = {}): NDArray<D> {
  if (isComplex(toArray(x, 'sort').dtype)) return sortedComplex(x, options)
  const descending = options.descending === true
  const long = sortedLong(x, options.axis, descending)
  if (long) return long
  const { array, axis, length } = rowsOf(x, options.axis, 'sort')
  if (length > 1 && array.size > 0) sortRows(array.view.memory.elements, array.dtype, length, descending)
  return moveaxis(array, -1, axis) as NDArray<D>
}

/** An array that is one row: threads work on it together, and need no copy of it. */
function isOneRow({ ndim, shape }: NDArray, axis: number | null | undefined, call: string): boolean {
  if (axis !== null && ndim !== 1) return false
  if (axis !== null) checkAxis(axis ?? -1, shape, call)
  return true
}

function sortedLong<D extends DType>(
  x: NDArray<D>,
  axis: number | null | undefined,
  descending: boolean,
): NDArray<D> | undefined {
  const array = toArray(x, 'sort') as NDArray<D>
  const { dtype, size } = array
  if (!isLong(dtype, size) || !isOneRow(array, axis, 'sort')) return undefined
  const memory = allocate(dtype, size, 'sort', 'unset')
  sortLong(elementsOf(array), memory.elements, { dtype, descending })
  return arrayOf<D>({ dtype, shape: [size], strides: [1], offset: 0, memory })
}

function placesOfLong(x: Operand, axis: number | null | undefined, descending: boolean): NDArray<'int32'> | undefined {
  const array = toArray(x, 'argsort')
  const { dtype, size } = array
  if (isComplex(dtype) || !hasLongPlaces(size) || !isOneRow(array, axis, 'argsort')) return undefined
  const memory = allocate('int32', size, 'argsort', 'unset')
  longPlaces(elementsOf(array), { dtype, descending }, memory.elements as never)
  return arrayOf<'int32'>({ dtype: 'int32', shape: [size], strides: [1], offset: 0, memory })
}

function sortedComplex<D extends DType>(x: NDArray<D>, options: SortOptions): NDArray<D> {
  const array = options.axis === null ? reshape(x, [-1]) : x
  const axis = options.axis ?? -1
  return takeAlongAxis(array, argsort(array, { ...options, axis }), { axis })
}

/** Where each element of the sorted array stands, along the axis. Zeros of either sign are equal. */
export function argsort(x: Operand, options: SortOptions = {}): NDArray<'int32'> {
  const long = placesOfLong(x, options.axis, options.descending === true)
  if (long) return long
  const { array, axis, length } = rowsOf(x, options.axis, 'argsort')
  const { elements } = array.view.memory
  const places =
    array.size === 0 ? new Int32Array() : placesInOrder(elements, array.dtype, length, options.descending === true)
  return placed(places, array.shape, axis)
}

export interface TopKOptions {
  axis?: number
  /** Default true; false for the smallest. */
  largest?: boolean
}

/**
 * The k largest elements along an axis, the largest first, and their places; NaN is none unless there are no others. Of equal ones those that stand first.
 * @throws DTypeError for complex numbers
 */
export function topK<D extends DType>(
  x: NDArray<D>,
  k: number,
  { axis = -1, largest = true }: TopKOptions = {},
): { values: NDArray<D>; indices: NDArray<'int32'> } {
  const { kind } = infoOf(toArray(x, 'topK').dtype)
  if (kind === 'complex') throw new DTypeError('topK', 'real numbers, which have an order', [x.dtype], '')
  const given = toArray(x, 'topK') as NDArray<D>
  const d = checkAxis(axis, given.shape, 'topK')
  const length = given.shape[d]
  if (!Number.isSafeInteger(k) || k < 0 || k > length)
    throw new ArgumentError('topK', 'k', `a whole number from 0 to ${length}, the length of the axis`, k)
  const last = moveaxis(given, d, -1)
  const indices = placed(fewPlaces(last, k, largest) ?? firstOf(last, k, largest), last.shape.with(-1, k), d)
  return { values: takeAlongAxis(given, indices, { axis: d }), indices }
}

function firstOf(x: NDArray, k: number, largest: boolean): Int32Array {
  if (x.size === 0 || k === 0) return new Int32Array()
  return firstPlaces(copyOf(x).view.memory.elements, x.dtype, x.shape[x.ndim - 1], k, largest)
}

/** Undefined: they are not few, or not told by comparing numbers. */
function fewPlaces(x: NDArray, k: number, largest: boolean): Int32Array | undefined {
  const length = x.shape[x.ndim - 1]
  if (k === 0 || !areFew(k, length) || infoOf(x.dtype).type === 'i64') return undefined
  const elements = elementsOf(x) as unknown as ArrayLike<number>
  const places = new Int32Array((x.size / length) * k)
  for (let row = 0; row * length < x.size; row++) {
    const begin = row * length
    const own = places.subarray(row * k, (row + 1) * k)
    const stretches = stretchesWith(elements, begin, length, k, largest) ?? [{ begin, end: begin + length }]
    if (!placesOfFew(elements, stretches, largest, own)) return undefined
    for (let i = 0; i < k; i++) own[i] -= begin
  }
  return places
}

const stretchLength = 1024

/**
 * The stretches of a long row in which its few extreme elements are: those whose own extreme one is not beyond the k-th of all those. Undefined: it has not many stretches more
 * than that.
 */
function stretchesWith(
  elements: ArrayLike<number>,
  begin: number,
  length: number,
  k: number,
  largest: boolean,
): Stretch[] | undefined {
  const count = Math.floor(length / stretchLength)
  if (!areFew(k, count)) return undefined
  const whole = count * stretchLength
  const row = asarray((elements as Float64Array).subarray(begin, begin + whole)).reshape([count, stretchLength])
  const tops = elementsOf((largest ? max : min)(row, { axis: 1 })) as unknown as ArrayLike<number>
  const few = new Int32Array(k)
  if (!placesOfFew(tops, [{ begin: 0, end: count }], largest, few)) return undefined
  const limit = tops[few[k - 1]]
  const found: Stretch[] = []
  for (let s = 0; s < count; s++) {
    // NaN stands for a stretch that has one.
    if (largest ? tops[s] < limit : tops[s] > limit) continue
    const at = begin + s * stretchLength
    found.push({ begin: at, end: at + stretchLength })
  }
  found.push({ begin: begin + whole, end: begin + length })
  return found
}
