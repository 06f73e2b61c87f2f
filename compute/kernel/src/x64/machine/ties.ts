/**
 * Instructions that write over one of their sources. Code copies a source and works on the copy; where the source lives on and another one of the instruction ends there, that one is copied
 * instead: it then shares a register with the result, and nothing needs to be copied.
 *
 *     vmovaps d, x; vfmadd231ps d, a, b        x lives on, a does not        vmovaps d, a; vfmadd213ps d, b, x
 */

import { type Operand, Register } from '../encode/operands.ts'
import { Virtual } from './code.ts'
import type { Liveness } from './liveness.ts'
import { access, type Instruction, trait, traitsOf } from './traits.ts'
import { firstVariable, type Uses } from './uses.ts'
import type { Work } from './work.ts'

/** Liveness and uses are kept true. */
export function tie(work: Work, uses: Uses, live: Liveness): void {
  const { steps } = work
  for (let i = 0; i + 1 < steps.length; i++) {
    const copy = steps[i]
    if ((copy.is !== 'vector' && copy.is !== 'general') || copy.predicate !== undefined) continue
    if ((traitsOf(copy) & trait.moves) === 0) continue
    const next = steps[i + 1]
    if (next.is !== copy.is || next.predicate !== undefined || live.isDead[i] || live.isDead[i + 1]) continue
    const to = copy.operands[0]
    const from = copy.operands[1]
    if (!(to instanceof Virtual) || !(from instanceof Virtual) || to.bits !== from.bits || next.operands[0] !== to)
      continue
    const traits = traitsOf(next)
    if ((traits & (trait.fma | trait.commutes)) === 0) continue
    // Where it ends here it can share a register as it is.
    if (endsAt(live, from, i + 1) || endsAt(live, from, i) || from.variable.constant !== undefined) continue
    for (let k = 1; k < next.operands.length; k++) {
      const other = next.operands[k]
      if (!(other instanceof Virtual) || other.bits !== to.bits || other.variable === to.variable) continue
      if (other.variable === from.variable || !endsAt(live, other, i + 1)) continue
      if (next.operands.filter(operand => operand === other).length > 1) continue
      const exchanged = next.is === 'general' ? twoAddress(next, from, k) : fused(next, from, k)
      if (exchanged === undefined) continue
      steps[i] = { ...copy, operands: [to, other] }
      steps[i + 1] = exchanged
      work.origins[i] = steps[i]
      work.origins[i + 1] = exchanged
      exchange(uses, i, from, other)
      exchange(uses, i + 1, other, from)
      shorten(live, other, i)
      break
    }
  }
}

const nodeOf = ({ variable }: Virtual): number => firstVariable + variable.id

/** Whether step i is the last that reads it. */
function endsAt({ first, ends, next }: Liveness, register: Virtual, i: number): boolean {
  for (let range = first[nodeOf(register)]; range >= 0; range = next[range])
    if (ends[range] >= 2 * i + 1) return ends[range] === 2 * i + 1
  return false
}

function shorten({ first, ends, next, length }: Liveness, register: Virtual, to: number): void {
  const node = nodeOf(register)
  for (let range = first[node]; range >= 0; range = next[range])
    if (ends[range] === 2 * to + 3) ends[range] = 2 * to + 1
  length[node] -= 2
}

/** In step i another register is read. */
function exchange({ starts, packed }: Uses, i: number, from: Virtual, to: Virtual): void {
  for (let k = starts[i]; k < starts[i + 1]; k++)
    if (packed[k] === ((nodeOf(from) << 2) | access.read)) packed[k] = (nodeOf(to) << 2) | access.read
}

/** `d + other` of the copy of `copied`, as `d + copied` of a copy of the other. */
const twoAddress = (step: Instruction, copied: Virtual, k: number): Instruction | undefined =>
  step.operands.length === 2 && k === 1 && step.name !== 'test'
    ? { ...step, operands: [step.operands[0], copied] }
    : undefined

/** The fused operation whose first operand is now a copy of its k-th. */
function fused(step: Instruction, copied: Virtual, k: number): Instruction | undefined {
  const order = /132|213|231/.exec(step.name)?.[0]
  if (order === undefined) return undefined
  const [to, second, third] = step.operands
  // What is multiplied, and what is added.
  const roles: { factors: Operand[]; addend: Operand } =
    order === '231'
      ? { factors: [second, third], addend: copied }
      : order === '213'
        ? { factors: [second, copied], addend: third }
        : { factors: [copied, third], addend: second }
  const tied = step.operands[k]
  const named = (form: string, a: Operand, b: Operand): Instruction | undefined =>
    a instanceof Register ? { ...step, name: step.name.replace(order, form), operands: [to, a, b] } : undefined
  if (roles.addend === tied) {
    const [a, b] = roles.factors
    return named('231', a, b) ?? named('231', b, a)
  }
  const factor = roles.factors[0] === tied ? roles.factors[1] : roles.factors[0]
  return named('213', factor, roles.addend) ?? named('132', roles.addend, factor)
}
