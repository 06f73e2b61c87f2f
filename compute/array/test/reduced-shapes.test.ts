/** Reductions of every dtype along every axis of many shapes, of arrays that are there, of expressions and of views, against plain loops. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BackendName, backends } from '@skein/kernel/compiler'
import * as nd from '../src/index.ts'

type Reduction = (x: nd.NDArray, options: nd.ReductionOptions) => nd.NDArray

const isTrue = (v: number) => v !== 0
const greatest = (list: number[]) => list.reduce((a, b) => (b > a ? b : a))
const sumOf = (list: number[]) => list.reduce((s, v) => s + v, 0)
const meanOf = (list: number[]) => sumOf(list) / list.length
const varianceOf = (list: number[]) => {
  const mean = meanOf(list)
  return meanOf(list.map(v => (v - mean) ** 2))
}

/** What a function makes of the elements that are combined. */
const reductions: Record<string, [Reduction, (list: number[]) => number]> = {
  sum: [nd.sum, sumOf],
  max: [nd.max, greatest],
  min: [nd.min, list => -greatest(list.map(v => -v))],
  any: [nd.any, list => Number(list.some(isTrue))],
  all: [nd.all, list => Number(list.every(isTrue))],
  countNonzero: [nd.countNonzero, list => list.filter(isTrue).length],
  mean: [nd.mean, meanOf],
  variance: [nd.variance, varianceOf],
  std: [nd.std, list => Math.sqrt(varianceOf(list))],
  ptp: [nd.ptp, list => greatest(list) + greatest(list.map(v => -v))],
  nansum: [nd.nansum, sumOf],
  nanmean: [nd.nanmean, meanOf],
  nanmax: [nd.nanmax, greatest],
  nanmin: [nd.nanmin, list => -greatest(list.map(v => -v))],
}
/** Of integers and booleans; of floats all. */
const ofIntegers = ['sum', 'max', 'any', 'all', 'countNonzero']
const dtypes: readonly nd.DType[] = ['bool', 'int8', 'uint16', 'int32', 'uint64', 'float32', 'float64']

/** Rows that are long, short and cut; columns that are few, many and cut. */
const shapes = [[1], [100], [4, 100], [100, 4], [3, 70, 5], [2, 1, 80], [4500, 3], [2, 20000]]

const axesOf = (shape: readonly number[]): (number | number[] | null)[] => {
  const each = shape.map((_, d) => d)
  const pairs = each.flatMap(a => each.filter(b => b > a).map(b => [a, b]))
  return [null, ...(shape.length === 1 ? [] : each), ...(shape.length === 3 ? pairs : [])]
}

const ways: Record<string, (x: nd.NDArray) => nd.NDArray> = {
  'that are there': x => x,
  'of an expression': x => nd.where(true, x, x),
  'of a view': x => nd.flip(nd.flip(x, 0).copy(), 0),
  'of a part': x => nd.concat([x, x]).at({ begin: x.shape[0] }),
}

/** The elements of each line along axes, in the order of the axes that stay. */
function linesOf(values: readonly number[], shape: readonly number[], axes: readonly number[]): number[][] {
  const lines = new Map<string, number[]>()
  const at = shape.map(() => 0)
  for (const v of values) {
    const key = at.filter((_, d) => !axes.includes(d)).join()
    const line = lines.get(key)
    if (line === undefined) lines.set(key, [v])
    else line.push(v)
    for (let d = shape.length - 1; d >= 0 && ++at[d] === shape[d]; d--) at[d] = 0
  }
  return [...lines.values()]
}

/** Small whole numbers, of which some lines have no other than 0, and none. */
const valueAt = (k: number, isSigned: boolean) => {
  const v = (k * 7) % 23
  return v % 5 === 0 || k < 200 ? 0 : isSigned && v % 2 === 0 ? -v : v
}

for (const name of Object.keys(backends) as BackendName[]) {
  const skip = backends[name].unavailable() ?? false
  describe(`reductions of shapes on ${name}`, { skip }, () => {
    for (const dtype of dtypes) {
      test(dtype, () => {
        nd.backend(name)
        try {
          const wrong: string[] = []
          for (const shape of shapes) {
            const size = shape.reduce((n, m) => n * m, 1)
            if (name === 'reference' && size > 2000) continue
            const isSigned = !dtype.startsWith('u') && dtype !== 'bool'
            const values = Array.from({ length: size }, (_, k) => valueAt(k, isSigned)).map(v =>
              dtype === 'bool' ? Number(v !== 0) : v,
            )
            const x = nd.asarray(values, { dtype }).reshape(shape)
            for (const axis of axesOf(shape)) {
              const axes = axis === null ? shape.map((_, d) => d) : [axis].flat()
              const lines = linesOf(values, shape, axes)
              for (const call of dtype.startsWith('float') ? Object.keys(reductions) : ofIntegers) {
                const [reduction, oracle] = reductions[call]
                const expected = lines.map(oracle)
                for (const [lying, way] of Object.entries(ways)) {
                  if (lying !== 'that are there' && !ofIntegers.includes(call)) continue
                  const keepdims = lying === 'that are there'
                  const found = reduction(way(x), { axis, keepdims })
                  const kept = shape.flatMap((n, d) => (!axes.includes(d) ? [n] : keepdims ? [1] : []))
                  const numbers = Array.from(found.toTypedArray() as ArrayLike<number>, Number)
                  const isNear = numbers.every(
                    (v, k) => Math.abs(v - expected[k]) <= 1e-4 * Math.abs(expected[k]) + 1e-6,
                  )
                  if (!isNear || numbers.length !== expected.length || String(found.shape) !== String(kept))
                    wrong.push(
                      `${call} of [${shape}] along ${axis} ${lying}: ${numbers.slice(0, 4)}, not ${expected.slice(0, 4)}`,
                    )
                }
              }
            }
          }
          assert.deepEqual(wrong.slice(0, 5), [])
        } finally {
          nd.backend(undefined)
        }
      })
    }
  })
}

/** What stays of a line without NaN, and how each function combines it. */
const ofNumbers: Record<string, [Reduction, (list: number[]) => number]> = {
  nansum: [nd.nansum, sumOf],
  nanmean: [nd.nanmean, list => (list.length === 0 ? Number.NaN : meanOf(list))],
  nanmax: [nd.nanmax, list => (list.length === 0 ? Number.NaN : greatest(list))],
  nanmin: [nd.nanmin, list => (list.length === 0 ? Number.NaN : -greatest(list.map(v => -v)))],
  nanvar: [nd.nanvar, list => (list.length === 0 ? Number.NaN : varianceOf(list))],
}

for (const name of Object.keys(backends) as BackendName[]) {
  const skip = backends[name].unavailable() ?? false
  describe(`reductions of what has NaN on ${name}`, { skip }, () => {
    for (const dtype of ['float32', 'float64'] as const) {
      test(dtype, () => {
        nd.backend(name)
        try {
          const shape = [3, 70]
          // A line of NaN alone, one of infinities with NaN, and others.
          const values = Array.from({ length: 210 }, (_, k) =>
            k < 70 || k % 5 === 0 ? Number.NaN : k < 140 ? -Infinity : (k % 13) - 6,
          )
          const x = nd.asarray(values, { dtype }).reshape(shape)
          for (const [call, [reduction, oracle]] of Object.entries(ofNumbers))
            for (const axis of [null, 0, 1])
              for (const lying of ['that are there', 'of an expression']) {
                const found = reduction(ways[lying](x), { axis }).toTypedArray() as Float64Array
                const lines = linesOf(values, shape, axis === null ? [0, 1] : [axis])
                const expected = lines.map(line => oracle(line.filter(v => !Number.isNaN(v))))
                const isAlike = expected.every(
                  (v, k) => Object.is(v, found[k]) || Math.abs(v - found[k]) <= 1e-5 * (1 + Math.abs(v)),
                )
                assert.ok(
                  isAlike,
                  `${call} along ${axis} ${lying}: ${[...found].slice(0, 4)}, not ${expected.slice(0, 4)}`,
                )
              }
          const places = nd.argmax(x, { axis: 0 }).toList()
          const rows = Array.from({ length: 70 }, () => 0)
          assert.deepEqual(places, rows, 'NaN comes before all')
        } finally {
          nd.backend(undefined)
        }
      })
    }
    test('places of extremes down columns are those of the first of each', () => {
      nd.backend(name)
      try {
        const values = Array.from({ length: 5 * 20 * 20 }, (_, k) => (k * 7) % 11)
        for (const dtype of ['int8', 'int64', 'float32'] as const) {
          const x = nd.asarray(values, { dtype }).reshape([5, 20, 20])
          for (const axis of [0, 1, 2]) {
            const lines = linesOf(values, x.shape, [axis])
            assert.deepEqual(
              [nd.argmax(x, { axis }).toList()].flat(3),
              lines.map(l => l.indexOf(greatest(l))),
            )
            assert.deepEqual(
              [nd.argmin(x, { axis }).toList()].flat(3),
              lines.map(l => l.indexOf(Math.min(...l))),
            )
          }
        }
      } finally {
        nd.backend(undefined)
      }
    })
  })
}
