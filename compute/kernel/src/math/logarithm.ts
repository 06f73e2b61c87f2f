/**
 * log, log2, log10, log1p.
 *
 * x = 2^k (1 + f) with 1 + f in [√½, √2). With s = f / (2 + f), log(1 + f) = 2 artanh s = f - s (f - R), R = s² P(s²):
 * the largest term, f, is exact, and what is subtracted is small beside it.
 */
import type { Builder } from '../ir/builder.ts'
import type { Value } from '../ir/ir.ts'
import { bitsOf, constant, type Format, fromBits, integer, notNormal, polynomial, toBits } from './format.ts'

/** (2 artanh(s) / s - 2) / s² as a polynomial in s², for |s| <= 3 - 2√2. */
const ARTANH = {
  f32: [0.6666677594184875, 0.399774968624115, 0.298730731010437],
  f64: [
    0.6666666666666734, 0.3999999999941434, 0.28571428742472477, 0.2222219856364367, 0.181835648617608,
    0.15314035898408324, 0.14796105287459915,
  ],
}
/** ln 2 and log10 2 in two parts; k times the first is exact. */
const LN2 = { f32: [0.693145751953125, 1.428606765330187e-6], f64: [0.6931471805598903, 5.497923018708371e-14] }
const LOG10_2 = { f32: [0.301025390625, 4.605039066518657e-6], f64: [0.30102999566395283, 2.8363394551044964e-14] }

interface Split {
  /** The exponent, as a float. */
  k: Value
  /** 1 + f, in [√½, √2). */
  m: Value
  /** Bits of the exponent in place: 1 + f = x less these. */
  place: Value
}

/** x = 2^k m for positive normal x. */
export function splitExponent(b: Builder, f: Format, x: Value): Split {
  const bits = toBits(b, f, x)
  const lowest = integer(b, f, bitsOf(f, Math.SQRT1_2))
  const offset = b.sub(bits, lowest)
  const exponents = integer(b, f, ~f.fraction)
  const place = b.and(offset, exponents)
  const m = fromBits(b, f, b.sub(bits, place))
  if (f.type === 'f32') return { k: b.cvt('sitof', b.sshr(offset, f.mantissa), 'f32'), m, place }
  // SIMD has no signed 64-bit shift and no conversion: the biased exponent is put in the low bits of 2^52.
  const biased = b.add(bits, integer(b, f, bitsOf(f, 1) - bitsOf(f, Math.SQRT1_2)))
  const k = b.bitcast(b.or(b.ushr(biased, 52), integer(b, f, bitsOf(f, 2 ** 52))), 'f64')
  return { k: b.sub(k, 2 ** 52 + f.bias), m, place }
}

/** log(1 + f) for f in [√½ - 1, √2 - 1). */
function logNearOne(b: Builder, f: Format, x: Value): Value {
  const s = b.div(x, b.add(x, 2))
  const z = b.mul(s, s)
  const rest = b.mul(polynomial(b, z, ARTANH[f.type]), z)
  return b.sub(x, b.mul(s, b.sub(x, rest)))
}

type Combine = (k: Value, near: Value) => Value

const natural = (b: Builder, f: Format): Combine => {
  const [high, low] = LN2[f.type]
  return (k, near) => b.add(b.add(near, b.mul(k, low)), b.mul(k, high))
}
const decimal = (b: Builder, f: Format): Combine => {
  const [high, low] = LOG10_2[f.type]
  return (k, near) => b.add(b.add(b.mul(near, Math.LOG10E), b.mul(k, low)), b.mul(k, high))
}
const binary =
  (b: Builder): Combine =>
  (k, near) =>
    b.add(b.mul(near, Math.LOG2E), k)

/** What a logarithm is where its argument is not a positive number: log(±0) = -∞, log(∞) = ∞, else NaN. */
function special(b: Builder, f: Format, x: Value, zero: Value, value: Value): Value {
  const limits = b.select(b.eq(zero, 0), constant(b, f, -Infinity), b.select(b.lt(zero, 0), constant(b, f, NaN), value))
  return b.select(b.lt(x, Infinity), limits, x)
}

function logarithm(b: Builder, f: Format, x: Value, combine: Combine): Value {
  const of = (y: Value, adjust: number): Value => {
    const { k, m } = splitExponent(b, f, y)
    return combine(adjust === 0 ? k : b.sub(k, adjust), logNearOne(b, f, b.sub(m, 1)))
  }
  const fast = of(x, 0)
  return b.if(
    notNormal(b, f, x),
    () => [special(b, f, x, x, of(b.mul(x, 2 ** (f.mantissa + 1)), f.mantissa + 1))],
    () => [fast],
  )[0]
}

export const log = (b: Builder, f: Format, x: Value): Value => logarithm(b, f, x, natural(b, f))
export const log2 = (b: Builder, f: Format, x: Value): Value => logarithm(b, f, x, binary(b))
export const log10 = (b: Builder, f: Format, x: Value): Value => logarithm(b, f, x, decimal(b, f))

/** log(1 + x): what 1 + x lost by rounding is added to the reduced argument. */
export function log1p(b: Builder, f: Format, x: Value): Value {
  const u = b.add(x, 1)
  const rounded = b.sub(u, 1)
  const lost = b.add(b.sub(x, rounded), b.sub(1, b.sub(u, rounded)))
  const { k, m, place } = splitExponent(b, f, u)
  const unscale = fromBits(b, f, b.sub(integer(b, f, bitsOf(f, 1)), place))
  const near = logNearOne(b, f, b.add(b.sub(m, 1), b.mul(lost, unscale)))
  const value = b.select(b.eq(x, 0), x, natural(b, f)(k, near))
  return b.if(
    notNormal(b, f, u, 2 ** (f.bias - 1)),
    // Where 1 + x is huge, what it lost is nothing beside it, and 2^-k would not be normal.
    () => [special(b, f, u, u, natural(b, f)(k, logNearOne(b, f, b.sub(m, 1))))],
    () => [value],
  )[0]
}
