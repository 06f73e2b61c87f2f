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

/** @throws MpiError MPI_ERR_ARG */
export function checkInteger(
  caller: Caller,
  call: string,
  argument: string,
  value: number,
  least?: number,
  most?: number,
): void {
  if (Number.isSafeInteger(value) && value >= (least ?? value) && value <= (most ?? value)) return
  const range = least === undefined ? '' : most === undefined ? ` from ${least} on` : ` from ${least} to ${most}`
  throw refusal(caller, call, 'MPI_ERR_ARG', argument, `a whole number${range}`, value)
}
