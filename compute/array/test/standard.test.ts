/** Functions that move, order, count and accumulate elements against what NumPy gives, on each backend. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type BackendName, backends } from '@skein/kernel/compiler'
import * as nd from '../src/index.ts'
import { disagreement, type Tolerance } from './agree.ts'
import { arrayFrom, type RecordedArray } from './recorded.ts'

const functions = { ...nd } as unknown as Record<string, (...args: unknown[]) => unknown>

type Out = RecordedArray | Out[] | { [name: string]: Out }
interface Case {
  call: string
  args: unknown[]
  options: Record<string, unknown>
  out: Out
}
const file = new URL('./numpy/recorded-standard.json.gz', import.meta.url)
const { cases } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as { cases: Case[] }

/** What NumPy gives as int64, Skein gives as int32: places and counts are no larger. */
const places = new Set(
  'argsort searchsorted nonzero argwhere flatnonzero uniqueAll uniqueCounts uniqueInverse nanargmax nanargmin histogram digitize bincount'.split(
    ' ',
  ),
)
const tolerances: Record<string, Tolerance> = {
  nanmean: { ulps: 4 },
  nansum: { ulps: 8, relative: 1e-6 },
  nanprod: { ulps: 64 },
  nanvar: { ulps: 64 },
  nanstd: { ulps: 64 },
  cumulativeProd: { ulps: 8 },
  nancumulativeProd: { ulps: 8 },
  histogram: { ulps: 2 },
  pad: { ulps: 32 },
  quantile: { ulps: 2, relative: 2 ** -50 },
  nanquantile: { ulps: 2 },
  percentile: { ulps: 2 },
  nanpercentile: { ulps: 2 },
}
const hasHalves = (globalThis as { Float16Array?: unknown }).Float16Array !== undefined

const isRecorded = (x: unknown): x is RecordedArray => typeof x === 'object' && x !== null && 'dtype' in x

function given(x: unknown): unknown {
  if (isRecorded(x)) return arrayFrom(x.values, x.dtype, x.shape)
  return Array.isArray(x) ? x.map(given) : x
}

function problem(found: unknown, expected: Out, call: string): string | undefined {
  if (isRecorded(expected)) {
    const array = found as nd.NDArray
    const isPlace = places.has(call) && array.dtype === 'int32' && expected.dtype === 'int64'
    return disagreement(isPlace ? nd.astype(array, 'int64') : array, expected, tolerances[call] ?? { ulps: 0 })
  }
  const [a, b] = [Object.entries(expected), Object.keys(found as object)]
  if (a.length !== b.length) return `${b.length} arrays, not ${a.length}`
  for (const [name, out] of a) {
    const wrong = problem((found as Record<string, unknown>)[name], out, call)
    if (wrong) return `${name}: ${wrong}`
  }
  return undefined
}

for (const name of Object.keys(backends) as BackendName[]) {
  const skip = backends[name].unavailable() ?? false
  describe(`as NumPy on ${name}`, { skip }, () => {
    for (const call of new Set(cases.map(c => c.call))) {
      test(call, () => {
        nd.backend(name)
        try {
          const wrong: string[] = []
          for (const { args, options, out } of cases.filter(c => c.call === call)) {
            if (!hasHalves && JSON.stringify([args, out]).includes('"float16"')) continue
            const own = Object.fromEntries(Object.entries(options).map(([key, x]) => [key, given(x)]))
            const found = problem(functions[call](...args.map(given), own), out, call)
            const told = args.map(x => (isRecorded(x) ? `${x.dtype} [${x.shape}]` : JSON.stringify(x)?.slice(0, 60)))
            if (found) wrong.push(`${told.join(', ')} ${JSON.stringify(options).slice(0, 100)}: ${found}`)
          }
          assert.deepEqual(wrong, [])
        } finally {
          nd.backend(undefined)
        }
      })
    }
  })
}
