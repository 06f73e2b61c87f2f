/** How a client reaches its workers: by messages, or, where it is alone, itself. */

import { pack, unpack } from '@skein/values'
import type { Intracomm } from '../comm/communicators.ts'
import { MpiError } from '../errors.ts'
import { cancelTag, mainTag, type Order, type Reply, stop, threw } from './orders.ts'
import type { Worker } from './worker.ts'

/** Workers are numbered from 0. */
export interface Links {
  readonly comm: Intracomm
  /** There are more ranks than cores. */
  readonly isCrowded: boolean
  readonly count: number
  rankOf(worker: number): number
  /** @throws MpiError for an argument that cannot be sent */
  send(worker: number, order: Order): void
  cancel(worker: number, chunk: number): void
  /** A reply that has come. */
  poll(): { readonly worker: number; readonly reply: Reply } | undefined
  /** Workers that have ended, as far as is known. */
  lost(): readonly number[]
  close(hasLost: boolean): void
}

export class Messages implements Links {
  readonly comm: Intracomm
  readonly isCrowded: boolean
  readonly #root: number
  #canTellLost = true

  constructor(comm: Intracomm, root: number, isCrowded: boolean) {
    this.comm = comm
    this.isCrowded = isCrowded
    this.#root = root
  }

  get count(): number {
    return this.comm.size - 1
  }

  rankOf(worker: number): number {
    return worker < this.#root ? worker : worker + 1
  }

  #workerOf(rank: number): number {
    return rank < this.#root ? rank : rank - 1
  }

  /** The client goes on at once, whatever the worker does. */
  send(worker: number, order: Order): void {
    this.comm.bsend(order, this.rankOf(worker), mainTag)
  }

  cancel(worker: number, chunk: number): void {
    this.comm.bsend(chunk, this.rankOf(worker), cancelTag)
  }

  poll(): { worker: number; reply: Reply } | undefined {
    const message = this.comm.improbe(undefined, mainTag)
    if (message === undefined) return undefined
    return { worker: this.#workerOf(message.status.source), reply: message.recv() }
  }

  lost(): readonly number[] {
    if (!this.#canTellLost) return []
    try {
      return this.comm.failedRanks().map(rank => this.#workerOf(rank))
    } catch {
      // The engine ends all ranks when one is lost.
      this.#canTellLost = false
      return []
    }
  }

  close(hasLost: boolean): void {
    // To free it takes all of them.
    if (!hasLost) this.comm.free()
  }
}

/** The only rank is client and worker. Calls are made in turns of the event loop, of copies, as they would be elsewhere. */
export class Alone implements Links {
  readonly count = 1
  readonly isCrowded = false
  readonly #worker: Worker
  readonly comm: Intracomm
  readonly #cancelled: Set<number>
  readonly #replies: Reply[]
  #line: Promise<unknown> = Promise.resolve()

  constructor(worker: Worker, comm: Intracomm, replies: Reply[], cancelled: Set<number>) {
    this.#worker = worker
    this.comm = comm
    this.#replies = replies
    this.#cancelled = cancelled
  }

  rankOf(): number {
    return 0
  }

  send(_worker: number, order: Order): void {
    if (order[0] === stop) return
    const copy = copyOf(this.comm, order)
    this.#line = this.#line.then(async () => {
      await new Promise(setImmediate)
      const reply = await this.#worker.carryOut(copy)
      if (reply === undefined) return
      try {
        this.#replies.push(copyOf(this.comm, reply))
      } catch (error) {
        if (reply[0] !== 0) this.#replies.push([threw, reply[1] as number, 0, [], error])
      }
    })
  }

  cancel(_worker: number, chunk: number): void {
    this.#cancelled.add(chunk)
  }

  poll(): { worker: number; reply: Reply } | undefined {
    const reply = this.#replies.shift()
    return reply && { worker: 0, reply }
  }

  lost(): readonly number[] {
    return []
  }

  close(): void {
    this.comm.free()
  }
}

function copyOf<T>(comm: Intracomm, value: T): T {
  try {
    return unpack(pack(value, 'pool').slice()) as T
  } catch (cause) {
    const told = cause instanceof Error ? cause.message : String(cause)
    throw new MpiError('MPI_ERR_TYPE', { call: 'send', rank: 0, comm: comm.name }, told, { cause })
  }
}
