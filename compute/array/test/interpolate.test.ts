/** Curves through points and values between them, as SciPy has them. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type BackendName, backends } from '@skein/kernel/compiler'
import * as nd from '../src/index.ts'
import { near } from './images.ts'
import { arrayOf, type RecordedArray } from './recorded.ts'

const { interpolate } = nd
const file = new URL('./numpy/recorded-interpolate.json.gz', import.meta.url)
const { cases } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
  cases: { make: string; args: unknown[]; options: object; at: number[]; evaluate: object | null; out: RecordedArray }[]
}
const classes = interpolate as unknown as Record<
  string,
  new (
    ...given: unknown[]
  ) => nd.interpolate.PiecewisePolynomial
>

function found({ make, args, options, at, evaluate }: (typeof cases)[number]): nd.NDArray {
  if (make === 'interp') return nd.interp(...(args as [number[], number[], number[]]), options)
  if (make === 'makeInterpSpline')
    return interpolate.makeInterpSpline(...(args as [number[], number[]]), options).evaluate(at, evaluate ?? {})
  return new classes[make](...args, options).evaluate(at, evaluate ?? {})
}

for (const name of Object.keys(backends) as BackendName[]) {
  describe(`recorded of SciPy, on ${name}`, { skip: backends[name].unavailable() ?? false }, () => {
    for (const make of new Set(cases.map(c => c.make))) {
      test(make, () => {
        nd.backend(name)
        try {
          for (const c of cases.filter(each => each.make === make))
            near(
              found(c),
              arrayOf(c.out),
              `${make} ${JSON.stringify([c.args, c.options, c.evaluate]).slice(0, 300)}`,
              1e-11,
            )
        } finally {
          nd.backend(undefined)
        }
      })
    }
  })
}

describe('what holds', () => {
  const x = nd.linspace(0, 7, 15)
  const y = nd.sin(x)
  test('curves go through their points, and integrals are those of what they come near', () => {
    const curves = [
      new interpolate.CubicSpline(x, y),
      new interpolate.PchipInterpolator(x, y),
      new interpolate.Akima1DInterpolator(x, y),
      interpolate.makeInterpSpline(x, y, { k: 5 }),
    ]
    for (const curve of curves) {
      assert.ok(nd.allclose(curve.evaluate(x), y, { rtol: 0, atol: 1e-13 }))
      assert.ok(Math.abs(curve.integrate(1, 6).item() - (Math.cos(1) - Math.cos(6))) < 0.02)
      const back = curve.antiderivative().derivative()
      assert.ok(nd.allclose(back.evaluate([0.3, 4.4]), curve.evaluate([0.3, 4.4])))
    }
  })
  test('a spline of degree 5 is the polynomial of degree 5', () => {
    const p = (v: number) => ((v - 2) * v + 3) * v * v * v - v + 1
    const at = [-2, -1, 0, 0.5, 1, 2, 3, 4]
    const curve = interpolate.makeInterpSpline(at, at.map(p), { k: 5 })
    for (const v of [-2.5, 0.7, 3.9, 5]) assert.ok(Math.abs(curve.evaluate(v).item() - p(v)) < 1e-9)
  })
  test('beyond the points: on, nothing, or anew; NaN stays NaN', () => {
    const curve = new interpolate.CubicSpline([0, 1, 2, 3], [0, 1, 8, 27])
    assert.deepEqual(curve.evaluate([4, 4], { extrapolate: false }).toList(), [Number.NaN, Number.NaN])
    assert.ok(Math.abs(curve.evaluate(4).item() - 64) < 1e-12)
    assert.ok(Number.isNaN(curve.evaluate(Number.NaN).item()))
    assert.ok(Math.abs(curve.evaluate(4.5, { extrapolate: 'periodic' }).item() - 3.375) < 1e-12)
    assert.deepEqual(nd.interp([Number.NaN], [0, 1], [2, 3]).toList(), [Number.NaN])
    assert.deepEqual(nd.interp([], [0, 1], [2, 3]).shape, [0])
  })
  test('values are computed when they are read', async () => {
    const later = new interpolate.CubicSpline(x, nd.stack([y, nd.cos(x)], { axis: 1 })).evaluate(
      nd.linspace(0, 7, 5000),
    )
    assert.equal(later.isEvaluated, false)
    const values = (await later.values()) as Float64Array
    assert.ok(Math.abs(values[2 * 2500] - Math.sin((7 * 2500) / 4999)) < 1e-3)
  })
})

describe('what is refused', () => {
  const refused: [string, () => unknown, RegExp][] = [
    ['ArgumentError', () => new interpolate.CubicSpline([0, 2, 1], [1, 2, 3]), /each above the one before/],
    ['ShapeError', () => new interpolate.CubicSpline([0, 1], [1, 2, 3]), /does not go with/],
    ['ShapeError', () => new interpolate.PchipInterpolator([0], [1]), /2 points or more/],
    [
      'ArgumentError',
      () => new interpolate.CubicSpline([0, 1, 2], [1, 2, 3], { bcType: 'periodic' }),
      /same first and last/,
    ],
    ['ArgumentError', () => new interpolate.CubicSpline([0, 1], [1, 2], { bcType: 'free' as 'natural' }), /bcType/],
    ['DTypeError', () => new interpolate.CubicSpline([0, 1], [{ re: 0, im: 1 }, 2]), /real/],
    ['ShapeError', () => interpolate.makeInterpSpline([0, 1, 2], [1, 2, 3]), /4 points/],
    ['ArgumentError', () => interpolate.makeInterpSpline([0, 1], [1, 2], { k: 0 }), /1 to 9/],
    ['ArgumentError', () => new interpolate.RegularGridInterpolator([[0, 1]], [1, 2]).evaluate([[2]]), /from 0 to 1/],
    ['ShapeError', () => new interpolate.RegularGridInterpolator([[0, 1]], [1, 2]).evaluate([[2, 3]]), /\[\.\.\., 1\]/],
    ['ShapeError', () => new interpolate.RegularGridInterpolator([[0, 1, 2]], [1, 2]), /3 places/],
    ['ArgumentError', () => nd.interp([1], [1, 0], [1, 2]), /xp|x must/],
    ['ArgumentError', () => nd.interp([1], [0, 1], [1, 2], { period: 0 }), /period/],
  ]
  for (const [name, call, message] of refused) test(String(message), () => assert.throws(call, { name, message }))
})
