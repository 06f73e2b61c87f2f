/** Sums of products of lines, slopes, areas and polynomials of small arrays, which kernels and loops of their own compute, against plain loops. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BackendName, backends } from '@skein/kernel/compiler'
import * as nd from '../src/index.ts'

/** The whole convolution. */
function products(a: readonly number[], b: readonly number[]): number[] {
  const out = new Array<number>(a.length + b.length - 1).fill(0)
  for (const [k, x] of a.entries()) for (const [j, y] of b.entries()) out[k + j] += x * y
  return out
}

const line = (n: number, seed: number) => Array.from({ length: n }, (_, k) => Math.fround(Math.sin(k * k + seed) * 4))

function near(found: nd.NDArray, expected: readonly number[], tolerance: number): void {
  const numbers = [...(found.toTypedArray() as Float64Array)]
  assert.equal(numbers.length, expected.length)
  for (const [k, v] of expected.entries())
    assert.ok(
      Object.is(v, numbers[k]) || Math.abs(v - numbers[k]) <= tolerance * (1 + Math.abs(v)),
      `${k}: ${numbers[k]}, not ${v}`,
    )
}

for (const name of Object.keys(backends) as BackendName[]) {
  const on = (work: () => void) => () => {
    nd.backend(name)
    try {
      work()
    } finally {
      nd.backend(undefined)
    }
  }
  describe(`lines on ${name}`, { skip: backends[name].unavailable() ?? false }, () => {
    test(
      'are convolved with lines of any length, in every mode',
      on(() => {
        for (const [n, m] of [
          [1, 1],
          [5, 1],
          [40, 7],
          [7, 40],
          [100, 100],
          [33, 32],
        ])
          for (const dtype of ['float64', 'float32'] as const) {
            const [x, y] = [line(n, 1), line(m, 2)]
            const [a, b] = [nd.asarray(x, { dtype }), nd.asarray(y, { dtype })]
            const full = products(x, y)
            const tolerance = dtype === 'float64' ? 1e-13 : 1e-6
            near(nd.convolve(a, b), full, tolerance)
            near(nd.convolve(a, b, { mode: 'same' }), full.slice((m - 1) >> 1, ((m - 1) >> 1) + n), tolerance)
            const [short, long] = [Math.min(n, m), Math.max(n, m)]
            near(nd.convolve(a, b, { mode: 'valid' }), full.slice(short - 1, long), tolerance)
            near(nd.correlate(a, b), products(x, y.toReversed()), tolerance)
            near(nd.convolve(a, nd.flip(b)), products(x, y.toReversed()), tolerance)
          }
      }),
    )

    test(
      'have infinities only where those are met',
      on(() => {
        const x = [1, 2, Infinity, ...new Array<number>(60).fill(1)]
        const y = [1, Infinity, -1]
        near(nd.convolve(nd.asarray(x), nd.asarray(y)), products(x, y), 0)
      }),
    )

    test(
      'have slopes along each axis and areas below them',
      on(() => {
        const shape = [4, 9, 20]
        const values = line(720, 3)
        for (const dtype of ['float64', 'float32'] as const) {
          const x = nd.asarray(values, { dtype }).reshape(shape)
          for (const [axis, length] of shape.entries()) {
            const after = shape.slice(axis + 1).reduce((n, m) => n * m, 1)
            const at = (k: number) => Math.floor(k / after) % length
            const expected = values.map((_, k) => {
              const [before, behind] = [Math.max(at(k) - 1, 0), Math.min(at(k) + 1, length - 1)]
              const [p, q] = [values[k + (before - at(k)) * after], values[k + (behind - at(k)) * after]]
              return (q - p) / ((behind - before) * 0.5)
            })
            near(nd.gradient(x, { axis, spacing: 0.5 }), expected, 1e-5)
            const turned = x.t.copy().t
            near(nd.gradient(turned, { axis, spacing: 0.5 }), expected, 1e-5)
            const lines = nd.moveaxis(x, axis, -1).reshape([-1, length]).toList() as number[][]
            const steps = lines.flatMap(l => l.slice(1).map((v, k) => v - l[k]))
            near(nd.moveaxis(nd.diff(x, { axis }), axis, -1).copy(), steps, 1e-6)
            near(nd.moveaxis(nd.diff(turned, { axis, n: 1 }), axis, -1).copy(), steps, 1e-6)
            const areas = lines.map(l => l.slice(1).reduce((s, v, k) => s + (v + l[k]) / 2, 0) * 3)
            near(nd.trapezoid(x, { axis, dx: 3 }), areas, 1e-5)
          }
        }
        assert.equal(nd.trapezoid(nd.asarray([4])).item(), 0)
        assert.equal(nd.trapezoid(nd.asarray([2, 4])).item(), 3)
        assert.equal(nd.trapezoid(nd.asarray([Infinity, 4, 1])).item(), Infinity)
      }),
    )

    test(
      'are values of polynomials of each degree',
      on(() => {
        const x = line(100, 5)
        for (const degree of [0, 1, 5, 30]) {
          const p = line(degree + 1, 6)
          near(
            nd.polyval(p, nd.asarray(x)),
            x.map(v => p.reduce((s, c) => s * v + c, 0)),
            1e-12,
          )
        }
        near(
          nd.polyval([2, 1], nd.asarray(x).reshape([4, 25]).t),
          nd
            .asarray(x.map(v => 2 * v + 1))
            .reshape([4, 25])
            .t.copy()
            .reshape([-1])
            .toList() as number[],
          1e-12,
        )
      }),
    )
  })
}

test('polynomials of few coefficients as of many', () => {
  const [p, q] = [
    [0, 0, 3, 2, 1],
    [1, -1],
  ]
  const shown = (x: nd.NDArray) => [x.dtype, x.toList()]
  assert.deepEqual(shown(nd.polyadd(p, q)), ['float64', [0, 0, 3, 3, 0]])
  assert.deepEqual(shown(nd.polysub(q, p)), ['float64', [0, 0, -3, -1, -2]])
  assert.deepEqual(shown(nd.polymul(p, q)), ['float64', [3, -1, -1, -1]])
  assert.deepEqual(shown(nd.polymul([0, 0], q)), ['float64', [0, 0]])
  assert.deepEqual(shown(nd.polyder(p, { m: 2 })), ['float64', [0, 0, 6]])
  assert.deepEqual(shown(nd.polyder([5])), ['float64', []])
  assert.deepEqual(shown(nd.polyint([6, 2], { m: 2, k: [1, 4] })), ['float64', [1, 1, 1, 4]])
  const many = line(300, 7)
  near(nd.polymul(many, many), products(many, many), 1e-12)
  near(
    nd.polyadd(many, many.slice(0, 100)),
    many.map((v, k) => (k < 200 ? v : v + many[k - 200])),
    0,
  )
})
