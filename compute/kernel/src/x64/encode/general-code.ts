/** Instructions on general registers as bytes: prefixes, REX, opcode, ModRM, immediate (Intel manual, volume 2, chapter 2.1 and 2.2). */

import { InternalError } from '@skein/base'
import { type GeneralForm, generalForms } from './general-forms.ts'
import { Memory, type Operand, Register } from './operands.ts'
import { encodeMemory, type Output } from './vector-code.ts'

export interface ChosenGeneral {
  readonly form: GeneralForm
  readonly operands: readonly Operand[]
  readonly width: 8 | 16 | 32 | 64
}

function fits(
  operand: Operand,
  { place, bits }: GeneralForm['roles'][number],
  width: number,
  given: number | undefined,
): boolean {
  const isRegister = operand instanceof Register && operand.bank === 'gpr' && operand.bits === (bits ?? width)
  switch (place) {
    case 'r':
    case 'o':
      return isRegister
    case 'm':
      // Of another width than the instruction: only what was asked for tells which.
      if (operand instanceof Memory) return bits === undefined || given === undefined || given === bits
      return isRegister
    case 'M':
      return operand instanceof Memory
    case 'a':
      return isRegister && operand.number === 0
    case 'c':
      return operand instanceof Register && operand.bank === 'gpr' && operand.bits === 8 && operand.number === 1
    case '1':
      return operand === 1
    case 'b':
      return typeof operand === 'number' && operand >= -128 && operand <= 127
    case 'w':
      return typeof operand === 'number' && operand >= 0 && operand <= 255
    case 'd':
      return typeof operand === 'number' && operand >= -(2 ** 31) && operand < (width === 32 ? 2 ** 32 : 2 ** 31)
    case 'u':
      return typeof operand === 'number' && operand >= -(2 ** 31) && operand < 2 ** 32
    default:
      return typeof operand === 'bigint' || typeof operand === 'number'
  }
}

/** @param bits where no register tells how wide it is @throws InternalError: there is no such form */
export function chooseGeneral(name: string, operands: readonly Operand[], bits?: 8 | 16 | 32 | 64): ChosenGeneral {
  const found = findGeneral(name, operands, bits)
  if (found !== undefined) return found
  throw new InternalError(
    `no form of ${name} takes ${operands.map(operand => (operand instanceof Register ? operand.name : operand instanceof Memory ? 'memory' : String(operand))).join(', ')}`,
  )
}

/** The form for these operands, if there is one. */
export function findGeneral(
  name: string,
  operands: readonly Operand[],
  bits?: 8 | 16 | 32 | 64,
): ChosenGeneral | undefined {
  const group = generalForms.get(name)
  if (group === undefined) return undefined
  for (let at = 0; at < group.length; at++) {
    const form = group[at]
    if (form.roles.length !== operands.length) continue
    const width = widthOf(form, operands, bits)
    if (form.width === undefined ? width < 32 : form.width !== width) continue
    let doFit = true
    for (let i = 0; i < operands.length && doFit; i++) doFit = fits(operands[i], form.roles[i], width, bits)
    if (doFit) return { form, operands, width }
  }
  return undefined
}

function widthOf(
  { roles, width, is64 }: GeneralForm,
  operands: readonly Operand[],
  given: 8 | 16 | 32 | 64 | undefined,
) {
  if (is64) return 64
  for (let i = 0; i < roles.length; i++) {
    const { bits, place } = roles[i]
    const operand = operands[i]
    if (operand instanceof Register && bits === undefined && place !== 'c') return operand.bits as 32 | 64
  }
  return given ?? width ?? 32
}

export function encodeGeneral(out: Output, { form, operands, width }: ChosenGeneral): void {
  let reg = form.digit ?? 0
  let rm: Register | Memory | undefined
  let inOpcode: number | undefined
  let immediate: { value: Operand; bytes: 1 | 4 | 8 } | undefined
  let needsRex = false
  for (let i = 0; i < operands.length; i++) {
    const { place, bits } = form.roles[i]
    const operand = operands[i]
    // Bytes of rsp, rbp, rsi and rdi are named with a REX prefix alone.
    if (operand instanceof Register && place !== 'c' && (bits ?? width) === 8 && operand.number >= 4) needsRex = true
    if (place === 'r') reg = (operand as Register).number
    else if (place === 'm' || place === 'M') rm = operand as Register | Memory
    else if (place === 'o') inOpcode = (operand as Register).number
    else if (place === 'b' || place === 'w') immediate = { value: operand, bytes: 1 }
    else if (place === 'd' || place === 'u') immediate = { value: operand, bytes: 4 }
    else if (place === 'q') immediate = { value: operand, bytes: 8 }
  }
  if (form.isLocked) out.byte(0xf0)
  if (width === 16) out.byte(0x66)
  if (form.prefix !== undefined) out.byte(form.prefix)
  const base = rm instanceof Memory ? (rm.base?.number ?? 0) : (rm?.number ?? inOpcode ?? 0)
  const index = rm instanceof Memory ? (rm.index?.number ?? 0) : 0
  const w = width === 64 && !form.is64 ? 8 : 0
  const rex = w | ((reg >> 3) << 2) | ((index >> 3) << 1) | (base >> 3)
  if (rex !== 0 || needsRex) out.byte(0x40 | rex)
  const { opcode } = form
  for (let i = 0; i < opcode.length - 1; i++) out.byte(opcode[i])
  out.byte(opcode[opcode.length - 1] | ((inOpcode ?? 0) & 7))
  if (rm instanceof Memory) encodeMemory(out, reg & 7, rm, 1, immediate?.bytes ?? 0)
  else if (rm !== undefined) out.byte(0xc0 | ((reg & 7) << 3) | (base & 7))
  if (immediate === undefined) return
  const { value, bytes } = immediate
  if (bytes === 1) out.byte((value as number) & 0xff)
  else if (bytes === 4) out.int32((value as number) | 0)
  else {
    const whole = BigInt(value as number | bigint)
    out.int32(Number(BigInt.asIntN(32, whole)))
    out.int32(Number(BigInt.asIntN(32, whole >> 32n)))
  }
}
