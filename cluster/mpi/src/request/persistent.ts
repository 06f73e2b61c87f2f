/** Requests of calls that are made once and started again and again, whole or partition by partition. */

import type { Partitioned, Pending, Persistent } from '../engine.ts'
import { refusal } from '../message/refusal.ts'
import type { Status } from '../status.ts'
import type { Waiter } from '../transfer.ts'
import { type Owner, Request } from './request.ts'

export class PersistentRequest<T = void> extends Request<T> {
  declare protected pending: Persistent

  /** For this room. */
  constructor(owner: Owner, call: string, pending: Persistent, value: T, finish?: (status: Status) => T) {
    super(owner, call, pending, false, value, finish)
  }

  /** Buffers are read and written between this and its completion. */
  start(): this {
    this.checkLive('start')
    if (this.isActive) {
      throw refusal(
        this.owner,
        'start',
        'MPI_ERR_REQUEST',
        'the request',
        'inactive: complete, and waited for',
        `an active ${this.call}`,
      )
    }
    try {
      this.pending.start()
    } catch (error) {
      throw this.owner.failed(error)
    }
    this.activate()
    return this
  }

  protected override get isKept(): boolean {
    return true
  }
}

export class PartitionedRequest<T = void> extends PersistentRequest<T> {
  declare protected pending: Partitioned
  readonly partitions: number

  /** For this room. */
  constructor(owner: Owner, call: string, pending: Partitioned, partitions: number, value: T) {
    super(owner, call, pending, value)
    this.partitions = partitions
  }

  /** A partition, or those from one up to another, may be sent. */
  ready(first: number, last = first): void {
    this.#check('pready', first, first)
    this.#check('pready', last, first)
    if (!this.isActive) {
      throw refusal(this.owner, 'pready', 'MPI_ERR_REQUEST', 'the request', 'started', `an inactive ${this.call}`)
    }
    try {
      for (let partition = first; partition <= last; partition++) this.pending.ready(partition)
    } catch (error) {
      throw this.owner.failed(error)
    }
  }

  /** Whether a partition has come. */
  arrived(partition: number): boolean {
    this.#check('parrived', partition, 0)
    if (!this.isActive) return true
    try {
      return this.pending.arrived(partition)
    } catch (error) {
      throw this.owner.failed(error)
    }
  }

  #check(call: string, partition: number, least: number): void {
    this.checkLive(call)
    if (Number.isInteger(partition) && partition >= least && partition < this.partitions) return
    throw refusal(this.owner, call, 'MPI_ERR_ARG', 'partition', `from ${least} to ${this.partitions - 1}`, partition)
  }
}

/** A call that is made anew at each start: what it sends is read then. */
export class Remade implements Persistent {
  readonly #make: () => Pending
  #current: Pending | undefined

  constructor(make: () => Pending) {
    this.#make = make
  }

  get waiter(): Waiter | undefined {
    return this.#current?.waiter
  }

  get about(): string | undefined {
    return this.#current?.about
  }

  start(): void {
    this.#current = this.#make()
  }

  test(status: Status): boolean {
    return this.#current!.test(status)
  }

  wait(status: Status): void {
    this.#current!.wait(status)
  }

  cancel(): void {
    this.#current!.cancel()
  }

  free(): void {
    this.#current?.free()
  }
}
