/**
 * exp, exp2, expm1, and the parts of them that the hyperbolic functions use.
 *
 * x = n ln 2 + r with |r| <= ln(2)/2; n is found by adding a number so large that the sum is rounded to an integer, and
 * is then in its low bits; ln 2 is subtracted in two parts of which the first has so few bits that n times it is exact.
 */
import type { Builder } from '../ir/builder.ts'
import type { Value } from '../ir/ir.ts'
import {
  beyond,
  bitsOf,
  constant,
  type Format,
  integer,
  polynomial,
  powerOfTwo,
  scale,
  scaleNormal,
  toBits,
} from './format.ts'

const EXP = {
  f32: {
    ln2: [0.693145751953125, 1.428606765330187e-6],
    /** Beyond this magnitude the result, or a factor of it, may not be normal. */
    normal: 87.33,
    /** Far beyond this it is 0 or infinite; up to here {@link scale} finds that by itself. */
    saturates: 150,
  },
  f64: { ln2: [0.6931471805598903, 5.497923018708371e-14], normal: 708.39, saturates: 1000 },
} as const

/** (e^r - 1 - r) / r² for |r| <= ln(2)/2, minimax relative to e^r, and relative to e^r - 1. */
const REST32 = [0.49999994, 0.166665122, 0.0416690856, 0.00837029237, 0.00137804064]
const REST32_M1 = [0.5, 0.166665405, 0.0416672006, 0.00836652424, 0.00138825248]
const REST64 = [
  0.5000000000000011, 0.16666666666666413, 0.04166666666653026, 0.008333333333494349, 0.0013888888943599765,
  0.0001984126950674667, 2.4801493133631723e-5, 2.755758629166966e-6, 2.7630234972619825e-7, 2.5000066352604553e-8,
]
const REST64_M1 = [
  0.5, 0.16666666666666677, 0.04166666666666651, 0.0083333333333217, 0.001388888888896233, 0.0001984126988594213,
  2.4801587172585553e-5, 2.755724440073373e-6, 2.755740263002217e-7, 2.510896879961835e-8, 2.0875325656170042e-9,
]

interface Reduced {
  /** The remainder, |r| <= ln(2)/2. */
  r: Value
  /** Its low bits are the quotient n. */
  t: Value
}

function reduce(b: Builder, f: Format, x: Value): Reduced {
  const [high, low] = EXP[f.type].ln2
  const t = b.add(b.mul(x, constant(b, f, Math.LOG2E)), f.magic)
  const n = b.sub(t, f.magic)
  return { r: b.sub(b.sub(x, b.mul(n, high)), b.mul(n, low)), t }
}

const quotient = (b: Builder, f: Format, t: Value): Value => b.sub(toBits(b, f, t), integer(b, f, bitsOf(f, f.magic)))

function series(b: Builder, f: Format, r: Value): Value {
  return b.add(quadratic(b, r, f.type === 'f32' ? REST32 : REST64), 1)
}

const minusOne = (b: Builder, f: Format, r: Value): Value => quadratic(b, r, f.type === 'f32' ? REST32_M1 : REST64_M1)

/** r + r² c(r) */
const quadratic = (b: Builder, r: Value, c: readonly number[]): Value =>
  b.add(b.mul(polynomial(b, r, c), b.mul(r, r)), r)

/** p 2^n for any x, given p = e^r: zero and infinity where they are due, NaN from NaN. `less` is subtracted from n. */
function saturated(b: Builder, f: Format, x: Value, p: Value, t: Value, less: number): Value {
  const n = quotient(b, f, t)
  const y = scale(b, f, p, less === 0 ? n : b.sub(n, integer(b, f, less)))
  return clamped(b, f, x, y, EXP[f.type].saturates)
}

/** y, but 0 where x < -limit and infinity where x > limit. */
const clamped = (b: Builder, f: Format, x: Value, y: Value, limit: number): Value =>
  b.select(b.lt(x, -limit), constant(b, f, 0), b.select(b.lt(constant(b, f, limit), x), constant(b, f, Infinity), y))

/** e^x where it is a normal number. */
export function expCore(b: Builder, f: Format, x: Value): Value {
  const { r, t } = reduce(b, f, x)
  return scaleNormal(b, f, series(b, f, r), toBits(b, f, t))
}

export function exp(b: Builder, f: Format, x: Value): Value {
  const { r, t } = reduce(b, f, x)
  const p = series(b, f, r)
  const fast = scaleNormal(b, f, p, toBits(b, f, t))
  return b.if(
    beyond(b, f, x, EXP[f.type].normal),
    () => [saturated(b, f, x, p, t, 0)],
    () => [fast],
  )[0]
}

export function exp2(b: Builder, f: Format, x: Value): Value {
  const t = b.add(x, constant(b, f, f.magic))
  const r = b.mul(b.sub(x, b.sub(t, f.magic)), Math.LN2)
  const p = series(b, f, r)
  const fast = scaleNormal(b, f, p, toBits(b, f, t))
  return b.if(
    beyond(b, f, x, f.bias - 1),
    () => [clamped(b, f, x, scale(b, f, p, quotient(b, f, t)), 1.5 * f.bias)],
    () => [fast],
  )[0]
}

/** e^x - 1 where 2^n is normal, without a care for -0 and beyond. Accurate relative to itself. */
export function expm1Core(b: Builder, f: Format, x: Value): { value: Value; p: Value; t: Value } {
  const { r, t } = reduce(b, f, x)
  const p = minusOne(b, f, r)
  const power = powerOfTwo(b, f, toBits(b, f, t))
  return { value: b.add(b.mul(p, power), b.sub(power, 1)), p, t }
}

export function expm1(b: Builder, f: Format, x: Value): Value {
  const { value, p, t } = expm1Core(b, f, x)
  const fast = b.select(b.eq(x, 0), x, value)
  return b.if(
    beyond(b, f, x, EXP[f.type].normal),
    () => [b.select(b.lt(x, 0), constant(b, f, -1), saturated(b, f, x, b.add(p, 1), t, 0))],
    () => [fast],
  )[0]
}

/** e^a / 2 for a >= 0 where e^a itself may overflow, given what {@link expm1Core} found. */
export const halfExp = (b: Builder, f: Format, a: Value, p: Value, t: Value): Value =>
  saturated(b, f, a, b.add(p, 1), t, 1)

/** Up to here e^|x| is an ordinary number. */
export const normalLimit = (f: Format): number => EXP[f.type].normal
