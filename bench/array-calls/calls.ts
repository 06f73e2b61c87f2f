/** The calls of calls.txt, and xtensor-benchmark's cases, as cases of the suite. */
import { readFileSync } from 'node:fs'
import type { BenchCase } from '../harness/suite.ts'
import { xtensor } from './xtensor.ts'

export interface Call {
  family: string
  name: string
  numpy: string
  skein: string
  numpyTs: string
}

export const calls: readonly Call[] = read(readFileSync(new URL('calls.txt', import.meta.url), 'utf8'))

function read(text: string): Call[] {
  const found: Call[] = []
  let family = ''
  for (const line of text.split('\n')) {
    if (line.startsWith('[')) family = line.slice(1, -1)
    if (!line.includes(' | ') || line.startsWith('#')) continue
    const [name, numpy, skein, numpyTs = numpy] = line.split(' | ')
    found.push({ family, name, numpy, skein, numpyTs })
  }
  return found
}

/** Of these only how long they take is compared: they draw numbers, or NumPy gives something else of the same meaning. */
const isDrawn = (c: Call) => c.family === 'random'

const caseOf = (name: string, about: string, n: number, tolerance: number): BenchCase => ({
  name,
  dtype: 'none',
  about,
  n,
  quick: n,
  tolerance,
})

export const cases: BenchCase[] = [
  ...calls.map(c => ({
    ...caseOf(c.name, c.skein, 1, isDrawn(c) ? Infinity : 1e-9),
    targets: [{ than: 'numpy-ts', atLeast: 1 }],
  })),
  ...Object.entries(xtensor).map(([name, { skein, tolerance = 1e-9 }]) => ({
    ...caseOf(`xtensor-${name}`, skein, 1, tolerance),
    targets: [{ than: 'plain JS', atLeast: 1 / 1.5 }],
  })),
]
