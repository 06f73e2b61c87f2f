/**
 * Division of whole numbers. The instruction, which traps on a divisor of zero and on the least number by -1, is kept from both: zero gives zero, and -1 what negation gives.
 */

import type { Value } from '../../ir/ir.ts'
import { gpr, Memory, type Register } from '../encode/operands.ts'
import { type Code, view } from '../machine/code.ts'

const [rax, rdx] = [0, 2]

export function divideScalar(v: Value, operand: (i: number) => Register, code: Code): Register {
  const bits = v.args[0].type === 'i64' ? 64 : 32
  const isSigned = v.op[0] === 's'
  const isRemainder = v.op.endsWith('rem')
  const divisor = v.args[1].op === 'const' ? BigInt(v.args[1].attr) : undefined
  const a = view(operand(0), bits)
  if (divisor !== undefined) {
    const known = divideByConstant(code, a, isSigned ? divisor : BigInt.asUintN(bits, divisor), isSigned, isRemainder)
    if (known !== undefined) return known
  }
  const b = view(operand(1), bits)
  const to = code.gpr(bits)
  const done = code.label()
  if (divisor === undefined || divisor === 0n || divisor === -1n) {
    const rare = code.label()
    if (isSigned) {
      // 0 and -1 by one comparison.
      const above = code.gpr(bits)
      code.general('lea', [above, new Memory({ base: view(b, 64), disp: 1 })])
      code.general('cmp', [above, 1])
      code.jump(rare, 'be')
    } else {
      code.general('test', [b, b])
      code.jump(rare, 'e')
    }
    code.cold(() => {
      code.bind(rare)
      if (isSigned && !isRemainder) {
        // -(a & b)
        code.general('mov', [to, a])
        code.general('and', [to, b])
        code.general('neg', [to])
      } else code.general('xor', [view(to, 32), view(to, 32)])
      code.jump(done)
    })
  }
  code.general('mov', [gpr[bits][rax], a])
  if (isSigned) code.general(bits === 64 ? 'cqo' : 'cdq')
  else code.general('xor', [gpr[32][rdx], gpr[32][rdx]])
  code.general(isSigned ? 'idiv' : 'div', [b])
  code.general('mov', [to, gpr[bits][isRemainder ? rdx : rax]])
  code.bind(done)
  return to
}

/** By shifts, or by a product with the reciprocal. @returns undefined: by the instruction */
function divideByConstant(
  code: Code,
  a: Register,
  divisor: bigint,
  isSigned: boolean,
  isRemainder: boolean,
): Register | undefined {
  if (divisor <= 0n) return undefined
  const { bits } = a as { bits: 32 | 64 }
  const power = divisor.toString(2).length - 1
  const isPower = divisor === 1n << BigInt(power)
  const to = code.gpr(bits)
  if (!isSigned) {
    if (!isPower) return undefined
    code.general('mov', [to, a])
    if (!isRemainder) code.general('shr', [to, power])
    else if (power < 32) code.general('and', [view(to, 32), Number(divisor - 1n)])
    else {
      code.general('shl', [to, bits - power])
      code.general('shr', [to, bits - power])
    }
    return to
  }
  if (!isPower && bits === 64) return undefined
  const quotient = isPower ? shifted(code, a, power) : reciprocal(code, a, divisor, power)
  if (!isRemainder) return quotient
  const product = code.gpr(bits)
  if (isPower) {
    code.general('mov', [product, quotient])
    code.general('shl', [product, power])
  } else code.general('imul', [product, quotient, Number(divisor)])
  code.general('mov', [to, a])
  code.general('sub', [to, product])
  return to
}

/** Negative numbers are rounded up: by what is one less than the divisor. */
function shifted(code: Code, a: Register, power: number): Register {
  const to = code.gpr(a.bits as 64)
  code.general('mov', [to, a])
  if (power === 0) return to
  if (power > 1) code.general('sar', [to, a.bits - 1])
  code.general('shr', [to, a.bits - power])
  code.general('add', [to, a])
  code.general('sar', [to, power])
  return to
}

/**
 * 2^(32 + power) / divisor, rounded up, times the number. The factor is too large by less than 1, so the quotient by less than 2^31 / 2^(32 + power), which is not enough to reach the next whole one: it is at most 1 / divisor.
 * That of a negative number is rounded down, and one is added (Granlund, Montgomery: Division by invariant integers using multiplication, 1994, section 5).
 */
function reciprocal(code: Code, a: Register, divisor: bigint, power: number): Register {
  const shift = 32 + power
  const factor = ((1n << BigInt(shift)) + divisor - 1n) / divisor
  const product = code.gpr(64)
  const other = code.gpr(64)
  code.general('movsxd', [product, a])
  code.general('mov', [other, factor])
  code.general('imul', [product, other])
  code.general('mov', [other, product])
  code.general('sar', [product, shift])
  code.general('shr', [other, 63])
  code.general('add', [view(product, 32), view(other, 32)])
  return view(product, 32)
}
