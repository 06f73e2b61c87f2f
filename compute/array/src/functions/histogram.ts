/** How many elements are where. */

import { ArgumentError } from '@skein/base'
import { type Elements, infoOf, isInteger } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { sameShape } from '../shape.ts'
import { placesIn } from '../sorting/search.ts'
import { astype } from './astype.ts'
import { asarray, fresh, linspace, type Nested } from './creation.ts'
import type { Operand } from './operands.ts'
import { elementsOf } from './placing.ts'
import { wholeNumbers } from './whole-numbers.ts'

export interface HistogramOptions {
  /** So many of equal width (default 10), or their edges, in order. */
  bins?: number | readonly number[] | Operand
  /** From where to where bins of equal width reach; default: from the least element to the largest. */
  range?: readonly [number, number]
  /** Shares of the whole over the widths of bins, so that they sum up to 1 over the widths. */
  density?: boolean
  /** What each element counts for, instead of 1. */
  weights?: Operand | readonly number[]
}

export interface Histogram {
  /** int32; with weights or a density float64. */
  readonly counts: NDArray
  /** float64, one more than bins. */
  readonly edges: NDArray<'float64'>
}

function doublesOf(x: Operand | Nested, call: string): Float64Array {
  const array = asarray(x as Nested)
  if (infoOf(array.dtype).kind === 'complex')
    throw new DTypeError(call, 'real numbers, which have an order', [array.dtype], '')
  return elementsOf(astype(array, 'float64', { copy: false })) as unknown as Float64Array
}

function isInOrder(edges: Float64Array): boolean {
  for (let k = 1; k < edges.length; k++) if (!(edges[k] >= edges[k - 1])) return false
  return true
}

/** Edges of bins: those that are named, or of equal width over a range. */
function edgesFor(values: Float64Array, { bins = 10, range }: HistogramOptions, call: string): NDArray<'float64'> {
  if (typeof bins !== 'number') {
    const edges = astype(asarray(bins as Nested), 'float64')
    const list = elementsOf(edges) as unknown as Float64Array
    if (edges.ndim !== 1 || list.length === 0 || !isInOrder(list))
      throw new ArgumentError(call, 'bins', 'edges in order, along one axis', String(edges))
    return edges
  }
  if (!Number.isSafeInteger(bins) || bins < 1)
    throw new ArgumentError(call, 'bins', 'a whole number from 1, or edges', bins)
  let [low, high] = range ?? reach(values)
  if (!Number.isFinite(low) || !Number.isFinite(high) || low > high)
    throw new ArgumentError(
      call,
      'range',
      'two finite numbers in order',
      `${low} to ${high}`,
      'Elements that are not finite have no range: give one.',
    )
  if (low === high) [low, high] = [low - 0.5, high + 0.5]
  return linspace(low, high, bins + 1)
}

function reach(values: Float64Array): [number, number] {
  if (values.length === 0) return [0, 1]
  let [low, high, areNumbers] = [Infinity, -Infinity, true]
  for (let k = 0; k < values.length; k++) {
    const value = values[k]
    if (value < low) low = value
    if (value > high) high = value
    if (Number.isNaN(value)) areNumbers = false
  }
  return areNumbers ? [low, high] : [Number.NaN, Number.NaN]
}

/** Edges of the bins that `histogram` would have. */
export function histogramBinEdges(x: Operand | Nested, options: HistogramOptions = {}): NDArray<'float64'> {
  return edgesFor(doublesOf(x, 'histogramBinEdges'), options, 'histogramBinEdges')
}

/**
 * How many elements are in each bin: from its edge on and below the next; in the last bin also those on the last edge. Others, and NaN, are in none.
 * @throws ArgumentError; ShapeError for weights of another shape; DTypeError for complex numbers
 */
export function histogram(x: Operand | Nested, options: HistogramOptions = {}): Histogram {
  const call = 'histogram'
  const array = asarray(x as Nested)
  const values = doublesOf(array, call)
  const edges = edgesFor(values, options, call)
  const limits = elementsOf(edges) as unknown as Float64Array
  const weights = weightsFor(options.weights, array, call)
  const bins = limits.length - 1
  const isEven = typeof (options.bins ?? 10) === 'number'
  const isCount = weights === undefined && options.density !== true
  const found = isCount ? new Int32Array(bins) : new Float64Array(bins)
  if (isEven) countEvenly(values, limits, weights, found)
  else countByEdges(values, limits, weights, found)
  if (options.density === true) {
    let total = 0
    for (let k = 0; k < bins; k++) total += found[k]
    for (let k = 0; k < bins; k++) found[k] /= total * (limits[k + 1] - limits[k])
  }
  return { counts: asarray(found), edges }
}

/** By a division; the edges decide where that is rounded over one. */
function countEvenly(
  values: Float64Array,
  limits: Float64Array,
  weights: Float64Array | undefined,
  found: Int32Array | Float64Array,
): void {
  const bins = found.length
  const [first, last] = [limits[0], limits[bins]]
  const perUnit = bins / (last - first)
  for (let k = 0; k < values.length; k++) {
    const value = values[k]
    if (!(value >= first && value <= last)) continue
    let bin = Math.min(Math.floor((value - first) * perUnit), bins - 1)
    if (value < limits[bin]) bin--
    else if (bin < bins - 1 && value >= limits[bin + 1]) bin++
    found[bin] += weights ? weights[k] : 1
  }
}

function countByEdges(
  values: Float64Array,
  limits: Float64Array,
  weights: Float64Array | undefined,
  found: Int32Array | Float64Array,
): void {
  const bins = found.length
  const at = placesIn(limits as unknown as Elements, values as unknown as Elements, true, 'float64')
  for (let k = 0; k < values.length; k++)
    if (values[k] >= limits[0] && values[k] <= limits[bins])
      found[Math.min(at[k] - 1, bins - 1)] += weights ? weights[k] : 1
}

function weightsFor(weights: HistogramOptions['weights'], x: NDArray, call: string): Float64Array | undefined {
  if (weights === undefined) return undefined
  const array = asarray(weights as Nested)
  if (!sameShape(array.shape, x.shape))
    throw new ShapeError(
      call,
      `weights of shape ${shapeText(array.shape)} do not go with elements of shape ${shapeText(x.shape)}.`,
      [x.shape, array.shape],
    )
  return doublesOf(array, call)
}

export interface BincountOptions {
  weights?: Operand | readonly number[]
  /** The least length of what comes out. */
  minlength?: number
}

/** How often each number from 0 to the largest is there: int32, with weights their sums as float64. @param x integers from 0, along one axis */
export function bincount(x: Operand | readonly number[], { weights, minlength = 0 }: BincountOptions = {}): NDArray {
  const array = wholeNumbers(x, 'bincount', 'x')
  if (array.dtype !== 'bool' && !isInteger(array.dtype))
    throw new DTypeError('bincount', 'integers from 0', [array.dtype])
  if (array.ndim !== 1)
    throw new ShapeError('bincount', `takes arrays of one axis, not of shape ${shapeText(array.shape)}.`, [array.shape])
  if (!Number.isSafeInteger(minlength) || minlength < 0)
    throw new ArgumentError('bincount', 'minlength', 'a whole number from 0', minlength)
  const values = doublesOf(array, 'bincount')
  const [low, high] = values.length === 0 ? [0, -1] : reach(values)
  if (low < 0) throw new ArgumentError('bincount', 'x', 'integers from 0', low)
  const counted = weightsFor(weights, array, 'bincount')
  const made = fresh(counted ? 'float64' : 'int32', [Math.max(high + 1, minlength)], 'bincount')
  const found = made.memory.elements as unknown as Float64Array
  for (let k = 0; k < values.length; k++) found[values[k]] += counted ? counted[k] : 1
  return made.array
}

/** Which bin each element is in: the place of the first edge above it, or with `right` not below it. @param bins edges in order, upwards or downwards */
export function digitize(
  x: Operand | Nested,
  bins: Operand | readonly number[],
  { right = false }: { right?: boolean } = {},
): NDArray<'int32'> {
  const array = asarray(x as Nested)
  const values = doublesOf(array, 'digitize')
  const edges = doublesOf(bins, 'digitize')
  const isDown = edges.length > 1 && edges[0] > edges[edges.length - 1]
  const up = isDown ? edges.slice().reverse() : edges
  if (!isInOrder(up)) throw new ArgumentError('digitize', 'bins', 'edges in order', String(asarray(edges)))
  const made = fresh('int32', array.shape, 'digitize', 'unset')
  const found = made.memory.elements as unknown as Int32Array
  placesIn(up as unknown as Elements, values as unknown as Elements, !right, 'float64', found)
  if (isDown) for (let k = 0; k < found.length; k++) found[k] = edges.length - found[k]
  return made.array
}
