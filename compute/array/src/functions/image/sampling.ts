/** Images between their pixels: by the nearest one, linearly, or by splines of order 2 to 5. */

import { ArgumentError } from '@skein/base'
import { kernel } from '@skein/kernel'
import type { Run } from '../../expression/launch.ts'
import { runOf } from '../../expression/plain.ts'
import { type Numbers, scratch } from '../computing.ts'
import { type Border, type BorderOptions, borderOf, extended } from './borders.ts'
import { type Reals, stored } from './correlation.ts'
import type { Pixels } from './pixels.ts'
import { filterSplines, type SplineEnds } from './spline-filter.ts'

export interface SamplingOptions extends BorderOptions {
  /** Of the splines between pixels: 0 takes the nearest, 1 is linear, 3 cubic; up to 5. Default 1. */
  order?: 0 | 1 | 2 | 3 | 4 | 5
}

export interface Sampling {
  readonly order: number
  readonly border: Border
}

/** Beyond the border stands `cval` unless said. @throws ArgumentError */
export function samplingOf(options: SamplingOptions, call: string): Sampling {
  const { order = 1, mode = 'constant' } = options
  if (![0, 1, 2, 3, 4, 5].includes(order)) throw new ArgumentError(call, 'order', 'a whole number from 0 to 5', order)
  return { order, border: borderOf({ ...options, mode }, call) }
}

/** Numbers of the modes in kernels. */
const numbers = { constant: 0, nearest: 1, reflect: 2, mirror: 3, wrap: 4 }

/** The place along an axis that stands for one outside. */
const fold = (k: number, n: number, mode: number): number => {
  let found = k | 0
  if (k < 0 || k >= n) {
    const period = mode === 2 ? 2 * n : mode === 4 ? n : Math.max(2 * n - 2, 1)
    found = ((k % period) + period) % period
    if (found >= n) found = mode === 2 ? period - 1 - found : period - found
  }
  return found
}

const nearestPixel = (
  from: Numbers,
  y: number,
  x: number,
  rows: number,
  columns: number,
  inner: number,
  channel: number,
  _order: number,
  mode: number,
): number =>
  from[
    (fold(Math.floor(y + 0.5) | 0, rows, mode) * columns + fold(Math.floor(x + 0.5) | 0, columns, mode)) * inner +
      channel
  ]

const linearPixel = (
  from: Numbers,
  y: number,
  x: number,
  rows: number,
  columns: number,
  inner: number,
  channel: number,
  _order: number,
  mode: number,
): number => {
  const [r, c] = [Math.floor(y) | 0, Math.floor(x) | 0]
  const [v, u] = [y - Math.floor(y), x - Math.floor(x)]
  const above = fold(r, rows, mode) * columns
  const below = fold(r + 1, rows, mode) * columns
  const left = fold(c, columns, mode)
  const right = fold(c + 1, columns, mode)
  const top = (1 - u) * from[(above + left) * inner + channel] + u * from[(above + right) * inner + channel]
  const bottom = (1 - u) * from[(below + left) * inner + channel] + u * from[(below + right) * inner + channel]
  return (1 - v) * top + v * bottom
}

/** B-splines of an order at t of [0, 1), by the recursion of C. de Boor. */
const basis = (w: Float64Array, order: number, t: number) => {
  w[0] = 1
  for (let j = 1; j <= order; j++) {
    let saved = 0 * t
    for (let k = 0; k < j; k++) {
      const part = w[k] / j
      w[k] = saved + (k + 1 - t) * part
      saved = (t + j - 1 - k) * part
    }
    w[j] = saved
  }
}

const splinePixel = (
  from: Numbers,
  y: number,
  x: number,
  rows: number,
  columns: number,
  inner: number,
  channel: number,
  order: number,
  mode: number,
): number => {
  const half = order % 2 === 0 ? 0.5 : 0
  const r = Math.floor(y + half)
  const c = Math.floor(x + half)
  const down = new Float64Array(6)
  const along = new Float64Array(6)
  basis(down, order, y + half - r)
  basis(along, order, x + half - c)
  const back = (order / 2) | 0
  let sum = 0
  for (let i = 0; i <= order; i++) {
    const row = fold((r | 0) - back + i, rows, mode) * columns
    let line = 0
    for (let j = 0; j <= order; j++)
      line += along[j] * from[(row + fold((c | 0) - back + j, columns, mode)) * inner + channel]
    sum += down[i] * line
  }
  return sum
}

const ways = [nearestPixel, linearPixel, splinePixel]

/** Kernels that take pixels at places that a matrix gives, homogeneous coordinates of the result's row and column. */
const byMatrix = ways.map(sample =>
  kernel(
    (
      [r, j],
      m: Float64Array,
      from: Numbers,
      rows: number,
      columns: number,
      inner: number,
      order: number,
      mode: number,
      shift: number,
      cval: number,
      to: Numbers,
      width: number,
      whole: boolean,
      low: number,
      high: number,
    ) => {
      const column = (j / inner) | 0
      const w = m[6] * r + m[7] * column + m[8]
      let y = (m[0] * r + m[1] * column + m[2]) / w
      let x = (m[3] * r + m[4] * column + m[5]) / w
      const isInside = y >= 0 && x >= 0 && y <= rows - 1 && x <= columns - 1
      let value = cval / 1
      if (isInside || mode > 0) {
        if (mode === 1) {
          y = Math.min(Math.max(y + shift, 0), rows - 1)
          x = Math.min(Math.max(x + shift, 0), columns - 1)
        }
        value = sample(from, y, x, rows, columns, inner, j - column * inner, order, mode)
      }
      to[r * width + j] = stored(value, whole, low, high)
    },
    { name: 'warp', use: () => ({ sample, fold, basis, stored }) },
  ),
)

/** Kernels that take pixels at places that are listed: rows, then columns. */
const byList = ways.map(sample =>
  kernel(
    (
      k,
      places: Float64Array,
      count: number,
      from: Numbers,
      rows: number,
      columns: number,
      inner: number,
      order: number,
      mode: number,
      shift: number,
      cval: number,
      to: Numbers,
      whole: boolean,
      low: number,
      high: number,
    ) => {
      const place = (k / inner) | 0
      let y = places[place]
      let x = places[count + place]
      const isInside = y >= 0 && x >= 0 && y <= rows - 1 && x <= columns - 1
      let value = cval / 1
      if (isInside || mode > 0) {
        if (mode === 1) {
          y = Math.min(Math.max(y + shift, 0), rows - 1)
          x = Math.min(Math.max(x + shift, 0), columns - 1)
        }
        value = sample(from, y, x, rows, columns, inner, k - place * inner, order, mode)
      }
      to[k] = stored(value, whole, low, high)
    },
    { name: 'sample', use: () => ({ sample, fold, basis, stored }) },
  ),
)

/** What is sampled: pixels, or coefficients of splines. */
interface Source {
  readonly elements: Numbers
  readonly rows: number
  readonly columns: number
  /** By how much places are moved. */
  readonly shift: number
}

/** So many pixels at the border are repeated before coefficients are made: what is beyond them has no weight. */
const farAway = 12

function* sourceOf(from: Numbers, pixels: Pixels, { order, border }: Sampling): Generator<Run, Source> {
  const { rows, columns, inner, work, array } = pixels
  if (order < 2) return { elements: from, rows, columns, shift: 0 }
  const shift = border.mode === 'nearest' ? farAway : 0
  const [height, width] = [rows + 2 * shift, columns + 2 * shift]
  let elements = from
  if (shift > 0) {
    const wide = extended(from, array.dtype, { outer: rows, n: columns, inner }, [shift, shift], border)
    elements = extended(wide, array.dtype, { outer: 1, n: rows, inner: width * inner }, [shift, shift], border)
  }
  const coefficients = scratch(work, height * width * inner) as Reals
  coefficients.set(elements)
  const ends: SplineEnds =
    border.mode === 'wrap' ? 'wrap' : border.mode === 'reflect' || shift > 0 ? 'reflect' : 'mirror'
  yield* filterSplines(coefficients, { outer: 1, n: height, inner: width * inner }, order, ends)
  yield* filterSplines(coefficients, { outer: height, n: width, inner }, order, ends)
  return { elements: coefficients, rows: height, columns: width, shift }
}

interface Storing {
  readonly whole: boolean
  readonly low: number
  readonly high: number
}

/** @param matrix of 3 × 3: places of pixels, of rows and columns of the result */
export function* warping(
  from: Numbers,
  to: Numbers,
  pixels: Pixels,
  sampling: Sampling,
  matrix: Float64Array,
  [height, width]: readonly [number, number],
  { whole, low, high }: Storing,
): Generator<Run, void> {
  const { elements, rows, columns, shift } = yield* sourceOf(from, pixels, sampling)
  const { inner } = pixels
  const { order, border } = sampling
  const k = byMatrix[Math.min(order, 2)]
  yield runOf(
    k,
    [height, width * inner],
    matrix,
    elements,
    rows,
    columns,
    inner,
    order,
    numbers[border.mode],
    shift,
    border.cval,
    to,
    width * inner,
    whole,
    low,
    high,
  )
}

/** @param places rows of all, then columns of all */
export function* sampling(
  from: Numbers,
  to: Numbers,
  pixels: Pixels,
  how: Sampling,
  places: Float64Array,
  { whole, low, high }: Storing,
): Generator<Run, void> {
  const { elements, rows, columns, shift } = yield* sourceOf(from, pixels, how)
  const { inner } = pixels
  const { order, border } = how
  const k = byList[Math.min(order, 2)]
  yield runOf(
    k,
    to.length,
    places,
    places.length / 2,
    elements,
    rows,
    columns,
    inner,
    order,
    numbers[border.mode],
    shift,
    border.cval,
    to,
    whole,
    low,
    high,
  )
}
