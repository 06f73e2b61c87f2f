/** Polynomials as arrays of one axis: their coefficients, the highest first, as `numpy.poly1d` has them. */

import { ArgumentError } from '@skein/base'
import { kernel } from '@skein/kernel'
import { type DType, isComplex } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import { runOf } from '../expression/plain.ts'
import type { NDArray } from '../ndarray.ts'
import { promote } from '../promotion.ts'
import { astype, floated } from './astype.ts'
import { computed } from './computing.ts'
import { convolve } from './convolve.ts'
import { arange, asarray, type Nested, zeros } from './creation.ts'
import { trimZeros } from './editing.ts'
import * as e from './elementwise.ts'
import { at } from './indexing.ts'
import { concat } from './joining.ts'
import { lstsq } from './least-squares.ts'
import { type Operand, toArray } from './operands.ts'
import { elementsOf } from './placing.ts'
import { sum } from './reductions.ts'
import { vander } from './sequences.ts'
import { reshape } from './shaping.ts'

type Coefficients = Operand | readonly number[]

function coefficientsOf(p: Coefficients, call: string, name = 'p'): NDArray {
  const given = asarray(p as Nested)
  const array = given.ndim === 0 ? reshape(given, [1]) : given
  if (array.ndim !== 1)
    throw new ShapeError(call, `${name} has one axis, not the shape ${shapeText(array.shape)}.`, [array.shape])
  return array
}

/** What a polynomial is at each element of x, by Horner's rule: an expression. */
export function polyval(p: Coefficients, x: Operand): NDArray {
  const given = coefficientsOf(p, 'polyval')
  const at1 = toArray(x, 'polyval')
  const dtype = promote(given.dtype, at1.dtype)
  const place = astype(at1, dtype, { copy: false })
  if (place.isEvaluated && (dtype === 'float64' || dtype === 'float32')) return horner(given, place, dtype)
  let found: NDArray = e.multiply(place, dtype === 'bool' ? false : 0)
  for (let k = 0; k < given.size; k++) found = e.add(e.multiply(found, place), at(given, k))
  return found
}

const hornerAt = kernel(
  (i, count: number, p: Float64Array, x: Float64Array, out: Float64Array) => {
    let found = x[i] * 0
    for (let k = 0; k < count; k++) found = found * x[i] + p[k]
    out[i] = found
  },
  { name: 'polyval', unsafe: true },
)

/** The same of an array that is there, by one kernel for all degrees. */
function horner(p: NDArray, x: NDArray, dtype: DType): NDArray {
  return computed(dtype, x.shape, [astype(p, dtype, { copy: false }), x], function* ([by, from], to) {
    yield runOf(hornerAt, x.size, p.size, by as Float64Array, from as Float64Array, to as Float64Array)
  })
}

/** Coefficients that are there, few and float64. */
function fewOf(p: NDArray): Float64Array | undefined {
  if (p.dtype !== 'float64' || p.size > 256 || !p.isEvaluated) return undefined
  return elementsOf(p) as unknown as Float64Array
}

const polynomial = (coefficients: Float64Array): NDArray => asarray(coefficients)

export interface PolyfitOptions {
  /** What each point counts for: its distance is multiplied by that. */
  w?: Coefficients
  /** Singular values below that share of the largest are taken as 0; default the rounding error times the number of points. */
  rtol?: number
}

/** The polynomial of a degree nearest to points, by least squares; several of them, in columns, if y has two axes. @param x of one axis @param y of as many points @throws ShapeError, ArgumentError */
export function polyfit(x: Coefficients, y: Operand, degree: number, { w, rtol }: PolyfitOptions = {}): NDArray {
  const places = astype(coefficientsOf(x, 'polyfit', 'x'), 'float64', { copy: false })
  const values = floated(asarray(y as Nested))
  if (!Number.isSafeInteger(degree) || degree < 0)
    throw new ArgumentError('polyfit', 'degree', 'a whole number from 0', degree)
  const count = places.size
  if (values.ndim < 1 || values.ndim > 2 || values.shape[0] !== count || count === 0)
    throw new ShapeError(
      'polyfit',
      `y of shape ${shapeText(values.shape)} does not have one value, or row, for each of ${count} points.`,
      [places.shape, values.shape],
    )
  let rows: NDArray = vander(places, degree + 1)
  let sides: NDArray = astype(values, 'float64', { copy: false })
  if (w !== undefined) {
    const weights = coefficientsOf(w, 'polyfit', 'w')
    if (weights.size !== count)
      throw new ShapeError('polyfit', `${weights.size} weights are not one for each of ${count} points.`, [
        places.shape,
        weights.shape,
      ])
    rows = e.multiply(rows, reshape(weights, [-1, 1]))
    sides = e.multiply(sides, values.ndim === 1 ? weights : reshape(weights, [-1, 1]))
  }
  // Columns of one length: what is small is small by itself.
  const lengths = e.sqrt(sum(e.square(rows), { axis: 0 })).eval()
  const { x: found } = lstsq(e.divide(rows, lengths).eval(), sides.eval(), { rtol: rtol ?? count * 2 ** -52 })
  return e.divide(found, values.ndim === 1 ? lengths : reshape(lengths, [-1, 1]))
}

const joined =
  (call: string, combine: (a: NDArray, b: NDArray) => NDArray, sign: 1 | -1) =>
  (p1: Coefficients, p2: Coefficients): NDArray => {
    const [a, b] = [coefficientsOf(p1, call, 'p1'), coefficientsOf(p2, call, 'p2')]
    const size = Math.max(a.size, b.size)
    const [x, y] = [fewOf(a), fewOf(b)]
    if (x && y) {
      const found = new Float64Array(size)
      found.set(x, size - x.length)
      for (let k = 1; k <= y.length; k++) found[size - k] += sign * y[y.length - k]
      return polynomial(found)
    }
    const wide = (x: NDArray) => (x.size === size ? x : concat([zeros([size - x.size], { dtype: x.dtype }), x]))
    return combine(wide(a), wide(b))
  }

/** The sum of two polynomials. */
export const polyadd = joined('polyadd', e.add, 1)
/** The difference of two polynomials. */
export const polysub = joined('polysub', e.subtract, -1)

/** The product of two polynomials; without zeros in front. */
export function polymul(p1: Coefficients, p2: Coefficients): NDArray {
  const [p, q] = [coefficientsOf(p1, 'polymul', 'p1'), coefficientsOf(p2, 'polymul', 'p2')]
  const [x, y] = [fewOf(p), fewOf(q)]
  if (x && y) return polynomial(product(withoutZeros(x), withoutZeros(y)))
  const [a, b] = [trimmed(p), trimmed(q)]
  return convolve(a, b)
}

function withoutZeros(p: Float64Array): Float64Array {
  let first = 0
  while (first < p.length && p[first] === 0) first++
  return first === p.length ? new Float64Array(1) : p.subarray(first)
}

function product(x: Float64Array, y: Float64Array): Float64Array {
  const found = new Float64Array(x.length + y.length - 1)
  for (let j = 0; j < y.length; j++) for (let k = 0; k < x.length; k++) found[j + k] += x[k] * y[j]
  return found
}

const trimmed = (p: NDArray): NDArray => {
  const found = trimZeros(p, { trim: 'f' })
  return found.size === 0 ? zeros([1], { dtype: p.dtype }) : found
}

/** Quotient and remainder of two polynomials. @throws ArgumentError where p2 is 0 */
export function polydiv(p1: Coefficients, p2: Coefficients): [quotient: NDArray, remainder: NDArray] {
  const [u, v] = [floated(coefficientsOf(p1, 'polydiv', 'p1')), floated(trimmed(coefficientsOf(p2, 'polydiv', 'p2')))]
  const dtype = promote(u.dtype, v.dtype)
  if (isComplex(dtype)) throw new ArgumentError('polydiv', 'p1', 'real coefficients', `of ${dtype}`)
  const [rest, by] = [u, v].map(p => Float64Array.from(p.toTypedArray() as unknown as Float64Array))
  if (by[0] === 0) throw new ArgumentError('polydiv', 'p2', 'a polynomial other than 0', String(v))
  const steps = Math.max(rest.length - by.length + 1, 0)
  const quotient = new Float64Array(Math.max(steps, 1))
  for (let k = 0; k < steps; k++) {
    const q = rest[k] / by[0]
    quotient[k] = q
    for (let j = 0; j < by.length; j++) rest[k + j] -= q * by[j]
    rest[k] = 0
  }
  const left = rest.subarray(rest.findIndex(x => x !== 0) < 0 ? rest.length - 1 : rest.findIndex(x => x !== 0))
  return [astype(asarray(quotient), dtype), astype(asarray(left.slice()), dtype)]
}

/** The derivative of a polynomial, taken `m` times. */
export function polyder(p: Coefficients, { m = 1 }: { m?: number } = {}): NDArray {
  if (!Number.isSafeInteger(m) || m < 0) throw new ArgumentError('polyder', 'm', 'a whole number from 0', m)
  let found = coefficientsOf(p, 'polyder')
  for (let k = 0; k < m; k++) {
    const degree = found.size - 1
    const few = degree > 0 ? fewOf(found) : undefined
    if (few) {
      found = polynomial(few.slice(0, degree).map((c, j) => c * (degree - j)))
      continue
    }
    found =
      degree <= 0 ? zeros([0], { dtype: found.dtype }) : e.multiply(at(found, ':-1'), powers(degree, found)).eval()
  }
  return found
}

const powers = (degree: number, like: NDArray): NDArray =>
  arange(degree, 0, -1, { dtype: isComplex(like.dtype) ? 'float64' : like.dtype })

/** The antiderivative of a polynomial, taken `m` times. @param options `k`: the constants, one or one for each time; default 0 */
export function polyint(
  p: Coefficients,
  { m = 1, k = 0 }: { m?: number; k?: number | readonly number[] } = {},
): NDArray {
  if (!Number.isSafeInteger(m) || m < 0) throw new ArgumentError('polyint', 'm', 'a whole number from 0', m)
  const constants = typeof k === 'number' ? new Array<number>(m).fill(k) : k
  if (constants.length < m) throw new ArgumentError('polyint', 'k', `one number, or ${m}`, k)
  let found = floated(coefficientsOf(p, 'polyint'))
  for (let n = 0; n < m; n++) {
    const few = fewOf(found)
    if (few) {
      const longer = new Float64Array(few.length + 1)
      for (let j = 0; j < few.length; j++) longer[j] = few[j] / (few.length - j)
      longer[few.length] = constants[n]
      found = polynomial(longer)
      continue
    }
    const parts = e.divide(found, powers(found.size, found))
    found = concat([parts, asarray([constants[n]], { dtype: found.dtype })])
  }
  return found
}
