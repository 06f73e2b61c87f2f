/**
 * Arrays of the client that this worker may use for longer than a call: an actor can keep what it is given. The client keeps
 * them until it hears that nothing here refers to them any more.
 */

import { heap, type TypedArray, type TypedArrayClass } from '@skein/heap'
import type { Lent } from '../calls/record.ts'

export class Lease {
  readonly #over: () => void
  /** Arrays that something refers to, and the call itself until it has ended. */
  #open = 1

  /** @param over called once, when the call has ended and its arrays are gone */
  constructor(over: () => void) {
    this.#over = over
  }

  view(type: TypedArrayClass, address: number, length: number): TypedArray {
    this.#open++
    return heap.borrow(type, address, length, () => this.end())
  }

  /** The call has ended, or one of the arrays. */
  end(): void {
    if (--this.#open === 0) this.#over()
  }
}

/** The client's side: what it keeps for each worker, by task. */
export class Leases {
  readonly #kept: Map<number, Lent>[]

  constructor(workers: number) {
    this.#kept = Array.from({ length: workers }, () => new Map())
  }

  keep(worker: number, task: number, lent: Lent): void {
    this.#kept[worker].set(task, lent)
  }

  end(worker: number, task: number): void {
    this.#kept[worker].get(task)?.scratch?.end()
    this.#kept[worker].delete(task)
  }

  /** A worker has ended, and with it whatever referred to them. */
  forget(worker: number): void {
    for (const { scratch } of this.#kept[worker].values()) scratch?.end()
    this.#kept[worker].clear()
  }
}
