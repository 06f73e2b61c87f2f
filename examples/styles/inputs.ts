/**
 * What the study works on, made of the flights and the airports of `examples/flights`: a network of ways between airports, and two tables to be
 * joined. All of it is whole numbers, so that answers can be compared to the bit.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import { type Airport, type Flights, readAirports } from '../flights/data.ts'
import { greatCircle } from '../flights/geo.ts'

/** No way. Two of them still fit 32 bits. */
export const FAR = 1 << 29
/** Rows of a matrix that are worked on together; sides of matrices are multiples of it. */
export const PANEL = 32

/** Minutes from each airport to each other without a stop: [side][side]; FAR where there is no such way. */
export interface Network {
  readonly side: number
  readonly minutes: Int32Array
}

/** A row for each flight. Airports are named by their codes, as numbers. */
export interface FlightTable {
  readonly origin: Int32Array
  readonly destination: Int32Array
  /** Minutes late. */
  readonly delay: Int16Array
}

/** A row for each airport of the country, in no order that helps. */
export interface AirportTable {
  readonly code: Int32Array
  /** States are numbered from 0. */
  readonly state: Uint8Array
  /** Minutes to add to Universal Time for the clock on the wall. */
  readonly zone: Int16Array
  readonly states: number
}

export interface Tables {
  readonly flights: FlightTable
  readonly airports: AirportTable
}

export interface Inputs extends Tables {
  readonly network: Network
}

const airliner = { metresAMinute: 800_000 / 60, groundMinutes: 75, reachMetres: Number.POSITIVE_INFINITY }
const lightAircraft = { metresAMinute: 250_000 / 60, groundMinutes: 25, reachMetres: 250_000 }

/** `LAX` as a number: codes have up to four letters and digits, and zeros at their begin count. */
const codeOf = (code: string): number => Number.parseInt(`1${code}`, 36)

/**
 * An airliner flies where the file has a flight; between any two airports that are near enough there is a light aircraft to be had. The airports with flights come
 * first, then others of the country, so many in all.
 */
function networkOf(flights: Flights, all: readonly Airport[], airports: number): Network {
  const flown = new Set(flights.airports.map(({ code }) => code))
  const chosen = [...flights.airports, ...all.filter(({ code }) => !flown.has(code))].slice(0, airports)
  const side = Math.ceil(chosen.length / PANEL) * PANEL
  const minutes = new Int32Array(side * side).fill(FAR)
  const fly = (from: number, to: number, { metresAMinute, groundMinutes, reachMetres }: typeof airliner): void => {
    const metres = greatCircle(chosen[from], chosen[to])
    if (metres > reachMetres) return
    const cost = groundMinutes + Math.round(metres / metresAMinute)
    minutes[from * side + to] = Math.min(minutes[from * side + to], cost)
  }
  for (const from of chosen.keys()) for (const to of chosen.keys()) if (from !== to) fly(from, to, lightAircraft)
  const width = flights.airports.length
  const routes = new Set<number>()
  for (let i = 0; i < flights.count; i++) routes.add(flights.origin[i] * width + flights.destination[i])
  for (const route of routes) {
    const [from, to] = [Math.floor(route / width), route % width]
    if (from !== to && from < airports && to < airports) fly(from, to, airliner)
  }
  for (let at = 0; at < side; at++) minutes[at * side + at] = 0
  return { side, minutes }
}

/** @param sizes airports of the network, rows of the flights' table; as many as there are, where these are more */
export function inputsOf(flights: Flights, sizes: { readonly airports: number; readonly rows: number }): Inputs {
  const all = [...readAirports().values()]
  const states = [...new Set(all.map(({ state }) => state))].sort()
  const rows = Math.min(sizes.rows, flights.count)
  const codes = Int32Array.from(flights.airports, ({ code }) => codeOf(code))
  return {
    network: networkOf(flights, all, sizes.airports),
    flights: {
      origin: Int32Array.from(flights.origin.subarray(0, rows), airport => codes[airport]),
      destination: Int32Array.from(flights.destination.subarray(0, rows), airport => codes[airport]),
      delay: flights.delay.slice(0, rows),
    },
    airports: {
      code: Int32Array.from(all, ({ code }) => codeOf(code)),
      state: Uint8Array.from(all, ({ state }) => states.indexOf(state)),
      zone: Int16Array.from(all, ({ zoneMinutes }) => zoneMinutes),
      states: states.length,
    },
  }
}

export const saveInputs = (path: string, inputs: Inputs): void => writeFileSync(path, serialize(inputs))
export const loadInputs = (path: string): Inputs => deserialize(readFileSync(path))

type Column = Int32Array | Int16Array | Uint8Array

/** A copy of the inputs whose arrays lie in memory of one's choice. */
export function inMemoryOf(
  { network, flights, airports }: Inputs,
  make: (kind: any, length: number) => Column,
): Inputs {
  const copied = <T extends object>(table: T): T => {
    const copies = Object.entries(table).map(([name, column]: [string, Column | number]) => {
      if (typeof column === 'number') return [name, column]
      const copy = make(column.constructor, column.length)
      copy.set(column)
      return [name, copy]
    })
    return Object.fromEntries(copies)
  }
  return { network: copied(network), flights: copied(flights), airports: copied(airports) }
}
