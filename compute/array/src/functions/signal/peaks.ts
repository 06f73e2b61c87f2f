/** Peaks of signals, as `scipy.signal.find_peaks` finds them. */

import { ArgumentError } from '@skein/base'
import type { NDArray } from '../../ndarray.ts'
import { asarray, type Nested } from '../creation.ts'
import type { Operand } from '../operands.ts'
import { listOf } from './lines.ts'

/** From, or from and to. */
export type Limits = number | readonly [number | undefined, number | undefined]

export interface PeaksOptions {
  /** How high the peak is. */
  height?: Limits
  /** How much higher than the samples next to it. */
  threshold?: Limits
  /** Peaks are so many samples apart: of nearer ones the highest stays. */
  distance?: number
  /** How much higher than what lies between it and higher ones, or the ends. */
  prominence?: Limits
  /** In samples, where it is down by `relHeight` of its prominence. */
  width?: Limits
  /** Default 0.5. */
  relHeight?: number
}

export interface Peaks {
  /** int32: places; of a plateau its middle. */
  readonly peaks: NDArray<'int32'>
  /** float64 each, of the peaks, where they were asked for. */
  readonly heights?: NDArray<'float64'>
  readonly prominences?: NDArray<'float64'>
  readonly widths?: NDArray<'float64'>
}

function localMaxima(x: Float64Array): number[] {
  const found: number[] = []
  for (let i = 1; i < x.length - 1; i++) {
    if (!(x[i - 1] < x[i])) continue
    let ahead = i + 1
    while (ahead < x.length - 1 && x[ahead] === x[i]) ahead++
    if (x[ahead] < x[i]) {
      found.push(Math.floor((i + ahead - 1) / 2))
      i = ahead - 1
    }
  }
  return found
}

function within(limits: Limits, name: string): (v: number) => boolean {
  const [low, high] = typeof limits === 'number' ? [limits, undefined] : limits
  for (const v of [low, high])
    if (v !== undefined && typeof v !== 'number') throw new ArgumentError('findPeaks', name, 'a number, or two', limits)
  return v => v >= (low ?? -Infinity) && v <= (high ?? Infinity)
}

/** Those that are not too near to a higher one. */
function farApart(x: Float64Array, peaks: readonly number[], distance: number): number[] {
  const order = peaks.map((_, k) => k).sort((a, b) => x[peaks[b]] - x[peaks[a]] || b - a)
  const isKept = new Array<boolean>(peaks.length).fill(true)
  for (const k of order) {
    if (!isKept[k]) continue
    for (let j = k - 1; j >= 0 && peaks[k] - peaks[j] < distance; j--) isKept[j] = false
    for (let j = k + 1; j < peaks.length && peaks[j] - peaks[k] < distance; j++) isKept[j] = false
  }
  return peaks.filter((_, k) => isKept[k])
}

interface Base {
  readonly prominence: number
  readonly left: number
  readonly right: number
}

function baseOf(x: Float64Array, peak: number): Base {
  let [left, right] = [peak, peak]
  for (let i = peak; i >= 0 && x[i] <= x[peak]; i--) if (x[i] < x[left]) left = i
  for (let i = peak; i < x.length && x[i] <= x[peak]; i++) if (x[i] < x[right]) right = i
  return { prominence: x[peak] - Math.max(x[left], x[right]), left, right }
}

function widthOf(x: Float64Array, peak: number, { prominence, left, right }: Base, part: number): number {
  const height = x[peak] - prominence * part
  let i = peak
  while (left < i && height < x[i]) i--
  let begin = i
  if (x[i] < height) begin += (height - x[i]) / (x[i + 1] - x[i])
  i = peak
  while (i < right && height < x[i]) i++
  let end = i
  if (x[i] < height) end -= (height - x[i]) / (x[i - 1] - x[i])
  return end - begin
}

/**
 * Places where a signal is higher than on both sides, and what else is asked of them; conditions are looked at in the order height, threshold, distance, prominence, width. Computed at once.
 * @param x of one axis
 * @throws ShapeError, ArgumentError
 */
export function findPeaks(x: Operand | Nested, options: PeaksOptions = {}): Peaks {
  const list = listOf(x, 'findPeaks', 'x')
  const { height, threshold, distance, prominence, width, relHeight = 0.5 } = options
  if (distance !== undefined && !(distance >= 1))
    throw new ArgumentError('findPeaks', 'distance', 'a number from 1', distance)
  if (!(relHeight >= 0)) throw new ArgumentError('findPeaks', 'relHeight', 'a number from 0', relHeight)
  let peaks = localMaxima(list)
  if (height !== undefined) {
    const isRight = within(height, 'height')
    peaks = peaks.filter(p => isRight(list[p]))
  }
  if (threshold !== undefined) {
    const [low, high] = typeof threshold === 'number' ? [threshold, undefined] : threshold
    const [least, most] = [within([low, undefined], 'threshold'), within([undefined, high], 'threshold')]
    peaks = peaks.filter(p => {
      const steps = [list[p] - list[p - 1], list[p] - list[p + 1]]
      return least(Math.min(...steps)) && most(Math.max(...steps))
    })
  }
  if (distance !== undefined) peaks = farApart(list, peaks, Math.ceil(distance))
  const float = (values: readonly number[]) => asarray(values, { dtype: 'float64' }) as NDArray<'float64'>
  const wantsBases = prominence !== undefined || width !== undefined
  let bases = wantsBases ? peaks.map(p => baseOf(list, p)) : []
  const keep = (isKept: (k: number) => boolean) => {
    const kept = peaks.map((_, k) => k).filter(isKept)
    peaks = kept.map(k => peaks[k])
    bases = kept.map(k => bases[k])
  }
  if (prominence !== undefined) {
    const isRight = within(prominence, 'prominence')
    keep(k => isRight(bases[k].prominence))
  }
  const widths = () => peaks.map((p, k) => widthOf(list, p, bases[k], relHeight))
  if (width !== undefined) {
    const [isRight, all] = [within(width, 'width'), widths()]
    keep(k => isRight(all[k]))
  }
  return {
    peaks: asarray(peaks, { dtype: 'int32' }) as NDArray<'int32'>,
    ...(height !== undefined && { heights: float(peaks.map(p => list[p])) }),
    ...(wantsBases && { prominences: float(bases.map(b => b.prominence)) }),
    ...(width !== undefined && { widths: float(widths()) }),
  }
}
