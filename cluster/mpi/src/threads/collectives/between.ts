/** Collectives of intercommunicators: what one group gives, the other gets (MPI-4.0, 6.2.3). Ranks are those of the other group. */

import { root as rootHere } from '../../constants.ts'
import type { Collective, Part } from '../../engine.ts'
import type { Op } from '../../op.ts'
import type { Kit, Steps } from './kit.ts'
import { reduceOfOthers } from './reductions.ts'
import { blockOf, copyPart, landing, outgoing, partOf, typedPartOf } from './wire.ts'

/** Sends a block to each of the other group, and receives one of each. */
function* exchange(
  kit: Kit,
  sends: (rank: number) => Part | undefined,
  receives: (rank: number) => Part | undefined,
): Steps {
  const sendings = []
  for (let rank = 0; rank < kit.size; rank++) {
    const part = sends(rank)
    if (part) sendings.push(kit.send(rank, outgoing(part)))
  }
  for (let rank = 0; rank < kit.size; rank++) {
    const part = receives(rank)
    if (part === undefined) continue
    const land = landing(part)
    yield kit.receive(rank, land.bytes)
    land.settle()
  }
  for (const sending of sendings) yield sending
}

const none = () => undefined
const every = (size: number): number[] => Array.from({ length: size }, (_, rank) => rank)

function* reduced(
  kit: Kit,
  collective: Collective & { send?: Part; recv?: Part; op: Op },
  isWanted: boolean,
  to: readonly number[],
): Steps {
  // Ranks beside the root give nothing and get nothing.
  if (!isWanted && to.length === 0) return
  const found = yield* reduceOfOthers(kit, collective.send ?? collective.recv!, collective.op, isWanted, to)
  if (found) copyPart(found, collective.recv!)
}

/** @param rank of this process in its own group */
export function algorithmBetween(kit: Kit, collective: Collective, rank: number): Steps {
  const { size } = kit
  const root = 'root' in collective ? collective.root : 0
  const [isRoot, isSender] = [root === rootHere, root >= 0]
  switch (collective.is) {
    case 'barrier':
      return handshake(kit)
    case 'bcast':
      return exchange(
        kit,
        isRoot ? () => collective.part : none,
        isSender ? from => (from === root ? collective.part : undefined) : none,
      )
    case 'gather':
    case 'gatherv': {
      const { recv } = collective
      const blockFrom = (from: number) =>
        collective.is === 'gather' ? blockOf(collective.recv!, from) : partOf(collective.recv!, from)
      return exchange(
        kit,
        isSender ? to => (to === root ? collective.send : undefined) : none,
        isRoot && recv ? blockFrom : none,
      )
    }
    case 'scatter':
    case 'scatterv': {
      const blockTo = (to: number) =>
        collective.is === 'scatter' ? blockOf(collective.send!, to) : partOf(collective.send!, to)
      return exchange(
        kit,
        isRoot ? blockTo : none,
        isSender ? from => (from === root ? collective.recv : undefined) : none,
      )
    }
    case 'allgather':
      return exchange(
        kit,
        () => collective.send,
        from => blockOf(collective.recv, from),
      )
    case 'allgatherv':
      return exchange(
        kit,
        () => collective.send,
        from => partOf(collective.recv, from),
      )
    case 'alltoall':
      return exchange(
        kit,
        to => blockOf(collective.send!, to),
        from => blockOf(collective.recv, from),
      )
    case 'alltoallv':
      return exchange(
        kit,
        to => partOf(collective.send!, to),
        from => partOf(collective.recv, from),
      )
    case 'alltoallw':
      return exchange(
        kit,
        to => typedPartOf(collective.send!, to),
        from => typedPartOf(collective.recv, from),
      )
    case 'allreduce':
      return reduced(kit, collective, true, every(size))
    case 'reduce':
      return reduced(kit, collective, isRoot, isSender ? [root] : [])
    case 'reduceScatterBlock':
    case 'reduceScatter':
      return scattered(kit, collective, rank)
    default:
      throw new Error(`${collective.is} is not defined between groups`)
  }
}

function* handshake(kit: Kit): Steps {
  const nothing = new Uint8Array(0)
  for (let rank = 0; rank < kit.size; rank++) kit.send(rank, nothing)
  for (let rank = 0; rank < kit.size; rank++) yield kit.receive(rank, nothing)
}

/** Each has its share of what comes of the other's elements. */
function* scattered(
  kit: Kit,
  collective: Extract<Collective, { is: 'reduceScatter' | 'reduceScatterBlock' | 'allreduce' | 'scan' | 'exscan' }>,
  rank: number,
): Steps {
  const { send, recv, op } = collective
  const whole = send!
  const found = yield* reduceOfOthers(kit, whole, op, true, every(kit.size))
  const first =
    collective.is === 'reduceScatter'
      ? collective.counts.slice(0, rank).reduce((sum, count) => sum + count, 0)
      : rank * recv.count
  const { buffer, byteOffset } = found!.view
  const view = new Uint8Array(buffer, byteOffset + first * whole.type.extent)
  copyPart({ view, count: recv.count, type: recv.type }, recv)
}
