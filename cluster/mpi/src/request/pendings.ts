/** Calls under way that consist of others, or of nothing. */

import { anyTag, procNull } from '../constants.ts'
import type { Partitioned, Pending, Port } from '../engine.ts'
import { Status } from '../status.ts'
import { waitUntil } from './progress.ts'

/** What is known of a message from `procNull`. */
export function setNull(status: Status): Status {
  status.source = procNull
  status.tag = anyTag
  status.bytes = status.count = 0
  status.isCancelled = false
  return status
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
  readonly #port: Port
  readonly #source: number
  readonly #tag: number
  #isCancelled = false

  constructor(port: Port, source: number, tag: number) {
    this.#port = port
    this.#source = source
    this.#tag = tag
  }

  test(status: Status): boolean {
    status.isCancelled = this.#isCancelled
    return this.#isCancelled || this.#port.iprobe(this.#source, this.#tag, status)
  }

  wait(status: Status): void {
    waitUntil(() => this.test(status))
  }

  cancel(): void {
    this.#isCancelled = true
  }

  free(): void {}
}
