/** A collective under way: its algorithm goes on whenever what it waits for is done. */

import type { Pending } from '../../engine.ts'
import type { Status } from '../../status.ts'
import type { Driven, Exchange } from '../exchange.ts'
import { type Caller, nothingOf } from '../pending.ts'
import type { Receiving, Sending } from '../transfers.ts'
import type { Steps } from './kit.ts'

export class Schedule implements Pending, Driven {
  readonly #caller: Caller
  readonly #steps: Steps
  readonly #call: string
  readonly #ended: (well: boolean) => void
  #waitsFor: Sending | Receiving | undefined
  #isDone = false
  #error: unknown

  /** @param ended is told when it is over, and whether it went well */
  constructor(caller: Caller, steps: Steps, call: string, ended: (well: boolean) => void) {
    this.#caller = caller
    this.#steps = steps
    this.#call = call
    this.#ended = ended
    this.advance()
  }

  get isDone(): boolean {
    return this.#isDone
  }

  /** Goes on as far as it can: true when it is over. */
  advance(): boolean {
    while (!this.#isDone && this.#waitsFor?.isDone !== false) {
      const failure = this.#waitsFor?.error
      try {
        const { done, value } =
          failure === undefined ? this.#steps.next() : this.#steps.throw(this.#caller.errorOf(failure, this.#call))
        this.#isDone = done === true
        this.#waitsFor = value ?? undefined
        if (this.#isDone) this.#ended(true)
      } catch (error) {
        this.#isDone = true
        this.#error = error
        this.#ended(false)
      }
    }
    return this.#isDone
  }

  get waiter(): Exchange {
    return this.#caller.exchange
  }

  get about(): string {
    return `its ${this.#call} with ${this.#waitsFor?.peer ?? 'nobody'}`
  }

  test(status: Status): boolean {
    if (!this.#isDone) this.#caller.exchange.poll()
    if (!this.#isDone) return false
    this.#end(status)
    return true
  }

  wait(status: Status): void {
    this.#caller.exchange.waitUntil(
      () => this.#isDone,
      () => `waits in ${this.#call} for ${this.#waitsFor?.peer ?? 'nobody'}`,
    )
    this.#end(status)
  }

  #end(status: Status): void {
    nothingOf(status)
    if (this.#error !== undefined) throw this.#error
  }

  /** MPI has no cancelling of collectives. */
  cancel(): void {}

  free(): void {}
}
