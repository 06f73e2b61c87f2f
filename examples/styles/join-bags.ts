/** The join with bags: rows of both tables, joined by their keys wherever these are brought together. */

import { bag } from 'skein/tasks'
import type { Tables } from './inputs.ts'
import { find, indexOf, SUMS, slotOf } from './join.ts'

const partitions = 8

export async function joinByBags({ flights, airports }: Tables): Promise<Int32Array> {
  const { origin, destination, delay } = flights
  const { code, state, zone, states } = airports
  const rows = bag(
    Array.from(code, (code, row) => ({ code, state: state[row], zone: zone[row] })),
    { partitions: 1 },
  )
  const joined = bag
    .range(origin.length, { partitions })
    .map(i => ({ from: origin[i], to: destination[i], delay: delay[i] }), { use: { origin, destination, delay } })
    .join(
      rows,
      flight => flight.from,
      airport => airport.code,
    )
    .map(([{ to, delay }, from]) => ({ to, delay, from }))
    .join(
      rows,
      flight => flight.to,
      airport => airport.code,
    )
  const sums = joined.foldBy(
    ([{ from }, to]) => from.state * states + to.state,
    { flights: 0, late: 0, clocks: 0 },
    (sum, [{ from, delay }, to]) => ({
      flights: sum.flights + 1,
      late: sum.late + delay,
      clocks: sum.clocks + Math.abs(to.zone - from.zone),
    }),
    (a, b) => ({ flights: a.flights + b.flights, late: a.late + b.late, clocks: a.clocks + b.clocks }),
    { partitions: 1, use: { states } },
  )
  return table(await sums.toArray(), states)
}

type Sums = readonly [pair: number, sums: { readonly flights: number; readonly late: number; readonly clocks: number }]

const table = (rows: readonly Sums[], states: number): Int32Array => {
  const all = new Int32Array(states * states * SUMS)
  for (const [pair, { flights, late, clocks }] of rows) all.set([flights, late, clocks], pair * SUMS)
  return all
}

/** The same where one table is small: every task is given the whole of it, and no flight is moved. */
export async function joinWithIndex({ flights, airports }: Tables): Promise<Int32Array> {
  const { origin, destination, delay } = flights
  const { code, state, zone, states } = airports
  const slots = indexOf(code)
  const sums = bag
    .range(origin.length, { partitions })
    .map(i => ({ from: find(origin[i], code, slots), to: find(destination[i], code, slots), delay: delay[i] }), {
      use: { origin, destination, delay, code, slots, find, slotOf },
    })
    .filter(({ from, to }) => from >= 0 && to >= 0)
    .foldBy(
      ({ from, to }) => state[from] * states + state[to],
      { flights: 0, late: 0, clocks: 0 },
      (sum, { from, to, delay }) => ({
        flights: sum.flights + 1,
        late: sum.late + delay,
        clocks: sum.clocks + Math.abs(zone[to] - zone[from]),
      }),
      (a, b) => ({ flights: a.flights + b.flights, late: a.late + b.late, clocks: a.clocks + b.clocks }),
      { partitions: 1, use: { state, states, zone } },
    )
  return table(await sums.toArray(), states)
}
