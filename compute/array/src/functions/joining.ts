/** Arrays put together, and taken apart. What is put together is computed into its place: there are no arrays in between. */

import { ArgumentError } from '@skein/base'
import type { DType } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import { viewAt } from '../indexing/basic.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { promote } from '../promotion.ts'
import { checkAxis, checkShape, sameShape } from '../shape.ts'
import { fresh } from './creation.ts'
import { toArray } from './operands.ts'
import { placeInto } from './placing.ts'
import { expandDims, reshape } from './shaping.ts'

function checkArrays(arrays: unknown, call: string): NDArray[] {
  if (!Array.isArray(arrays) || arrays.length === 0)
    throw new ArgumentError(call, 'arrays', 'a list of one array or more', arrays)
  return arrays.map((x, k) => toArray(x, call, `arrays[${k}]`))
}

const met = (arrays: readonly NDArray[]): DType => arrays.map(x => x.dtype).reduce(promote)

/**
 * Arrays one behind the other along an axis that they have; with `axis: null` all elements of each, in C order. Its dtype is the one in which theirs meet.
 * @throws ShapeError where they differ along another axis
 */
export function concat(arrays: readonly NDArray[], { axis = 0 }: { axis?: number | null } = {}): NDArray {
  const given = checkArrays(arrays, 'concat')
  const list = axis === null ? given.map(x => reshape(x, [-1])) : given
  const [first] = list
  const d = checkAxis(axis ?? 0, first.shape, 'concat')
  for (const x of list) {
    const fits = x.ndim === first.ndim && x.shape.every((n, e) => e === d || n === first.shape[e])
    if (!fits)
      throw new ShapeError(
        'concat',
        `the shapes ${shapeText(first.shape)} and ${shapeText(x.shape)} differ elsewhere than along axis ${d}.`,
        [first.shape, x.shape],
      )
  }
  const length = list.reduce((n, x) => n + x.shape[d], 0)
  const { array } = fresh(met(list), checkShape(first.shape.with(d, length), 'concat'), 'concat', 'unset')
  const { view } = array
  let { offset } = view
  for (const x of list) {
    if (x.size > 0) placeInto(x, { ...view, shape: x.shape, offset })
    offset += x.shape[d] * view.strides[d]
  }
  return array
}

/** Arrays of one shape one behind the other along a new axis. @throws ShapeError */
export function stack(arrays: readonly NDArray[], { axis = 0 }: { axis?: number } = {}): NDArray {
  const list = checkArrays(arrays, 'stack')
  const [{ shape }] = list
  const d = checkAxis(axis, [...shape, 1], 'stack')
  for (const x of list) {
    if (!sameShape(x.shape, shape))
      throw new ShapeError('stack', `the shapes ${shapeText(shape)} and ${shapeText(x.shape)} differ.`, [
        shape,
        x.shape,
      ])
  }
  const { array } = fresh(met(list), checkShape(shape.toSpliced(d, 0, list.length), 'stack'), 'stack', 'unset')
  const { view } = array
  const strides = view.strides.toSpliced(d, 1)
  for (const [k, x] of list.entries())
    if (x.size > 0) placeInto(x, { ...view, shape, strides, offset: view.offset + k * view.strides[d] })
  return array
}

/** Views of what stands at each place of an axis. */
export function unstack<D extends DType>(x: NDArray<D>, { axis = 0 }: { axis?: number } = {}): NDArray<D>[] {
  const array = toArray(x, 'unstack') as NDArray<D>
  const d = checkAxis(axis, array.shape, 'unstack')
  const before = array.shape.slice(0, d).map(() => ({}))
  return Array.from({ length: array.shape[d] }, (_, k) => arrayOf<D>(viewAt(array.view, [...before, k], 'unstack')))
}

/**
 * Views of pieces along an axis: so many, those in front longer by one where they are not equal, as NumPy's `array_split`; or cut before each of a list of places.
 */
export function split<D extends DType>(
  x: NDArray<D>,
  pieces: number | readonly number[],
  { axis = 0 }: { axis?: number } = {},
): NDArray<D>[] {
  const array = toArray(x, 'split') as NDArray<D>
  const d = checkAxis(axis, array.shape, 'split')
  const length = array.shape[d]
  const before = array.shape.slice(0, d).map(() => ({}))
  const cuts = typeof pieces === 'number' ? evenly(length, pieces) : [...pieces]
  return [...cuts, length].map((end, k) =>
    arrayOf<D>(viewAt(array.view, [...before, { begin: k === 0 ? 0 : cuts[k - 1], end }], 'split')),
  )
}

function evenly(length: number, pieces: number): number[] {
  if (!Number.isSafeInteger(pieces) || pieces < 1)
    throw new ArgumentError('split', 'pieces', 'a whole number from 1, or a list of places', pieces)
  const [least, more] = [Math.floor(length / pieces), length % pieces]
  return Array.from({ length: pieces - 1 }, (_, k) => (k + 1) * least + Math.min(k + 1, more))
}

/** Arrays below each other: along the first axis, those of one axis as rows. */
export const vstack = (arrays: readonly NDArray[]): NDArray =>
  concat(checkArrays(arrays, 'vstack').map(x => (x.ndim < 2 ? reshape(x, [1, -1]) : x)))

/** Arrays side by side: along the second axis, those of one axis along that. */
export function hstack(arrays: readonly NDArray[]): NDArray {
  const list = checkArrays(arrays, 'hstack').map(x => (x.ndim === 0 ? expandDims(x) : x))
  return concat(list, { axis: list[0].ndim === 1 ? 0 : 1 })
}
