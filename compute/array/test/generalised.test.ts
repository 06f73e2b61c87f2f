/** Eigenvalues of pairs of matrices, by residuals, as LAPACK tests itself (TESTING/EIG, ddrvsg and ddrvgg): ratios to what rounding may do, all below 30. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as nd from '../src/index.ts'
import { adjoint, identity, isSmall, isUnitary, norm, random } from './residuals.ts'
import { runners } from './runners.ts'

const { linalg } = nd

const dtypes = ['float64', 'complex128', 'float32', 'complex64'] as const

/** Hermitian, with positive eigenvalues or without. */
const hermitian = (n: number, seed: number, dtype: nd.DType) => {
  const a = random(n, n, seed, dtype)
  return nd.divide(nd.add(a, adjoint(a)), 2).eval()
}
const definite = (n: number, seed: number, dtype: nd.DType) => {
  const a = random(n, n, seed, dtype)
  return nd.add(nd.matmul(a, adjoint(a)), nd.multiply(identity(n, dtype), n)).eval()
}

/** Pairs of A and B. */
const pairs: Record<string, (n: number, dtype: nd.DType) => [nd.NDArray, nd.NDArray]> = {
  dense: (n, dtype) => [random(n, n, 1, dtype), random(n, n, 2, dtype)],
  'B the identity': (n, dtype) => [random(n, n, 1, dtype), identity(n, dtype)],
  'B zero': (n, dtype) => [random(n, n, 1, dtype), nd.zeros([n, n], { dtype })],
  'A zero': (n, dtype) => [nd.zeros([n, n], { dtype }), random(n, n, 1, dtype)],
  'B of half the rank': (n, dtype) => [
    random(n, n, 1, dtype),
    nd.matmul(random(n, Math.ceil(n / 2), 2, dtype), random(Math.ceil(n / 2), n, 3, dtype)),
  ],
  'B nilpotent': (n, dtype) => [random(n, n, 1, dtype), nd.eye(n, null, { dtype, k: 1 })],
  'zeros on the diagonal of B': (n, dtype) => [
    nd.triu(random(n, n, 1, dtype), { k: -1 }),
    nd.multiply(
      nd.triu(random(n, n, 2, dtype)),
      nd.asarray(
        Array.from({ length: n }, (_, k) => k % 3),
        { dtype: 'int32' },
      ),
    ),
  ],
  'both Jordan blocks': (n, dtype) => [
    nd.add(identity(n, dtype), nd.eye(n, null, { dtype, k: 1 })),
    nd.add(identity(n, dtype), nd.eye(n, null, { dtype, k: -1 })),
  ],
  'a cycle': (n, dtype) => [nd.roll(identity(n, dtype), 1, { axis: 0 }), identity(n, dtype)],
}

for (const { name, skip, on } of runners) {
  describe(`pairs of matrices on ${name}`, { skip }, () => {
    const sizes = name === 'reference' ? [0, 1, 2, 7] : [0, 1, 2, 3, 7, 24]
    for (const dtype of dtypes) {
      test(
        `eigh, ${dtype}`,
        on(() => {
          for (const n of sizes) {
            const [a, b] = [hermitian(n, 1, dtype), definite(n, 2, dtype)]
            for (const upper of [false, true]) {
              const [p, q] = [a, b].map(m => (upper ? nd.triu(m) : nd.tril(m)))
              const { eigenvalues: w, eigenvectors: v } = linalg.eigh(p, { b: q, upper })
              assert.deepEqual([w.shape, v.shape, v.dtype], [[n], [n, n], dtype])
              const off = nd.subtract(nd.matmul(a, v), nd.multiply(nd.matmul(b, v), w))
              isSmall('A·V − B·V·W', off, norm(a) * Math.max(1, norm(v)), a)
              const unit = nd.matmul(nd.matmul(adjoint(v), b), v)
              isSmall('Vᴴ·B·V − I', nd.subtract(unit, identity(n, dtype)), 1, a)
              const alone = linalg.eigvalsh(p, { b: q, upper })
              isSmall('values alone', nd.subtract(alone, w).reshape([n, 1]), norm(a), a)
            }
          }
        }),
      )
      for (const kind of Object.keys(pairs))
        test(
          `${kind} ${dtype}`,
          on(() => {
            for (const n of sizes) isDecomposed(...pairs[kind](n, dtype))
          }),
        )
    }
  })
}

function isDecomposed(a: nd.NDArray, b: nd.NDArray): void {
  const n = a.shape[0]
  const { aa, bb, q, z } = linalg.qz(a, b)
  isUnitary('Q', q)
  isUnitary('Z', z)
  isSmall('A − Q·S·Zᴴ', nd.subtract(nd.matmul(nd.matmul(q, aa), adjoint(z)), a), norm(a), a)
  isSmall('B − Q·P·Zᴴ', nd.subtract(nd.matmul(nd.matmul(q, bb), adjoint(z)), b), norm(b), b)
  assert.equal(norm(nd.tril(aa, { k: -1 })) + norm(nd.tril(bb, { k: -1 })), 0)
  for (const { re, im } of linalg.diagonal(bb).toList() as nd.Complex[]) assert.ok(re >= 0 && im === 0)
  const { eigenvalues: w, eigenvectors: v } = linalg.eig(a, { b })
  assert.deepEqual(String(linalg.eigvals(a, { b })), String(w))
  // β·A·v − α·B·v, where α and β are on the diagonals of S and P; of eigenvalues that are not defined there is no more to say.
  const [alpha, beta] = [linalg.diagonal(aa), linalg.diagonal(bb)]
  const off = nd.subtract(
    nd.multiply(nd.matmul(nd.astype(a, v.dtype), v), beta),
    nd.multiply(nd.matmul(nd.astype(b, v.dtype), v), alpha),
  )
  const size = (norm(a) || 1) * (norm(b) || 1)
  isSmall('β·A·V − α·B·V', off, size, a)
  const values = w.toList() as nd.Complex[]
  const betas = beta.toList() as nd.Complex[]
  for (let k = 0; k < n; k++) assert.equal(Number.isFinite(values[k].re), betas[k].re !== 0)
}

describe('what is known of pairs of matrices', () => {
  test('batches are broadcast, real beside complex', () => {
    const a = random(18, 3, 1).reshape([2, 3, 3, 3])
    const b = definite(3, 2, 'complex128')
    const found = linalg.eig(a, { b })
    assert.deepEqual(
      [found.eigenvalues.shape, found.eigenvectors.shape],
      [
        [2, 3, 3],
        [2, 3, 3, 3],
      ],
    )
    assert.deepEqual(found.eigenvalues.at(1, 2).toList(), linalg.eigvals(a.at(1, 2), { b }).toList())
    const symmetric = nd.add(a, a.mT).eval()
    const { eigenvectors } = linalg.eigh(symmetric, { b })
    assert.deepEqual([eigenvectors.shape, eigenvectors.dtype], [[2, 3, 3, 3], 'complex128'])
    assert.deepEqual(eigenvectors.at(0, 1).toList(), linalg.eigh(symmetric.at(0, 1), { b }).eigenvectors.toList())
  })
  test('eigenvalues of a pair of bad scale', () => {
    const a = nd.asarray([
      [2e250, 0],
      [0, 3e250],
    ])
    const values = linalg.eigvals(a, { b: nd.multiply(nd.eye(2), 1e-20) }).toList() as nd.Complex[]
    for (const [k, expected] of [2e270, 3e270].entries()) assert.ok(Math.abs(values[k].re / expected - 1) < 1e-14)
  })
  test('infinite and open ones', () => {
    const [a, b] = [
      [1, 2, 0],
      [3, 0, 0],
    ].map(list => nd.multiply(nd.eye(3), nd.asarray(list)))
    const found = (linalg.eigvals(a, { b }).toList() as nd.Complex[]).map(w => w.re)
    assert.ok(Math.abs(found[0] - 1 / 3) < 1e-15)
    assert.deepEqual(found.slice(1).sort(), [Infinity, Number.NaN].sort())
  })
  const bad: [string, () => unknown, string, RegExp][] = [
    ['other sizes', () => linalg.eig(nd.eye(2), { b: nd.eye(3) }), 'ShapeError', /\[2, 2\] and \[3, 3\]/],
    [
      'not definite',
      () => linalg.eigh(nd.eye(2), { b: nd.negative(nd.eye(2)) }),
      'LinearAlgebraError',
      /b is not positive definite: the pivot of row 0/,
    ],
    [
      'NaN',
      () => linalg.qz(nd.eye(2), nd.full([2, 2], Number.NaN)),
      'LinearAlgebraError',
      /qz: the matrix has an element/,
    ],
    ['not square', () => linalg.eigvals(nd.ones([2, 3]), { b: nd.ones([2, 3]) }), 'ShapeError', /must be square/],
  ]
  for (const [what, call, name, message] of bad) test(what, () => assert.throws(call, { name, message }))
})
