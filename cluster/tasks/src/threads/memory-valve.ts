/** While memory is short, tasks run one at a time: what ends may free some. */

import { after } from '../after.ts'
import type { Record } from '../calls/record.ts'
import type { Settling } from '../calls/settling.ts'
import type { Store } from '../objects/store.ts'
import type { Scheduler } from '../schedule/scheduler.ts'

/** How often memory is looked at that is short, and how long nothing ends before one more task runs. */
const [recheckMs, admitMs] = [50, 2000]

export class MemoryValve {
  readonly #scheduler: Scheduler<Record>
  readonly #objects: Store
  readonly #settling: Settling
  #isClosed = false

  constructor(scheduler: Scheduler<Record>, objects: Store, settling: Settling) {
    this.#scheduler = scheduler
    this.#objects = objects
    this.#settling = settling
  }

  /** Looks whether memory is short. */
  heed(): void {
    const { limits } = this.#scheduler
    const { isShort } = this.#objects
    if (isShort === Number.isFinite(limits.active)) return
    limits.active = isShort ? 1 : Number.POSITIVE_INFINITY
    if (isShort) this.#admitLater(this.#settling.total, performance.now())
    else this.#scheduler.assign()
  }

  /** The one that runs may wait for one that is kept waiting: when nothing has ended for long, one more goes. */
  #admitLater(settled: number, sinceMs: number): void {
    after(recheckMs, () => {
      this.heed()
      const { limits } = this.#scheduler
      if (!Number.isFinite(limits.active) || this.#isClosed) return
      const now = performance.now()
      const isIdle = this.#settling.total === settled
      if (isIdle && now - sinceMs < admitMs) return this.#admitLater(settled, sinceMs)
      if (isIdle) {
        limits.active++
        this.#scheduler.assign()
      }
      this.#admitLater(this.#settling.total, now)
    })
  }

  close(): void {
    this.#isClosed = true
  }
}
