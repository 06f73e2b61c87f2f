/** How a call refuses an argument: an error that names rank, call and communicator, and says what was expected and what was found. */

import { describe } from '@skein/base'
import { type ErrorClass, MpiError } from '../errors.ts'

/** Whose call it is: a communicator, a window, a file. */
export interface Caller {
  readonly rank: number
  readonly name: string
}

/** "send on rank 1 of world: dest must be a rank from 0 to 3, but it is 9" */
export function refusal(
  caller: Caller,
  call: string,
  errorClass: ErrorClass,
  argument: string,
  expected: string,
  found: unknown,
  advice = '',
): MpiError {
  const problem = `${argument} must be ${expected}, but it is ${describe(found)}${advice === '' ? '' : `. ${advice}`}`
  return new MpiError(errorClass, { call, rank: caller.rank, comm: caller.name }, problem)
}
