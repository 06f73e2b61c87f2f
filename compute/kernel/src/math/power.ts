/**
 * pow: 2^(y log2 x), with log2 x to more bits than the result has.
 *
 * f32 computes in f64, where plain sums and products are enough. f64 carries log2 x and its product with y as two
 * doubles; each large product is of factors cut to 26 bits, and so exact without fused multiply-add.
 */
import type { Builder } from '../ir/builder.ts'
import type { Value } from '../ir/ir.ts'
import { exp2 } from './exponential.ts'
import {
  beyond,
  bitsOf,
  constant,
  F64,
  formatOf,
  horner,
  integer,
  notNormal,
  polynomial,
  scale,
  scaleNormal,
  toBits,
} from './format.ts'
import { splitExponent } from './logarithm.ts'

const f = F64

/** 2 artanh(s) / (s ln 2) in s², |s| <= 3 - 2√2, to 37 bits. */
const LOG2_SHORT = [2.8853900817901468, 0.961796673275945, 0.5770835961623957, 0.4116721099790822, 0.3407404556983876]
/** 2^r for |r| <= 1/2, to 29 bits. */
const EXP2_SHORT = [
  1.0000000005543106, 0.6931472057400949, 0.24022646889949523, 0.05550328770995355, 0.009618489014056042,
  0.001339993369026405, 0.00015345801876403954,
]
/** (3 artanh(s) / s - 3 - s²) / s⁴ in s². */
const ARTANH_REST = [
  0.6000000000000338, 0.42857142855148905, 0.33333333779961427, 0.27272676544258, 0.2308013628152652,
  0.1988522019692949, 0.197945511689248,
]
/** (e^r - 1 - r) / r², |r| <= ln(2)/2. */
const EXP_REST = [
  0.5000000000000011, 0.16666666666666413, 0.04166666666653026, 0.008333333333494349, 0.0013888888943599765,
  0.0001984126950674667, 2.4801493133631723e-5, 2.755758629166966e-6, 2.7630234972619825e-7, 2.5000066352604553e-8,
]

/** 2/(3 ln 2) and ln 2, cut to 26 bits, and what that leaves. */
const CUT = 2 ** 27
const SCALE = 0.9617966939259756
const SCALE_HIGH = 0.9617966860532761
const SCALE_LOW = 7.872699542894897e-9
const LN2_HIGH = 0.6931471675634384
const LN2_LOW = 1.2996506893889889e-8

/** Larger exponents than this leave the range of normal numbers in both formats. */
const NORMAL = 1020

const cut = (b: Builder, x: Value): Value => b.bitcast(b.and(b.bitcast(x, 'i64'), b.const('i64', -BigInt(CUT))), 'f64')

/** What pow needs of x and y: the exponent z as a sum high + low, log2 x, and 2^z from them. */
interface Power {
  log: Value
  high: Value
  low: Value
  z: Value
}

type Kind = 'short' | 'full'

function exponent(b: Builder, kind: Kind, x: Value, y: Value, adjust: number): Power {
  const split = splitExponent(b, f, x)
  const m = split.m
  const k = adjust === 0 ? split.k : b.sub(split.k, adjust)
  const g = b.sub(m, 1)
  if (kind === 'short') {
    const s = b.div(g, b.add(m, 1))
    const log = b.add(b.mul(horner(b, b.mul(s, s), LOG2_SHORT), s), k)
    const z = b.mul(log, y)
    return { log, high: z, low: constant(b, f, 0), z }
  }
  const d = b.add(m, 1)
  const inverse = b.div(constant(b, f, 1), d)
  const s = b.mul(g, inverse)
  const sHigh = cut(b, s)
  const dHigh = cut(b, d)
  const dLow = b.sub(m, b.sub(dHigh, 1))
  const sLow = b.mul(b.sub(b.sub(g, b.mul(sHigh, dHigh)), b.mul(sHigh, dLow)), inverse)
  // log m = 2/3 s (3 + s² + s⁴ …), the bracket as tHigh + tLow.
  const s2 = b.mul(s, s)
  const rest = b.add(b.mul(b.mul(s2, s2), polynomial(b, s2, ARTANH_REST)), b.mul(sLow, b.add(sHigh, s)))
  const sHigh2 = b.mul(sHigh, sHigh)
  const tHigh = cut(b, b.add(b.add(sHigh2, 3), rest))
  const tLow = b.sub(rest, b.sub(b.sub(tHigh, 3), sHigh2))
  const u = b.mul(sHigh, tHigh)
  const v = b.add(b.mul(sLow, tHigh), b.mul(tLow, s))
  const pHigh = cut(b, b.add(u, v))
  const pLow = b.sub(v, b.sub(pHigh, u))
  const zHigh = b.mul(pHigh, SCALE_HIGH)
  const zLow = b.add(b.mul(pHigh, SCALE_LOW), b.mul(pLow, SCALE))
  const log = cut(b, b.add(b.add(zHigh, zLow), k))
  const logLow = b.sub(zLow, b.sub(b.sub(log, k), zHigh))
  const yHigh = cut(b, y)
  const low = b.add(b.mul(b.sub(y, yHigh), log), b.mul(y, logLow))
  const high = b.mul(yHigh, log)
  return { log, high, low, z: b.add(high, low) }
}

/** 2^(z - n) in [√½, √2], and n in the low bits of t. */
function fractional(b: Builder, kind: Kind, { high, low, z }: Power): { p: Value; t: Value } {
  const t = b.add(z, constant(b, f, f.magic))
  const n = b.sub(t, f.magic)
  const r = b.sub(high, n)
  if (kind === 'short') return { p: horner(b, r, EXP2_SHORT), t }
  const cutR = cut(b, b.add(r, low))
  const u = b.mul(cutR, LN2_HIGH)
  const v = b.add(b.mul(b.sub(low, b.sub(cutR, r)), Math.LN2), b.mul(cutR, LN2_LOW))
  const e = b.add(u, v)
  const lost = b.sub(v, b.sub(e, u))
  const rest = b.add(b.mul(polynomial(b, e, EXP_REST), b.mul(e, e)), lost)
  return { p: b.add(b.add(rest, e), 1), t }
}

/** The answers of pow beyond positive normal x and moderate results: all of them, JavaScript's rules included. */
function anyPower(b: Builder, kind: Kind, x: Value, y: Value): Value {
  const a = b.abs(x)
  const small = b.lt(a, f.tiny)
  const lifted = b.select(small, b.mul(a, 2 ** 54), a)
  const adjusted = exponent(b, kind, lifted, y, 0)
  const lift = exponent(b, kind, lifted, y, 54)
  const pick = (name: keyof Power): Value => b.select(small, lift[name], adjusted[name])
  const inf = constant(b, f, Infinity)
  const limit = b.select(b.eq(a, 0), constant(b, f, -Infinity), b.select(b.eq(a, inf), inf, pick('log')))
  const isLimit = b.or(b.eq(b.abs(limit), inf), b.eq(b.abs(y), inf))
  // ∞ · log 1 is NaN, as JavaScript wants it; the other products of infinities are right too.
  const z = b.select(isLimit, b.mul(limit, y), pick('z'))
  const { p, t } = fractional(b, kind, { log: limit, high: pick('high'), low: pick('low'), z })
  const n = b.sub(toBits(b, f, t), integer(b, f, bitsOf(f, f.magic)))
  const scaled = scale(b, f, p, n)
  const top = b.select(b.lt(constant(b, f, 1500), z), inf, b.select(b.eq(z, z), scaled, z))
  const magnitude = b.select(b.lt(z, -1500), constant(b, f, 0), top)
  const negative = b.slt(b.bitcast(x, 'i64'), b.const('i64', 0))
  const whole = b.eq(b.floor(y), y)
  const half = b.mul(y, 0.5)
  const odd = b.and(whole, b.ne(b.floor(half), half))
  const signed = b.select(b.and(negative, odd), b.neg(magnitude), magnitude)
  const finiteNegative = b.and(b.lt(x, 0), b.lt(a, inf))
  const real = b.select(b.and(finiteNegative, b.not(whole)), constant(b, f, NaN), signed)
  return b.select(b.eq(y, 0), constant(b, f, 1), b.select(b.eq(x, x), real, x))
}

function pow64(b: Builder, kind: Kind, x: Value, y: Value): Value {
  const power = exponent(b, kind, x, y, 0)
  const { p, t } = fractional(b, kind, power)
  const fast = scaleNormal(b, f, p, toBits(b, f, t))
  return b.if(
    b.or(notNormal(b, f, x), beyond(b, f, power.z, NORMAL)),
    () => [anyPower(b, kind, x, y)],
    () => [fast],
  )[0]
}

/** x to a small constant power as products; each is within 1.5 units of the last place. */
function constantPower(b: Builder, x: Value, y: number): Value | undefined {
  const square = () => b.mul(x, x)
  switch (y) {
    case 0:
      return b.const(x.type, 1)
    case 1:
      return x
    case 2:
      return square()
    case 3:
      return b.mul(square(), x)
    case 4:
      return b.mul(square(), square())
    case -1:
      return b.div(b.const(x.type, 1), x)
    case 0.5:
      // √-0 is -0 and √-∞ NaN, but their powers +0 and ∞.
      return b.select(b.eq(x, -Infinity), b.const(x.type, Infinity), b.sqrt(b.add(x, 0)))
  }
  return undefined
}

export function pow(b: Builder, x: Value, y: Value): Value {
  const simple = y.op === 'const' ? constantPower(b, x, y.attr) : undefined
  if (simple) return simple
  if (x.op === 'const' && x.attr === 2) return exp2(b, formatOf(x), y)
  if (x.type === 'f64') return pow64(b, 'full', x, y)
  return b.cvt('demote', pow64(b, 'short', b.cvt('promote', x, 'f64'), b.cvt('promote', y, 'f64')), 'f32')
}
