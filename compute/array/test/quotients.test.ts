/** Quotients rounded down, and what they leave, where rounding is close: beside multiples of the divisor, and beyond the numbers that have fractions. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BackendName, backends } from '@skein/kernel/compiler'
import fc from 'fast-check'
import * as nd from '../src/index.ts'

/** As NumPy computes it, each step rounded to the type. */
function quotient(x: number, y: number, round: (v: number) => number): [number, number] {
  const left = x % y
  const isOff = left !== 0 && left < 0 !== y < 0
  const rest = left === 0 ? (Object.is(Math.sign(y), 1) || Object.is(y, 0) ? 0 : -0) : isOff ? round(left + y) : left
  const exact = round(x / y)
  if (y === 0) return [exact, rest]
  if (Math.abs(y) === Infinity) return [Math.abs(x) < Infinity && x * Math.sign(y) < 0 ? -1 : exact, rest]
  const found = round(round(x - rest) / y)
  const down = Math.floor(found)
  const whole = found - down > 0.5 ? down + 1 : down
  return [whole === 0 ? (exact < 0 || Object.is(exact, -0) ? -0 : 0) : whole, rest]
}

const types = { float64: (v: number) => v, float32: Math.fround }
const next = (x: number, by: number) => x + by * Math.abs(x) * Number.EPSILON

for (const name of Object.keys(backends) as BackendName[]) {
  const skip = backends[name].unavailable() ?? false
  test(`quotients and what they leave, on ${name}`, { skip }, () => {
    nd.backend(name)
    try {
      const divisor = fc.oneof(fc.double({ min: -1e3, max: 1e3 }), fc.constantFrom(0.1, 0.3, -0.7, 3, 1e-310, Infinity))
      const times = fc.oneof(
        fc.integer({ min: -50, max: 50 }),
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
        fc.constantFrom(2 ** 21, 2 ** 22, 2 ** 23, 2 ** 51, 2 ** 52, 1e18, -1e300),
      )
      const drawn = fc.tuple(divisor, times, fc.integer({ min: -3, max: 3 }))
      fc.assert(
        fc.property(fc.array(drawn, { minLength: 70, maxLength: 200 }), list => {
          for (const [dtype, round] of Object.entries(types)) {
            const y = list.map(([divisor]) => round(divisor))
            const x = list.map(([, times, by], k) => round(next(times * y[k], by)))
            const expected = x.map((v, k) => quotient(v, y[k], round))
            const [a, b] = [nd.asarray(x, { dtype: dtype as nd.DType }), nd.asarray(y, { dtype: dtype as nd.DType })]
            const [q, r] = nd.divmod(a, b)
            const told = (k: number) => `${dtype}: ${x[k]} by ${y[k]}`
            for (const [found, part] of [
              [nd.floorDivide(a, b).toList(), 0],
              [q.toList(), 0],
              [r.toList(), 1],
              [nd.remainder(a, b).toList(), 1],
            ] as [number[], 0 | 1][])
              for (const [k, v] of found.entries())
                assert.ok(Object.is(v, expected[k][part]), `${told(k)} gives ${v}, not ${expected[k][part]}`)
          }
        }),
        { numRuns: name === 'reference' ? 10 : 40 },
      )
    } finally {
      nd.backend(undefined)
    }
  })
}

test('both results of divmod and modf are one kernel', () => {
  const [x, y] = [nd.linspace(-3, 3, 1000), nd.linspace(1, 2, 1000)]
  for (const pair of [nd.divmod(x, y), nd.modf(x)]) {
    const before = nd.stats().launched
    pair[0].eval()
    pair[1].eval()
    assert.equal(nd.stats().launched - before, 1)
  }
})
