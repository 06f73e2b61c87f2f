/**
 * The simplest choice of registers: every variable lives on the stack, each instruction loads what it reads and stores what it writes. Slow code, made quickly, and right: what the other one
 * is tested against.
 */

import { InternalError } from '@skein/base'
import { type Bank, Memory, type Operand, Register } from '../encode/operands.ts'
import { type Code, frameBase, type Step, type Variable, Virtual } from './code.ts'
import { conventional, loadConstant, move, physical } from './convention.ts'
import type { Placed } from './placed.ts'
import { clearsMask, registersOf, rolesOf } from './roles.ts'

const pools: { readonly [bank in Bank]: readonly number[] } = {
  gpr: [10, 11, 3, 12, 13, 14, 15, 5],
  vector: [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  mask: [1, 2, 3, 4, 5, 6, 7],
}

export function placeNaively(code: Code): Placed {
  const steps = conventional(code)
  const named = { gpr: 0, vector: 0, mask: 0 }
  for (const step of steps) for (const register of machineRegisters(step)) named[register.bank] |= 1 << register.number
  const free = (bank: Bank) => pools[bank].filter(number => ((named[bank] >> number) & 1) === 0)
  const pool = { gpr: free('gpr'), vector: free('vector'), mask: free('mask') }

  let frameBytes = code.frameBytes
  let isAligned = code.frameBytes > 0
  const slots: (number | undefined)[] = []
  const slotOf = ({ id, bits }: Variable): Memory => {
    const bytes = Math.max(8, bits / 8)
    if (slots[id] === undefined) {
      frameBytes = (frameBytes + bytes - 1) & -bytes
      slots[id] = frameBytes
      frameBytes += bytes
      isAligned ||= bytes > 8
    }
    return new Memory({ base: frameBase, disp: slots[id] })
  }

  const placed: Step[] = []
  const origins: (Step | undefined)[] = []
  const keep = (step: Step, origin?: Step) => {
    placed.push(step)
    origins.push(origin)
  }
  const changed = { ...named }
  for (const step of steps) {
    if (step.is !== 'vector' && step.is !== 'general') {
      keep(step, step)
      continue
    }
    const taken = { gpr: 0, vector: 0, mask: 0 }
    const chosen = new Map<Variable, number>()
    const choose = (register: Register): Register => {
      if (!(register instanceof Virtual)) return register
      const { variable, bits } = register
      let number = chosen.get(variable)
      if (number === undefined) {
        number = pool[variable.bank][taken[variable.bank]++]
        if (number === undefined)
          throw new InternalError(`${code.name}: no registers for all that ${step.name} takes at once`)
        chosen.set(variable, number)
        changed[variable.bank] |= 1 << number
      }
      return physical(variable.bank, number, bits)
    }
    const operands = step.operands.map((operand): Operand => {
      if (operand instanceof Register) return choose(operand)
      if (!(operand instanceof Memory)) return operand
      const { base, index } = operand
      if (!(base instanceof Virtual) && !(index instanceof Virtual)) return operand
      return new Memory({ ...operand, base: base && choose(base), index: index && choose(index) })
    })
    const predicate = step.predicate && { ...step.predicate, mask: choose(step.predicate.mask) }
    const { reads, writes } = accesses(step)
    for (const variable of reads) keep(load(variable, chosen.get(variable)!, slotOf, step))
    keep({ ...step, operands, ...(predicate && { predicate }) }, step)
    for (const variable of writes)
      keep(move(slotOf(variable), physical(variable.bank, chosen.get(variable)!, widthOf(variable)), step))
  }
  return {
    code,
    steps: placed,
    origins,
    frameBytes,
    isAligned,
    changed,
    spills: slots.filter(slot => slot !== undefined).length,
  }
}

/** Bits of a variable as a whole. */
const widthOf = ({ bank, bits }: Variable): number => (bank === 'vector' ? bits : 64)

function load(variable: Variable, number: number, slotOf: (variable: Variable) => Memory, at: Step): Step {
  const to = physical(variable.bank, number, widthOf(variable))
  return variable.constant === undefined ? move(to, slotOf(variable), at) : loadConstant(to, variable.constant, at)
}

/** Variables that an instruction reads, and those that it writes. */
export function accesses(step: Step & { is: 'vector' | 'general' }): { reads: Set<Variable>; writes: Set<Variable> } {
  const reads = new Set<Variable>()
  const writes = new Set<Variable>()
  const add = (to: Set<Variable>, register: unknown) => {
    if (register instanceof Virtual) to.add(register.variable)
  }
  const { operands, predicate } = step
  const roles = rolesOf(step)
  const clears = clearsMask(step.name)
  for (const [i, operand] of operands.entries()) {
    if (operand instanceof Memory) for (const register of registersOf(operand)) add(reads, register)
    else if (i > 0 ? roles.readsOthers : roles.readsFirst) add(reads, operand)
    if ((i === 0 && roles.writesFirst) || (i === 1 && roles.writesSecond)) add(writes, operand)
    if (i === 2 && clears) add(writes, operand)
  }
  if (predicate !== undefined) add(reads, predicate.mask)
  if (predicate !== undefined && clears) add(writes, predicate.mask)
  return { reads, writes }
}

function* machineRegisters(step: Step): Generator<Register> {
  const isMachine = (register: Register | undefined): register is Register =>
    register !== undefined && !(register instanceof Virtual) && register !== frameBase
  if (step.is === 'call') yield* [...step.args, step.result]
  if (step.is === 'return' && step.value instanceof Register) yield step.value
  if (step.is !== 'vector' && step.is !== 'general') return
  for (const operand of step.operands) {
    if (operand instanceof Register && isMachine(operand)) yield operand
    if (operand instanceof Memory) yield* registersOf(operand).filter(isMachine)
  }
  if (step.predicate && isMachine(step.predicate.mask)) yield step.predicate.mask
  const { reads, writes } = rolesOf(step)
  yield* reads
  yield* writes
}
