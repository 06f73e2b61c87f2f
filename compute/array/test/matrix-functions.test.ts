/** Functions of matrices and equations with matrices: against SciPy's, against what defines them, and where they are not defined. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import * as nd from '../src/index.ts'
import { arrayOf, type RecordedArray, samples } from './recorded.ts'
import { adjoint, epsilon, identity, norm, random } from './residuals.ts'
import { runners } from './runners.ts'

const { linalg } = nd

const file = new URL('./numpy/recorded-linalg.json.gz', import.meta.url)
const { cases } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
  cases: { call: string; dtype: 'float64' | 'complex128'; kind: string; out: RecordedArray }[]
}

/** As numpy/record_linalg.py makes them. */
const operands = (dtype: 'float64' | 'complex128', kind: string) => {
  const [g, b, q] = [0, 1, 2].map(k => samples(dtype, [5, 5 + k]).at(':', '0:5'))
  const one = identity(5, dtype)
  const a = nd.add(g, nd.multiply(one, nd.asarray([1, 2, 3, 4, 5], { dtype: 'int32' }))).eval()
  const x =
    kind === 'dense' ? a : kind === 'near one' ? nd.add(one, nd.divide(a, 40)) : nd.add(nd.matmul(a, adjoint(a)), one)
  return { a: x.eval(), b, q, definite: nd.add(nd.matmul(a, adjoint(a)), one).eval() }
}

type Operands = ReturnType<typeof operands>
const part =
  (call: 'cosm' | 'sinm' | 'tanm' | 'coshm' | 'sinhm' | 'tanhm') =>
  ({ a }: Operands) =>
    linalg[call](nd.divide(a, 8))
const calls: Record<string, (given: Operands) => nd.NDArray> = {
  eigvals: ({ a }) => linalg.eigvals(a),
  eigvalsPair: ({ a, b }) => linalg.eigvals(a, { b }),
  eigvalshPair: ({ a, definite }) => linalg.eigvalsh(nd.add(a, adjoint(a)), { b: definite }),
  expm: ({ a }) => linalg.expm(nd.divide(a, 4)),
  cosm: part('cosm'),
  sinm: part('sinm'),
  tanm: part('tanm'),
  coshm: part('coshm'),
  sinhm: part('sinhm'),
  tanhm: part('tanhm'),
  sqrtm: ({ a }) => linalg.sqrtm(a),
  logm: ({ a }) => linalg.logm(a),
  fractionalMatrixPower: ({ a }) => linalg.fractionalMatrixPower(a, 0.3),
  solveSylvester: ({ a, b, q }) => linalg.solveSylvester(a, b, q),
  solveContinuousLyapunov: ({ a, q }) => linalg.solveContinuousLyapunov(a, q),
  solveDiscreteLyapunov: ({ a, q }) => linalg.solveDiscreteLyapunov(nd.divide(a, 4), q),
}

/** The sum, over values in no order, of the distance to the nearest one, each taken once. */
function unmatched(found: nd.NDArray, expected: nd.NDArray): number {
  const left = expected.toList() as nd.Complex[]
  let worst = 0
  for (const w of found.toList() as nd.Complex[]) {
    const far = left.map(v => Math.hypot(v.re - w.re, v.im - w.im))
    const nearest = far.indexOf(Math.min(...far))
    worst = Math.max(worst, far[nearest])
    left.splice(nearest, 1)
  }
  return worst
}

describe('recorded of SciPy', () => {
  for (const call of Object.keys(calls))
    test(call, () => {
      const recorded = cases.filter(c => c.call === call)
      assert.ok(recorded.length > 0)
      for (const { dtype, kind, out } of recorded) {
        const found = nd.astype(calls[call](operands(dtype, kind)), 'complex128')
        const expected = nd.astype(arrayOf(out), 'complex128')
        const size = Number(nd.max(nd.abs(expected)).item())
        const off =
          call.startsWith('eigvals') && !call.startsWith('eigvalsh')
            ? unmatched(found, expected)
            : Number(nd.max(nd.abs(nd.subtract(found, expected))).item())
        assert.ok(off <= 1e-11 * size, `${dtype} ${kind}: ${off} of ${size}`)
      }
    })
})

const isClose = (what: string, found: nd.NDArray, expected: nd.NDArray, most: number) => {
  const off = norm(nd.subtract(found, expected))
  assert.ok(off <= most * epsilon(expected) * (1 + norm(expected)), `${what}: ${off} of ${norm(expected)}`)
}

for (const { name, skip, on } of runners) {
  describe(`functions of matrices on ${name}`, { skip }, () => {
    const sizes = name === 'reference' ? [0, 1, 2, 5] : [0, 1, 2, 3, 5, 20]
    for (const dtype of ['float64', 'complex128', 'float32', 'complex64'] as const) {
      test(
        `roots, logarithms and powers, ${dtype}`,
        on(() => {
          for (const n of sizes) {
            // With eigenvalues of all angles but that of −1.
            const turned = nd
              .add(nd.divide(random(n, n, n, dtype), Math.max(1, n / 3)), nd.multiply(identity(n, dtype), 2))
              .eval()
            const r = linalg.sqrtm(turned)
            assert.equal(r.dtype, dtype)
            isClose('R·R', nd.matmul(r, r), turned, 200)
            const l = linalg.logm(turned)
            assert.equal(l.dtype, dtype)
            isClose('exp log', linalg.expm(l), turned, 200)
            isClose('log R', nd.multiply(linalg.logm(r), 2), l, 200)
            const third = linalg.fractionalMatrixPower(turned, 1 / 3)
            isClose('a third', nd.matmul(third, nd.matmul(third, third)), turned, 300)
            const [c, s] = [linalg.cosm(turned), linalg.sinm(turned)]
            assert.deepEqual([c.dtype, s.dtype], [dtype, dtype])
            isClose(
              'cos² + sin²',
              nd.add(nd.matmul(c, c), nd.matmul(s, s)),
              identity(n, dtype),
              200 * (1 + norm(c)) ** 2,
            )
            const exponential = linalg.funm(turned, z => ({
              re: Math.exp(z.re) * Math.cos(z.im),
              im: Math.exp(z.re) * Math.sin(z.im),
            }))
            assert.equal(exponential.dtype, dtype)
            isClose('exp', exponential, linalg.expm(turned), 2000)
          }
        }),
      )
      test(
        `equations, ${dtype}`,
        on(() => {
          for (const n of sizes)
            for (const m of [n, n + 2]) {
              const a = nd.add(random(m, m, 1, dtype), nd.multiply(identity(m, dtype), m)).eval()
              const b = nd.add(random(n, n, 2, dtype), nd.multiply(identity(n, dtype), n)).eval()
              const q = random(m, n, 3, dtype)
              const x = linalg.solveSylvester(a, b, q)
              assert.deepEqual([x.shape, x.dtype], [[m, n], dtype])
              isClose('A·X + X·B', nd.add(nd.matmul(a, x), nd.matmul(x, b)), q, 100 * (1 + norm(a) + norm(b)))
              const square = random(m, m, 4, dtype)
              const y = linalg.solveContinuousLyapunov(a, square)
              isClose('A·X + X·Aᴴ', nd.add(nd.matmul(a, y), nd.matmul(y, adjoint(a))), square, 100 * (1 + norm(a)))
              const small = nd.divide(a, 3 * m + 1).eval()
              const z = linalg.solveDiscreteLyapunov(small, square)
              isClose('X − A·X·Aᴴ', nd.subtract(z, nd.matmul(nd.matmul(small, z), adjoint(small))), square, 200)
            }
        }),
      )
    }
  })
}

describe('what is known of functions of matrices', () => {
  test('of Jordan blocks', () => {
    const block = nd.asarray([
      [4, 1, 0],
      [0, 4, 1],
      [0, 0, 4],
    ])
    isClose(
      'root',
      linalg.sqrtm(block),
      nd.asarray([
        [2, 1 / 4, -1 / 64],
        [0, 2, 1 / 4],
        [0, 0, 2],
      ]),
      10,
    )
    isClose(
      'log',
      linalg.logm(block),
      nd.asarray([
        [Math.log(4), 1 / 4, -1 / 32],
        [0, Math.log(4), 1 / 4],
        [0, 0, Math.log(4)],
      ]),
      10,
    )
  })
  test('of negative eigenvalues they are complex', () => {
    const minus = nd.asarray([
      [-4, 0],
      [0, -9],
    ])
    const i = { re: 0, im: 1 }
    isClose(
      'root',
      linalg.sqrtm(minus),
      nd.multiply(
        nd.asarray([
          [2, 0],
          [0, 3],
        ]),
        i,
      ),
      4,
    )
    isClose('log', nd.imag(linalg.logm(minus)), nd.multiply(nd.eye(2), Math.PI), 4)
    assert.equal(linalg.logm(nd.astype(minus, 'float32')).dtype, 'complex64')
    const turn = nd.asarray([
      [0, -1],
      [1, 0],
    ])
    isClose('log of a turn', linalg.logm(turn), nd.multiply(turn, Math.PI / 2), 4)
  })
  test('eigenvalues beside the cut, and large and small ones', () => {
    const a = nd.asarray([
      [{ re: -1, im: 1e-8 }, 1e-3],
      [0, { re: -1, im: -1e-8 }],
    ])
    isClose('beside the cut', linalg.expm(linalg.logm(a)), a, 1e6)
    const wide = nd.asarray([
      [1e-12, 1],
      [0, 1e12],
    ])
    isClose('wide', nd.matmul(linalg.sqrtm(wide), linalg.sqrtm(wide)), wide, 10)
    assert.deepEqual(
      (linalg.diagonal(linalg.logm(wide)).toList() as number[]).map(v => Math.round(v * 1e9)),
      [-27631021116, 27631021116],
    )
  })
  test('symmetric ones are what eigh says', () => {
    const g = random(6, 6, 1)
    const a = nd.add(nd.matmul(g, g.mT), nd.eye(6)).eval()
    const { eigenvalues: w, eigenvectors: v } = linalg.eigh(a)
    const of = (f: (x: nd.NDArray) => nd.NDArray) => nd.matmul(nd.multiply(v, f(w)), v.mT)
    isClose('root', linalg.sqrtm(a), of(nd.sqrt), 100)
    isClose('log', linalg.logm(a), of(nd.log), 100)
    isClose('tanh', linalg.tanhm(a), of(nd.tanh), 1e5)
    isClose(
      'funm',
      linalg.funm(a, z => Math.cbrt(z.re)),
      of(nd.cbrt),
      100,
    )
  })
  test('batches', () => {
    const a = nd.add(random(18, 3, 1).reshape([2, 3, 3, 3]), nd.multiply(nd.eye(3), 3)).eval()
    const b = a.at(0, 0)
    assert.deepEqual(linalg.sqrtm(a).at(1, 2).toList(), linalg.sqrtm(a.at(1, 2)).toList())
    const x = linalg.solveSylvester(a, b, nd.eye(3))
    assert.deepEqual(x.shape, [2, 3, 3, 3])
    isClose('a batch', x.at(1, 1), linalg.solveSylvester(a.at(1, 1), b, nd.eye(3)), 20)
    assert.deepEqual(linalg.logm(nd.zeros([2, 0, 0])).shape, [2, 0, 0])
    const integers = nd.asarray(
      [
        [4, 0],
        [0, 9],
      ],
      { dtype: 'int32' },
    )
    assert.deepEqual(linalg.sqrtm(integers).toList(), [
      [2, 0],
      [0, 3],
    ])
    assert.deepEqual(linalg.sqrtm(nd.zeros([2, 2])).toList(), [
      [0, 0],
      [0, 0],
    ])
  })
  const [shift, nan] = [
    nd.asarray([
      [0, 1],
      [0, 0],
    ]),
    nd.full([2, 2], Number.NaN),
  ]
  const bad: [string, () => unknown, string, RegExp][] = [
    [
      'no root',
      () => linalg.sqrtm(shift),
      'LinearAlgebraError',
      /sqrtm: the matrix has the eigenvalue 0 more than once/,
    ],
    [
      'no logarithm',
      () => linalg.logm(nd.ones([1, 1]).subtract(1)),
      'LinearAlgebraError',
      /logm: the matrix is singular/,
    ],
    [
      'close eigenvalues',
      () =>
        linalg.funm(
          nd.asarray([
            [1, 1],
            [0, 1 + 1e-12],
          ]),
          z => z,
        ),
      'LinearAlgebraError',
      /apart/,
    ],
    [
      'equal eigenvalues',
      () =>
        linalg.funm(
          nd.asarray([
            [1, 1],
            [0, 1],
          ]),
          z => z,
        ),
      'LinearAlgebraError',
      /apart/,
    ],
    ['no function', () => linalg.funm(nd.eye(2), 'exp' as never), 'ArgumentError', /a function/],
    [
      'A and −B meet',
      () => linalg.solveSylvester(nd.eye(2), nd.negative(nd.eye(2)), nd.eye(2)),
      'LinearAlgebraError',
      /an eigenvalue of A is that of −B/,
    ],
    ['on the circle', () => linalg.solveDiscreteLyapunov(nd.eye(2), nd.eye(2)), 'LinearAlgebraError', /is 1/],
    [
      'other sizes',
      () => linalg.solveSylvester(nd.eye(2), nd.eye(3), nd.eye(3)),
      'ShapeError',
      /shape \[2, 3\], not \[3, 3\]/,
    ],
    ['NaN', () => linalg.logm(nan), 'LinearAlgebraError', /an element that is NaN/],
    [
      'NaN in a coefficient',
      () => linalg.solveSylvester(nan, nan, nan),
      'LinearAlgebraError',
      /an element that is NaN/,
    ],
    ['not square', () => linalg.sqrtm(nd.ones([2, 3])), 'ShapeError', /sqrtm: x must be square/],
    ['a power', () => linalg.fractionalMatrixPower(nd.eye(2), Number.NaN), 'ArgumentError', /finite/],
  ]
  for (const [what, call, name, message] of bad) test(what, () => assert.throws(call, { name, message }))
})
