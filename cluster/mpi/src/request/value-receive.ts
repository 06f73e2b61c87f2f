/**
 * Receiving values. How long a value is, is known when its message is there. An engine that can make room then receives it like anything else. With
 * others it is looked for, taken out of the queue, and received: of receives of one communicator that are open at the same time, those that began first
 * look first, as MPI's order of matching wants it.
 */

import { object } from '../datatype/basic.ts'
import type { Pending, Port, ValuePending } from '../engine.ts'
import { packedPart, unpack } from '../message/object.ts'
import { Elements } from '../message/part.ts'
import { Status } from '../status.ts'
import type { Waiter } from '../transfer.ts'
import { waitUntil } from './progress.ts'

/** Receives of values that have no message yet, in the order they began. */
export class ValueQueue {
  readonly port: Port
  readonly #open: ValueReceive[] = []

  constructor(port: Port) {
    this.port = port
  }

  get isEmpty(): boolean {
    return this.#open.length === 0
  }

  add(receive: ValueReceive): void {
    this.#open.push(receive)
  }

  remove(receive: ValueReceive): boolean {
    const index = this.#open.indexOf(receive)
    if (index >= 0) this.#open.splice(index, 1)
    return index >= 0
  }

  /** Gives messages that are there to those that wait for them. */
  serve(): void {
    for (let i = 0; i < this.#open.length; ) {
      if (this.#open[i].look()) this.#open.splice(i, 1)
      else i++
    }
  }

  /** Whether none that began before might take its message. */
  isFirst(receive: ValueReceive): boolean {
    for (const other of this.#open) {
      if (other === receive) return true
      if (other.mayTakeFor(receive)) return false
    }
    return true
  }
}

/** Receives a value, blocking. */
export function receiveValue(queue: ValueQueue, source: number, tag: number, status: Status): unknown {
  if (!queue.isEmpty) {
    const receive = new ValueReceive(queue, source, tag)
    receive.wait(status)
    return receive.value
  }
  const { port } = queue
  // What is unpacked may receive something itself: it finds no room, and makes another.
  const mine = room ?? new Uint8Array(roomBytes)
  room = undefined
  try {
    let bytes = port.recvShort?.(mine, source, tag, status) ?? -1
    if (bytes < 0) {
      const matched = port.mprobe(source, tag, status, 'recv')
      bytes = status.bytes
      if (bytes > roomBytes) {
        const long = new Uint8Array(bytes)
        matched.recv(packedPart(long), status)
        status.count = 1
        return unpack(long)
      }
      matched.recv(new Elements(mine, bytes, object), status)
    }
    status.count = 1
    return unpack(mine.subarray(0, bytes))
  } finally {
    room = mine
  }
}

/** Short values are received into the same place: to make one takes as long as receiving. */
const roomBytes = 4096
let room: Uint8Array | undefined

/** A value under way; undefined when it was cancelled. */
export interface ComingValue extends Pending {
  readonly value: unknown
}

/** Begins to receive a value. */
export function beginValue(queue: ValueQueue, source: number, tag: number): ComingValue {
  const pending = queue.port.irecvValue?.(source, tag)
  return pending === undefined ? new ValueReceive(queue, source, tag) : new PostedValue(pending)
}

class PostedValue implements ComingValue {
  readonly #pending: ValuePending
  #isThere = false

  constructor(pending: ValuePending) {
    this.#pending = pending
  }

  get waiter(): Waiter | undefined {
    return this.#pending.waiter
  }

  get about(): string | undefined {
    return this.#pending.about
  }

  get value(): unknown {
    return this.#isThere ? unpack(this.#pending.bytes) : undefined
  }

  test(status: Status): boolean {
    if (!this.#pending.test(status)) return false
    this.#tell(status)
    return true
  }

  wait(status: Status): void {
    this.#pending.wait(status)
    this.#tell(status)
  }

  #tell(status: Status): void {
    this.#isThere = !status.isCancelled
    status.count = this.#isThere ? 1 : 0
  }

  cancel(): void {
    this.#pending.cancel()
  }

  free(): void {
    this.#pending.free()
  }
}

export class ValueReceive implements ComingValue {
  readonly #queue: ValueQueue
  readonly #source: number
  readonly #tag: number
  readonly #status = new Status()
  #bytes: Uint8Array | undefined
  /** Of its message, once it has one. */
  #receiving: Pending | undefined
  #isDone = false

  constructor(queue: ValueQueue, source: number, tag: number) {
    this.#queue = queue
    this.#source = source
    this.#tag = tag
    queue.add(this)
  }

  /** What came. */
  get value(): unknown {
    return this.#bytes === undefined ? undefined : unpack(this.#bytes)
  }

  /** Takes its message, if it is there. */
  look(): boolean {
    const matched = this.#queue.port.improbe(this.#source, this.#tag, this.#status)
    if (matched === undefined) return false
    this.#bytes = new Uint8Array(this.#status.bytes)
    this.#receiving = matched.irecv(packedPart(this.#bytes))
    return true
  }

  mayTakeFor(other: ValueReceive): boolean {
    const sameSource = this.#source === other.#source || this.#source === -1 || other.#source === -1
    return sameSource && (this.#tag === other.#tag || this.#tag === -1 || other.#tag === -1)
  }

  test(status: Status): boolean {
    if (this.#receiving === undefined && !this.#isDone) this.#queue.serve()
    if (this.#receiving !== undefined && !this.#isDone) this.#isDone = this.#receiving.test(this.#status)
    if (this.#isDone) this.#tell(status)
    return this.#isDone
  }

  wait(status: Status): void {
    if (this.#receiving === undefined && !this.#isDone && this.#queue.isFirst(this)) {
      this.#queue.remove(this)
      const matched = this.#queue.port.mprobe(this.#source, this.#tag, this.#status, 'recv')
      this.#bytes = new Uint8Array(this.#status.bytes)
      matched.recv(packedPart(this.#bytes), this.#status)
      this.#isDone = true
    }
    if (!this.#isDone) waitUntil(() => this.#receiving !== undefined || this.test(status))
    if (!this.#isDone) this.#receiving!.wait(this.#status)
    this.#isDone = true
    this.#tell(status)
  }

  #tell(status: Status): void {
    status.source = this.#status.source
    status.tag = this.#status.tag
    status.bytes = this.#status.bytes
    status.isCancelled = this.#status.isCancelled
    status.count = status.isCancelled ? 0 : 1
  }

  cancel(): void {
    if (!this.#queue.remove(this)) return
    this.#isDone = true
    this.#status.isCancelled = true
  }

  free(): void {
    this.#queue.remove(this)
    this.#receiving?.free()
  }
}
