/**
 * CPUs for kernels that tasks call: those of workers which sleep. Each worker's line on the board says how many it has taken for helping threads.
 * Taking is optimistic: it is written down first, then counted again, so that two who take at once may both get less, and never
 * more than there are. A worker's end gives back what it had, since the next begins with none.
 */

import type { Quota } from '@skein/team/quota'
import * as at from './board.ts'

export class Lending implements Quota {
  readonly #c: Int32Array
  readonly #workers: number
  readonly #worker: number
  readonly #mine: number
  readonly #cpus: number

  constructor(c: Int32Array, { workers }: at.Layout, worker: number, cpus: number) {
    this.#c = c
    this.#workers = workers
    this.#worker = worker
    this.#mine = at.workerAt(worker) + at.lentCpus
    this.#cpus = cpus
  }

  take(most: number): number {
    const had = Atomics.load(this.#c, this.#mine)
    const free = Math.min(most, this.#left())
    if (free <= 0) return 0
    Atomics.store(this.#c, this.#mine, had + free)
    const taken = Math.max(0, free + Math.min(0, this.#left()))
    if (taken < free) Atomics.store(this.#c, this.#mine, had + taken)
    return taken
  }

  giveBack(count: number): void {
    Atomics.store(this.#c, this.#mine, Atomics.load(this.#c, this.#mine) - count)
  }

  /** CPUs that no worker uses for itself or for others that help it; below 0 when too many do. */
  #left(): number {
    let left = this.#cpus
    for (let worker = 0; worker < this.#workers; worker++) {
      const line = at.workerAt(worker)
      const state = Atomics.load(this.#c, line + at.state)
      // A task that has given a promise may go on at any time; this one has.
      if (state === at.awake || state === at.waiting || worker === this.#worker) left--
      left -= Atomics.load(this.#c, line + at.lentCpus)
    }
    return left
  }
}
