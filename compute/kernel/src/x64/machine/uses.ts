/**
 * What each step reads and writes, as numbers. A node is a register of the machine or a variable:
 *
 *     0-15 rax…r15     16-47 vectors     48-55 masks     56… variables by their number
 */

import { type Bank, Memory, Register } from '../encode/operands.ts'
import { frameBase, type Step, Virtual } from './code.ts'
import { access, accessOfFirst, isKnown, touchedBy, trait, traitsOf } from './traits.ts'

export const firstVariable = 56
const bankStart: { readonly [bank in Bank]: number } = { gpr: 0, vector: 16, mask: 48 }

/** -1: the stack pointer, which is nobody's. */
export const nodeOf = (register: Register): number => {
  if (register instanceof Virtual) return firstVariable + register.variable.id
  if (register.bank === 'gpr' && register.number === frameBase.number) return -1
  return bankStart[register.bank] + register.number
}

/** Registers of a bank are the nodes from here on. */
export const nodesFrom = (bank: Bank): number => bankStart[bank]

/** Of all steps: from `starts[i]` to `starts[i + 1]` those of step i, each a node times four and how it is accessed. */
export interface Uses {
  readonly starts: Int32Array
  readonly packed: Int32Array
}

export function usesOf(steps: readonly Step[], variables: number): Uses {
  const starts = new Int32Array(steps.length + 1)
  let packed = new Int32Array(8 * steps.length + 64)
  /** Variables that a step before has written. */
  const written = new Uint8Array(firstVariable + variables)
  let count = 0
  let begin = 0
  const add = (register: Register, how: number) => {
    const node = nodeOf(register)
    if (node < 0 || how === 0) return
    if ((how & access.write) !== 0) written[node] = 1
    for (let i = begin; i < count; i++) {
      if (packed[i] >> 2 === node) {
        packed[i] |= how
        return
      }
    }
    packed[count++] = (node << 2) | how
  }
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]
    begin = count
    starts[i] = count
    if (packed.length < count + 32) {
      const larger = new Int32Array(2 * packed.length)
      larger.set(packed)
      packed = larger
    }
    if (step.is === 'vector' || step.is === 'general') {
      const traits = traitsOf(step)
      const { operands, predicate } = step
      const first = accessOfFirst(step, traits)
      const areRead = !isKnown(operands, predicate !== undefined, traits)
      for (let k = 0; k < operands.length; k++) {
        const operand = operands[k]
        if (operand instanceof Register) {
          if (k === 0) {
            // What a byte is written into need not hold anything.
            const isFresh = (traits & trait.setsByte) !== 0 && written[nodeOf(operand)] === 0
            add(operand, isFresh ? access.write : first)
          } else {
            if (k === 1 && (traits & trait.writesTwo) !== 0) add(operand, access.write)
            else if ((k === 1 && (traits & trait.exchanges) !== 0) || (k === 2 && (traits & trait.clearsMask) !== 0))
              add(operand, access.both)
            else if (areRead) add(operand, access.read)
          }
        } else if (operand instanceof Memory) {
          if (operand.base !== undefined) add(operand.base, access.read)
          if (operand.index !== undefined) add(operand.index, access.read)
        }
      }
      if (predicate !== undefined) add(predicate.mask, (traits & trait.clearsMask) !== 0 ? access.both : access.read)
      if ((traits & trait.touchesOthers) !== 0) {
        const { reads, writes } = touchedBy(step)
        for (const register of reads) add(register, access.read)
        for (const register of writes) add(register, access.write)
      }
    } else if (step.is === 'call') {
      for (const arg of step.args) add(arg, access.read)
      add(step.result, access.write)
    } else if (step.is === 'undefine') add(step.register, access.write)
    else if (step.is === 'return' && step.value instanceof Register) add(step.value, access.read)
  }
  starts[steps.length] = count
  return { starts, packed }
}
