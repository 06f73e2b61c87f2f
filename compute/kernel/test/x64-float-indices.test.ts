/** Indices made of floats: truncated where they are in range, and only where an access would fail modulo 2³². */

import { test } from 'node:test'
import { x64 } from '../src/x64/index.ts'
import { agree } from './x64-agree.ts'

const skip = x64.unavailable() ?? false

/** In range of 50 elements in the end, but not all at first. */
const far = [2 ** 32, 3 * 2 ** 33, -(2 ** 40), Number.NaN, Infinity, -Infinity, -0.9, 49.9, 2 ** 60, 1e38]
const near = (i: number) => (i * 7.37) % 50
const data = () => Float32Array.from({ length: 50 }, (_, i) => i * 1.5)
const indices = (n: number, at: (i: number) => number) => Float32Array.from({ length: n }, (_, i) => at(i))

const kernels = {
  gathered: '(i, f, x, y) => { y[i] = x[f[i] | 0] }',
  'gathered twice': '(i, f, x, y) => { const k = f[i] | 0; y[i] = x[k] + (i % 3 > 0 ? x[k] : 1) }',
  scattered: '(i, f, x, y) => { y[f[i] | 0] = x[f[i] | 0] }',
  'under a mask': '(i, f, x, y) => { if (f[i] < 20) y[i] = x[f[i] | 0] }',
  'in a loop': '(i, f, x, y) => { let s = 0; for (let k = 0; k < i % 5; k++) s += x[(f[i] + k * 0) | 0]; y[i] = s }',
}

for (const [name, source] of Object.entries(kernels)) {
  test(`${name}: in range, in range modulo 2³², and not at all`, { skip }, () => {
    for (const n of [1, 16, 50]) {
      const cases = {
        near,
        far: (i: number) => far[i % far.length],
        both: (i: number) => (i % 11 === 3 ? far[i % far.length] : near(i)),
        outside: (i: number) => (i === n >> 1 ? 50 : near(i)),
        below: (i: number) => (i === n - 1 ? -1 : near(i)),
      }
      for (const [what, at] of Object.entries(cases))
        agree(source, n, () => [indices(n, at), data(), new Float32Array(50)], `${what}, n = ${n}`)
    }
  })
}

test('counted, in copies of each thread', { skip }, () => {
  const source = '(i, f, counts) => { atomic.add(counts, f[i] | 0, i) }'
  for (const at of [near, (i: number) => (i % 11 === 3 ? far[i % far.length] : near(i)), (i: number) => i - 1])
    agree(source, 200, () => [indices(200, at), new Int32Array(50)], 'counts')
})
