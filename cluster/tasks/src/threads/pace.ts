/** How long tasks take at present: what the client goes by when it waits, and when it sends tasks ahead. */

/** Workers get as many tasks ahead as take about this long. */
const aheadMs = 0.6
const [leastDepth, mostDepth] = [2, 1024]

export class Pace {
  readonly #mostDepth: number
  /** Over some sixteen tasks. */
  meanMs = 0.01
  /** Over some two tasks. */
  lastMs = 0.01

  /** Most slots are left to tasks that await others. */
  constructor(workers: number, slots: number) {
    this.#mostDepth = Math.max(1, Math.min(mostDepth, Math.floor(slots / (4 * workers))))
  }

  took(ms: number): void {
    this.meanMs += (ms - this.meanMs) / 16
    this.lastMs += (ms - this.lastMs) / 2
  }

  /** So many tasks a worker has ahead, before any has run. */
  get firstDepth(): number {
    return Math.min(64, this.#mostDepth)
  }

  /** Short tasks are sent far ahead, long ones are not, so that priorities and other callers are served soon. */
  get depth(): number {
    const depth = Math.round(aheadMs / Math.max(this.meanMs, 1e-4))
    return Math.min(this.#mostDepth, Math.max(leastDepth, depth))
  }
}
