/** Reductions as arrays: computed at once or when somebody asks, and what is done to their few values then. */

import { ArgumentError } from '@skein/base'
import { type DType, infoOf } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import type { Fold } from '../expression/fold.ts'
import type { Runs } from '../expression/launch.ts'
import { type View, wholeOf } from '../expression/node.ts'
import { reducing } from '../expression/reduce.ts'
import { reduceAtOnce } from '../expression/reduce-direct.ts'
import { allocate } from '../memory.ts'
import { arrayOf, NDArray } from '../ndarray.ts'
import { checkAxes, type Shape, sizeOf } from '../shape.ts'
import { astype } from './astype.ts'
import { divide, sqrt } from './elementwise.ts'
import { type Operand, toArray } from './operands.ts'

export interface ReductionOptions {
  /** One axis, or several; negative ones are counted from the end. */
  axis?: number | readonly number[] | null
  /** Axes that were reduced stay, with length 1. */
  keepdims?: boolean
}
export function checkOptions(x: Operand, options: ReductionOptions, call: string) {
  const array = toArray(x, call)
  if (options === null || typeof options !== 'object') throw new ArgumentError(call, 'options', 'an object', options)
  return { array, axes: checkAxes(options.axis, array.shape, call), keepdims: options.keepdims === true }
}

/** @throws ShapeError where extremes are asked of no elements */
export function needElements(shape: Shape, axes: readonly number[], call: string): void {
  if (axes.length === 0 ? sizeOf(shape) >= 0 : axes.every(d => shape[d] > 0)) return
  const rest = shape.filter((_, d) => !axes.includes(d))
  if (sizeOf(rest) === 0) return
  throw new ShapeError(call, `there is none of no elements: the shape ${shapeText(shape)} has none along the axes.`, [
    shape,
  ])
}

/** How many elements are combined to one. */
export const countOf = ({ shape }: NDArray, axes: readonly number[]): number => axes.reduce((n, d) => n * shape[d], 1)

/** A reduction: computed at once if the array is there and small, else by a node when somebody asks for it. */
export function reduced(x: NDArray, axes: readonly number[], fold: Fold, dtype: DType, keepdims: boolean): NDArray {
  const { node } = x
  const view = reduceAtOnce(node, axes, fold, dtype)
  if (view) return arrayOf(keepdims ? keptIn(x.shape, axes, view) : view)
  const isKept = (_: number, d: number) => !axes.includes(d)
  const shape = keepdims ? x.shape.map((n, d) => (axes.includes(d) ? 1 : n)) : x.shape.filter(isKept)
  function* computing(): Runs<View> {
    const view = yield* reducing(node, axes, fold, dtype)
    return keepdims ? keptIn(x.shape, axes, view) : view
  }
  return new NDArray(wholeOf(dtype, shape, [node], computing))
}

/** With axes of length 1 where some have been reduced. */
export function keptIn(whole: Shape, axes: readonly number[], view: View): View {
  let k = 0
  const strides = whole.map((_, d) => (axes.includes(d) ? 0 : view.strides[k++]))
  return { ...view, shape: whole.map((n, d) => (axes.includes(d) ? 1 : n)), strides }
}

/** Up to so many values a loop of JavaScript is done before a kernel is called. */
const few = 1024

/** Values of a reduction that are there and few. What a reduction has just given nobody else has: a loop may change them. */
export function fewOf(x: NDArray): Float64Array | undefined {
  const { kind } = infoOf(x.dtype)
  return x.isEvaluated && kind !== 'complex' && x.size <= few
    ? (x.view.memory.elements as unknown as Float64Array)
    : undefined
}

/** @param x floats or complex numbers that a reduction has just given @param count one for all, or another reduction's values */
export function dividedBy(x: NDArray, count: number | NDArray): NDArray {
  const values = fewOf(x)
  const counts = typeof count === 'number' ? count : fewOf(count)
  if (values === undefined || counts === undefined) return divide(x, count)
  for (let k = 0; k < values.length; k++) values[k] /= typeof counts === 'number' ? counts : counts[k]
  return x
}

/** The same for roots. */
export function rootOf(x: NDArray): NDArray {
  const values = fewOf(x)
  if (values === undefined) return sqrt(x)
  for (let k = 0; k < values.length; k++) values[k] = Math.sqrt(values[k])
  return x
}

/** Values of a reduction in the dtype that a function gives, which holds them. */
export function settled(x: NDArray, dtype: DType): NDArray {
  if (x.dtype === dtype) return x
  const info = infoOf(dtype)
  if (!x.isEvaluated || x.size > few || info.kind === 'complex') return astype(x, dtype)
  const { view } = x
  const { elements } = view.memory
  // Truths are stored as the numbers that they have been combined in.
  if (elements.constructor === info.Elements) return arrayOf({ ...view, dtype })
  const memory = allocate(dtype, sizeOf(view.shape), 'reduction', 'unset')
  const to = memory.elements
  const isWide = info.type === 'i64'
  for (let k = 0; k < to.length; k++) to[k] = isWide ? BigInt(elements[k]) : elements[k]
  return arrayOf({ ...view, dtype, memory })
}
