/** A function on its way from variables to registers: its steps, as they are by now. */

import { Memory, type Register } from '../encode/operands.ts'
import { type Code, frameBase, type Step, Variable } from './code.ts'
import { conventional } from './convention.ts'
import { predicated } from './predicates.ts'
import type { Instruction } from './traits.ts'

export type Isa = 'avx2' | 'avx512'

export class Work {
  readonly code: Code
  readonly isa: Isa
  steps: Step[]
  /** Of each step the one it does the work of, as it was written; undefined: it only carries a value from or to the stack. */
  origins: (Step | undefined)[]
  /** Those of the code and what was added: by their number. */
  readonly variables: Variable[]
  /** 1: it is there to carry a value to or from the stack, and must have a register. */
  readonly isTemporary: number[] = []
  /** Machine registers in which parameters come. */
  readonly arriving: readonly Register[]
  frameBytes: number
  isAligned: boolean
  spills = 0

  constructor(code: Code, isa: Isa) {
    this.code = code
    this.isa = isa
    const steps = conventional(code)
    this.steps = isa === 'avx512' ? predicated(steps) : steps
    this.arriving = code.parameters.map((_, i) => (this.steps[i] as Instruction).operands[1] as Register)
    this.origins = [...this.steps]
    this.variables = [...code.variables]
    this.frameBytes = code.frameBytes
    // Arrays are aligned as they asked to be.
    this.isAligned = code.frameBytes > 0
  }

  temporary(like: Variable): Variable {
    const made = new Variable(this.variables.length, like.bank, 't', undefined)
    this.isTemporary[made.id] = 1
    this.variables.push(made)
    return made
  }

  /** Memory of the stack, aligned to its length. */
  slot(bytes: number): Memory {
    this.frameBytes = (this.frameBytes + bytes - 1) & -bytes
    const slot = new Memory({ base: frameBase, disp: this.frameBytes })
    this.frameBytes += bytes
    this.isAligned ||= bytes > 8
    return slot
  }
}

/** Bits of a variable that its place on the stack holds. */
export const storedBits = ({ bank, bits }: Variable): number =>
  bank === 'vector' ? bits : bank === 'mask' ? 64 : Math.max(32, bits)
