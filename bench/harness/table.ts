/** Prints one case's rows beside each other, with rates, ratios and what was promised. */
import type { Mismatch, Row } from './results.ts'
import { relativeSpread } from './statistics.ts'
import type { BenchCase, Target } from './suite.ts'

/** A duration with three digits and the unit that suits it. */
export function duration(seconds: number): string {
  const [value, unit] =
    seconds < 1e-6
      ? [seconds * 1e9, 'ns']
      : seconds < 1e-3
        ? [seconds * 1e6, 'µs']
        : seconds < 1
          ? [seconds * 1e3, 'ms']
          : [seconds, 's']
  return `${threeDigits(value)} ${unit}`
}

/** Three significant digits, never in exponent form: 0.0123, 1.23, 12.3, 123, 1234. */
export function threeDigits(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (value === 0) return '0'
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toFixed(Math.min(decimals, 6))
}

/** Columns aligned: the first to the left, the others to the right. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)))
  return rows.map(row =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd(),
  )
}

/** Whether a name has these words, the first at its beginning: 'Numba fastmath' names 'Numba 0.68.1 fastmath'. */
export const isNamed = (name: string, who: string) => {
  const [first, ...others] = who.split(' ')
  return name.startsWith(first) && others.every(word => name.includes(word))
}

/** The first row whose peer is named `who` (and that ran on `threads`, when given). */
export const findRow = (rows: readonly Row[], who: string, threads?: number) =>
  rows.find(row => isNamed(row.who, who) && (threads === undefined || row.threads === threads))

export interface Verdict {
  text: string
  met: boolean
}

/** What Skein promised for the case against what the run shows; nothing where a side is missing. */
export function judge(target: Target, rows: readonly Row[]): Verdict | undefined {
  const name = target.skein ?? 'skein:wasm'
  const skein = rows.find(row => row.who === name)
  if (!skein) return
  if ('atMostSeconds' in target) {
    const met = skein.seconds.median <= target.atMostSeconds
    return { met, text: `${name} ≤ ${duration(target.atMostSeconds)}: ${duration(skein.seconds.median)}` }
  }
  const other = findRow(rows, target.than, target.threads)
  if (!other) return
  const ratio = other.seconds.median / skein.seconds.median
  const threads = target.threads === undefined ? '' : ` on ${target.threads} thread${target.threads > 1 ? 's' : ''}`
  return {
    met: ratio >= target.atLeast,
    text: `${name} ≥ ${target.atLeast}× the speed of ${target.than}${threads}: ${threeDigits(ratio)}×`,
  }
}

export interface TableOptions {
  /** The row whose median the ratio column divides by: its name's beginning. */
  baseline: string
  /** Bytes per second of a triad measured in the same run. */
  limit?: number
}

export function caseTable(benchCase: BenchCase, rows: readonly Row[], options: TableOptions): string {
  if (rows.length === 0) return ''
  const { n } = rows[0]
  const bytes = benchCase.bytes?.(n)
  const flops = benchCase.flops?.(n)
  const base = findRow(rows, options.baseline) ?? rows[0]
  const head = ['who', 'threads', 'median', 'min', 'max', '±']
  if (bytes) head.push('GB/s')
  if (bytes && options.limit) head.push('% limit')
  if (flops) head.push('GFLOP/s')
  head.push(`÷ ${base.who}`)
  const body = rows.map(row => {
    const { median, min, max } = row.seconds
    const cells = [row.who, String(row.threads), duration(median), duration(min), duration(max)]
    cells.push(`${(relativeSpread(row.seconds) * 100).toFixed(0)}%`)
    if (bytes) cells.push(threeDigits(bytes / median / 1e9))
    if (bytes && options.limit) cells.push(`${((bytes / median / options.limit) * 100).toFixed(0)}%`)
    if (flops) cells.push(threeDigits(flops / median / 1e9))
    cells.push(`${threeDigits(median / base.seconds.median)}×`)
    return cells
  })
  const verdicts = (benchCase.targets ?? []).flatMap(target => judge(target, rows) ?? [])
  const title = `${benchCase.name}${benchCase.dtype === 'none' ? '' : ` ${benchCase.dtype}`}, n = ${n}: ${benchCase.about}`
  return [
    title,
    ...alignColumns([head, ...body]).map(line => `  ${line}`),
    ...verdicts.map(v => `  ${v.met ? 'met   ' : 'MISSED'}  ${v.text}`),
  ].join('\n')
}

export const shoutMismatch = ({ row, reference }: Mismatch) =>
  `!!! CHECKSUM MISMATCH in ${row.case} ${row.dtype}: ${row.who} (${row.threads} threads) computed ${row.checksum}, ` +
  `${reference.who} computed ${reference.checksum}`
