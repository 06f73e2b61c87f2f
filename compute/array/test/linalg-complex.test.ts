/** Linear algebra of complex matrices by residuals, as LAPACK tests itself (TESTING/LIN, TESTING/EIG): ratios to what rounding may do, all below 30. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as nd from '../src/index.ts'
import { adjoint, epsilon, identity, isSmall, isUnitary, norm, random } from './residuals.ts'
import { runners } from './runners.ts'

const { linalg } = nd

/** LAPACK's kinds of matrices (TESTING/MATGEN): of the k-th of n singular values. */
const spectra: Record<string, (k: number, n: number) => number> = {
  even: (k, n) => 1 - k / (n + 1),
  geometric: (k, n) => 1e-6 ** (k / n),
  clustered: k => (k === 0 ? 1 : 1e-6),
  repeated: k => [3, 3, 1][k % 3],
  'rank deficient': (k, n) => (k < n / 2 ? 1 + k / n : 0),
  zero: () => 0,
  tiny: (k, n) => (1 + k / n) * 1e-250,
  huge: (k, n) => (1 + k / n) * 1e250,
}
const isOutside = (kind: string, dtype: nd.DType) => dtype === 'complex64' && (kind === 'tiny' || kind === 'huge')
const isSingular = (kind: string, n: number) => kind === 'zero' || (kind === 'rank deficient' && n > 1)

const unitary = (n: number, seed: number) => linalg.qr(random(n, n, seed, 'complex128')).q
const values = (kind: string, n: number) =>
  nd.asarray(
    Array.from({ length: n }, (_, k) => spectra[kind](k, n)),
    { dtype: 'float64' },
  )

function general(kind: string, m: number, n: number, dtype: nd.DType): nd.NDArray {
  const k = Math.min(m, n)
  const left = nd.multiply(unitary(m, m + 1).at(':', { begin: 0, end: k }), values(kind, k))
  return nd.astype(nd.matmul(left, unitary(n, n + 2).at({ begin: 0, end: k })), dtype).eval()
}

function hermitian(kind: string, n: number, dtype: nd.DType): nd.NDArray {
  const q = unitary(n, n)
  const signs = nd.asarray(
    Array.from({ length: n }, (_, k) => (k % 2 === 0 ? 1 : -1)),
    { dtype: 'float64' },
  )
  const a = nd.matmul(nd.multiply(q, nd.multiply(values(kind, n), signs)), adjoint(q))
  return nd.astype(nd.divide(nd.add(a, adjoint(a)), 2), dtype).eval()
}

for (const { name, skip, on } of runners) {
  describe(`complex linear algebra on ${name}`, { skip }, () => {
    const sizes = name === 'reference' ? [0, 1, 2, 3, 9] : [0, 1, 2, 3, 9, 40, 70]
    for (const dtype of ['complex128', 'complex64'] as const) {
      for (const kind of Object.keys(spectra)) {
        if (isOutside(kind, dtype)) continue
        test(
          `${kind} ${dtype}`,
          on(() => {
            for (const n of sizes) {
              if (n > 0 && !isSingular(kind, n)) isSolved(general(kind, n, n, dtype))
              for (const m of [n, n + 5, Math.ceil(n / 2)]) isFactored(general(kind, m, n, dtype))
              isDiagonalised(hermitian(kind, n, dtype))
            }
          }),
        )
      }
      test(
        `Cholesky and triangles, ${dtype}`,
        on(() => {
          for (const n of sizes) {
            const g = random(n, n, n, dtype)
            const a = nd.add(nd.matmul(g, adjoint(g)), nd.multiply(identity(n, dtype), n)).eval()
            for (const upper of [false, true]) {
              const l = linalg.cholesky(a, { upper })
              isSmall(
                'A − L·Lᴴ',
                nd.subtract(upper ? nd.matmul(adjoint(l), l) : nd.matmul(l, adjoint(l)), a),
                norm(a),
                a,
              )
              assert.equal(norm(upper ? nd.tril(l, { k: -1 }) : nd.triu(l, { k: 1 })), 0)
            }
            const t = nd.add(random(n, n, 3, dtype), nd.multiply(identity(n, dtype), 2 * n)).eval()
            const b = random(n, 3, 5, dtype)
            for (const upper of [false, true])
              for (const kind of ['none', 'transposed', 'adjoint'])
                for (const unit of [false, true]) {
                  const given = unit ? nd.divide(t, n * n + 1).eval() : t
                  const x = linalg.solveTriangular(given, b, { upper, unit, [kind]: true })
                  const half = upper ? nd.triu(given, { k: unit ? 1 : 0 }) : nd.tril(given, { k: unit ? -1 : 0 })
                  const whole = unit ? nd.add(half, identity(n, dtype)) : half
                  const turned = kind === 'none' ? whole : kind === 'adjoint' ? adjoint(whole) : whole.mT
                  const off = nd.subtract(nd.matmul(turned, x), b)
                  isSmall(`triangle ${kind}`, off, norm(whole) * norm(x), a)
                }
          }
        }),
      )
    }
  })
}

function isSolved(a: nd.NDArray): void {
  const n = a.shape[0]
  const b = random(n, 3, n + 1, a.dtype)
  const x = linalg.solve(a, b)
  assert.equal(x.dtype, a.dtype)
  isSmall('A·X − B', nd.subtract(nd.matmul(a, x), b), norm(a) * norm(x), a)
  const inverse = linalg.inv(a)
  isSmall('A·A⁻¹ − I', nd.subtract(nd.matmul(a, inverse), identity(n, a.dtype)), norm(a) * norm(inverse), a)
}

function isFactored(a: nd.NDArray): void {
  const rank = Math.min(...a.shape)
  const { q, r } = linalg.qr(a)
  isSmall('A − Q·R', nd.subtract(nd.matmul(q, r), a), norm(a), a)
  isUnitary('Q', q)
  isUnitary('complete Q', linalg.qr(a, { mode: 'complete' }).q)
  assert.equal(norm(nd.tril(r, { k: -1 })), 0)
  const { u, s, vh } = linalg.svd(a)
  assert.deepEqual([u.shape, s.shape, vh.shape], [[a.shape[0], a.shape[0]], [rank], [a.shape[1], a.shape[1]]])
  isUnitary('U', u)
  isUnitary('V', vh)
  const left = u.at(':', { begin: 0, end: rank })
  const whole = nd.matmul(nd.multiply(left, s), vh.at({ begin: 0, end: rank }))
  isSmall('A − U·S·Vᴴ', nd.subtract(whole, a), norm(a), a)
  const found = s.toList() as number[]
  assert.ok(found.every((v, k) => v >= 0 && (k === 0 || v <= found[k - 1])))
  assert.equal(s.dtype, a.dtype === 'complex64' ? 'float32' : 'float64')
  const alone = linalg.svdvals(a)
  isSmall('values alone', nd.subtract(alone, s).reshape([rank, 1]), norm(a), a)
}

function isDiagonalised(a: nd.NDArray): void {
  const n = a.shape[0]
  for (const upper of [false, true]) {
    // The other triangle, and imaginary parts of the diagonal, are not read.
    const half = upper ? nd.triu(a) : nd.tril(a)
    const given = nd.add(half, nd.multiply(identity(n, a.dtype), { re: 0, im: 7 }))
    const { eigenvalues, eigenvectors } = linalg.eigh(given, { upper })
    isUnitary('Z', eigenvectors)
    const off = nd.subtract(nd.matmul(a, eigenvectors), nd.multiply(eigenvectors, eigenvalues))
    isSmall('A·Z − Z·W', off, norm(a), a)
    const alone = linalg.eigvalsh(given, { upper })
    assert.equal(alone.dtype, a.dtype === 'complex64' ? 'float32' : 'float64')
    isSmall('values alone', nd.subtract(alone, eigenvalues).reshape([n, 1]), norm(a), a)
  }
}

describe('what follows from complex factorisations', () => {
  const i = { re: 0, im: 1 }
  test('determinants, inverses and powers', () => {
    const a = nd.asarray([
      [{ re: 1, im: 1 }, 2],
      [i, 3],
    ])
    const close = (x: nd.NDArray, y: nd.NDArray) =>
      assert.ok(nd.allclose(x, y, { rtol: 1e-14, atol: 1e-14 }), String(x))
    close(linalg.det(a), nd.asarray({ re: 3, im: 1 }))
    const { sign, logabsdet } = linalg.slogdet(a)
    close(nd.multiply(sign, nd.exp(logabsdet)), nd.asarray({ re: 3, im: 1 }))
    assert.deepEqual([sign.dtype, logabsdet.dtype], ['complex128', 'float64'])
    close(nd.abs(sign), nd.asarray(1))
    const zero = linalg.slogdet(nd.zeros([2, 2], { dtype: 'complex64' }))
    assert.deepEqual(
      [zero.sign.item(), zero.logabsdet.item(), zero.logabsdet.dtype],
      [{ re: 0, im: 0 }, -Infinity, 'float32'],
    )
    assert.deepEqual(linalg.det(nd.zeros([2, 0, 0], { dtype: 'complex64' })).toList(), [
      { re: 1, im: 0 },
      { re: 1, im: 0 },
    ])
    close(linalg.matrixPower(a, -2), linalg.inv(nd.matmul(a, a)))
    close(linalg.trace(a), nd.asarray({ re: 4, im: 1 }))
  })
  test('what defines a pseudo-inverse, ranks, least squares', () => {
    for (const [m, n, rank] of [
      [5, 3, 3],
      [3, 5, 3],
      [6, 6, 2],
      [1, 1, 1],
    ]) {
      const a = nd.matmul(random(m, rank, 1, 'complex128'), random(rank, n, 2, 'complex128')).eval()
      const p = linalg.pinv(a)
      const near = (x: nd.NDArray, y: nd.NDArray) => assert.ok(norm(nd.subtract(x, y)) < 1e-12 * (1 + norm(y)))
      const [ap, pa] = [nd.matmul(a, p).eval(), nd.matmul(p, a).eval()]
      near(nd.matmul(ap, a), a)
      near(nd.matmul(pa, p), p)
      near(ap, adjoint(ap))
      near(pa, adjoint(pa))
      assert.equal(Number(linalg.matrixRank(a).item()), rank)
      const b = random(m, 2, 3, 'complex128')
      const found = linalg.lstsq(a, b)
      near(found.x, nd.matmul(p, b))
      near(
        found.residuals.reshape([2, 1]),
        nd.sum(nd.square(nd.abs(nd.subtract(b, nd.matmul(a, found.x)))), { axis: 0 }).reshape([2, 1]),
      )
      assert.equal(found.residuals.dtype, 'float64')
    }
  })
  test('norms, condition, exponentials', () => {
    const a = nd.asarray([
      [{ re: 3, im: 4 }, 0],
      [0, 2],
    ])
    // Singular values are 5 and 2, and so are sums of columns and rows.
    const norms = { fro: Math.sqrt(29), nuc: 7, 1: 5, [-1]: 2, 2: 5, [-2]: 2, Infinity: 5, [-Infinity]: 2 }
    for (const [ord, expected] of Object.entries(norms)) {
      const order = Number.isNaN(Number(ord)) ? (ord as 'fro') : Number(ord)
      assert.ok(Math.abs(Number(linalg.matrixNorm(a, { ord: order }).item()) - expected) < 1e-14, ord)
    }
    assert.ok(Math.abs(Number(linalg.cond(a).item()) - 2.5) < 1e-14)
    assert.ok(Math.abs(Number(linalg.cond(a, 1).item()) - 2.5) < 1e-14)
    assert.equal(linalg.cond(nd.ones([2, 2], { dtype: 'complex128' }), 1).item(), Infinity)
    const turn = nd.asarray([
      [0, { re: 0, im: Math.PI }],
      [{ re: 0, im: Math.PI }, 0],
    ])
    assert.ok(nd.allclose(linalg.expm(turn), nd.negative(nd.eye(2)), { atol: 1e-14 }))
    assert.equal(linalg.expm(nd.astype(turn, 'complex64')).dtype, 'complex64')
  })
  test('batches, real operands beside complex ones', () => {
    const a = nd
      .add(random(12, 3, 1, 'complex64').reshape([4, 3, 3]), nd.multiply(nd.eye(3, null, { dtype: 'float32' }), 3))
      .eval()
    const b = nd.asarray([1, 2, 3], { dtype: 'float32' })
    const x = linalg.solve(a, b)
    assert.deepEqual([x.shape, x.dtype], [[4, 3], 'complex64'])
    for (let k = 0; k < 4; k++) assert.deepEqual(x.at(k).toList(), linalg.solve(a.at(k), b).toList())
    assert.equal(linalg.solve(nd.eye(2), nd.asarray([i, 1])).dtype, 'complex128')
    const { u, s, vh } = linalg.svd(a.mT)
    assert.deepEqual(
      [u.shape, s.shape, vh.shape],
      [
        [4, 3, 3],
        [4, 3],
        [4, 3, 3],
      ],
    )
    assert.deepEqual(u.at(2).toList(), linalg.svd(a.mT.at(2)).u.toList())
    assert.deepEqual(linalg.eigh(a).eigenvectors.at(1).toList(), linalg.eigh(a.at(1)).eigenvectors.toList())
  })
  test('what cannot be done', () => {
    const complex = (rows: number[][]) => nd.asarray(rows, { dtype: 'complex128' })
    const error = (call: () => unknown, message: RegExp) => assert.throws(call, { name: 'LinearAlgebraError', message })
    error(
      () =>
        linalg.solve(
          complex([
            [1, 1],
            [1, 1],
          ]),
          complex([[1], [1]]),
        ),
      /no pivot in column 1/,
    )
    error(
      () =>
        linalg.cholesky(
          complex([
            [1, 2],
            [2, 1],
          ]),
        ),
      /pivot of row 1/,
    )
    error(
      () =>
        linalg.solveTriangular(
          complex([
            [1, 2],
            [2, 0],
          ]),
          complex([[1], [1]]),
        ),
      /column 1/,
    )
    for (const bad of [Number.NaN, Infinity]) {
      const a = nd.asarray([
        [1, { re: 0, im: bad }],
        [0, 1],
      ])
      error(() => linalg.svd(a), /element that is/)
      error(() => linalg.eigh(a, { upper: true }), /element that is/)
      error(() => linalg.pinv(a), /element that is/)
    }
    const x = linalg.solve(
      nd.asarray([
        [{ re: 1, im: Number.NaN }, 1],
        [1, 1],
      ]),
      complex([[1], [1]]),
    )
    assert.ok(nd.all(nd.isnan(x)).item())
    assert.throws(() => linalg.inv(nd.ones([2, 2], { dtype: 'float16' })), { name: 'DTypeError', message: /complex64/ })
  })
})

test('epsilon is that of the parts', () => assert.equal(epsilon(nd.zeros([1], { dtype: 'complex64' })), 2 ** -23))
