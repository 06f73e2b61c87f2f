/**
 * Vector instructions as bytes: VEX where that can say it, as it is shorter, else EVEX (Intel manual, volume 2, chapter 2.3 and 2.7).
 *
 *     VEX    C5 [~R ~vvvv L pp], or C4 [~R ~X ~B map] [W ~vvvv L pp]
 *     EVEX   62 [~R ~X ~B ~R' 0 map] [W ~vvvv 1 pp] [z L'L b ~V' aaa]
 */

import { InternalError } from '@skein/base'
import { type Class, type Form, forms, type Role, type Tuple } from './forms.ts'
import { Memory, type Operand, type Predicate, Register } from './operands.ts'

/** Where bytes go. */
export interface Output {
  byte(value: number): void
  int32(value: number): void
  /** The distance to a place, from the end of the instruction, `after` bytes behind these four. */
  distance(memory: Memory, after: number): void
}

export interface VectorOptions {
  readonly predicate?: Predicate | undefined
  /** In bits, where no register tells it. */
  readonly length?: number | undefined
}

/** An instruction, with the form that was chosen for it. */
export interface Chosen {
  readonly form: Form
  readonly operands: readonly Operand[]
  readonly isEvex: boolean
  readonly length: number
  readonly predicate: Predicate | undefined
}

const share: { readonly [kind in Class]?: number } = { V: 1, H: 2, Q: 4, E: 8 }

/** Whether an operand is of a class, in an instruction of so many bits. */
function fits(operand: Operand, { class: kind, place }: Role, length: number, form: Form): boolean {
  if (place === 'i') return typeof operand === 'number' && operand >= -128 && operand <= 255
  if (operand instanceof Memory) {
    if (place !== 'm' || kind === 'K' || form.isRegisterOnly) return false
    if (operand.broadcast !== undefined && operand.broadcast !== form.broadcast) return false
    return (kind === 'W') === (operand.index?.bank === 'vector')
  }
  if (!(operand instanceof Register)) return false
  switch (kind) {
    case 'M':
    case 'W':
      return false
    case 'K':
      return operand.bank === 'mask'
    case 'D':
      return operand.bank === 'gpr' && operand.bits === 32
    case 'G':
      return operand.bank === 'gpr' && operand.bits === 64
    case 'X':
      return operand.bank === 'vector' && operand.bits === 128
    case 'Y':
      return operand.bank === 'vector' && operand.bits === 256
    default:
      return operand.bank === 'vector' && operand.bits === Math.max(128, length / share[kind]!)
  }
}

function lengthOf({ roles, lengths, isScalar }: Form, operands: readonly Operand[], given: number | undefined): number {
  if (isScalar) return 128
  let length = given
  for (let i = 0; i < roles.length; i++) {
    const { class: kind } = roles[i]
    const operand = operands[i]
    if (kind === 'V' && operand instanceof Register && operand.bank === 'vector') return operand.bits
    if (kind === 'W' && operand instanceof Memory && length === undefined) length = operand.index?.bits
  }
  return length ?? (lengths.length === 1 ? lengths[0] : 128)
}

/** The form for these operands. @throws InternalError: there is none */
export function choose(name: string, given: readonly Operand[], options: VectorOptions = {}): Chosen {
  const found = find(name, given, options)
  if (found === undefined) throw new InternalError(`no form of ${name} takes ${given.map(told).join(', ')}`)
  return found
}

/** The form for these operands, if there is one. */
export function find(
  name: string,
  given: readonly Operand[],
  { predicate, length }: VectorOptions = {},
): Chosen | undefined {
  const group = forms.get(name)
  if (group === undefined) return undefined
  // Every instruction comes by here: plain loops are fast from the first one on.
  for (let at = 0; at < group.length; at++) {
    const form = group[at]
    const { roles, lengths } = form
    if (roles.length !== given.length) continue
    const bits = lengthOf(form, given, length)
    if (lengths.length > 0 && !lengths.includes(bits)) continue
    let doFit = true
    let needsEvex = predicate !== undefined || bits === 512
    for (let i = 0; i < given.length && doFit; i++) {
      doFit = fits(given[i], roles[i], bits, form)
      needsEvex ||= isBeyondVex(given[i])
    }
    if (!doFit) continue
    if (needsEvex ? form.evexW === undefined : form.vexW === undefined && form.evexW === undefined) continue
    const isEvex = needsEvex || form.vexW === undefined
    if (isEvex && !allows(form, given[0], predicate)) continue
    if (form.isGather && !isApart(given)) continue
    const { operands, chosen } = isEvex ? { operands: given, chosen: form } : shortest(form, given)
    return { form: chosen, operands, isEvex, length: bits, predicate }
  }
  return undefined
}

/** Gathers and scatters need a predicate, others may have one. Lanes of memory and bits of a mask cannot be made zero; all bits of a mask always are. */
function allows(form: Form, first: Operand, predicate: Predicate | undefined): boolean {
  if (predicate === undefined) return !form.isGather
  if (!form.takesPredicate || predicate.mask.number === 0) return false
  return !predicate.zeroes || !(form.isGather || first instanceof Memory || (first as Register).bank === 'mask')
}

/** The vectors of a gather must be different ones (Intel manual, VGATHERDPS: else #UD). Of a scatter they need not be. */
function isApart(given: readonly Operand[]): boolean {
  if (given[0] instanceof Memory) return true
  const numbers = given.map(operand => (operand instanceof Memory ? operand.index : (operand as Register))!.number)
  return new Set(numbers).size === numbers.length
}

const told = (operand: Operand): string =>
  operand instanceof Register ? operand.name : operand instanceof Memory ? 'memory' : String(operand)

const isBeyondVex = (operand: Operand): boolean =>
  operand instanceof Register
    ? operand.bank === 'vector' && operand.number >= 16
    : operand instanceof Memory &&
      (operand.broadcast !== undefined || (operand.index?.bank === 'vector' && operand.index.number >= 16))

/** A prefix of two bytes can name registers from 8 on in all places but ModRM.rm: there another may stand. */
function shortest(form: Form, given: readonly Operand[]): { operands: readonly Operand[]; chosen: Form } {
  const as = { operands: given, chosen: form }
  if (form.map !== 1 || form.vexW === 1) return as
  const [first, second, third] = given
  const isHigh = (operand: Operand) => operand instanceof Register && operand.bank === 'vector' && operand.number >= 8
  if (form.isCommutative && third instanceof Register && isHigh(third) && !isHigh(second))
    return { operands: [first, third, second], chosen: form }
  const last = given[given.length - 1]
  if (form.hasStore && isHigh(last) && !isHigh(first)) {
    const group = forms.get(form.name)!
    return { operands: given, chosen: group[group.indexOf(form) + 1] }
  }
  return as
}

/** What one step of a displacement of one byte is. */
function stepOf(tuple: Tuple, length: number, broadcast: number | undefined): number {
  const bytes = length / 8
  switch (tuple) {
    case 'fv2':
    case 'fv4':
    case 'fv8':
      return broadcast ?? bytes
    case 'hv2':
    case 'hv4':
      return broadcast ?? bytes / 2
    case 'qv2':
      return broadcast ?? bytes / 4
    case 'fvm':
      return bytes
    case 'hvm':
      return bytes / 2
    case 'qvm':
      return bytes / 4
    case 'ovm':
      return bytes / 8
    case 'm128':
    case 't16':
      return 16
    case 't32':
      return 32
    case 'dup':
      return length === 128 ? 8 : bytes
    default:
      return Number(tuple.slice(3))
  }
}

export function encodeVector(out: Output, chosen: Chosen): void {
  const { form, operands, isEvex, length, predicate } = chosen
  let reg = form.digit ?? 0
  let vvvv = 0
  let rm: Register | Memory | undefined
  let immediate: number | undefined
  for (let i = 0; i < operands.length; i++) {
    const operand = operands[i]
    switch (form.roles[i].place) {
      case 'r':
        reg = (operand as Register).number
        break
      case 'v':
        vvvv = (operand as Register).number
        break
      case 'm':
        rm = operand as Register | Memory
        break
      case 's':
        immediate = (operand as Register).number << 4
        break
      case 'i':
        immediate = (operand as number) & 0xff
    }
  }
  const isMemory = rm instanceof Memory
  const base = isMemory ? ((rm as Memory).base?.number ?? 0) : (rm as Register).number
  const index = isMemory ? ((rm as Memory).index?.number ?? 0) : 0
  const r = (reg >> 3) & 1
  const x = isMemory ? (index >> 3) & 1 : isEvex ? (base >> 4) & 1 : 0
  const b = (base >> 3) & 1
  if (isEvex) {
    const isVectorIndex = isMemory && (rm as Memory).index?.bank === 'vector'
    const high = isVectorIndex ? (index >> 4) & 1 : (vvvv >> 4) & 1
    const isBroadcast = isMemory && (rm as Memory).broadcast !== undefined
    const l = form.isScalar ? 0 : length === 512 ? 2 : length === 256 ? 1 : 0
    out.byte(0x62)
    out.byte(((r ^ 1) << 7) | ((x ^ 1) << 6) | ((b ^ 1) << 5) | ((((reg >> 4) & 1) ^ 1) << 4) | form.map)
    out.byte((form.evexW! << 7) | ((~vvvv & 15) << 3) | 4 | form.prefix)
    const z = predicate?.zeroes ? 1 : 0
    out.byte((z << 7) | (l << 5) | ((isBroadcast ? 1 : 0) << 4) | ((high ^ 1) << 3) | (predicate?.mask.number ?? 0))
  } else {
    const l = form.isScalar || length !== 256 ? 0 : 1
    const last = ((~vvvv & 15) << 3) | (l << 2) | form.prefix
    if (x === 0 && b === 0 && form.map === 1 && form.vexW === 0) {
      out.byte(0xc5)
      out.byte(((r ^ 1) << 7) | last)
    } else {
      out.byte(0xc4)
      out.byte(((r ^ 1) << 7) | ((x ^ 1) << 6) | ((b ^ 1) << 5) | form.map)
      out.byte((form.vexW! << 7) | last)
    }
  }
  out.byte(form.opcode)
  const after = immediate === undefined ? 0 : 1
  if (isMemory) {
    const step = isEvex && form.tuple !== undefined ? stepOf(form.tuple, length, (rm as Memory).broadcast) : 1
    encodeMemory(out, reg & 7, rm as Memory, step, after)
  } else out.byte(0xc0 | ((reg & 7) << 3) | (base & 7))
  if (immediate !== undefined) out.byte(immediate)
}

/**
 * ModRM, SIB and displacement of a memory operand.
 *
 * @param step what a displacement of one byte counts
 * @param after bytes of the instruction behind it
 */
export function encodeMemory(out: Output, reg: number, memory: Memory, step: number, after: number): void {
  const { base, index, disp } = memory
  const middle = reg << 3
  if (memory.label !== undefined) {
    out.byte(middle | 5)
    out.distance(memory, after)
    return
  }
  const scale = index === undefined ? 0 : Math.log2(memory.scale)
  if (base === undefined) {
    // No base: an index, or none, and 32 bits.
    out.byte(middle | 4)
    out.byte((scale << 6) | ((index === undefined ? 4 : index.number & 7) << 3) | 5)
    out.int32(disp)
    return
  }
  const low = base.number & 7
  // rbp and r13 without a displacement mean something else.
  const isShort = disp % step === 0 && disp / step >= -128 && disp / step <= 127
  const mode = disp === 0 && low !== 5 ? 0 : isShort ? 1 : 2
  if (index === undefined && low !== 4) out.byte((mode << 6) | middle | low)
  else {
    out.byte((mode << 6) | middle | 4)
    out.byte((scale << 6) | ((index === undefined ? 4 : index.number & 7) << 3) | low)
  }
  if (mode === 1) out.byte((disp / step) & 0xff)
  else if (mode === 2) out.int32(disp)
}
