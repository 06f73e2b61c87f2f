/** Many short rows, which a network sorts together, against each row sorted by itself. On each backend. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as nd from '../src/index.ts'
import { runners } from './runners.ts'

/** Few different numbers, so that many are equal; of floats also NaN, infinities and zeros of both signs. */
function rowsOf(dtype: nd.DType, rows: number, length: number): nd.NDArray {
  const isFloat = dtype.startsWith('float')
  const special = [NaN, -0, 0, Infinity, -Infinity]
  let state = 12345 + length
  const values = Array.from({ length: rows * length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) | 0
    const x = (state >>> 8) % 41
    if (isFloat) return x < special.length ? special[x] : (x - 20) / 3
    return dtype.startsWith('u') ? x * 10 ** 8 : x - 20
  })
  return nd.asarray(values, { dtype }).reshape([rows, length])
}

for (const { name, skip, on } of runners.filter(r => r.name !== 'lapack')) {
  describe(`short rows on ${name}`, { skip }, () => {
    for (const dtype of ['float64', 'float32', 'int32', 'uint32', 'int64', 'uint64'] as const)
      test(
        `of ${dtype} are in order, and places keep equal elements as they stand`,
        on(() => {
          for (const [rows, length] of [
            [8, 2],
            [9, 3],
            [40, 31],
            [17, 100],
            [8, 128],
            [8, 129],
          ])
            for (const descending of [false, true]) {
              const x = rowsOf(dtype, rows, length)
              const before = x.toList()
              const each = [...x]
              assert.deepEqual(
                nd.sort(x, { descending }).toList(),
                each.map(row => nd.sort(row, { descending }).toList()),
              )
              const places = nd.argsort(x, { descending })
              assert.deepEqual(
                places.toList(),
                each.map(row => nd.argsort(row, { descending }).toList()),
              )
              assert.deepEqual(
                nd.sort(nd.permuteDims(x), { axis: 0, descending }).toList(),
                nd.permuteDims(nd.sort(x, { descending })).toList(),
              )
              assert.deepEqual(x.toList(), before)
            }
        }),
      )

    test(
      'of negative NaN have it last',
      on(() => {
        const bits = new BigInt64Array(64).fill(-1n)
        bits.set([0x3ff0000000000000n, -0x4010000000000000n], 30)
        const x = nd.asarray(new Float64Array(bits.buffer)).reshape([8, 8])
        const sorted = nd.sort(x).at(3).toList() as number[]
        assert.deepEqual(sorted.slice(2), new Array(6).fill(NaN))
        assert.deepEqual(sorted.slice(0, 2), [-1, 1])
      }),
    )
  })
}
