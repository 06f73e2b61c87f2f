/**
 * Partitioned messages. Partitions are collected, and the message goes when the last is ready; it arrives as a whole. That is allowed
 * (MPI-4.0, 4.2: a partition may arrive with the others), and between threads early pieces would save nothing but the wait for the last copy.
 */

import type { Partitioned, Pending } from '../engine.ts'
import { Status } from '../status.ts'
import { nothingOf, PersistentCall } from './pending.ts'

/** Of a look that nobody sees. */
const seen = new Status()

export class PartitionedSend implements Partitioned {
  readonly #partitions: number
  readonly #begin: () => Pending
  readonly #ready = new Set<number>()
  #under: Pending | undefined
  #isStarted = false

  constructor(partitions: number, begin: () => Pending) {
    this.#partitions = partitions
    this.#begin = begin
  }

  start(): void {
    this.#isStarted = true
    this.#ready.clear()
  }

  ready(partition: number): void {
    this.#ready.add(partition)
    if (this.#ready.size === this.#partitions) this.#under = this.#begin()
  }

  arrived(): boolean {
    return false
  }

  test(status: Status): boolean {
    if (!this.#isStarted) {
      nothingOf(status)
      return true
    }
    if (this.#under === undefined || !this.#under.test(status)) return false
    this.#end()
    return true
  }

  /** All partitions are ready: nobody else could say so while this rank waits. */
  wait(status: Status): void {
    if (this.#under) this.#under.wait(status)
    else nothingOf(status)
    this.#end()
  }

  #end(): void {
    this.#isStarted = false
    this.#under = undefined
  }

  cancel(): void {}

  free(): void {}
}

export class PartitionedReceive extends PersistentCall implements Partitioned {
  #hasAll = false

  override start(): void {
    super.start()
    this.#hasAll = false
  }

  ready(): void {}

  arrived(): boolean {
    this.#hasAll ||= this.under?.test(seen) ?? true
    return this.#hasAll
  }
}
