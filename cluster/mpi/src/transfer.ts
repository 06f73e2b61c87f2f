/** What calls of every kind carry, and what they leave behind when they do not wait. Part of the contract with engines. */

import type { Datatype } from './datatype/datatype.ts'
import type { Status } from './status.ts'

/** Elements of a buffer: `count` of `type`, from the first byte of `view` on. */
export interface Part {
  readonly view: ArrayBufferView
  readonly count: number
  readonly type: Datatype
}

/** Where an engine lets a rank wait for whatever comes first. */
export interface Waiter {
  /**
   * Blocks until it holds, and makes progress for everyone meanwhile.
   *
   * @param holds must not throw
   * @param describe what it waits for, should that be for ever
   */
  waitUntil(holds: () => boolean, describe: () => string): void
}

/** A call under way, or one that can be started again and again. */
export interface Pending {
  /** Where it is waited for, with others; absent: it is looked at now and then. */
  readonly waiter?: Waiter | undefined
  /** What it waits for, after "waits in waitAny for ": there where `waiter` is. */
  readonly about?: string | undefined
  /** Makes progress; true, with the status filled in, once it is complete. */
  test(status: Status): boolean
  /** Blocks until it is complete. */
  wait(status: Status): void
  /** Asks for it to be cancelled: it still completes, and its status tells whether it was. */
  cancel(): void
  /** The engine may forget it; if it is under way it goes on. */
  free(): void
}
