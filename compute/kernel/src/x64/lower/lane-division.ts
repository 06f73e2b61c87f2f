/**
 * Division of 32-bit lanes, through doubles: their 53 bits hold the quotient of two such numbers, once truncated, exactly. Nothing traps: a divisor of zero gives zero, and the least number by -1 itself.
 * Powers of two are shifts. 64-bit lanes are divided one by one.
 */

import type { Value } from '../../ir/ir.ts'
import type { Register } from '../encode/operands.ts'
import { powerOfTwo } from './constants.ts'
import type { LaneContext } from './lane-code.ts'
import { IntegerPart } from './lane-integers.ts'
import { half, join, lowWords, make } from './parts.ts'

export function dividePart(v: Value, p: number, c: LaneContext): Register {
  const i = new IntegerPart(c, 'i32')
  const isSigned = v.op[0] === 's'
  const isRemainder = v.op.endsWith('rem')
  const divisor = v.args[1].op === 'const' ? (v.args[1].attr as number) : undefined
  if (divisor === 0) return i.spread(0)
  const a = c.part(0, p)
  if (divisor !== undefined) {
    const power = powerOfTwo(isSigned ? divisor : divisor >>> 0)
    if (power !== undefined) return byPowerOfTwo(i, a, power, isSigned, isRemainder)
  }
  const b = c.part(1, p)
  const quotient = divide(i, p, a, b, isSigned, divisor)
  if (!isRemainder) return divisor === undefined ? whereDivided(i, quotient, b) : quotient
  const rest = i.op('vpsubd', a, i.op('vpmulld', quotient, b))
  return divisor === undefined ? whereDivided(i, rest, b, true) : rest
}

/** A result that is zero where the divisor is. @param isRest it is not zero there by itself, whatever made it */
function whereDivided(i: IntegerPart, result: Register, b: Register, isRest = false): Register {
  const { code } = i.c
  if (!i.hasMasks) return i.logic('andn', i.op('vpcmpeqd', b, i.spread(0)), result)
  // What the quotient comes from, infinite or NaN, became 2^63.
  if (!isRest) return result
  const mask = code.mask()
  code.vector('vptestmd', [mask, b, b])
  const to = code.register(i.bits)
  code.vector('vmovdqa32', [to, result], { mask, zeroes: true })
  return to
}

function divide(
  i: IntegerPart,
  p: number,
  a: Register,
  b: Register,
  isSigned: boolean,
  divisor: number | undefined,
): Register {
  const { c } = i
  const { code } = c
  const bits = c.bits(64)
  const asDouble = (x: Register, q: number): Register => {
    const words = half(c, q, () => x)
    if (isSigned) return make(code, bits, 'vcvtdq2pd', words)
    if (i.hasMasks) return make(code, bits, 'vcvtudq2pd', words)
    const biased = make(code, words.bits as 128, 'vpxor', words, c.spread('i32', -(2 ** 31), words.bits as 128))
    return make(code, bits, 'vaddpd', make(code, bits, 'vcvtdq2pd', biased), c.spread('f64', 2 ** 31, bits))
  }
  const quotient = (q: number): Register => {
    if (divisor === undefined) return make(code, bits, 'vdivpd', asDouble(a, q), asDouble(b, q))
    return make(
      code,
      bits,
      'vmulpd',
      asDouble(a, q),
      c.spread('f64', reciprocal(isSigned ? divisor : divisor >>> 0), bits),
    )
  }
  // A quotient out of the range of 32 bits is meant modulo 2^32.
  if (i.hasMasks) return lowWords(c, p, q => make(code, bits, 'vcvttpd2qq', quotient(q)))
  if (isSigned) return join(c, p, q => make(code, (bits / 2) as 128, 'vcvttpd2dq', quotient(q)))
  return lowWords(c, p, q =>
    make(code, bits, 'vaddpd', make(code, bits, 'vroundpd', quotient(q), 11), c.spread('f64', 2 ** 52, bits)),
  )
}

const scratch = new Float64Array(1)
const scratchBits = new BigInt64Array(scratch.buffer)

/**
 * 1 / divisor, away from zero. A product with it is no less than the quotient, so that whole ones are reached, and more by too little to reach the next: by a part in 2^51 of at most 2^32, where quotients lie
 * at least a part in 2^32 below whole numbers.
 */
function reciprocal(divisor: number): number {
  scratch[0] = 1 / divisor
  scratchBits[0] += 1n
  return scratch[0]
}

function byPowerOfTwo(i: IntegerPart, a: Register, power: number, isSigned: boolean, isRemainder: boolean): Register {
  if (!isSigned) return isRemainder ? i.logic('and', a, i.spread((2 ** power - 1) | 0)) : i.op('vpsrld', a, power)
  if (power === 0) return isRemainder ? i.spread(0) : a
  // Negative ones are rounded up: by what is one less than the divisor.
  const up = i.op('vpsrld', power === 1 ? a : i.op('vpsrad', a, 31), 32 - power)
  const sum = i.op('vpaddd', a, up)
  if (!isRemainder) return i.op('vpsrad', sum, power)
  return i.op('vpsubd', a, i.logic('and', sum, i.spread(-(2 ** power) | 0)))
}
