/** Sums of neighbours with weights: along an axis, and over windows. */

import { kernel } from '@skein/kernel'
import type { DType } from '../../dtypes.ts'
import type { Run } from '../../expression/launch.ts'
import { runOf } from '../../expression/plain.ts'
import type { NDArray } from '../../ndarray.ts'
import { astype } from '../astype.ts'
import { computed, type Numbers, scratch } from '../computing.ts'
import { type Border, extended, type Lines } from './borders.ts'
import { linesAlong, type Pixels, type Storing, storedAs, storingOf } from './pixels.ts'

export type Reals = Float32Array | Float64Array

/** A float as an array takes it. */
export const stored = (s: number, whole: boolean, low: number, high: number): number =>
  whole ? Math.min(Math.max(Math.floor(s + 0.5), low), high) : s

/** Row q of the result is summed of `taps` places, `step` apart, of a row that is longer: lanes are neighbours, whatever the axis. */
const correlateLines = kernel(
  (
    [q, j],
    taps: number,
    weights: Reals,
    from: Numbers,
    stride: number,
    per: number,
    extra: number,
    step: number,
    to: Numbers,
    width: number,
    whole: boolean,
    low: number,
    high: number,
  ) => {
    const at = q * stride + ((q / per) | 0) * extra + j
    let s = weights[0] * from[at]
    for (let k = 1; k < taps; k++) s += weights[k] * from[at + k * step]
    to[q * width + j] = stored(s, whole, low, high)
  },
  { name: 'correlateLines', use: () => ({ stored }) },
)

/** How rows of a result lie in an array that is longer along an axis by `more`: whole lines, or, where many elements are behind a place, those. */
export interface Rows {
  readonly count: number
  readonly width: number
  /** From a row to the next. */
  readonly stride: number
  /** After so many rows … */
  readonly per: number
  /** … so many elements are left out. */
  readonly extra: number
}

export function rowsOf({ outer, n, inner }: Lines, more: number): Rows {
  return inner >= 64 || (inner > 1 && outer === 1)
    ? { count: outer * n, width: inner, stride: inner, per: n, extra: more * inner }
    : { count: outer, width: n * inner, stride: (n + more) * inner, per: 1, extra: 0 }
}

/** Weights along an axis: result k is Σ weights[j] · x[k + j − before]. */
export interface Taps {
  readonly axis: 0 | 1
  readonly weights: readonly number[]
  readonly before: number
}

const weightsIn = (work: DType, weights: ArrayLike<number>): Reals =>
  work === 'float32' ? Float32Array.from(weights) : Float64Array.from(weights)

/** Applies weights along one axis after the other; what is between them is of floats. */
function* separably(
  pixels: Pixels,
  stages: readonly Taps[],
  border: Border,
  result: DType,
  from: Numbers,
  to: Numbers,
): Generator<Run, void> {
  const { work, array } = pixels
  let current = { elements: from, dtype: array.dtype as DType }
  for (const [k, { axis, weights, before }] of stages.entries()) {
    const isLast = k === stages.length - 1
    const lines = linesAlong(pixels, axis)
    const more = weights.length - 1
    const source =
      more === 0 ? current.elements : extended(current.elements, current.dtype, lines, [before, more - before], border)
    const target = isLast ? to : scratch(work, to.length)
    const rows = rowsOf(lines, more)
    const { whole, low, high }: Storing = isLast ? storingOf(result) : { whole: false, low: 0, high: 0 }
    yield runOf(
      correlateLines,
      [rows.count, rows.width],
      weights.length,
      weightsIn(work, weights),
      source,
      rows.stride,
      rows.per,
      rows.extra,
      lines.inner,
      target,
      rows.width,
      whole,
      low,
      high,
    )
    current = { elements: target, dtype: work }
  }
}

/** @param result the dtype that comes out */
export function correlated(pixels: Pixels, stages: readonly Taps[], border: Border, result: DType): NDArray {
  const made = computed(storedAs(result), pixels.shape, [pixels.array], ([from], to) =>
    separably(pixels, stages, border, result, from, to),
  )
  return astype(made, result, { copy: false })
}

/** Places around one, as rows and columns from it. */
export interface Window {
  readonly places: readonly (readonly [row: number, column: number])[]
}

/** An image with a border that is as wide as a window reaches. */
export interface Framed {
  readonly elements: Numbers
  /** Of its rows. */
  readonly stride: number
  /** Where the places of the window are, from that of a result's in the framed image. */
  readonly offsets: Int32Array
}

/** @param dtype of the elements */
export function framed(from: Numbers, dtype: DType, pixels: Pixels, { places }: Window, border: Border): Framed {
  const { rows, columns, inner } = pixels
  const reach = (axis: 0 | 1): [number, number] => {
    let [before, after] = [0, 0]
    for (const place of places) {
      before = Math.max(before, -place[axis])
      after = Math.max(after, place[axis])
    }
    return [before, after]
  }
  const [down, along] = [reach(0), reach(1)]
  const wide = extended(from, dtype, { outer: rows, n: columns, inner }, along, border)
  const stride = (along[0] + columns + along[1]) * inner
  const elements = extended(wide, dtype, { outer: 1, n: rows, inner: stride }, down, border)
  const offsets = Int32Array.from(places, ([r, c]) => (r + down[0]) * stride + (c + along[0]) * inner)
  return { elements, stride, offsets }
}

const correlateWindow = kernel(
  (
    [r, j],
    taps: number,
    weights: Reals,
    offsets: Int32Array,
    from: Numbers,
    stride: number,
    to: Numbers,
    width: number,
    whole: boolean,
    low: number,
    high: number,
  ) => {
    const at = r * stride + j
    let s = weights[0] * from[at + offsets[0]]
    for (let k = 1; k < taps; k++) s += weights[k] * from[at + offsets[k]]
    to[r * width + j] = stored(s, whole, low, high)
  },
  { name: 'correlateWindow', use: () => ({ stored }) },
)

/** Sums over a window: weights go with its places. */
export function correlatedWindow(
  pixels: Pixels,
  window: Window,
  weights: readonly number[],
  border: Border,
  result: DType,
): NDArray {
  const { rows, columns, inner, array, work, shape } = pixels
  const made = computed(storedAs(result), shape, [array], function* ([from], to) {
    const { elements, stride, offsets } = framed(from, array.dtype, pixels, window, border)
    const { whole, low, high } = storingOf(result)
    const width = columns * inner
    yield runOf(
      correlateWindow,
      [rows, width],
      weights.length,
      weightsIn(work, weights),
      offsets,
      elements,
      stride,
      to,
      width,
      whole,
      low,
      high,
    )
  })
  return astype(made, result, { copy: false })
}
