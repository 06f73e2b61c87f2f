/** Long rows, which threads sort together: against the engine's own sorting, however keys are spread, on each backend. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Random } from '@skein/base'
import * as nd from '../src/index.ts'

const seed = Number(process.env.SEED ?? 4711)
console.log(`long-rows: SEED=${seed}`)
const length = 70_001

/** Fractions from 0 to 1 as keys are spread in each case; NaN and zeros of both signs among those that say so. */
const spreads: Record<string, (u: number, k: number) => number> = {
  even: u => u,
  'a few values': u => Math.floor(u * 5) / 8,
  'one value': () => 0.25,
  'the last digits of nearly equal numbers': u => 0.5 + Math.floor(u * 1e6) * 2 ** -52,
  'equal but for two far away': (_, k) => (k === 77 ? 1e-300 : k === 5000 ? 1e300 : 0.125),
  'NaN, zeros and infinities': u =>
    u < 0.1 ? NaN : u < 0.2 ? -0 : u < 0.3 ? 0 : u < 0.35 ? -Infinity : u < 0.4 ? Infinity : u - 0.7,
  'in order': (_, k) => k / length,
  'sizes of all kinds': u => 2 ** (2000 * u - 1000),
}

const random = new Random(seed)
const numbers = (name: string) => Float64Array.from({ length }, (_, k) => spreads[name](random.uniform(), k))

/** The engine sorts numbers in typed arrays with −0 before 0 and NaN last. */
function expected(x: nd.NDArray, descending: boolean): unknown[] {
  const elements = Array.from(x.toTypedArray() as Float64Array)
  const sorted = Array.from((x.toTypedArray() as Float64Array).slice().sort())
  if (!descending) return sorted
  const none = elements.filter(v => Number.isNaN(v))
  return [...sorted.slice(0, length - none.length).reverse(), ...none]
}

describe('long rows', () => {
  for (const backend of ['x64', 'wasm', 'reference'] as const) {
    for (const dtype of [
      'float64',
      'float32',
      'int32',
      'uint32',
      'int64',
      'uint64',
      'int16',
      'uint8',
      'float16',
    ] as const) {
      if (backend === 'reference' && dtype !== 'float64' && dtype !== 'uint32') continue
      test(`of ${dtype} are sorted on ${backend}`, () => {
        nd.backend(backend)
        try {
          for (const name of Object.keys(spreads)) {
            if (backend === 'reference' && name !== 'even' && name !== 'one value') continue
            const isFloat = dtype.startsWith('float')
            const given = numbers(name)
            // Whole numbers of many sizes and, but for unsigned ones, of both signs.
            const values = isFloat ? given : given.map(v => (Number.isFinite(v) ? Math.floor((v % 1) * 2 ** 30) : 0))
            const x = nd.astype(nd.asarray(values), dtype)
            for (const descending of [false, true]) {
              const found = Array.from(nd.sort(x, { descending }).toTypedArray() as Float64Array)
              const wanted = expected(x, descending) as number[]
              const wrong = wanted.findIndex((v, k) => !Object.is(v, found[k]))
              assert.equal(wrong, -1, `${name}: ${found[wrong]} stands at ${wrong} instead of ${wanted[wrong]}`)
            }
          }
        } finally {
          nd.backend(undefined)
        }
      })
    }
  }
  test('of a view, of all axes, and in an array of several', () => {
    const x = nd.asarray(numbers('even').slice(0, 70_000)).reshape([2, 35_000])
    const all = Array.from(x.toTypedArray() as Float64Array)
    assert.deepEqual(
      Array.from(nd.sort(x, { axis: null }).toTypedArray() as Float64Array),
      [...all].sort((a, b) => a - b),
    )
    assert.deepEqual(Array.from(x.toTypedArray() as Float64Array), all)
    const long = nd.asarray(numbers('even'))
    const turned = nd.sort(long.at('::-1'))
    assert.deepEqual(turned.toTypedArray(), nd.sort(long).toTypedArray())
    const rows = nd.stack([long, nd.negative(long)])
    const sorted = nd.sort(rows)
    assert.deepEqual(sorted.at('0').toTypedArray(), nd.sort(long).toTypedArray())
    assert.deepEqual(sorted.at('1, ::-1').toTypedArray(), nd.negative(nd.sort(long)).toTypedArray())
  })
})
