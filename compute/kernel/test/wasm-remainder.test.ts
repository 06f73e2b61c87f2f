/** Remainders of floats in lanes of WebAssembly against the engine's: quotients of all sizes, multiples and their neighbours, subnormal numbers, and what has no remainder. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kernel } from '../src/index.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
let state = seed
/** From 0 to 1. */
const next = () => {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
  return state / 2 ** 31
}
const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0]
const pick = (list: readonly number[]) => list[Math.floor(next() * list.length)]
const count = 4000

/** The numbers beside a few of them. */
function nudge(x: Float64Array | Float32Array): void {
  const words = new Int32Array(x.buffer)
  const step = x.BYTES_PER_ELEMENT / 4
  for (let i = 0; i < x.length; i++) if (next() < 0.3) words[i * step] += Math.round(next() * 4 - 2)
}

for (const [name, Reals, range] of [
  ['f64', Float64Array, 1050],
  ['f32', Float32Array, 140],
] as const)
  test(`x % y of ${name} is exact`, t => {
    t.diagnostic(`SEED=${seed}`)
    const remainder = kernel(
      (i, x: Float64Array | Float32Array, y: Float64Array | Float32Array, z: Float64Array | Float32Array) => {
        z[i] = x[i] % y[i]
      },
    ).on('wasm')
    for (const bits of [0, 1, 10, 26, 27, 30, 60, 200])
      for (const spread of [1, range / 3, 2 * range]) {
        const y = new Reals(count).map(() => (next() - 0.5) * 2 ** ((next() - 0.5) * spread))
        const quotient = () => (next() < 0.5 ? Math.round(next() * 2 ** bits) : (next() - 0.3) * 2 ** (bits * next()))
        const x = y.map(v => v * quotient())
        nudge(x)
        if (bits === 60) for (let i = 0; i < count; i += 50) [x[i], y[i + 9]] = [pick(odd), pick(odd)]
        const z = new Reals(count)
        remainder(count, x, y, z)
        const expected = x.map((v, i) => v % y[i])
        for (let i = 0; i < count; i++)
          assert.ok(Object.is(z[i], expected[i]), `${x[i]} % ${y[i]} is ${expected[i]}, but it gave ${z[i]}`)
      }
  })
