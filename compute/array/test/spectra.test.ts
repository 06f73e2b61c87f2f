/** Eigenvalues and singular values by residuals, as LAPACK tests itself (TESTING/EIG, ddrvst and ddrvbd): ratios to what rounding may do, all below 30. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as nd from '../src/index.ts'
import { runners } from './runners.ts'

const { linalg } = nd

/** A generator of its own, so that each test has the same matrices. */
function chance(seed: number): () => number {
  let k = 0
  return () => (Math.sin((seed + 1) * 12.9898 + k++ * 78.233) * 43758.5453) % 1
}

const random = (m: number, n: number, seed: number) => {
  const next = chance(seed)
  return nd.asarray(Array.from({ length: m * n }, next), { dtype: 'float64' }).reshape([m, n])
}

/** LAPACK's spectra (TESTING/MATGEN, dlatms): of the k-th of n values. */
const spectra: Record<string, (k: number, n: number) => number> = {
  zero: () => 0,
  identity: () => 1,
  even: (k, n) => 1 - k / n,
  geometric: (k, n) => 1e-12 ** (k / n),
  clustered: k => (k === 0 ? 1 : 1e-12),
  'clustered at one': (k, n) => (k === n - 1 ? 1e-12 : 1),
  repeated: k => [3, -3, 1][k % 3],
  'rank deficient': (k, n) => (k < n / 2 ? 1 + k : 0),
  tiny: (k, n) => (1 + k / n) * 1e-250,
  huge: (k, n) => (1 + k / n) * 1e250,
}
const isOutside = (kind: string, dtype: nd.DType) => dtype === 'float32' && (kind === 'tiny' || kind === 'huge')

const orthogonal = (n: number, seed: number) => linalg.qr(random(n, n, seed)).q
const spectrum = (kind: string, n: number) =>
  nd.asarray(
    Array.from({ length: n }, (_, k) => spectra[kind](k, n)),
    { dtype: 'float64' },
  )

/** Values of that spectrum, with signs that alternate, between random orthogonal matrices. */
function symmetric(kind: string, n: number, dtype: nd.DType): nd.NDArray {
  const q = orthogonal(n, n)
  const signs = nd.asarray(
    Array.from({ length: n }, (_, k) => (k % 2 === 0 ? 1 : -1)),
    { dtype: 'float64' },
  )
  const a = nd.matmul(nd.multiply(q, nd.multiply(spectrum(kind, n), signs)), q.mT)
  return nd.astype(nd.divide(nd.add(a, a.mT), 2), dtype).eval()
}

function general(kind: string, m: number, n: number, dtype: nd.DType): nd.NDArray {
  const k = Math.min(m, n)
  const left = nd.multiply(orthogonal(m, m + 1).at(':', { begin: 0, end: k }), spectrum(kind, k))
  return nd.astype(nd.matmul(left, orthogonal(n, n + 2).at({ begin: 0, end: k })), dtype).eval()
}

const epsilon = (x: nd.NDArray) => (x.dtype === 'float32' ? 2 ** -23 : 2 ** -52)
/** The 1-norm: the largest sum of a column. */
const norm = (x: nd.NDArray) => (x.size === 0 ? 0 : Number(nd.max(nd.sum(nd.abs(x), { axis: -2 })).item()))
const largest = (x: nd.NDArray) => (x.size === 0 ? 0 : Number(nd.max(nd.abs(x)).item()))

function isSmall(what: string, off: number, size: number, x: nd.NDArray): void {
  const n = Math.max(...x.shape, 1)
  const ratio = size === 0 ? off / (n * epsilon(x)) : off / (size * n * epsilon(x))
  assert.ok(ratio < 30, `${what} of [${x.shape}]: ${ratio}`)
}

const isOrthonormal = (what: string, x: nd.NDArray) =>
  isSmall(what, norm(nd.subtract(nd.matmul(x.mT, x), nd.eye(x.shape[1], null, { dtype: x.dtype }))), 1, x)

const isSorted = (x: nd.NDArray, way: number) => {
  const values = x.toList() as number[]
  assert.ok(values.every((v, k) => k === 0 || (v - values[k - 1]) * way >= 0))
}

const sizes = [0, 1, 2, 3, 10, 33, 70, 150]

for (const { name, skip, on } of runners) {
  describe(`spectra on ${name}`, { skip }, () => {
    for (const dtype of ['float64', 'float32'] as const) {
      for (const kind of Object.keys(spectra)) {
        if (isOutside(kind, dtype)) continue
        const tried = name === 'reference' ? [0, 1, 2, 3, 10] : name === 'wasm' ? sizes.filter(n => n <= 33) : sizes
        test(
          `eigenvalues, ${kind} ${dtype}`,
          on(() => {
            for (const n of tried) {
              const a = symmetric(kind, n, dtype)
              const { eigenvalues: w, eigenvectors: z } = linalg.eigh(a)
              assert.deepEqual([w.dtype, w.shape, z.dtype, z.shape], [dtype, [n], dtype, [n, n]])
              isSmall('A·Z − Z·W', norm(nd.subtract(nd.matmul(a, z), nd.multiply(z, w))), norm(a), a)
              isOrthonormal('ZᵀZ', z)
              isSorted(w, 1)
              isSmall('values alone', largest(nd.subtract(linalg.eigvalsh(a), w)), norm(a), a)
            }
          }),
        )
        test(
          `singular values, ${kind} ${dtype}`,
          on(() => {
            for (const n of tried) {
              for (const m of [n, n + 7, Math.ceil(n / 3)]) {
                const a = general(kind, m, n, dtype)
                const k = Math.min(m, n)
                const alone = linalg.svdvals(a)
                for (const fullMatrices of [true, false]) {
                  const { u, s, vh } = linalg.svd(a, { fullMatrices })
                  assert.deepEqual(
                    [u.shape, s.shape, vh.shape],
                    fullMatrices ? [[m, m], [k], [n, n]] : [[m, k], [k], [k, n]],
                  )
                  const us = nd.multiply(u.at(':', { begin: 0, end: k }), s)
                  isSmall('A − U·S·Vᵀ', norm(nd.subtract(nd.matmul(us, vh.at({ begin: 0, end: k })), a)), norm(a), a)
                  isOrthonormal('UᵀU', u)
                  isOrthonormal('VᵀV', vh.mT)
                  isSorted(s, -1)
                  assert.ok((s.toList() as number[]).every(v => v >= 0))
                  isSmall('values alone', largest(nd.subtract(alone, s)), norm(a), a)
                }
              }
            }
          }),
        )
      }
    }
  })
}

describe('what spectra hold', () => {
  test('small singular values of a bidiagonal matrix have all their digits', () => {
    // J. Demmel, W. Kahan, 1990: 1s above a graded diagonal. The product of the values is the determinant.
    const d = [1, 1e-5, 1e-10, 1e-15, 1e-20]
    const a = d.map((v, i) => d.map((_, j) => (i === j ? v : j === i + 1 ? v * 10 : 0)))
    const s = linalg.svdvals(nd.asarray(a)).toList() as number[]
    const determinant = d.reduce((x, y) => x * y)
    assert.ok(Math.abs(s.reduce((x, y) => x * y) / determinant - 1) < 1e-12)
  })
  test('values of Wilkinson’s matrix, which come in pairs', () => {
    const n = 21
    const a = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => (i === j ? Math.abs(i - 10) : Math.abs(i - j) === 1 ? 1 : 0)),
    )
    const w = linalg.eigvalsh(nd.asarray(a)).toList() as number[]
    assert.ok(Math.abs(w[20] - 10.746194182903393) < 1e-13)
    assert.ok(Math.abs(w[19] - 10.746194182903322) < 1e-13)
    assert.ok(Math.abs(w[0] + 1.1254415221199847) < 1e-13)
  })
  test('one triangle is read', () => {
    const a = nd.asarray([
      [1, Number.NaN],
      [2, 1],
    ])
    assert.deepEqual(nd.round(linalg.eigvalsh(a)).toList(), [-1, 3])
    assert.deepEqual(nd.round(linalg.eigh(a.mT, { upper: true }).eigenvalues).toList(), [-1, 3])
    assert.throws(() => linalg.eigvalsh(a, { upper: true }), { name: 'LinearAlgebraError', message: /that is NaN/ })
  })
  test('batches, views and integers; what was given stays as it is', () => {
    const a = nd.reshape(nd.arange(36), [4, 3, 3])
    const before = a.toList()
    const { eigenvalues, eigenvectors } = linalg.eigh(a)
    const { u, s, vh } = linalg.svd(a.mT)
    assert.deepEqual(
      [eigenvalues.shape, eigenvectors.shape, s.shape],
      [
        [4, 3],
        [4, 3, 3],
        [4, 3],
      ],
    )
    assert.equal(eigenvalues.dtype, 'float64')
    for (let k = 0; k < 4; k++) {
      assert.deepEqual(eigenvectors.at(k).toList(), linalg.eigh(a.at(k)).eigenvectors.toList())
      assert.deepEqual(u.at(k).toList(), linalg.svd(a.at(k).mT).u.toList())
      assert.deepEqual(vh.at(k).toList(), linalg.svd(a.at(k).mT).vh.toList())
    }
    assert.deepEqual(a.toList(), before)
  })
  test('nothing', () => {
    assert.deepEqual(linalg.eigh(nd.zeros([2, 0, 0])).eigenvectors.shape, [2, 0, 0])
    assert.deepEqual(linalg.svdvals(nd.zeros([0, 3, 2])).shape, [0, 2])
    const { u, s, vh } = linalg.svd(nd.zeros([0, 3]))
    assert.deepEqual([u.shape, s.shape, vh.toList()], [[0, 0], [0], nd.eye(3).toList()])
  })
  const bad: [string, () => unknown, string, RegExp][] = [
    ['not square', () => linalg.eigh(nd.ones([2, 3])), 'ShapeError', /eigh: x must be square, not of shape \[2, 3\]/],
    ['one axis', () => linalg.svd(nd.ones([3])), 'ShapeError', /svd: x must have two axes or more/],
    ['of 16 bits', () => linalg.eigvalsh(nd.ones([2, 2], { dtype: 'float16' })), 'DTypeError', /not float16/],
    ['NaN', () => linalg.svd(nd.full([2, 2], Number.NaN)), 'LinearAlgebraError', /svd: the matrix has an element/],
    ['infinity', () => linalg.svdvals(nd.full([2, 2], -Infinity)), 'LinearAlgebraError', /that is -Infinity/],
  ]
  for (const [what, call, name, message] of bad) test(what, () => assert.throws(call, { name, message }))
})
