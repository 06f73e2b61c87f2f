/**
 * Who has a handle of an actor. On each thread all handles of an actor share one object, its hold, and the collector tells when
 * that is gone. A worker tells the client when it begins to hold an actor, and when it ends to.
 */

export class Holds {
  readonly #holds = new Map<number, WeakRef<object>>()
  readonly #begun: (actor: number) => void
  readonly #gone = new FinalizationRegistry<number>(actor => this.#ended(actor))
  readonly #over: (actor: number) => void

  /** @param begun when there is a first handle here @param over when there is none any more; in a turn of its own */
  constructor(begun: (actor: number) => void, over: (actor: number) => void) {
    this.#begun = begun
    this.#over = over
  }

  of(actor: number): object {
    let hold = this.#holds.get(actor)?.deref()
    if (hold === undefined) {
      hold = {}
      this.#holds.set(actor, new WeakRef(hold))
      this.#gone.register(hold, actor)
      this.#begun(actor)
    }
    return hold
  }

  has(actor: number): boolean {
    return this.#holds.get(actor)?.deref() !== undefined
  }

  #ended(actor: number): void {
    // There may have been another since.
    if (this.has(actor)) return
    this.#holds.delete(actor)
    this.#over(actor)
  }
}
