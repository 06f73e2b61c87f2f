/** A message that does not suit who receives it, and what is wrong with it. */

import type { MpiError } from '../errors.ts'
import { callOf } from './collectives/names.ts'

/** Calls of collectives have signatures below 0. */
export function mismatch(sent: number, taken: number): Mismatch {
  if (taken >= 0) return new Mismatch('MPI_ERR_TYPE', 'what came has other elements than it takes')
  const [theirs, mine] = [callOf(sent), callOf(taken)]
  if (theirs.name !== mine.name)
    return new Mismatch('MPI_ERR_OTHER', `another rank is in ${theirs.name} while this one is in ${mine.name}`)
  return new Mismatch('MPI_ERR_ROOT', `another rank has root ${theirs.root} while this one has root ${mine.root}`)
}

/** Becomes an error of the call that finds it, which knows its communicator. */
export class Mismatch {
  readonly errorClass: MpiError['errorClass']
  readonly problem: string

  constructor(errorClass: MpiError['errorClass'], problem: string) {
    this.errorClass = errorClass
    this.problem = problem
  }
}
