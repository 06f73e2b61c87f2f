/** What NumPy computes element by element beside the standard, made of its functions: expressions like any other. */

import { ArgumentError } from '@skein/base'
import { isComplex, isFloat } from '../dtypes.ts'
import { DTypeError } from '../errors.ts'
import { wanted } from '../expression/node.ts'
import * as arithmetic from '../expression/operations/arithmetic.ts'
import { i0 as besselI0 } from '../expression/operations/bessel.ts'
import * as bits from '../expression/operations/bits.ts'
import * as comparison from '../expression/operations/comparison.ts'
import { NDArray } from '../ndarray.ts'
import { applyNodes, applyTo } from './apply.ts'
import { astype, floated } from './astype.ts'
import { zeros } from './creation.ts'
import * as e from './elementwise.ts'
import { finfo } from './inspection.ts'
import { nodesOf, type Operand, scalarNode, toArray } from './operands.ts'

/** Degrees in radians. */
export const deg2rad = (x: Operand): NDArray => e.multiply(floated(toArray(x, 'deg2rad')), Math.PI / 180)
/** Radians in degrees. */
export const rad2deg = (x: Operand): NDArray => e.multiply(floated(toArray(x, 'rad2deg')), 180 / Math.PI)

/** sin(πx) / πx; 1 at 0. */
export function sinc(x: Operand): NDArray {
  const array = floated(toArray(x, 'sinc'))
  const angle = e.multiply(array, Math.PI)
  return e.where(e.equal(array, 0), 1, e.divide(e.sin(angle), angle))
}

/** 0 below 0, 1 above it, and x2 at 0; NaN of NaN. */
export const heaviside = (x1: Operand, x2: Operand): NDArray => applyTo(arithmetic.heaviside, [x1, x2], ['x1', 'x2'])

/** How many bits of |x| are set: uint8. */
export const bitwiseCount = (x: Operand): NDArray<'uint8'> => applyTo(comparison.bitwiseCount, [x], ['x'])

/** Quotients rounded down, and what they leave. */
export function divmod(x1: Operand, x2: Operand): [NDArray, NDArray] {
  const nodes = nodesOf([x1, x2], 'divmod', ['x1', 'x2'])
  const rest = applyNodes(arithmetic.remainder, nodes)
  return [new NDArray(applyNodes(arithmetic.floorDivideWith, [...nodes, wanted(rest)])), new NDArray(rest)]
}

/** Fractions and whole parts; both have the sign of x. */
export function modf(x: Operand): [NDArray, NDArray] {
  const array = floated(toArray(x, 'modf'))
  const whole = e.trunc(array)
  wanted(whole.node)
  const fraction = e.where(e.isinf(array), 0, e.subtract(array, whole))
  return [e.copysign(fraction, array), whole]
}

/**
 * x = mantissa · 2^exponent, with 0.5 ≤ |mantissa| < 1; 0, infinities and NaN are their own mantissa, with exponent 0. Exponents are int32.
 * @throws DTypeError for complex numbers
 */
export function frexp(x: Operand): [mantissa: NDArray, exponent: NDArray<'int32'>] {
  const array = floated(toArray(x, 'frexp'))
  return [applyTo(bits.mantissa, [array], ['x']), applyTo<'int32'>(bits.exponent, [array], ['x'])]
}

/** x1 · 2^x2, rounded once; x2 are integers. The inverse of `frexp`. @throws DTypeError for complex x1, and for x2 that are no integers, or uint64 */
export function ldexp(x1: Operand, x2: Operand): NDArray {
  const isNumber = typeof x2 === 'number' || typeof x2 === 'bigint'
  if (typeof x2 === 'number' && !Number.isSafeInteger(x2)) throw new ArgumentError('ldexp', 'x2', 'a whole number', x2)
  const by = isNumber ? scalarNode(BigInt(x2), 'int64', 'ldexp', 'x2') : toArray(x2, 'ldexp', 'x2').node
  return new NDArray(applyNodes(bits.ldexp, [toArray(x1, 'ldexp', 'x1').node, by]))
}

/** How far the next float away from 0 is; negative of negative numbers, NaN of infinities. Of float32 and float64. */
export function spacing(x: Operand): NDArray {
  const array = floated(toArray(x, 'spacing'))
  return e.subtract(e.nextafter(array, e.copysign(Infinity, e.add(array, 0))), array)
}

/** The greatest common divisor of integers, not negative; that of 0 and 0 is 0. @throws DTypeError for other numbers */
export const gcd = (x1: Operand, x2: Operand): NDArray => applyTo(bits.gcd, [x1, x2], ['x1', 'x2'])
/** The least common multiple of integers, not negative; with 0 it is 0. @throws DTypeError for other numbers */
export const lcm = (x1: Operand, x2: Operand): NDArray => applyTo(bits.lcm, [x1, x2], ['x1', 'x2'])

/** The modified Bessel function of the first kind and order 0. @throws DTypeError for complex numbers */
export const i0 = (x: Operand): NDArray => applyTo(besselI0, [x], ['x'])

/** x1 to the power x2, in float64 or complex128. */
export function floatPower(x1: Operand, x2: Operand): NDArray {
  const wide = (x: Operand, name: string): NDArray => {
    const array = toArray(x, 'floatPower', name)
    return astype(array, isComplex(array.dtype) ? 'complex128' : 'float64', { copy: false })
  }
  return e.pow(wide(x1, 'x1'), wide(x2, 'x2'))
}

/** log₂(2^x1 + 2^x2), also where the powers are out of range. */
export function logaddexp2(x1: Operand, x2: Operand): NDArray {
  const [a, b] = [floated(toArray(x1, 'logaddexp2', 'x1')), floated(toArray(x2, 'logaddexp2', 'x2'))]
  const larger = e.maximum(a, b)
  const apart = e.negative(e.abs(e.subtract(a, b)))
  const found = e.add(larger, e.multiply(e.log1p(e.exp2(apart)), Math.LOG2E))
  // Of equal infinities the difference is NaN.
  return e.where(e.equal(a, b), e.add(a, 1), found)
}

/** Whether an element is +∞. */
export const isposinf = (x: Operand): NDArray<'bool'> => infinite(x, 'isposinf', false)
/** Whether an element is −∞. */
export const isneginf = (x: Operand): NDArray<'bool'> => infinite(x, 'isneginf', true)

function infinite(x: Operand, call: string, isNegative: boolean): NDArray<'bool'> {
  const array = toArray(x, call)
  if (isComplex(array.dtype)) throw new DTypeError(call, 'real numbers', [array.dtype])
  return e.logicalAnd(e.isinf(array), isNegative ? e.less(array, 0) : e.greater(array, 0))
}

/** Whether an element has no imaginary part. */
export function isreal(x: Operand): NDArray<'bool'> {
  const array = toArray(x, 'isreal')
  return isComplex(array.dtype) ? e.equal(e.imag(array), 0) : e.logicalNot(zeros(array.shape, { dtype: 'bool' }))
}
/** Whether an element has an imaginary part that is not 0. */
export function iscomplex(x: Operand): NDArray<'bool'> {
  const array = toArray(x, 'iscomplex')
  return isComplex(array.dtype) ? e.notEqual(e.imag(array), 0) : zeros(array.shape, { dtype: 'bool' })
}

export interface NanToNumOptions {
  /** What NaN becomes; default 0. */
  nan?: number
  /** What ∞ becomes; default the largest number of the dtype. */
  posinf?: number
  /** What −∞ becomes; default the least one. */
  neginf?: number
}

/** Numbers in place of NaN and infinities, in each part of complex numbers. */
export function nanToNum(x: Operand, options: NanToNumOptions = {}): NDArray {
  const array = toArray(x, 'nanToNum')
  const { dtype } = array
  if (isComplex(dtype)) {
    const parts = [e.real(array), e.imag(array)].map(part => nanToNum(part, options))
    return e.add(parts[0], e.multiply(astype(parts[1], dtype), { re: 0, im: 1 }))
  }
  if (!isFloat(dtype)) return array
  const { max, min } = finfo(dtype)
  const { nan = 0, posinf = max, neginf = min } = options
  const up = e.where(e.equal(array, Infinity), posinf, array)
  return e.where(e.isnan(array), nan, e.where(e.equal(array, -Infinity), neginf, up))
}
