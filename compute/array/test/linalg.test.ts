/** Linear algebra by residuals, as LAPACK tests itself: ratios to what rounding may do, all below 30. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as nd from '../src/index.ts'
import { runners } from './runners.ts'

const { linalg } = nd

/** A generator of its own, so that each test has the same matrices. */
function* chance(seed: number): Generator<number, never> {
  for (let k = 0; ; k++) yield (Math.sin((seed + 1) * 12.9898 + k * 78.233) * 43758.5453) % 1
}

/** LAPACK's kinds of matrices (TESTING/MATGEN): dense, scaled near the ends of the range, badly conditioned, with zeros. */
const kinds: Record<string, (n: number, m: number, next: () => number) => number[][]> = {
  dense: (n, m, next) => rows(n, m, next),
  diagonal: (n, m, next) => rows(n, m, next).map((r, i) => r.map((v, j) => (i === j ? v + 2 : 0))),
  upper: (n, m, next) => rows(n, m, next).map((r, i) => r.map((v, j) => (j < i ? 0 : i === j ? v + 2 : v))),
  'badly conditioned': (n, m, next) => rows(n, m, next).map((r, i) => r.map(v => v * 10 ** (-8 * (i / n)))),
  tiny: (n, m, next) => rows(n, m, next).map(r => r.map(v => v * 1e-150)),
  huge: (n, m, next) => rows(n, m, next).map(r => r.map(v => v * 1e150)),
}
const rows = (n: number, m: number, next: () => number) =>
  Array.from({ length: n }, () => Array.from({ length: m }, next))

const make = (kind: string, n: number, m: number, dtype: nd.DType, seed = n) => {
  const g = chance(seed)
  const x = nd.asarray(kinds[kind](n, m, () => g.next().value))
  return nd.astype(x, dtype)
}

const epsilon = (x: nd.NDArray) => (x.dtype === 'float32' ? 2 ** -23 : 2 ** -52)
/** The 1-norm: the largest sum of a column. */
const norm = (x: nd.NDArray) => Number(nd.max(nd.sum(nd.abs(x), { axis: -2 })).item())

const sizes = [1, 2, 3, 10, 33, 70, 150]

for (const { name, skip, on } of runners) {
  describe(`linear algebra on ${name}`, { skip }, () => {
    const tried = name === 'reference' ? sizes.filter(n => n <= 33) : sizes
    for (const dtype of ['float64', 'float32'] as const) {
      for (const kind of Object.keys(kinds)) {
        if (dtype === 'float32' && (kind === 'tiny' || kind === 'huge')) continue
        test(
          `solve, ${kind} ${dtype}`,
          on(() => {
            for (const n of tried) {
              const a = make(kind, n, n, dtype)
              const b = make('dense', n, 3, dtype, n + 1)
              const x = linalg.solve(a, b)
              const residual = norm(nd.subtract(nd.matmul(a, x), b))
              const ratio = residual / (norm(a) * norm(x) * n * epsilon(x))
              assert.ok(ratio < 30, `${n}: ${ratio}`)
            }
          }),
        )
        test(
          `QR, ${kind} ${dtype}`,
          on(() => {
            for (const n of tried) {
              for (const m of [n, Math.ceil(n / 2), n + 5]) {
                const a = make(kind, n, m, dtype)
                const { q, r } = linalg.qr(a)
                const off = norm(nd.subtract(nd.matmul(q, r), a)) / (norm(a) * n * epsilon(a))
                assert.ok(off < 30, `${n} × ${m}: A − QR is ${off}`)
                const unit = nd.subtract(nd.matmul(q.mT, q), nd.eye(q.shape[1], null, { dtype }))
                assert.ok(norm(unit) / (n * epsilon(a)) < 30, `${n} × ${m}: QᵀQ`)
                assert.equal(Number(nd.max(nd.abs(lower(r))).item()), 0)
              }
            }
          }),
        )
      }
      test(
        `Cholesky, ${dtype}`,
        on(() => {
          for (const n of tried) {
            const g = make('dense', n, n, dtype)
            const a = nd.add(nd.matmul(g, g.mT), nd.multiply(nd.eye(n, null, { dtype }), n)).eval()
            for (const upper of [false, true]) {
              const l = linalg.cholesky(a, { upper })
              const product = upper ? nd.matmul(l.mT, l) : nd.matmul(l, l.mT)
              const ratio = norm(nd.subtract(product, a)) / (norm(a) * n * epsilon(a))
              assert.ok(ratio < 30, `${n}: ${ratio}`)
              assert.equal(Number(nd.max(nd.abs(lower(upper ? l : l.mT))).item()), 0)
            }
          }
        }),
      )
      test(
        `triangles, ${dtype}`,
        on(() => {
          for (const n of tried) {
            const t = nd.add(make('dense', n, n, dtype), nd.multiply(nd.eye(n, null, { dtype }), n)).eval()
            const b = make('dense', n, 2, dtype, 5)
            for (const upper of [false, true])
              for (const transposed of [false, true])
                for (const unit of [false, true]) {
                  const scaled = unit ? nd.divide(t, n * n).eval() : t
                  const x = linalg.solveTriangular(scaled, b, { upper, transposed, unit })
                  const whole = triangleOf(scaled, upper, unit)
                  const residual = nd.subtract(nd.matmul(transposed ? whole.mT : whole, x), b)
                  const ratio = norm(residual) / (norm(whole) * norm(x) * n * epsilon(x))
                  assert.ok(ratio < 30, `${n}: ${ratio}`)
                }
          }
        }),
      )
    }
  })
}

/** What is below the diagonal. */
const lower = (x: nd.NDArray) => triangle(x, (i, j) => j < i)
const triangleOf = (x: nd.NDArray, upper: boolean, unit: boolean) => {
  const kept = triangle(x, (i, j) => (upper ? j >= i : j <= i) && !(unit && i === j))
  return unit ? nd.add(kept, nd.eye(x.shape[0], null, { dtype: x.dtype })) : kept
}
function triangle(x: nd.NDArray, isKept: (i: number, j: number) => boolean): nd.NDArray {
  const [m, n] = x.shape
  const mask = nd.asarray(Array.from({ length: m }, (_, i) => Array.from({ length: n }, (_, j) => isKept(i, j))))
  return nd.where(mask, x, 0)
}

describe('what follows from a factorisation', () => {
  test('inverse, determinant, powers', () => {
    const a = nd.asarray([
      [2, 1, 0],
      [1, 3, 1],
      [0, 1, 4],
    ])
    assert.ok(norm(nd.subtract(nd.matmul(a, linalg.inv(a)), nd.eye(3))) < 1e-15)
    assert.ok(Math.abs(Number(linalg.det(a).item()) - 18) < 1e-13)
    const { sign, logabsdet } = linalg.slogdet(nd.negative(a))
    assert.equal(sign.item(), -1)
    assert.ok(Math.abs(Number(logabsdet.item()) - Math.log(18)) < 1e-14)
    assert.deepEqual(linalg.matrixPower(a, 0).toList(), nd.eye(3).toList())
    assert.deepEqual(linalg.matrixPower(a, 3).toList(), nd.matmul(a, nd.matmul(a, a)).toList())
    assert.ok(norm(nd.subtract(linalg.matrixPower(a, -1), linalg.inv(a))) === 0)
    assert.equal(linalg.trace(a).item(), 9)
    assert.deepEqual(linalg.diagonal(a, { offset: 1 }).toList(), [1, 1])
    assert.equal(linalg.slogdet(nd.zeros([2, 2])).logabsdet.item(), -Infinity)
  })
  test('batches are broadcast, one axis is a column', () => {
    const a = nd.add(make('dense', 12, 3, 'float64').reshape([4, 3, 3]), nd.multiply(nd.eye(3), 3)).eval()
    const b = nd.asarray([1, 2, 3])
    const x = linalg.solve(a, b)
    assert.deepEqual(x.shape, [4, 3])
    for (let k = 0; k < 4; k++) assert.deepEqual(x.at(k).toList(), linalg.solve(a.at(k), b).toList())
    assert.deepEqual(linalg.inv(a).shape, [4, 3, 3])
    assert.deepEqual(linalg.det(a).shape, [4])
  })
  test('what was given stays as it is', () => {
    const a = nd.asarray([
      [4, 1],
      [1, 3],
    ])
    const before = a.toList()
    linalg.solve(a, nd.asarray([1, 2]))
    linalg.cholesky(a)
    linalg.qr(a)
    assert.deepEqual(a.toList(), before)
  })
  test('norms of vectors', () => {
    const x = nd.asarray([3, -4])
    assert.deepEqual(
      [2, 1, Infinity, -Infinity, 0, 3].map(ord => linalg.vectorNorm(x, { ord }).item()),
      [5, 7, 4, 3, 2, (27 + 64) ** (1 / 3)],
    )
  })
})

describe('what cannot be done', () => {
  const bad: [string, () => unknown, string, RegExp][] = [
    [
      'a singular matrix',
      () => linalg.solve(nd.ones([3, 3]), nd.ones([3])),
      'LinearAlgebraError',
      /solve: the matrix is singular: there is no pivot in column 1/,
    ],
    [
      'not positive definite',
      () =>
        linalg.cholesky(
          nd.asarray([
            [1, 2],
            [2, 1],
          ]),
        ),
      'LinearAlgebraError',
      /pivot of row 1/,
    ],
    ['not square', () => linalg.inv(nd.ones([2, 3])), 'ShapeError', /square, not of shape \[2, 3\]/],
    ['one axis', () => linalg.qr(nd.ones([3])), 'ShapeError', /two axes/],
    [
      'other sizes',
      () => linalg.solve(nd.eye(3), nd.ones([2])),
      'ShapeError',
      /\[3, 3\] has 3 columns, \[2\] has 2 rows/,
    ],
    [
      'a zero on the diagonal',
      () => linalg.solveTriangular(nd.zeros([2, 2]), nd.ones([2])),
      'LinearAlgebraError',
      /column 0/,
    ],
    [
      'a mode that is none',
      () => linalg.qr(nd.eye(2), { mode: 'r' as never }),
      'ArgumentError',
      /'reduced' or 'complete'/,
    ],
  ]
  for (const [what, call, name, message] of bad) test(what, () => assert.throws(call, { name, message }))
  test('NaN goes into the result', () => {
    const x = linalg.solve(
      nd.asarray([
        [Number.NaN, 1],
        [1, 1],
      ]),
      nd.ones([2]),
    )
    assert.ok(nd.all(nd.isnan(x)).item())
  })
  test('nothing', () => {
    assert.deepEqual(linalg.solve(nd.zeros([0, 0]), nd.zeros([0, 2])).shape, [0, 2])
    assert.equal(linalg.det(nd.zeros([0, 0])).item(), 1)
  })
})
