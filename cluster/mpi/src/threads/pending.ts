/** Calls under way on threads, as requests see them. */

import type { Pending, Persistent, ValuePending } from '../engine.ts'
import type { Status } from '../status.ts'
import type { Waiter } from '../transfer.ts'
import type { Exchange } from './exchange.ts'
import { Receiving, type Sending } from './transfers.ts'

/** Whose calls they are. */
export interface Caller {
  readonly exchange: Exchange
  /** Fills in the status. @throws MpiError for what went wrong */
  tell(transfer: Sending | Receiving, status: Status, call: string): void
  /** What is thrown for what went wrong. */
  errorOf(error: unknown, call: string): unknown
  withdraw(receiving: Receiving): void
  /** The number in its communicator of a rank of the world. */
  rankOf(member: number): number
}

/** A message on its way. */
export class TransferPending implements Pending {
  readonly #caller: Caller
  readonly #transfer: Sending | Receiving
  readonly #call: string

  constructor(caller: Caller, transfer: Sending | Receiving, call: string) {
    this.#caller = caller
    this.#transfer = transfer
    this.#call = call
  }

  get waiter(): Exchange {
    return this.#caller.exchange
  }

  get about(): string {
    return `its ${this.#call} ${this.#transfer.about}`
  }

  test(status: Status): boolean {
    if (!this.#transfer.isDone) this.#caller.exchange.poll()
    if (!this.#transfer.isDone) return false
    this.#caller.tell(this.#transfer, status, this.#call)
    return true
  }

  wait(status: Status): void {
    const transfer = this.#transfer
    this.#caller.exchange.waitUntil(
      () => transfer.isDone,
      () => `waits for ${this.about}`,
    )
    this.#caller.tell(transfer, status, this.#call)
  }

  /** A receive that has no message yet is over; whatever else has begun is completed, as MPI allows. */
  cancel(): void {
    const transfer = this.#transfer
    if (transfer instanceof Receiving) this.#caller.withdraw(transfer)
  }

  free(): void {}
}

/** A message of any length on its way. */
export class ValueTransfer extends TransferPending implements ValuePending {
  readonly #receiving: Receiving

  constructor(caller: Caller, receiving: Receiving) {
    super(caller, receiving, 'irecv')
    this.#receiving = receiving
  }

  get bytes(): Uint8Array {
    return this.#receiving.bytes
  }
}

/** What is left where there is no message to tell of (MPI-4.0, 3.7.3). */
export function nothingOf(status: Status): void {
  status.source = -1
  status.tag = -1
  status.bytes = status.count = 0
  status.isCancelled = false
}

/** A call that can be started again and again: each time as if it were made anew. */
export class PersistentCall implements Persistent {
  readonly #begin: () => Pending
  protected under: Pending | undefined

  constructor(begin: () => Pending) {
    this.#begin = begin
  }

  get waiter(): Waiter | undefined {
    return this.under?.waiter
  }

  get about(): string | undefined {
    return this.under?.about
  }

  start(): void {
    this.under = this.#begin()
  }

  test(status: Status): boolean {
    if (this.under === undefined) {
      nothingOf(status)
      return true
    }
    if (!this.under.test(status)) return false
    this.under = undefined
    return true
  }

  wait(status: Status): void {
    if (this.under) this.under.wait(status)
    else nothingOf(status)
    this.under = undefined
  }

  cancel(): void {
    this.under?.cancel()
  }

  free(): void {}
}
