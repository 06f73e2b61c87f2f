/** Cancelling tasks, and ending those that take too long: asked first, then ended with their worker. */

import { CancelledError, TimeoutError } from '@skein/base'
import { after } from '../after.ts'
import type { Record } from '../calls/record.ts'
import type { Crew } from './crew.ts'
import type { Slots } from './slots.ts'

/** A task whose time is up has this long to stop by itself. */
const timeoutGraceMs = 100

/** And a method of an actor that was killed. */
const killGraceMs = 1000

export interface StoppingEvents {
  /** It never ran, and never will. */
  dropped(record: Record): void
  /** It is on the board, but no worker will run it. */
  withdrawn(record: Record): void
}

export class Stopping {
  readonly #slots: Slots
  readonly #crew: Crew
  readonly #events: StoppingEvents

  constructor(slots: Slots, crew: Crew, events: StoppingEvents) {
    this.#slots = slots
    this.#crew = crew
    this.#events = events
  }

  /** True when it had not settled. */
  stop(record: Record, error: unknown, graceMs: number): boolean {
    if (record.settlement !== 'pending') return false
    record.stopping ??= error
    if (record.state !== 'dispatched') this.#events.dropped(record)
    else if (this.#slots.withdraw(record)) this.#events.withdrawn(record)
    else {
      const disarm = this.#interrupt(record, error, graceMs, 'a task on it did not stop when it was cancelled')
      record.whenOver(() => disarm?.())
    }
    return true
  }

  /** Its actor is no more, and it has failed: what is on the board of it is taken back, or should stop. */
  abandon(record: Record): void {
    if (this.#slots.withdraw(record)) return
    this.#interrupt(record, record.stopping, killGraceMs, 'a call of an actor that was killed did not stop', false)
  }

  /** @param holds whether the process stays alive for it @returns what disarms it */
  #interrupt(record: Record, error: unknown, graceMs: number, lost: string, holds = true): (() => void) | undefined {
    const worker = this.#slots.runnerOf(record)
    // It has just finished: what comes back is ignored for the error.
    if (worker < 0) return undefined
    this.#slots.markCancelled(record)
    const reason = error instanceof CancelledError ? error.reason : String(error)
    this.#crew.post(worker, { is: 'cancel', slot: record.slot, task: record.id, reason })
    const end = () => {
      if (this.#slots.runnerOf(record) < 0) return
      record.retriesLeft = 0
      this.#crew.terminate(worker, lost)
    }
    return after(graceMs, end, holds)
  }

  /** The attempt that is dispatched now may take so long from its start. */
  limit(record: Record, limitMs: number): void {
    const attempt = record.attempts
    const check = () => {
      if (record.settlement !== 'pending' || record.attempts !== attempt || record.slot < 0) return
      const runs = this.#slots.runnerOf(record) >= 0
      const rest = runs ? limitMs - (performance.timeOrigin + performance.now() - this.#slots.startOf(record)) : limitMs
      if (rest > 0) return arm(rest)
      const error = new TimeoutError(`Task ${record.label}`, limitMs, "Raise 'timeoutMs', or give it less to do")
      this.stop(record, error, timeoutGraceMs)
    }
    let disarm: (() => void) | undefined
    const arm = (ms: number) => {
      disarm = after(Math.ceil(ms), check)
    }
    arm(limitMs)
    record.whenOver(() => disarm?.())
  }
}
