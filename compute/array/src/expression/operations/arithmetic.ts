/** Sums, products, quotients, and what is like them. */

import type { Builder, Value } from '@skein/kernel/compiler'
import type { DType } from '../../dtypes.ts'
import { fit, pair, real } from '../lanes.ts'
import type { Operation } from '../operation.ts'
import {
  absOfPair,
  addPairs,
  dividePairs,
  isNegativeBit,
  math,
  multiplyPairs,
  type Pair,
  scalePair,
  subtractPairs,
  withSign,
} from './complex.ts'
import { binary, isUnsigned, less, unary } from './define.ts'
import { anything, inexact, meeting, mixing, numbers, ordered, realNumbers, toReal } from './rules.ts'

/** A truth is added as `or` and multiplied as `and`, as NumPy does. */
export const add = binary('add', mixing(meeting(anything)), {
  real: (b, x, y) => (x.type === 'i1' ? b.op('or', 'i1', [x, y]) : b.add(x, y)),
  complex: addPairs,
  mixed: (b, x, y) => ({ v: b.add(x.v, y.v), im: x.im ?? y.im! }),
  js: (x, y) => x + y,
})

export const subtract = binary('subtract', mixing(meeting(numbers)), {
  real: (b, x, y) => b.sub(x, y),
  complex: subtractPairs,
  mixed: (b, x, y) => ({ v: b.sub(x.v, y.v), im: x.im ?? b.neg(y.im!) }),
  js: (x, y) => x - y,
})

export const multiply = binary('multiply', mixing(meeting(anything)), {
  real: (b, x, y) => (x.type === 'i1' ? b.op('and', 'i1', [x, y]) : b.mul(x, y)),
  complex: multiplyPairs,
  mixed: (b, x, y) => (x.im ? scalePair(b, y.v, x as Pair) : scalePair(b, x.v, y as Pair)),
})

export const divide = binary('divide', mixing(inexact(['float', 'complex'])), {
  real: (b, x, y) => b.div(x, y),
  complex: dividePairs,
  mixed: (b, x, y) =>
    x.im
      ? { v: b.div(x.v, y.v), im: b.div(x.im, y.v) }
      : dividePairs(b, { v: x.v, im: b.const(x.v.type, 0) }, y as Pair),
  js: (x, y) => x / y,
})

const isInteger = (v: Value): boolean => v.type[0] === 'i'

function integerRemainder(b: Builder, x: Value, y: Value, dtype: DType): Value {
  const rest = b.op(isUnsigned(dtype) ? 'urem' : 'srem', x.type, [x, y])
  if (isUnsigned(dtype)) return rest
  const zero = b.const(x.type, x.type === 'i64' ? 0n : 0)
  const isOff = b.and(b.ne(rest, zero), b.slt(b.xor(rest, y), zero))
  return b.select(isOff, b.add(rest, y), rest)
}

function integerFloor(b: Builder, x: Value, y: Value, dtype: DType): Value {
  if (isUnsigned(dtype)) return b.op('udiv', x.type, [x, y])
  const zero = b.const(x.type, x.type === 'i64' ? 0n : 0)
  const one = b.const(x.type, x.type === 'i64' ? 1n : 1)
  const rest = b.op('srem', x.type, [x, y])
  const isOff = b.and(b.ne(rest, zero), b.slt(b.xor(rest, y), zero))
  const quotient = b.op('sdiv', x.type, [x, y])
  return b.select(isOff, b.sub(quotient, one), quotient)
}

/** The remainder has the divisor's sign; a zero too. */
function floatRemainder(b: Builder, x: Value, y: Value): Value {
  const rest = b.op('frem', x.type, [x, y])
  const isOff = b.and(b.ne(rest, 0), b.ne(b.lt(rest, 0), b.lt(y, 0)))
  return b.select(b.eq(rest, 0), withSign(b, rest, y), b.select(isOff, b.add(rest, y), rest))
}

/**
 * Of the exact quotient, as Python and NumPy find it. Where x / y has bits of a fraction, that is the whole number below it; but it may have been rounded up to the next one, where nearly all of y is left over.
 * Larger ones are (x − remainder) / y, which is whole but for rounding.
 */
function floatFloor(b: Builder, x: Value, y: Value, rest: Value): Value {
  const ratio = b.div(x, y)
  const below = b.floor(ratio)
  const isAbove = b.and(b.eq(ratio, below), b.gt(b.mul(b.abs(rest), 2), b.abs(y)))
  const small = b.select(isAbove, b.sub(below, 1), below)
  const [found] = b.if(
    b.lt(b.abs(ratio), b.const(x.type, x.type === 'f32' ? 2 ** 22 : 2 ** 51)),
    () => [small],
    () => {
      const quotient = b.div(b.sub(x, rest), y)
      const down = b.floor(quotient)
      return [b.select(b.gt(b.sub(quotient, down), 0.5), b.add(down, 1), down)]
    },
  )
  const whole = b.select(b.eq(found, 0), withSign(b, found, ratio), found)
  // By infinity: 0, or −1 where the signs differ.
  const isBelow = b.lt(b.mul(x, b.select(b.lt(y, 0), b.const(y.type, -1), b.const(y.type, 1))), 0)
  const byInfinity = b.select(b.and(isBelow, b.lt(b.abs(x), Infinity)), b.const(x.type, -1), ratio)
  return b.select(b.ne(y, 0), b.select(b.eq(b.abs(y), Infinity), byInfinity, whole), ratio)
}

/** Integers divided by zero give 0. */
export const floorDivide = binary('floorDivide', meeting(realNumbers), {
  real: (b, x, y, dtype) =>
    isInteger(x) ? integerFloor(b, x, y, dtype) : floatFloor(b, x, y, floatRemainder(b, x, y)),
})

/** The same beside the remainder, which is known. */
export const floorDivideWith: Operation = {
  name: 'floorDivideWith',
  signature: meeting(realNumbers)('divmod'),
  lower(b, [x, y, rest], { result }) {
    const found = isInteger(x.v) ? integerFloor(b, x.v, y.v, result) : floatFloor(b, x.v, y.v, rest.v)
    return fit(b, result, found)
  },
}

export const remainder = binary('remainder', meeting(realNumbers), {
  real: (b, x, y, dtype) => (isInteger(x) ? integerRemainder(b, x, y, dtype) : floatRemainder(b, x, y)),
})

/** The remainder with the dividend's sign, as C's and JavaScript's `%`. */
export const fmod = binary('fmod', meeting(realNumbers), {
  real: (b, x, y, dtype) =>
    isInteger(x) ? b.op(isUnsigned(dtype) ? 'urem' : 'srem', x.type, [x, y]) : b.op('frem', x.type, [x, y]),
})

export const negative = unary('negative', meeting(numbers), {
  real: (b, x) => (isInteger(x) ? b.sub(b.const(x.type, x.type === 'i64' ? 0n : 0), x) : b.neg(x)),
  complex: (b, x) => ({ v: b.neg(x.v), im: b.neg(x.im) }),
  js: x => -x,
})

export const positive = unary('positive', meeting(numbers), { real: (_, x) => x, complex: (_, x) => x, js: x => x })

export const square = unary('square', meeting(numbers), {
  real: (b, x) => b.mul(x, x),
  complex: (b, x) => multiplyPairs(b, x, x),
})

export const reciprocal = unary('reciprocal', inexact(['float', 'complex']), {
  real: (b, x) => b.div(b.const(x.type, 1), x),
  complex: (b, x) => dividePairs(b, { v: b.const(x.v.type, 1), im: b.const(x.v.type, 0) }, x),
})

/** Of a complex number its size, a real one. */
export const abs: Operation = {
  name: 'abs',
  signature: meeting(numbers, toReal)('abs'),
  lower(b, [x], { result }) {
    if (x.im) return real(result, absOfPair(b, { v: x.v, im: x.im }))
    if (isUnsigned(x.dtype)) return x
    if (x.v.type === 'i64') {
      const zero = b.const('i64', 0n)
      return real(result, b.select(b.slt(x.v, zero), b.sub(zero, x.v), x.v))
    }
    return fit(b, result, b.abs(x.v))
  },
}

/** −1, 0 or 1; of a complex number x / |x|. NaN stays. */
export const sign: Operation = {
  name: 'sign',
  signature: meeting(numbers)('sign'),
  lower(b, [x], { result }) {
    if (x.im) {
      const size = absOfPair(b, { v: x.v, im: x.im })
      const isZero = b.eq(size, 0)
      const by = b.select(isZero, b.const(size.type, 1), size)
      return pair(result, b.div(x.v, by), b.div(x.im, by))
    }
    if (!isInteger(x.v)) return real(result, b.add(math(b, 'sign', x.v), 0))
    const [zero, one] =
      x.v.type === 'i64' ? [b.const('i64', 0n), b.const('i64', 1n)] : [b.const('i32', 0), b.const('i32', 1)]
    const positive = b.select(b.ne(x.v, zero), one, zero)
    if (isUnsigned(x.dtype)) return real(result, positive)
    return real(result, b.select(b.slt(x.v, zero), b.sub(zero, one), positive))
  },
}

/** 0 below 0, 1 above it, y at 0; NaN of NaN. */
export const heaviside = binary('heaviside', inexact(['float']), {
  real: (b, x, y) => {
    const [zero, one] = [b.const(x.type, 0), b.const(x.type, 1)]
    return b.select(b.eq(x, 0), y, b.select(b.ne(x, x), x, b.select(b.gt(x, 0), one, zero)))
  },
})

export const copysign = binary('copysign', inexact(['float']), { real: (b, x, y) => withSign(b, x, y) })

export const signbit = unary(
  'signbit',
  inexact(['float'], () => 'bool'),
  { real: (b, x) => isNegativeBit(b, x) },
)

const extreme = (name: 'maximum' | 'minimum'): Operation =>
  binary(name, meeting(ordered), {
    real: (b, x, y, dtype) => {
      const op = name === 'maximum' ? 'max' : 'min'
      if (x.type === 'i1') return b.op(op === 'max' ? 'or' : 'and', 'i1', [x, y])
      if (x.type[0] === 'f') return b.op(op, x.type, [x, y])
      return b.op(`${isUnsigned(dtype) ? 'u' : 's'}${op}`, x.type, [x, y])
    },
  })

/** NaN wins. */
export const maximum = extreme('maximum')
export const minimum = extreme('minimum')

/** NaN loses: it stays only beside another. */
const extremeNumber = (name: 'fmax' | 'fmin'): Operation =>
  binary(name, meeting(ordered), {
    real: (b, x, y, dtype) => {
      const isFirst = name === 'fmax' ? less(b, y, x, dtype) : less(b, x, y, dtype)
      if (x.type === 'i1') return b.op(name === 'fmax' ? 'or' : 'and', 'i1', [x, y])
      if (x.type[0] !== 'f') return b.select(isFirst, x, y)
      return b.select(b.or(isFirst, b.ne(y, y)), x, y)
    },
  })
export const fmax = extremeNumber('fmax')
export const fmin = extremeNumber('fmin')

export const hypot = binary('hypot', inexact(['float']), { real: (b, x, y) => math(b, 'hypot', x, y) })
