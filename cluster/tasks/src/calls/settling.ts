/** How tasks end: counted, told to who looks, and said to those who wait. */

import { CancelledError } from '@skein/base'
import type { Outcome } from '../observe/journal.ts'
import { clock, type Observer } from '../observe/observer.ts'
import type { Settlement } from '../ref.ts'
import type { Record } from './record.ts'

export class Settling {
  /** Of those who look; without one, being observable costs a comparison a task. */
  observer: Observer | undefined
  done = 0
  failed = 0
  cancelled = 0
  /** Attempts that were followed by another. */
  retried = 0
  readonly #over: (record: Record, settlement: Settlement, found: unknown) => unknown

  /** @param over called when a record is about to settle; what it returns is the record's value, or error */
  constructor(over: (record: Record, settlement: Settlement, found: unknown) => unknown) {
    this.#over = over
  }

  /** Tasks that have settled. */
  get total(): number {
    return this.done + this.failed + this.cancelled
  }

  /** Once for each record; later ones are ignored. */
  settle(record: Record, settlement: 'fulfilled' | 'rejected', found: unknown): void {
    if (record.settlement !== 'pending') return
    if (settlement === 'rejected') this.observer?.failed(record.id, found)
    if (settlement === 'fulfilled') this.done++
    else if (found instanceof CancelledError) this.cancelled++
    else this.failed++
    record.settle(settlement, this.#over(record, settlement, found))
    const { tally } = record.call
    if (tally !== undefined && --tally.open === 0) tally.idle?.()
  }

  /** A call that fails before it was submitted, or in its place. */
  refuse(record: Record, outcome: Outcome, error: unknown): void {
    this.tellUnrun(record, outcome)
    this.settle(record, 'rejected', error)
  }

  /** A call was made: told with its end. */
  submitted(record: Record): void {
    if (this.observer !== undefined) record.submittedMs = clock()
  }

  /** An attempt is over. @param worker its number from 1 */
  tell(record: Record, outcome: Outcome, worker: number, startedMs: number, endedMs: number): void {
    if (this.observer === undefined) return
    const { id, caller, site, owner } = record
    // It may have been submitted before anyone looked.
    const submittedMs = record.submittedMs || startedMs
    this.observer.over(id, owner, worker, caller, outcome, submittedMs, startedMs, endedMs, site)
  }

  /** A task is over that never ran. */
  tellUnrun(record: Record, outcome: Outcome): void {
    if (this.observer === undefined) return
    const now = clock()
    this.tell(record, outcome, 0, now, now)
  }
}
