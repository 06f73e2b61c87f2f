/** Medians and other quantiles: two elements, by the ranks they have along axes, are mixed. */

import { ArgumentError } from '@skein/base'
import { infoOf } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { checkAxes, sizeOf } from '../shape.ts'
import { type Ranked, rankedRows } from '../sorting/rows.ts'
import { astype, copyOf, floated } from './astype.ts'
import { asarray, fresh, type Nested } from './creation.ts'
import { type Operand, toArray } from './operands.ts'
import type { ReductionOptions } from './reductions.ts'
import { permuteDims, reshape } from './shaping.ts'

/** Where among n elements the quantile q is, counted from 0; fractions lie between two elements. Hyndman and Fan (1996), numbers 4 to 9. */
const between = (alpha: number, beta: number) => (n: number, q: number) => n * q + (alpha + q * (1 - alpha - beta)) - 1

const linear = (n: number, q: number) => (n - 1) * q
const methods = {
  linear,
  lower: (n: number, q: number) => Math.floor(linear(n, q)),
  higher: (n: number, q: number) => Math.ceil(linear(n, q)),
  midpoint: (n: number, q: number) => (Math.floor(linear(n, q)) + Math.ceil(linear(n, q))) / 2,
  nearest: (n: number, q: number) => halfToEven(linear(n, q)),
  invertedCdf: (n: number, q: number) => Math.ceil(n * q) - 1,
  averagedInvertedCdf: (n: number, q: number) => (Number.isInteger(n * q) ? n * q - 0.5 : Math.ceil(n * q) - 1),
  closestObservation: (n: number, q: number) => {
    const at = n * q - 1.5
    const floor = Math.floor(at)
    return at === floor && floor % 2 !== 0 ? floor : floor + 1
  },
  interpolatedInvertedCdf: between(0, 1),
  hazen: between(0.5, 0.5),
  weibull: between(0, 0),
  medianUnbiased: between(1 / 3, 1 / 3),
  normalUnbiased: between(3 / 8, 3 / 8),
}
export type QuantileMethod = keyof typeof methods

function halfToEven(x: number): number {
  const floor = Math.floor(x)
  const rest = x - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor
}

export interface QuantileOptions extends ReductionOptions {
  /** How the place of a quantile is found and what is between two elements, as NumPy calls it. */
  method?: QuantileMethod
}

interface Asked {
  readonly call: string
  readonly quantiles: NDArray
  readonly method: QuantileMethod
  readonly skipsNaN: boolean
}

/** Elements of rows that are combined, by rank; axes that stay come first. */
function rowsOf(x: Operand, axes: readonly number[], call: string, asked: number) {
  const array = floated(toArray(x, call))
  if (infoOf(array.dtype).kind === 'complex')
    throw new DTypeError(call, 'real numbers, which have an order', [array.dtype], '')
  const kept = array.shape.map((_, d) => d).filter(d => !axes.includes(d))
  const shape = kept.map(d => array.shape[d])
  const length = axes.reduce((n, d) => n * array.shape[d], 1)
  const { elements } = copyOf(permuteDims(array, [...kept, ...axes])).view.memory
  const ranked = rankedRows(elements, array.dtype, length, asked)
  return { ranked, dtype: array.dtype, shape, length, whole: array.shape }
}

function quantilesOf(x: Operand, options: ReductionOptions, asked: Asked): NDArray {
  const { call, quantiles, method } = asked
  const axes = checkAxes(options.axis, toArray(x, call).shape, call)
  const { ranked, dtype, shape, length, whole } = rowsOf(x, axes, call, 2 * quantiles.size)
  const rows = sizeOf(shape)
  if (length === 0 && rows > 0 && !asked.skipsNaN)
    throw new ShapeError(call, `there is none of no elements: the shape ${shapeText(whole)} has none along the axes.`, [
      whole,
    ])
  const fractions = copyOf(quantiles).view.memory.elements as unknown as Float64Array
  const made = fresh(dtype, [...quantiles.shape, ...shape], call)
  const to = made.memory.elements
  const toFloat = dtype === 'float64' ? (v: number) => v : Math.fround
  for (let row = 0; row < rows; row++) {
    const count = ranked.numbers(row)
    const hasNone = count === 0 || (count < length && !asked.skipsNaN)
    for (const [k, q] of fractions.entries())
      to[k * rows + row] = hasNone ? Number.NaN : mixed(ranked, row, count, methods[method](count, q), toFloat)
  }
  if (options.keepdims !== true) return made.array
  return reshape(made.array, [...quantiles.shape, ...whole.map((n, d) => (axes.includes(d) ? 1 : n))])
}

/** What lies at a place between two elements; from the nearer one, as NumPy. */
function mixed(ranked: Ranked, row: number, count: number, place: number, toFloat: (v: number) => number): number {
  const at = Math.min(Math.max(place, 0), count - 1)
  const low = Math.floor(at)
  const rest = at - low
  const a = ranked.at(row, low)
  if (rest === 0) return a
  const b = ranked.at(row, low + 1)
  if (a === b) return a
  const apart = toFloat(b - a)
  return rest < 0.5 ? a + apart * rest : b - apart * (1 - rest)
}

function checkQuantiles(q: unknown, most: number, call: string): NDArray {
  const given = astype(asarray(q as Nested), 'float64')
  const isIn = (x: unknown): boolean => (Array.isArray(x) ? x.every(isIn) : (x as number) >= 0 && (x as number) <= most)
  if (!isIn(given.toList())) throw new ArgumentError(call, 'q', `numbers from 0 to ${most}`, String(given))
  return given
}

function quantileFunction(call: string, most: 1 | 100, skipsNaN: boolean) {
  return (x: Operand, q: number | readonly number[] | NDArray, options: QuantileOptions = {}): NDArray => {
    const { method = 'linear' } = options
    if (!Object.hasOwn(methods, method))
      throw new ArgumentError(call, 'method', `one of ${Object.keys(methods).join(', ')}`, method)
    const given = checkQuantiles(q, most, call)
    const quantiles = most === 1 ? given : asarray(divided(given))
    return quantilesOf(x, options, { call, quantiles, method, skipsNaN })
  }
}

function divided(x: NDArray): NDArray {
  const copy = copyOf(x)
  const { elements } = copy.view.memory
  for (let k = 0; k < elements.length; k++) elements[k] = (elements[k] as number) / 100
  return copy
}

/**
 * What a share `q` of the elements, from 0 to 1, is not above. Axes of `q` come first. NaN where there is one among the elements; of integers float64.
 * @throws ShapeError of no elements; DTypeError for complex numbers
 */
export const quantile = quantileFunction('quantile', 1, false)
/** As `quantile`, with q from 0 to 100. */
export const percentile = quantileFunction('percentile', 100, false)
/** As `quantile`, without the elements that are NaN. */
export const nanquantile = quantileFunction('nanquantile', 1, true)
/** As `percentile`, without the elements that are NaN. */
export const nanpercentile = quantileFunction('nanpercentile', 100, true)

const half =
  (call: string, skipsNaN: boolean) =>
  (x: Operand, options: ReductionOptions = {}): NDArray =>
    quantilesOf(x, options, { call, quantiles: asarray(0.5), method: 'linear', skipsNaN })

/** The element in the middle, or the mean of the two there; NaN where there is one. @throws as `quantile` */
export const median = half('median', false)
/** The same without the elements that are NaN. */
export const nanmedian = half('nanmedian', true)
