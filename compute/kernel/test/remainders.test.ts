/** Remainders of floats, exact on every backend: beside multiples of the divisor, for small and large quotients in one vector, and at the ends of the range. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { kernel } from '../src/index.ts'
import { runHere } from './backends.ts'

const divisors = fc.oneof(
  fc.double({ min: -1e3, max: 1e3, noNaN: true }),
  fc.constantFrom(0.1, -0.3, 3, 2 ** -1074, 1e-310, 2 ** -140, 1e38, 1e300, Infinity, 0, Number.MAX_VALUE),
)
const times = fc.oneof(
  fc.integer({ min: -40, max: 40 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
  fc.constantFrom(2 ** 10 - 1, 2 ** 10, 2 ** 24 - 1, 2 ** 24, 2 ** 24 + 1, 2 ** 53, 1e300, 0.5, -0, NaN, Infinity),
)

for (const name of runHere) {
  test(`remainders on ${name}`, () => {
    const of64 = kernel((i: number, x: Float64Array, y: Float64Array, out: Float64Array) => {
      out[i] = x[i] % y[i]
    }).on(name)
    const of32 = kernel((i: number, x: Float32Array, y: Float32Array, out: Float32Array) => {
      out[i] = x[i] % y[i]
    }).on(name)
    const drawn = fc.array(fc.tuple(divisors, times, fc.integer({ min: -3, max: 3 })), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(drawn, list => {
        const n = list.length
        const y = Float64Array.from(list, ([y]) => y)
        const x = Float64Array.from(list, ([y, times, by]) => {
          const multiple = times * y
          return multiple + by * Math.abs(multiple) * Number.EPSILON
        })
        const out = new Float64Array(n)
        of64(n, x, y, out)
        for (let k = 0; k < n; k++) assert.ok(Object.is(out[k], x[k] % y[k]), `${x[k]} % ${y[k]} is not ${out[k]}`)
        const [x32, y32, out32] = [Float32Array.from(x), Float32Array.from(y), new Float32Array(n)]
        of32(n, x32, y32, out32)
        for (let k = 0; k < n; k++)
          assert.ok(
            Object.is(out32[k], Math.fround(x32[k] % y32[k])),
            `${x32[k]} % ${y32[k]} is not ${out32[k]} in 32 bits`,
          )
      }),
      { numRuns: name === 'reference' ? 50 : 1000 },
    )
  })
}
