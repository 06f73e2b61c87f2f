/** Finds out that all stand still: every slot is held by a task that awaits others, and those find none. */

import { after } from '../after.ts'
import type { Record } from '../calls/record.ts'
import type { Settling } from '../calls/settling.ts'
import type { Scheduler } from '../schedule/scheduler.ts'

/** How long nothing goes on before a task is given up for it. */
const stuckMs = 500

export class Standstill {
  readonly #scheduler: Scheduler<Record>
  readonly #settling: Settling
  #suspects = false

  constructor(scheduler: Scheduler<Record>, settling: Settling) {
    this.#scheduler = scheduler
    this.#settling = settling
  }

  /** Unless a task turns out to go on within some time, one that finds no slot is given up. */
  look(): void {
    if (!this.#scheduler.isStuck || this.#suspects) return
    this.#suspects = true
    const settled = this.#settling.total
    after(stuckMs, () => {
      this.#suspects = false
      const isLater = this.#settling.total > settled
      if (!isLater && this.#scheduler.isStuck) this.#scheduler.crowded()
      this.look()
    })
  }
}
