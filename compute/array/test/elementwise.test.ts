/** Functions element by element against what NumPy gives, on each backend. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BackendName, backends } from '@skein/kernel/compiler'
import * as nd from '../src/index.ts'
import { disagreement } from './agree.ts'
import { arrayFrom, recorded } from './recorded.ts'

/** Functions whose results are within a few units of the last place; those of all others are to the bit. */
const inexact: Record<string, number> = Object.fromEntries(
  'cbrt exp exp2 expm1 log log1p log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh hypot atan2 logaddexp pow angle'
    .split(' ')
    .map(name => [name, 4]),
)

/** NumPy may give either zero of two that are equal. */
const eitherZero = new Set(['maximum', 'minimum', 'fmax', 'fmin'])

/** Complex quotients whose divisor is 0: C libraries disagree. */
const ofNumbersAlone = new Set(['reciprocal'])

const functions = nd as unknown as Record<string, (...x: unknown[]) => nd.NDArray>
const halves = (globalThis as { Float16Array?: unknown }).Float16Array !== undefined
const has = (dtype: string) => dtype !== 'float16' || halves
/** Of float16 there is none. */
const isGiven = (c: { call: string; inputs: readonly string[] }, call: string) =>
  c.call === call && has(c.inputs[0]) && !(call === 'nextafter' && c.inputs[0] === 'float16')

for (const name of Object.keys(backends) as BackendName[]) {
  const skip = backends[name].unavailable() ?? false
  describe(`element by element on ${name}`, { skip }, () => {
    const calls = new Set([...recorded.unary, ...recorded.binary].map(c => c.call))
    for (const call of calls) {
      test(call, () => {
        nd.backend(name)
        try {
          const wrong: string[] = []
          for (const c of recorded.unary.filter(c => isGiven(c, call))) {
            const [dtype] = c.inputs as [nd.DType]
            const found = functions[call](arrayFrom(recorded.data[dtype], dtype))
            note(wrong, call, dtype, found, c.out)
          }
          for (const c of recorded.binary.filter(c => isGiven(c, call))) {
            const [dtype] = c.inputs as [nd.DType]
            const x = arrayFrom(recorded.data[dtype], dtype).expandDims(1)
            const y = arrayFrom(c.right, dtype).expandDims(0)
            note(wrong, call, dtype, functions[call](x, y), c.out)
          }
          assert.deepEqual(wrong, [])
        } finally {
          nd.backend(undefined)
        }
      })
    }
  })
}

function note(
  wrong: string[],
  call: string,
  dtype: string,
  found: nd.NDArray,
  out: Parameters<typeof disagreement>[1],
): void {
  const isComplex = dtype.startsWith('complex')
  // float16: rounded once more.
  const most = isComplex
    ? call === 'pow'
      ? 128
      : 16
    : eitherZero.has(call)
      ? 1
      : (inexact[call] ?? 0) && (dtype === 'float16' ? 1 : 4)
  const isLoose = isComplex && ofNumbersAlone.has(call)
  const problem = disagreement(found, out, { ulps: most, skipNaN: isLoose })
  if (problem !== undefined) wrong.push(`${dtype}: ${problem}`)
}
