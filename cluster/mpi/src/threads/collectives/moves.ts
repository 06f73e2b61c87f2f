/** Collectives that move elements. */

import type { Part } from '../../engine.ts'
import type { Kit, Steps } from './kit.ts'
import { copyPart, landing, outgoing } from './wire.ts'

/** Everyone hears, in turns of doubling distance, from everyone (dissemination; Hensgen, Finkel, Manber 1988). */
export function* barrier(kit: Kit): Steps {
  const { rank, size } = kit
  for (let distance = 1; distance < size; distance *= 2) {
    const sending = kit.send((rank + distance) % size, nothing)
    yield kit.receive((rank - distance + size) % size, nothing)
    yield sending
  }
}

const nothing = new Uint8Array(0)

/** A binomial tree: in each turn those who have it send it on. */
export function* bcastBytes(kit: Kit, bytes: Uint8Array, root: number): Steps {
  const { rank, size } = kit
  const place = (rank - root + size) % size
  let bit = 1
  for (; bit < size; bit *= 2) {
    if ((place & bit) === 0) continue
    yield kit.receive((place - bit + root) % size, bytes)
    break
  }
  const sendings = []
  for (bit >>= 1; bit > 0; bit >>= 1) {
    if (place + bit < size) sendings.push(kit.send((place + bit + root) % size, bytes))
  }
  for (const sending of sendings) yield sending
}

export function* bcast(kit: Kit, part: Part, root: number): Steps {
  const isRoot = kit.rank === root
  const land = isRoot ? { bytes: outgoing(part), settle: () => {} } : landing(part)
  yield* bcastBytes(kit, land.bytes, root)
  land.settle()
}

/** @param send undefined: it is in its place */
export function* gather(
  kit: Kit,
  send: Part | undefined,
  blocks: ((rank: number) => Part) | undefined,
  root: number,
): Steps {
  if (blocks === undefined) {
    yield kit.send(root, outgoing(send!))
    return
  }
  const lands = Array.from({ length: kit.size }, (_, rank) => (rank === root ? undefined : landing(blocks(rank))))
  const receivings = lands.map((land, rank) => land && kit.receive(rank, land.bytes))
  if (send !== undefined) copyPart(send, blocks(root))
  for (const receiving of receivings) if (receiving) yield receiving
  for (const land of lands) land?.settle()
}

/** @param recv undefined: it is in its place */
export function* scatter(
  kit: Kit,
  blocks: ((rank: number) => Part) | undefined,
  recv: Part | undefined,
  root: number,
): Steps {
  if (blocks === undefined) {
    const land = landing(recv!)
    yield kit.receive(root, land.bytes)
    land.settle()
    return
  }
  const sendings = []
  for (let rank = 0; rank < kit.size; rank++) if (rank !== root) sendings.push(kit.send(rank, outgoing(blocks(rank))))
  if (recv !== undefined) copyPart(blocks(root), recv)
  for (const sending of sendings) yield sending
}

/** A ring: each passes on to the next what it had from the one before. */
export function* allgather(kit: Kit, send: Part | undefined, blocks: (rank: number) => Part): Steps {
  const { rank, size } = kit
  if (send !== undefined) copyPart(send, blocks(rank))
  let bytes = outgoing(blocks(rank))
  for (let turn = 1; turn < size; turn++) {
    const sending = kit.send((rank + 1) % size, bytes)
    const land = landing(blocks((rank - turn + size) % size))
    yield kit.receive((rank - 1 + size) % size, land.bytes)
    land.settle()
    yield sending
    bytes = land.bytes
  }
}

/** In each turn everyone sends to the one so far after it, and receives from the one so far before it. */
export function* alltoall(
  kit: Kit,
  sends: ((rank: number) => Part) | undefined,
  blocks: (rank: number) => Part,
): Steps {
  const { rank, size } = kit
  if (sends !== undefined) copyPart(sends(rank), blocks(rank))
  // In place what is sent would be written over by what comes.
  const from = sends ?? blocks
  const copies = sends === undefined ? Array.from({ length: size }, (_, to) => outgoing(from(to)).slice()) : undefined
  for (let turn = 1; turn < size; turn++) {
    const [to, source] = [(rank + turn) % size, (rank - turn + size) % size]
    const sending = kit.send(to, copies?.[to] ?? outgoing(from(to)))
    const land = landing(blocks(source))
    yield kit.receive(source, land.bytes)
    land.settle()
    yield sending
  }
}
