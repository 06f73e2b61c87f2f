/** Reductions of the values of all ranks, in the order of ranks. */

import { ArgumentError } from '@skein/base'
import { MpiError } from '../errors.ts'
import type { Caller } from '../message/refusal.ts'
import type { Op } from '../op.ts'
import { reduceValues } from '../reduce/values.ts'

/** @throws MpiError MPI_ERR_OP: the op does not go with the values; or what a user's op throws */
export function fold(comm: Caller, call: string, op: Op, values: readonly unknown[]): unknown {
  return values.reduce((a, b) => {
    try {
      return reduceValues(op, a, b)
    } catch (error) {
      if (op.name === 'user' && op.combine !== undefined) throw error
      throw error instanceof ArgumentError ? refused(comm, call, error) : error
    }
  })
}

/** The values are told in words by then. */
function refused(comm: Caller, call: string, error: ArgumentError): Error {
  const { rank, name } = comm
  const problem = error.message.slice(`${error.call}: `.length)
  return new MpiError('MPI_ERR_OP', { call, rank, comm: name }, problem, { cause: error })
}
