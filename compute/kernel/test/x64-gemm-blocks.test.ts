/** Products that take several blocks of k, of columns and of rows, on all threads: what a plain loop gives. */

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Random } from '@skein/base'
import type { MatrixProduct, Operand } from '../src/gemm/product.ts'
import { gemm, gemmAsync } from '../src/x64/gemm/gemm.ts'
import { noX64 } from './x64-run.ts'
import { targets } from './x64-targets.ts'

process.env.SKEIN_THREADS ??= '3'

const skip = noX64 ?? false
const random = new Random(41)
type Reals = Float32Array | Float64Array

/** A plain loop over a product without fused operations. */
function multiply({ dtype, m, n, k, a, b, c, start, scale }: MatrixProduct): void {
  const [x, y, z] = [a, b, c].map(({ array }) => array as Reals)
  const place = ({ offset = 0, rowStride, columnStride }: Operand, i: number, j: number) =>
    offset + i * rowStride + j * columnStride
  const sums = dtype === 'f32' ? new Float32Array(1) : new Float64Array(1)
  const part = dtype === 'f32' ? new Float32Array(1) : new Float64Array(1)
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      const to = place(c, i, j)
      sums[0] = start === 'c' ? z[to] : 0
      for (let q = 0; q < k; q++) {
        part[0] = x[place(a, i, q)] * y[place(b, q, j)]
        sums[0] += part[0]
      }
      if (scale) sums[0] *= scale.alpha as number
      if (scale?.beta !== undefined) {
        part[0] = (scale.beta as number) * z[to]
        sums[0] += part[0]
      }
      z[to] = sums[0]
    }
}

const sizes: [m: number, n: number, k: number][] = [
  [61, 270, 901],
  [301, 17, 430],
  [3, 1100, 260],
  [129, 129, 129],
]

for (const dtype of ['f32', 'f64'] as const)
  for (const [m, n, k] of sizes)
    it(`${m} × ${k} by ${k} × ${n}, ${dtype}`, { skip }, async () => {
      const make = (length: number): Reals => {
        const array = dtype === 'f32' ? new Float32Array(length) : new Float64Array(length)
        for (let i = 0; i < length; i++) array[i] = random.uniform() - 0.5
        return array
      }
      const [a, b, c] = [make(m * (k + 3)), make(k * (n + 1)), make(m * (n + 2))]
      for (const [turnedA, turnedB, rest] of [
        [false, false, { start: 'zero' }],
        [true, false, { start: 'c' }],
        [false, true, { scale: { alpha: 1.5, beta: -0.25 } }],
        [true, true, { scale: { alpha: 0.75 } }],
      ] as const) {
        const product = (result: Reals): MatrixProduct => ({
          ...{ dtype, m, n, k, ...rest },
          a: { array: a, rowStride: turnedA ? 1 : k + 3, columnStride: turnedA ? m : 1 },
          b: { array: b, rowStride: turnedB ? 1 : n + 1, columnStride: turnedB ? k : 1 },
          c: { array: result, offset: 1, rowStride: n + 1, columnStride: 1 },
        })
        const expected = c.slice()
        multiply(product(expected))
        for (const isa of new Set(targets().map(({ isa }) => isa))) {
          const [found, asynchronous] = [c.slice(), c.slice()]
          gemm(product(found), {}, { isa })
          assert.deepEqual(found, expected, isa)
          await gemmAsync(product(asynchronous), {}, { isa })
          assert.deepEqual(asynchronous, expected, `${isa}, asynchronous`)
        }
      }
    })
