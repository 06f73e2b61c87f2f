/** Functions that work element by element. Operands are broadcast; a number takes the dtype of the array beside it. */

import { type DType, isInexact } from '../dtypes.ts'
import type { Operation } from '../expression/operation.ts'
import * as arithmetic from '../expression/operations/arithmetic.ts'
import * as comparison from '../expression/operations/comparison.ts'
import * as elementary from '../expression/operations/elementary.ts'
import { NDArray } from '../ndarray.ts'
import { applyNodes, applyTo } from './apply.ts'
import { nodesOf, type Operand } from './operands.ts'

export type Unary<D extends DType = DType> = (x: Operand) => NDArray<D>
export type Binary<D extends DType = DType> = (x1: Operand, x2: Operand) => NDArray<D>

const one = ['x']
const two = ['x1', 'x2']

const unary =
  <D extends DType = DType>(operation: Operation): Unary<D> =>
  x =>
    applyTo<D>(operation, [x], one)
const binary =
  <D extends DType = DType>(operation: Operation): Binary<D> =>
  (x1, x2) =>
    applyTo<D>(operation, [x1, x2], two)

/** x1 + x2; of booleans `or`. */
export const add = binary(arithmetic.add)
/** x1 − x2. */
export const subtract = binary(arithmetic.subtract)
/** x1 · x2; of booleans `and`. */
export const multiply = binary(arithmetic.multiply)
/** x1 / x2: a float, also of integers. */
export const divide = binary(arithmetic.divide)
/** The whole number below x1 / x2. Integers divided by 0 give 0. */
export const floorDivide = binary(arithmetic.floorDivide)
/** What floorDivide leaves: it has x2's sign. */
export const remainder = binary(arithmetic.remainder)
/** What division towards zero leaves: it has x1's sign, as `%` in JavaScript. */
export const fmod = binary(arithmetic.fmod)
/** x1 to the power x2. Integers stay integers: to a negative power they are 0 but for ±1. */
export const pow = (x1: Operand, x2: Operand): NDArray => {
  // The most frequent power: computed as NumPy does.
  if (x2 === 2 && x1 instanceof NDArray && isInexact(x1.dtype)) return square(x1)
  return power(x1, x2)
}
const power = binary(elementary.pow)
/** The larger one; NaN if one is. */
export const maximum = binary(arithmetic.maximum)
/** The smaller one; NaN if one is. */
export const minimum = binary(arithmetic.minimum)
/** The larger one, the other where one is NaN. */
export const fmax = binary(arithmetic.fmax)
/** The smaller one, the other where one is NaN. */
export const fmin = binary(arithmetic.fmin)
/** √(x1² + x2²), without overflow. */
export const hypot = binary(arithmetic.hypot)
/** |x1| with the sign of x2. */
export const copysign = binary(arithmetic.copysign)
/** The next float after x1 towards x2. */
export const nextafter = binary(elementary.nextafter)
/** The angle of the point (x2, x1), from −π to π. */
export const atan2 = binary(elementary.atan2)
/** log(e^x1 + e^x2). */
export const logaddexp = binary(elementary.logaddexp)

export const negative = unary(arithmetic.negative)
export const positive = unary(arithmetic.positive)
/** |x|; of complex numbers a float. */
export const abs = unary(arithmetic.abs)
/** −1, 0 or 1; of complex numbers x / |x|. */
export const sign = unary(arithmetic.sign)
/** Whether the sign bit is set: of −0 and negative numbers. */
export const signbit = unary<'bool'>(arithmetic.signbit)
export const square = unary(arithmetic.square)
/** 1 / x. */
export const reciprocal = unary(arithmetic.reciprocal)

export const equal = binary<'bool'>(comparison.equal)
export const notEqual = binary<'bool'>(comparison.notEqual)
export const less = binary<'bool'>(comparison.less)
export const lessEqual = binary<'bool'>(comparison.lessEqual)
export const greater = binary<'bool'>(comparison.greater)
export const greaterEqual = binary<'bool'>(comparison.greaterEqual)

/** Elements of any dtype count as true unless they are 0. */
export const logicalAnd = binary<'bool'>(comparison.logicalAnd)
export const logicalOr = binary<'bool'>(comparison.logicalOr)
export const logicalXor = binary<'bool'>(comparison.logicalXor)
export const logicalNot = unary<'bool'>(comparison.logicalNot)

export const bitwiseAnd = binary(comparison.bitwiseAnd)
export const bitwiseOr = binary(comparison.bitwiseOr)
export const bitwiseXor = binary(comparison.bitwiseXor)
export const bitwiseInvert = unary(comparison.bitwiseInvert)
/** Shifted by as many bits as there are, or more, nothing is left. */
export const bitwiseLeftShift = binary(comparison.bitwiseLeftShift)
/** Signed integers keep their sign. */
export const bitwiseRightShift = binary(comparison.bitwiseRightShift)

export const isnan = unary<'bool'>(comparison.isnan)
export const isinf = unary<'bool'>(comparison.isinf)
export const isfinite = unary<'bool'>(comparison.isfinite)

export const sqrt = unary(elementary.sqrt)
export const cbrt = unary(elementary.cbrt)
export const exp = unary(elementary.exp)
export const exp2 = unary(elementary.exp2)
/** e^x − 1. */
export const expm1 = unary(elementary.expm1)
export const log = unary(elementary.log)
/** log(1 + x). */
export const log1p = unary(elementary.log1p)
export const log2 = unary(elementary.log2)
export const log10 = unary(elementary.log10)
export const sin = unary(elementary.sin)
export const cos = unary(elementary.cos)
export const tan = unary(elementary.tan)
export const asin = unary(elementary.asin)
export const acos = unary(elementary.acos)
export const atan = unary(elementary.atan)
export const sinh = unary(elementary.sinh)
export const cosh = unary(elementary.cosh)
export const tanh = unary(elementary.tanh)
export const asinh = unary(elementary.asinh)
export const acosh = unary(elementary.acosh)
export const atanh = unary(elementary.atanh)

export const floor = unary(elementary.floor)
export const ceil = unary(elementary.ceil)
export const trunc = unary(elementary.trunc)
/** To the nearest whole number, halves to the even one. */
export const round = unary(elementary.round)

/** The angle of a complex number, from −π to π. */
export const angle = unary(elementary.angle)
export const real = unary(elementary.realPart)
export const imag = unary(elementary.imaginaryPart)
export const conj = unary(elementary.conj)

/** x1 where the condition holds, else x2. */
export function where(condition: Operand, x1: Operand, x2: Operand): NDArray {
  const [c] = nodesOf([condition], 'where', ['condition'])
  return new NDArray(applyNodes(comparison.where, [c, ...nodesOf([x1, x2], 'where', two)]))
}
