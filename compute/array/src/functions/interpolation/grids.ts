/** Values between points: on a line, and on grids of several axes. */

import { ArgumentError } from '@skein/base'
import { kernel } from '@skein/kernel'
import { ShapeError, shapeText } from '../../errors.ts'
import { runOf } from '../../expression/plain.ts'
import type { NDArray } from '../../ndarray.ts'
import { type Shape, sizeOf } from '../../shape.ts'
import { computed } from '../computing.ts'
import type { Nested } from '../creation.ts'
import type { Operand } from '../operands.ts'
import { elementsOf } from '../placing.ts'
import { pointsOf, realsOf } from './pieces.ts'

const interpolate = kernel(
  (i, n: number, x: Float64Array, y: Float64Array, left: number, right: number, at: Float64Array, to: Float64Array) => {
    const v = at[i]
    let low = 0
    let high = n - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (x[middle] <= v) low = middle
      else high = middle - 1
    }
    const next = Math.min(low + 1, n - 1)
    const slope = next > low ? (y[next] - y[low]) / (x[next] - x[low]) : 0
    const inside = v === x[low] ? y[low] : y[low] + slope * (v - x[low])
    to[i] = v !== v ? v : v < x[0] ? left / 1 : v > x[n - 1] ? right / 1 : inside
  },
  { name: 'interp' },
)

export interface InterpOptions {
  /** What stands before the first point, and behind the last. Default their values. */
  left?: number
  right?: number
  /** Values begin anew after so much of x; the points need no order. */
  period?: number
}

/**
 * Values at places x on the straight lines between points, as NumPy's `interp`.
 * @param xp places of points, each above the one before
 * @param fp their values
 * @returns float64 of x's shape; NaN stays NaN
 * @throws ShapeError, DTypeError, ArgumentError
 */
export function interp(
  x: Operand | Nested,
  xp: Operand | Nested,
  fp: Operand | Nested,
  options: InterpOptions = {},
): NDArray<'float64'> {
  const places = realsOf(x, 'interp', 'x')
  const { period } = options
  if (period !== undefined) return periodically(places, xp, fp, period)
  const points = pointsOf(xp, fp, 0, 1, 'interp')
  if (points.shape.length > 0)
    throw new ShapeError('interp', `fp must be a list, not with axes ${shapeText(points.shape)} more.`, [points.shape])
  const { left = points.y[0], right = points.y[points.n - 1] } = options
  return computed('float64', places.shape, [places], function* ([from], to) {
    yield runOf(
      interpolate,
      to.length,
      points.n,
      points.x,
      points.y,
      left,
      right,
      from as Float64Array,
      to as Float64Array,
    )
  })
}

function periodically(x: NDArray, xp: Operand | Nested, fp: Operand | Nested, period: number): NDArray<'float64'> {
  if (typeof period !== 'number' || !(Math.abs(period) > 0 && Math.abs(period) < Infinity))
    throw new ArgumentError('interp', 'period', 'a finite number other than 0', period)
  const p = Math.abs(period)
  const wrap = (v: number) => v - Math.floor(v / p) * p
  const [places, values] = [realsOf(xp, 'interp', 'xp'), realsOf(fp, 'interp', 'fp')].map(
    a => elementsOf(a) as unknown as Float64Array,
  )
  if (places.length !== values.length || places.length === 0)
    throw new ShapeError('interp', `${places.length} places do not go with ${values.length} values.`, [
      [places.length],
      [values.length],
    ])
  const order = Array.from(places, wrap)
    .map((v, k) => [v, values[k]] as const)
    .sort((a, b) => a[0] - b[0])
  const [first, last] = [order[0], order[order.length - 1]]
  const around = [[last[0] - p, last[1]] as const, ...order, [first[0] + p, first[1]] as const]
  const wrapped = Float64Array.from(elementsOf(x) as unknown as Float64Array, wrap)
  const found = interp(
    wrapped,
    around.map(a => a[0]),
    around.map(a => a[1]),
  )
  return found.reshape(x.shape) as NDArray<'float64'>
}

const mostAxes = 8

/** A lane is a place. Where it lies between points is found along each axis; then corners are weighed. */
const onGrid = kernel(
  (
    i,
    lines: number,
    axes: number,
    lengths: Int32Array,
    starts: Int32Array,
    strides: Int32Array,
    grid: Float64Array,
    values: Float64Array,
    nearest: boolean,
    fill: number,
    isFilled: boolean,
    at: Float64Array,
    to: Float64Array,
  ) => {
    const p = (i / lines) | 0
    const line = i - p * lines
    const lows = new Int32Array(8)
    const shares = new Float64Array(8)
    let isOutside = false
    let isNumber = true
    for (let d = 0; d < axes; d++) {
      const v = at[p * axes + d]
      const start = starts[d]
      let low = 0
      let high = lengths[d] - 2
      while (low < high) {
        const middle = (low + high + 1) >> 1
        if (grid[start + middle] <= v) low = middle
        else high = middle - 1
      }
      if (v < grid[start] || v > grid[start + lengths[d] - 1]) isOutside = true
      if (v !== v) isNumber = false
      const share = (v - grid[start + low]) / (grid[start + low + 1] - grid[start + low])
      lows[d] = low
      shares[d] = nearest ? (share > 0.5 ? 1 : 0) : share
    }
    let sum = 0 * at[p * axes]
    for (let corner = 0; corner < 1 << axes; corner++) {
      let place = line
      let weight = 1 + 0 * at[p * axes]
      for (let d = 0; d < axes; d++) {
        const bit = (corner >> d) & 1
        weight *= bit === 1 ? shares[d] : 1 - shares[d]
        place += (lows[d] + bit) * strides[d]
      }
      sum += weight === 0 ? 0 : weight * values[place]
    }
    to[i] = isNumber ? (isOutside && isFilled ? fill / 1 : sum) : Number.NaN
  },
  { name: 'regularGrid' },
)

export interface GridOptions {
  /** Default `linear`: along each axis. */
  method?: 'linear' | 'nearest'
  /** A place beyond the grid is an error. Default true. */
  boundsError?: boolean
  /** What stands there otherwise: a number (default NaN), or null: what the nearest cell says. */
  fillValue?: number | null
}

/** Values between the points of a grid whose lines lie anywhere, as `scipy.interpolate` has it. */
export class RegularGridInterpolator {
  readonly #points: readonly Float64Array[]
  readonly #values: Float64Array
  readonly #lines: Shape
  readonly #options: GridOptions

  /**
   * @param points places along each axis, in order, up to eight axes
   * @param values of the shape of the grid; axes behind are values of their own
   * @throws ShapeError, DTypeError, ArgumentError
   */
  constructor(points: readonly (Operand | Nested)[], values: Operand | Nested, options: GridOptions = {}) {
    const call = 'RegularGridInterpolator'
    const array = realsOf(values, call, 'values')
    const { method = 'linear' } = options
    if (method !== 'linear' && method !== 'nearest')
      throw new ArgumentError(call, 'method', "'linear' or 'nearest'", method)
    if (!Array.isArray(points) || points.length === 0 || points.length > mostAxes || points.length > array.ndim)
      throw new ArgumentError(call, 'points', `a list for each axis, of 1 to ${Math.min(mostAxes, array.ndim)}`, points)
    this.#points = points.map((given, d) => {
      const { x, n } = pointsOf(given, given, 0, 2, call)
      if (n !== array.shape[d])
        throw new ShapeError(
          call,
          `${n} places along axis ${d} do not go with values of shape ${shapeText(array.shape)}.`,
          [[n], array.shape],
        )
      return x
    })
    this.#values = (elementsOf(array) as unknown as Float64Array).slice()
    this.#lines = array.shape.slice(points.length)
    this.#options = options
  }

  /**
   * @param at of shape [..., axes]
   * @returns float64 of shape [..., values' other axes]
   * @throws ArgumentError for a place beyond the grid, unless `boundsError` is false
   */
  evaluate(at: Operand | Nested): NDArray<'float64'> {
    const places = realsOf(at, 'evaluate', 'at')
    const axes = this.#points.length
    if (places.ndim === 0 || places.shape[places.ndim - 1] !== axes)
      throw new ShapeError('evaluate', `places must be of shape [..., ${axes}], not ${shapeText(places.shape)}.`, [
        places.shape,
      ])
    const { method = 'linear', boundsError = true, fillValue = Number.NaN } = this.#options
    if (boundsError) this.#checkInside(elementsOf(places) as unknown as Float64Array)
    const lengths = Int32Array.from(this.#points, p => p.length)
    const starts = Int32Array.from(lengths, (_, d) => lengths.slice(0, d).reduce((s, n) => s + n, 0))
    const lines = sizeOf(this.#lines)
    const strides = Int32Array.from(lengths, (_, d) => lengths.slice(d + 1).reduce((s, n) => s * n, lines))
    const grid = Float64Array.from(this.#points.flatMap(p => Array.from(p)))
    const values = this.#values
    return computed('float64', [...places.shape.slice(0, -1), ...this.#lines], [places], function* ([from], to) {
      yield runOf(
        onGrid,
        to.length,
        lines,
        axes,
        lengths,
        starts,
        strides,
        grid,
        values,
        method === 'nearest',
        fillValue ?? 0,
        fillValue !== null,
        from as Float64Array,
        to as Float64Array,
      )
    })
  }

  #checkInside(at: Float64Array): void {
    const axes = this.#points.length
    for (const [k, v] of at.entries()) {
      const points = this.#points[k % axes]
      if (v < points[0] || v > points[points.length - 1])
        throw new ArgumentError(
          'evaluate',
          'at',
          `places in the grid, along axis ${k % axes} from ${points[0]} to ${points[points.length - 1]}`,
          v,
          'With boundsError: false fillValue stands there.',
        )
    }
  }
}
