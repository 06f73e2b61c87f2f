/** What the function around a body provides. */

import type { Value } from '../../ir/ir.ts'
import type { Register } from '../encode/operands.ts'
import type { Code } from '../machine/code.ts'
import type { Target } from './target.ts'

export interface Frame {
  readonly code: Code
  readonly target: Target
  /** Address of the argument block. */
  readonly args: Register
  /** Bytes from there to the word that says what failed. */
  readonly failureOffset: number
  /** Address of an array's element 0. */
  array(buffer: number): Register
  /** Where an array of small elements lies in words of 4 bytes at multiples of 4: the first of them, and how many elements of it come before the array's own, 32 bits. */
  words(buffer: number): { readonly base: Register; readonly before: Register }
  /** Elements of an array, 32 bits. */
  length(buffer: number): Register
  /** max(0, length - lanes + 1): first lanes below it begin a strip that is in range. For one lane the length. Of several arrays the least. */
  limit(buffers: readonly number[], lanes: number): Register
  /** Address of an array that belongs to one iteration: element k of lane l at (k · lanes + l) · slot. */
  privateArray(buffer: number): { readonly base: Register; readonly offset: number }
  /** The function of a rare case of `Math`. */
  routine(v: Value): Code
}
