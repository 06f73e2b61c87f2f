/**
 * How sure the delays of an airport are: a bootstrap. Of the flights there were, as many are drawn again by chance, with some
 * twice and others not at all, 2,000 times over; what 95 of 100 such resamples agree on is where the truth may lie (B.
 * Efron, "Bootstrap methods: another look at the jackknife", 1979).
 *
 * Flights of an airport that were equally late are equal, so it is enough to draw how often all of them together appear: a Poisson
 * number with their number as its mean (the Poisson bootstrap of N. Chamandy et al., "Estimating uncertainty for massive data
 * streams", 2012). Each resample of each airport has random numbers of its own, so it does not matter who draws what, or when.
 */

import { philox4x32 } from '@skein/base'
import { heap } from 'skein'
import { task, taskLoop } from 'skein/tasks'
import type { Flights } from './data.ts'
import { all, compareClosely, type Step } from './step.ts'
import { type Ran, watched } from './watch.ts'

export const RESAMPLES = 2000
/** Minutes by which a flight may be late without being called so: as the Department of Transportation counts. */
const ON_TIME = 15
/** Delays beyond are counted as these. */
const [EARLIEST, LATEST] = [-64, 447]
const LENGTH = LATEST - EARLIEST + 1
const SEED = 2001

export const statistics = ['mean', 'median', 'share late'] as const
const STATISTICS = statistics.length

export interface Certainty {
  readonly airports: number
  /** [statistic][airport][resample], in minutes, or a share; not-a-number when no flight was drawn. */
  readonly samples: Float64Array
  /** Bounds of the middle 95 of 100 resamples: [statistic][airport]. */
  readonly low: Float64Array
  readonly high: Float64Array
  /** What workers ran for it. */
  readonly ran: readonly Ran[]
}

/** The flights by airport and delay, where there are any: those of airport a from start[a] to start[a + 1]. */
interface Cells {
  readonly start: Int32Array
  readonly delay: Int16Array
  readonly flights: Int32Array
}

const cellsOf = ({ count, origin, delay, airports }: Flights): Cells => {
  const counts = new Int32Array(airports.length * LENGTH)
  for (let i = 0; i < count; i++) {
    counts[origin[i] * LENGTH + Math.min(Math.max(delay[i], EARLIEST), LATEST) - EARLIEST]++
  }
  const filled = counts.reduce((sum, flights) => sum + (flights > 0 ? 1 : 0), 0)
  const cells = { start: heap.i32(airports.length + 1), delay: heap.i16(filled), flights: heap.i32(filled) }
  let cell = 0
  for (let at = 0; at < counts.length; at++) {
    if (counts[at] === 0) continue
    cells.delay[cell] = (at % LENGTH) + EARLIEST
    cells.flights[cell++] = counts[at]
    cells.start[Math.floor(at / LENGTH) + 1] = cell
  }
  for (let a = 1; a <= airports.length; a++) cells.start[a] = Math.max(cells.start[a], cells.start[a - 1])
  return cells
}

const logFactorials = new Float64Array(128)
for (let k = 2; k < logFactorials.length; k++) logFactorials[k] = logFactorials[k - 1] + Math.log(k)

/** Stirling's series, from where its first two terms are right to 1e-12. */
const logFactorial = (k: number): number =>
  k < logFactorials.length
    ? logFactorials[k]
    : (k + 0.5) * Math.log(k) - k + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * k) - 1 / (360 * k ** 3)

/** Means below are drawn by inversion. */
const SMALL = 16
const nothing = Float64Array.from({ length: SMALL }, (_, mean) => Math.exp(-mean))

const state = new Uint32Array(4)

/** Begins the random numbers of a place anew: a state that Philox makes of its numbers. */
export const begin = (seed: number, a: number, b: number): void => {
  philox4x32([a, b, 0, 0], [seed, 0], state)
}

/** The next one, in [0, 1): xoshiro128** of D. Blackman and S. Vigna, "Scrambled linear pseudorandom number generators", 2021. */
export const uniform = (): number => {
  const five = Math.imul(state[1], 5)
  const result = Math.imul((five << 7) | (five >>> 25), 9) >>> 0
  const shifted = state[1] << 9
  state[2] ^= state[0]
  state[3] ^= state[1]
  state[1] ^= state[2]
  state[0] ^= state[3]
  state[2] ^= shifted
  state[3] = (state[3] << 11) | (state[3] >>> 21)
  return result * 2 ** -32
}

/**
 * A Poisson number. Small means by inversion; others by W. Hörmann, "The transformed rejection method for generating Poisson random
 * variables", 1993, algorithm PTRS.
 *
 * @param mean a whole number from 1
 */
export const poisson = (mean: number): number => {
  if (mean < SMALL) {
    let left = uniform()
    let chance = nothing[mean]
    let k = 0
    while (left >= chance && chance > 0) {
      left -= chance
      chance *= mean / ++k
    }
    return k
  }
  const b = 0.931 + 2.53 * Math.sqrt(mean)
  const a = -0.059 + 0.02483 * b
  for (;;) {
    const u = uniform() - 0.5
    const v = uniform()
    const us = 0.5 - Math.abs(u)
    const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43)
    if (us >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2)) return k
    if (k < 0 || (us < 0.013 && v > us)) continue
    const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
    const accepted = k * Math.log(mean) - mean - logFactorial(k)
    if (Math.log((v * inverseAlpha) / (a / (us * us) + b)) <= accepted) return k
  }
}

/** Draws resamples `from` to `to` and writes their statistics. */
export const resample = task(
  import.meta,
  'resample',
  (from: number, to: number, { start, delay, flights }: Cells, samples: Float64Array): void => {
    const airports = start.length - 1
    const drawn = new Int32Array(LENGTH)
    for (let r = from; r < to; r++) {
      for (let airport = 0; airport < airports; airport++) {
        const [first, end] = [start[airport], start[airport + 1]]
        let [total, sum, late] = [0, 0, 0]
        begin(SEED, r, airport)
        for (let cell = first; cell < end; cell++) {
          const n = poisson(flights[cell])
          drawn[cell - first] = n
          total += n
          sum += n * delay[cell]
          if (delay[cell] > ON_TIME) late += n
        }
        // Cells are in the order of their delays.
        let middle = first
        for (let below = drawn[0]; 2 * below < total; below += drawn[++middle - first]);
        const at = airport * RESAMPLES + r
        samples[at] = sum / total
        samples[airports * RESAMPLES + at] = total > 0 ? delay[middle] : Number.NaN
        samples[2 * airports * RESAMPLES + at] = late / total
      }
    }
  },
)

/** Bounds of rows `from` to `to` of the samples. Resamples without a flight count as the largest. */
export const bound = task(
  import.meta,
  'bound',
  (from: number, to: number, samples: Float64Array, low: Float64Array, high: Float64Array): void => {
    for (let row = from; row < to; row++) {
      const sorted = samples.slice(row * RESAMPLES, (row + 1) * RESAMPLES).sort()
      low[row] = sorted[Math.floor(0.025 * RESAMPLES)]
      high[row] = sorted[Math.ceil(0.975 * RESAMPLES) - 1]
    }
  },
)

const CELLS = 'flights by airport and delay'
const RESAMPLE = 'resamples and their statistics'
const BOUND = 'bounds'
/** Resamples of a task. */
const GRAIN = 20

export const certaintyStep = (flights: Flights): Step<Certainty> => {
  const airports = flights.airports.length
  const rows = STATISTICS * airports
  return {
    title: `Delay by airport in ${RESAMPLES.toLocaleString('en-US')} resamples`,
    by: 'tasks',
    plain(track) {
      track.phase(CELLS)
      const cells = cellsOf(flights)
      track.phase(RESAMPLE)
      const samples = new Float64Array(rows * RESAMPLES)
      for (let r = 0; r < RESAMPLES; r += GRAIN) {
        resample.local(r, r + GRAIN, cells, samples)
        track.share((0.97 * r) / RESAMPLES)
      }
      track.phase(BOUND)
      const [low, high] = [new Float64Array(rows), new Float64Array(rows)]
      bound.local(0, rows, samples, low, high)
      return { airports, samples, low, high, ran: [] }
    },
    async skein(track) {
      track.phase(CELLS)
      const cells = cellsOf(flights)
      track.phase(RESAMPLE)
      const samples = heap.f64(rows * RESAMPLES)
      const [low, high] = [heap.f64(rows), heap.f64(rows)]
      const ran = await watched(async () => {
        await taskLoop(RESAMPLES, { grain: GRAIN }, resample)(cells, samples)
        track.phase(BOUND)
        await taskLoop(rows, { tasks: 16 }, bound)(samples, low, high)
      })
      return { airports, samples, low, high, ran }
    },
    compare: (a, b) =>
      all(
        compareClosely('statistics of resamples', a.samples, b.samples, 0),
        compareClosely('bounds', [...a.low, ...a.high], [...b.low, ...b.high], 0),
      ),
  }
}
