/**
 * Conversions of lanes between types. The machine's from floats to integers give the least integer (unsigned: the largest) for what is out of range, and for a NaN; what the operations mean instead is made of that.
 */

import type { Value } from '../../ir/ir.ts'
import type { Operand, Register } from '../encode/operands.ts'
import { Floats } from './floats.ts'
import type { LaneContext } from './lane-code.ts'
import { half, join, lowWords, make } from './parts.ts'
import { widthOf } from './target.ts'

/** @returns undefined: there is no vector code for it */
export function convertPart(v: Value, p: number, c: LaneContext): Register | undefined {
  const from = v.args[0].type
  const x = (q: number) => c.part(0, q)
  const wide = (name: string): Register => make(c.code, c.bits(64), name, half(c, p, x))
  switch (v.op) {
    case 'bitcast':
      return x(p)
    case 'promote':
      return wide('vcvtps2pd')
    case 'sext':
      return wide('vpmovsxdq')
    case 'zext':
      return wide('vpmovzxdq')
    case 'demote':
      return join(c, p, q => narrow(c, 'vcvtpd2ps', x(q)))
    case 'wrap':
      return lowWords(c, p, x)
    case 'sitof':
    case 'uitof':
      if (from === 'i32') return v.type === 'f32' ? wordsToSingles(v, p, c) : wordsToDoubles(v, p, c)
      return v.type === 'f64' ? longsToDoubles(v.op, x(p), c) : join(c, p, q => longsToSingles(v.op, x(q), c))
    case 'ftosi':
      if (v.type === 'i32') return from === 'f32' ? singlesToWords(x(p), c) : join(c, p, q => doublesToWords(x(q), c))
      return doublesToLongs(from === 'f64' ? x(p) : wide('vcvtps2pd'), c)
    case 'ftoui':
      return from === 'f32' ? singlesToUnsigned(x(p), c) : doublesToUnsigned(p, x, c)
    case 'toint32':
      return from === 'f32' ? singlesModulo(x(p), c) : doublesModulo(p, x, c)
    case 'toindex':
      return toIndex(v, p, c)
    default:
      return undefined
  }
}

const hasMasks = (c: LaneContext): boolean => c.target.isa === 'avx512'

/** An instruction from lanes of 64 bits to lanes of 32. */
const narrow = (c: LaneContext, name: string, x: Register): Register => make(c.code, (c.bits(64) / 2) as 128, name, x)

/** Writes instructions on one part; `f` those that are named after floats of its width. */
function writer(c: LaneContext, width: 32 | 64) {
  const bits = c.bits(width)
  const f = new Floats(c.code, c.target, width === 64 ? 'f64' : 'f32', bits, false)
  const op = (name: string, ...sources: Operand[]): Register => make(c.code, bits, name, ...sources)
  const word = (value: number) => c.spread('i32', value, bits)
  const long = (value: bigint) => c.spread('i64', value, bits)
  return { bits, f, op, word, long }
}

// From integers.

function wordsToSingles(v: Value, p: number, c: LaneContext): Register {
  const { f, op, word } = writer(c, 32)
  const x = c.part(0, p)
  if (v.op === 'sitof') return op('vcvtdq2ps', x)
  if (hasMasks(c)) return op('vcvtudq2ps', x)
  // Both halves of a word as the low bits of floats, 2^39 + 2^16 · upper and 2^23 + lower: their sum less these is rounded once.
  const upper = op('vpor', op('vpsrld', x, 16), word(0x53000000))
  const lower = op('vpor', op('vpand', x, word(0xffff)), word(0x4b000000))
  return op('vaddps', op('vsubps', upper, f.spread(2 ** 39 + 2 ** 23)), lower)
}

function wordsToDoubles(v: Value, p: number, c: LaneContext): Register {
  const { f, op } = writer(c, 64)
  const words = half(c, p, q => c.part(0, q))
  if (v.op === 'sitof') return op('vcvtdq2pd', words)
  if (hasMasks(c)) return op('vcvtudq2pd', words)
  const bits = words.bits as 128
  const biased = make(c.code, bits, 'vpxor', words, c.spread('i32', -(2 ** 31), bits))
  return op('vaddpd', op('vcvtdq2pd', biased), f.spread(2 ** 31))
}

function longsToDoubles(name: string, x: Register, c: LaneContext): Register {
  const { f, op, long } = writer(c, 64)
  if (hasMasks(c)) return op(name === 'sitof' ? 'vcvtqq2pd' : 'vcvtuqq2pd', x)
  // Both words as the low bits of doubles, 2^84 + 2^32 · upper and 2^52 + lower: their sum less these is rounded once. An upper word with a sign has 2^31 more.
  const lower = op('vpblendd', x, long(0x4330_0000_0000_0000n), 0b10101010)
  const [bias, excess] =
    name === 'sitof'
      ? [0x4530_0000_8000_0000n, 2 ** 84 + 2 ** 63 + 2 ** 52]
      : [0x4530_0000_0000_0000n, 2 ** 84 + 2 ** 52]
  const upper = op('vpxor', op('vpsrlq', x, 32), long(bias))
  return op('vaddpd', op('vsubpd', upper, f.spread(excess)), lower)
}

function longsToSingles(name: string, x: Register, c: LaneContext): Register {
  if (hasMasks(c)) return narrow(c, name === 'sitof' ? 'vcvtqq2ps' : 'vcvtuqq2ps', x)
  // Through doubles, which must not round: where there are more than 53 bits, the lowest eleven become one that tells whether any of them was set. It is far below what the float keeps.
  const { op, long } = writer(c, 64)
  const low = long(0x7ffn)
  const sticky = op('vpandn', low, op('vpor', op('vpaddq', op('vpand', x, low), low), x))
  const size = name === 'sitof' ? op('vpxor', x, op('vpcmpgtq', long(0n), x)) : x
  const isShort = op('vpcmpeqq', op('vpsrlq', size, 53), long(0n))
  return narrow(c, 'vcvtpd2ps', longsToDoubles(name, op('vblendvpd', sticky, x, isShort), c))
}

// From floats, as the nearest integer there is. A NaN gives 0.

function singlesToWords(x: Register, c: LaneContext): Register {
  const { f, op, word } = writer(c, 32)
  const limit = f.spread(2 ** 31)
  const isNumber = f.where(x, 'ordered', x)
  const isLarge = f.where(x, 'ge', limit)
  if (hasMasks(c)) {
    const to = f.register()
    c.code.vector('vcvttps2dq', [to, x], { mask: isNumber, zeroes: true })
    c.code.vector('vmovdqa32', [to, word(2 ** 31 - 1)], { mask: isLarge, zeroes: false })
    return to
  }
  return op('vpand', op('vpxor', op('vcvttps2dq', x), isLarge), isNumber)
}

function doublesToWords(x: Register, c: LaneContext): Register {
  const { f } = writer(c, 64)
  const isNumber = f.where(x, 'ordered', x)
  const limit = f.spread(2 ** 31 - 1)
  if (!hasMasks(c)) return narrow(c, 'vcvttpd2dq', f.logic('and', f.op('min', x, limit), isNumber))
  const least = f.register()
  c.code.vector('vminpd', [least, x, limit], { mask: isNumber, zeroes: true })
  return narrow(c, 'vcvttpd2dq', least)
}

function singlesToUnsigned(x: Register, c: LaneContext): Register {
  const { f, op } = writer(c, 32)
  // The second operand is given for a NaN.
  const positive = f.op('max', x, f.spread(0))
  if (hasMasks(c)) return op('vcvttps2udq', positive)
  // From 2^31 on the first is the bit of 2^31, and the second the rest; that has the sign's bit, and becomes all ones, where it is too large as well.
  const first = op('vcvttps2dq', positive)
  const second = op('vcvttps2dq', f.op('sub', positive, f.spread(2 ** 31)))
  const rest = op('vpor', second, op('vpsrad', second, 31))
  return op('vpor', first, op('vpand', rest, op('vpsrad', first, 31)))
}

function doublesToUnsigned(p: number, x: (p: number) => Register, c: LaneContext): Register {
  const { f } = writer(c, 64)
  const positive = (q: number) => f.op('max', x(q), f.spread(0))
  if (hasMasks(c)) return join(c, p, q => narrow(c, 'vcvttpd2udq', positive(q)))
  // Added to 2^52 they are the low word of the sum.
  return lowWords(c, p, q =>
    f.op('add', f.round(f.op('min', positive(q), f.spread(2 ** 32 - 1)), 'trunc'), f.spread(2 ** 52)),
  )
}

function doublesToLongs(x: Register, c: LaneContext): Register {
  const { f, op, long } = writer(c, 64)
  const isNumber = f.where(x, 'ordered', x)
  const isLarge = f.where(x, 'ge', f.spread(2 ** 63))
  const most = long(2n ** 63n - 1n)
  if (hasMasks(c)) {
    const to = f.register()
    c.code.vector('vcvttpd2qq', [to, x], { mask: isNumber, zeroes: true })
    c.code.vector('vmovdqa64', [to, most], { mask: isLarge, zeroes: false })
    return to
  }
  // In two words: the upper one, as the low bits of a sum, is right whatever its sign, and the lower one is not negative.
  const whole = f.round(x, 'trunc')
  const upper = f.round(f.op('mul', whole, f.spread(2 ** -32)), 'floor')
  const lower = f.op('sub', whole, f.op('mul', upper, f.spread(2 ** 32)))
  const upperWord = op('vpsllq', f.op('add', upper, f.spread(1.5 * 2 ** 52)), 32)
  const result = op('vpblendd', f.op('add', lower, f.spread(2 ** 52)), upperWord, 0b10101010)
  const isSmall = f.where(x, 'lt', f.spread(-(2 ** 63)))
  const clamped = op('vblendvpd', op('vblendvpd', result, most, isLarge), long(-(2n ** 63n)), isSmall)
  return op('vpand', clamped, isNumber)
}

// Modulo 2^32: what is left when the nearest multiple of 2^32 is taken off, which is exact. Its range is that of words, and 2^31, which the machine takes for -2^31. Of a NaN or infinity a NaN is left.

function singlesModulo(x: Register, c: LaneContext): Register {
  const { f, op } = writer(c, 32)
  // From 2^31 on there are no fractions, and below nothing is taken off.
  const rest = less(f, x, 'nearest')
  const isNumber = f.where(rest, 'ordered', rest)
  if (!hasMasks(c)) return op('vpand', op('vcvttps2dq', rest), isNumber)
  const to = f.register()
  c.code.vector('vcvttps2dq', [to, rest], { mask: isNumber, zeroes: true })
  return to
}

function doublesModulo(p: number, x: (p: number) => Register, c: LaneContext): Register {
  const { f } = writer(c, 64)
  // With the multiple next to zero, a rest of 33 bits is truncated as the number is. A NaN becomes -2^63, whose low word is 0.
  if (hasMasks(c)) return lowWords(c, p, q => make(c.code, f.bits, 'vcvttpd2qq', less(f, x(q), 'trunc')))
  return join(c, p, q => {
    const rest = less(f, f.round(x(q), 'trunc'), 'nearest')
    return narrow(c, 'vcvttpd2dq', f.logic('and', rest, f.where(rest, 'ordered', rest)))
  })
}

/** x less a multiple of 2^32, found by rounding x / 2^32. */
function less(f: Floats, x: Register, how: 'nearest' | 'trunc'): Register {
  const multiple = f.round(f.op('mul', x, f.spread(2 ** -32)), how)
  const rest = f.copy(x)
  f.code.vector(f.name('fnmadd231'), [rest, multiple, f.spread(2 ** 32)])
  return rest
}

/** What is below 0 is negative when it is rounded down, and what is too large or a NaN is the least integer: all become -1. */
function toIndex(v: Value, p: number, c: LaneContext): Register {
  const { op, word } = writer(c, 32)
  const { f } = writer(c, widthOf(v.args[0].type))
  const floor = (q: number) => f.round(c.part(0, q), 'floor')
  const words =
    v.args[0].type === 'f32' ? op('vcvttps2dq', floor(p)) : join(c, p, q => narrow(c, 'vcvttpd2dq', floor(q)))
  return op('vpmaxsd', words, word(-1))
}
