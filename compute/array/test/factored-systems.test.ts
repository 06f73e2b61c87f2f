/** Systems whose matrix is factored once: residuals as LAPACK tests itself (TESTING/LIN, dchkge and dchkpo), all below 30, and what SciPy gives. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as nd from '../src/index.ts'
import { isNear, matrices, recordedDtypes, recordedOf, recordedSizes } from './factored.ts'
import { adjoint, identity, isSmall, norm, random } from './residuals.ts'
import { runners } from './runners.ts'

const { linalg } = nd
const list = nd.asarray

/** Which system is solved: options, and the matrix that they ask for. */
const systems: [nd.linalg.FactoredOptions, (a: nd.NDArray) => nd.NDArray][] = [
  [{}, a => a],
  [{ transposed: true }, a => a.mT],
  [{ adjoint: true }, adjoint],
  [{ transposed: true, adjoint: true }, adjoint],
]

/** P·A of A. */
function exchanged(a: nd.NDArray, pivots: nd.NDArray): nd.NDArray {
  const order = Array.from({ length: a.shape[0] }, (_, i) => i)
  for (const [k, row] of (pivots.toList() as number[]).entries()) [order[k], order[row]] = [order[row], order[k]]
  return nd.take(a, nd.asarray(order, { dtype: 'int32' }), { axis: 0 })
}

for (const { name, skip, on } of runners) {
  describe(`systems that are factored once on ${name}`, { skip }, () => {
    const sizes = name === 'reference' ? [0, 1, 2, 9] : [0, 1, 2, 9, 33, 70]
    for (const dtype of ['float64', 'complex128', 'float32', 'complex64'] as const) {
      test(
        `LU, ${dtype}`,
        on(() => {
          for (const n of sizes) {
            const a = random(n, n, n, dtype)
            const factors = linalg.luFactor(a)
            assert.deepEqual([factors.lu.shape, factors.pivots.shape, factors.pivots.dtype], [[n, n], [n], 'int32'])
            const l = nd.add(nd.tril(factors.lu, { k: -1 }), identity(n, dtype))
            isSmall(
              'P·A − L·U',
              nd.subtract(nd.matmul(l, nd.triu(factors.lu)), exchanged(a, factors.pivots)),
              norm(a),
              a,
            )
            for (const columns of [1, 2, 5])
              for (const [options, of] of systems) {
                const b = random(n, columns, 3, dtype)
                const x = linalg.luSolve(factors, b, options)
                isSmall('A·X − B', nd.subtract(nd.matmul(of(a), x), b), norm(of(a)) * norm(x), a)
              }
          }
        }),
      )
      test(
        `LU of matrices that are not square, ${dtype}`,
        on(() => {
          for (const [m, n] of [
            [0, 3],
            [3, 0],
            [4, 9],
            [9, 4],
          ]) {
            const a = random(m, n, 1, dtype)
            const { lu, pivots } = linalg.luFactor(a)
            const rank = Math.min(m, n)
            assert.deepEqual([lu.shape, pivots.shape], [[m, n], [rank]])
            const l = nd.add(nd.tril(lu, { k: -1 }).at(':', { begin: 0, end: rank }), nd.eye(m, rank, { dtype }))
            const u = nd.triu(lu).at({ begin: 0, end: rank })
            isSmall('P·A − L·U', nd.subtract(nd.matmul(l, u), exchanged(a, pivots)), norm(a), a)
          }
        }),
      )
      test(
        `Cholesky, ${dtype}`,
        on(() => {
          for (const n of sizes) {
            const g = random(n, n, n, dtype)
            const a = nd.add(nd.matmul(g, adjoint(g)), nd.multiply(identity(n, dtype), Math.max(1, n))).eval()
            const b = random(n, 3, 7, dtype)
            for (const upper of [false, true]) {
              const x = linalg.choleskySolve(linalg.cholesky(a, { upper }), b, { upper })
              isSmall('A·X − B', nd.subtract(nd.matmul(a, x), b), norm(a) * norm(x), a)
            }
          }
        }),
      )
    }
  })
}

describe('recorded of SciPy', () => {
  for (const dtype of recordedDtypes)
    for (const n of recordedSizes)
      test(`${dtype} ${n}`, () => {
        const { regular, definite, b } = matrices(dtype, n)
        const factors = linalg.luFactor(regular)
        isNear('lu', factors.lu, recordedOf('lu', dtype, n))
        assert.deepEqual(factors.pivots.toList(), recordedOf('pivots', dtype, n).toList())
        isNear('solve', linalg.luSolve(factors, b), recordedOf('solve', dtype, n))
        isNear('transposed', linalg.luSolve(factors, b, { transposed: true }), recordedOf('transposed', dtype, n))
        isNear('adjoint', linalg.luSolve(factors, b, { adjoint: true }), recordedOf('adjoint', dtype, n))
        isNear('Cholesky', linalg.choleskySolve(linalg.cholesky(definite), b), recordedOf('choleskySolve', dtype, n))
      })
})

describe('what is known of factored systems', () => {
  test('batches are broadcast, one axis is a column, real beside complex', () => {
    const a = random(18, 3, 1).reshape([2, 3, 3, 3])
    const factors = linalg.luFactor(a)
    const b = random(3, 2, 4, 'complex128')
    const x = linalg.luSolve(factors, b)
    assert.deepEqual([x.shape, x.dtype, factors.pivots.shape], [[2, 3, 3, 2], 'complex128', [2, 3, 3]])
    isNear('of one', x.at(1, 2), linalg.luSolve(linalg.luFactor(a.at(1, 2)), b))
    const column = nd.asarray([1, 2, 3])
    assert.deepEqual(linalg.luSolve(factors, column).toList(), linalg.solve(a, column).toList())
    const one = linalg.luFactor(a.at(0, 0))
    assert.deepEqual(linalg.luSolve(one, random(12, 2, 1).reshape([4, 3, 2])).shape, [4, 3, 2])
    const l = linalg.cholesky(nd.add(nd.matmul(a, a.mT), nd.eye(3)))
    assert.deepEqual(linalg.choleskySolve(l, column).shape, [2, 3, 3])
  })
  test('views, integers and what is given stay as they are', () => {
    const a = random(6, 4, 1)
    const view = a.at({ begin: 5, step: -2 }, { begin: 1, end: 4 })
    isNear('a view', linalg.luFactor(view).lu, linalg.luFactor(nd.copy(view)).lu)
    const factors = linalg.luFactor(
      nd.asarray(
        [
          [0, 2],
          [1, 1],
        ],
        { dtype: 'int32' },
      ),
    )
    const before = factors.lu.toList()
    assert.deepEqual(linalg.luSolve(factors, nd.asarray([2, 3], { dtype: 'int32' })).toList(), [2, 1])
    linalg.luSolve(factors, nd.asarray([2, 3]), { transposed: true })
    assert.deepEqual(factors.lu.toList(), before)
    // The other triangle is not read.
    const l = nd.asarray([
      [2, Number.NaN],
      [1, 1],
    ])
    assert.deepEqual(linalg.choleskySolve(l, nd.asarray([4, 3])).toList(), [0.5, 1])
  })
  test('a singular matrix is factored, not solved with; NaN reaches the result', () => {
    const factors = linalg.luFactor(
      list([
        [1, 2],
        [2, 4],
      ]),
    )
    assert.equal(factors.lu.at(1, 1).item(), 0)
    assert.throws(() => linalg.luSolve(factors, list([1, 1])), {
      name: 'LinearAlgebraError',
      message: 'luSolve: the matrix is singular: there is no pivot in column 1. nd.linalg.lstsq takes it.',
    })
    const nan = linalg.luSolve(
      linalg.luFactor(
        list([
          [Number.NaN, 2],
          [2, 4],
        ]),
      ),
      list([1, 1]),
    )
    assert.ok(Number.isNaN(nan.at(0).item()))
  })
  const good = linalg.luFactor(nd.eye(2))
  const bad: [string, () => unknown, string, RegExp][] = [
    ['one axis', () => linalg.luFactor(list([1, 2])), 'ShapeError', /luFactor: x must have two axes or more/],
    ['other rows', () => linalg.luSolve(good, nd.ones([3, 1])), 'ShapeError', /\[2, 2\] has 2 columns, \[3, 1\] has 3/],
    ['not square', () => linalg.luSolve(linalg.luFactor(nd.ones([2, 3])), nd.ones(3)), 'ShapeError', /must be square/],
    ['no factors', () => linalg.luSolve(nd.eye(2) as never, list([1, 2])), 'ArgumentError', /what luFactor gives/],
    [
      'pivots of another size',
      () => linalg.luSolve({ ...good, pivots: nd.zeros([3], { dtype: 'int32' }) }, list([1, 2])),
      'ShapeError',
      /\[3\] and \[2, 2\]/,
    ],
    [
      'pivots out of range',
      () => linalg.luSolve({ ...good, pivots: nd.asarray([0, 2], { dtype: 'int32' }) }, list([1, 2])),
      'ArgumentError',
      /rows from 0 to 1/,
    ],
    [
      'pivots that are no int32',
      () => linalg.luSolve({ ...good, pivots: nd.asarray([0, 1.5]) }, list([1, 2])),
      'DTypeError',
      /pivots of int32, not float64/,
    ],
    [
      'a factor with zero',
      () => linalg.choleskySolve(nd.zeros([2, 2]), list([1, 2])),
      'LinearAlgebraError',
      /no pivot in column 0/,
    ],
    ['float16', () => linalg.luFactor(nd.ones([2, 2], { dtype: 'float16' })), 'DTypeError', /float16/],
  ]
  for (const [what, call, name, message] of bad) test(what, () => assert.throws(call, { name, message }))
})
