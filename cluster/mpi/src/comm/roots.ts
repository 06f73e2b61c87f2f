/** What every collective asks of its communicator first: whether it lives, and who the root is. */

import { procNull, root as rootHere } from '../constants.ts'
import type { Port } from '../engine.ts'
import { MpiError } from '../errors.ts'
import { type Caller, refusal } from '../message/refusal.ts'

/** A communicator, as the arguments of its calls are read. */
export interface Member extends Caller {
  readonly port: Port
  readonly rank: number
  readonly size: number
  /** Whom it sends to: the size of the remote group, where it has one. */
  readonly peers: number
  readonly isInter: boolean
  readonly isFree: boolean
  /** Where it has a topology: from whom and to whom neighbourhood collectives go; `procNull` where there is none. */
  readonly sources: readonly number[] | undefined
  readonly destinations: readonly number[] | undefined
}

export function checkLive(comm: Member, call: string): void {
  if (!comm.isFree) return
  throw new MpiError('MPI_ERR_COMM', { call, rank: comm.rank, comm: comm.name }, 'the communicator was freed')
}

/** The root of a collective, checked; it is 0 if none is given. */
export function checkedRoot(comm: Member, call: string, root: number | undefined): number {
  checkLive(comm, call)
  const given = root ?? 0
  if (Number.isInteger(given) && given >= 0 && given < comm.peers) return given
  if (comm.isInter && (given === rootHere || given === procNull)) return given
  const expected = `a rank from 0 to ${comm.peers - 1}${comm.isInter ? ', or root or procNull' : ''}`
  throw refusal(comm, call, 'MPI_ERR_ROOT', 'root', expected, given)
}

/** Whether it is the root itself. */
export const isRoot = (comm: Member, root: number): boolean => (comm.isInter ? root === rootHere : comm.rank === root)

/** Whether its part goes to the root, or comes from there. */
export const isUnderRoot = (comm: Member, root: number): boolean => (comm.isInter ? root >= 0 : true)
