/** The suite of calls: small and middling arrays, a call at a time, beside numpy-ts, NumPy and plain loops. */
import { fileURLToPath } from 'node:url'
import type { Row } from '../harness/results.ts'
import { geometricMean } from '../harness/statistics.ts'
import type { Suite } from '../harness/suite.ts'
import { threeDigits } from '../harness/table.ts'
import { numpyTsPeer, pythonPeer, skeinPeer } from '../kernels/peers.ts'
import { calls, cases } from './calls.ts'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const node = (file: string, ...args: string[]) => ({ command: process.execPath, args: [here(file), ...args] })

const isXtensor = (name: string) => name.startsWith('xtensor-')

/** Speeds relative to another's, by case. */
function ratios(rows: readonly Row[], who: string, than: string): Map<string, number> {
  const timeOf = (name: string, start: string) =>
    rows.find(row => row.case === name && row.who.startsWith(start))?.seconds.median
  const found = new Map<string, number>()
  for (const { name } of cases) {
    const [mine, theirs] = [timeOf(name, who), timeOf(name, than)]
    if (mine && theirs) found.set(name, theirs / mine)
  }
  return found
}

function summary(rows: readonly Row[]): string[] {
  const lines: string[] = []
  for (const who of ['skein:x64', 'skein:wasm'])
    for (const than of ['numpy-ts', 'NumPy', 'plain JS']) {
      const found = ratios(rows, who, than)
      if (found.size === 0) continue
      const all = [...found.values()]
      const slower = [...found].filter(([, r]) => r < 1).sort((a, b) => a[1] - b[1])
      const worst = slower.slice(0, 12).map(([name, r]) => `${name} ${threeDigits(r)}`)
      lines.push(
        `${who} over ${than}: geometric mean ${threeDigits(geometricMean(all))} of ${all.length} calls, ${slower.length} slower${worst.length > 0 ? `: ${worst.join(', ')}` : ''}`,
      )
    }
  const families = [...new Set(calls.map(c => c.family))]
  const x64 = ratios(rows, 'skein:x64', 'numpy-ts')
  const byFamily = families.flatMap(family => {
    const own = calls.filter(c => c.family === family).flatMap(c => x64.get(c.name) ?? [])
    return own.length > 0 ? [`${family} ${threeDigits(geometricMean(own))}`] : []
  })
  if (byFamily.length > 0) lines.push(`by family, skein:x64 over numpy-ts: ${byFamily.join(', ')}`)
  return lines
}

export const arrayCalls: Suite = {
  name: 'array-calls',
  own: 'skein:x64',
  cases,
  isReference: row => row.who.startsWith('NumPy') || row.who.startsWith('plain JS'),
  effort: { rounds: 5, budgetSeconds: 0.4, restMs: 2 },
  peers: threads => [
    skeinPeer(threads, here('skein.ts'), 'x64'),
    skeinPeer(threads, here('skein.ts'), 'wasm'),
    { ...pythonPeer(threads, 'NumPy', here('numpy_peer.py'), ['numpy']), cases: c => !isXtensor(c.name) },
    { ...numpyTsPeer(here('numpyts.ts')), cases: c => !isXtensor(c.name) },
    { label: 'plain JS', threads: 1, launch: node('plain.ts'), cases: c => isXtensor(c.name) },
  ],
  summary,
  notes: [
    'A call is timed until its result is in memory; a view is one as soon as it is made.',
    "The list is numpy-ts's own, of what can be compared, and chains of two calls, 2x + 1; names are NumPy's.",
  ],
}
