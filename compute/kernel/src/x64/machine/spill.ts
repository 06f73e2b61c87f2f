/**
 * Instructions whose variables live on the stack: they take one from there as their memory operand where they can, else by way of a temporary that lives for the one instruction. A constant is
 * read where it lies, one element to all lanes if need be.
 */

import { findGeneral } from '../encode/general-code.ts'
import { Memory, type Operand, Register } from '../encode/operands.ts'
import { find } from '../encode/vector-code.ts'
import { type Step, type Variable, Virtual } from './code.ts'
import { loadConstant, move } from './convention.ts'
import type { Homes } from './homes.ts'
import { access, type Instruction, isKnown, trait, traitsOf } from './traits.ts'
import { firstVariable, type Uses } from './uses.ts'
import { storedBits, type Work } from './work.ts'

/** @param isDead of each step, 1: nothing wants what it does. It must not be stored, as its place may be another's */
export function spill(work: Work, uses: Uses, homes: Homes, isDead?: Uint8Array): void {
  const { steps, origins } = work
  const rewriting = new Rewriting(work, homes)
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]
    if (isDead?.[i] === 1) continue
    let isTouched = false
    for (let k = uses.starts[i]; k < uses.starts[i + 1] && !isTouched; k++) {
      const node = uses.packed[k] >> 2
      isTouched = node >= firstVariable && homes[node - firstVariable] !== undefined
    }
    if (isTouched && origins[i] === undefined && loadsConstant(step)) continue
    if (isTouched && (step.is === 'vector' || step.is === 'general')) rewriting.rewrite(step, origins[i], i, uses)
    else rewriting.keep(step, origins[i])
  }
  work.steps = rewriting.steps
  work.origins = rewriting.origins
}

/** What a constant was loaded by into the register that it has no longer. */
const loadsConstant = (step: Step): boolean => {
  if (step.is !== 'vector' || (traitsOf(step) & trait.writesFirst) === 0) return false
  const [to] = step.operands
  return to instanceof Virtual && to.variable.constant !== undefined
}

/** Another way to say the same: operands that changed places. */
type Variant = Pick<Instruction, 'name' | 'operands'>

class Rewriting {
  readonly steps: Step[] = []
  readonly origins: (Step | undefined)[] = []
  readonly #work: Work
  readonly #homes: Homes

  constructor(work: Work, homes: Homes) {
    this.#work = work
    this.#homes = homes
  }

  keep(step: Step, origin: Step | undefined): void {
    this.steps.push(step)
    this.origins.push(origin)
  }

  #homeOf(operand: Operand | undefined): Memory | undefined {
    return operand instanceof Virtual ? this.#homes[operand.variable.id] : undefined
  }

  rewrite(step: Instruction, origin: Step | undefined, at: number, uses: Uses): void {
    const now = this.#withMemory(step) ?? step
    // What is still a register goes by way of temporaries.
    const temporaries = new Map<Variable, Variable>()
    const replace = (register: Register): Register => {
      if (!(register instanceof Virtual) || this.#homes[register.variable.id] === undefined) return register
      const { variable } = register
      let temporary = temporaries.get(variable)
      if (temporary === undefined) temporaries.set(variable, (temporary = this.#work.temporary(variable)))
      return temporary.as(register.bits)
    }
    const { is, name, predicate, bits, depth, loc } = now
    const operands = now.operands.map((operand): Operand => {
      if (operand instanceof Register) return replace(operand)
      if (!(operand instanceof Memory) || (operand.base === undefined && operand.index === undefined)) return operand
      const { base, index } = operand
      return new Memory({ ...operand, base: base && replace(base), index: index && replace(index) })
    })
    const mask = predicate && replace(predicate.mask)
    if (temporaries.size === 0) return this.keep(now, origin)
    const stores: Step[] = []
    for (const [variable, temporary] of temporaries) {
      const how = howUsed(uses, at, variable)
      const home = this.#homes[variable.id]!
      // A value is written as a whole, since what is above the bits of a view becomes 0.
      const bits = (how & access.write) !== 0 ? storedBits(variable) : Math.max(temporary.bits, 32)
      const register = temporary.as(variable.bank === 'mask' ? 64 : bits)
      if ((how & access.read) !== 0) {
        const { constant } = variable
        this.keep(constant ? loadConstant(register, constant, step) : move(register, home, step), undefined)
      }
      if ((how & access.write) !== 0) stores.push(move(home, register, step))
    }
    this.keep({ is, name, operands, predicate: mask && { ...predicate!, mask }, bits, depth, loc }, origin)
    for (const store of stores) this.keep(store, undefined)
  }

  /** The instruction with one of its operands in memory, if it can be said so. */
  #withMemory(step: Instruction): Instruction | undefined {
    const traits = traitsOf(step)
    const { operands, predicate } = step
    if ((traits & trait.noMemory) !== 0) return undefined
    for (let k = 0; k < operands.length; k++) if (operands[k] instanceof Memory) return undefined
    // A result that is known is made in a register.
    if (isKnown(operands, predicate !== undefined, traits)) return undefined
    if ((traits & trait.moves) !== 0 && predicate === undefined) {
      const moved = this.#movedWithMemory(step)
      if (moved !== undefined) return moved
    }
    for (const variant of variantsOf(step, traits)) {
      const found = step.is === 'vector' ? this.#vector(step, variant) : this.#general(step, variant)
      if (found !== undefined) return found
    }
    return undefined
  }

  #movedWithMemory(step: Instruction): Instruction | undefined {
    const [to, from] = step.operands
    if (!(to instanceof Register)) return undefined
    const home = this.#homeOf(to)
    if (home !== undefined) {
      // Only as many bits as the move writes may be wanted.
      if (storedBits((to as Virtual).variable) !== to.bits && to.bank !== 'mask') return undefined
      if (from instanceof Register) return { ...step, ...move(home, from, step) } as Instruction
      return typeof from === 'number' && step.is === 'general' && from === (from | 0)
        ? { ...step, operands: [home, from], bits: to.bits }
        : undefined
    }
    const source = this.#homeOf(from)
    if (source === undefined) return undefined
    const { constant } = (from as Virtual).variable
    const load = constant === undefined ? move(to, source, step) : loadConstant(to, constant, step)
    return { ...step, ...load } as Instruction
  }

  #vector(step: Instruction, { name, operands }: Variant): Instruction | undefined {
    const { predicate, bits } = step
    let length: number | undefined
    for (let k = operands.length - 1; k > 0; k--) {
      const home = this.#homeOf(operands[k])
      if (home === undefined || operands.indexOf(operands[k]) !== k || operands[0] === operands[k]) continue
      const register = operands[k] as Virtual
      length ??= find(name, operands, { predicate, length: bits })?.length
      const options = { predicate, length: length ?? bits }
      const place = this.#placeOf(register, home, memory => {
        const found = find(name, operands.with(k, memory), options)
        if (found === undefined || (found.isEvex && this.#work.isa === 'avx2')) return false
        const { class: kind } = found.form.roles[k]
        return register.bank !== 'gpr' || kind === 'M' || kind === 'X' || kind === (register.bits === 32 ? 'D' : 'G')
      })
      if (place === undefined) continue
      const { is, depth, loc } = step
      return { is, name, operands: operands.with(k, place), predicate, bits: length ?? bits, depth, loc }
    }
    return undefined
  }

  /** What may stand for a register, if the instruction takes it: its place on the stack, or a constant as it is or spread. */
  #placeOf({ variable, bits }: Virtual, home: Memory, takes: (memory: Memory) => boolean): Memory | undefined {
    const { constant } = variable
    if (constant?.broadcast === undefined) return takes(home) ? home : undefined
    if (this.#work.isa === 'avx512' && takes(constant)) return constant
    const { label, broadcast } = constant
    if (!takes(new Memory({ label }))) return undefined
    const { constants } = this.#work.code
    const element = constants.bytesAt(label!).subarray(0, broadcast)
    const spread = new Uint8Array(bits / 8)
    for (let at = 0; at < spread.length; at += broadcast) spread.set(element, at)
    return new Memory({ label: constants.label(spread) })
  }

  #general(step: Instruction, { name, operands }: Variant): Instruction | undefined {
    for (let k = operands.length - 1; k >= 0; k--) {
      const home = this.#homeOf(operands[k])
      if (home === undefined) continue
      const { variable, bits } = operands[k] as Virtual
      if (operands.filter(operand => operand instanceof Virtual && operand.variable === variable).length > 1) continue
      const writes = k === 0 && (traitsOf(step) & trait.writesFirst) !== 0
      if (writes && storedBits(variable) !== bits) continue
      const given = operands.with(k, home)
      const width = (step.bits ?? bits) as 64
      const found = findGeneral(name, given, width)
      if (found === undefined || (found.form.roles[k].bits ?? found.width) !== bits) continue
      return { ...step, name, operands: given, bits: width }
    }
    return undefined
  }
}

function howUsed({ starts, packed }: Uses, at: number, { id }: Variable): number {
  for (let k = starts[at]; k < starts[at + 1]; k++) if (packed[k] >> 2 === id + firstVariable) return packed[k] & 3
  return access.none
}

/** Memory can only be the last source: the sources in this order, and exchanged where that means the same. */
export function variantsOf({ name, operands }: Instruction, traits: number): Variant[] {
  const variants: Variant[] = [{ name, operands }]
  const [first, second, third] = operands
  const exchange = (name: string, ...operands: Operand[]) => variants.push({ name, operands })
  if (name === 'test' && second instanceof Register) exchange(name, second, first)
  if (!(third instanceof Register)) return variants
  if ((traits & trait.commutes) !== 0 && operands.length === 3) exchange(name, first, third, second)
  if (name === 'vcmpps' || name === 'vcmppd') exchange(name, first, third, second, exchanged(operands[3] as number))
  if ((traits & trait.fma) === 0) return variants
  // second·third commutes; first·third + second is second·first + third with the two exchanged.
  if (name.includes('231')) exchange(name, first, third, second)
  else if (name.includes('213')) exchange(name.replace('213', '132'), first, third, second)
  else exchange(name.replace('132', '213'), first, third, second)
  return variants
}

/** By a predicate's low four bits that of the sources exchanged: `<` and `>`, `≤` and `≥`, and what they deny (Intel manual, CMPPS, table 3-1). */
const mirrored = [0, 14, 13, 3, 4, 10, 9, 7, 8, 6, 5, 11, 12, 2, 1, 15]
const exchanged = (predicate: number): number => (predicate & 16) | mirrored[predicate & 15]
