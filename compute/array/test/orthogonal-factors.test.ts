/** LQ and RQ by residuals, as LAPACK tests itself (TESTING/LIN, dchklq and dchkrq), all below 30. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as nd from '../src/index.ts'
import { isSmall, isUnitary, norm, random } from './residuals.ts'
import { runners } from './runners.ts'

const { linalg } = nd

for (const { name, skip, on } of runners) {
  describe(`LQ and RQ on ${name}`, { skip }, () => {
    const sizes = name === 'reference' ? [0, 1, 2, 6] : [0, 1, 2, 6, 33, 70]
    for (const dtype of ['float64', 'complex128', 'float32', 'complex64'] as const)
      for (const mode of ['reduced', 'complete'] as const)
        test(
          `${mode} ${dtype}`,
          on(() => {
            for (const m of sizes)
              for (const n of sizes) {
                const a = random(m, n, m + n, dtype)
                const k = mode === 'complete' ? n : Math.min(m, n)
                const { l, q } = linalg.lq(a, { mode })
                const { r, q: other } = linalg.rq(a, { mode })
                for (const [what, triangle, rows] of [
                  ['L', l, q],
                  ['R', r, other],
                ] as const) {
                  assert.deepEqual([triangle.shape, rows.shape, rows.dtype], [[m, k], [k, n], dtype])
                  isSmall(`A − ${what}·Q`, nd.subtract(nd.matmul(triangle, rows), a), norm(a), a)
                  isUnitary(what, rows)
                }
                assert.equal(norm(nd.triu(l, { k: 1 })), 0)
                // The diagonal ends in the last row and column.
                assert.equal(norm(nd.tril(r, { k: k - m - 1 })), 0)
              }
          }),
        )
  })
}

describe('what is known of LQ and RQ', () => {
  test('the last row of R·Q is that of A', () => {
    const a = nd.asarray([
      [1, 2, 3],
      [4, 5, 6],
    ])
    // R·Rᵀ = A·Aᵀ = [[14, 32], [32, 77]], so that R is known but for signs.
    const { r } = linalg.rq(a)
    const found = nd.square(r).toList() as number[][]
    const expected = [
      [14 - 32 ** 2 / 77, 32 ** 2 / 77],
      [0, 77],
    ]
    for (let i = 0; i < 2; i++) for (let j = 0; j < 2; j++) assert.ok(Math.abs(found[i][j] - expected[i][j]) < 1e-12)
  })
  test('batches, integers and views', () => {
    const a = random(24, 5, 1).reshape([2, 3, 4, 5])
    const { r, q } = linalg.rq(a)
    assert.deepEqual(
      [r.shape, q.shape],
      [
        [2, 3, 4, 4],
        [2, 3, 4, 5],
      ],
    )
    assert.deepEqual(r.at(1, 2).toList(), linalg.rq(a.at(1, 2)).r.toList())
    assert.deepEqual(linalg.lq(a.mT).l.at(0, 1).toList(), linalg.lq(nd.copy(a.at(0, 1).mT)).l.toList())
    assert.equal(linalg.lq(nd.ones([2, 2], { dtype: 'int16' })).l.dtype, 'float64')
  })
  const bad: [string, () => unknown, string, RegExp][] = [
    ['one axis', () => linalg.rq(nd.ones(3)), 'ShapeError', /rq: x must have two axes or more/],
    ['one axis', () => linalg.lq(nd.ones(3)), 'ShapeError', /lq: x must have two axes or more/],
    ['mode', () => linalg.rq(nd.eye(3), { mode: 'full' as never }), 'ArgumentError', /'reduced' or 'complete'/],
    ['mode', () => linalg.lq(nd.eye(3), { mode: 'r' as never }), 'ArgumentError', /lq: mode/],
    ['float16', () => linalg.lq(nd.ones([2, 2], { dtype: 'float16' })), 'DTypeError', /float16/],
  ]
  for (const [k, [what, call, name, message]] of bad.entries())
    test(`${what}, ${k}`, () => assert.throws(call, { name, message }))
})
