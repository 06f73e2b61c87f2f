/** Code for people to read: assembly with the kernel's lines beside it, what registers it takes, what its loops ask of a core, and how it reaches memory. */

import type { FunctionFigures, Program } from '../machine/emit.ts'
import { type AccessNote, tellAccesses } from './accesses.ts'
import { innermostLoops, type Round } from './ports.ts'

/** Columns of the code; the source stands to the right of them. */
const codeWidth = 72

/** @param source the kernel's lines @param names of its arrays */
export function explained(
  { listing, codeBytes, figures, entries }: Program,
  notes: readonly AccessNote[],
  source: readonly string[],
  names: readonly string[],
): string {
  const code = listing.filter(({ at, step }) => at < codeBytes || step !== undefined)
  const begins = figures.map((figure, i) => ({ figure, at: entries[i] }))
  const parts = begins.map(({ figure, at }, i) => {
    const end = begins[i + 1]?.at ?? Number.POSITIVE_INFINITY
    const lines = code.filter(line => line.at >= at && line.at < end)
    return [...beside(lines, source), '', ...summary(figure, innermostLoops(lines))].join('\n')
  })
  const accesses = tellAccesses(notes, names, source)
  if (accesses.length > 0) parts.push(['accesses', ...accesses].join('\n'))
  return parts.join('\n\n')
}

/** Each line of the kernel stands beside the first instruction that it became, behind every label again. */
function beside(lines: Program['listing'], source: readonly string[]): string[] {
  let last = 0
  return lines.map(({ text, loc }) => {
    if (text.endsWith(':')) {
      last = 0
      return text
    }
    const shown = `    ${text}`
    const line = loc?.unit ? undefined : loc?.line
    if (line === undefined || line === last) return shown
    last = line
    const beside = source[line - 1]
    return beside === undefined ? shown : `${shown.padEnd(codeWidth)} ;; ${String(line).padStart(3)} │ ${beside}`
  })
}

function summary(
  { name, registers, spills, frameBytes, instructions }: FunctionFigures,
  rounds: readonly Round[],
): string[] {
  const { gpr, vector, mask } = registers
  return [
    `${name}: ${instructions} instructions; registers: ${gpr} general, ${vector} vector, ${mask} mask; ${spills} spilled, a frame of ${frameBytes} bytes`,
    ...rounds.map(tellRound),
  ]
}

function tellRound({ label, instructions, uops, cycles, bound }: Round): string {
  const counts = Object.entries(uops.counts).flatMap(([kind, n]) => (n > 0 ? [`${n} ${kind}`] : []))
  if (uops.divideCycles > 0) counts.push(`${uops.divideCycles} cycles of division`)
  return `  loop ${label}: ${instructions} instructions a round (${counts.join(', ')}); at least ${cycles.toFixed(1)} cycles, for ${bound}`
}
