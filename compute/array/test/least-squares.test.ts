/** Pseudo-inverses, ranks, norms, condition, least squares and exponentials, against what defines them. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as nd from '../src/index.ts'
import { runners } from './runners.ts'

const { linalg } = nd

/** Always the same numbers between −1 and 1. */
const random = (m: number, n: number, seed: number, dtype: nd.DType = 'float64') => {
  const values = Array.from({ length: m * n }, (_, k) => (Math.sin((seed + 1) * 12.9898 + k * 78.233) * 43758.5453) % 1)
  return nd.astype(nd.asarray(values, { dtype: 'float64' }).reshape([m, n]), dtype)
}
const epsilon = (x: nd.NDArray) => (x.dtype === 'float32' ? 2 ** -23 : 2 ** -52)
const norm = (x: nd.NDArray) => Number(nd.max(nd.sum(nd.abs(x), { axis: -2 })).item())
const numberOf = (x: nd.NDArray) => Number(x.item())
const isNear = (x: number, y: number, relative = 1e-13) =>
  assert.ok(Math.abs(x - y) <= relative * Math.abs(y), `${x}, not ${y}`)

for (const { name, skip, on } of runners) {
  describe(`least squares on ${name}`, { skip }, () => {
    const sizes = name === 'reference' ? [1, 2, 3, 8] : [1, 2, 3, 10, 33, 70]
    for (const dtype of ['float64', 'float32'] as const) {
      test(
        `what defines a pseudo-inverse, ${dtype}`,
        on(() => {
          for (const n of sizes)
            for (const m of [n, n + 4, Math.ceil(n / 2)])
              for (const rank of [Math.min(m, n), Math.ceil(Math.min(m, n) / 3)]) {
                // Orthonormal factors, so that it is well conditioned apart from its rank.
                const left = linalg.qr(random(m, rank, 1, dtype)).q
                const right = linalg.qr(random(n, rank, 2, dtype)).q
                const a = nd.matmul(left, right.mT).eval()
                const p = linalg.pinv(a)
                assert.deepEqual([p.shape, p.dtype], [[n, m], dtype])
                const bound = 30 * Math.max(m, n) ** 1.5 * epsilon(a)
                const ap = nd.matmul(a, p).eval()
                const pa = nd.matmul(p, a).eval()
                assert.ok(norm(nd.subtract(nd.matmul(ap, a), a)) < bound, `${m} × ${n}, ${rank}: A·P·A`)
                assert.ok(norm(nd.subtract(nd.matmul(pa, p), p)) < bound, `${m} × ${n}, ${rank}: P·A·P`)
                assert.ok(norm(nd.subtract(ap, ap.mT)) < bound)
                assert.ok(norm(nd.subtract(pa, pa.mT)) < bound)
                assert.equal(numberOf(linalg.matrixRank(a)), rank)
                // What is left over stands at right angles to the columns; X is the shortest.
                const b = random(m, 2, 3, dtype)
                const found = linalg.lstsq(a, b)
                const off = nd.subtract(b, nd.matmul(a, found.x)).eval()
                assert.ok(norm(nd.matmul(a.mT, off)) < bound * 2)
                assert.ok(norm(nd.subtract(found.x, nd.matmul(p, b))) < bound * 2)
                assert.equal(numberOf(found.rank), rank)
                assert.deepEqual(found.residuals.shape, [2])
                assert.ok(
                  norm(nd.subtract(found.residuals, nd.sum(nd.square(off), { axis: 0 })).reshape([2, 1])) < bound,
                )
              }
        }),
      )
      test(
        `exponentials, ${dtype}`,
        on(() => {
          for (const n of sizes.slice(0, 5)) {
            for (const scale of [1e-3, 0.1, 0.5, 1, 3, 20]) {
              // Of a symmetric matrix it follows from eigenvalues.
              const g = random(n, n, n, dtype)
              const s = nd.add(g, g.mT).eval()
              const a = nd.multiply(s, scale / norm(s)).eval()
              const { eigenvalues: w, eigenvectors: z } = linalg.eigh(a)
              const expected = nd.matmul(nd.multiply(z, nd.exp(w)), z.mT)
              const found = linalg.expm(a)
              assert.equal(found.dtype, dtype)
              const ratio = norm(nd.subtract(found, expected)) / (norm(expected) * (n + scale) * epsilon(a))
              assert.ok(ratio < 30, `${n}, ${scale}: ${ratio}`)
            }
          }
        }),
      )
    }
  })
}

describe('norms and condition', () => {
  const a = nd.asarray([
    [3, -4, 0],
    [0, 0, 12],
  ])
  const orders: [nd.linalg.MatrixOrder, number][] = [
    ['fro', 13],
    ['nuc', 17],
    [1, 12],
    [-1, 3],
    [2, 12],
    [-2, 5],
    [Infinity, 12],
    [-Infinity, 7],
  ]
  for (const [ord, expected] of orders)
    test(`${ord}`, () => {
      isNear(numberOf(linalg.matrixNorm(a, { ord })), expected)
      const batch = linalg.matrixNorm(nd.stack([a, nd.multiply(a, 2)]), { ord, keepdims: true })
      assert.deepEqual(batch.shape, [2, 1, 1])
      isNear((batch.toList() as number[][][])[1][0][0], 2 * expected)
    })
  test('condition', () => {
    isNear(numberOf(linalg.cond(a)), 12 / 5)
    const square = nd.asarray([
      [1, 2],
      [3, 4],
    ])
    isNear(numberOf(linalg.cond(square)), 14.933034373659268, 1e-12)
    isNear(numberOf(linalg.cond(square, 1)), 21)
    isNear(numberOf(linalg.cond(square, 'fro')), 15, 1e-12)
    assert.deepEqual(linalg.cond(nd.stack([nd.eye(2), nd.zeros([2, 2])]), 1).toList(), [1, Infinity])
    assert.equal(linalg.cond(nd.zeros([2, 2])).item(), Infinity)
  })
})

describe('edges', () => {
  test('exponentials that are known', () => {
    assert.deepEqual(linalg.expm(nd.zeros([2, 2])).toList(), nd.eye(2).toList())
    const t = 2
    const turn = linalg.expm(
      nd.asarray([
        [0, -t],
        [t, 0],
      ]),
    )
    const [[c, minus], [s]] = turn.toList() as number[][]
    isNear(c, Math.cos(t))
    isNear(s, Math.sin(t))
    isNear(-minus, Math.sin(t))
    // Nilpotent: the series ends.
    assert.deepEqual(
      linalg
        .expm(
          nd.asarray([
            [0, 1],
            [0, 0],
          ]),
        )
        .toList(),
      [
        [1, 1],
        [0, 1],
      ],
    )
    assert.ok(nd.all(nd.isnan(linalg.expm(nd.full([2, 2], Number.NaN)))).item())
    assert.deepEqual(linalg.expm(nd.zeros([3, 2, 2])).shape, [3, 2, 2])
  })
  test('a column, and a batch', () => {
    const a = nd.asarray([
      [1, 0],
      [1, 1],
      [1, 2],
    ])
    const { x, residuals, rank, s } = linalg.lstsq(a, nd.asarray([1, 2, 4]))
    const [c0, c1] = x.toList() as number[]
    isNear(c0, 5 / 6)
    isNear(c1, 1.5)
    isNear(numberOf(residuals), 1 / 6, 1e-12)
    assert.deepEqual([rank.item(), s.shape, rank.dtype], [2n, [2], 'int64'])
    const batch = linalg.lstsq(nd.stack([a, a]), nd.ones([2, 3, 1]))
    assert.deepEqual(
      [batch.x.shape, batch.residuals.shape, batch.rank.toList()],
      [
        [2, 2, 1],
        [2, 1],
        [2n, 2n],
      ],
    )
  })
  test('nothing', () => {
    assert.deepEqual(linalg.pinv(nd.zeros([0, 3])).shape, [3, 0])
    assert.equal(linalg.matrixRank(nd.zeros([3, 0])).item(), 0n)
    assert.deepEqual(linalg.expm(nd.zeros([0, 0])).shape, [0, 0])
  })
  const bad: [string, () => unknown, string, RegExp][] = [
    ['rows', () => linalg.lstsq(nd.ones([3, 2]), nd.ones([2])), 'ShapeError', /\[3, 2\] has 3 rows, \[2\] has 2/],
    ['tolerance', () => linalg.pinv(nd.eye(2), { rtol: -1 }), 'ArgumentError', /rtol/],
    ['order', () => linalg.matrixNorm(nd.eye(2), { ord: 3 }), 'ArgumentError', /'fro', 'nuc', 1/],
    ['axes', () => linalg.matrixNorm(nd.ones([2])), 'ShapeError', /two axes/],
    ['NaN', () => linalg.pinv(nd.full([2, 2], Number.NaN)), 'LinearAlgebraError', /that is NaN/],
    ['empty', () => linalg.cond(nd.ones([0, 2])), 'ShapeError', /empty/],
    ['square', () => linalg.expm(nd.ones([2, 3])), 'ShapeError', /square/],
  ]
  for (const [what, call, error, message] of bad) test(what, () => assert.throws(call, { name: error, message }))
})
