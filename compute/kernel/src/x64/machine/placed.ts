/** What a choice of registers makes of a function. */

import type { Bank } from '../encode/operands.ts'
import type { Code, Step } from './code.ts'

/** A function whose registers are chosen. */
export interface Placed {
  readonly code: Code
  /** On registers of the machine alone. */
  readonly steps: readonly Step[]
  /** Of each step the one it does the work of, on variables; undefined: it carries a value to or from the stack, or puts one aside. */
  readonly origins: readonly (Step | undefined)[]
  readonly frameBytes: number
  /** The frame begins at a multiple of 64. */
  readonly isAligned: boolean
  /** By bank a bit for each register. */
  readonly changed: { readonly [bank in Bank]: number }
  readonly spills: number
}
