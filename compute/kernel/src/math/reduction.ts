/**
 * Reduction of large numbers modulo π or π/2. Payne–Hanek: x/π or 2x/π modulo 2 for numbers of any size, as a fixed-point
 * fraction.
 *
 * x is an integer m times 2^e. The bits of 1/π above 2^-e only add multiples of 2 and are left out; the product of m with
 * the next 96 (f32) or 192 (f64) bits, modulo the word, has the parity of the quotient in its top bit and the fraction
 * below it, with more correct bits than the number nearest to a multiple of π/2 loses.
 */
import type { Builder } from '../ir/builder.ts'
import type { Value } from '../ir/ir.ts'
import { F32, F64, type Format, flipSign, integerParts, signBit, toBits } from './format.ts'

/** The first bits of the fraction of 1/π: as many as the largest number reaches. Computing them would take longer than
 * compiling a kernel; a test does. */
export const INVERSE_PI = BigInt(
  `0x${[
    '517cc1b727220a94fe13abe8fa9a6ee06db14acc9e21c820ff28b1d5ef5de2b0db92371d2126e970',
    '0324977504e8c90e7f0ef58e5894d39f74411afa975da24274ce38135a2fbf209cc8eb1cc1a99cfa',
    '4e422fc5defc941d8ffc4bffef02cc07f79788c5ad05368fb69b3f6793e584dba7a31fb34f2ff516',
    'ba93dd63f5f2f8bd9e839cfbc529497535fdafd88fc6ae842b0198237e3db5d5f867de104d7a1b0e',
  ].join('')}`,
)
const BITS = 1280
/** Zeros put before them, for numbers below 1. */
const LEAD = 64

const words: { f32?: bigint[]; f64?: bigint[] } = {}

/** words[i] = 32 bits of 1/π from bit 8 i on, counted from {@link LEAD} zeros before the point. */
function table(f: Format): bigint[] {
  const known = words[f.type]
  if (known) return known
  const total = BigInt(BITS + LEAD)
  const largest = f.bias - f.mantissa + LEAD + 1
  const count = (largest >> 3) + 4 * (limbs(f) - 1) + 1
  const made = Array.from({ length: count }, (_, i) => (INVERSE_PI >> (total - 8n * BigInt(i) - 32n)) & 0xffffffffn)
  words[f.type] = made
  return made
}

const limbs = (f: Format): number => (f === F32 ? 3 : 6)

/** The quotient modulo 2 in fixed point: the top bit of `high` is worth 1. For f32 there is no `low`. */
interface Turn {
  high: Value
  low: Value | undefined
}

/**
 * |x| times 1/π (`extra` = 0) or 2/π (`extra` = 1), modulo 2. x must be at least 2^-11; for smaller ones, infinities and
 * NaN the result means nothing, but is safe to compute.
 */
function turns(b: Builder, f: Format, x: Value, extra: 0 | 1): Turn {
  const bits = toBits(b, f, x)
  const wide = f === F32 ? b.op('zext', 'i64', [bits]) : bits
  const exponent = b.cvt('wrap', b.and(b.ushr(wide, f.mantissa), b.const('i64', 2 * f.bias + 1)), 'i32')
  // Position of the first needed bit, and its byte: x = m 2^(exponent - bias - mantissa).
  const position = b.op('smax', 'i32', [b.add(exponent, LEAD - 1 + extra - f.bias - f.mantissa), b.const('i32', 0)])
  const first = b.op('smin', 'i32', [b.ushr(position, 3), b.const('i32', table(f).length - 4 * (limbs(f) - 1) - 1)])
  const fraction = b.and(wide, b.const('i64', f.fraction))
  const significand = b.or(fraction, b.const('i64', f.fraction + 1n))
  const m = b.shl(significand, b.op('zext', 'i64', [b.and(position, 7)]))
  const word = (i: number): Value => b.op('table', 'i64', [b.add(first, 4 * i)], { element: 'i64', values: table(f) })
  const upper = (v: Value): Value => b.ushr(v, 32)
  const lower = (v: Value): Value => b.and(v, b.const('i64', 0xffffffffn))
  if (f === F32) {
    const high = b.add(b.shl(b.mul(m, word(0)), 32), b.add(b.mul(m, word(1)), upper(b.mul(m, word(2)))))
    return { high, low: undefined }
  }
  // Schoolbook product of two by six words of 32 bits; the top word and what carries out of it are dropped.
  const m0 = lower(m)
  const m1 = upper(m)
  const w = [5, 4, 3, 2, 1, 0].map(word)
  let carry = upper(b.mul(m0, w[0]))
  const out: Value[] = []
  for (let i = 1; i < 6; i++) {
    const p = b.mul(m0, w[i])
    const q = b.mul(m1, w[i - 1])
    const sum = b.add(b.add(lower(p), lower(q)), carry)
    out.push(lower(sum))
    carry = b.add(b.add(upper(p), upper(q)), upper(sum))
  }
  return { high: b.or(b.shl(out[4], 32), out[3]), low: b.or(b.shl(out[2], 32), out[1]) }
}

/** An angle as a difference, the second part far smaller: `high` is rounded once less than the difference would be. */
export interface Angle {
  high: Value
  low: Value
}

export interface Remainder {
  angle: Angle
  /** Its sign bit is set where the integer taken off was odd. */
  odd: Value
}

/** What is left of a turn after the nearest integer, times the unit π or π/2: at most half of that in magnitude. */
function remainder(b: Builder, f: Format, turn: Turn, { unit, unitLow }: Period): Remainder {
  const odd = b.xor(turn.high, b.shl(turn.high, 1))
  if (turn.low === undefined) {
    const [big, small] = integerParts(b, b.shl(turn.high, 1))
    const angle = narrowed(b, b.mul(b.add(big, small), unit * 2 ** -64))
    return { angle, odd: b.shl(b.cvt('wrap', b.ushr(odd, 63), 'i32'), 31) }
  }
  // The distance from the nearest integer as magnitude and sign; one's complement is near enough in 128 bits.
  const away = b.or(b.shl(turn.high, 1), b.ushr(turn.low, 63))
  const negative = b.sub(b.const('i64', 0), b.ushr(away, 63))
  const [a, c] = integerParts(b, b.xor(away, negative))
  const [d, e] = integerParts(b, b.and(b.xor(turn.low, negative), b.const('i64', F64.magnitude)))
  const rest = b.add(c, b.mul(b.add(d, e), 2 ** -63))
  const v = b.add(a, rest)
  const lost = b.sub(rest, b.sub(v, a))
  // (v + lost) times π in two parts; v is cut so that the largest product is exact.
  const cut = b.bitcast(b.and(b.bitcast(v, 'i64'), b.const('i64', -(1n << 27n))), 'f64')
  const tail = b.add(b.sub(v, cut), lost)
  const unitHigh = Math.fround(unit)
  const unitRest = unit - unitHigh
  const large = b.mul(cut, unitHigh)
  const small = b.add(b.mul(cut, unitRest), b.add(b.mul(tail, unit), b.mul(v, unitLow)))
  const high = b.add(large, small)
  const low = b.sub(b.sub(high, large), small)
  const sign = b.and(away, b.const('i64', F64.sign))
  const signed = (part: Value): Value => flipSign(b, f, b.mul(part, 2 ** -64), sign)
  return { angle: { high: signed(high), low: signed(low) }, odd: b.and(odd, b.const('i64', F64.sign)) }
}

/** An f64 as an angle in f32. */
function narrowed(b: Builder, exact: Value): Angle {
  const high = b.cvt('demote', exact, 'f32')
  return { high, low: b.cvt('demote', b.sub(b.cvt('promote', high, 'f64'), exact), 'f32') }
}

/** What a number is reduced by. */
export interface Period {
  /** π or π/2, and what the double nearest to it lacks. */
  unit: number
  unitLow: number
  /** The same in two parts, the first of 28 bits. */
  parts: readonly [number, number]
  /** Whether half a unit is added first. */
  half: boolean
}

const PI_PARTS = [3.141592651605606, 1.984187159361081e-9] as const
const whole: Period = { unit: Math.PI, unitLow: 1.2246467991473532e-16, parts: PI_PARTS, half: false }

/** sin: x = q π + r. cos: x + π/2 = q π + r. tan: x = q π/2 + r. */
export const PERIODS = {
  sin: whole,
  cos: { ...whole, half: true },
  tan: { unit: Math.PI / 2, unitLow: whole.unitLow / 2, parts: [PI_PARTS[0] / 2, PI_PARTS[1] / 2], half: false },
} satisfies Record<string, Period>

/** Up to here an f32 is reduced in f64 by two parts of π: their product with the quotient is exact, or far below r. */
export const MIDDLE = 2 ** 24

export function reduceMiddle(b: Builder, x: Value, { unit, parts, half }: Period): Remainder {
  const wide = b.cvt('promote', x, 'f64')
  const turned = b.mul(wide, 1 / unit)
  const t = b.add(half ? b.add(turned, 0.5) : turned, F64.magic)
  const whole = b.sub(t, F64.magic)
  const q = half ? b.sub(whole, 0.5) : whole
  const r = b.sub(b.sub(wide, b.mul(q, parts[0])), b.mul(q, parts[1]))
  return { angle: narrowed(b, r), odd: b.shl(b.cvt('wrap', b.bitcast(t, 'i64'), 'i32'), 31) }
}

/** Reduces any x of magnitude 1 or more; for infinities the angle is any number. */
export function reduceAny(b: Builder, f: Format, x: Value, period: Period): Remainder {
  const turn = turns(b, f, x, period.unit < 3 ? 1 : 0)
  if (period.half) turn.high = b.add(turn.high, b.const('i64', 1n << 62n))
  const { angle, odd } = remainder(b, f, turn, period)
  // The turns are those of |x|; an angle from x + π/2 is even in x.
  if (period.half) return { angle, odd }
  const sign = signBit(b, f, x)
  return { angle: { high: flipSign(b, f, angle.high, sign), low: flipSign(b, f, angle.low, sign) }, odd }
}
