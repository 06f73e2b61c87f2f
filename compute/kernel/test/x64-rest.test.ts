/** What strips leave over, in pieces that are shorter than a strip, and what only some of their lanes do. */

import { test } from 'node:test'
import { x64 } from '../src/x64/index.ts'
import { agree } from './x64-agree.ts'

const skip = x64.unavailable() ?? false
const lengths = [1, 15, 17, 63, 64, 100, 129]

/** Every 3rd is beyond what sine and cosine reduce without a function. */
const angle = (i: number) => (i % 3 === 1 ? 1e9 + i * 1e7 : i / 7)
const floats = (n: number) => Float32Array.from({ length: n }, (_, i) => angle(i))
const doubles = (n: number) => Float64Array.from({ length: n }, (_, i) => angle(i))

test('a loop over several vectors, and a rest of any length', { skip }, () => {
  // A short round has several vectors side by side.
  const loop = '(i, x, y) => { let s = x[i]; for (let k = 0; k < 5; k++) s = s * 0.5 + k; y[i] = s }'
  const parting =
    '(i, x, y) => { let s = x[i]; let k = 0; while (s < 90 && k < 200) { s = s * 1.5 + 1; k++ } y[i] = s + k }'
  // An array of an iteration's own lies lane beside lane.
  const own =
    '(i, x, y) => { const t = [0, 0, 0, 0]; for (let k = 0; k < 4; k++) t[k] = x[i] + k; let s = 0; for (let k = 3; k >= 0; k--) s = s * 2 + t[k]; y[i] = s }'
  for (const n of lengths) {
    for (const source of [loop, parting, own]) {
      agree(source, n, () => [floats(n), new Float32Array(n)], `${n} floats`)
      agree(source, n, () => [doubles(n), new Float64Array(n)], `${n} doubles`)
    }
  }
})

test('rare cases of functions, in some lanes', { skip }, () => {
  const plain = '(i, x, y) => { y[i] = Math.sin(x[i]) + Math.cos(x[i] * 2) }'
  const some =
    '(i, x, y) => { if (i % 4 < 3) { let s = 0; for (let k = 0; k < 3; k++) s += Math.tan(x[i] + k); y[i] = s } }'
  for (const n of lengths) {
    for (const source of [plain, some]) {
      agree(source, n, () => [floats(n), new Float32Array(n)], `${n} floats`)
      agree(source, n, () => [doubles(n), new Float64Array(n)], `${n} doubles`)
    }
  }
})
