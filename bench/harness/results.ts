/**
 * The form in which every suite keeps what it measured: `bench/results/<suite>.json`, a list of rows.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { agree, type Spread } from './statistics.ts'
import { benchFolder } from './toolchain.ts'

export interface Row {
  suite: string
  case: string
  /** Problem size, in the unit the case says (elements, image width, grid edge). */
  n: number
  dtype: string
  threads: number
  /** `skein:<backend>`, or the peer's name and version. */
  who: string
  /** Or whatever else the case measures. */
  seconds: Spread
  /** What the peer computed, as one number: equal work gives equal checksums up to the case's tolerance. */
  checksum: number | null
}

export const resultsFile = (suite: string) => `${benchFolder}/results/${suite}.json`

export function readRows(suite: string): Row[] {
  const file = resultsFile(suite)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
}

const caseKey = (row: Row) => `${row.case} ${row.dtype}`

/** Rows of one case were measured interleaved, so a new run replaces a case's rows as a whole and leaves the others. */
export function mergeRows(old: readonly Row[], fresh: readonly Row[]): Row[] {
  const replaced = new Set(fresh.map(caseKey))
  return [...old.filter(row => !replaced.has(caseKey(row))), ...fresh]
}

/** One row a line, so that a diff shows which figures moved. */
export const printRows = (rows: readonly Row[]) => `[\n${rows.map(row => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`

export function writeRows(suite: string, rows: readonly Row[]) {
  mkdirSync(`${benchFolder}/results`, { recursive: true })
  writeFileSync(resultsFile(suite), printRows(rows))
}

export interface Mismatch {
  row: Row
  reference: Row
}

/**
 * Compares every checksum of one case with the reference's (the row chosen by `isReference`, else the first with one).
 * A row without a checksum takes no part.
 */
export function findMismatches(
  rows: readonly Row[],
  tolerance: number,
  isReference: (row: Row) => boolean,
): Mismatch[] {
  const summed = rows.filter(row => row.checksum !== null)
  const reference = summed.find(isReference) ?? summed[0]
  return summed.filter(row => !agree(row.checksum!, reference.checksum!, tolerance)).map(row => ({ row, reference }))
}
