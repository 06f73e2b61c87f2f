/** Functions of NumPy beside the standard: bits of floats, divisors, histograms along axes, orders by several keys, packed bits, zeros of polynomials, chains of matrices. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as nd from '../src/index.ts'
import { testRecorded } from './cases.ts'

testRecorded({
  file: 'recorded-more.json.gz',
  places: new Set(['lexsort']),
  tolerances: {
    i0: { ulps: 8 },
    histogramdd: { ulps: 4 },
    histogram2d: { ulps: 4 },
    poly: { ulps: 64, relative: 1e-13 },
    'linalg.multiDot': { ulps: 64, relative: 1e-13 },
    'linalg.tensorsolve': { ulps: 64, relative: 1e-12 },
    'linalg.tensorinv': { ulps: 64, relative: 1e-12 },
  },
})

describe('beside the standard', () => {
  test('a float is its mantissa times its power', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { minLength: 1 }), list => {
        const x = nd.asarray(list)
        const [mantissa, exponent] = nd.frexp(x)
        assert.deepEqual(nd.ldexp(mantissa, exponent).toList(), list)
        for (const m of mantissa.toList() as number[])
          assert.ok(m === 0 || !Number.isFinite(m) || (Math.abs(m) >= 0.5 && Math.abs(m) < 1))
      }),
    )
  })

  test('divisors divide, and with multiples make the product', () => {
    const whole = fc.integer({ min: -30000, max: 30000 })
    fc.assert(
      fc.property(fc.array(fc.tuple(whole, whole), { minLength: 1 }), pairs => {
        const [x, y] = [0, 1].map(k =>
          nd.asarray(
            pairs.map(p => p[k]),
            { dtype: 'int32' },
          ),
        )
        const [divisor, multiple] = [nd.gcd(x, y), nd.lcm(x, y)]
        assert.deepEqual(nd.multiply(divisor, multiple).toList(), nd.abs(nd.multiply(x, y)).toList())
        assert.ok(nd.all(nd.equal(nd.remainder(x, divisor), 0)).item())
      }),
    )
  })

  test('packed bits come back', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), fc.constantFrom('big', 'little'), (bits, bitorder) => {
        const packed = nd.packbits(nd.asarray(bits, { dtype: 'bool' }), { bitorder })
        const back = nd.unpackbits(packed, { bitorder, count: bits.length })
        assert.deepEqual(back.toList(), bits.map(Number))
      }),
    )
  })

  test('zeros of a polynomial are where it is 0, and make it again', () => {
    const p = [3, -2, 0.5, 7, -1, 0, 0]
    const found = nd.roots(p)
    assert.deepEqual([found.dtype, found.shape], ['complex128', [6]])
    const values = nd.abs(nd.polyval(nd.astype(nd.asarray(p), 'complex128'), found)).toList() as number[]
    assert.ok(Math.max(...values) < 1e-12, String(values))
    const again = nd.multiply(nd.poly(found), 3)
    assert.ok(nd.allclose(nd.real(again), nd.asarray(p), { atol: 1e-12 }))
    assert.deepEqual(nd.roots([0, 0, 5]).shape, [0])
    assert.deepEqual(nd.roots([]).shape, [0])
    assert.deepEqual(nd.roots([1, 0, 0]).toList(), [
      { re: 0, im: 0 },
      { re: 0, im: 0 },
    ])
    assert.equal(nd.roots(nd.asarray(new Float32Array([1, -3, 2]))).dtype, 'complex64')
  })

  test('what is no argument is said', () => {
    const message = (work: () => unknown) => {
      try {
        work()
      } catch (error) {
        return `${(error as Error).name}: ${(error as Error).message}`
      }
      return 'nothing'
    }
    const i = nd.asarray([1, 2], { dtype: 'int32' })
    const table: [() => unknown, RegExp][] = [
      [() => nd.gcd(nd.asarray([1.5]), 2), /^DTypeError: gcd: takes integers/],
      [() => nd.frexp(nd.asarray([{ re: 1, im: 1 }])), /^DTypeError: frexp: takes floats/],
      [() => nd.ldexp(nd.asarray([1, 2]), nd.asarray([1, 2])), /^DTypeError: ldexp: takes integers/],
      [() => nd.ldexp(nd.asarray([1, 2]), 0.5), /^ArgumentError: ldexp/],
      [() => nd.spacing(nd.asarray([{ re: 1, im: 1 }])), /^DTypeError/],
      [() => nd.packbits(nd.asarray([1.5])), /^DTypeError: packbits: takes booleans and integers/],
      [() => nd.unpackbits(i), /^DTypeError: unpackbits: takes uint8/],
      [() => nd.packbits(i, { axis: 1 }), /^ShapeError: packbits/],
      [() => nd.packbits(i, { bitorder: 'middle' as 'big' }), /^ArgumentError: packbits/],
      [() => nd.unpackbits(nd.packbits(i), { count: -9 }), /^ArgumentError: unpackbits/],
      [() => nd.histogramdd([1, 2]), /^ShapeError: histogramdd: points have the shape/],
      [() => nd.histogramdd([[1, 2]], { bins: [1, 2, 3] }), /^ArgumentError: histogramdd/],
      [() => nd.histogramdd([[1, 2]], { bins: 1e6 }), /^ArgumentError: histogramdd.*at most/],
      [() => nd.histogram2d([1, 2], [1]), /^ShapeError: histogram2d/],
      [() => nd.histogram2d([1, NaN], [1, 2]), /^ArgumentError.*finite/],
      [() => nd.lexsort([]), /^ArgumentError: lexsort/],
      [() => nd.lexsort([i, nd.asarray([1])]), /^ShapeError: lexsort/],
      [() => nd.poly(nd.zeros([2, 3])), /^ShapeError: poly/],
      [() => nd.roots(nd.zeros([2, 3])), /^ShapeError: roots/],
      [() => nd.roots([1, NaN, 2]), /^LinearAlgebraError/],
      [() => nd.linalg.multiDot([i]), /^ArgumentError: multiDot/],
      [() => nd.linalg.multiDot([nd.eye(2), nd.eye(3)]), /^ShapeError: multiDot: \[2, 2\] and \[3, 3\]/],
      [() => nd.linalg.tensorinv(nd.zeros([2, 3, 4])), /^ShapeError: tensorinv/],
      [() => nd.linalg.tensorsolve(nd.eye(4), nd.zeros([2])), /^ShapeError: tensorsolve/],
      [() => nd.linalg.cholesky(nd.zeros([2, 3])), /^ShapeError: cholesky: x must be square, not of shape \[2, 3\]/],
    ]
    for (const [work, expected] of table) assert.match(message(work), expected, String(work))
  })

  test('views, lists and empty arrays', () => {
    const x = nd.asarray(
      [
        [8, 1, 12],
        [3, 4, 5],
      ],
      { dtype: 'int16' },
    )
    assert.deepEqual(nd.gcd(x.t, nd.asarray([4, 6], { dtype: 'int16' })).toList(), [
      [4, 3],
      [1, 2],
      [4, 1],
    ])
    assert.deepEqual(
      nd
        .lexsort([
          [3, 1, 1],
          [0, 0, -1],
        ])
        .toList(),
      [2, 1, 0],
    )
    assert.deepEqual(nd.histogramdd(nd.zeros([0, 2]), { bins: 2 }).counts.toList(), [
      [0, 0],
      [0, 0],
    ])
    assert.deepEqual(nd.frexp(nd.zeros([0]))[1].shape, [0])
    assert.deepEqual(nd.packbits(nd.zeros([0], { dtype: 'bool' })).shape, [0])
    assert.deepEqual(nd.poly(nd.zeros([0, 0])).toList(), [1])
  })
})
