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

/** A real number times a complex one: each part by itself, so that an infinite part leaves the other as it is. */
export const scalePair = (b: Builder, x: Value, y: Pair): Pair => ({ v: b.mul(x, y.v), im: b.mul(x, y.im) })

/** Smith's method (R. L. Smith, Algorithm 116, 1962): the ratio of the divisor's parts keeps squares out of it. By zero of any sign each part is divided by +0, as NumPy does. */
export function dividePairs(b: Builder, x: Pair, y: Pair): Pair {
  const isFlat = b.ge(b.abs(y.v), b.abs(y.im))
  const isZero = b.and(b.eq(y.v, 0), b.eq(y.im, 0))
  const large = b.select(isZero, b.abs(y.v), b.select(isFlat, y.v, y.im))
  const small = b.select(isFlat, y.im, y.v)
  // 0 / 0 would be NaN where a division by zero is infinite.
  const ratio = b.select(isZero, b.const(large.type, 0), b.div(small, large))
  const scale = b.add(large, b.mul(small, ratio))
  const [p, q] = [b.select(isFlat, x.v, x.im), b.select(isFlat, x.im, x.v)]
  const re = b.add(p, b.mul(q, ratio))
  const im = b.sub(q, b.mul(p, ratio))
  return { v: b.div(re, scale), im: b.div(b.select(isFlat, im, b.neg(im)), scale) }
}

export const absOfPair = (b: Builder, x: Pair): Value => math(b, 'hypot', x.v, x.im)
export const angleOfPair = (b: Builder, x: Pair): Value => math(b, 'atan2', x.im, x.v)

const isSingle = (x: Pair): boolean => x.v.type === 'f32'
const constant = (b: Builder, x: Pair, value: number): Value => b.const(x.v.type, value)
const finite = (b: Builder, x: Value): Value => b.lt(b.abs(x), Infinity)
const infinite = (b: Builder, x: Value): Value => b.eq(b.abs(x), Infinity)
const either = (b: Builder, x: Pair, of: (part: Value) => Value): Value => b.or(of(x.v), of(x.im))

/**
 * e^x: the absolute value is that of the real part. Where that is out of range and the result's parts need not be, it is computed as a multiple of 2^k, with k·log 2 nearly a
 * float (FreeBSD's k_exp.c). An imaginary part of 0 stays one, also beside infinities, and −∞ leaves 0 of any.
 */
export function expOfPair(b: Builder, x: Pair): Pair {
  const [most, k, less] = isSingle(x) ? [88, 235, 162.88958740234375] : [709, 1799, 1246.9717778273416]
  const isLarge = b.gt(x.v, constant(b, x, most))
  const size = math(b, 'exp', b.select(isLarge, b.sub(x.v, constant(b, x, less)), x.v))
  const half = Math.floor(k / 2)
  const [up, rest] = [half, k - half].map(n => b.select(isLarge, constant(b, x, 2 ** n), constant(b, x, 1)))
  const times = (y: Value) => b.mul(b.mul(b.mul(size, y), up), rest)
  const isReal = b.eq(x.im, 0)
  const isNone = b.and(b.eq(x.v, -Infinity), b.not(finite(b, x.im)))
  const isLost = b.and(b.eq(x.v, Infinity), b.not(finite(b, x.im)))
  const zero = constant(b, x, 0)
  const v = b.select(isReal, times(constant(b, x, 1)), times(math(b, 'cos', x.im)))
  const im = b.select(isReal, x.im, times(math(b, 'sin', x.im)))
  return { v: b.select(isNone, zero, b.select(isLost, x.v, v)), im: b.select(isNone, zero, im) }
}

/** e^x − 1 = (expm1(a) cos b − 2 sin²(b/2)) + i e^a sin b, which loses nothing near 0. */
export function expm1OfPair(b: Builder, x: Pair): Pair {
  const half = math(b, 'sin', b.mul(x.im, 0.5))
  const grown = math(b, 'expm1', x.v)
  const v = b.sub(b.mul(grown, math(b, 'cos', x.im)), b.mul(b.mul(half, half), 2))
  const im = b.mul(b.add(grown, 1), math(b, 'sin', x.im))
  const isNone = b.eq(x.v, -Infinity)
  const isOpen = b.not(finite(b, x.im))
  const isLost = b.and(b.eq(x.v, Infinity), isOpen)
  return {
    v: b.select(isNone, constant(b, x, -1), b.select(isLost, x.v, v)),
    im: b.select(b.eq(x.im, 0), x.im, b.select(b.and(isNone, isOpen), constant(b, x, 0), im)),
  }
}

/** A power of 4 that brings a number where its square is in range; what it takes off a logarithm, and what it makes of a root. */
function scaleOf(b: Builder, x: Pair): { by: Value; log: Value; root: Value } {
  const [huge, tiny] = isSingle(x) ? [124, -100] : [1020, -960]
  const isHuge = either(b, x, part => b.gt(b.abs(part), constant(b, x, 2 ** huge)))
  const small = constant(b, x, 2 ** tiny)
  const isTiny = b.and(b.lt(b.abs(x.v), small), b.lt(b.abs(x.im), small))
  const choose = (of: (exponent: number) => number) =>
    b.select(isHuge, constant(b, x, of(-4)), b.select(isTiny, constant(b, x, of(56)), constant(b, x, of(0))))
  return { by: choose(n => 2 ** n), log: choose(n => n * Math.LN2), root: choose(n => 2 ** (-n / 2)) }
}

/** log|x| + i arg x. Near |x| = 1 it is of |x|² − 1, which is found without |x|. */
export function logOfPair(b: Builder, x: Pair): Pair {
  const { by, log } = scaleOf(b, x)
  const size = absOfPair(b, scalePair(b, by, x))
  const [re, im] = [b.abs(x.v), b.abs(x.im)]
  const [long, short] = [b.max(re, im), b.min(re, im)]
  const over = b.add(b.mul(b.sub(long, 1), b.add(long, 1)), b.mul(short, short))
  const isNear = b.and(b.gt(size, constant(b, x, 0.5)), b.lt(size, constant(b, x, 2)))
  const near = b.mul(math(b, 'log1p', over), 0.5)
  return { v: b.select(isNear, near, b.sub(math(b, 'log', size), log)), im: angleOfPair(b, x) }
}

/** The root in the right half plane: of the larger sum |x| + |re|, so that nothing is lost. */
export function sqrtOfPair(b: Builder, x: Pair): Pair {
  const { by, root } = scaleOf(b, x)
  const { v: re, im } = scalePair(b, by, x)
  const t = b.sqrt(b.mul(b.add(math(b, 'hypot', re, im), b.abs(re)), 0.5))
  const other = b.select(b.eq(t, 0), b.abs(im), b.div(b.abs(im), b.mul(t, 2)))
  const isRight = b.ge(x.v, 0)
  const isFar = infinite(b, x.im)
  const v = b.mul(b.select(isRight, t, other), root)
  const size = b.mul(b.select(isRight, other, t), root)
  return {
    v: b.select(isFar, b.abs(x.im), v),
    im: withSign(b, b.select(isFar, x.im, size), x.im),
  }
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
export function sinhOfPair(b: Builder, x: Pair): Pair {
  const v = b.mul(math(b, 'sinh', x.v), math(b, 'cos', x.im))
  const im = b.mul(math(b, 'cosh', x.v), math(b, 'sin', x.im))
  // 0 and infinities stay, whatever cos b would be.
  const isKept = b.and(b.not(finite(b, x.im)), b.or(b.eq(x.v, 0), infinite(b, x.v)))
  return { v: b.select(isKept, x.v, v), im: b.select(b.eq(x.im, 0), x.im, im) }
}

/** cosh(a + bi) = cosh a cos b + i sinh a sin b. */
export function coshOfPair(b: Builder, x: Pair): Pair {
  const v = b.mul(math(b, 'cosh', x.v), math(b, 'cos', x.im))
  const im = b.mul(math(b, 'sinh', x.v), math(b, 'sin', x.im))
  const isOpen = b.not(finite(b, x.im))
  const isReal = b.or(b.eq(x.im, 0), b.and(isOpen, b.eq(x.v, 0)))
  const signed = b.mul(withSign(b, constant(b, x, 1), x.v), withSign(b, constant(b, x, 0), x.im))
  return { v: b.select(b.and(isOpen, infinite(b, x.v)), b.abs(x.v), v), im: b.select(isReal, signed, im) }
}

/**
 * tanh by W. Kahan (Branch Cuts for Complex Elementary Functions, 1987): t = tan b, s = sinh a; where |a| is so large that cosh would not fit, the real part is ±1.
 */
export function tanhOfPair(b: Builder, x: Pair): Pair {
  const t = math(b, 'tan', x.im)
  const s = math(b, 'sinh', x.v)
  const beta = b.add(b.mul(t, t), 1)
  const rho = b.sqrt(b.add(b.mul(s, s), 1))
  const denominator = b.add(b.mul(b.mul(beta, s), s), 1)
  const isDefined = b.or(infinite(b, x.v), finite(b, x.im))
  const isFar = b.and(b.gt(b.abs(x.v), constant(b, x, isSingle(x) ? 20 : 350)), isDefined)
  const v = b.select(isFar, withSign(b, constant(b, x, 1), x.v), b.div(b.mul(b.mul(beta, rho), s), denominator))
  const im = b.select(isFar, withSign(b, constant(b, x, 0), t), b.div(t, denominator))
  return { v: b.select(b.eq(x.v, 0), x.v, v), im: b.select(b.eq(x.im, 0), x.im, im) }
}

/** √(1 − x) and √(1 + x), of which W. Kahan makes the inverse functions, and whether x is so large that 1 is nothing beside it: log 2x is left then. */
function rootsAround(b: Builder, x: Pair): { down: Pair; up: Pair; isFar: Value } {
  const [one, far] = [constant(b, x, 1), constant(b, x, isSingle(x) ? 2 ** 60 : 2 ** 500)]
  return {
    down: sqrtOfPair(b, { v: b.sub(one, x.v), im: b.neg(x.im) }),
    up: sqrtOfPair(b, { v: b.add(one, x.v), im: x.im }),
    isFar: either(b, x, part => b.gt(b.abs(part), far)),
  }
}

/** log 2|x| with a sign; else asinh of what is near. */
const grown = (b: Builder, x: Pair, isFar: Value, near: Value): Value =>
  math(b, 'asinh', b.select(isFar, absOfPair(b, x), b.abs(near)))

export function asinOfPair(b: Builder, x: Pair): Pair {
  const { down, up, isFar } = rootsAround(b, x)
  const re = b.sub(b.mul(down.v, up.v), b.mul(down.im, up.im))
  const im = b.sub(b.mul(down.v, up.im), b.mul(down.im, up.v))
  const angle = math(b, 'atan2', b.abs(x.v), b.select(isFar, b.abs(x.im), re))
  return {
    v: b.select(b.eq(x.v, 0), x.v, withSign(b, angle, x.v)),
    im: withSign(b, grown(b, x, isFar, im), x.im),
  }
}

export function acosOfPair(b: Builder, x: Pair): Pair {
  const { down, up, isFar } = rootsAround(b, x)
  // asinh of the imaginary part of conj(√(1 + x))·√(1 − x).
  const im = b.sub(b.mul(up.v, down.im), b.mul(up.im, down.v))
  const angle = math(b, 'atan2', b.select(isFar, b.abs(x.im), down.v), b.select(isFar, x.v, up.v))
  const v = b.select(isFar, angle, b.mul(angle, 2))
  return {
    v: b.select(b.eq(x.v, 0), constant(b, x, Math.PI / 2), v),
    im: withSign(b, grown(b, x, isFar, im), b.neg(x.im)),
  }
}

/** ±i·acos, in the right half plane. */
export function acoshOfPair(b: Builder, x: Pair): Pair {
  const { v, im } = acosOfPair(b, x)
  return { v: b.abs(im), im: withSign(b, v, x.im) }
}

/** ½ log((1 + x) / (1 − x)), its parts by themselves; of large numbers 1/x ± iπ/2. */
export function atanhOfPair(b: Builder, x: Pair): Pair {
  const [re, im] = [b.abs(x.v), b.abs(x.im)]
  const one = constant(b, x, 1)
  const isFar = either(b, x, part => b.gt(b.abs(part), constant(b, x, isSingle(x) ? 2 ** 60 : 2 ** 500)))
  const i2 = b.mul(im, im)
  const down = b.sub(one, re)
  const near = b.mul(math(b, 'log1p', b.div(b.mul(re, 4), b.add(b.mul(down, down), i2))), 0.25)
  const inverse = b.div(one, b.add(re, b.mul(im, b.div(im, re))))
  const far = b.select(
    either(b, x, part => infinite(b, part)),
    constant(b, x, 0),
    inverse,
  )
  const angle = b.mul(math(b, 'atan2', b.mul(im, 2), b.sub(b.mul(down, b.add(re, 1)), i2)), 0.5)
  const quarter = b.select(b.ne(im, im), im, constant(b, x, Math.PI / 2))
  return {
    v: b.select(b.eq(x.v, 0), x.v, withSign(b, b.select(isFar, far, near), x.v)),
    im: withSign(b, b.select(isFar, quarter, angle), x.im),
  }
}
