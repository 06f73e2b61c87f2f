/**
 * One direction between two ranks: a queue of slots, a cache line each, and a ring of bytes for what does not fit into one. It has one
 * writer and one reader, and no lock.
 *
 * A slot is new when its first word is the number of the message, which the writer stores last. The reader counts what it has taken; the writer
 * looks at those counters only when it thinks that there is no room. Payloads lie in the ring in the order of their slots, each in one
 * piece: one that does not fit before the ring's end begins at its start, on both sides by the same rule, so nobody writes down where.
 */

import { copy } from '../copy.ts'
import type { Views } from './views.ts'
import * as at from './world-block.ts'

// Words of a slot.
export const stamp = 0
export const kind = 1
export const context = 2
export const tag = 3
/** Of the elements' type: see Datatype. */
export const signature = 4
/** Of the sender's request, in what it sends for one; of the receiver's, in what comes back to it. */
export const id = 5
/** Of the message: 64 bits, a float. */
export const bytes = 6
/** Elements of a short message; an address (a float), and the id of who asks, of what has none. */
export const body = 8
export const askedBy = 10

/** Bytes that a slot holds itself. */
export const inlineBytes = 32

/** What a slot says. */
export const kinds = {
  /** A message, in the slot or in the ring. */
  eager: 1,
  /** The same; the sender waits until it is received. */
  eagerSync: 2,
  /** The envelope of a message that the sender holds; at `body`, where its elements lie in the heap, or 0. */
  offer: 3,
  /** To the sender: at `body`, where the elements should be written in the heap; 0: feed them through the ring. */
  ask: 4,
  /** A piece of them. */
  piece: 5,
  /** All of them were taken, or written. */
  done: 6,
} as const

/** Where the next payload begins, and how many bytes of the ring it takes with what is left out before it. */
const beginOf = (head: number, length: number, ringBytes: number): number =>
  (head & (ringBytes - 1)) + length > ringBytes ? (head + ringBytes - 1) & -ringBytes : head

const padded = (length: number): number => (length + 7) & ~7

export class Outbox {
  readonly #views: Views
  readonly to: number
  readonly #channel: number
  readonly #slotsAt: number
  readonly #ringAt: number
  readonly #slots: number
  readonly #ringBytes: number
  /** Messages written. */
  #written = 0
  /** Bytes of the ring, those left out included. */
  #head = 0
  // As last read: the reader may be further.
  #takenSlots = 0
  #takenBytes = 0

  constructor(views: Views, to: number) {
    const { layout } = views
    this.#views = views
    this.to = to
    const { at: channel, slots, ringBytes } = at.channelOf(layout, views.rank, to)
    this.#channel = channel
    this.#slotsAt = channel + at.line
    this.#ringAt = (this.#slotsAt + slots * at.line) * 4
    this.#slots = slots
    this.#ringBytes = ringBytes
  }

  /** The longest payload. */
  get mostBytes(): number {
    return this.#ringBytes >> 1
  }

  /** The next slot, in words of the block; -1: there is no room. It is sent by `publish`, and until then may be asked for again. */
  slot(): number {
    const { c } = this.#views
    if (((this.#written - this.#takenSlots) | 0) >= this.#slots) {
      this.#takenSlots = Atomics.load(c, this.#channel + at.takenSlots)
      if (((this.#written - this.#takenSlots) | 0) >= this.#slots) return -1
    }
    return this.#slotsAt + (this.#written & (this.#slots - 1)) * at.line
  }

  publish(slot: number): void {
    const { c } = this.#views
    this.#written = (this.#written + 1) | 0
    Atomics.store(c, slot + stamp, this.#written)
    this.#views.wake(this.to)
  }

  /** Puts a payload into the slot or the ring, for the slot that is published next. False: there is no room. */
  put(slot: number, from: Uint8Array, fromAt: number, length: number): boolean {
    const { b } = this.#views
    if (length <= inlineBytes) {
      copy(b, (slot + body) * 4, from, fromAt, length)
      return true
    }
    const begin = beginOf(this.#head, length, this.#ringBytes)
    const end = (begin + padded(length)) | 0
    if (((end - this.#takenBytes) | 0) > this.#ringBytes) {
      this.#takenBytes = Atomics.load(this.#views.c, this.#channel + at.takenBytes)
      if (((end - this.#takenBytes) | 0) > this.#ringBytes) return false
    }
    copy(b, this.#ringAt + (begin & (this.#ringBytes - 1)), from, fromAt, length)
    this.#head = end
    return true
  }

  /** The writer waits for room from now on, or no more: the reader wakes it. */
  wantsRoom(wants: boolean): void {
    Atomics.store(this.#views.c, this.#channel + at.wantsRoom, wants ? 1 : 0)
  }
}

export class Inbox {
  readonly #views: Views
  readonly from: number
  readonly #channel: number
  readonly #slotsAt: number
  readonly #ringAt: number
  readonly #slots: number
  readonly #ringBytes: number
  #taken = 0
  #head = 0

  constructor(views: Views, from: number) {
    const { layout } = views
    this.#views = views
    this.from = from
    const { at: channel, slots, ringBytes } = at.channelOf(layout, from, views.rank)
    this.#channel = channel
    this.#slotsAt = channel + at.line
    this.#ringAt = (this.#slotsAt + slots * at.line) * 4
    this.#slots = slots
    this.#ringBytes = ringBytes
  }

  /** The next slot that has come, in words of the block, or -1. It stays until `take`. */
  peek(): number {
    const slot = this.#slotsAt + (this.#taken & (this.#slots - 1)) * at.line
    return Atomics.load(this.#views.c, slot + stamp) === ((this.#taken + 1) | 0) ? slot : -1
  }

  /** Copies the payload of the slot under `peek`. */
  copyTo(slot: number, to: Uint8Array, toAt: number, length: number): void {
    const { b } = this.#views
    if (length <= inlineBytes) copy(to, toAt, b, (slot + body) * 4, length)
    else {
      const begin = beginOf(this.#head, length, this.#ringBytes)
      copy(to, toAt, b, this.#ringAt + (begin & (this.#ringBytes - 1)), length)
    }
  }

  /** Leaves the slot under `peek`, and its payload if it had one of this length, to the writer. */
  take(length: number): void {
    const { c } = this.#views
    this.#taken = (this.#taken + 1) | 0
    if (length > inlineBytes) {
      this.#head = (beginOf(this.#head, length, this.#ringBytes) + padded(length)) | 0
      Atomics.store(c, this.#channel + at.takenBytes, this.#head)
    }
    Atomics.store(c, this.#channel + at.takenSlots, this.#taken)
    if (Atomics.load(c, this.#channel + at.wantsRoom) !== 0) this.#views.wake(this.from)
  }
}
