/**
 * Collectives of ranks that share memory, over the board of their communicator. Few elements go into its places; of more only the address is told, and
 * each rank does its share of the work for all, reading from the others' buffers and writing into them. Buffers outside of the heap, which others cannot see,
 * are copied into it, and what is combined goes over stages (`Stages`).
 */

import { heap } from '@skein/heap'
import { copy } from '../../copy.ts'
import type { Collective, Part } from '../../engine.ts'
import { KeptBytes } from '../../message/kept-bytes.ts'
import type { Op } from '../../op.ts'
import { reduceAll } from '../../reduce/reduce.ts'
import { type Board, dataWord, placeDataBytes } from '../board.ts'
import { bytesOf } from '../transfers.ts'
import { callNames } from './names.ts'
import { Stages } from './stages.ts'
import { blockOf, landing, outgoing } from './wire.ts'

const [barrierCall, allreduceCall, allgatherCall, alltoallCall] = (
  ['barrier', 'allreduce', 'allgather', 'alltoall'] as const
).map(name => callNames.indexOf(name))

/** A share is worked on in pieces that stay in the cache for all who get them. */
const pieceBytes = 65536
/** Blocks from here on are read where they lie. */
const leastBlockBytes = 4096

/** Arrays outside of the heap are copied into it up to so many bytes, as long as the copies stay in the cache. */
const mostCopiedBytes = 2 ** 20
/** Told as the address of what lies outside of the heap. */
const hidden = 0

/** All that a rank gives fits into its place. */
const isShort = (is: 'allgather' | 'alltoall', block: number, size: number): boolean =>
  block * (is === 'alltoall' ? size : 1) <= placeDataBytes

export class Shared {
  readonly #board: Board
  readonly #stages: Stages
  /** For copies of what others could not see; kept for the next call. */
  #sendRoom: Uint8Array = new Uint8Array(0)
  #recvRoom: Uint8Array = new Uint8Array(0)
  readonly #sent = new KeptBytes()
  readonly #received = new KeptBytes()

  constructor(board: Board) {
    this.#board = board
    this.#stages = new Stages(board)
  }

  /** Whether a call goes over the board: the same on all ranks, so it may depend only on what is the same on all. */
  static takes(collective: Collective, size: number): boolean {
    switch (collective.is) {
      case 'barrier':
        return true
      case 'allreduce':
        return collective.recv.type.isContiguous && collective.recv.count > 0
      case 'allgather':
      case 'alltoall': {
        // Not by how they lie, in which ranks may differ.
        const block = collective.recv.count * collective.recv.type.size
        return block >= leastBlockBytes || isShort(collective.is, block, size)
      }
      default:
        return false
    }
  }

  run(collective: Collective): void {
    switch (collective.is) {
      case 'barrier':
        this.#board.begin()
        return this.#board.meet(barrierCall, 0)
      case 'allreduce': {
        const { send, recv, op } = collective
        const isShort = recv.count * recv.type.size <= placeDataBytes
        return isShort ? this.#reduceShort(send ?? recv, recv, op) : this.#reduceLong(send, recv, op)
      }
      case 'allgather':
        return this.#gather(collective.send, collective.recv)
      case 'alltoall':
        return this.#exchange(collective.send, collective.recv)
      default:
        throw new Error(`${collective.is} does not go over a board`)
    }
  }

  #reduceShort(send: Part, recv: Part, op: Op): void {
    const board = this.#board
    const { count, type } = recv
    const place = board.begin()
    if (
      count === 1 &&
      type.recipe.is === 'basic' &&
      type.kind === 'float64' &&
      send.view instanceof Float64Array &&
      recv.view instanceof Float64Array
    ) {
      const at = (place + dataWord) >> 1
      board.f[at] = send.view[0]
      board.meet(allreduceCall, 8, type.signature)
      const found = this.#reduceOne(op)
      if (found !== undefined) {
        recv.view[0] = found
        return
      }
    } else {
      const bytes = bytesOf({ ...send, count })
      copy(board.elements[board.rank], 0, bytes, 0, bytes.length)
      board.meet(allreduceCall, bytes.length, type.signature)
    }
    reduceAll(op, type, board.elements, recv.view, count)
  }

  /** Of one number each: what takes long otherwise is not the arithmetic. Undefined: not with this op. */
  #reduceOne({ name }: Op): number | undefined {
    const { f, size } = this.#board
    const at = (rank: number) => (this.#board.placeOf(rank) + dataWord) >> 1
    let found = f[at(0)]
    switch (name) {
      case 'sum':
        for (let rank = 1; rank < size; rank++) found += f[at(rank)]
        return found
      case 'max':
        for (let rank = 1; rank < size; rank++) found = Math.max(found, f[at(rank)])
        return found
      case 'min':
        for (let rank = 1; rank < size; rank++) found = Math.min(found, f[at(rank)])
        return found
      default:
        return undefined
    }
  }

  /**
   * What is not in the heap is copied into it if it is short; else all go over stages, if one has to. On the shorter way ranks wait for each other twice,
   * and not in every stretch.
   */
  #reduceLong(send: Part | undefined, recv: Part, op: Op): void {
    const { count, type } = recv
    const to = bytesOf(recv)
    const from = send === undefined ? to : bytesOf({ ...send, count })
    const tell = (...addresses: number[]) => this.#tell(allreduceCall, to.length, type.signature, ...addresses)
    if (to.length <= mostCopiedBytes) {
      const out = heap.owns(to) ? to : this.#room(to.length, 'recv')
      if (send === undefined && out !== to) copy(out, 0, to, 0, to.length)
      const [ins, outs] = tell(heap.addressOf(send === undefined ? out : this.#visible(from)), heap.addressOf(out))
      this.#combineShares(recv, op, ins, outs)
      if (out !== to) copy(to, 0, out, 0, to.length)
      return
    }
    const isVisible = heap.owns(from) && heap.owns(to)
    const [at, out] = isVisible ? [heap.addressOf(from), heap.addressOf(to)] : [hidden, hidden]
    const stage = this.#stages.addressFor(type)
    let [ins, outs, stages] = tell(at, out, stage)
    if (!ins.includes(hidden)) return this.#combineShares(recv, op, ins, outs)
    if (stages.includes(0)) [stages] = tell(stage === 0 ? this.#stages.open(type) : stage)
    this.#stages.reduce({ type, op, count, from, to }, stages)
  }

  /** Each combines its share of the elements, of all ranks, and gives it to all. */
  #combineShares({ count, type }: Part, op: Op, ins: readonly number[], outs: readonly number[]): void {
    const { rank, size } = this.#board
    const each = Math.ceil(count / size)
    const [from, to] = [Math.min(count, rank * each), Math.min(count, (rank + 1) * each)]
    const piece = Math.max(1, Math.floor(pieceBytes / type.size))
    for (let at = from; at < to; at += piece) {
      const n = Math.min(piece, to - at)
      const view = (address: number) => heap.view(Uint8Array, address + at * type.size, n * type.size)
      const found = view(outs[rank])
      reduceAll(op, type, ins.map(view), found, n)
      for (let other = 0; other < size; other++) if (other !== rank) copy(view(outs[other]), 0, found, 0, found.length)
    }
    this.#board.finish()
  }

  #gather(send: Part | undefined, recv: Part): void {
    const { rank, size } = this.#board
    const block = recv.count * recv.type.size
    if (isShort('allgather', block, size) && send?.type.isContiguous && recv.type.isContiguous) {
      const all = this.#received.of(recv.view, size * block)
      return this.#gatherShort(this.#sent.of(send.view, block), all, block, recv.type.signature)
    }
    const land = landing({ ...recv, count: recv.count * size })
    const all = land.bytes
    if (isShort('allgather', block, size)) {
      this.#gatherShort(outgoing(send ?? blockOf(recv, rank)), all, block, recv.type.signature)
      return land.settle()
    }
    const own = all.subarray(rank * block, (rank + 1) * block)
    if (send !== undefined) copy(own, 0, outgoing(send), 0, block)
    else if (!recv.type.isContiguous) own.set(outgoing(blockOf(recv, rank)))
    const [at] = this.#tell(allgatherCall, block, recv.type.signature, heap.addressOf(this.#visible(own)))
    for (let turn = 1; turn < size; turn++) {
      const from = (rank + turn) % size
      copy(all, from * block, heap.view(Uint8Array, at[from], block), 0, block)
    }
    this.#board.finish()
    land.settle()
  }

  #exchange(send: Part | undefined, recv: Part): void {
    const { rank, size } = this.#board
    const block = recv.count * recv.type.size
    if (isShort('alltoall', block, size) && send?.type.isContiguous && recv.type.isContiguous) {
      const all = this.#received.of(recv.view, size * block)
      return this.#exchangeShort(this.#sent.of(send.view, size * block), all, block, recv.type.signature)
    }
    const land = landing({ ...recv, count: recv.count * size })
    const all = land.bytes
    const given = outgoing({ ...(send ?? recv), count: (send ?? recv).count * size })
    if (isShort('alltoall', block, size)) {
      this.#exchangeShort(given, all, block, recv.type.signature)
      return land.settle()
    }
    let sent = given
    if (send === undefined || !heap.owns(given)) {
      // A rank's own block stays with it.
      sent = this.#room(given.length, 'send')
      copy(sent, 0, given, 0, rank * block)
      copy(sent, (rank + 1) * block, given, (rank + 1) * block, given.length - (rank + 1) * block)
    }
    const [at] = this.#tell(alltoallCall, block, recv.type.signature, heap.addressOf(sent))
    copy(all, rank * block, given, rank * block, block)
    for (let turn = 1; turn < size; turn++) {
      const from = (rank + turn) % size
      copy(all, from * block, heap.view(Uint8Array, at[from] + rank * block, block), 0, block)
    }
    this.#board.finish()
    land.settle()
  }

  /** Each gives its block in its place. */
  #gatherShort(mine: Uint8Array, all: Uint8Array, block: number, signature: number): void {
    const board = this.#board
    board.begin()
    copy(board.elements[board.rank], 0, mine, 0, block)
    board.meet(allgatherCall, block, signature)
    for (let from = 0; from < board.size; from++) copy(all, from * block, board.elements[from], 0, block)
  }

  /** Each gives all of its blocks, and takes those that are for it. */
  #exchangeShort(mine: Uint8Array, all: Uint8Array, block: number, signature: number): void {
    const board = this.#board
    board.begin()
    copy(board.elements[board.rank], 0, mine, 0, mine.length)
    board.meet(alltoallCall, block, signature)
    for (let from = 0; from < board.size; from++) {
      copy(all, from * block, board.elements[from], board.rank * block, block)
    }
  }

  /** Tells where buffers lie, and learns the others': of each buffer, the addresses by rank. */
  #tell(kind: number, bytes: number, signature: number, ...addresses: number[]): number[][] {
    const board = this.#board
    const at = (board.begin() + dataWord) >> 1
    for (let which = 0; which < addresses.length; which++) board.f[at + which] = addresses[which]
    board.meet(kind, bytes, signature)
    return addresses.map((_, which) =>
      Array.from({ length: board.size }, (_, rank) => board.f[((board.placeOf(rank) + dataWord) >> 1) + which]),
    )
  }

  /** These bytes where others see them. */
  #visible(bytes: Uint8Array): Uint8Array {
    if (heap.owns(bytes)) return bytes
    const room = this.#room(bytes.length, 'send')
    copy(room, 0, bytes, 0, bytes.length)
    return room
  }

  /** Memory that others see, the same for each call. */
  #room(bytes: number, which: 'send' | 'recv'): Uint8Array {
    let room = which === 'send' ? this.#sendRoom : this.#recvRoom
    if (room.length < bytes) {
      if (room.length > 0) heap.release(room)
      room = heap.u8(bytes, { label: 'mpi' })
      if (which === 'send') this.#sendRoom = room
      else this.#recvRoom = room
    }
    return room.subarray(0, bytes)
  }

  free(): void {
    this.#board.leave()
    this.#stages.free()
    for (const room of [this.#sendRoom, this.#recvRoom]) if (room.length > 0) heap.release(room)
  }
}
