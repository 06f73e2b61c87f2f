/**
 * What the study works on: a network of ways between airports, and two tables to be joined. All of it is whole numbers, so that answers can be compared to
 * the bit.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'

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
