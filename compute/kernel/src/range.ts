/** Ranges as users write them, checked and brought to extents. */
import { ArgumentError } from '@skein/base'
import type { Extent } from './backend.ts'

/** One dimension: `n` for 0 … n - 1, or begin, end (not included) and step. */
export type Span = number | { begin?: number; end: number; step?: number }
/** A range of one to three dimensions; the last one is the fastest. */
export type Range = Span | readonly Span[]

const LIMIT = 2147483647

function whole(x: unknown, call: string, what: string, low: number): number {
  if (typeof x === 'number' && Number.isInteger(x) && x >= low && x <= LIMIT) return x
  throw new ArgumentError(call, what, `a whole number from ${low} to 2^31 - 1`, x)
}

function extent(span: unknown, call: string, what: string): Extent {
  if (typeof span === 'number') return { begin: 0, end: whole(span, call, what, 0), step: 1 }
  if (span === null || typeof span !== 'object') {
    throw new ArgumentError(call, what, 'a number, or { begin, end, step }', span)
  }
  const { begin = 0, end, step = 1 } = span as { begin?: unknown; end?: unknown; step?: unknown }
  const low = -LIMIT - 1
  const e = {
    begin: whole(begin, call, `${what}.begin`, low),
    end: whole(end, call, `${what}.end`, low),
    step: whole(step, call, `${what}.step`, low),
  }
  if (e.step === 0) throw new ArgumentError(call, `${what}.step`, 'a step other than 0', step)
  if (Math.ceil((e.end - e.begin) / e.step) > LIMIT) {
    throw new ArgumentError(
      call,
      what,
      'at most 2^31 - 1 iterations',
      `${Math.ceil((e.end - e.begin) / e.step)} of them`,
    )
  }
  return e
}

/** @param call the name shown in errors, such as `kernel saxpy` */
export function extentsOf(range: unknown, rank: number, call: string): Extent[] {
  if (rank === 1) {
    if (typeof range === 'number' && (range | 0) === range && range >= 0) return [{ begin: 0, end: range, step: 1 }]
    if (!Array.isArray(range)) return [extent(range, call, 'range')]
  }
  if (!Array.isArray(range) || range.length !== rank) {
    const shape = ['n', '[rows, columns]', '[depth, rows, columns]'][rank - 1]
    throw new ArgumentError(
      call,
      'range',
      `${shape}: the kernel has ${rank} ${rank === 1 ? 'dimension' : 'dimensions'}`,
      range,
    )
  }
  const extents = range.map((s, d) => extent(s, call, `range[${d}]`))
  const rows = extents.slice(0, -1).reduce((n, e) => n * Math.max(0, Math.ceil((e.end - e.begin) / e.step)), 1)
  if (rows > LIMIT) throw new ArgumentError(call, 'range', 'at most 2^31 - 1 rows', range)
  return extents
}
