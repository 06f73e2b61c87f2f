/** Conversions of one value between types. Those of the machine from floats to integers give the least integer for what is out of range and for a NaN. */

import type { Value } from '../../ir/ir.ts'
import type { Register } from '../encode/operands.ts'
import { type Code, view } from '../machine/code.ts'
import { bytesOf } from './constants.ts'
import { Floats } from './floats.ts'
import type { Target } from './target.ts'

interface Context {
  readonly code: Code
  readonly target: Target
}

/** @returns undefined: it is no conversion */
export function convertScalar(
  v: Value,
  operand: (i: number) => Register,
  { code, target }: Context,
): Register | undefined {
  const from = v.args[0].type
  const to = v.type
  const x = operand(0)
  const whole = () => code.gpr(to === 'i64' ? 64 : 32)
  const general = (name: string, result: Register, source: Register): Register => {
    code.general(name, [result, source])
    return result
  }
  const vector = (name: string, result: Register, ...sources: Register[]): Register => {
    code.vector(name, [result, ...sources])
    return result
  }
  switch (v.op) {
    case 'bitcast':
      return vector(from === 'f64' || to === 'f64' ? 'vmovq' : 'vmovd', to[0] === 'i' ? whole() : code.register(128), x)
    case 'promote':
      return vector('vcvtss2sd', code.register(128), x, x)
    case 'demote':
      return vector('vcvtsd2ss', code.register(128), x, x)
    case 'sext':
      return general('movsxd', code.gpr(64), view(x, 32))
    case 'zext': {
      const wide = code.gpr(64)
      general('mov', view(wide, 32), view(x, 32))
      return wide
    }
    case 'wrap':
    case 'booltoint':
      return general('mov', code.gpr(32), view(x, 32))
    case 'sitof':
    case 'uitof':
      return fromInteger(v, x, code, target)
    case 'ftosi':
      return toSigned(v, x, code)
    case 'ftoui':
      return toUnsigned(asDouble(x, from, code), code)
    case 'toint32':
      return modulo(asDouble(x, from, code), code)
    case 'toindex':
      return toIndex(x, from as 'f32' | 'f64', code, target)
    default:
      return undefined
  }
}

function asDouble(x: Register, from: string, code: Code): Register {
  if (from === 'f64') return x
  const wide = code.register(128)
  code.vector('vcvtss2sd', [wide, x, x])
  return wide
}

function fromInteger(v: Value, x: Register, code: Code, target: Target): Register {
  const isSigned = v.op === 'sitof'
  const isWide = v.args[0].type === 'i64'
  const letter = v.type === 'f64' ? 'd' : 's'
  const to = code.register(128)
  if (target.isa === 'avx512' || (isSigned && !isWide)) {
    // As lanes: those instructions leave nothing of what the register held, so they wait for nothing.
    code.vector(isWide ? 'vmovq' : 'vmovd', [to, x])
    code.vector(`vcvt${isSigned ? '' : 'u'}${isWide ? 'q' : 'd'}q2p${letter}`, [to, to])
    return to
  }
  code.vector('vxorps', [to, to, to])
  const convert = (from: Register) => code.vector(`vcvtsi2s${letter}`, [to, to, from])
  if (isSigned) {
    convert(x)
    return to
  }
  const wide = code.gpr(64)
  if (!isWide) {
    code.general('mov', [view(wide, 32), x])
    convert(wide)
    return to
  }
  // From 2^63 on: half of it, with a bit for what was cut off, and twice that.
  const isLarge = code.label()
  const done = code.label()
  code.general('test', [x, x])
  code.jump(isLarge, 's')
  convert(x)
  code.bind(done)
  code.cold(() => {
    code.bind(isLarge)
    const lowest = code.gpr(64)
    code.general('mov', [wide, x])
    code.general('mov', [lowest, x])
    code.general('shr', [wide, 1])
    code.general('and', [lowest, 1])
    code.general('or', [wide, lowest])
    convert(wide)
    code.vector(`vadds${letter}`, [to, to, to])
    code.jump(done)
  })
  return to
}

function toSigned(v: Value, x: Register, code: Code): Register {
  const from = v.args[0].type as 'f32' | 'f64'
  const letter = from === 'f64' ? 'd' : 's'
  const bits = v.type === 'i64' ? 64 : 32
  const [to, most, zero] = [code.gpr(bits), code.gpr(bits), code.gpr(bits)]
  code.general('mov', [most, bits === 64 ? 2n ** 63n - 1n : 2 ** 31 - 1])
  code.general('mov', [view(zero, 32), 0])
  code.vector(`vcvtts${letter}2si`, [to, x])
  code.vector(`vucomis${letter}`, [x, constant(code, from, 2 ** (bits - 1))])
  code.general('cmovae', [to, most])
  code.vector(`vucomis${letter}`, [x, x])
  code.general('cmovp', [to, zero])
  return to
}

/** Within the range as a double, to 64 bits. Where the first operand is a NaN a maximum is the second. */
function toUnsigned(x: Register, code: Code): Register {
  const clamped = code.register(128)
  code.vector('vmaxsd', [clamped, x, constant(code, 'f64', 0)])
  code.vector('vminsd', [clamped, clamped, constant(code, 'f64', 2 ** 32 - 1)])
  const to = code.gpr(64)
  code.vector('vcvttsd2si', [to, clamped])
  return view(to, 32)
}

/** To 64 bits, of which the low ones count. What does not fit those has an exponent so large that only bits of its own are left. */
function modulo(x: Register, code: Code): Register {
  const to = code.gpr(64)
  const low = view(to, 32)
  const [isLarge, done] = [code.label(), code.label()]
  code.vector('vcvttsd2si', [to, x])
  // Of the least integer alone the difference overflows.
  code.general('cmp', [to, 1])
  code.jump(isLarge, 'o')
  code.bind(done)
  code.cold(() => {
    code.bind(isLarge)
    const [bits, exponent, negative, zero] = [code.gpr(64), code.gpr(64), code.gpr(32), code.gpr(32)]
    code.vector('vmovq', [bits, x])
    code.general('mov', [exponent, bits])
    code.general('shr', [exponent, 52])
    code.general('and', [view(exponent, 32), 0x7ff])
    // How far the significand is shifted to the left.
    code.general('sub', [view(exponent, 32), 1023 + 52])
    code.vector('shlx', [low, view(bits, 32), view(exponent, 32)])
    code.general('mov', [zero, 0])
    code.general('cmp', [view(exponent, 32), 31])
    code.general('cmova', [low, zero])
    code.general('mov', [negative, low])
    code.general('neg', [negative])
    code.general('test', [bits, bits])
    code.general('cmovs', [low, negative])
    code.jump(done)
  })
  // What reads 64 bits of it, as an address does, finds zeros above.
  const word = code.gpr(32)
  code.general('mov', [word, low])
  return word
}

/** What is below 0 is negative when it is rounded down, and what is too large or a NaN is the least integer: all become -1. */
function toIndex(x: Register, from: 'f32' | 'f64', code: Code, target: Target): Register {
  const floor = new Floats(code, target, from, 128, true).round(x, 'floor')
  const [to, none] = [code.gpr(32), code.gpr(32)]
  code.vector(from === 'f64' ? 'vcvttsd2si' : 'vcvttss2si', [to, floor])
  code.general('mov', [none, -1])
  code.general('test', [to, to])
  code.general('cmovs', [to, none])
  return to
}

const constant = (code: Code, type: 'f32' | 'f64', value: number): Register =>
  code.constantRegister(bytesOf(type, value), 128)
