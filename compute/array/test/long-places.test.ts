/** Where the elements of long rows stand in order, which threads find together: equal ones as they stood, however keys are spread, on each backend. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Random } from '@skein/base'
import * as nd from '../src/index.ts'

const seed = Number(process.env.SEED ?? 4712)
console.log(`long-places: SEED=${seed}`)
const length = 70_001

/** Fractions from 0 to 1 as keys are spread in each case. */
const spreads: Record<string, (u: number, k: number) => number> = {
  even: u => u,
  'a few values': u => Math.floor(u * 5) / 8,
  'one value': () => 0.25,
  'NaN, zeros and infinities': u =>
    u < 0.1 ? NaN : u < 0.2 ? -0 : u < 0.3 ? 0 : u < 0.35 ? -Infinity : u < 0.4 ? Infinity : u - 0.7,
  'in order': (_, k) => k / length,
  'sizes of all kinds': u => 2 ** (2000 * u - 1000),
  'near, but for NaN and one far away': (u, k) =>
    k === 9 ? -1e300 : u < 0.1 ? NaN : 1 + Math.floor(u * 1e5) * 2 ** -52,
  'many that are near': u => (u < 0.1 ? 1e300 * u : 1 + Math.floor(u * 30) * 2 ** -10 + u * 2 ** -46),
}

const random = new Random(seed)
const numbers = (name: string) => Float64Array.from({ length }, (_, k) => spreads[name](random.uniform(), k))

/** Whether the element at j may stand behind that at i. */
function mayFollow(x: Float64Array, i: number, j: number, descending: boolean): boolean {
  const [a, b] = [x[i], x[j]]
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) ? Number.isNaN(b) && i < j : true
  return a === b ? i < j : descending ? a > b : a < b
}

describe('places in long rows', () => {
  for (const backend of ['x64', 'wasm', 'reference'] as const) {
    for (const dtype of ['float64', 'float32', 'int32', 'uint64', 'int64', 'uint8', 'float16'] as const) {
      if (backend !== 'x64' && dtype !== 'float64' && dtype !== 'int32') continue
      if (backend === 'reference' && dtype !== 'float64') continue
      test(`of ${dtype}, on ${backend}`, () => {
        nd.backend(backend)
        try {
          for (const name of Object.keys(spreads)) {
            if (backend === 'reference' && name !== 'many that are near' && name !== 'a few values') continue
            const given = numbers(name)
            const isFloat = dtype.startsWith('float')
            const x = nd.astype(
              nd.asarray(isFloat ? given : given.map(v => (Number.isFinite(v) ? Math.floor((v % 1) * 2 ** 30) : 0))),
              dtype,
            )
            const elements = x.toTypedArray() as Float64Array
            for (const descending of [false, true]) {
              const places = nd.argsort(x, { descending }).toTypedArray() as Int32Array
              const isThere = new Uint8Array(length)
              for (const place of places) isThere[place] = 1
              assert.ok(!isThere.includes(0), `${name}: not every place is there`)
              const wrong = places.findIndex((p, k) => k > 0 && !mayFollow(elements, places[k - 1], p, descending))
              const [a, b] = [places[wrong - 1], places[wrong]]
              assert.equal(wrong, -1, `${name}: ${elements[b]} of ${b} stands behind ${elements[a]} of ${a}`)
            }
          }
        } finally {
          nd.backend(undefined)
        }
      })
    }
  }
})
