/** Collectives that move elements or values. */

import { inPlace } from '../../constants.ts'
import type { Collective, Part, Parts } from '../../engine.ts'
import { checkNoOverlap, isData, partOf, partsOf, shareOf, type TypedSlices, typedPartsOf } from '../../message/part.ts'
import { Plan, ValuePlan } from '../plan.ts'
import { checkedRoot, checkLive, type Member } from '../roots.ts'
import {
  all,
  arrayOf,
  arraysOf,
  checkedValues,
  checkInPlace,
  checkSame,
  concat,
  first,
  isTyped,
  newFor,
  type Reader,
  rooted,
  sent,
} from './reading.ts'

const barrierPlan = new Plan({ is: 'barrier' }, undefined)

export const barrier: Reader = (comm, call) => {
  checkLive(comm, call)
  return barrierPlan
}

export const bcast: Reader = (comm, call, data, givenRoot) => {
  const root = checkedRoot(comm, call, givenRoot)
  if (!isData(data)) return new ValuePlan('bcast', data, root, first)
  return new Plan({ is: 'bcast', part: partOf(comm, call, 'buffer', data), root }, data)
}

/** @param atRoot reads what the root receives into, where it gave that */
const gathering = (
  is: 'gather' | 'gatherv',
  atRoot: (comm: Member, call: string, mine: Part | undefined, recv: any) => Part | Parts,
  intoNew: (
    comm: Member,
    call: string,
    mine: Part | undefined,
    root: number,
    here: boolean,
  ) => Plan<any> | ValuePlan<any>,
): Reader => {
  return (comm, call, send, second, third) => {
    const { recv, root, here, isUnder, isLong } = rooted(comm, call, second, third)
    if (!isTyped(send, recv) && !isLong) return new ValuePlan('gather', send, root, came => (here ? came : undefined))
    const mine = isUnder ? sent(comm, call, send) : undefined
    if (!here) checkInPlace(comm, call, mine, isUnder)
    if (recv === undefined && mine !== undefined && (here || third === undefined)) {
      return intoNew(comm, call, mine, root, here)
    }
    const into = here ? atRoot(comm, call, mine, recv) : undefined
    return new Plan({ is, send: mine, recv: into, root } as Collective, undefined)
  }
}

export const gather = gathering(
  'gather',
  (comm, call, mine, recv) => {
    const share = shareOf(comm, call, 'recv', partOf(comm, call, 'recv', recv), comm.peers)
    if (mine !== undefined) {
      checkSame(comm, call, mine, share)
      checkNoOverlap(comm, call, mine, share, 1, comm.peers)
    }
    return share
  },
  (comm, call, mine, root, here) => {
    const made = here ? newFor(comm, call, mine, comm.peers) : undefined
    return new Plan({ is: 'gather', send: mine, recv: made, root }, made?.view)
  },
)

export const gatherv = gathering(
  'gatherv',
  (comm, call, _mine, recv) => partsOf(comm, call, 'recv', recv, comm.peers, true),
  // How much comes from each is not known before: arrays go as values.
  (comm, call, mine, root, here) =>
    new ValuePlan('gather', arrayOf(comm, call, mine!), root, came => (here ? concat(came) : undefined)),
)

/** @param atRoot reads what the root sends */
const scattering = (
  is: 'scatter' | 'scatterv',
  atRoot: (comm: Member, call: string, send: any) => Part | Parts,
  arrays: (comm: Member, call: string, send: Part | Parts) => ArrayBufferView[],
): Reader => {
  return (comm, call, send, second, third) => {
    const { recv, root, here, isUnder, isLong } = rooted(comm, call, second, third)
    if (recv === undefined && !isLong) {
      if (!here) return new ValuePlan('scatter', undefined, root, first)
      const given = isData(send) ? arrays(comm, call, atRoot(comm, call, send)) : checkedValues(comm, call, send)
      return new ValuePlan('scatter', given, root, first)
    }
    const mine = recv === inPlace || !isUnder ? undefined : partOf(comm, call, 'recv', recv)
    if (!here) {
      checkInPlace(comm, call, mine, isUnder)
      return new Plan({ is, recv: mine, root }, undefined)
    }
    const from = atRoot(comm, call, send)
    if (mine !== undefined && is === 'scatter') {
      checkSame(comm, call, from as Part, mine)
      checkNoOverlap(comm, call, from as Part, mine, comm.peers, 1)
    }
    return new Plan({ is, send: from, recv: mine, root } as Collective, undefined)
  }
}

export const scatter = scattering(
  'scatter',
  (comm, call, send) => shareOf(comm, call, 'send', partOf(comm, call, 'send', send), comm.peers),
  (comm, call, share) => {
    const { view, count, type } = share as Part
    const counts = new Array<number>(comm.peers).fill(count)
    return arraysOf(comm, call, { view, counts, displs: counts.map((_, rank) => rank * count), type })
  },
)

export const scatterv = scattering(
  'scatterv',
  (comm, call, send) => partsOf(comm, call, 'send', send, comm.peers, false),
  (comm, call, parts) => arraysOf(comm, call, parts as Parts),
)

export const allgather: Reader = (comm, call, send, recv) => {
  checkLive(comm, call)
  if (!isTyped(send, recv)) return new ValuePlan('allgather', send, 0, all)
  const mine = sent(comm, call, send)
  const { peers } = comm
  if (recv === undefined) {
    const made = newFor(comm, call, mine, peers)
    return new Plan({ is: 'allgather', send: mine, recv: made }, made.view)
  }
  const share = shareOf(comm, call, 'recv', partOf(comm, call, 'recv', recv), peers)
  if (mine !== undefined) {
    checkSame(comm, call, mine, share)
    checkNoOverlap(comm, call, mine, share, 1, peers)
  }
  return new Plan({ is: 'allgather', send: mine, recv: share }, undefined)
}

export const allgatherv: Reader = (comm, call, send, recv) => {
  checkLive(comm, call)
  if (!isTyped(send, recv)) return new ValuePlan('allgather', send, 0, all)
  const mine = sent(comm, call, send)
  if (recv === undefined && mine !== undefined) return new ValuePlan('allgather', arrayOf(comm, call, mine), 0, concat)
  return new Plan(
    { is: 'allgatherv', send: mine, recv: partsOf(comm, call, 'recv', recv, comm.peers, true) },
    undefined,
  )
}

export const alltoall: Reader = (comm, call, send, recv) => {
  checkLive(comm, call)
  const { peers } = comm
  if (!isTyped(send, recv)) return new ValuePlan('alltoall', checkedValues(comm, call, send), 0, all)
  const whole = sent(comm, call, send)
  const mine = whole && shareOf(comm, call, 'send', whole, peers)
  if (recv === undefined) {
    const made = newFor(comm, call, mine, peers)
    return new Plan({ is: 'alltoall', send: mine, recv: made }, made.view)
  }
  const share = shareOf(comm, call, 'recv', partOf(comm, call, 'recv', recv), peers)
  if (mine !== undefined) {
    checkSame(comm, call, mine, share)
    checkNoOverlap(comm, call, mine, share, peers, peers)
  }
  return new Plan({ is: 'alltoall', send: mine, recv: share }, undefined)
}

export const alltoallv: Reader = (comm, call, send, recv) => {
  checkLive(comm, call)
  const { peers } = comm
  if (!isTyped(send, recv)) return new ValuePlan('alltoall', checkedValues(comm, call, send), 0, all)
  const mine = send === inPlace ? undefined : partsOf(comm, call, 'send', send, peers, false)
  if (recv === undefined && mine !== undefined) return new ValuePlan('alltoall', arraysOf(comm, call, mine), 0, concat)
  return new Plan({ is: 'alltoallv', send: mine, recv: partsOf(comm, call, 'recv', recv, peers, true) }, undefined)
}

export const alltoallw: Reader = (comm, call, send: TypedSlices | typeof inPlace, recv: TypedSlices) => {
  checkLive(comm, call)
  const mine = send === inPlace ? undefined : typedPartsOf(comm, call, 'send', send, comm.peers, false)
  return new Plan(
    { is: 'alltoallw', send: mine, recv: typedPartsOf(comm, call, 'recv', recv, comm.peers, true) },
    undefined,
  )
}
