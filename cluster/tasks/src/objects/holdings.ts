/** Who holds how much: values of the engine by who made them and where. */

import type { ObjectHolder, ObjectStats } from '../observe/stats.ts'

/** What is known of a value besides the value itself. */
export interface Holding {
  /** Who made it: the task's name, or the label given to `put`. */
  readonly owner: string
  /** Where the call was made, or near it. */
  readonly site: Error | undefined
  readonly bytes: number
  readonly inMemory: boolean
  readonly onDisk: boolean
}

/** Of an engine that keeps no track of values. */
export const noObjects: ObjectStats = {
  count: 0,
  bytes: 0,
  diskBytes: 0,
  spilled: 0,
  readBack: 0,
  lost: 0,
  holders: [],
}

/** The largest first. */
export function holdersOf(holdings: Iterable<Holding>): ObjectHolder[] {
  const places = new Map<Error | undefined, string>()
  const placeOf = (site: Error | undefined): string => {
    let place = places.get(site)
    if (place === undefined) places.set(site, (place = site === undefined ? '' : lineOf(site)))
    return place
  }
  const rows = new Map<string, Writable<ObjectHolder>>()
  for (const { owner, site, bytes, inMemory, onDisk } of holdings) {
    const place = placeOf(site)
    const key = `${owner}\n${place}`
    let row = rows.get(key)
    if (row === undefined) rows.set(key, (row = { owner, site: place, count: 0, bytes: 0, diskBytes: 0 }))
    row.count++
    if (inMemory) row.bytes += bytes
    if (onDisk) row.diskBytes += bytes
  }
  return [...rows.values()].sort((a, b) => b.bytes - a.bytes || b.diskBytes - a.diskBytes)
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

const ownFolder = new URL('..', import.meta.url).href

/** The first frame outside of this room: `main (/home/me/flights.ts:12:3)`. */
function lineOf({ stack = '' }: Error): string {
  const isTheirs = (line: string) =>
    /^\s+at /.test(line) && !line.includes(ownFolder) && !/\((<anonymous>|node:.*)\)$/.test(line)
  const frame = stack.split('\n').find(isTheirs)
  return frame === undefined ? '' : frame.replace(/^\s+at (async )?/, '').replace('file://', '')
}
