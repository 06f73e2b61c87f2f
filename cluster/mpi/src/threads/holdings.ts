/**
 * What a communicator of threads holds: numbers of contexts, and a board in the shared heap. It gives them back when it is freed; one that nobody
 * freed does when it is collected, or when the rank ends. A board goes with the last of its ranks that leaves it.
 *
 * Who makes communicators and never lets the event loop turn keeps them from being collected: of so many at a time there is an end.
 */

/** What a rank has of contexts. */
interface Contexts {
  /** Nothing waits there. */
  isEmpty(number: number): boolean
  forget(number: number): void
}

/** Communicators of a rank at a time, the same on all engines' ranks: their boards would fill the shared heap. */
export const mostCommunicators = 2 ** 15

/** Point to point, collectives, values beside those, partitions. */
export const contextsEach = 4

export class Holdings {
  readonly first: number
  board: { free(): void } | undefined

  constructor(first: number) {
    this.first = first
  }

  /** @returns whether nothing is under way there any more */
  release(contexts: Contexts): boolean {
    this.board?.free()
    this.board = undefined
    let isEmpty = true
    for (let number = this.first; number < this.first + contextsEach; number++) {
      if (contexts.isEmpty(number)) contexts.forget(number)
      else isEmpty = false
    }
    return isEmpty
  }
}

/** All that a rank's communicators hold. */
export class AllHoldings {
  readonly #contexts: Contexts
  readonly #all = new Set<Holdings>()
  readonly #collected: FinalizationRegistry<Holdings>

  constructor(contexts: Contexts) {
    this.#contexts = contexts
    this.#collected = new FinalizationRegistry(holdings => this.release(holdings))
  }

  get count(): number {
    return this.#all.size
  }

  /** Its communicator is there as long as calls are under way on it. */
  add(owner: object, holdings: Holdings): void {
    this.#all.add(holdings)
    this.#collected.register(owner, holdings, holdings)
  }

  /** Nobody uses it any more. What is still under way is delivered, and goes with its communicator. */
  release(holdings: Holdings): void {
    if (!holdings.release(this.#contexts)) return
    this.#all.delete(holdings)
    this.#collected.unregister(holdings)
  }

  /** The rank ends. */
  releaseAll(): void {
    for (const holdings of this.#all) holdings.release(this.#contexts)
    this.#all.clear()
  }
}
