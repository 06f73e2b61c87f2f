/** Complex numbers in IR: pairs of values. Formulas are those that keep large and small numbers in range where that is cheap. */

import type { Builder, Value } from '@skein/kernel/compiler'

export interface Pair {
  readonly v: Value
  readonly im: Value
}

export const math = (b: Builder, name: string, ...args: Value[]): Value => b.op('math', args[0].type, args, name)

export const addPairs = (b: Builder, x: Pair, y: Pair): Pair => ({ v: b.add(x.v, y.v), im: b.add(x.im, y.im) })
export const subtractPairs = (b: Builder, x: Pair, y: Pair): Pair => ({ v: b.sub(x.v, y.v), im: b.sub(x.im, y.im) })

export const multiplyPairs = (b: Builder, x: Pair, y: Pair): Pair => ({
  v: b.sub(b.mul(x.v, y.v), b.mul(x.im, y.im)),
  im: b.add(b.mul(x.v, y.im), b.mul(x.im, y.v)),
})

/** Smith's method (R. L. Smith, Algorithm 116, 1962): the ratio of the divisor's parts keeps squares out of it. */
export function dividePairs(b: Builder, x: Pair, y: Pair): Pair {
  const isFlat = b.ge(b.abs(y.v), b.abs(y.im))
  const large = b.select(isFlat, y.v, y.im)
  const small = b.select(isFlat, y.im, y.v)
  // 0 / 0 would be NaN where a division by zero is infinite.
  const isZero = b.eq(large, 0)
  const ratio = b.select(isZero, b.const(large.type, 0), b.div(small, large))
  const scale = b.add(large, b.mul(small, ratio))
  const [p, q] = [b.select(isFlat, x.v, x.im), b.select(isFlat, x.im, x.v)]
  const re = b.add(p, b.mul(q, ratio))
  const im = b.sub(q, b.mul(p, ratio))
  return { v: b.div(re, scale), im: b.div(b.select(isFlat, im, b.neg(im)), scale) }
}

export const absOfPair = (b: Builder, x: Pair): Value => math(b, 'hypot', x.v, x.im)
export const angleOfPair = (b: Builder, x: Pair): Value => math(b, 'atan2', x.im, x.v)

/** e^x: the absolute value is that of the real part. An imaginary part of 0 stays one, also beside infinities. */
export function expOfPair(b: Builder, x: Pair): Pair {
  const size = math(b, 'exp', x.v)
  const isReal = b.eq(x.im, 0)
  return {
    v: b.select(isReal, size, b.mul(size, math(b, 'cos', x.im))),
    im: b.select(isReal, x.im, b.mul(size, math(b, 'sin', x.im))),
  }
}

export const logOfPair = (b: Builder, x: Pair): Pair => ({
  v: math(b, 'log', absOfPair(b, x)),
  im: angleOfPair(b, x),
})

/** The root in the right half plane: of the larger sum |x| + |re|, so that nothing is lost. */
export function sqrtOfPair(b: Builder, x: Pair): Pair {
  const size = absOfPair(b, x)
  const t = b.sqrt(b.mul(b.add(size, b.abs(x.v)), 0.5))
  const other = b.select(b.eq(t, 0), b.abs(x.im), b.div(b.abs(x.im), b.mul(t, 2)))
  const isRight = b.ge(x.v, 0)
  const im = b.select(isRight, other, t)
  return { v: b.select(isRight, t, other), im: withSign(b, im, x.im) }
}

/** |x| with the sign of y, a zero's too. */
export function withSign(b: Builder, x: Value, y: Value): Value {
  const [type, sign] = x.type === 'f32' ? (['i32', -2147483648] as const) : (['i64', -(2n ** 63n)] as const)
  const bit = b.and(b.bitcast(y, type), b.const(type, sign))
  return b.bitcast(b.or(b.bitcast(b.abs(x), type), bit), x.type)
}

export const isNegativeBit = (b: Builder, x: Value): Value =>
  x.type === 'f32' ? b.slt(b.bitcast(x, 'i32'), 0) : b.slt(b.bitcast(x, 'i64'), b.const('i64', 0n))

/** i·x. */
export const timesI = (b: Builder, x: Pair): Pair => ({ v: b.neg(x.im), im: x.v })
/** −i·x. */
export const timesMinusI = (b: Builder, x: Pair): Pair => ({ v: x.im, im: b.neg(x.v) })

/** sinh(a + bi) = sinh a cos b + i cosh a sin b. */
export const sinhOfPair = (b: Builder, x: Pair): Pair => ({
  v: b.mul(math(b, 'sinh', x.v), math(b, 'cos', x.im)),
  im: b.mul(math(b, 'cosh', x.v), math(b, 'sin', x.im)),
})

export const coshOfPair = (b: Builder, x: Pair): Pair => ({
  v: b.mul(math(b, 'cosh', x.v), math(b, 'cos', x.im)),
  im: b.mul(math(b, 'sinh', x.v), math(b, 'sin', x.im)),
})

/**
 * tanh by W. Kahan (Branch Cuts for Complex Elementary Functions, 1987): t = tan b, s = sinh a; where |a| is so large that cosh would not fit, the real part is ±1.
 */
export function tanhOfPair(b: Builder, x: Pair): Pair {
  const t = math(b, 'tan', x.im)
  const s = math(b, 'sinh', x.v)
  const beta = b.add(b.mul(t, t), 1)
  const rho = b.sqrt(b.add(b.mul(s, s), 1))
  const denominator = b.add(b.mul(b.mul(beta, s), s), 1)
  const isFar = b.gt(b.abs(x.v), b.const(x.v.type, x.v.type === 'f32' ? 20 : 350))
  return {
    v: b.select(isFar, withSign(b, b.const(x.v.type, 1), x.v), b.div(b.mul(b.mul(beta, rho), s), denominator)),
    im: b.select(isFar, withSign(b, b.const(x.v.type, 0), t), b.div(t, denominator)),
  }
}

const one = (b: Builder, like: Pair): Pair => ({ v: b.const(like.v.type, 1), im: b.const(like.v.type, 0) })

/** log(x + √(x² + 1)), as sinh's inverse by way of asin(ix): Kahan's formulas on √(1 ± x). */
export function asinOfPair(b: Builder, x: Pair): Pair {
  const p = sqrtOfPair(b, subtractPairs(b, one(b, x), x))
  const q = sqrtOfPair(b, addPairs(b, one(b, x), x))
  const re = b.sub(b.mul(p.v, q.v), b.mul(p.im, q.im))
  const im = b.sub(b.mul(p.v, q.im), b.mul(p.im, q.v))
  return { v: math(b, 'atan2', x.v, re), im: withSign(b, math(b, 'asinh', im), x.im) }
}

export function acosOfPair(b: Builder, x: Pair): Pair {
  const p = sqrtOfPair(b, subtractPairs(b, one(b, x), x))
  const q = sqrtOfPair(b, addPairs(b, one(b, x), x))
  // asinh of the imaginary part of conj(q)·p.
  const im = b.sub(b.mul(q.v, p.im), b.mul(q.im, p.v))
  return { v: b.mul(math(b, 'atan2', p.v, q.v), 2), im: math(b, 'asinh', im) }
}

export function acoshOfPair(b: Builder, x: Pair): Pair {
  const p = sqrtOfPair(b, subtractPairs(b, x, one(b, x)))
  const q = sqrtOfPair(b, addPairs(b, x, one(b, x)))
  // asinh of the real part of conj(p)·q.
  const re = b.add(b.mul(p.v, q.v), b.mul(p.im, q.im))
  return { v: math(b, 'asinh', re), im: b.mul(math(b, 'atan2', p.im, q.v), 2) }
}

/** ½ log((1 + x) / (1 − x)), its parts by themselves. */
export function atanhOfPair(b: Builder, x: Pair): Pair {
  const { v: re, im } = x
  const i2 = b.mul(im, im)
  const [up, down] = [b.add(re, 1), b.sub(b.const(re.type, 1), re)]
  const far = b.add(b.mul(down, down), i2)
  return {
    v: b.mul(math(b, 'log1p', b.div(b.mul(re, 4), far)), 0.25),
    im: b.mul(math(b, 'atan2', b.mul(im, 2), b.sub(b.mul(down, up), i2)), 0.5),
  }
}
