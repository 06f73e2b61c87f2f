/** Selections of many elements, which threads make together, against plain loops, on each backend. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Random } from '@skein/base'
import * as nd from '../src/index.ts'

const seed = Number(process.env.SEED ?? 4713)
console.log(`long-selections: SEED=${seed}`)
const random = new Random(seed)
const length = 40_003
const uniform = Float64Array.from({ length }, () => random.uniform())
const few = Float64Array.from({ length: 70_001 }, () => Math.floor(random.uniform() * 1000) / 8)

for (const backend of ['x64', 'wasm', 'reference'] as const) {
  describe(`selections of many elements on ${backend}`, () => {
    const on = (work: () => void) => () => {
      nd.backend(backend)
      try {
        work()
      } finally {
        nd.backend(undefined)
      }
    }
    for (const dtype of ['float64', 'float32', 'int32', 'int64', 'uint8', 'complex128'] as const) {
      if (backend === 'reference' && dtype !== 'float64') continue
      test(
        `by masks and numbers, of ${dtype}`,
        on(() => {
          const x = nd.astype(nd.asarray(uniform.map(u => Math.floor(u * 200))), dtype)
          const all = x.toList() as unknown[]
          const mask = nd.less(nd.asarray(uniform), 0.4)
          const chosen = Array.from(uniform.keys()).filter(k => uniform[k] < 0.4)
          assert.deepEqual(
            x.at(mask).toList(),
            chosen.map(k => all[k]),
          )
          assert.deepEqual(
            x.at('::-1').at(mask).toList(),
            chosen.map(k => all[length - 1 - k]),
          )
          assert.equal(x.at(nd.less(nd.asarray(uniform), 0)).size, 0)
          const numbers = Int32Array.from(uniform, u => Math.floor(u * 2 * length) - length)
          const wanted = Array.from(numbers, n => all[n < 0 ? n + length : n])
          for (const type of ['int32', 'int64', 'int16'] as const) {
            const given = type === 'int16' ? numbers.map(n => n % 20_000) : numbers
            const expected = type === 'int16' ? Array.from(given, n => all[n < 0 ? n + length : n]) : wanted
            assert.deepEqual(nd.take(x, nd.astype(nd.asarray(given), type)).toList(), expected, type)
          }
          for (const wrong of [length, -length - 1]) {
            const outside = numbers.slice()
            outside[length - 5] = wrong
            assert.throws(() => nd.take(x, nd.asarray(outside)), { name: 'ShapeError' })
          }
        }),
      )
    }
    test(
      'with other elements around them',
      on(() => {
        const [rows, columns] = [400, 401]
        const x = nd.asarray(Float32Array.from({ length: rows * columns }, (_, k) => k + 1)).reshape([rows, columns])
        for (const value of [0, 7]) {
          const padded = nd.pad(
            x,
            [
              [2, 1],
              [0, 3],
            ],
            { value },
          )
          assert.deepEqual(padded.shape, [rows + 3, columns + 3])
          const found = padded.toTypedArray() as Float32Array
          const wrong = found.findIndex((v, k) => {
            const [row, column] = [Math.floor(k / (columns + 3)) - 2, k % (columns + 3)]
            const isInside = row >= 0 && row < rows && column < columns
            return v !== (isInside ? row * columns + column + 1 : value)
          })
          assert.equal(wrong, -1)
        }
      }),
    )
    test(
      'where elements are not 0',
      on(() => {
        const x = nd.asarray(uniform.map(u => (u < 0.3 ? 0 : u < 0.4 ? NaN : u)))
        const wanted = Array.from(uniform.keys()).filter(k => uniform[k] >= 0.3)
        assert.deepEqual(nd.nonzero(x)[0].toList(), wanted)
        const square = x.at('0:40000').reshape([200, 200])
        assert.deepEqual(
          nd.argwhere(square).toList(),
          wanted.filter(k => k < 40_000).map(k => [Math.floor(k / 200), k % 200]),
        )
        assert.equal(nd.flatnonzero(nd.zeros([300, 300])).size, 0)
        assert.equal(nd.flatnonzero(nd.ones([300, 300])).size, 90_000)
      }),
    )
    test(
      'different values',
      on(() => {
        for (const dtype of ['float64', 'float32', 'int32', 'int64'] as const) {
          if (backend === 'reference' && dtype !== 'float64') continue
          const x = nd.astype(nd.asarray(few), dtype)
          const all = x.toTypedArray() as Float64Array
          const wanted = [...new Set(all)].sort((a, b) => Number(a) - Number(b))
          assert.deepEqual(nd.uniqueValues(x).toList(), wanted, dtype)
        }
        const none = few.map((v, k) => (k % 1000 === 0 ? NaN : k % 1000 === 1 ? -0 : v))
        const values = nd.uniqueValues(nd.asarray(none)).toList() as number[]
        assert.equal(values.filter(v => Number.isNaN(v)).length, none.filter(v => Number.isNaN(v)).length)
        assert.equal(values.filter(v => v === 0).length, 1)
      }),
    )
  })
}
