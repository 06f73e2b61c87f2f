/**
 * How a delay spreads: a million draws, each a delay given to one flight of the busiest day and followed through the day.
 *
 * The file does not say which aircraft flew which flight, so a draw plays it out at random. A late arrival holds up the
 * aircraft's next flight, one of the first four that leave its airport once it could have turned round (TURN minutes after the
 * scheduled arrival); with chance HOLD it also holds up one of the first twelve, which waits for connecting passengers,
 * but never beyond HOLD_MAX minutes. The time on the ground beyond the turn-round, and up to RECOVERY minutes won in the air,
 * are taken off the delay; what remains below LATE minutes is forgotten. Times are compared in Universal Time.
 *
 * The numbers are Philox's at (seed, draw, count), so draw i is the same whoever computes it, and all that is counted is whole:
 * both versions must find the same.
 */

import { uniform64At } from '@skein/base'
import { heap, kernel, random, reduce } from 'skein'
import type { Flights } from './data.ts'
import { greatCircle } from './geo.ts'
import { all, compareExactly, type Step } from './step.ts'

const SEED = 2001
const TURN = 35
const HOLD = 0.45
const HOLD_MAX = 60
const RECOVERY = 15
const LATE = 15
/** A draw ends when it has followed this many flights. */
const MOST = 64
/** Flights still to follow that a draw can remember; each adds two at most, so the stack is never full before the end. */
const STACK = MOST + 2
/** The first delay, in minutes: draw i has shocks[i % 4]. */
export const shocks = [45, 90, 180, 360] as const
const SHOCKS = shocks.length
/** Steps of a quarter of an hour since the first delayed departure. */
export const STEPS = 80
/** Draws that one iteration follows. */
const BUNDLE = 256

/** The flights of one day in the order of (origin, departure); times in minutes of Universal Time since the year began. */
export interface Day {
  readonly day: number
  readonly count: number
  readonly depart: Int32Array
  readonly arrive: Int32Array
  readonly origin: Int32Array
  readonly destination: Int32Array
  /** The first flight that an aircraft arriving by this one can leave with. */
  readonly next: Int32Array
  /** The end of the flights that leave from this one's destination. */
  readonly end: Int32Array
}

export interface Spread {
  readonly day: Day
  readonly draws: number
  /** Flights delayed by each draw, the first included. */
  readonly size: Int32Array
  /** Minutes of delay on arrival, over all flights of each draw. */
  readonly lost: Int32Array
  /** Arrivals at each airport that were late because of a shock elsewhere. */
  readonly hits: Int32Array
  /** Flights that left late, by shock and by time since the first: [shock][step]. */
  readonly curve: Int32Array
  readonly totals: { readonly flights: number; readonly minutes: number; readonly most: number }
}

/** The flight that each draw begins with. */
const choose = kernel(
  (i, flights: number, start: Int32Array) => {
    start[i] = Math.floor(random(SEED, i, 0) * flights)
  },
  { use: { random, SEED } },
)

/**
 * Follows BUNDLE draws, one after the other in one loop: a lane that is done with a draw takes up the next while its neighbours
 * are still at theirs, and lanes finish at about the same time though draws are of very different lengths. Each bundle has
 * counters of its own, so nothing is shared.
 */
const follow = kernel(
  (
    bundle,
    draws: number,
    airports: number,
    start: Int32Array,
    depart: Int32Array,
    arrive: Int32Array,
    destination: Int32Array,
    next: Int32Array,
    end: Int32Array,
    size: Int32Array,
    lost: Int32Array,
    hits: Int32Array,
    curve: Int32Array,
  ) => {
    const flight = new Int32Array(STACK)
    const late = new Int32Array(STACK)
    const last = Math.min((bundle + 1) * BUNDLE, draws)
    let i = bundle * BUNDLE
    let begin = 0
    let waiting = 0
    let draw = 1
    let followed = 0
    let minutes = 0
    while (i < last) {
      if (followed === 0) {
        flight[0] = start[i]
        late[0] = 45 << (i & 3)
        begin = depart[start[i]]
        waiting = 1
      }
      waiting--
      const f = flight[waiting]
      const step = Math.min(((depart[f] - begin) / 15) | 0, STEPS - 1)
      curve[(bundle * SHOCKS + (i & 3)) * STEPS + step]++
      const left = late[waiting] - (Math.floor(random(SEED, i, draw) * RECOVERY) | 0)
      if (followed > 0) hits[bundle * airports + destination[f]]++
      followed++
      minutes += left
      const ready = arrive[f] + TURN
      const aircraft = next[f] + (Math.floor(random(SEED, i, draw + 1) * 4) | 0)
      if (aircraft < end[f]) {
        const still = left - (depart[aircraft] - ready)
        if (still >= LATE) {
          flight[waiting] = aircraft
          late[waiting] = still
          waiting++
        }
      }
      const u = random(SEED, i, draw + 2)
      const held = next[f] + (Math.floor((u / HOLD) * 12) | 0)
      if (u < HOLD && held < end[f] && held !== aircraft) {
        const still = Math.min(left - (depart[held] - ready), HOLD_MAX)
        if (still >= LATE) {
          flight[waiting] = held
          late[waiting] = still
          waiting++
        }
      }
      draw += 3
      if (waiting === 0 || followed === MOST) {
        size[i] = followed
        lost[i] = minutes
        i++
        draw = 1
        followed = 0
        minutes = 0
      }
    }
  },
  { use: { random, SEED, TURN, HOLD, HOLD_MAX, RECOVERY, LATE, MOST, STACK, SHOCKS, STEPS, BUNDLE } },
)

/** Adds up what the bundles counted: [bundles][n] to [n]. */
const gather = kernel((i, counts: Int32Array, sums: Int32Array, n: number, bundles: number) => {
  let sum = 0
  for (let bundle = 0; bundle < bundles; bundle++) sum += counts[bundle * n + i]
  sums[i] = sum
})

const sumOf = reduce('+', (i, values: Int32Array) => values[i])
const mostOf = reduce('max', (i, values: Int32Array) => values[i])

const plainFollow = (
  from: number,
  to: number,
  { count, depart, arrive, destination, next, end }: Day,
  { size, lost, hits, curve }: { size: Int32Array; lost: Int32Array; hits: Int32Array; curve: Int32Array },
): void => {
  const flight = new Int32Array(STACK)
  const late = new Int32Array(STACK)
  for (let i = from; i < to; i++) {
    const start = Math.floor(uniform64At(SEED, i, 0) * count)
    const begin = depart[start]
    const shock = i & 3
    flight[0] = start
    late[0] = shocks[shock]
    let waiting = 1
    let draw = 1
    let followed = 0
    let minutes = 0
    while (waiting > 0 && followed < MOST) {
      waiting--
      const f = flight[waiting]
      curve[shock * STEPS + Math.min(((depart[f] - begin) / 15) | 0, STEPS - 1)]++
      const left = late[waiting] - Math.floor(uniform64At(SEED, i, draw) * RECOVERY)
      if (followed > 0) hits[destination[f]]++
      followed++
      minutes += left
      const ready = arrive[f] + TURN
      const aircraft = next[f] + Math.floor(uniform64At(SEED, i, draw + 1) * 4)
      if (aircraft < end[f]) {
        const still = left - (depart[aircraft] - ready)
        if (still >= LATE) {
          flight[waiting] = aircraft
          late[waiting++] = still
        }
      }
      const u = uniform64At(SEED, i, draw + 2)
      if (u < HOLD) {
        const held = next[f] + Math.floor((u / HOLD) * 12)
        if (held < end[f] && held !== aircraft) {
          const still = Math.min(left - (depart[held] - ready), HOLD_MAX)
          if (still >= LATE) {
            flight[waiting] = held
            late[waiting++] = still
          }
        }
      }
      draw += 3
    }
    size[i] = followed
    lost[i] = minutes
  }
}

/** The day with most flights among the rows, as a network in time. */
const busiestDay = (flights: Flights): Day => {
  const { minute, airports } = flights
  const days = new Int32Array(Math.floor(minute[flights.count - 1] / 1440) + 1)
  for (let i = 0; i < flights.count; i++) days[(minute[i] / 1440) | 0]++
  const count = Math.max(...days)
  const day = days.indexOf(count)

  const rows: number[] = []
  for (let i = 0; i < flights.count; i++) if (((minute[i] / 1440) | 0) === day) rows.push(i)
  // Rows lie in the order of local time, and one airport has one local time: sorting by origin (stably) is enough.
  rows.sort((a, b) => flights.origin[a] - flights.origin[b])

  const [depart, arrive, origin, destination, next, end] = [1, 2, 3, 4, 5, 6].map(() => heap.i32(count))
  const first = new Int32Array(airports.length + 1)
  for (const [f, row] of rows.entries()) {
    const from = flights.origin[row]
    const to = flights.destination[row]
    const air = 30 + greatCircle(airports[from], airports[to]) / (800_000 / 60)
    origin[f] = from
    destination[f] = to
    depart[f] = minute[row] - airports[from].zoneMinutes
    arrive[f] = depart[f] + Math.round(air)
    first[from + 1]++
  }
  for (let a = 0; a < airports.length; a++) first[a + 1] += first[a]
  for (let f = 0; f < count; f++) {
    let low = first[destination[f]]
    let high = first[destination[f] + 1]
    end[f] = high
    while (low < high) {
      const middle = (low + high) >> 1
      if (depart[middle] < arrive[f] + TURN) low = middle + 1
      else high = middle
    }
    next[f] = low
  }
  return { day, count, depart, arrive, origin, destination, next, end }
}

const FOLLOW = 'draws followed through the day'
const TOTALS = 'totals'

export const spreadStep = (flights: Flights, draws: number): Step<Spread> => {
  const day = busiestDay(flights)
  const airports = flights.airports.length
  const pieces = 8
  return {
    title: 'How a delay spreads',
    by: 'kernels',
    plain(track) {
      track.phase(FOLLOW)
      const size = new Int32Array(draws)
      const lost = new Int32Array(draws)
      const hits = new Int32Array(airports)
      const curve = new Int32Array(SHOCKS * STEPS)
      for (let piece = 0; piece < pieces; piece++) {
        const from = Math.floor((draws * piece) / pieces)
        plainFollow(from, Math.floor((draws * (piece + 1)) / pieces), day, { size, lost, hits, curve })
        track.share((piece + 1) / pieces)
      }
      track.phase(TOTALS)
      let count = 0
      let minutes = 0
      let most = 0
      for (let i = 0; i < draws; i++) {
        count += size[i]
        minutes += lost[i]
        if (size[i] > most) most = size[i]
      }
      return { day, draws, size, lost, hits, curve, totals: { flights: count, minutes, most } }
    },
    skein(track) {
      track.phase(FOLLOW)
      const bundles = Math.ceil(draws / BUNDLE)
      const start = heap.i32(draws)
      const size = heap.i32(draws)
      const lost = heap.i32(draws)
      const hitsOf = heap.i32(bundles * airports)
      const curveOf = heap.i32(bundles * SHOCKS * STEPS)
      const { depart, arrive, destination, next, end } = day
      choose(draws, day.count, start)
      for (let piece = 0; piece < pieces; piece++) {
        const range = {
          begin: Math.floor((bundles * piece) / pieces),
          end: Math.floor((bundles * (piece + 1)) / pieces),
        }
        follow(range, draws, airports, start, depart, arrive, destination, next, end, size, lost, hitsOf, curveOf)
        track.share((piece + 1) / pieces)
      }
      track.phase(TOTALS)
      const hits = heap.i32(airports)
      const curve = heap.i32(SHOCKS * STEPS)
      gather(airports, hitsOf, hits, airports, bundles)
      gather(SHOCKS * STEPS, curveOf, curve, SHOCKS * STEPS, bundles)
      const totals = { flights: sumOf(draws, size), minutes: sumOf(draws, lost), most: mostOf(draws, size) }
      return { day, draws, size, lost, hits, curve, totals }
    },
    compare: (a, b) =>
      all(
        compareExactly('draws’ flights', a.size, b.size),
        compareExactly('draws’ minutes', a.lost, b.lost),
        compareExactly('airports’ late arrivals', a.hits, b.hits),
        compareExactly('counts over time', a.curve, b.curve),
        compareExactly('totals', Object.values(a.totals), Object.values(b.totals)),
      ),
  }
}
