/** Which operands of an instruction are read and which written, and the registers it touches besides: what the lists of forms say, and where the operands themselves make a difference. */

import { InternalError } from '@skein/base'
import type { Access } from '../encode/access.ts'
import { forms } from '../encode/forms.ts'
import { generalForms } from '../encode/general-forms.ts'
import { type Memory, Register } from '../encode/operands.ts'
import type { Step } from './code.ts'

export interface Roles {
  /** Of the first operand, where it is a register. */
  readonly readsFirst: boolean
  readonly writesFirst: boolean
  /** The registers behind the first; not where the result is the same whatever they hold: x ^ x. */
  readonly readsOthers: boolean
  /** The second is written as well (an exchange). */
  readonly writesSecond: boolean
  /** Registers that no operand names. */
  readonly reads: readonly Register[]
  readonly writes: readonly Register[]
}

/** Forms of one name with as many operands do the same to them. */
function accessOf({ is, name, operands }: Step & { is: 'vector' | 'general' }): Access {
  const list = is === 'vector' ? forms : generalForms
  const form = list.get(name)?.find(({ roles }) => roles.length === operands.length)
  if (form === undefined) throw new InternalError(`there is no ${name} of ${operands.length} operands`)
  return form.access
}

/** @param step an instruction */
export function rolesOf(step: Step & { is: 'vector' | 'general' }): Roles {
  const { operands, predicate } = step
  const access = accessOf(step)
  const first = operands[0]
  const isRegister = first instanceof Register
  const [one, other] = operands.slice(-2)
  const readsOthers = predicate !== undefined || one !== other || !access.isKnownOfOne
  // Lanes that a predicate leaves out stay as they were; bits of a mask become 0.
  const merges =
    isRegister && first.bank !== 'mask' && predicate !== undefined && !predicate.zeroes && !isBlend(step.name)
  return {
    readsFirst: isRegister && readsOthers && (access.readsFirst || merges),
    writesFirst: isRegister && access.writesFirst,
    readsOthers,
    writesSecond: access.writesSecond,
    reads: access.reads,
    writes: access.writes,
  }
}

/** Whether a predicate tells which of the two sources a lane comes from. */
export const isBlend = (name: string): boolean => name.startsWith('vblendm') || name.startsWith('vpblendm')

/** Whether an instruction clears the mask that tells its lanes: gathers and scatters, as they come along. */
export const clearsMask = (name: string): boolean => forms.get(name)?.[0].isGather === true

/** Registers that a memory operand names. */
export function registersOf(memory: Memory): Register[] {
  const found: Register[] = []
  if (memory.base) found.push(memory.base)
  if (memory.index) found.push(memory.index)
  return found
}
