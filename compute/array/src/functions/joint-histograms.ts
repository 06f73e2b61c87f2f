/** How many points are where: histograms along several axes. */

import { ArgumentError } from '@skein/base'
import type { Elements } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { checkShape, stridesOf } from '../shape.ts'
import { placesIn } from '../sorting/search.ts'
import { astype } from './astype.ts'
import { asarray, fresh, type Nested } from './creation.ts'
import { type HistogramOptions, histogramBinEdges } from './histogram.ts'
import { stack } from './joining.ts'
import type { Operand } from './operands.ts'
import { elementsOf } from './placing.ts'
import { reshape } from './shaping.ts'

type Bins = NonNullable<HistogramOptions['bins']>

export interface JointHistogramOptions extends Pick<HistogramOptions, 'density' | 'weights'> {
  /** For all axes so many of equal width (default 10), or for each axis their number or their edges. */
  bins?: number | readonly Bins[]
  /** For each axis from where to where bins of equal width reach; undefined: from its least element to its largest. */
  range?: readonly (readonly [number, number] | undefined)[]
}

export interface JointHistogram {
  /** int32, an axis for each coordinate; with weights or a density float64. */
  readonly counts: NDArray
  /** float64, for each axis one more than bins. */
  readonly edges: NDArray<'float64'>[]
}

/**
 * How many points are in each box. A point is in the bin from whose edge on it is and below whose next edge, on each axis; points on the last edge are in the last bin. Others, and
 * those with a NaN, are in none.
 * @param points of shape [points, axes]
 * @throws ShapeError, ArgumentError; DTypeError for complex numbers
 */
export const histogramdd = (points: Operand | Nested, options: JointHistogramOptions = {}): JointHistogram =>
  counted(asarray(points as Nested), options, 'histogramdd')

/** The same of two coordinates. @param x of one axis @param y as long */
export function histogram2d(
  x: Operand | Nested,
  y: Operand | Nested,
  options: JointHistogramOptions = {},
): JointHistogram {
  const [a, b] = [asarray(x as Nested), asarray(y as Nested)]
  if (a.ndim !== 1 || b.ndim !== 1 || a.size !== b.size)
    throw new ShapeError(
      'histogram2d',
      `x and y have one axis and one length, not the shapes ${shapeText(a.shape)} and ${shapeText(b.shape)}.`,
      [a.shape, b.shape],
    )
  return counted(stack([a, b], { axis: 1 }), options, 'histogram2d')
}

function counted(points: NDArray, options: JointHistogramOptions, call: string): JointHistogram {
  if (points.ndim !== 2)
    throw new ShapeError(call, `points have the shape [points, axes], not ${shapeText(points.shape)}.`, [points.shape])
  const [size, axes] = points.shape
  const { bins = 10, range, density = false } = options
  const each = typeof bins === 'number' ? new Array<Bins>(axes).fill(bins) : bins
  if (!Array.isArray(each) || each.length !== axes)
    throw new ArgumentError(call, 'bins', `a number, or a list for ${axes} axes`, bins)
  if (range !== undefined && (!Array.isArray(range) || range.length !== axes))
    throw new ArgumentError(call, 'range', `a list for ${axes} axes`, range)
  const weights = options.weights === undefined ? undefined : weightsOf(options.weights, size, call)
  const edges = each.map((own, d) => histogramBinEdges(points.at(':', d), { bins: own, range: range?.[d] }))
  const limits = edges.map(x => elementsOf(x) as unknown as Float64Array)
  const shape = checkShape(
    limits.map(x => Math.max(x.length - 1, 0)),
    call,
  )
  const boxes = new Int32Array(size)
  const strides = stridesOf(shape)
  for (const [d, own] of limits.entries()) {
    const values = elementsOf(astype(points.at(':', d), 'float64')) as unknown as Float64Array
    const found = placesIn(own as unknown as Elements, values as unknown as Elements, true, 'float64')
    const last = own.length - 1
    for (let k = 0; k < size; k++) {
      const bin = values[k] === own[last] ? last - 1 : found[k] - 1
      if (boxes[k] >= 0) boxes[k] = bin >= 0 && bin < last ? boxes[k] + bin * strides[d] : -1
    }
  }
  const { array, memory } = fresh('float64', shape, call)
  const counts = memory.elements as Float64Array
  for (let k = 0; k < size; k++) if (boxes[k] >= 0) counts[boxes[k]] += weights ? weights[k] : 1
  if (density) divide(counts, limits, shape)
  return { counts: weights || density ? array : astype(array, 'int32'), edges }
}

/** By the whole, and by the volume of each box. */
function divide(counts: Float64Array, limits: readonly Float64Array[], shape: readonly number[]): void {
  let total = 0
  for (const n of counts) total += n
  const strides = stridesOf(shape)
  for (let k = 0; k < counts.length; k++) {
    let volume = total
    for (const [d, own] of limits.entries()) {
      const at = Math.floor(k / strides[d]) % shape[d]
      volume *= own[at + 1] - own[at]
    }
    counts[k] /= volume
  }
}

function weightsOf(given: NonNullable<HistogramOptions['weights']>, size: number, call: string): Float64Array {
  const weights = asarray(given as Nested)
  if (weights.size !== size)
    throw new ShapeError(call, `${weights.size} weights are not one for each of ${size} points.`, [weights.shape])
  return elementsOf(astype(reshape(weights, [-1]), 'float64')) as unknown as Float64Array
}
