/** Banded systems, factors with exchanges, subspaces and matrices known by name, against whole matrices and what defines them. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as nd from '../src/index.ts'
import { adjoint, epsilon, identity, isSmall, isUnitary, norm, random } from './residuals.ts'
import { runners } from './runners.ts'

const { linalg } = nd

const dtypes = ['float64', 'complex128', 'float32', 'complex64'] as const

/** The matrix of which `ab` has the diagonals: the highest first. */
function whole(ab: nd.NDArray, lower: number, upper: number): nd.NDArray {
  const n = ab.shape[1]
  const rows = ab.toList() as unknown[][]
  const at = (i: number, j: number) => (i - j > lower || j - i > upper ? 0 : rows[upper + i - j][j])
  return nd.reshape(
    nd.asarray(Array.from({ length: n * n }, (_, k) => at(Math.floor(k / n), k % n)) as number[], { dtype: ab.dtype }),
    [n, n],
  )
}

const bandwidths = [
  [0, 0],
  [1, 1],
  [2, 1],
  [0, 3],
  [3, 0],
  [4, 4],
] as const
const sizes = [1, 2, 3, 5, 17]

describe('bands', () => {
  for (const dtype of dtypes) {
    test(`any, ${dtype}`, () => {
      for (const [lower, upper] of bandwidths)
        for (const n of sizes) {
          // Nothing makes the diagonal large: rows are exchanged.
          const ab = random(lower + upper + 1, n, n + lower, dtype)
          const a = whole(ab, lower, upper)
          const b = random(n, 3, 9, dtype)
          const x = linalg.solveBanded([lower, upper], ab, b)
          assert.deepEqual([x.shape, x.dtype], [[n, 3], dtype])
          isSmall(`${lower}, ${upper}`, nd.subtract(nd.matmul(a, x), b), norm(a) * norm(x), a)
        }
    })
    test(`definite, ${dtype}`, () => {
      for (const width of [0, 1, 3])
        for (const n of sizes) {
          const upper = random(width + 1, n, n, dtype)
          const main = nd.zeros([width + 1, n], { dtype })
          main.at(width).assign(2 * width + 2)
          const above = nd.where(nd.equal(nd.arange(width + 1).reshape([-1, 1]), width), main, upper).eval()
          const triangle = whole(above, 0, width)
          const a = nd.add(triangle, nd.triu(triangle, { k: 1 }).mT).eval()
          const hermitian = dtype.startsWith('complex')
            ? nd.add(triangle, adjoint(nd.triu(triangle, { k: 1 }))).eval()
            : a
          const below = nd.asarray(
            Array.from({ length: width + 1 }, (_, d) =>
              Array.from({ length: n }, (_, j) => (j + d < n ? hermitian.at(j + d, j).item() : 0)),
            ) as number[][],
            { dtype },
          )
          const b = random(n, 2, 3, dtype)
          for (const lower of [false, true]) {
            const given = lower ? below : above
            const x = linalg.solvehBanded(given, b, { lower })
            isSmall('A·X − B', nd.subtract(nd.matmul(hermitian, x), b), norm(hermitian) * norm(x), hermitian)
            const c = linalg.choleskyBanded(given, { lower })
            const factor = lower ? adjoint(whole(nd.flip(c, 0), 0, 0)) : whole(c, 0, width)
            if (!lower)
              isSmall(
                'A − Uᴴ·U',
                nd.subtract(nd.matmul(adjoint(factor), factor), hermitian),
                norm(hermitian),
                hermitian,
              )
            else {
              const l = whole(c, width, 0)
              isSmall('A − L·Lᴴ', nd.subtract(nd.matmul(l, adjoint(l)), hermitian), norm(hermitian), hermitian)
            }
            const again = linalg.choSolveBanded(c, b, { lower })
            isSmall('by the factor', nd.subtract(again, x), norm(x), hermitian)
          }
        }
    })
  }
  test('three diagonals', () => {
    for (const n of [1, 2, 9]) {
      const [l, d, u] = [n - 1, n, n - 1].map((m, k) => random(1, m, k).reshape([-1]))
      const a = nd.add(nd.add(nd.diag(d), n > 1 ? nd.diag(u, { k: 1 }) : 0), n > 1 ? nd.diag(l, { k: -1 }) : 0).eval()
      const b = random(1, n, 7).reshape([-1])
      const x = linalg.solveTridiagonal(l, d, u, b)
      assert.deepEqual(x.shape, [n])
      isSmall('A·x − b', nd.subtract(nd.matmul(a, x), b).reshape([n, 1]), norm(a) * norm(x.reshape([n, 1])), a)
      const symmetric = nd.add(nd.diag(d), n > 1 ? nd.add(nd.diag(u, { k: 1 }), nd.diag(u, { k: -1 })) : 0).eval()
      const { eigenvalues, eigenvectors } = linalg.eighTridiagonal(d, u)
      isUnitary('Z', eigenvectors)
      isSmall(
        'A·Z − Z·W',
        nd.subtract(nd.matmul(symmetric, eigenvectors), nd.multiply(eigenvectors, eigenvalues)),
        norm(symmetric),
        symmetric,
      )
    }
  })
  test('batches, vectors, nothing', () => {
    const ab = nd.add(random(6, 4, 1).reshape([2, 3, 4]), nd.asarray([[0], [5], [0]]))
    const x = linalg.solveBanded([1, 1], ab, nd.ones([4]))
    assert.deepEqual(x.shape, [2, 4])
    assert.deepEqual(x.at(1).toList(), linalg.solveBanded([1, 1], ab.at(1), nd.ones([4])).toList())
    assert.deepEqual(linalg.solveBanded([1, 0], nd.zeros([2, 0]), nd.zeros([0, 2])).shape, [0, 2])
    assert.deepEqual(linalg.eighTridiagonal(nd.zeros([0]), nd.zeros([0])).eigenvectors.shape, [0, 0])
    const nan = linalg.solveBanded([0, 0], nd.asarray([[Number.NaN, 1]]), nd.ones([2]))
    assert.deepEqual(nan.toList(), [Number.NaN, 1])
  })
})

for (const { name, skip, on } of runners)
  describe(`factors with exchanges on ${name}`, { skip }, () => {
    for (const dtype of dtypes) {
      test(
        `LU, and QR by the length of columns, ${dtype}`,
        on(() => {
          for (const n of [0, 1, 4, 21])
            for (const m of [n, n + 3, Math.ceil(n / 2)])
              for (const a of [
                random(m, n, 1, dtype),
                nd.matmul(random(m, 2, 1, dtype), random(2, n, 2, dtype)).eval(),
                nd.zeros([m, n], { dtype }),
              ]) {
                const { p, l, u } = linalg.lu(a)
                isSmall('A − P·L·U', nd.subtract(nd.matmul(nd.matmul(p, l), u), a), norm(a), a)
                assert.equal(norm(nd.triu(l, { k: 1 })) + norm(nd.tril(u, { k: -1 })), 0)
                assert.ok(nd.all(nd.lessEqual(nd.abs(l), 1.5)).item())
                for (const mode of ['reduced', 'complete'] as const) {
                  const { q, r, p: order } = linalg.qr(a, { mode, pivoting: true })
                  isUnitary('Q', q)
                  isSmall('A·P − Q·R', nd.subtract(nd.matmul(q, r), nd.take(a, order, { axis: 1 })), norm(a), a)
                  assert.equal(norm(nd.tril(r, { k: -1 })), 0)
                  const diagonal = nd.abs(linalg.diagonal(r)).toList() as number[]
                  for (let k = 1; k < diagonal.length; k++)
                    assert.ok(diagonal[k] <= diagonal[k - 1] * (1 + 1e-4) + norm(a) * epsilon(a))
                }
              }
        }),
      )
      test(
        `subspaces, ${dtype}`,
        on(() => {
          for (const [m, n, rank] of [
            [5, 7, 3],
            [7, 5, 5],
            [4, 4, 1],
          ]) {
            const a = nd.matmul(random(m, rank, 1, dtype), random(rank, n, 2, dtype)).eval()
            const zero = linalg.nullSpace(a)
            assert.deepEqual(zero.shape, [n, n - rank])
            isSmall('A·N', nd.matmul(a, zero), norm(a), a)
            const span = linalg.orth(a)
            assert.deepEqual(span.shape, [m, rank])
            isSmall('the span', nd.subtract(nd.matmul(span, nd.matmul(adjoint(span), a)), a), norm(a), a)
            for (const x of [zero, span]) if (x.size > 0) isUnitary('a basis', x)
            for (const side of ['left', 'right'] as const) {
              const { u, p } = linalg.polar(a, { side })
              isSmall('A − U·P', nd.subtract(side === 'left' ? nd.matmul(p, u) : nd.matmul(u, p), a), norm(a), a)
              isSmall('P − Pᴴ', nd.subtract(p, adjoint(p)), norm(a), a)
              assert.ok((linalg.eigvalsh(p).toList() as number[]).every(w => w > -1e-4 * norm(a)))
            }
          }
        }),
      )
    }
  })

describe('matrices known by name', () => {
  const cases: [string, () => nd.NDArray, unknown][] = [
    [
      'toeplitz',
      () => linalg.toeplitz(nd.asarray([1, 2, 3]), nd.asarray([9, 4])),
      [
        [1, 4],
        [2, 1],
        [3, 2],
      ],
    ],
    [
      'toeplitz, symmetric',
      () => linalg.toeplitz(nd.asarray([1, 2, 3])),
      [
        [1, 2, 3],
        [2, 1, 2],
        [3, 2, 1],
      ],
    ],
    [
      'hankel',
      () => linalg.hankel(nd.asarray([1, 2, 3]), nd.asarray([9, 4])),
      [
        [1, 2],
        [2, 3],
        [3, 4],
      ],
    ],
    [
      'hankel, alone',
      () => linalg.hankel(nd.asarray([1, 2])),
      [
        [1, 2],
        [2, 0],
      ],
    ],
    [
      'circulant',
      () => linalg.circulant(nd.asarray([1, 2, 3])),
      [
        [1, 3, 2],
        [2, 1, 3],
        [3, 2, 1],
      ],
    ],
    [
      'blocks',
      () => linalg.blockDiag(nd.ones([1, 2]), nd.asarray([3]), nd.zeros([1, 0])),
      [
        [1, 1, 0],
        [0, 0, 3],
        [0, 0, 0],
      ],
    ],
    [
      'companion',
      () => linalg.companion(nd.asarray([2, -4, 6])),
      [
        [2, -3],
        [1, 0],
      ],
    ],
    [
      'hilbert',
      () => linalg.hilbert(2),
      [
        [1, 1 / 2],
        [1 / 2, 1 / 3],
      ],
    ],
    [
      'invhilbert',
      () => linalg.invhilbert(3),
      [
        [9, -36, 30],
        [-36, 192, -180],
        [30, -180, 180],
      ],
    ],
    [
      'pascal',
      () => linalg.pascal(3),
      [
        [1, 1, 1],
        [1, 2, 3],
        [1, 3, 6],
      ],
    ],
    [
      'pascal, lower',
      () => linalg.pascal(3, { kind: 'lower' }),
      [
        [1, 0, 0],
        [1, 1, 0],
        [1, 2, 1],
      ],
    ],
    [
      'pascal, upper',
      () => linalg.pascal(3, { kind: 'upper' }),
      [
        [1, 1, 1],
        [0, 1, 2],
        [0, 0, 1],
      ],
    ],
    [
      'hadamard',
      () => linalg.hadamard(2),
      [
        [1, 1],
        [1, -1],
      ],
    ],
    [
      'leslie',
      () => linalg.leslie(nd.asarray([1, 2, 3]), nd.asarray([0.5, 0.25])),
      [
        [1, 2, 3],
        [0.5, 0, 0],
        [0, 0.25, 0],
      ],
    ],
    ['nothing', () => linalg.toeplitz(nd.zeros([0])), []],
  ]
  for (const [what, make, expected] of cases) test(what, () => assert.deepEqual(make().toList(), expected))
  test('of complex numbers', () => {
    const t = linalg.toeplitz(nd.asarray([1, { re: 0, im: 2 }]))
    assert.deepEqual(t.toList(), [
      [
        { re: 1, im: 0 },
        { re: 0, im: -2 },
      ],
      [
        { re: 0, im: 2 },
        { re: 1, im: 0 },
      ],
    ])
  })
  test('what they are for', () => {
    assert.deepEqual(nd.matmul(linalg.hadamard(8), linalg.hadamard(8).mT).toList(), nd.multiply(nd.eye(8), 8).toList())
    assert.ok(norm(nd.subtract(nd.matmul(linalg.hilbert(5), linalg.invhilbert(5)), nd.eye(5))) < 1e-9)
    const x = random(1, 6, 1, 'complex128').reshape([6])
    assert.ok(nd.allclose(nd.matmul(linalg.dft(6), x), nd.fft.fft(x), { rtol: 1e-13, atol: 1e-13 }))
    isUnitary('dft', linalg.dft(6, { norm: 'ortho' }))
    const roots = (linalg.eigvals(linalg.companion(nd.asarray([1, -6, 11, -6]))).toList() as nd.Complex[]).map(w =>
      Math.round(w.re),
    )
    assert.deepEqual(roots.sort(), [1, 2, 3])
    const c = random(1, 5, 2).reshape([5])
    assert.ok(nd.allclose(nd.matmul(linalg.circulant(c), nd.ones([5])), nd.multiply(nd.ones([5]), nd.sum(c))))
    assert.deepEqual(identity(2, 'float64').toList(), linalg.blockDiag(nd.ones([1]), nd.ones([1])).toList())
  })
})

describe('what cannot be done', () => {
  const bad: [string, () => unknown, string, RegExp][] = [
    [
      'a singular band',
      () =>
        linalg.solveBanded(
          [0, 1],
          nd.asarray([
            [0, 1],
            [1, 0],
          ]),
          nd.ones([2]),
        ),
      'LinearAlgebraError',
      /solveBanded: .* column 1/,
    ],
    [
      'other rows',
      () => linalg.solveBanded([1, 1], nd.ones([2, 2]), nd.ones([2])),
      'ShapeError',
      /3 rows for 1 diagonals below and 1 above, not 2/,
    ],
    [
      'other sizes',
      () => linalg.solveBanded([1, 1], nd.ones([3, 2]), nd.ones([3])),
      'ShapeError',
      /\[3, 2\] and \[3\]/,
    ],
    [
      'bandwidths',
      () => linalg.solveBanded([-1, 1], nd.ones([1, 2]), nd.ones([2])),
      'ArgumentError',
      /two whole numbers/,
    ],
    [
      'not definite',
      () =>
        linalg.solvehBanded(
          nd.asarray([
            [0, 2],
            [1, 1],
          ]),
          nd.ones([2]),
        ),
      'LinearAlgebraError',
      /pivot of row 1/,
    ],
    ['NaN', () => linalg.choleskyBanded(nd.asarray([[Number.NaN]])), 'LinearAlgebraError', /pivot of row 0/],
    [
      'NaN beside',
      () => linalg.eighTridiagonal(nd.ones([2]), nd.asarray([Number.NaN])),
      'LinearAlgebraError',
      /an element that is NaN/,
    ],
    [
      'complex diagonals',
      () => linalg.eighTridiagonal(nd.ones([1], { dtype: 'complex64' }), nd.ones([0])),
      'DTypeError',
      /real numbers/,
    ],
    [
      'diagonals',
      () => linalg.solveTridiagonal(nd.ones([2]), nd.ones([2]), nd.ones([1]), nd.ones([2])),
      'ShapeError',
      /1, 2 and 1 elements/,
    ],
    ['a stack', () => linalg.orth(nd.ones([2, 2, 2])), 'ShapeError', /one matrix/],
    ['two axes', () => linalg.toeplitz(nd.eye(2)), 'ShapeError', /one axis/],
    ['no power of 2', () => linalg.hadamard(6), 'ArgumentError', /a power of 2/],
    ['a negative size', () => linalg.hilbert(-1), 'ArgumentError', /a whole number from 0/],
    ['a leading zero', () => linalg.companion(nd.asarray([0, 1])), 'ArgumentError', /other than 0/],
    ['survivals', () => linalg.leslie(nd.ones([2]), nd.ones([2])), 'ShapeError', /one element less/],
    ['a kind', () => linalg.pascal(2, { kind: 'x' as 'lower' }), 'ArgumentError', /'symmetric', 'lower' or 'upper'/],
    ['an infinite matrix', () => linalg.polar(nd.full([2, 2], Infinity)), 'LinearAlgebraError', /Infinity/],
  ]
  for (const [what, call, name, message] of bad) test(what, () => assert.throws(call, { name, message }))
})
