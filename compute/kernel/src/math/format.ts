/**
 * The two floating-point formats as bits, and the bit tricks that every function uses. One algorithm serves both
 * formats: what differs are the constants, held in tables keyed by the type.
 *
 * All of it is plain IR of operations that SIMD has for every lane: no operation changes the width of a lane except
 * where a function says so.
 */
import type { Builder } from '../ir/builder.ts'
import type { Value } from '../ir/ir.ts'

export interface Format {
  type: 'f32' | 'f64'
  /** The integer type of the same width. */
  int: 'i32' | 'i64'
  /** Bits of the significand without the hidden one. */
  mantissa: number
  bias: number
  /** Adding it rounds to an integer, ties to even, and leaves that integer in the low bits of the sum. */
  magic: number
  /** Bits of infinity, of the sign, of everything but the sign, of the significand. */
  infinity: bigint
  sign: bigint
  magnitude: bigint
  fraction: bigint
  /** Smallest normal number. */
  tiny: number
}

const format = (type: 'f32' | 'f64', int: 'i32' | 'i64', width: number, mantissa: number): Format => {
  const bias = 2 ** (width - mantissa - 2) - 1
  return {
    type,
    int,
    mantissa,
    bias,
    magic: 1.5 * 2 ** mantissa,
    infinity: ((1n << BigInt(width - 1 - mantissa)) - 1n) << BigInt(mantissa),
    sign: 1n << BigInt(width - 1),
    magnitude: (1n << BigInt(width - 1)) - 1n,
    fraction: (1n << BigInt(mantissa)) - 1n,
    tiny: 2 ** (1 - bias),
  }
}

export const F32 = format('f32', 'i32', 32, 23)
export const F64 = format('f64', 'i64', 64, 52)

export const formatOf = (x: Value): Format => (x.type === 'f32' ? F32 : F64)

const view = new DataView(new ArrayBuffer(8))

/** The bits of a number in a format. */
export function bitsOf(f: Format, x: number): bigint {
  if (f.type === 'f64') return view.setFloat64(0, x), view.getBigInt64(0)
  return view.setFloat32(0, x), BigInt(view.getInt32(0))
}

/** An integer constant as wide as the format. */
export const integer = (b: Builder, f: Format, n: bigint | number): Value =>
  b.const(f.int, f.int === 'i32' ? Number(BigInt.asIntN(32, BigInt(n))) : BigInt.asIntN(64, BigInt(n)))

export const toBits = (b: Builder, f: Format, x: Value): Value => b.bitcast(x, f.int)
export const fromBits = (b: Builder, f: Format, i: Value): Value => b.bitcast(i, f.type)

/** 2^k for an integer k, in the range of normal numbers. */
export const powerOfTwo = (b: Builder, f: Format, k: Value): Value =>
  fromBits(b, f, b.shl(b.add(k, integer(b, f, f.bias)), f.mantissa))

/** x 2^k for normal x and result: adds to the exponent. The bits above k's low ones are shifted out. */
export const scaleNormal = (b: Builder, f: Format, x: Value, k: Value): Value =>
  fromBits(b, f, b.add(toBits(b, f, x), b.shl(k, f.mantissa)))

/**
 * x 2^k where the result may overflow or be denormal: two factors, so that it is rounded once.
 * |k| must stay below twice the exponent range.
 */
export function scale(b: Builder, f: Format, x: Value, k: Value): Value {
  const half = b.sshr(k, 1)
  return b.mul(b.mul(x, powerOfTwo(b, f, half)), powerOfTwo(b, f, b.sub(k, half)))
}

export const signBit = (b: Builder, f: Format, x: Value): Value => b.and(toBits(b, f, x), integer(b, f, f.sign))

/** A number that is not negative, with the sign of x. */
export const withSignOf = (b: Builder, f: Format, magnitude: Value, x: Value): Value =>
  fromBits(b, f, b.or(toBits(b, f, magnitude), signBit(b, f, x)))

/** x, its sign turned where the bits of `sign` (only the sign bit may be set) say so. */
export const flipSign = (b: Builder, f: Format, x: Value, sign: Value): Value =>
  fromBits(b, f, b.xor(toBits(b, f, x), sign))

/** Whether |x| > limit or x is NaN, in two integer operations: the test for rare cases. */
export const beyond = (b: Builder, f: Format, x: Value, limit: number): Value =>
  b.slt(integer(b, f, bitsOf(f, limit)), b.and(toBits(b, f, x), integer(b, f, f.magnitude)))

/** Whether x is anything but a positive normal number below `limit`: zero, denormal, negative, infinite, NaN. */
export function notNormal(b: Builder, f: Format, x: Value, limit = Infinity): Value {
  // Shifted so that the bits of normal numbers are the smallest of all signed integers.
  const lowest = 1n << BigInt(f.mantissa)
  const shifted = b.add(toBits(b, f, x), integer(b, f, f.sign - lowest))
  return b.slt(integer(b, f, f.sign + bitsOf(f, limit) - lowest - 1n), shifted)
}

/** The constants of a function in one format, as IR constants of its type. */
export const constant = (b: Builder, f: Format, x: number): Value => b.const(f.type, x)

/** c0 + c1 x + c2 x² … by Horner's rule. */
export function horner(b: Builder, x: Value, c: readonly number[]): Value {
  let p = b.const(x.type, c[c.length - 1])
  for (let i = c.length - 2; i >= 0; i--) p = b.add(b.mul(p, x), b.const(x.type, c[i]))
  return p
}

/**
 * The same value to within rounding. Long polynomials in f64 are c0 + x (two interleaved Horner chains in x²): one
 * operation more and half the latency, where one iteration's chain would be longer than a processor looks ahead. The
 * last step stays alone, so that only one rounding is as large as the result's.
 */
export function polynomial(b: Builder, x: Value, c: readonly number[]): Value {
  if (x.type === 'f32' || c.length < 6) return horner(b, x, c)
  const [first, ...rest] = c
  const even = rest.filter((_, i) => i % 2 === 0)
  const odd = rest.filter((_, i) => i % 2 === 1)
  const y = b.mul(x, x)
  const p = b.add(b.mul(horner(b, y, odd), x), horner(b, y, even))
  return b.add(b.mul(p, x), first)
}

/** A signed 64-bit integer as two doubles whose sum it is: [multiple of 2^32, rest in [0, 2^32)]. Lane by lane. */
export function integerParts(b: Builder, i: Value): [Value, Value] {
  const low = b.bitcast(b.or(b.and(i, b.const('i64', 0xffffffffn)), b.const('i64', bitsOf(F64, 2 ** 52))), 'f64')
  const flipped = b.xor(b.ushr(i, 32), b.const('i64', bitsOf(F64, 2 ** 84) | 0x80000000n))
  const high = b.bitcast(flipped, 'f64')
  return [b.sub(high, 2 ** 84 + 2 ** 63), b.sub(low, 2 ** 52)]
}
