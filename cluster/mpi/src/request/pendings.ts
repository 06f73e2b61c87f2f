/** Calls under way that consist of others, or of nothing. */

import { anyTag, procNull } from '../constants.ts'
import type { Matched, Partitioned, Port } from '../engine.ts'
import { Status } from '../status.ts'
import type { Pending, Waiter } from '../transfer.ts'

/** What is known of a message from `procNull`. */
export function setNull(status: Status): Status {
  status.source = procNull
  status.tag = anyTag
  status.bytes = status.count = 0
  status.isCancelled = false
  return status
}

/** Where several calls are waited for together; undefined: an engine looks at one of them now and then. */
export function sharedWaiter(pendings: readonly Pending[]): Waiter | undefined {
  const first = pendings[0]?.waiter
  return pendings.every(({ waiter }) => waiter === first) ? first : undefined
}

/** To or from `procNull`: over when it begins. */
export class NoMessage implements Partitioned {
  start(): void {}
  ready(): void {}

  arrived(): boolean {
    return true
  }

  test(status: Status): boolean {
    setNull(status)
    return true
  }

  wait(status: Status): void {
    setNull(status)
  }

  cancel(): void {}
  free(): void {}
}

/** Two calls as one: its status is that of the second. */
export class Both implements Pending {
  readonly #first: Pending
  readonly #second: Pending
  #isFirstDone = false
  #isSecondDone = false

  constructor(first: Pending, second: Pending) {
    this.#first = first
    this.#second = second
  }

  get waiter(): Waiter | undefined {
    return sharedWaiter(this.#open)
  }

  get about(): string {
    return this.#open.map(({ about }) => about).join(' and ')
  }

  get #open(): Pending[] {
    return [...(this.#isFirstDone ? [] : [this.#first]), ...(this.#isSecondDone ? [] : [this.#second])]
  }

  test(status: Status): boolean {
    // The second last, for its status.
    this.#isFirstDone ||= this.#first.test(this.#isSecondDone ? new Status() : status)
    this.#isSecondDone ||= this.#second.test(status)
    return this.#isFirstDone && this.#isSecondDone
  }

  wait(status: Status): void {
    if (!this.#isFirstDone) this.#first.wait(new Status())
    if (!this.#isSecondDone) this.#second.wait(status)
    this.#isFirstDone = this.#isSecondDone = true
  }

  cancel(): void {
    this.#first.cancel()
    this.#second.cancel()
  }

  free(): void {
    this.#first.free()
    this.#second.free()
  }
}

/** A probe that does not block. */
export class Probing implements Pending {
  protected readonly port: Port
  protected readonly source: number
  protected readonly tag: number
  #isCancelled = false

  constructor(port: Port, source: number, tag: number) {
    this.port = port
    this.source = source
    this.tag = tag
  }

  /** Whether a message is there. */
  protected look(status: Status): boolean {
    return this.port.iprobe(this.source, this.tag, status)
  }

  protected block(status: Status): void {
    this.port.probe(this.source, this.tag, status)
  }

  test(status: Status): boolean {
    status.isCancelled = this.#isCancelled
    return this.#isCancelled || this.look(status)
  }

  get waiter(): Waiter | undefined {
    return this.port.waiter
  }

  get about(): string {
    const from = this.source < 0 ? 'any rank' : `rank ${this.port.members[this.source]}`
    return `its probe for ${from}, ${this.tag < 0 ? 'any tag' : `tag ${this.tag}`}`
  }

  wait(status: Status): void {
    status.isCancelled = this.#isCancelled
    if (!this.#isCancelled) this.block(status)
  }

  cancel(): void {
    this.#isCancelled = true
  }

  free(): void {}
}

/** One that takes the message out of the queue. */
export class MatchedProbing extends Probing {
  /** Once it is complete. */
  matched: Matched | undefined

  protected override look(status: Status): boolean {
    this.matched = this.port.improbe(this.source, this.tag, status)
    return this.matched !== undefined
  }

  protected override block(status: Status): void {
    this.matched = this.port.mprobe(this.source, this.tag, status)
  }
}
