/** Functions that give the same elements another shape: views, where strides allow. */

import { ArgumentError } from '@skein/base'
import type { DType } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import type { View } from '../expression/node.ts'
import { arrayOf, broadcastView, type NDArray } from '../ndarray.ts'
import {
  broadcastShapes,
  checkAxes,
  checkAxis,
  checkShape,
  type Shape,
  sameShape,
  sizeOf,
  stridesOf,
} from '../shape.ts'
import { copyOf } from './astype.ts'

const withShape = <D extends DType>(view: View, shape: Shape, strides: readonly number[]): NDArray<D> =>
  arrayOf<D>({ ...view, shape, strides })

/** One length may be −1: what is left. A view if the elements lie so that it can be one; `copy: true` never, `copy: false` always. */
export function reshape<D extends DType>(
  x: NDArray<D>,
  shape: number | Shape,
  { copy }: { copy?: boolean } = {},
): NDArray<D> {
  const wanted = lengthsFor(x, typeof shape === 'number' ? [shape] : shape)
  const { view } = x
  const strides = copy === true ? undefined : stridesFor(view, wanted)
  if (strides) return withShape<D>(view, wanted, strides)
  if (copy === false)
    throw new ShapeError(
      'reshape',
      `the elements of shape ${shapeText(x.shape)} do not lie so that a view can have the shape ${shapeText(wanted)}.`,
      [x.shape, wanted],
      'Leave copy out.',
    )
  return withShape<D>(copyOf(x).view, wanted, stridesOf(wanted))
}

function lengthsFor(x: NDArray, shape: Shape): number[] {
  if (!Array.isArray(shape)) throw new ArgumentError('reshape', 'shape', 'a list of whole numbers', shape)
  const open = shape.indexOf(-1)
  const known = open < 0 ? shape : shape.filter((_, d) => d !== open)
  const rest = sizeOf(checkShape(known, 'reshape'))
  const wanted = [...shape]
  if (open >= 0 && rest > 0) wanted[open] = x.size / rest
  if (open >= 0 && (rest === 0 || !Number.isInteger(wanted[open])))
    throw new ShapeError('reshape', `no length for −1 makes ${shapeText(shape)} hold ${x.size} elements.`, [
      x.shape,
      shape,
    ])
  if (sizeOf(wanted) !== x.size)
    throw new ShapeError(
      'reshape',
      `the shape ${shapeText(x.shape)} has ${x.size} elements, ${shapeText(wanted)} has ${sizeOf(wanted)}.`,
      [x.shape, wanted],
    )
  return wanted
}

/** Strides that run through the same elements in C order; undefined: there are none. Runs of axes that lie evenly are cut anew. */
function stridesFor({ shape, strides }: View, wanted: Shape): number[] | undefined {
  if (sizeOf(shape) === 0) return stridesOf(wanted)
  const [lengths, steps]: [number[], number[]] = [[], []]
  for (const [d, length] of shape.entries()) {
    if (length === 1) continue
    const last = lengths.length - 1
    if (last >= 0 && steps[last] === strides[d] * length) {
      lengths[last] *= length
      steps[last] = strides[d]
    } else {
      lengths.push(length)
      steps.push(strides[d])
    }
  }
  const out = new Array<number>(wanted.length).fill(1)
  let run = lengths.length - 1
  let used = 1
  for (let d = wanted.length - 1; d >= 0; d--) {
    if (wanted[d] === 1) continue
    if (run < 0 || lengths[run] % (used * wanted[d]) !== 0) return undefined
    out[d] = steps[run] * used
    used *= wanted[d]
    if (used === lengths[run]) {
      run--
      used = 1
    }
  }
  return out
}

/** A view with axes in another order; without `axes` in the reverse one. */
export function permuteDims<D extends DType>(x: NDArray<D>, axes?: readonly number[]): NDArray<D> {
  const order =
    axes === undefined
      ? x.shape.map((_, d) => d).reverse()
      : axes.map(a => checkAxis(a, x.shape, 'permuteDims', 'axes'))
  if (order.length !== x.ndim || new Set(order).size !== order.length)
    throw new ArgumentError('permuteDims', 'axes', `each of the ${x.ndim} axes once`, axes)
  const { view } = x
  return withShape<D>(
    view,
    order.map(d => view.shape[d]),
    order.map(d => view.strides[d]),
  )
}

/** A view in which the last two axes are exchanged. */
export function matrixTranspose<D extends DType>(x: NDArray<D>): NDArray<D> {
  if (x.ndim < 2)
    throw new ShapeError('matrixTranspose', `takes arrays of two axes or more, not of shape ${shapeText(x.shape)}.`, [
      x.shape,
    ])
  const order = x.shape.map((_, d) => d)
  order.push(...order.splice(-2).reverse())
  return permuteDims(x, order)
}

/** A view in which axes are moved to other places. */
export function moveaxis<D extends DType>(
  x: NDArray<D>,
  source: number | readonly number[],
  destination: number | readonly number[],
): NDArray<D> {
  const [from, to] = [[source].flat(), [destination].flat()] as [number[], number[]]
  if (from.length !== to.length)
    throw new ArgumentError('moveaxis', 'destination', `as many axes as source has: ${from.length}`, destination)
  const [a, b] = [from, to].map(list => list.map(axis => checkAxis(axis, x.shape, 'moveaxis')))
  checkAxes(from, x.shape, 'moveaxis', 'source')
  checkAxes(to, x.shape, 'moveaxis', 'destination')
  const rest = x.shape.map((_, d) => d).filter(d => !a.includes(d))
  const order: number[] = []
  for (const [k, d] of b.entries()) order[d] = a[k]
  for (let d = 0; d < x.ndim; d++) order[d] ??= rest.shift()!
  return permuteDims(x, order)
}

/** A view with a new axis of length 1 before `axis`. */
export function expandDims<D extends DType>(x: NDArray<D>, axis = 0): NDArray<D> {
  const at = checkAxis(axis, [...x.shape, 1], 'expandDims')
  const { view } = x
  return withShape<D>(view, view.shape.toSpliced(at, 0, 1), view.strides.toSpliced(at, 0, 0))
}

/** A view without axes of length 1: those that are named. */
export function squeeze<D extends DType>(x: NDArray<D>, axis: number | readonly number[]): NDArray<D> {
  const axes = checkAxes(axis, x.shape, 'squeeze')
  for (const d of axes) {
    if (x.shape[d] !== 1)
      throw new ShapeError(
        'squeeze',
        `axis ${d} of the shape ${shapeText(x.shape)} has ${x.shape[d]} elements, not 1.`,
        [x.shape],
      )
  }
  const { view } = x
  const isKept = (_: number, d: number) => !axes.includes(d)
  return withShape<D>(view, view.shape.filter(isKept), view.strides.filter(isKept))
}

/** A view with axes run through backwards; without `axis` all. */
export function flip<D extends DType>(x: NDArray<D>, axis?: number | readonly number[]): NDArray<D> {
  const axes = checkAxes(axis, x.shape, 'flip')
  const { view } = x
  let { offset } = view
  const strides = [...view.strides]
  for (const d of axes) {
    if (view.shape[d] > 0) offset += (view.shape[d] - 1) * strides[d]
    strides[d] = -strides[d]
  }
  return arrayOf<D>({ ...view, strides, offset })
}

/** A view in which axes of length 1, and new ones in front, repeat what is there. */
export function broadcastTo<D extends DType>(x: NDArray<D>, shape: Shape): NDArray<D> {
  const wanted = checkShape(shape, 'broadcastTo')
  if (!sameShape(broadcastShapes([x.shape, wanted], 'broadcastTo'), wanted))
    throw new ShapeError('broadcastTo', `the shape ${shapeText(x.shape)} cannot become ${shapeText(wanted)}.`, [
      x.shape,
      wanted,
    ])
  return arrayOf<D>(broadcastView(x.view, wanted))
}

/** Views of one shape of all. */
export function broadcastArrays(...arrays: NDArray[]): NDArray[] {
  const shape = broadcastShapes(
    arrays.map(x => x.shape),
    'broadcastArrays',
  )
  return arrays.map(x => broadcastTo(x, shape))
}
