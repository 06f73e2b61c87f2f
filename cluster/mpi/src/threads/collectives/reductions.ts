/** Collectives that combine elements. Operands are combined in the order of ranks, whether the operation is commutative or not. */

import { gather } from '../../datatype/packing.ts'
import type { Part } from '../../engine.ts'
import type { Op } from '../../op.ts'
import { reduceAll, reduceInto } from '../../reduce/reduce.ts'
import type { Receiving, Sending } from '../transfers.ts'
import type { Kit, Steps } from './kit.ts'
import { bcastBytes } from './moves.ts'
import { copyPart, landing } from './wire.ts'

/** A copy of elements as they lie in a buffer, which may be combined with others. */
function own({ view, count, type }: Part): Part {
  const copy: Part = { view: new Uint8Array(count * Math.max(type.extent, type.trueLb + type.trueExtent)), count, type }
  copyPart({ view, count, type }, copy)
  return copy
}

const like = ({ view, count, type }: Part): Part => ({ view: new Uint8Array(view.byteLength), count, type })

/** As it is sent. What is combined is a buffer of its own: where nothing lies between elements that is it. */
const wire = ({ view, count, type }: Part): Uint8Array =>
  type.isContiguous ? (view as Uint8Array) : gather(view, count, type)

function* receive(kit: Kit, from: number, into: Part): Steps {
  const land = landing(into)
  yield kit.receive(from, land.bytes)
  land.settle()
}

/** What comes of all ranks, at rank 0: a binomial tree, in which a rank's subtree is the ranks that follow it. */
function* toFirst(kit: Kit, mine: Part, op: Op): Generator<Sending | Receiving, Part, void> {
  const { rank, size } = kit
  let found = mine
  for (let bit = 1; bit < size; bit *= 2) {
    if ((rank & bit) !== 0) {
      yield kit.send(rank - bit, wire(found))
      return found
    }
    if (rank + bit >= size) continue
    const higher = like(found)
    yield* receive(kit, rank + bit, higher)
    // The lower ranks come first.
    reduceInto(op, mine.type, found.view, higher.view, mine.count)
    found = higher
  }
  return found
}

export function* reduce(kit: Kit, send: Part | undefined, recv: Part | undefined, op: Op, root: number): Steps {
  const found = yield* toFirst(kit, own(send ?? recv!), op)
  const { rank } = kit
  if (rank === 0 && root !== 0) yield kit.send(root, wire(found))
  if (rank !== root) return
  if (root === 0) copyPart(found, recv!)
  else yield* receive(kit, 0, recv!)
}

export function* allreduce(kit: Kit, send: Part | undefined, recv: Part, op: Op): Steps {
  const found = yield* toFirst(kit, own(send ?? recv), op)
  const land = kit.rank === 0 ? { bytes: wire(found), settle: () => copyPart(found, recv) } : landing(recv)
  yield* bcastBytes(kit, land.bytes, 0)
  land.settle()
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0)

/** @param counts elements for each rank */
export function* reduceScatter(kit: Kit, send: Part | undefined, recv: Part, counts: readonly number[], op: Op): Steps {
  const { rank, size } = kit
  const { type } = recv
  const found = yield* toFirst(kit, own({ ...(send ?? recv), count: total(counts) }), op)
  const mine: Part = { ...recv, count: counts[rank] }
  if (rank > 0) return yield* receive(kit, 0, mine)
  const bytes = wire(found)
  const sendings = []
  for (let to = 1, from = counts[0] * type.size; to < size; from += counts[to++] * type.size) {
    sendings.push(kit.send(to, bytes.subarray(from, from + counts[to] * type.size)))
  }
  copyPart({ ...found, count: counts[0] }, mine)
  for (const sending of sendings) yield sending
}

/** Each combines what comes from the rank before it with its own, and passes that on. */
export function* scan(kit: Kit, send: Part | undefined, recv: Part, op: Op, isExclusive: boolean): Steps {
  const { rank, size } = kit
  const mine = own(send ?? recv)
  if (rank > 0) {
    const before = like(mine)
    yield* receive(kit, rank - 1, before)
    // Rank 0 has none before it: there the exclusive form leaves the buffer as it is.
    if (isExclusive) copyPart(before, recv)
    reduceInto(op, recv.type, before.view, mine.view, recv.count)
  }
  const sending = rank + 1 < size ? kit.send(rank + 1, wire(mine)) : undefined
  if (!isExclusive) copyPart(mine, recv)
  if (sending) yield sending
}

/** Between two groups: each has what comes of the other's elements. */
export function* reduceOfOthers(
  kit: Kit,
  send: Part,
  op: Op,
  isWanted: boolean,
  to: readonly number[],
): Generator<Sending | Receiving, Part | undefined, void> {
  const bytes = wire(own(send))
  const sendings = to.map(rank => kit.send(rank, bytes))
  const others = isWanted ? Array.from({ length: kit.size }, () => own(send)) : []
  for (let rank = 0; rank < others.length; rank++) yield* receive(kit, rank, others[rank])
  for (const sending of sendings) yield sending
  if (others.length === 0) return undefined
  const found = like(others[0])
  reduceAll(
    op,
    send.type,
    others.map(({ view }) => view),
    found.view,
    send.count,
  )
  return found
}
