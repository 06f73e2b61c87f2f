/**
 * Reads the flights and the airports into arrays that every thread can see.
 *
 * A flight is one row over five columns: when it left, how late it was, from where, to where. Airports are dictionary-encoded:
 * a row keeps a 16-bit number, and `airports[number]` says the rest. Numbers follow the alphabet of the codes, so they do
 * not depend on which rows were read first. Routes (ordered pairs of airports with at least one flight) are numbered the same way.
 */

import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { csvParse } from 'd3-dsv'
import { asyncBufferFromFile, type ColumnData, parquetMetadataAsync, parquetRead } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { heap } from 'skein'
import { timeZone } from './geo.ts'

export interface Airport {
  readonly code: string
  readonly name: string
  readonly city: string
  readonly state: string
  readonly latitude: number
  readonly longitude: number
  /** Minutes to add to Universal Time for the clock on the airport's wall. */
  readonly zoneMinutes: number
}

/** Rows in the order of the file, which is the order of departure. */
export interface Flights {
  readonly count: number
  /** Departure, local time: minutes since the first midnight of 2001. */
  readonly minute: Int32Array
  /** Minutes late at arrival; negative when early. */
  readonly delay: Int16Array
  readonly origin: Uint16Array
  readonly destination: Uint16Array
  readonly airports: readonly Airport[]
}

/** The data could not be had; the message says what to type. */
export class MissingDataError extends Error {
  override readonly name = 'MissingDataError'
}

const epoch = Date.UTC(2001, 0, 1) / 60_000

export const dateOf = (minute: number): Date => new Date((epoch + minute) * 60_000)
export const dayName = (day: number): string =>
  dateOf(day * 1440)
    .toISOString()
    .slice(0, 10)

const find = (file: string): string => {
  let folder: string
  try {
    folder = dirname(dirname(createRequire(import.meta.url).resolve('vega-datasets')))
  } catch (cause) {
    throw new MissingDataError(
      `the flights are in the npm package vega-datasets, which is not installed here: type 'npm ci' in the repository's root`,
      { cause },
    )
  }
  const path = join(folder, 'data', file)
  if (!existsSync(path)) {
    throw new MissingDataError(
      `${file} should be in ${join(folder, 'data')} and is not: type 'npm ci' to install vega-datasets afresh`,
    )
  }
  return path
}

export const readAirports = (): Map<string, Airport> => {
  const airports = new Map<string, Airport>()
  for (const row of csvParse(readFileSync(find('airports.csv'), 'utf8'))) {
    const latitude = Number(row.latitude)
    const longitude = Number(row.longitude)
    airports.set(row.iata!, {
      code: row.iata!,
      name: row.name!,
      city: row.city!,
      state: row.state!,
      latitude,
      longitude,
      zoneMinutes: timeZone(row.state!, longitude),
    })
  }
  return airports
}

/**
 * Reads the first `rows` flights (all of them when more than there are). `progress` is told the share done, 0 to 1.
 * Throws MissingDataError when the package or a column is not there, or a value is not what the file promised.
 */
export const readFlights = async (rows: number, progress: (share: number) => void): Promise<Flights> => {
  const path = find('flights-3m.parquet')
  const known = readAirports()
  const file = await asyncBufferFromFile(path)
  let metadata: Awaited<ReturnType<typeof parquetMetadataAsync>>
  try {
    metadata = await parquetMetadataAsync(file)
  } catch (cause) {
    throw new MissingDataError(
      `${path} (${statSync(path).size} bytes) cannot be read as Parquet: remove node_modules/vega-datasets and type 'npm ci'`,
      { cause },
    )
  }
  const count = Math.min(rows, Number(metadata.num_rows))
  const minute = heap.i32(count)
  const delay = heap.i16(count)
  const ends = { origin: heap.u16(count), destination: heap.u16(count) }

  // The reader gives a column's strings as shared JavaScript strings; first seen, first numbered, then renumbered.
  const seen = new Map<string, number>()
  const numberOf = (code: string): number => {
    let number = seen.get(code)
    if (number === undefined) {
      number = seen.size
      seen.set(code, number)
    }
    return number
  }

  const columns = ['date', 'delay', 'origin', 'destination']
  let done = 0
  const store = ({ columnName, columnData, rowStart }: ColumnData): void => {
    const length = Math.min(columnData.length, count - rowStart)
    if (columnName === 'date') {
      for (let k = 0; k < length; k++) minute[rowStart + k] = columnData[k] - epoch
    } else if (columnName === 'delay') {
      for (let k = 0; k < length; k++) delay[rowStart + k] = Number(columnData[k])
    } else {
      const target = ends[columnName as 'origin' | 'destination']
      for (let k = 0; k < length; k++) target[rowStart + k] = numberOf(columnData[k])
    }
    done += length
    progress(done / (columns.length * count))
  }
  try {
    await parquetRead({
      file,
      metadata,
      columns,
      rowEnd: count,
      compressors,
      parsers: { timestampFromMicroseconds: microseconds => Number(microseconds / 60_000_000n) },
      onChunk: store,
    })
  } catch (cause) {
    throw new MissingDataError(`${path} has no usable columns ${columns.join(', ')}: ${(cause as Error).message}`, {
      cause,
    })
  }

  const codes = [...seen.keys()].sort()
  const renumbered = new Uint16Array(codes.length)
  for (const [number, code] of codes.entries()) renumbered[seen.get(code)!] = number
  for (const array of [ends.origin, ends.destination]) {
    for (let k = 0; k < count; k++) array[k] = renumbered[array[k]]
  }
  const airports = codes.map(code => {
    const airport = known.get(code)
    if (!airport) throw new MissingDataError(`${path} has flights of ${code}, which airports.csv does not know`)
    return airport
  })
  return { count, minute, delay, ...ends, airports }
}
