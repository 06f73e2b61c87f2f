/**
 * Partitioned messages. Each partition is a message of its own, which goes when it is ready; the receiver's are there when all bytes of them are, however
 * the sender has divided its own. Of the calls of two ranks with one tag the first that is made on one side belongs to the first on the other
 * (MPI-4.0, 4.2.3), and so on: a sender tells the receiver how many partitions it has, and by which tags they come.
 */

import { countIn, gather, scatterInto } from '../datatype/packing.ts'
import type { Part, Partitioned } from '../engine.ts'
import type { Status } from '../status.ts'
import type { Driven, Exchange } from './exchange.ts'
import { Mismatch } from './mismatch.ts'
import { type Caller, nothingOf } from './pending.ts'
import { bytesOf, Receiving, Sending } from './transfers.ts'

/** Tags of pieces are below -1, which none of a user's are. */
const tagsOfPieces = 2 ** 30

/** The context of a communicator's partitioned messages. */
export class Pieces {
  readonly context: number
  #next = 0

  constructor(context: number) {
    this.context = context
  }

  /** Tags for so many pieces, one after the other downwards: no other call of this rank has them. */
  take(count: number): number {
    const first = this.#next
    this.#next = (this.#next + count) % tagsOfPieces
    return first
  }
}

const tagOf = (first: number, piece: number): number => -2 - ((first + piece) % tagsOfPieces)

/** A partition as elements. */
function partition({ view, count, type }: Part, partitions: number, index: number): Part {
  const each = count / partitions
  const at = view.byteOffset + index * each * type.extent
  const end = view.byteOffset + view.byteLength
  return { view: new Uint8Array(view.buffer, at, Math.max(0, end - at)), count: each, type }
}

export class PartitionedSend implements Partitioned {
  readonly #caller: Caller
  readonly #pieces: Pieces
  readonly #partitions: number
  readonly #part: Part
  readonly #to: number
  readonly #tag: number
  readonly #first: number
  #sendings: (Sending | undefined)[] = []
  #isStarted = false

  constructor(caller: Caller, pieces: Pieces, partitions: number, part: Part, to: number, tag: number) {
    this.#caller = caller
    this.#pieces = pieces
    this.#partitions = partitions
    this.#part = part
    this.#to = to
    this.#tag = tag
    this.#first = pieces.take(partitions)
    const bytes = part.count * part.type.size
    const told = new Uint8Array(Float64Array.of(this.#first, partitions, bytes).buffer)
    caller.exchange.send(new Sending(told, to, pieces.context, tag, 0, false))
  }

  get waiter(): Exchange {
    return this.#caller.exchange
  }

  get about(): string {
    return `its psendInit to rank ${this.#to}, tag ${this.#tag}`
  }

  start(): void {
    this.#isStarted = true
    this.#sendings = new Array(this.#partitions).fill(undefined)
  }

  ready(index: number): void {
    if (this.#sendings[index] !== undefined) {
      throw this.#caller.errorOf(new Mismatch('MPI_ERR_ARG', `partition ${index} is ready already`), 'pready')
    }
    const part = partition(this.#part, this.#partitions, index)
    const { type, view, count } = part
    const bytes = type.isContiguous ? bytesOf(part) : gather(view, count, type)
    const tag = tagOf(this.#first, index)
    const sending = new Sending(bytes, this.#to, this.#pieces.context, tag, type.signature, false)
    this.#sendings[index] = sending
    this.#caller.exchange.send(sending)
  }

  arrived(): boolean {
    return false
  }

  get #isDone(): boolean {
    return !this.#isStarted || this.#sendings.every(sending => sending?.isDone === true)
  }

  test(status: Status): boolean {
    if (!this.#isDone) this.#caller.exchange.poll()
    if (!this.#isDone) return false
    this.#end(status)
    return true
  }

  wait(status: Status): void {
    const missing = this.#isStarted ? this.#sendings.indexOf(undefined) : -1
    if (missing >= 0) {
      const problem = `partition ${missing} is not ready, and nobody else can say so while this rank waits`
      throw this.#caller.errorOf(new Mismatch('MPI_ERR_REQUEST', problem), 'wait')
    }
    this.waiter.waitUntil(
      () => this.#isDone,
      () => `waits for ${this.about}`,
    )
    this.#end(status)
  }

  #end(status: Status): void {
    nothingOf(status)
    this.#isStarted = false
  }

  cancel(): void {}

  free(): void {}
}

export class PartitionedReceive implements Partitioned, Driven {
  readonly #caller: Caller
  readonly #pieces: Pieces
  readonly #partitions: number
  readonly #part: Part
  readonly #from: number
  readonly #tag: number
  /** What the sender tells: its first tag, its partitions, and how many bytes all are. */
  readonly #told = new Float64Array(3)
  readonly #telling: Receiving
  /** The elements as they come. */
  #bytes: Uint8Array = new Uint8Array(0)
  #receivings: Receiving[] = []
  /** Partitions whose elements are where they belong. */
  #settled: boolean[] = []
  #isStarted = false
  #isPosted = false
  #error: unknown

  constructor(caller: Caller, pieces: Pieces, partitions: number, part: Part, from: number, tag: number) {
    this.#caller = caller
    this.#pieces = pieces
    this.#partitions = partitions
    this.#part = part
    this.#from = from
    this.#tag = tag
    this.#telling = Receiving.ofBytes(new Uint8Array(this.#told.buffer), from, tag, 0)
    this.#receive(this.#telling)
  }

  #receive(receiving: Receiving): void {
    const { exchange } = this.#caller
    exchange.receive(receiving, exchange.context(this.#pieces.context))
  }

  get waiter(): Exchange {
    return this.#caller.exchange
  }

  get about(): string {
    return `its precvInit from rank ${this.#from}, tag ${this.#tag}`
  }

  start(): void {
    this.#isStarted = true
    this.#isPosted = false
    this.#error = undefined
    this.#settled = new Array(this.#partitions).fill(false)
    if (!this.advance()) this.#caller.exchange.drive(this)
  }

  /** As soon as the sender has told of its partitions they are waited for. */
  advance(): boolean {
    if (!this.#isStarted || this.#isPosted) return true
    if (!this.#telling.isDone) return false
    this.#isPosted = true
    const [first, partitions, bytes] = this.#told
    const { count, type } = this.#part
    const room = count * type.size
    if (bytes > room) {
      const problem = `${bytes} bytes come, and there is room for ${room}`
      this.#error = new Mismatch('MPI_ERR_TRUNCATE', problem)
      return true
    }
    this.#bytes = type.isContiguous ? bytesOf(this.#part) : new Uint8Array(room)
    const each = bytes / partitions
    this.#receivings = Array.from({ length: partitions }, (_, piece) => {
      const run = this.#bytes.subarray(piece * each, (piece + 1) * each)
      const receiving = Receiving.ofRun(run, type, this.#from, tagOf(first, piece))
      this.#receive(receiving)
      return receiving
    })
    return true
  }

  /** Nothing is left to drive once the receives are posted. */
  get isDone(): boolean {
    return !this.#isStarted || this.#isPosted
  }

  ready(): void {}

  arrived(index: number): boolean {
    if (!this.#isStarted || this.#settled[index]) return true
    if (!this.#isThere(index)) this.#caller.exchange.poll()
    if (!this.#isThere(index)) return false
    if (this.#failure === undefined) this.#settle(index)
    return true
  }

  /** Whether all pieces have come that a partition is made of. */
  #isThere(index: number): boolean {
    if (!this.#isPosted) return false
    if (this.#error !== undefined) return true
    const each = (this.#part.count / this.#partitions) * this.#part.type.size
    const piece = this.#told[2] / this.#receivings.length
    const last = Math.min(this.#receivings.length - 1, Math.ceil(((index + 1) * each) / piece) - 1)
    for (let k = Math.floor((index * each) / piece); k <= last; k++) if (!this.#receivings[k].isDone) return false
    return true
  }

  /** Elements of a type with gaps are spread from where they came. */
  #settle(index: number): void {
    this.#settled[index] = true
    const { type } = this.#part
    if (type.isContiguous) return
    const part = partition(this.#part, this.#partitions, index)
    const each = part.count * type.size
    const there = Math.max(0, Math.min(each, this.#told[2] - index * each))
    scatterInto(this.#bytes.subarray(index * each, index * each + there), part.view, type)
  }

  get #failure(): unknown {
    return this.#error ?? this.#receivings.find(({ error }) => error !== undefined)?.error
  }

  get #hasAll(): boolean {
    if (!this.#isStarted || this.#error !== undefined) return true
    return this.#isPosted && this.#receivings.every(({ isDone }) => isDone)
  }

  test(status: Status): boolean {
    if (!this.#hasAll) this.#caller.exchange.poll()
    if (!this.#hasAll) return false
    this.#end(status)
    return true
  }

  wait(status: Status): void {
    this.waiter.waitUntil(
      () => this.#hasAll,
      () => `waits for ${this.about}`,
    )
    this.#end(status)
  }

  #end(status: Status): void {
    nothingOf(status)
    if (!this.#isStarted) return
    this.#isStarted = false
    const failure = this.#failure
    if (failure !== undefined) throw this.#caller.errorOf(failure, 'precvInit')
    for (let index = 0; index < this.#partitions; index++) if (!this.#settled[index]) this.#settle(index)
    status.source = this.#caller.rankOf(this.#from)
    status.tag = this.#tag
    status.bytes = this.#told[2]
    status.count = countIn(this.#told[2], this.#part.type)
  }

  cancel(): void {}

  /** Of one that was never started the sender's word is still taken. */
  free(): void {}
}
