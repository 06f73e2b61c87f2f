/** Which algorithm carries out which collective. */

import type { Collective, Part, Parts, TypedParts } from '../../engine.ts'
import type { Kit, Steps } from './kit.ts'
import { allgather, alltoall, barrier, bcast, gather, scatter } from './moves.ts'
import { allreduce, reduce, reduceScatter, scan } from './reductions.ts'
import { blockOf, partOf, typedPartOf } from './wire.ts'

type Blocks = (rank: number) => Part

const blocks =
  (part: Part): Blocks =>
  rank =>
    blockOf(part, rank)
const parts =
  (all: Parts): Blocks =>
  rank =>
    partOf(all, rank)
const typedParts =
  (all: TypedParts): Blocks =>
  rank =>
    typedPartOf(all, rank)
const some = <T>(value: T | undefined, of: (value: T) => Blocks): Blocks | undefined =>
  value === undefined ? undefined : of(value)

/** Within one group. */
export function algorithmOf(kit: Kit, collective: Collective): Steps {
  const { rank, size } = kit
  switch (collective.is) {
    case 'barrier':
      return barrier(kit)
    case 'bcast':
      return bcast(kit, collective.part, collective.root)
    case 'gather':
      return gather(
        kit,
        collective.send,
        rank === collective.root ? blocks(collective.recv!) : undefined,
        collective.root,
      )
    case 'gatherv':
      return gather(
        kit,
        collective.send,
        rank === collective.root ? parts(collective.recv!) : undefined,
        collective.root,
      )
    case 'scatter':
      return scatter(
        kit,
        rank === collective.root ? blocks(collective.send!) : undefined,
        collective.recv,
        collective.root,
      )
    case 'scatterv':
      return scatter(
        kit,
        rank === collective.root ? parts(collective.send!) : undefined,
        collective.recv,
        collective.root,
      )
    case 'allgather':
      return allgather(kit, collective.send, blocks(collective.recv))
    case 'allgatherv':
      return allgather(kit, collective.send, parts(collective.recv))
    case 'alltoall':
      return alltoall(kit, some(collective.send, blocks), blocks(collective.recv))
    case 'alltoallv':
      return alltoall(kit, some(collective.send, parts), parts(collective.recv))
    case 'alltoallw':
      return alltoall(kit, some(collective.send, typedParts), typedParts(collective.recv))
    case 'reduce':
      return reduce(kit, collective.send, collective.recv, collective.op, collective.root)
    case 'allreduce':
      return allreduce(kit, collective.send, collective.recv, collective.op)
    case 'scan':
    case 'exscan':
      return scan(kit, collective.send, collective.recv, collective.op, collective.is === 'exscan')
    case 'reduceScatterBlock': {
      const counts = new Array<number>(size).fill(collective.recv.count)
      return reduceScatter(kit, collective.send, collective.recv, counts, collective.op)
    }
    case 'reduceScatter':
      return reduceScatter(kit, collective.send, collective.recv, collective.counts, collective.op)
    default:
      throw new Error(`${collective.is} is no collective of a group`)
  }
}
