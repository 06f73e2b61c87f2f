/** Instructions as text, in Intel's syntax as GNU as reads it. */

import type { Role, Tuple } from './forms.ts'
import type { ChosenGeneral } from './general-code.ts'
import { Memory, Register } from './operands.ts'
import type { Chosen } from './vector-code.ts'

const sizes: { readonly [bytes: number]: string } = {
  1: 'BYTE',
  2: 'WORD',
  4: 'DWORD',
  8: 'QWORD',
  16: 'XMMWORD',
  32: 'YMMWORD',
  64: 'ZMMWORD',
}

/** @param bytes of all that is read, or written; undefined where the instruction does not say */
export function memoryText(memory: Memory, bytes: number | undefined): string {
  const { base, index, scale, disp, label, broadcast } = memory
  const size = bytes === undefined ? '' : `${sizes[broadcast ?? bytes]} PTR `
  const lanes = broadcast === undefined ? '' : `{1to${bytes! / broadcast}}`
  if (label !== undefined)
    return `${size}${label.name}[rip${disp === 0 ? '' : `${disp < 0 ? '-' : '+'}${Math.abs(disp)}`}]${lanes}`
  const terms: string[] = []
  if (base) terms.push(base.name)
  if (index) terms.push(`${index.name}*${scale}`)
  const sum = terms.join('+')
  if (sum === '') return `${size}ds:${disp}${lanes}`
  return `${size}[${sum}${disp === 0 ? '' : disp < 0 ? `${disp}` : `+${disp}`}]${lanes}`
}

/** Bytes of a memory operand. */
function bytesOf({ class: kind }: Role, tuple: Tuple | undefined, length: number): number | undefined {
  const bytes = length / 8
  if (kind === 'D') return tuple?.startsWith('t1s') ? Number(tuple.slice(3)) : 4
  if (kind === 'G') return 8
  if (kind === 'Y') return 32
  if (kind === 'H') return bytes / 2
  if (kind === 'Q') return bytes / 4
  if (kind === 'E') return bytes / 8
  if (kind === 'X' || kind === 'M' || kind === 'W') {
    if (tuple?.startsWith('t1s')) return Number(tuple.slice(3))
    if (tuple === 't16' || tuple === 'm128') return 16
    if (tuple === 't32') return 32
    return kind === 'X' ? 16 : bytes
  }
  if (tuple === 'dup' && length === 128) return 8
  return bytes
}

export function vectorText({ form, operands, length, predicate }: Chosen): string {
  const texts = operands.map((operand, i) => {
    if (operand instanceof Register) return operand.name
    if (operand instanceof Memory) return memoryText(operand, bytesOf(form.roles[i], form.tuple, length))
    return `${operand}`
  })
  if (predicate !== undefined) texts[0] += `{${predicate.mask.name}}${predicate.zeroes ? '{z}' : ''}`
  return `${form.name} ${texts.join(', ')}`
}

export function generalText({ form, operands, width }: ChosenGeneral): string {
  const texts = operands.map((operand, i) => {
    if (operand instanceof Register) return operand.name
    if (operand instanceof Memory)
      return memoryText(operand, form.name === 'lea' ? undefined : (form.roles[i].bits ?? width) / 8)
    return `${operand}`
  })
  const isWide = form.roles.some(role => role.place === 'q')
  const name = isWide ? 'movabs' : form.name.replace('lock_', 'lock ')
  return `${name} ${texts.join(', ')}`.trimEnd()
}
