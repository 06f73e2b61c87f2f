/** Roots, exponentials, logarithms, circular and hyperbolic functions, rounding. */

import type { Builder, Value } from '@skein/kernel/compiler'
import { DTypeError } from '../../errors.ts'
import { constant, fit, pair, real } from '../lanes.ts'
import type { Operation } from '../operation.ts'
import {
  acoshOfPair,
  acosOfPair,
  angleOfPair,
  asinOfPair,
  atanhOfPair,
  coshOfPair,
  expm1OfPair,
  expOfPair,
  logOfPair,
  math,
  multiplyPairs,
  type Pair,
  scalePair,
  sinhOfPair,
  sqrtOfPair,
  tanhOfPair,
  timesI,
  timesMinusI,
} from './complex.ts'
import { binary, isUnsigned, unary } from './define.ts'
import { inexact, meeting, mixing, numbers, type Rule, realNumbers, toReal } from './rules.ts'

type OfPair = (b: Builder, x: Pair) => Pair

const named = (name: string, of: string, complex?: OfPair): Operation =>
  unary(name, inexact(complex ? ['float', 'complex'] : ['float']), {
    real: (b, x) => math(b, of, x),
    ...(complex && { complex }),
  })

export const sqrt = unary('sqrt', inexact(['float', 'complex']), { real: (b, x) => b.sqrt(x), complex: sqrtOfPair })
export const cbrt = named('cbrt', 'cbrt')
export const exp = named('exp', 'exp', expOfPair)
export const exp2 = named('exp2', 'exp2')
export const expm1 = named('expm1', 'expm1', expm1OfPair)
export const log = named('log', 'log', logOfPair)
export const log1p = named('log1p', 'log1p', (b, x) => {
  const up = b.add(x.v, 1)
  // log|1 + x| = ½ log1p(a(a + 2) + b²) near 0, where |1 + x| is nearly 1.
  const near = b.mul(math(b, 'log1p', b.add(b.mul(x.v, b.add(x.v, 2)), b.mul(x.im, x.im))), 0.5)
  const far = math(b, 'log', math(b, 'hypot', up, x.im))
  const isNear = b.lt(b.max(b.abs(x.v), b.abs(x.im)), 0.5)
  return { v: b.select(isNear, near, far), im: math(b, 'atan2', x.im, up) }
})

const scaled =
  (by: number): OfPair =>
  (b, x) => {
    const y = logOfPair(b, x)
    return { v: b.mul(y.v, by), im: b.mul(y.im, by) }
  }
export const log2 = named('log2', 'log2', scaled(Math.LOG2E))
export const log10 = named('log10', 'log10', scaled(Math.LOG10E))

export const sin = named('sin', 'sin', (b, x) => timesMinusI(b, sinhOfPair(b, timesI(b, x))))
export const cos = named('cos', 'cos', (b, x) => coshOfPair(b, timesI(b, x)))
export const tan = named('tan', 'tan', (b, x) => timesMinusI(b, tanhOfPair(b, timesI(b, x))))
export const sinh = named('sinh', 'sinh', sinhOfPair)
export const cosh = named('cosh', 'cosh', coshOfPair)
export const tanh = named('tanh', 'tanh', tanhOfPair)
export const asin = named('asin', 'asin', asinOfPair)
export const acos = named('acos', 'acos', acosOfPair)
export const atan = named('atan', 'atan', (b, x) => timesMinusI(b, atanhOfPair(b, timesI(b, x))))
export const asinh = named('asinh', 'asinh', (b, x) => timesMinusI(b, asinOfPair(b, timesI(b, x))))
export const acosh = named('acosh', 'acosh', acoshOfPair)
export const atanh = named('atanh', 'atanh', atanhOfPair)

export const atan2 = binary('atan2', inexact(['float']), { real: (b, x, y) => math(b, 'atan2', x, y) })

/** log(e^x + e^y) without the exponentials, which would not fit. */
export const logaddexp = binary('logaddexp', inexact(['float']), {
  real: (b, x, y) => {
    const top = b.max(x, y)
    const apart = b.abs(b.sub(x, y))
    // Equal infinities are no distance apart.
    const sum = b.add(top, math(b, 'log1p', math(b, 'exp', b.neg(apart))))
    return b.select(b.eq(x, y), b.add(x, b.const(x.type, Math.LN2)), sum)
  },
})

function integerPower(b: Builder, x: Value, y: Value): Value {
  const n = (value: number) => b.const(x.type, x.type === 'i64' ? BigInt(value) : value)
  const [power] = b.loop(
    [n(1), x, y],
    ([, , left]) => b.ne(left, n(0)),
    ([power, base, left]) => {
      const isOdd = b.ne(b.and(left, n(1)), n(0))
      return [b.select(isOdd, b.mul(power, base), power), b.mul(base, base), b.ushr(left, n(1))]
    },
  )
  return power
}

/** Integers to negative powers are what is left of the fraction: 0, or ±1 of ±1. */
function signedPower(b: Builder, x: Value, y: Value): Value {
  const n = (value: number) => b.const(x.type, x.type === 'i64' ? BigInt(value) : value)
  const isNegative = b.slt(y, n(0))
  const unit = b.select(
    b.eq(x, n(1)),
    n(1),
    b.select(b.eq(x, n(-1)), b.select(b.ne(b.and(y, n(1)), n(0)), n(-1), n(1)), n(0)),
  )
  return b.select(isNegative, unit, integerPower(b, x, b.select(isNegative, n(0), y)))
}

export const pow: Operation = {
  name: 'pow',
  signature: mixing(meeting(numbers))('pow'),
  lower(b, [x, y], { result }) {
    if (x.im || y.im) {
      // x^y = e^(y log x); anything^0 is 1, 0 to a power in the right half plane 0.
      const n = (value: number) => b.const(x.v.type, value)
      const [base, power] = [x, y].map(({ v, im }) => ({ v, im: im ?? n(0) }))
      const l = logOfPair(b, base)
      const z = expOfPair(b, y.im ? multiplyPairs(b, power, l) : scalePair(b, y.v, l))
      const isZero = b.and(b.eq(base.v, 0), b.eq(base.im, 0))
      const byZero = b.and(b.eq(power.v, 0), b.eq(power.im, 0))
      const ofZero = b.select(b.gt(y.v, 0), n(0), n(Number.NaN))
      const chosen = (byZeroIs: number, v: Value) => b.select(byZero, n(byZeroIs), b.select(isZero, ofZero, v))
      return pair(result, chosen(1, z.v), chosen(0, z.im))
    }
    if (x.v.type[0] === 'f') return fit(b, result, powOfFloats(b, x.v, y.v))
    return fit(b, result, isUnsigned(result) ? integerPower(b, x.v, y.v) : signedPower(b, x.v, y.v))
  },
}

/** IEEE 754's pow: 1 to any power is 1, also to NaN and infinities, where JavaScript gives NaN; so is (−1)^±∞. */
function powOfFloats(b: Builder, x: Value, y: Value): Value {
  const isOne = b.or(b.eq(x, 1), b.and(b.eq(x, -1), b.eq(b.abs(y), Infinity)))
  return b.select(isOne, b.const(x.type, 1), math(b, 'pow', x, y))
}

/** Whole numbers stay as they are. */
const rounding = (name: string, compute: (b: Builder, x: Value) => Value): Operation =>
  unary(name, meeting(realNumbers), { real: (b, x) => (x.type[0] === 'f' ? compute(b, x) : x) })

export const floor = rounding('floor', (b, x) => b.floor(x))
export const ceil = rounding('ceil', (b, x) => b.ceil(x))
export const trunc = rounding('trunc', (b, x) => b.trunc(x))

/** To nearest, halves to even; of complex numbers both parts. */
export const round = unary('round', meeting(numbers), {
  real: (b, x) => (x.type[0] === 'f' ? b.nearest(x) : x),
  complex: (b, x) => ({ v: b.nearest(x.v), im: b.nearest(x.im) }),
})

export const angle: Operation = {
  name: 'angle',
  signature: inexact(['float', 'complex'], toReal)('angle'),
  lower(b, [x], { result }) {
    if (x.im) return real(result, angleOfPair(b, { v: x.v, im: x.im }))
    return fit(b, result, math(b, 'atan2', b.const(x.v.type, 0), x.v))
  },
}

export const realPart: Operation = {
  name: 'real',
  signature: meeting(numbers, toReal)('real'),
  lower: (_, [x], { result }) => real(result, x.v),
}

export const imaginaryPart: Operation = {
  name: 'imag',
  signature: meeting(numbers, toReal)('imag'),
  lower: (b, [x], { result }) => (x.im ? real(result, x.im) : constant(b, result, 0)),
}

export const conj = unary('conj', meeting(numbers), {
  real: (_, x) => x,
  complex: (b, x) => ({ v: x.v, im: b.neg(x.im) }),
})

const anyFloat = inexact(['float'])('nextafter')

/** Floats that are computed as they are. */
const wideFloats: Rule = name => dtypes => {
  const signature = anyFloat(dtypes)
  if (signature.result === 'float16') throw new DTypeError(name, 'float32 and float64', dtypes)
  return signature
}

/** The next number towards another: one more or less, of the bits. */
export const nextafter = binary('nextafter', wideFloats, {
  real: (b, x, y) => {
    const type = x.type === 'f32' ? 'i32' : 'i64'
    const n = (value: number) => b.const(type, type === 'i64' ? BigInt(value) : value)
    const bits = b.bitcast(x, type)
    const isUp = b.lt(x, y)
    const isAway = b.op('xor', 'i1', [isUp, b.slt(bits, n(0))])
    const moved = b.bitcast(b.add(bits, b.select(isAway, n(1), n(-1))), x.type)
    // From zero, of either sign, the smallest number on the side of y.
    const least = b.bitcast(n(1), x.type)
    const fromZero = b.select(isUp, least, b.neg(least))
    const other = b.select(b.eq(x, 0), fromZero, moved)
    const isUnordered = b.or(b.ne(x, x), b.ne(y, y))
    return b.select(isUnordered, b.add(x, y), b.select(b.eq(x, y), y, other))
  },
})
