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
import { all, compareClosely, type Step, type Verdict } from './step.ts'

/** Quarters of an hour in a day. */
export const SLOTS = 96
/** One bin a minute, from FIRST; earlier and later delays are counted in the first and the last bin. A power of two. */
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
  /** The airports, and behind them one that stands for all. */
  readonly columns: number
  /** Flights that left `airport` in `slot` as late as `bin` says. */
  count(airport: number, slot: number, bin: number): number
  /** Minutes, not-a-number where no flight left within an hour and a half: [quantile][slot][column]. */
  readonly quantiles: Float32Array
}

// The kernels keep airports side by side, [bin][slot][column], so that neighbouring iterations touch neighbouring elements, and the
// flights of a quarter of an hour, which follow each other in the file, are counted in one part of the array.

const count = kernel(
  (i, minute: Int32Array, origin: Uint16Array, delay: Int16Array, counts: Int32Array, columns: number) => {
    const slot = ((minute[i] % 1440) / 15) | 0
    const bin = Math.min(Math.max(delay[i] - FIRST, 0), BINS - 1)
    atomic.add(counts, (bin * SLOTS + slot) * columns + origin[i], 1)
  },
  { use: { atomic, SLOTS, BINS, FIRST } },
)

const together = kernel((i, counts: Int32Array, columns: number) => {
  let sum = 0
  for (let airport = 0; airport < columns - 1; airport++) sum += counts[i * columns + airport]
  counts[i * columns + columns - 1] = sum
})

const blend = kernel(
  ([bin, slot, column], counts: Int32Array, weight: Int32Array, blended: Int32Array, columns: number) => {
    let sum = 0
    for (let k = 0; k < TAPS; k++) {
      let near = slot + k - REACH
      if (near < 0) near += SLOTS
      if (near >= SLOTS) near -= SLOTS
      sum += weight[k] * counts[(bin * SLOTS + near) * columns + column]
    }
    blended[(slot * BINS + bin) * columns + column] = sum
  },
  { use: { SLOTS, BINS, TAPS, REACH } },
)

/** Makes each bin the number of all up to it. */
const cumulate = kernel(
  ([slot, column], blended: Int32Array, columns: number) => {
    let sum = 0
    for (let bin = 0; bin < BINS; bin++) {
      const at = (slot * BINS + bin) * columns + column
      sum += blended[at]
      blended[at] = sum
    }
  },
  { use: { BINS } },
)

/** Finds the bin that reaches a quantile by bisection, and the place within the bin by proportion. */
const find = kernel(
  ([slot, q, column], blended: Int32Array, share: Float64Array, quantiles: Float32Array, columns: number) => {
    const top = slot * BINS * columns + column
    const total = blended[top + (BINS - 1) * columns]
    const target = Math.ceil(total * share[q]) | 0
    let before = -1
    for (let step = BINS >> 1; step > 0; step >>= 1) {
      if (blended[top + (before + step) * columns] < target) before += step
    }
    const below = before < 0 ? 0 : blended[top + before * columns]
    const here = blended[top + (before + 1) * columns] - below
    quantiles[(q * SLOTS + slot) * columns + column] = total > 0 ? FIRST + before + 0.5 + (target - below) / here : NaN
  },
  { use: { SLOTS, BINS, FIRST } },
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

/** One airport and quarter of an hour at a time, blended into a buffer that stays in the cache and walked at once. */
const plainQuantiles = (
  counts: Int32Array,
  quantiles: Float32Array,
  columns: number,
  done: (share: number) => void,
): void => {
  const buffer = new Int32Array(BINS)
  for (let column = 0; column < columns; column++) {
    for (let slot = 0; slot < SLOTS; slot++) {
      buffer.fill(0)
      for (let k = 0; k < TAPS; k++) {
        const near = (slot + k - REACH + SLOTS) % SLOTS
        const base = (column * SLOTS + near) * BINS
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
          quantiles[(q * SLOTS + slot) * columns + column] = FIRST + bin - 0.5 + (target - below) / here
          q++
          target = Math.ceil(total * shares[q])
        }
        below += here
      }
      for (; q < QUANTILES; q++) quantiles[(q * SLOTS + slot) * columns + column] = Number.NaN
    }
    done(column / columns)
  }
}

const compareCounts = (plain: Delays, kernels: Delays): Verdict => {
  const { columns } = plain
  for (let airport = 0; airport < columns; airport++) {
    for (let slot = 0; slot < SLOTS; slot++) {
      for (let bin = 0; bin < BINS; bin++) {
        const [a, b] = [plain.count(airport, slot, bin), kernels.count(airport, slot, bin)]
        if (a !== b)
          return { agree: false, detail: `flights of airport ${airport}, ${slot}, ${bin}: ${a} plain, ${b} by kernels` }
      }
    }
  }
  return { agree: true, detail: `${(columns * SLOTS * BINS).toLocaleString('en-US')} counts equal` }
}

const HISTOGRAM = 'histogram by airport and quarter of an hour'
const QUANTILE = 'blended quantiles'

export const delayStep = (flights: Flights): Step<Delays> => {
  const airports = flights.airports.length
  const columns = airports + 1
  const size = columns * SLOTS * BINS
  return {
    title: 'Delay by airport and time of day',
    by: 'kernels',
    plain(track) {
      track.phase(HISTOGRAM)
      const counts = new Int32Array(size)
      plainCount(flights, counts)
      plainTogether(counts, airports)
      track.phase(QUANTILE)
      const quantiles = new Float32Array(QUANTILES * SLOTS * columns)
      plainQuantiles(counts, quantiles, columns, share => track.share(0.2 + 0.8 * share))
      return { columns, quantiles, count: (airport, slot, bin) => counts[(airport * SLOTS + slot) * BINS + bin] }
    },
    skein(track) {
      track.phase(HISTOGRAM)
      const counts = heap.i32(size)
      count(flights.count, flights.minute, flights.origin, flights.delay, counts, columns)
      together(SLOTS * BINS, counts, columns)
      track.phase(QUANTILE)
      track.share(0.3)
      const blended = heap.i32(size)
      const quantiles = heap.f32(QUANTILES * SLOTS * columns)
      blend([BINS, SLOTS, columns], counts, heap.i32(weights), blended, columns)
      track.share(0.8)
      cumulate([SLOTS, columns], blended, columns)
      find([SLOTS, QUANTILES, columns], blended, heap.f64(shares), quantiles, columns)
      return { columns, quantiles, count: (airport, slot, bin) => counts[(bin * SLOTS + slot) * columns + airport] }
    },
    compare: (a, b) => all(compareCounts(a, b), compareClosely('quantiles', a.quantiles, b.quantiles, 1e-3)),
  }
}
