/** Collectives along a topology. */

import { MpiError } from '../../errors.ts'
import { checkNoOverlap, partOf, partsOf, shareOf, typedPartsOf } from '../../message/part.ts'
import { Plan, ValuePlan } from '../plan.ts'
import { checkLive, type Member } from '../roots.ts'
import { all, checkedValues, isTyped, newFor, type Reader } from './reading.ts'

function neighborhood(comm: Member, call: string): { sources: readonly number[]; destinations: readonly number[] } {
  checkLive(comm, call)
  const { sources, destinations, rank, name } = comm
  if (sources === undefined || destinations === undefined) {
    throw new MpiError(
      'MPI_ERR_TOPOLOGY',
      { call, rank, comm: name },
      'the communicator has no topology: make one by cart, graph or distGraph',
    )
  }
  return { sources, destinations }
}

export const neighborAllgather: Reader = (comm, call, send, recv) => {
  const { sources } = neighborhood(comm, call)
  if (!isTyped(send, recv)) return new ValuePlan('neighborAllgather', send, 0, all)
  const mine = partOf(comm, call, 'send', send)
  if (recv === undefined) {
    const made = newFor(comm, call, mine, sources.length)
    return new Plan({ is: 'neighborAllgather', send: mine, recv: made }, made.view)
  }
  const share = shareOf(comm, call, 'recv', partOf(comm, call, 'recv', recv), sources.length)
  checkNoOverlap(comm, call, mine, share, 1, sources.length)
  return new Plan({ is: 'neighborAllgather', send: mine, recv: share }, undefined)
}

export const neighborAllgatherv: Reader = (comm, call, send, recv) => {
  const { sources } = neighborhood(comm, call)
  if (!isTyped(send, recv)) return new ValuePlan('neighborAllgather', send, 0, all)
  const mine = partOf(comm, call, 'send', send)
  return new Plan(
    { is: 'neighborAllgatherv', send: mine, recv: partsOf(comm, call, 'recv', recv, sources.length, true) },
    undefined,
  )
}

export const neighborAlltoall: Reader = (comm, call, send, recv) => {
  const { sources, destinations } = neighborhood(comm, call)
  if (!isTyped(send, recv)) {
    return new ValuePlan('neighborAlltoall', checkedValues(comm, call, send, destinations.length), 0, all)
  }
  const mine = shareOf(comm, call, 'send', partOf(comm, call, 'send', send), destinations.length)
  if (recv === undefined) {
    const made = newFor(comm, call, mine, sources.length)
    return new Plan({ is: 'neighborAlltoall', send: mine, recv: made }, made.view)
  }
  const share = shareOf(comm, call, 'recv', partOf(comm, call, 'recv', recv), sources.length)
  checkNoOverlap(comm, call, mine, share, destinations.length, sources.length)
  return new Plan({ is: 'neighborAlltoall', send: mine, recv: share }, undefined)
}

export const neighborAlltoallv: Reader = (comm, call, send, recv) => {
  const { sources, destinations } = neighborhood(comm, call)
  const mine = partsOf(comm, call, 'send', send, destinations.length, false)
  return new Plan(
    { is: 'neighborAlltoallv', send: mine, recv: partsOf(comm, call, 'recv', recv, sources.length, true) },
    undefined,
  )
}

export const neighborAlltoallw: Reader = (comm, call, send, recv) => {
  const { sources, destinations } = neighborhood(comm, call)
  const mine = typedPartsOf(comm, call, 'send', send, destinations.length, false)
  return new Plan(
    { is: 'neighborAlltoallw', send: mine, recv: typedPartsOf(comm, call, 'recv', recv, sources.length, true) },
    undefined,
  )
}
