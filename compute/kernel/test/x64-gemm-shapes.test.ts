/** Small products again and again, of few shapes and of many: what is kept of them is bounded, and whatever is looked at in a hurry is what the whole way gives. */

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ArgumentError, Random } from '@skein/base'
import type { MatrixProduct } from '../src/gemm/product.ts'
import { gemm, gemmAsync } from '../src/x64/gemm/gemm.ts'
import { mappedBytes } from '../src/x64/run/pages.ts'
import { noX64 } from './x64-run.ts'

process.env.SKEIN_THREADS ??= '2'

const skip = noX64 ?? false
const random = new Random(61)
const below = (n: number) => Math.floor(random.uniform() * n)

/** Products of whole numbers, whose sums are not rounded. */
function productOf(m: number, n: number, k: number, batch = 8): { product: MatrixProduct; isRight: () => boolean } {
  const [a, b] = [batch * m * k, batch * k * n].map(length => Float64Array.from({ length }, () => below(17) - 8))
  const c = new Float64Array(batch * m * n)
  const dense = (array: Float64Array, rows: number, columns: number) =>
    ({ array, rowStride: columns, columnStride: 1, batchStride: rows * columns }) as const
  const product: MatrixProduct = {
    ...{ dtype: 'f64', m, n, k, batch },
    ...{ a: dense(a, m, k), b: dense(b, k, n), c: dense(c, m, n) },
  }
  const isRight = () =>
    c.every((found, at) => {
      const [p, i, j] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n]
      let s = 0
      for (let q = 0; q < k; q++) s += a[(p * m + i) * k + q] * b[(p * k + q) * n + j]
      return found === s
    })
  return { product, isRight }
}

const shapes = function* (k: number): Generator<[m: number, n: number, k: number]> {
  for (let m = 2; m <= 5; m++) for (let n = 2; n <= 50; n++) yield [m, n, k]
}

it('code for shapes makes room for that of others, and is made again', { skip }, () => {
  const all = [...shapes(1), ...shapes(2)].map(shape => productOf(...shape))
  const bytes: number[] = []
  for (let round = 0; round < 3; round++) {
    for (const { product, isRight } of all) {
      gemm(product)
      assert.ok(isRight(), `${product.m} × ${product.n} × ${product.k}`)
    }
    bytes.push(mappedBytes())
  }
  assert.ok(all.length > 300)
  assert.equal(bytes[2], bytes[1])
})

it('code stays while an asynchronous call runs it', { skip }, async () => {
  const { product, isRight } = productOf(7, 9, 5, 50_000)
  const under = gemmAsync(product)
  for (const shape of shapes(3)) gemm(productOf(...shape).product)
  for (const shape of shapes(4)) gemm(productOf(...shape).product)
  await under
  assert.ok(isRight())
})

it('other arrays, offsets, ways round and scales, after a product of the same shape', { skip }, () => {
  for (const [m, n, k, rounds] of [
    [5, 6, 7, 200],
    [66, 70, 75, 60],
    [70, 1, 80, 60],
  ]) {
    const room = Float64Array.from({ length: 3 * 80 * 80 }, () => below(17) - 8)
    const place = (array: Float64Array, isTurned: boolean) => ({
      ...{ array, offset: below(100), rowStride: isTurned ? 1 : 83 },
      columnStride: isTurned ? 83 : 1,
    })
    const at = ({ offset, rowStride, columnStride }: ReturnType<typeof place>, i: number, j: number) =>
      offset + i * rowStride + j * columnStride
    for (let round = 0; round < rounds; round++) {
      const [x, y, z] = [room.slice(), room.slice(), room.slice()]
      const [isTurned, isTurnedC] = [below(2) === 0, below(2) === 0]
      const [a, b, c] = [place(x, isTurned), place(y, isTurned), place(z, isTurnedC)]
      const alpha = [1, -2, 0.5][below(3)]
      const isScaled = below(2) === 0
      gemm({ ...{ dtype: 'f64', m, n, k, a, b, c }, ...(isScaled && { scale: { alpha } }) })
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let s = 0
          for (let q = 0; q < k; q++) s += x[at(a, i, q)] * y[at(b, q, j)]
          assert.equal(z[at(c, i, j)], (isScaled ? alpha : 1) * s)
          z[at(c, i, j)] = room[at(c, i, j)]
        }
      assert.deepEqual(z, room)
    }
  }
})

it('what does not fit is refused also after products that did', { skip }, () => {
  const { product } = productOf(4, 5, 6, 1)
  for (let times = 0; times < 20; times++) gemm(product)
  const { a, b, c } = product
  const wrong: Partial<MatrixProduct>[] = [
    { a: { ...a, array: new Float64Array(23) } },
    { a: { ...a, array: new Float32Array(24) } },
    { b: { ...b, offset: 1 } },
    { b: { ...b, offset: 0.5 } },
    { c: { ...c, offset: -1 } },
    { c: { ...c, array: a.array } },
    { c: { ...c, array: new Float64Array(b.array.buffer, 8) } },
    { c: { ...c, array: [] as never } },
  ]
  for (const part of wrong) assert.throws(() => gemm({ ...product, ...part }), ArgumentError)
  const transferred = new Float64Array(24)
  structuredClone(transferred.buffer, { transfer: [transferred.buffer] })
  assert.throws(() => gemm({ ...product, a: { ...a, array: transferred } }), ArgumentError)
  gemm(product)
})
