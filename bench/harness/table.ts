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

/** A whole number with its thousands apart, three digits of it exact: 1,230,000. */
export function count(value: number): string {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.abs(value) || 1)) - 2)
  return (Math.round(value / step) * step).toLocaleString('en')
}

/** A row's number in the unit of its case. */
export const amount = (value: number, unit: BenchCase['unit']): string =>
  unit === undefined ? duration(value) : unit === 'bytes' ? `${threeDigits(value)} B` : `${count(value)} ${unit}`

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
export function judge(
  { items, unit }: Pick<BenchCase, 'items' | 'unit'>,
  target: Target,
  rows: readonly Row[],
  own: string,
): Verdict | undefined {
  const name = target.skein ?? own
  const skein = rows.find(row => row.who === name)
  if (!skein) return
  const { median } = skein.seconds
  if ('atMostSeconds' in target) {
    const met = median <= target.atMostSeconds
    return { met, text: `${name} ≤ ${duration(target.atMostSeconds)}: ${duration(median)}` }
  }
  if ('atMost' in target) {
    const met = median <= target.atMost
    return { met, text: `${name} ≤ ${amount(target.atMost, unit)}: ${amount(median, unit)}` }
  }
  if ('atLeastPerSecond' in target) {
    if (!items) throw new TypeError('a target of items per second needs a case that counts items')
    const rate = items.of(skein.n) / median
    const text = `${name} ≥ ${count(target.atLeastPerSecond)} ${items.name}/s: ${count(rate)}`
    return { met: rate >= target.atLeastPerSecond, text }
  }
  const other = findRow(rows, target.than, target.threads)
  if (!other) return
  const ratio = other.seconds.median / median
  const threads = target.threads === undefined ? '' : ` on ${target.threads} thread${target.threads > 1 ? 's' : ''}`
  return {
    met: ratio >= target.atLeast,
    text: `${name} ≥ ${Number(threeDigits(target.atLeast))}× the speed of ${target.than}${threads}: ${threeDigits(ratio)}×`,
  }
}

export interface TableOptions {
  /** The row that targets are about. */
  own: string
  /** The row whose median the ratio column divides by: its name's beginning; `own` when not given. */
  baseline?: string
  /** Bytes per second of a triad measured in the same run. */
  limit?: number
}

export function caseTable(benchCase: BenchCase, rows: readonly Row[], options: TableOptions): string {
  if (rows.length === 0) return ''
  const { n } = rows[0]
  const { unit, items } = benchCase
  const bytes = benchCase.bytes?.(n)
  const flops = benchCase.flops?.(n)
  const base = findRow(rows, options.baseline ?? options.own) ?? rows[0]
  const head = ['who', 'threads', 'median', 'min', 'max', '±']
  if (items) head.push(`${items.name}/s`)
  if (bytes) head.push('GB/s')
  if (bytes && options.limit) head.push('% limit')
  if (flops) head.push('GFLOP/s')
  head.push(`÷ ${base.who}`)
  const body = rows.map(row => {
    const { median, min, max } = row.seconds
    const cells = [row.who, String(row.threads), ...[median, min, max].map(value => amount(value, unit))]
    cells.push(`${(relativeSpread(row.seconds) * 100).toFixed(0)}%`)
    if (items) cells.push(count(items.of(n) / median))
    if (bytes) cells.push(threeDigits(bytes / median / 1e9))
    if (bytes && options.limit) cells.push(`${((bytes / median / options.limit) * 100).toFixed(0)}%`)
    if (flops) cells.push(threeDigits(flops / median / 1e9))
    cells.push(base.seconds.median === 0 ? '–' : `${threeDigits(median / base.seconds.median)}×`)
    return cells
  })
  const verdicts = (benchCase.targets ?? []).flatMap(target => judge(benchCase, target, rows, options.own) ?? [])
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
