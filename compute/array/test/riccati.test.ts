/** Riccati's equations: against SciPy, by residuals and by what their solutions are for. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import * as nd from '../src/index.ts'
import { arrayOf, type RecordedArray, samples } from './recorded.ts'
import { adjoint, identity, norm, random } from './residuals.ts'
import { runners } from './runners.ts'

const { linalg } = nd

const file = new URL('./numpy/recorded-riccati.json.gz', import.meta.url)
const { cases } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
  cases: { call: string; dtype: 'float64' | 'complex128'; n: number; out: RecordedArray }[]
}

const calls = { solve_continuous_are: linalg.solveContinuousAre, solve_discrete_are: linalg.solveDiscreteAre }

describe('recorded of SciPy', () => {
  assert.equal(cases.length, 12)
  for (const { call, dtype, n, out } of cases)
    test(`${call} ${dtype} ${n}`, () => {
      const [a, b] = [samples(dtype, [n, n]), samples(dtype, [n, 2])]
      const x = calls[call as keyof typeof calls](a, b, identity(n, 'float64'), nd.multiply(nd.eye(2), 3))
      const expected = arrayOf(out)
      assert.ok(norm(nd.subtract(x, expected)) < 1e-10 * norm(expected), String(x))
    })
})

const product = (...factors: nd.NDArray[]) => factors.reduce((x, y) => nd.matmul(x, y).eval())

for (const { name, skip, on } of runners) {
  describe(`Riccati's equations on ${name}`, { skip }, () => {
    const sizes = name === 'reference' ? [0, 1, 3] : [0, 1, 3, 8, 20]
    for (const dtype of ['float64', 'complex128', 'float32', 'complex64'] as const)
      test(
        dtype,
        on(() => {
          for (const n of sizes) {
            const m = Math.ceil(n / 2) || 1
            const [a, b] = [random(n, n, 1, dtype), random(n, m, 2, dtype)]
            const [q, r] = [identity(n, dtype), nd.multiply(identity(m, dtype), 2).eval()]
            const narrow = dtype === 'float32' || dtype === 'complex64'
            const most = narrow ? 1e-3 : 1e-10
            const x = linalg.solveContinuousAre(a, b, q, r)
            assert.deepEqual([x.shape, x.dtype], [[n, n], dtype])
            const gain = linalg.solve(r, product(adjoint(b), x))
            const off = nd.add(nd.subtract(nd.add(product(adjoint(a), x), product(x, a)), product(x, b, gain)), q)
            assert.ok(norm(off) <= most * (1 + norm(x)) ** 2, `continuous, ${n}: ${norm(off)}`)
            const moved = linalg.eigvals(nd.subtract(a, product(b, gain))).toList() as nd.Complex[]
            assert.ok(moved.every(({ re }) => re < 0))

            const y = linalg.solveDiscreteAre(a, b, q, r)
            assert.deepEqual([y.shape, y.dtype], [[n, n], dtype])
            const ya = product(adjoint(b), y, a)
            const other = linalg.solve(nd.add(r, product(adjoint(b), y, b)), ya)
            const left = nd.add(nd.subtract(nd.subtract(product(adjoint(a), y, a), y), product(adjoint(ya), other)), q)
            assert.ok(norm(left) <= most * (1 + norm(y)) ** 2, `discrete, ${n}: ${norm(left)}`)
            const inside = linalg.eigvals(nd.subtract(a, product(b, other))).toList() as nd.Complex[]
            assert.ok(inside.every(({ re, im }) => Math.hypot(re, im) < 1))
          }
        }),
      )
  })
}

describe("what is known of Riccati's equations", () => {
  const [one, zero] = [nd.eye(1), nd.zeros([1, 1])]
  test('numbers', () => {
    // 2x − x² + 1 = 0, and x = x / (1 + x) + 1.
    assert.ok(Math.abs(Number(linalg.solveContinuousAre(one, one, one, one).item()) - (1 + Math.SQRT2)) < 1e-14)
    assert.ok(Math.abs(Number(linalg.solveDiscreteAre(one, one, one, one).item()) - (1 + Math.sqrt(5)) / 2) < 1e-14)
  })
  test('batches are broadcast; A may be singular', () => {
    const a = random(12, 2, 1).reshape([3, 2, 2, 2])
    const [b, q, r] = [nd.ones([2, 1]), nd.eye(2), one]
    for (const solve of [linalg.solveContinuousAre, linalg.solveDiscreteAre]) {
      const x = solve(a, b, q, r)
      assert.deepEqual(x.shape, [3, 2, 2, 2])
      assert.ok(norm(nd.subtract(x.at(1, 1), solve(a.at(1, 1), b, q, r))) < 1e-12)
    }
    const delay = nd.eye(2, null, { k: 1 })
    assert.ok(
      norm(
        nd.subtract(
          linalg.solveDiscreteAre(delay, nd.asarray([[0], [1]]), q, r),
          nd.asarray([
            [1, 0],
            [0, 2],
          ]),
        ),
      ) < 1e-14,
    )
  })
  const bad: [string, () => unknown, string, RegExp][] = [
    [
      'nothing moves it, continuous',
      () => linalg.solveContinuousAre(one, zero, one, one),
      'LinearAlgebraError',
      /no X|singular/,
    ],
    [
      'nothing moves it, discrete',
      () => linalg.solveDiscreteAre(nd.multiply(one, 2), zero, one, one),
      'LinearAlgebraError',
      /no X|singular/,
    ],
    ['R singular', () => linalg.solveContinuousAre(one, one, one, zero), 'LinearAlgebraError', /singular/],
    ['NaN', () => linalg.solveContinuousAre(nd.full([1, 1], Number.NaN), one, one, one), 'LinearAlgebraError', /NaN/],
    [
      'NaN, discrete',
      () => linalg.solveDiscreteAre(nd.full([1, 1], Number.NaN), one, one, one),
      'LinearAlgebraError',
      /no X/,
    ],
    ['other sizes', () => linalg.solveDiscreteAre(nd.eye(2), one, nd.eye(2), one), 'ShapeError', /\[2, 2\], \[1, 1\]/],
  ]
  for (const [what, call, name, message] of bad) test(what, () => assert.throws(call, { name, message }))
})
