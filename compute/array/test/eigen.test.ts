/** Eigenvalues of any matrices, Schur's and Hessenberg's forms, by residuals, as LAPACK tests itself (TESTING/EIG, ddrvev and dchkhs): ratios to what rounding may do, all below 30. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as nd from '../src/index.ts'
import { adjoint, identity, isSmall, isUnitary, norm, random } from './residuals.ts'
import { runners } from './runners.ts'

const { linalg } = nd

const matrix = (n: number, at: (i: number, j: number) => number) =>
  nd
    .asarray(
      Array.from({ length: n * n }, (_, k) => at(Math.floor(k / n), k % n)),
      { dtype: 'float64' },
    )
    .reshape([n, n])

/** X·T·X⁻¹ */
const similar = (t: nd.NDArray, x: nd.NDArray) => nd.matmul(nd.matmul(x, t), linalg.inv(x))

/** LAPACK's kinds of matrices, and others that have shown faults in such algorithms. */
const kinds: Record<string, (n: number) => nd.NDArray> = {
  zero: n => nd.zeros([n, n]),
  identity: n => identity(n, 'float64'),
  'a Jordan block': n => matrix(n, (i, j) => (j === i ? 1 : j === i + 1 ? 1 : 0)),
  nilpotent: n => matrix(n, (i, j) => (j === i + 1 ? 1 : 0)),
  dense: n => random(n, n, n),
  'dense, shifted': n => nd.add(random(n, n, n), nd.multiply(identity(n, 'float64'), 100)),
  triangular: n => nd.triu(random(n, n, n)),
  'clustered, with pairs': n =>
    similar(
      nd.add(
        matrix(n, (i, j) => (i === j ? (i < 2 ? 1 : 1e-8) : 0)),
        nd.multiply(nd.triu(random(n, n, 2), { k: 1 }), 0.1),
      ),
      nd.add(random(n, n, 1), nd.multiply(identity(n, 'float64'), 3)),
    ),
  // Eigenvalues lie on a circle: shifts that are the eigenvalues of the last rows do nothing.
  'a cycle': n => matrix(n, (i, j) => (j === (i + 1) % n ? 1 : 0)),
  skew: n => nd.subtract(random(n, n, 3), random(n, n, 3).mT),
  'a companion': n => matrix(n, (i, j) => (j === i - 1 ? 1 : j === n - 1 ? ((i * 7) % 5) - 2 : 0)),
  'badly scaled': n => matrix(n, (i, j) => 10 ** (((i - j) * 16) / n) * Math.cos(i * 3 + j * 5)),
  'to be permuted': n => matrix(n, (i, j) => (i < j === (i + j) % 2 > 0 ? 0 : Math.cos(i * 3 + j * 5))),
  grcar: n => matrix(n, (i, j) => (j === i - 1 ? -1 : j >= i && j <= i + 3 ? 1 : 0)),
  'of rank one': n => matrix(n, (i, j) => (i + 1) * (j - 2)),
  tiny: n => nd.multiply(random(n, n, n), 1e-290),
  huge: n => nd.multiply(random(n, n, n), 1e290),
}
const isOutside = (kind: string, dtype: nd.DType) =>
  ['float32', 'complex64'].includes(dtype) && ['tiny', 'huge', 'badly scaled'].includes(kind)

/** The same kind in complex numbers: a turned matrix, and one of complex elements where it is dense. */
const inDType = (a: nd.NDArray, dtype: nd.DType) => {
  if (!dtype.startsWith('complex')) return nd.astype(a, dtype).eval()
  const phases = nd.multiply(nd.cos(nd.arange(a.shape[0])), 0.5)
  const turned = nd.exp(nd.multiply(phases, { re: 0, im: 1 }))
  return nd.astype(nd.multiply(a, turned), dtype).eval()
}

function isDecomposed(a: nd.NDArray, isScaled: boolean): void {
  const n = a.shape[0]
  const { h, q } = linalg.hessenberg(a)
  isUnitary('Q', q)
  isSmall('A − Q·H·Qᴴ', nd.subtract(nd.matmul(nd.matmul(q, h), adjoint(q)), a), norm(a), a)
  assert.equal(norm(nd.tril(h, { k: -2 })), 0)
  assert.deepEqual([h.dtype, q.dtype], [a.dtype, a.dtype])
  for (const output of ['real', 'complex'] as const) {
    const { t, z } = linalg.schur(a, { output })
    isUnitary('Z', z)
    isSmall('A − Z·T·Zᴴ', nd.subtract(nd.matmul(nd.matmul(z, t), adjoint(z)), a), norm(a), a)
    isStandard(t)
  }
  const { eigenvalues: w, eigenvectors: v } = linalg.eig(a)
  assert.deepEqual([w.shape, w.dtype, v.dtype], [[n], v.dtype, nd.resultType(a.dtype, 'complex64')])
  const complex = nd.astype(a, w.dtype)
  // Balancing bounds errors of each row by what it has there, not by the norm of the whole matrix.
  if (!isScaled) isSmall('A·V − V·W', nd.subtract(nd.matmul(complex, v), nd.multiply(v, w)), norm(a), a)
  for (const length of linalg.vectorNorm(v, { axis: 0 }).toList() as number[])
    assert.ok(Math.abs(length - 1) < (a.dtype === 'complex64' || a.dtype === 'float32' ? 1e-5 : 1e-13), `${length}`)
  const off = nd.subtract(nd.sum(w), linalg.trace(complex)).reshape([1, 1])
  isSmall('the sum of eigenvalues', off, norm(a) * Math.max(1, n), a)
  if (a.dtype.startsWith('float')) isPaired(w.toList() as nd.Complex[], v)
  const alone = linalg.eigvals(a)
  isSmall('values alone', nd.subtract(alone, w).reshape([n, 1]), norm(a), a)
}

/** Triangular, or with blocks of two rows on the diagonal that stand for complex eigenvalues. */
function isStandard(t: nd.NDArray): void {
  const n = t.shape[0]
  assert.equal(norm(nd.tril(t, { k: t.dtype.startsWith('complex') ? -1 : -2 })), 0)
  if (t.dtype.startsWith('complex')) return
  const rows = t.toList() as number[][]
  for (let k = 0; k + 1 < n; k++) {
    if (rows[k + 1][k] === 0) continue
    assert.equal(rows[k][k], rows[k + 1][k + 1])
    assert.equal(Math.sign(rows[k][k + 1]), -Math.sign(rows[k + 1][k]))
    if (k + 2 < n) assert.equal(rows[k + 2][k + 1], 0)
  }
}

/** Values that are not real stand beside their conjugates, and so do their vectors; others have real vectors. */
function isPaired(values: nd.Complex[], vectors: nd.NDArray): void {
  const columns = vectors.mT.toList() as nd.Complex[][]
  for (let k = 0; k < values.length; k++) {
    if (values[k].im === 0) {
      assert.ok(columns[k].every(x => x.im === 0))
      continue
    }
    assert.ok(values[k].im > 0)
    assert.deepEqual(values[k + 1], { re: values[k].re, im: -values[k].im })
    assert.deepEqual(
      columns[k + 1].map(x => [x.re, x.im + 0]),
      columns[k].map(x => [x.re, 0 - x.im]),
    )
    k++
  }
}

for (const { name, skip, on } of runners) {
  describe(`eigenvalues on ${name}`, { skip }, () => {
    const sizes = name === 'reference' ? [0, 1, 2, 3, 8] : [0, 1, 2, 3, 4, 8, 33]
    for (const dtype of ['float64', 'complex128', 'float32', 'complex64'] as const)
      for (const kind of Object.keys(kinds)) {
        if (isOutside(kind, dtype)) continue
        test(
          `${kind} ${dtype}`,
          on(() => {
            for (const n of sizes) isDecomposed(inDType(kinds[kind](n), dtype), kind === 'badly scaled')
          }),
        )
      }
  })
}

describe('what is known of eigenvalues', () => {
  const sorted = (x: nd.NDArray) => (x.toList() as nd.Complex[]).sort((a, b) => a.re - b.re || a.im - b.im)
  const isNear = (found: nd.NDArray, expected: nd.Complex[], most: number) => {
    for (const [k, { re, im }] of sorted(found).entries())
      assert.ok(Math.hypot(re - expected[k].re, im - expected[k].im) <= most, `${k}: ${re} + ${im}i`)
  }
  test('rows and columns that show them give them to the bit', () => {
    const order = [3, 0, 4, 1, 2]
    const a = matrix(5, (i, j) => (order[i] <= order[j] ? order[i] * 1.1 + order[j] + 0.3 : 0))
    assert.deepEqual(
      sorted(linalg.eigvals(a)).map(w => [w.re, w.im]),
      [0, 1, 2, 3, 4].map(k => [k * 1.1 + k + 0.3, 0]),
    )
  })
  test('a matrix of bad scale has them exactly after balancing', () => {
    const a = nd.asarray([
      [1, 1e12, 0],
      [1e-12, 2, 1e-6],
      [0, 1e6, 3],
    ])
    // Similar to a symmetric one, by powers of ten.
    const plain = nd.asarray([
      [1, 1, 0],
      [1, 2, 1],
      [0, 1, 3],
    ])
    isNear(linalg.eigvals(a), sorted(linalg.eigvals(plain)), 1e-14)
  })
  test('of a cycle they are roots of one', () => {
    const roots = Array.from({ length: 8 }, (_, k) => ({
      re: Math.cos((k * Math.PI) / 4),
      im: Math.sin((k * Math.PI) / 4),
    }))
    const found = linalg.eigvals(kinds['a cycle'](8)).toList() as nd.Complex[]
    for (const { re, im } of roots) assert.ok(found.some(w => Math.hypot(w.re - re, w.im - im) < 1e-14))
  })
  test('those of symmetric matrices are what eigvalsh has', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 9, maxLength: 9 }), list => {
        const a = matrix(3, (i, j) => list[3 * Math.min(i, j) + Math.max(i, j)])
        const expected = (linalg.eigvalsh(a).toList() as number[]).map(re => ({ re, im: 0 }))
        isNear(linalg.eigvals(a), expected, 1e-13 * (1 + norm(a)))
      }),
      { numRuns: 60 },
    )
  })
  test('batches, integers, transposed operands', () => {
    const a = random(12, 3, 1).reshape([2, 2, 3, 3])
    const { eigenvalues, eigenvectors } = linalg.eig(a.mT)
    assert.deepEqual(
      [eigenvalues.shape, eigenvectors.shape],
      [
        [2, 2, 3],
        [2, 2, 3, 3],
      ],
    )
    assert.deepEqual(eigenvalues.at(1, 0).toList(), linalg.eigvals(a.at(1, 0).mT).toList())
    assert.deepEqual(linalg.schur(a).t.at(1, 1).toList(), linalg.schur(a.at(1, 1)).t.toList())
    const turn = nd.asarray(
      [
        [0, -1],
        [1, 0],
      ],
      { dtype: 'int32' },
    )
    assert.deepEqual(sorted(linalg.eigvals(turn)), [
      { re: 0, im: -1 },
      { re: 0, im: 1 },
    ])
    assert.equal(linalg.schur(turn).t.dtype, 'float64')
    assert.equal(linalg.schur(turn, { output: 'complex' }).t.dtype, 'complex128')
    assert.deepEqual(linalg.eigvals(nd.zeros([3, 0, 0])).shape, [3, 0])
  })
  const bad: [string, () => unknown, string, RegExp][] = [
    ['not square', () => linalg.eig(nd.ones([2, 3])), 'ShapeError', /eig: x must be square, not of shape \[2, 3\]/],
    ['one axis', () => linalg.eigvals(nd.ones([3])), 'ShapeError', /eigvals: x must have two axes/],
    ['NaN', () => linalg.eig(nd.full([2, 2], Number.NaN)), 'LinearAlgebraError', /eig: the matrix has an element/],
    ['infinity', () => linalg.schur(nd.full([2, 2], Infinity)), 'LinearAlgebraError', /schur: .* that is Infinity/],
    [
      'another output',
      () => linalg.schur(nd.eye(2), { output: 'r' as 'real' }),
      'ArgumentError',
      /'real' or 'complex'/,
    ],
    ['of 16 bits', () => linalg.hessenberg(nd.eye(2, null, { dtype: 'float16' })), 'DTypeError', /not float16/],
  ]
  for (const [what, call, name, message] of bad) test(what, () => assert.throws(call, { name, message }))
})
