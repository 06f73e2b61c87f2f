/** Arithmetic of whole numbers in lanes. AVX-512 has most of it; AVX2 lacks nearly everything on 64 bits but adding, and shifting without a sign. */

import type { Value } from '../../ir/ir.ts'
import type { Operand, Register } from '../encode/operands.ts'
import { view } from '../machine/code.ts'
import { powerOfTwo } from './constants.ts'
import type { LaneContext } from './lane-code.ts'
import { make } from './parts.ts'

type Integer = 'i32' | 'i64'

/** What one writes instructions with, for one part. */
export class IntegerPart {
  readonly c: LaneContext
  readonly type: Integer
  readonly width: 32 | 64
  readonly bits: 128 | 256 | 512
  readonly hasMasks: boolean

  constructor(c: LaneContext, type: Integer) {
    this.c = c
    this.type = type
    this.width = type === 'i64' ? 64 : 32
    this.bits = c.bits(this.width)
    this.hasMasks = c.target.isa === 'avx512'
  }

  op(name: string, ...sources: Operand[]): Register {
    return make(this.c.code, this.bits, name, ...sources)
  }

  /** `vpadd` as vpaddd or vpaddq. */
  sized(name: string, ...sources: Operand[]): Register {
    return this.op(`${name}${this.width === 64 ? 'q' : 'd'}`, ...sources)
  }

  /** On bits: EVEX tells how wide the lanes are, VEX does not. */
  logic(name: 'and' | 'andn' | 'or' | 'xor', a: Register, b: Register): Register {
    return this.op(`vp${name}${this.hasMasks ? (this.width === 64 ? 'q' : 'd') : ''}`, a, b)
  }

  spread(value: number | bigint): Register {
    return this.c.spread(this.type, this.width === 64 ? BigInt(value) : Number(value), this.bits)
  }
}

/** @returns undefined: there is no vector code for it */
export function integerPart(v: Value, p: number, type: Integer, c: LaneContext): Register | undefined {
  const i = new IntegerPart(c, type)
  const x = (operand: number) => c.part(operand, p)
  switch (v.op) {
    case 'add':
    case 'sub':
      return i.sized(`vp${v.op}`, x(0), x(1))
    case 'mul':
      return byPowerOfTwo(v, p, i) ?? multiply(i, x(0), x(1))
    case 'mulhu':
      return upperProduct(i, x(0), x(1))
    case 'smin':
    case 'smax':
    case 'umin':
    case 'umax':
      return extremum(v.op, i, x(0), x(1))
    case 'and':
    case 'or':
    case 'xor':
      return i.logic(v.op, x(0), x(1))
    case 'not':
      return i.logic('xor', x(0), i.spread(-1))
    case 'shl':
    case 'sshr':
    case 'ushr':
      return shift(v, p, i)
    case 'abs':
      return i.sized('vpabs', x(0))
    case 'popcnt':
      return countOnes(i, x(0))
    case 'clz':
      return i.hasMasks ? i.sized('vplzcnt', x(0)) : leadingZeros(i, x(0))
    case 'ctz':
      return trailingZeros(i, x(0))
    default:
      return undefined
  }
}

/** A product with a constant that is a shift. */
function byPowerOfTwo({ args }: Value, p: number, i: IntegerPart): Register | undefined {
  for (const [k, { op, attr }] of args.entries()) {
    const power = op === 'const' ? powerOfTwo(attr) : undefined
    if (power !== undefined) return i.sized('vpsll', i.c.part(1 - k, p), power)
  }
  return undefined
}

function multiply(i: IntegerPart, a: Register, b: Register): Register {
  if (i.width === 32) return i.op('vpmulld', a, b)
  if (i.hasMasks) return i.op('vpmullq', a, b)
  // The low words' product, and both mixed ones, which count 2^32 times.
  const mixed = i.op('vpaddq', i.op('vpmuludq', i.op('vpsrlq', a, 32), b), i.op('vpmuludq', a, i.op('vpsrlq', b, 32)))
  return i.op('vpaddq', i.op('vpmuludq', a, b), i.op('vpsllq', mixed, 32))
}

/** The upper words of products of words without a sign: of the even lanes, and of the odd ones. */
function upperProduct(i: IntegerPart, a: Register, b: Register): Register {
  const even = i.op('vpsrlq', i.op('vpmuludq', a, b), 32)
  const odd = i.op('vpmuludq', i.op('vpsrlq', a, 32), i.op('vpsrlq', b, 32))
  if (!i.hasMasks) return i.op('vpblendd', even, odd, 0b10101010)
  // even | (odd & upper words)
  i.c.code.vector('vpternlogd', [even, odd, i.c.spread('i64', -(2n ** 32n), i.bits), 0xf8])
  return even
}

function extremum(op: string, i: IntegerPart, a: Register, b: Register): Register {
  const [sign, kind] = [op[0] === 's' ? 's' : 'u', op.slice(1)]
  if (i.width === 32 || i.hasMasks) return i.sized(`vp${kind}${sign}`, a, b)
  const least = i.spread(-(2n ** 63n))
  const [x, y] = sign === 's' ? [a, b] : [i.logic('xor', a, least), i.logic('xor', b, least)]
  const isGreater = i.op('vpcmpgtq', x, y)
  return i.op('vblendvpd', ...(kind === 'min' ? [a, b] : [b, a]), isGreater)
}

// Shifts, whose counts are taken modulo the width.

function shift(v: Value, p: number, i: IntegerPart): Register {
  const { c } = i
  const a = c.part(0, p)
  const kind = v.op === 'shl' ? 'vpsll' : v.op === 'ushr' ? 'vpsrl' : 'vpsra'
  const letter = i.width === 64 ? 'q' : 'd'
  const amount = v.args[1]
  // AVX2 does not shift 64 bits with a sign.
  const isEmulated = kind === 'vpsra' && i.width === 64 && !i.hasMasks
  const by = (x: Register, name: string, count: Register | number, isEach: boolean): Register =>
    i.op(`${name}${isEach ? 'v' : ''}${letter}`, x, count)
  const signed = (count: Register | number, isEach: boolean): Register => {
    if (!isEmulated) return by(a, kind, count, isEach)
    // The sign's bit where it comes to stand, turned over and taken off again.
    const sign = by(i.spread(-(2n ** 63n)), 'vpsrl', count, isEach)
    return i.op('vpsubq', i.logic('xor', by(a, 'vpsrl', count, isEach), sign), sign)
  }
  if (amount.op === 'const') {
    const count = Number(BigInt(amount.attr) & BigInt(i.width - 1))
    return signed(count, false)
  }
  if (c.isUniform(1)) {
    const { code } = c
    const count = code.gpr(32)
    code.general('mov', [count, view(c.scalar(1), 32)])
    code.general('and', [count, i.width - 1])
    return signed(make(code, 128, 'vmovd', count), false)
  }
  return signed(i.logic('and', c.part(1, p), i.spread(i.width - 1)), true)
}

// Counting bits.

/** Of each byte the ones of both its halves, from a table of sixteen; then the bytes of a word together. */
function countOnes(i: IntegerPart, x: Register): Register {
  const { c } = i
  const ones = Uint8Array.from(
    { length: i.bits / 8 },
    (_, n) => [0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4][n % 16],
  )
  const table = c.code.constantRegister(ones, i.bits)
  const low = c.spread('i32', 0x0f0f0f0f, i.bits)
  const lower = i.op('vpshufb', table, i.logic('and', x, low))
  const upper = i.op('vpshufb', table, i.logic('and', i.op('vpsrld', x, 4), low))
  const pairs = i.op('vpmaddubsw', i.op('vpaddb', lower, upper), c.spread('i32', 0x01010101, i.bits))
  return i.op('vpmaddwd', pairs, c.spread('i32', 0x00010001, i.bits))
}

/** By the exponent of the number as a float, after its second highest bit is cleared so that it is not rounded up. */
function leadingZeros(i: IntegerPart, x: Register): Register {
  const cleared = i.logic('andn', i.op('vpsrld', x, 1), x)
  const exponent = i.op('vpsrld', i.op('vcvtdq2ps', cleared), 23)
  // Of 0 it is 0; where the highest bit is set there is a sign above it.
  const zeros = i.op('vpsubd', i.spread(127 + 31), exponent)
  return i.op('vpmaxsd', i.op('vpminsd', zeros, i.spread(32)), i.spread(0))
}

function trailingZeros(i: IntegerPart, x: Register): Register {
  if (i.hasMasks) {
    // All ones below the lowest one.
    const below = i.logic('andn', x, i.op('vpaddd', x, i.spread(-1)))
    return i.op('vpsubd', i.spread(32), i.op('vplzcntd', below))
  }
  const lowest = i.logic('and', x, i.op('vpsubd', i.spread(0), x))
  const exponent = i.op('vpsrld', i.op('vpslld', i.op('vcvtdq2ps', lowest), 1), 24)
  // Of 0 it is far below, and as a number without a sign far above.
  return i.op('vpminud', i.op('vpsubd', exponent, i.spread(127)), i.spread(32))
}
