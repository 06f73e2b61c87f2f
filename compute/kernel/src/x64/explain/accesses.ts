/** What was decided about each access to memory while it was lowered, for who asks to see it. */

import type { Value } from '../../ir/ir.ts'

export interface AccessNote {
  readonly access: Value
  /** How memory is reached. */
  readonly how: string
  readonly isMasked: boolean
  readonly check: 'proved in range' | 'checked' | 'checked with others' | 'not checked'
}

/** Of each access the first note: the others are of its copies for what is left over, and of careful ones. */
export function tellAccesses(
  notes: readonly AccessNote[],
  names: readonly string[],
  source: readonly string[],
): string[] {
  const first = new Map<number, AccessNote>()
  for (const note of notes) if (!first.has(note.access.id)) first.set(note.access.id, note)
  const rows = [...first.values()].map(({ access, how, isMasked, check }) => {
    const { op, attr, loc } = access
    const what = op === 'atomic' ? `atomic ${attr.kind}` : op
    const place =
      loc === undefined || loc.unit ? '' : `;; ${String(loc.line).padStart(3)} │ ${(source[loc.line - 1] ?? '').trim()}`
    return {
      text: `  ${`${what} ${names[attr.buffer]}`.padEnd(18)} ${[how, ...(isMasked ? ['masked'] : []), check].join(', ')}`,
      place,
    }
  })
  const longest = Math.max(0, ...rows.map(({ text }) => text.length))
  return rows.map(({ text, place }) => (place === '' ? text : `${text.padEnd(longest + 2)}${place}`))
}
