/** Cumulative sums and products of lines of many lengths, along each axis, against loops; their bits on each backend; lines that leave the range of floats. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BackendName, backends } from '@skein/kernel/compiler'
import * as nd from '../src/index.ts'

const names = Object.keys(backends) as BackendName[]

function on<T>(name: BackendName, work: () => T): T {
  nd.backend(name)
  try {
    return work()
  } finally {
    nd.backend(undefined)
  }
}

/** Lines along an axis, combined one after the other, in C order. */
function inOrder(
  x: readonly number[],
  shape: readonly number[],
  axis: number,
  isProduct: boolean,
  more: number,
): number[] {
  const after = shape.slice(axis + 1).reduce((n, m) => n * m, 1)
  const length = shape[axis]
  const out: number[] = new Array((x.length / length) * (length + more)).fill(isProduct ? 1 : 0)
  for (let line = 0; line < x.length / length; line++) {
    const [block, column] = [Math.floor(line / after), line % after]
    let before = isProduct ? 1 : 0
    for (let k = 0; k < length; k++) {
      const value = x[(block * length + k) * after + column]
      before = isProduct ? before * value : before + value
      out[(block * (length + more) + k + more) * after + column] = before
    }
  }
  return out
}

/** Long rows and short ones, one and many; few columns and many. */
const shapes = [
  [1],
  [63],
  [64],
  [1000],
  [40000],
  [3, 500],
  [5, 20],
  [700, 3],
  [90, 40],
  [2, 80, 3],
  [4, 6, 20],
  [20, 70, 2],
]

for (const name of names) {
  describe(`cumulative sums on ${name}`, { skip: backends[name].unavailable() ?? false }, () => {
    for (const dtype of ['int8', 'int32', 'int64', 'uint64', 'float32', 'float64', 'complex64'] as const)
      test(`of ${dtype} along every axis are those of loops`, () =>
        on(name, () => {
          for (const shape of shapes) {
            const size = shape.reduce((n, m) => n * m, 1)
            if (name === 'reference' && size > 2000) continue
            const values = Array.from({ length: size }, (_, k) => (k * 5) % 7)
            const x = nd.asarray(values, { dtype }).reshape(shape)
            for (const [axis] of shape.entries())
              for (const includeInitial of [false, true])
                for (const given of [x, nd.flip(nd.flip(x, axis).copy(), axis)]) {
                  const found = nd.cumulativeSum(given, { axis, includeInitial })
                  const numbers = nd.real(found).toTypedArray() as ArrayLike<number>
                  const expected = inOrder(values, shape, axis, false, includeInitial ? 1 : 0)
                  assert.deepEqual(Array.from(numbers, Number), expected, `${shape} along ${axis}, ${includeInitial}`)
                }
          }
        }))

    test('of floats they are near, also with an initial element', () =>
      on(name, () => {
        const values = Array.from({ length: 3000 }, (_, k) => Math.sin(k) * 10)
        const x = nd.asarray(values)
        const found = nd.cumulativeSum(x, { includeInitial: true }).toTypedArray() as Float64Array
        const expected = inOrder(values, [3000], 0, false, 1)
        assert.ok(expected.every((v, k) => Math.abs(v - found[k]) < 1e-10))
        const factors = values.map(v => 1 + v / 1000)
        const products = nd.cumulativeProd(nd.asarray(factors)).toTypedArray() as Float64Array
        assert.ok(inOrder(factors, [3000], 0, true, 0).every((v, k) => Math.abs(v / products[k] - 1) < 1e-12))
      }))

    test('lines that leave the range of floats, and blocks that do by themselves', () =>
      on(name, () => {
        // Combined by themselves, the large ones overflow; what is before them is 0.
        const tiny = [1e-200, 1e-200, ...new Array<number>(40).fill(1e200), ...new Array<number>(60).fill(2)]
        const infinite = [...new Array<number>(70).fill(2), Infinity, 3, -Infinity, 1]
        for (const line of [tiny, infinite]) {
          const rows = nd.asarray([line, new Array<number>(line.length).fill(1)])
          const sums = nd.cumulativeSum(rows, { axis: 1 }).toTypedArray() as Float64Array
          const products = nd.cumulativeProd(rows, { axis: 1 }).toTypedArray() as Float64Array
          for (const [found, isProduct] of [
            [sums, false],
            [products, true],
          ] as const)
            for (const [k, v] of inOrder(line, [line.length], 0, isProduct, 0).entries())
              assert.ok(Object.is(v, found[k]) || Math.abs(v / found[k] - 1) < 1e-12, `${k}: ${found[k]}, not ${v}`)
        }
      }))
  })
}

test('cumulative sums have the same bits on every backend, and a row the same as alone', () => {
  const x = nd.asarray(Float64Array.from({ length: 7 * 5000 }, (_, k) => Math.sin(k * k))).reshape([7, 5000])
  const all = names
    .filter(name => backends[name].unavailable() === undefined)
    .map(name => on(name, () => nd.cumulativeSum(x, { axis: 1 }).toTypedArray() as Float64Array))
  for (const found of all) assert.deepEqual(found, all[0])
  const alone = nd.cumulativeSum(x.at(3)).toTypedArray() as Float64Array
  assert.deepEqual(all[0].slice(3 * 5000, 4 * 5000), alone)
})
