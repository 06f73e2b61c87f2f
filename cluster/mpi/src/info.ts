/**
 * Hints (MPI-4.0, chapter 10): names and values that a user gives to a call and that its engine may heed or ignore. Users write them as a plain
 * object; engines get them as strings.
 */

import { type Caller, refusal } from './message/refusal.ts'

/** Hints by name: `{ cb_nodes: 2, romio_ds_write: 'disable' }`. */
export interface Info {
  readonly [key: string]: string | number | boolean
}

/** Hints as an engine has them. */
export type Hints = ReadonlyMap<string, string>

/** MPI_MAX_INFO_KEY and MPI_MAX_INFO_VAL of MPICH; a library with lower ones refuses what is longer itself. */
const mostKeyBytes = 254
const mostValueBytes = 1023

export const noHints: Hints = new Map()

/**
 * The hints that a user gives to a call.
 *
 * @throws MpiError MPI_ERR_INFO for what is no plain object, MPI_ERR_INFO_KEY and MPI_ERR_INFO_VALUE for what is in it
 */
export function hintsOf(caller: Caller, call: string, info: Info | undefined): Hints {
  if (info === undefined) return noHints
  const prototype = typeof info === 'object' && info !== null ? Object.getPrototypeOf(info) : undefined
  if (prototype !== Object.prototype && prototype !== null)
    throw refusal(caller, call, 'MPI_ERR_INFO', 'info', 'an object of strings, numbers and booleans by name', info)
  const hints = new Map<string, string>()
  for (const [key, value] of Object.entries(info)) {
    if (!isText(key, mostKeyBytes) || key.trim() === '') {
      const expected = `a name of 1 to ${mostKeyBytes} bytes`
      throw refusal(caller, call, 'MPI_ERR_INFO_KEY', 'a key of info', expected, key)
    }
    const isPlain = typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
    if (!isPlain || !isText(String(value), mostValueBytes)) {
      const expected = `a string of up to ${mostValueBytes} bytes, a number or a boolean`
      throw refusal(caller, call, 'MPI_ERR_INFO_VALUE', `info.${key}`, expected, value)
    }
    hints.set(key, String(value))
  }
  return hints
}

/** In C a string ends at a zero. */
const isText = (text: string, mostBytes: number): boolean =>
  !text.includes('\0') && Buffer.byteLength(text) <= mostBytes
