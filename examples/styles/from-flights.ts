/** The study's inputs, made of the flights and the airports of `examples/flights`. */

import { type Airport, type Flights, readAirports } from '../flights/data.ts'
import { greatCircle } from '../flights/geo.ts'
import { FAR, type Inputs, type Network, PANEL } from './inputs.ts'

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
