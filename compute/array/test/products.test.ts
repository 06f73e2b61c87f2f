/** Products of matrices against the plain loop, of any layout, on each backend: of small whole numbers, so that no step is rounded. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BackendName, backends } from '@skein/kernel/compiler'
import fc from 'fast-check'
import * as nd from '../src/index.ts'

/** Element (i, j) of a product, the sum in order. */
function plain(a: nd.NDArray, b: nd.NDArray): number[][] {
  const [x, y] = [a.toList(), b.toList()] as number[][][]
  const single = a.dtype === 'float32' ? Math.fround : (v: number) => v
  return x.map(row =>
    Array.from({ length: b.shape[1] }, (_, j) => row.reduce((s, v, k) => single(s + single(v * y[k][j])), 0)),
  )
}

const filled = (shape: number[], dtype: nd.DType, seed = 0) =>
  nd
    .astype(nd.round(nd.multiply(nd.sin(nd.arange(shape.reduce((p, n) => p * n, 1)).add(seed)), 50)), dtype)
    .reshape(shape)

for (const name of Object.keys(backends) as BackendName[]) {
  const skip = backends[name].unavailable() ?? false
  describe(`products on ${name}`, { skip }, () => {
    const on = (work: () => void) => () => {
      nd.backend(name)
      try {
        work()
      } finally {
        nd.backend(undefined)
      }
    }
    test(
      'of any sizes and layouts are those of the plain loop',
      on(() => {
        const size = fc.integer({ min: 1, max: name === 'reference' ? 6 : 20 })
        const dtype = fc.constantFrom('float32' as const, 'float64' as const)
        fc.assert(
          fc.property(size, size, size, dtype, fc.nat(3), (m, k, n, dtype, layout) => {
            const a = layout % 2 === 0 ? filled([m, k], dtype) : filled([k, m], dtype).t
            const b = layout < 2 ? filled([k, n], dtype, 7) : filled([n, k], dtype, 7).t.flip(0)
            assert.deepEqual(nd.matmul(a, b).toList(), plain(a, b))
          }),
          { numRuns: 40 },
        )
      }),
    )
    test(
      'axes in front are broadcast',
      on(() => {
        const [a, b] = [filled([2, 1, 9, 8], 'float64'), filled([3, 8, 10], 'float64')]
        const found = nd.matmul(a, b)
        assert.deepEqual(found.shape, [2, 3, 9, 10])
        assert.deepEqual(found.at(1, 2).toList(), plain(a.at(1, 0), b.at(2)))
      }),
    )
    test(
      'of complex numbers, integers, booleans and vectors',
      on(() => {
        const z = nd.add(filled([9, 9], 'float64'), nd.multiply(filled([9, 9], 'float64', 3), { re: 0, im: 1 }))
        const square = nd.matmul(z, z)
        const [p, q] = [nd.real(z), nd.imag(z)]
        const re = nd.subtract(nd.matmul(p, p), nd.matmul(q, q))
        assert.ok((nd.max(nd.abs(nd.subtract(nd.real(square), re))).item() as number) < 1e-14)
        const i = nd.asarray(
          [
            [100, 100],
            [1, 2],
          ],
          { dtype: 'int8' },
        )
        assert.deepEqual(nd.matmul(i, i).toList(), [
          [(10_100 << 24) >> 24, (10_200 << 24) >> 24],
          [102, 104],
        ])
        const t = nd.asarray([
          [true, false],
          [false, false],
        ])
        assert.deepEqual(nd.matmul(t, t).toList(), [
          [true, false],
          [false, false],
        ])
        assert.equal(nd.matmul(nd.arange(3), nd.arange(3)).item(), 5)
        assert.deepEqual(nd.matmul(nd.arange(6).reshape([2, 3]), nd.arange(3)).toList(), [5, 14])
        assert.deepEqual(nd.matmul(nd.arange(2), nd.arange(6).reshape([2, 3])).toList(), [3, 4, 5])
      }),
    )
    test(
      'of nothing are zeros',
      on(() => {
        assert.deepEqual(nd.matmul(nd.zeros([2, 0]), nd.zeros([0, 3])).toList(), [
          [0, 0, 0],
          [0, 0, 0],
        ])
        assert.deepEqual(nd.matmul(nd.zeros([0, 2]), nd.zeros([2, 3])).shape, [0, 3])
      }),
    )
  })
}

test('over several axes', () => {
  const [a, b] = [filled([2, 3, 4], 'float64'), filled([4, 3, 5], 'float64')]
  const found = nd.tensordot(a, b, {
    axes: [
      [1, 2],
      [1, 0],
    ],
  })
  const [x, y] = [a.toList(), b.toList()] as number[][][][]
  for (let i = 0; i < 2; i++)
    for (let j = 0; j < 5; j++) {
      let s = 0
      for (let p = 0; p < 3; p++) for (let q = 0; q < 4; q++) s += x[i][p][q] * y[q][p][j]
      assert.ok(Math.abs((found.at(i, j).item() as number) - s) < 1e-14)
    }
  assert.deepEqual(nd.tensordot(nd.arange(2), nd.arange(3), { axes: 0 }).toList(), [
    [0, 0, 0],
    [0, 1, 2],
  ])
  assert.deepEqual(nd.outer(nd.arange(2), nd.arange(3)).shape, [2, 3])
})

test('along an axis the first factor is conjugated', () => {
  const z = nd.asarray([
    { re: 1, im: 2 },
    { re: 0, im: -1 },
  ])
  assert.deepEqual(nd.vecdot(z, z).item(), { re: 6, im: 0 })
  assert.deepEqual(nd.vecdot(nd.ones([3, 2]), nd.ones([3, 2]), { axis: 0 }).toList(), [3, 3])
})

test('the event loop is free meanwhile', async () => {
  const x = filled([200, 200], 'float64')
  const values = await nd.matmul(x, x).values()
  assert.deepEqual(values, nd.matmul(x, x).toTypedArray())
})

test('sizes that do not go together', () => {
  assert.throws(() => nd.matmul(nd.zeros([2, 3]), nd.zeros([2, 3])), {
    name: 'ShapeError',
    message: /matmul: the shapes \[2, 3\] and \[2, 3\] do not go together: the first has 3 columns, the second 2 rows/,
  })
  assert.throws(() => nd.matmul(nd.zeros([2, 2, 2]), nd.zeros([3, 2, 2])), { name: 'ShapeError' })
  assert.throws(() => nd.matmul(1, nd.zeros([2])), { name: 'ShapeError', message: /arrays with axes/ })
  assert.throws(() => nd.vecdot(nd.zeros([2]), nd.zeros([3])), { name: 'ShapeError' })
  assert.throws(() => nd.tensordot(nd.zeros([2]), nd.zeros([2]), { axes: 2 }), {
    name: 'ArgumentError',
    message: /from 0 to 1/,
  })
})
