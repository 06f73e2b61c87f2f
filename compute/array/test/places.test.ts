/** Kernels that read and write elements by their places, on each backend and of each dtype, against loops of plain JavaScript. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { dtypes, infoOf } from '../src/dtypes.ts'
import * as nd from '../src/index.ts'
import { runners } from './runners.ts'

const kinds = dtypes.filter(dtype => infoOf(dtype).Elements !== undefined)

/** Different small numbers, as elements of a dtype. */
const numbered = (shape: number[], dtype: nd.DType): nd.NDArray => {
  const size = shape.reduce((n, m) => n * m, 1)
  return nd.astype(nd.remainder(nd.arange(size), dtype === 'bool' ? 2 : 120), dtype).reshape(shape)
}

const wrap = (i: number, n: number) => (i < 0 ? i + n : i)
const list = (x: nd.NDArray): any => x.toList()

for (const { name, skip, on } of runners.filter(r => r.name !== 'lapack')) {
  describe(`places on ${name}`, { skip }, () => {
    for (const dtype of kinds) {
      test(
        `of ${dtype} are read and kept`,
        on(() => {
          const x = numbered([3, 5, 4], dtype)
          const at = [4, -1, 0, 0, 2, -5, 3]
          for (const numbers of [
            nd.asarray(at, { dtype: 'int32' }),
            nd.asarray(at, { dtype: 'int64' }),
            nd.asarray(at, { dtype: 'int8' }),
          ]) {
            assert.deepEqual(
              list(nd.take(x, numbers, { axis: 1 })),
              list(x).map((rows: any[]) => at.map(i => rows[wrap(i, 5)])),
            )
            const first = x.at('0, :, 0')
            assert.deepEqual(
              list(nd.take(nd.copy(first), numbers)),
              at.map(i => list(first)[wrap(i, 5)]),
            )
          }
          const last = nd.asarray([3, -4, 0, 1, 1], { dtype: 'uint8' })
          assert.deepEqual(
            list(nd.take(x, nd.asarray([3, 0, 1], { dtype: 'uint64' }), { axis: -1 })),
            list(x).map((rows: any[]) => rows.map(row => [3, 0, 1].map(i => row[i]))),
          )
          assert.throws(() => nd.take(x, last, { axis: -1 }), nd.ShapeError)
          // Views that do not lie in C order.
          const turned = nd.permuteDims(x)
          assert.deepEqual(
            list(nd.take(turned, [1, -1], { axis: 1 })),
            list(nd.take(nd.copy(turned), [1, -1], { axis: 1 })),
          )
          for (const axis of [0, 1, 2]) {
            const n = x.shape[axis]
            const by = nd.astype(nd.subtract(nd.remainder(nd.arange(60).reshape([3, 5, 4]), 2 * n), n), 'int64')
            const found = list(nd.takeAlongAxis(x, by, { axis }))
            const [from, of] = [list(x), list(by)]
            for (const i of [0, 1, 2])
              for (const j of [0, 1, 2, 3, 4])
                for (const k of [0, 1, 2, 3]) {
                  const to = [i, j, k]
                  to[axis] = wrap(Number(of[i][j][k]), n)
                  assert.deepEqual(found[i][j][k], from[to[0]][to[1]][to[2]], `${axis}: ${i}, ${j}, ${k}`)
                }
          }
          const mask = nd.equal(nd.remainder(nd.arange(60), 7), 0).reshape([3, 5, 4])
          assert.deepEqual(
            list(x.at(mask)),
            list(x)
              .flat(2)
              .filter((_: unknown, k: number) => k % 7 === 0),
          )
          for (const k of [-9, -2, 0, 1, 9]) {
            const isKept = (r: number, c: number, below: boolean) => (below ? c <= r + k : c >= r + k)
            const zero = list(nd.zeros([], { dtype }))
            for (const [triangle, below] of [
              [nd.tril, true],
              [nd.triu, false],
            ] as const)
              assert.deepEqual(
                list(triangle(x, { k })),
                list(x).map((m: any[]) =>
                  m.map((row: any[], r) => row.map((v, c) => (isKept(r, c, below) ? v : zero))),
                ),
              )
            const one = list(nd.ones([], { dtype }))
            assert.deepEqual(
              list(nd.tri(3, 5, { k, dtype })),
              [0, 1, 2].map(r => [0, 1, 2, 3, 4].map(c => (isKept(r, c, true) ? one : zero))),
            )
          }
        }),
      )
    }

    test(
      'out of range are named',
      on(() => {
        const x = nd.zeros([4, 6])
        for (const at of [6, -7, 2 ** 31 - 1])
          for (const dtype of ['int32', 'int64'] as const) {
            const by = nd.full([4, 6], at, { dtype })
            assert.throws(() => nd.takeAlongAxis(x, by), new RegExp(`index ${at} is out of range on axis 1`))
            assert.throws(
              () => nd.takeAlongAxis(x, by, { axis: 0 }),
              new RegExp(`index ${at} is out of range on axis 0`),
            )
            assert.throws(() => nd.take(x, by, { axis: 0 }), new RegExp(`index ${at} is out of range on axis 0`))
          }
        assert.throws(() => nd.unravelIndex([3, 24], [4, 6]), /index 24 is not among the 24 of the shape \[4, 6\]/)
        assert.throws(() => nd.unravelIndex([-1], [4, 6]), /index -1 is not among/)
        assert.throws(
          () =>
            nd.ravelMultiIndex(
              [
                [0, 1],
                [2, 6],
              ],
              [4, 6],
            ),
          /index 6 is not among the 6/,
        )
      }),
    )

    test(
      'of a shape are numbered, and found again',
      on(() => {
        const shape = [3, 5, 4]
        const grids = nd.indices(shape)
        const flat = nd.ravelMultiIndex(grids, shape)
        assert.deepEqual(
          list(nd.ravel(flat)),
          Array.from({ length: 60 }, (_, k) => k),
        )
        for (const order of ['C', 'F'] as const) {
          const places = nd.ravelMultiIndex(grids, shape, { order })
          for (const [d, found] of nd.unravelIndex(places, shape, { order }).entries())
            assert.deepEqual(list(found), list(grids[d]))
        }
        for (const [below, indices, triangle] of [
          [true, nd.trilIndices, nd.tril],
          [false, nd.triuIndices, nd.triu],
        ] as const)
          for (const k of [-6, -1, 0, 2, 7])
            for (const columns of [1, 4, 6]) {
              const [rows, cols] = indices(4, { k, columns })
              const [r, c] = nd.nonzero(triangle(nd.ones([4, columns]), { k }))
              assert.deepEqual([list(rows), list(cols)], [list(r), list(c)], `${below} ${k} ${columns}`)
            }
      }),
    )

    test(
      'of elements that are not 0 are rows and columns',
      on(() => {
        const x = nd.remainder(nd.arange(37 * 9), 4).reshape([37, 9])
        const expected = list(x).flatMap((row: number[], r: number) => row.flatMap((v, c) => (v === 0 ? [] : [[r, c]])))
        assert.deepEqual(list(nd.argwhere(x)), expected)
        const [rows, columns] = nd.nonzero(x)
        assert.deepEqual(
          [list(rows), list(columns)],
          [0, 1].map(d => expected.map((p: number[]) => p[d])),
        )
        for (const none of [nd.zeros([3, 4]), nd.zeros([0, 4]), nd.zeros([4, 0])]) {
          assert.deepEqual(nd.nonzero(none).map(list), [[], []])
          assert.deepEqual(nd.argwhere(none).shape, [0, 2])
        }
      }),
    )

    test(
      'are moved round, repeated and counted',
      on(() => {
        for (const dtype of kinds) {
          const x = numbered([4, 6], dtype)
          const flat = list(nd.ravel(x))
          for (const shift of [0, 1, -5, 24, 31])
            assert.deepEqual(
              list(nd.ravel(nd.roll(x, shift))),
              flat.map((_: unknown, k: number) => flat[(((k - shift) % 24) + 24) % 24]),
            )
          for (const times of [0, 1, 2, 8, 9])
            assert.deepEqual(
              list(nd.repeat(x, times, { axis: 1 })),
              list(x).map((row: unknown[]) => row.flatMap(v => new Array(times).fill(v))),
            )
        }
        for (const dtype of ['int8', 'int32', 'uint32'] as const) {
          const x = nd.asarray([7, 3, 3, 100, 7, 3, 0], { dtype })
          const { values, counts } = nd.uniqueCounts(x)
          assert.deepEqual([values.dtype, list(values), list(counts)], [dtype, [0, 3, 7, 100], [1, 3, 2, 1]])
        }
        const { values, counts } = nd.uniqueCounts(nd.asarray([2 ** 31 - 1, -(2 ** 31), 5, 5], { dtype: 'int32' }))
        assert.deepEqual(
          [list(values), list(counts)],
          [
            [-(2 ** 31), 5, 2 ** 31 - 1],
            [1, 2, 1],
          ],
        )
      }),
    )

    for (const dtype of ['float64', 'float32', 'int32', 'uint8', 'int64', 'uint64', 'float16'] as const) {
      if (!kinds.includes(dtype)) continue
      test(
        `among ${dtype} in order are found by halving`,
        on(() => {
          const isFloat = dtype.startsWith('float')
          for (const n of [0, 1, 2, 3, 31, 32, 33, 100]) {
            const among = Array.from({ length: n }, (_, k) => Math.floor(k / 3))
            const wanted = Array.from({ length: 50 }, (_, k) => k - (dtype.startsWith('u') ? 0 : 5))
            const sorted = isFloat && n > 2 ? [...among.slice(0, -2), NaN, NaN] : among
            const values = isFloat ? [...wanted, NaN, Infinity, -Infinity, -0] : wanted
            const [a, b] = [nd.asarray(sorted, { dtype }), nd.asarray(values, { dtype })]
            const below = (x: number, y: number) => (Number.isNaN(y) ? !Number.isNaN(x) : x < y)
            const counts = (is: (x: number, y: number) => boolean) =>
              values.map(v => sorted.filter(x => is(x, v)).length)
            assert.deepEqual(list(nd.searchsorted(a, b)), counts(below))
            assert.deepEqual(
              list(nd.searchsorted(a, b, { side: 'right' })),
              counts((x, y) => !below(y, x)),
            )
          }
        }),
      )
    }
  })
}
