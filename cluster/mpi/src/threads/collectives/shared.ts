/**
 * Collectives of ranks that share memory, over the board of their communicator. Few elements go into its places; of more only the address is told, and
 * each rank does its share of the work for all, reading from the others' buffers and writing into them. Buffers outside of the heap, which others cannot see,
 * are copied into it and back.
 */

import { heap } from '@skein/heap'
import type { Collective, Part } from '../../engine.ts'
import type { Op } from '../../op.ts'
import { reduceAll } from '../../reduce/reduce.ts'
import { type Board, dataWord, placeDataBytes } from '../board.ts'
import { bytesOf } from '../transfers.ts'
import { copy } from '../views.ts'
import { callNames } from './names.ts'
import { blockOf, landing, outgoing } from './wire.ts'

const [barrierCall, allreduceCall, allgatherCall, alltoallCall] = (
  ['barrier', 'allreduce', 'allgather', 'alltoall'] as const
).map(name => callNames.indexOf(name))

/** A share is worked on in pieces that stay in the cache for all who get them. */
const pieceBytes = 65536
/** Blocks from here on are read where they lie. */
const leastBlockBytes = 4096

/** All that a rank gives fits into its place. */
const isShort = (is: 'allgather' | 'alltoall', block: number, size: number): boolean =>
  block * (is === 'alltoall' ? size : 1) <= placeDataBytes

export class Shared {
  readonly #board: Board
  /** Copies of what others could not see; kept for the next call. */
  #sendCopy: Uint8Array = new Uint8Array(0)
  #recvCopy: Uint8Array = new Uint8Array(0)

  constructor(board: Board) {
    this.#board = board
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

  /** Each combines its share of the elements, of all ranks, and gives it to all. */
  #reduceLong(send: Part | undefined, recv: Part, op: Op): void {
    const { rank, size } = this.#board
    const { count, type } = recv
    const bytes = count * type.size
    const out = this.#visible(bytesOf(recv), 'recv', send === undefined)
    const mine = send === undefined ? out : this.#visible(bytesOf(send), 'send', true)
    const { first, second } = this.#tell(allreduceCall, bytes, type.signature, mine, out)
    const each = Math.ceil(count / size)
    const [from, to] = [Math.min(count, rank * each), Math.min(count, (rank + 1) * each)]
    const piece = Math.max(1, Math.floor(pieceBytes / type.size))
    for (let at = from; at < to; at += piece) {
      const n = Math.min(piece, to - at)
      const view = (address: number) => heap.view(Uint8Array, address + at * type.size, n * type.size)
      const found = view(second[rank])
      reduceAll(op, type, first.map(view), found, n)
      for (let other = 0; other < size; other++) if (other !== rank) view(second[other]).set(found)
    }
    this.#board.finish()
    this.#bring(out, recv)
  }

  #gather(send: Part | undefined, recv: Part): void {
    const { rank, size } = this.#board
    const block = recv.count * recv.type.size
    const land = landing({ ...recv, count: recv.count * size })
    const all = land.bytes
    if (isShort('allgather', block, size)) {
      this.#gatherShort(outgoing(send ?? blockOf(recv, rank)), all, block, recv.type.signature)
      return land.settle()
    }
    const own = all.subarray(rank * block, (rank + 1) * block)
    if (send !== undefined) own.set(outgoing(send))
    else if (!recv.type.isContiguous) own.set(outgoing(blockOf(recv, rank)))
    const { first } = this.#tell(allgatherCall, block, recv.type.signature, this.#visible(own, 'send', true))
    for (let turn = 1; turn < size; turn++) {
      const from = (rank + turn) % size
      all.set(heap.view(Uint8Array, first[from], block), from * block)
    }
    this.#board.finish()
    land.settle()
  }

  #exchange(send: Part | undefined, recv: Part): void {
    const { rank, size } = this.#board
    const block = recv.count * recv.type.size
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
      sent = this.#copied(given.length, 'send')
      sent.set(given.subarray(0, rank * block))
      sent.set(given.subarray((rank + 1) * block), (rank + 1) * block)
    }
    const { first } = this.#tell(alltoallCall, block, recv.type.signature, sent)
    all.set(given.subarray(rank * block, (rank + 1) * block), rank * block)
    for (let turn = 1; turn < size; turn++) {
      const from = (rank + turn) % size
      all.set(heap.view(Uint8Array, first[from] + rank * block, block), from * block)
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

  /** Tells where two buffers lie, and learns the others'. */
  #tell(
    kind: number,
    bytes: number,
    signature: number,
    first: Uint8Array,
    second = first,
  ): { first: number[]; second: number[] } {
    const board = this.#board
    const at = (board.begin() + dataWord) >> 1
    board.f[at] = heap.addressOf(first)
    board.f[at + 1] = heap.addressOf(second)
    board.meet(kind, bytes, signature)
    const told = (which: number) =>
      Array.from({ length: board.size }, (_, rank) => board.f[((board.placeOf(rank) + dataWord) >> 1) + which])
    return { first: told(0), second: told(1) }
  }

  /** These bytes where others see them. @param isRead others read what is in it; else it may be anything */
  #visible(bytes: Uint8Array, which: 'send' | 'recv', isRead: boolean): Uint8Array {
    if (heap.owns(bytes)) return bytes
    return this.#copied(isRead ? bytes : bytes.length, which)
  }

  #copied(bytes: Uint8Array | number, which: 'send' | 'recv'): Uint8Array {
    const length = typeof bytes === 'number' ? bytes : bytes.length
    let kept = which === 'send' ? this.#sendCopy : this.#recvCopy
    if (kept.length < length) {
      if (kept.length > 0) heap.release(kept)
      kept = heap.u8(length, { label: 'mpi' })
      if (which === 'send') this.#sendCopy = kept
      else this.#recvCopy = kept
    }
    const copy = kept.subarray(0, length)
    if (typeof bytes !== 'number') copy.set(bytes)
    return copy
  }

  /** From where others wrote to where it belongs. */
  #bring(from: Uint8Array, to: Part): void {
    const bytes = bytesOf(to)
    if (from.byteOffset !== bytes.byteOffset || from.buffer !== bytes.buffer) bytes.set(from)
  }

  free(): void {
    this.#board.leave()
    for (const kept of [this.#sendCopy, this.#recvCopy]) if (kept.length > 0) heap.release(kept)
  }
}
