/**
 * How late, where, and when: a histogram of delay in minutes for each airport and each quarter of an hour of the day, and from it
 * quantiles by time of day.
 *
 * Most airports have few flights in a quarter of an hour, so each one's histogram is first blended with its neighbours' in
 * time, round the clock, with binomial weights (a Gaussian of 26 minutes' deviation). The weights are whole numbers, hence
 * everything up to the last division is exact and both versions must find the same.
 */

import { atomic, heap, kernel } from 'skein'
import type { Flights } from './data.ts'
import { all, compareClosely, compareExactly, type Step } from './step.ts'

/** Quarters of an hour in a day. */
export const SLOTS = 96
/** One bin a minute, from FIRST; earlier and later delays are counted in the first and the last bin. */
export const BINS = 512
export const FIRST = -64
/** Binomial weights: 12 choose k, which sum to 4096. A row of 500,000 flights still fits 32 bits. */
const weights = [1, 12, 66, 220, 495, 792, 924, 792, 495, 220, 66, 12, 1]
const TAPS = weights.length
const REACH = (TAPS - 1) / 2
/** The quantiles asked for. */
export const shares = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95] as const
const QUANTILES = shares.length

export interface Delays {
  /** Rows of quantiles: airport * SLOTS + slot; the last SLOTS rows are of all airports together. */
  readonly rows: number
  /** Flights of each airport, slot and bin: [airport][slot][bin]; the last airport is all of them. */
  readonly counts: Int32Array
  /** Minutes, not-a-number where no flight left within an hour and a half: [quantile][row]. */
  readonly quantiles: Float32Array
}

const count = kernel(
  (i, minute: Int32Array, origin: Uint16Array, delay: Int16Array, counts: Int32Array) => {
    const slot = ((minute[i] % 1440) / 15) | 0
    const bin = Math.min(Math.max(delay[i] - FIRST, 0), BINS - 1)
    atomic.add(counts, (origin[i] * SLOTS + slot) * BINS + bin, 1)
  },
  { use: { atomic, SLOTS, BINS, FIRST } },
)

const together = kernel(
  (i, counts: Int32Array, airports: number) => {
    let sum = 0
    for (let airport = 0; airport < airports; airport++) sum += counts[airport * (SLOTS * BINS) + i]
    counts[airports * (SLOTS * BINS) + i] = sum
  },
  { use: { SLOTS, BINS } },
)

/** Writes [bin][row], so that neighbouring rows, which the next kernel takes side by side, lie side by side. */
const blend = kernel(
  ([row, bin], counts: Int32Array, weight: Int32Array, blended: Int32Array, rows: number) => {
    const airport = (row / SLOTS) | 0
    const slot = row - airport * SLOTS
    let sum = 0
    for (let k = 0; k < TAPS; k++) {
      let near = slot + k - REACH
      if (near < 0) near += SLOTS
      if (near >= SLOTS) near -= SLOTS
      sum += weight[k] * counts[(airport * SLOTS + near) * BINS + bin]
    }
    blended[bin * rows + row] = sum
  },
  { use: { SLOTS, BINS, TAPS, REACH } },
)

const walk = kernel(
  (row, blended: Int32Array, share: Float64Array, quantiles: Float32Array, rows: number) => {
    let total = 0
    for (let bin = 0; bin < BINS; bin++) total += blended[bin * rows + row]
    let q = 0
    let below = 0
    let target = Math.ceil(total * share[0]) | 0
    for (let bin = 0; bin < BINS; bin++) {
      const here = blended[bin * rows + row]
      while (q < QUANTILES && here > 0 && below + here >= target) {
        quantiles[q * rows + row] = FIRST + bin - 0.5 + (target - below) / here
        q++
        if (q < QUANTILES) target = Math.ceil(total * share[q]) | 0
      }
      below += here
    }
    while (q < QUANTILES) {
      quantiles[q * rows + row] = NaN
      q++
    }
  },
  { use: { BINS, FIRST, QUANTILES } },
)

const plainCount = ({ count, minute, origin, delay }: Flights, counts: Int32Array): void => {
  for (let i = 0; i < count; i++) {
    const slot = ((minute[i] % 1440) / 15) | 0
    const bin = Math.min(Math.max(delay[i] - FIRST, 0), BINS - 1)
    counts[(origin[i] * SLOTS + slot) * BINS + bin]++
  }
}

const plainTogether = (counts: Int32Array, airports: number): void => {
  const all = counts.subarray(airports * SLOTS * BINS)
  for (let airport = 0; airport < airports; airport++) {
    const base = airport * SLOTS * BINS
    for (let i = 0; i < SLOTS * BINS; i++) all[i] += counts[base + i]
  }
}

/** One row at a time, blended into a buffer that stays in the cache and walked at once. */
const plainQuantiles = (
  counts: Int32Array,
  quantiles: Float32Array,
  rows: number,
  done: (share: number) => void,
): void => {
  const buffer = new Int32Array(BINS)
  for (let row = 0; row < rows; row++) {
    const airport = (row / SLOTS) | 0
    const slot = row - airport * SLOTS
    buffer.fill(0)
    for (let k = 0; k < TAPS; k++) {
      const near = (slot + k - REACH + SLOTS) % SLOTS
      const base = (airport * SLOTS + near) * BINS
      const weight = weights[k]
      for (let bin = 0; bin < BINS; bin++) buffer[bin] += weight * counts[base + bin]
    }
    let total = 0
    for (let bin = 0; bin < BINS; bin++) total += buffer[bin]
    let q = 0
    let below = 0
    let target = Math.ceil(total * shares[0])
    for (let bin = 0; bin < BINS && q < QUANTILES; bin++) {
      const here = buffer[bin]
      while (q < QUANTILES && here > 0 && below + here >= target) {
        quantiles[q * rows + row] = FIRST + bin - 0.5 + (target - below) / here
        q++
        target = Math.ceil(total * shares[q])
      }
      below += here
    }
    for (; q < QUANTILES; q++) quantiles[q * rows + row] = Number.NaN
    if (slot === 0) done(row / rows)
  }
}

const HISTOGRAM = 'histogram by airport and quarter of an hour'
const QUANTILE = 'blended quantiles'

export const delayStep = (flights: Flights): Step<Delays> => {
  const airports = flights.airports.length
  const rows = (airports + 1) * SLOTS
  return {
    title: 'Delay by airport and time of day',
    plain(track) {
      const counts = new Int32Array(rows * BINS)
      const quantiles = new Float32Array(QUANTILES * rows)
      track.phase(HISTOGRAM)
      plainCount(flights, counts)
      plainTogether(counts, airports)
      track.phase(QUANTILE)
      plainQuantiles(counts, quantiles, rows, share => track.share(0.2 + 0.8 * share))
      return { rows, counts, quantiles }
    },
    kernels(track) {
      const counts = heap.i32(rows * BINS)
      const blended = heap.i32(rows * BINS)
      const quantiles = heap.f32(QUANTILES * rows)
      const weight = heap.i32(TAPS)
      weight.set(weights)
      const share = heap.f64(QUANTILES)
      share.set(shares)
      track.phase(HISTOGRAM)
      count(flights.count, flights.minute, flights.origin, flights.delay, counts)
      together(SLOTS * BINS, counts, airports)
      track.phase(QUANTILE)
      track.share(0.3)
      blend([rows, BINS], counts, weight, blended, rows)
      track.share(0.7)
      walk(rows, blended, share, quantiles, rows)
      return { rows, counts, quantiles }
    },
    compare: (a, b) =>
      all(compareExactly('counts', a.counts, b.counts), compareClosely('quantiles', a.quantiles, b.quantiles, 1e-3)),
  }
}
