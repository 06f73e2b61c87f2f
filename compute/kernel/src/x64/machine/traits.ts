/** What the choice of registers asks of instructions, a bit for each answer; found once for each name and number of operands. */

import { InternalError } from '@skein/base'
import type { Access } from '../encode/access.ts'
import { forms } from '../encode/forms.ts'
import { conditions, generalForms } from '../encode/general-forms.ts'
import { Register } from '../encode/operands.ts'
import type { Step } from './code.ts'
import { isBlend } from './roles.ts'

/** What is no label, jump, call or return. */
export type Instruction = Step & { readonly is: 'vector' | 'general' }

export const trait = {
  readsFirst: 1,
  writesFirst: 2,
  /** Of one register twice the result is known, whatever it holds. */
  isKnownOfOne: 4,
  /** The second operand is written too: and read before, or not. */
  exchanges: 8,
  writesTwo: 16,
  /** Clears the mask that tells its lanes. */
  clearsMask: 32,
  /** Touches registers that no operand names. */
  touchesOthers: 64,
  /** Copies all of its second operand to the first. */
  moves: 128,
  /** Its last two sources may change places. */
  commutes: 256,
  fma: 512,
  /** It leaves flags and memory alone and cannot fail: who does not want its result does not want it. */
  isPure: 1024,
  /** With memory in place of a register it would mean, or cost, something else. */
  noMemory: 2048,
  /** Writes the low byte and leaves the rest. */
  setsByte: 4096,
  /** Some forms cannot name vectors from 16 on. */
  someLow: 8192,
  ternary: 16384,
  /** A predicate tells which source a lane comes from. */
  blends: 32768,
} as const

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

const generalPure = words('mov movzx movsx movsxd lea')
const generalCommutes = words('add and or xor imul test')
// Memory with a register's bit number reaches beyond the operand; narrow loads could be of a byte or of two.
const generalRegisters = words('bt xchg xadd lea push pop jmp call movzx movsx movsxd bswap')
const setting = new Set(conditions.map(condition => `set${condition}`))
const setsFlags = words('andn bzhi blsr blsi blsmsk bextr')

const vectorMoves = words(
  'vmovups vmovupd vmovaps vmovapd vmovdqu vmovdqa vmovdqu8 vmovdqu16 vmovdqu32 vmovdqu64 vmovdqa32 vmovdqa64 kmovq',
)
const vectorCommutes =
  words(`vaddps vaddpd vmulps vmulpd vandps vandpd vorps vorpd vxorps vxorpd vpand vpandd vpandq vpor vpord vporq
  vpxor vpxord vpxorq vpaddb vpaddw vpaddd vpaddq vpmullw vpmulld vpmullq vpmulhw vpmulhuw vpmuludq vpmuldq vpminsb vpminsw vpminsd
  vpminsq vpminub vpminuw vpminud vpminuq vpmaxsb vpmaxsw vpmaxsd vpmaxsq vpmaxub vpmaxuw vpmaxud vpmaxuq
  vpcmpeqb vpcmpeqw vpcmpeqd vpcmpeqq`)
const isFma = (name: string): boolean =>
  (name.startsWith('vfm') || name.startsWith('vfnm')) && ['132', '213', '231'].some(order => name.includes(order))

function find({ is, name, operands }: Instruction): number {
  const group = (is === 'vector' ? forms : generalForms).get(name) ?? []
  const form = group.find(({ roles }) => roles.length === operands.length)
  if (form === undefined) throw new InternalError(`there is no ${name} of ${operands.length} operands`)
  return accessTraits(form.access, name) | (is === 'vector' ? vectorTraits(name, operands.length) : generalTraits(name))
}

const accessTraits = (access: Access, name: string): number =>
  (access.readsFirst ? trait.readsFirst : 0) |
  (access.writesFirst ? trait.writesFirst : 0) |
  (access.isKnownOfOne ? trait.isKnownOfOne : 0) |
  (access.writesSecond ? (name === 'mulx' ? trait.writesTwo : trait.exchanges) : 0) |
  (access.reads.length + access.writes.length > 0 ? trait.touchesOthers : 0)

function vectorTraits(name: string, operands: number): number {
  const group = forms.get(name)!.filter(({ roles }) => roles.length === operands)
  const { isGather, access } = group[0]
  return (
    (isGather ? trait.clearsMask : 0) |
    (vectorMoves.has(name) ? trait.moves : 0) |
    (vectorCommutes.has(name) ? trait.commutes : 0) |
    (isFma(name) ? trait.fma : 0) |
    (access.writesFirst && !isGather && !setsFlags.has(name) ? trait.isPure : 0) |
    (group.some(form => form.evexW === undefined) ? trait.someLow : 0) |
    (isBlend(name) ? trait.blends : 0) |
    (name.startsWith('vpternlog') ? trait.ternary : 0)
  )
}

const generalTraits = (name: string): number =>
  (name === 'mov' ? trait.moves : 0) |
  (generalCommutes.has(name) ? trait.commutes : 0) |
  (generalPure.has(name) ? trait.isPure : 0) |
  (generalRegisters.has(name) || name.startsWith('lock_') ? trait.noMemory : 0) |
  (setting.has(name) ? trait.setsByte : 0)

const known = { vector: new Map<string, number[]>(), general: new Map<string, number[]>() }

export function traitsOf(step: Instruction): number {
  const list = known[step.is]
  let byCount = list.get(step.name)
  if (byCount === undefined) list.set(step.name, (byCount = [-1, -1, -1, -1, -1, -1]))
  const count = step.operands.length
  if (byCount[count] < 0) byCount[count] = find(step)
  return byCount[count]
}

export const access = { none: 0, read: 1, write: 2, both: 3 } as const

/** Of an instruction that first of all names a register. */
export function accessOfFirst({ operands, predicate }: Instruction, traits: number): number {
  let how = traits & access.both
  if (isKnown(operands, predicate !== undefined, traits)) how &= access.write
  // Lanes that a predicate leaves out stay as they were; bits of a mask become 0.
  if (predicate !== undefined && !predicate.zeroes && (how & access.write) !== 0 && (traits & trait.blends) === 0) {
    const first = operands[0]
    if (first instanceof Register && first.bank !== 'mask') how |= access.read
  }
  return how
}

/** Whether the result is the same whatever the registers hold: x ^ x, or all zeros or ones by a table of that. */
export function isKnown(operands: Instruction['operands'], isMasked: boolean, traits: number): boolean {
  if ((traits & (trait.isKnownOfOne | trait.ternary)) === 0 || isMasked) return false
  const last = operands.length - 1
  if ((traits & trait.ternary) !== 0) return operands[last] === 0 || operands[last] === 255
  return operands[last] === operands[last - 1]
}

/** Registers that no operand names. */
export function touchedBy({ is, name, operands }: Instruction): Access {
  const group = is === 'vector' ? forms : generalForms
  return group.get(name)!.find(({ roles }) => roles.length === operands.length)!.access
}
