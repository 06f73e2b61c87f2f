/** Indices as text: `'1:-1, ::2, ..., None'`, as Python writes them. */

import { ArgumentError } from '@skein/base'

/** From `begin`, by `step`, up to but not including `end`; counted from the end where negative. As a kernel's range. */
export interface Span {
  readonly begin?: number | undefined
  readonly end?: number | undefined
  readonly step?: number | undefined
}

/** An index of one axis, but for `null`, a new axis of length 1, and `'...'`, as many whole axes as are left. */
export type BasicIndex = number | Span | null | '...'

const part = /^\s*(-?\d+)?\s*$/

/** @throws ArgumentError that shows the part that is not understood */
export function parseIndices(text: string, call: string): BasicIndex[] {
  if (text.trim() === '') return []
  return text.split(',').map(item => {
    const t = item.trim()
    if (t === '...' || t === '…') return '...'
    if (t === 'None' || t === 'null' || t === 'newaxis') return null
    if (/^-?\d+$/.test(t)) return Number(t)
    const parts = t.split(':').map(p => part.exec(p))
    if (parts.length < 2 || parts.length > 3 || parts.includes(null))
      throw new ArgumentError(
        call,
        'index',
        "indices like '1:-1, ::2, ..., None'",
        text,
        `'${t}' is neither a whole number, begin:end:step, ... nor None.`,
      )
    const [begin, end, step] = parts.map(p => (p?.[1] === undefined ? undefined : Number(p[1])))
    return { begin, end, step }
  })
}
