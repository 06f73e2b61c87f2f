/** What NumPy computes element by element beside the standard, made of its functions: expressions like any other. */

import { type DType, infoOf, isComplex, isFloat, isInteger } from '../dtypes.ts'
import { DTypeError } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { astype, floated } from './astype.ts'
import { zeros } from './creation.ts'
import * as e from './elementwise.ts'
import { finfo } from './inspection.ts'
import { type Operand, toArray } from './operands.ts'

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
export function heaviside(x1: Operand, x2: Operand): NDArray {
  const x = floated(toArray(x1, 'heaviside', 'x1'))
  if (isComplex(x.dtype)) throw new DTypeError('heaviside', 'real numbers', [x.dtype])
  return e.where(e.equal(x, 0), x2, e.where(e.isnan(x), x, astype(e.greater(x, 0), x.dtype)))
}

/** Quotients rounded down, and what they leave. */
export const divmod = (x1: Operand, x2: Operand): [NDArray, NDArray] => [e.floorDivide(x1, x2), e.remainder(x1, x2)]

/** Fractions and whole parts; both have the sign of x. */
export function modf(x: Operand): [NDArray, NDArray] {
  const array = floated(toArray(x, 'modf'))
  const whole = e.trunc(array)
  const fraction = e.where(e.isinf(array), 0, e.subtract(array, whole))
  return [e.copysign(fraction, array), whole]
}

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

/** How many bits of |x| are set: uint8. */
export function bitwiseCount(x: Operand): NDArray<'uint8'> {
  const array = toArray(x, 'bitwiseCount')
  if (!isInteger(array.dtype)) throw new DTypeError('bitwiseCount', 'integers', [array.dtype])
  const size = infoOf(array.dtype).kind === 'signed' ? e.abs(array) : array
  const dtype = infoOf(array.dtype).bits === 64 ? 'uint64' : 'uint32'
  // |−2ⁿ⁻¹| is itself as bits: without its sign extended it has one of them.
  const unsigned = `uint${infoOf(array.dtype).bits}` as DType
  const bits = astype(astype(size, unsigned, { copy: false }), dtype, { copy: false })
  return astype(counted(bits), 'uint8')
}

/** By halves: pairs of bits, fours, eights, which a product sums (H. S. Warren, Hacker's Delight, 5-1). */
function counted(x: NDArray): NDArray {
  const is64 = x.dtype === 'uint64'
  const constant = (byte: number) => {
    const text = byte.toString(16).padStart(2, '0')
    return is64 ? BigInt(`0x${text.repeat(8)}`) : Number(`0x${text.repeat(4)}`)
  }
  const shift = (y: NDArray, n: number) => e.bitwiseRightShift(y, is64 ? BigInt(n) : n)
  const and = (y: NDArray, byte: number) => e.bitwiseAnd(y, constant(byte))
  const pairs = e.subtract(x, and(shift(x, 1), 0x55))
  const fours = e.add(and(pairs, 0x33), and(shift(pairs, 2), 0x33))
  const eights = and(e.add(fours, shift(fours, 4)), 0x0f)
  return shift(e.multiply(eights, constant(1)), is64 ? 56 : 24)
}
