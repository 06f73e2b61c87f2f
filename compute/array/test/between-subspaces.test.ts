/** Angles between subspaces and rotations between points: against SciPy, what is known, and by what defines them. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as nd from '../src/index.ts'
import { samples } from './recorded.ts'
import { adjoint, epsilon, isSmall, isUnitary, norm, random } from './residuals.ts'
import { runners } from './runners.ts'

const { linalg } = nd

const listed = (x: nd.NDArray) => x.toList() as number[]

for (const { name, skip, on } of runners) {
  describe(`subspaces on ${name}`, { skip }, () => {
    for (const dtype of ['float64', 'complex128', 'float32', 'complex64'] as const) {
      test(
        `angles that were made, ${dtype}`,
        on(() => {
          const { q } = linalg.qr(random(7, 7, 1, dtype))
          const angles = [Math.PI / 2, 1.2, 0.3, 1e-3]
          const [left, rest] = [q.at(':', '0:3'), q.at(':', '3:7')]
          const turn = (k: number) => [Math.cos(angles[k]), Math.sin(angles[k])]
          const columns = [0, 1, 2].map(k =>
            nd.add(nd.multiply(left.at(':', k), turn(k)[0]), nd.multiply(rest.at(':', k), turn(k)[1])),
          )
          const mixed = nd.matmul(nd.stack(columns, { axis: 1 }), random(3, 3, 2, dtype))
          const found = linalg.subspaceAngles(left, mixed)
          assert.deepEqual(found.shape, [3])
          const most = 1000 * epsilon(q)
          for (const [k, angle] of listed(found).entries())
            assert.ok(Math.abs(angle - angles[k]) < most, `${angle} for ${angles[k]}`)
          const fewer = linalg.subspaceAngles(mixed, left.at(':', '0:2'))
          assert.deepEqual(fewer.shape, [2])
        }),
      )
      test(
        `a rotation that was made, ${dtype}`,
        on(() => {
          const a = random(9, 4, 1, dtype)
          const { q } = linalg.qr(random(4, 4, 2, dtype))
          const { r, scale } = linalg.orthogonalProcrustes(a, nd.matmul(a, nd.multiply(q, 3)))
          isUnitary('R', r)
          isSmall('R', nd.subtract(r, q), 10, r)
          const squares = Number(nd.sum(nd.square(nd.abs(a))).item())
          assert.ok(Math.abs(Number(scale.item()) / squares - 3) < 100 * epsilon(a))
        }),
      )
    }
  })
}

describe('what is known of subspaces', () => {
  test('as SciPy has them', () => {
    const found = linalg.subspaceAngles(samples('float64', [6, 4]).at(':', '0:2'), samples('float64', [6, 3]))
    const expected = [0.41400641938515903, 0.07562206498764416]
    for (const [k, angle] of listed(found).entries()) assert.ok(Math.abs(angle - expected[k]) < 1e-13)
  })
  test('small angles are exact', () => {
    const a = nd.asarray([[1], [0]])
    const [angle] = listed(linalg.subspaceAngles(a, nd.asarray([[1], [1e-12]])))
    assert.ok(Math.abs(angle / 1e-12 - 1) < 1e-10)
    assert.deepEqual(listed(linalg.subspaceAngles(a, nd.asarray([[0], [5]]))), [Math.PI / 2])
    assert.deepEqual(linalg.subspaceAngles(a, nd.zeros([2, 1])).shape, [0])
  })
  test('no other rotation is nearer', () => {
    const [a, b] = [random(6, 3, 1), random(6, 3, 2)]
    const { r } = linalg.orthogonalProcrustes(a, b)
    const off = (x: nd.NDArray) => Number(linalg.matrixNorm(nd.subtract(nd.matmul(a, x), b)).item())
    const least = off(r)
    for (let seed = 3; seed < 20; seed++) {
      const { q } = linalg.qr(nd.add(r, nd.multiply(random(3, 3, seed), 0.1)))
      const signs = nd.sign(linalg.diagonal(nd.matmul(adjoint(q), r)))
      assert.ok(off(nd.multiply(q, signs).eval()) >= least - 1e-12)
    }
    assert.ok(norm(r) > 0)
  })
  const bad: [string, () => unknown, string, RegExp][] = [
    ['other rows', () => linalg.subspaceAngles(nd.eye(2), nd.eye(3)), 'ShapeError', /\[2, 2\] and \[3, 3\]/],
    ['one axis', () => linalg.subspaceAngles(nd.ones(2), nd.eye(2)), 'ShapeError', /two matrices/],
    ['other columns', () => linalg.orthogonalProcrustes(nd.eye(2), nd.ones([2, 1])), 'ShapeError', /of one shape/],
    ['NaN', () => linalg.orthogonalProcrustes(nd.eye(1), nd.full([1, 1], Number.NaN)), 'LinearAlgebraError', /NaN/],
  ]
  for (const [what, call, name, message] of bad) test(what, () => assert.throws(call, { name, message }))
})
