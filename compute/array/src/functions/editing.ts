/** Arrays with elements more, or less, along an axis. What comes is a new array. */

import { ArgumentError } from '@skein/base'
import { type DType, isInteger } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import { placeOf, viewAt } from '../indexing/basic.ts'
import { parseIndices } from '../indexing/index-text.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { checkAxes, checkAxis, checkShape, type Shape, sameShape } from '../shape.ts'
import { astype, copyOf } from './astype.ts'
import { arange, asarray, fresh, type Nested } from './creation.ts'
import { set, take } from './indexing.ts'
import { concat } from './joining.ts'
import { type Operand, toArray } from './operands.ts'
import { flatnonzero, nonzero } from './searching.ts'
import { broadcastTo, moveaxis, reshape } from './shaping.ts'
import { wholeNumbers } from './whole-numbers.ts'

export interface EditOptions {
  /** Without it all elements in C order are one axis. */
  axis?: number | null
}

/** One place, several of them, a mask, or a span as text: `'1:-1:2'`. */
export type Places = number | string | NDArray | readonly number[]

function lineOf<D extends DType>(x: NDArray<D>, axis: number | null | undefined, call: string): [NDArray<D>, number] {
  const array = toArray(x, call) as NDArray<D>
  if (axis === undefined || axis === null) return [array.ndim === 1 ? array : reshape(array, [-1]), 0]
  return [array, checkAxis(axis, array.shape, call)]
}

/** Places from 0; of those of an axis, and if `end` is set the one behind the last. */
function placesOf(given: Places, shape: Shape, d: number, call: string, end: 0 | 1): number[] {
  const length = shape[d]
  if (typeof given === 'string') {
    const [span] = parseIndices(given, call)
    if (typeof span === 'number') return placesOf(span, shape, d, call, end)
    const all = arange(0, length, 1, { dtype: 'int32' })
    return arrayOf(viewAt(all.view, [span], call)).toList() as number[]
  }
  const list: NDArray = wholeNumbers(given as Nested, call)
  if (list.dtype === 'bool') {
    if (!sameShape(list.shape, [length]))
      throw new ShapeError(call, `a mask of shape ${shapeText(list.shape)} is not one for each of ${length}.`, [
        shape,
        list.shape,
      ])
    return flatnonzero(list).toList() as number[]
  }
  if (typeof given !== 'number' && !isInteger(list.dtype))
    throw new DTypeError(call, 'booleans or integers as places', [list.dtype])
  const numbers = [list.toList()].flat(Number.POSITIVE_INFINITY) as (number | bigint)[]
  const bounds = shape.with(d, length + end)
  return numbers.map(n => {
    const place = Number(n) < 0 ? Number(n) + length : Number(n)
    return placeOf(place < 0 ? Number(n) : place, bounds, d, call)
  })
}

/**
 * Values before places of an axis, counted in the array as it is; they are broadcast, and converted to its dtype. At one place as many as there are along the axis, at several one at each, in order where places are equal.
 * @throws ShapeError for a place out of range; DTypeError
 */
export function insert<D extends DType>(
  x: NDArray<D>,
  places: Places,
  values: Operand | Nested,
  { axis }: EditOptions = {},
): NDArray<D> {
  const [array, d] = lineOf(x, axis, 'insert')
  const length = array.shape[d]
  const given = astype(asarray(values as Nested), array.dtype, { copy: false }) as NDArray<D>
  const at = placesOf(places, array.shape, d, 'insert', 1)
  const isOne = typeof places === 'number'
  const ranked = given.ndim < array.ndim ? widened(given, array.ndim) : given
  // At a single place values are a part along the axis: of a lower rank one along the others.
  const block = isOne && given.ndim < array.ndim ? moveaxis(ranked, 0, d) : ranked
  const count = at.length === 1 ? block.shape[d] : at.length
  const order = (at.length === 1 ? new Array<number>(count).fill(at[0]) : at).map((place, k) => ({ place, k }))
  order.sort((a, b) => a.place - b.place || a.k - b.k)
  const shape = checkShape(array.shape.with(d, length + count), 'insert')
  const { array: made } = fresh(array.dtype, shape, 'insert')
  const isNew = new Uint8Array(length + count)
  const targets = new Int32Array(count)
  for (const [moved, { place, k }] of order.entries()) {
    targets[k] = place + moved
    isNew[place + moved] = 1
  }
  const olds = Int32Array.from({ length }, () => 0)
  for (let k = 0, n = 0; k < isNew.length; k++) if (isNew[k] === 0) olds[n++] = k
  const before = array.shape.slice(0, d).map(() => ':')
  if (array.size > 0) set(made, [...before, asarray(olds)], array)
  if (count > 0) set(made, [...before, asarray(targets)], broadcastTo(block, array.shape.with(d, count)))
  return made
}

const widened = <D extends DType>(x: NDArray<D>, rank: number): NDArray<D> =>
  reshape(x, [...new Array<number>(rank - x.ndim).fill(1), ...x.shape])

/** The array without what is at places of an axis. @throws ShapeError for a place out of range; DTypeError */
function without<D extends DType>(x: NDArray<D>, places: Places, { axis }: EditOptions = {}): NDArray<D> {
  const [array, d] = lineOf(x, axis, 'delete')
  const isGone = new Uint8Array(array.shape[d])
  for (const place of placesOf(places, array.shape, d, 'delete', 0)) isGone[place] = 1
  const kept = Int32Array.from(isGone.keys()).filter(k => isGone[k] === 0)
  return take(array, asarray(kept), { axis: d })
}

export { without as delete }

/** Values behind the array along an axis; without `axis` all elements of both in C order. The dtype is the one in which theirs meet. @throws ShapeError */
export function append(x: Operand, values: Operand | Nested, { axis }: EditOptions = {}): NDArray {
  return concat([toArray(x, 'append'), asarray(values as Nested)], { axis: axis ?? null })
}

/** The elements in C order in another shape: again from the first where there are too few, without the last where too many. Of no elements zeros. */
export function resize<D extends DType>(x: NDArray<D>, shape: number | Shape): NDArray<D> {
  const array = toArray(x, 'resize') as NDArray<D>
  const wanted = checkShape(shape, 'resize')
  const size = wanted.reduce((n, m) => n * m, 1)
  if (array.size === 0) return fresh(array.dtype, wanted, 'resize').array
  const flat = reshape(array, [-1])
  if (size <= array.size) return reshape(copyOf(arrayOf<D>(viewAt(flat.view, [{ end: size }], 'resize'))), wanted)
  const places = new Int32Array(size)
  for (let k = 0; k < size; k++) places[k] = k % array.size
  return reshape(take(flat, asarray(places)), wanted)
}

export interface TrimOptions {
  /** At the front, the back, or (the default) both. */
  trim?: 'f' | 'b' | 'fb'
  /** Default all. */
  axis?: number | readonly number[] | null
}

/** A view without the zeros at the ends of axes. */
export function trimZeros<D extends DType>(x: NDArray<D>, { trim = 'fb', axis }: TrimOptions = {}): NDArray<D> {
  if (!/^(f|b|fb|bf)$/.test(trim)) throw new ArgumentError('trimZeros', 'trim', "'f', 'b' or 'fb'", trim)
  const array = toArray(x, 'trimZeros') as NDArray<D>
  const axes = checkAxes(axis, array.shape, 'trimZeros')
  const found = nonzero(array).map(places => places.toTypedArray() as Int32Array)
  const spans = array.shape.map((length, d) => {
    if (!axes.includes(d)) return {}
    let [least, most] = [length, -1]
    for (const place of found[d]) {
      least = Math.min(least, place)
      most = Math.max(most, place)
    }
    if (most < 0) return { end: 0 }
    return { begin: trim.includes('f') ? least : 0, end: trim.includes('b') ? most + 1 : length }
  })
  return arrayOf<D>(viewAt(array.view, spans, 'trimZeros'))
}
