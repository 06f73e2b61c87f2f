/** What the code of one lane operation works with: its operands, as they were placed. */

import type { Register } from '../encode/operands.ts'
import type { Code } from '../machine/code.ts'
import type { Target, Width } from './target.ts'

export interface LaneContext {
  readonly code: Code
  readonly target: Target
  readonly lanes: number
  /** Of whole numbers in lanes. */
  readonly word: 8 | 16 | 32
  /** Whether the words of these operands are their values without a sign; only of words below 32 bits. */
  areUnsigned(operands: readonly number[]): boolean
  /** Bits of a part that holds values of a width, and how many there are. */
  bits(width: Width): 128 | 256 | 512
  parts(width: Width): number
  /**
   * Part p of operand i. A mask is given at a width: with AVX-512 a mask register whose lowest bits are the part's lanes (those above them in a byte are zero, see `masks.ts`), with AVX2 a
   * vector whose lanes are all ones or zeros.
   */
  part(i: number, p: number, width?: Width): Register
  /** Operand i as a scalar; only if it is uniform. */
  scalar(i: number): Register
  isUniform(i: number): boolean
  /** A vector of `bits` all of whose words are the lowest bits of this number. */
  spreadWord(value: number, bits: 128 | 256 | 512): Register
  /** A vector of `bits` all of whose lanes are this number. */
  spread(type: 'i32' | 'f32' | 'f64' | 'i64', value: number | bigint, bits: 128 | 256 | 512): Register
}
