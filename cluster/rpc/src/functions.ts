// Functions on both sides of a connection. Ours that were sent lie here by number until the other side lets go of them; for theirs there is a function that
// calls them, the same for a number as long as anybody holds it, and when nobody does any more the other side is told.
//
// A function may be on its way once more while the other side lets go of it. So both count: we how often we sent it, they how often they received it, and they let go of so
// many. Old peers do not count; against them a function that is sent again may be gone, as between two of them.

interface Export {
  readonly fn: Function
  /** How often it was sent and not let go of. */
  sent: number
}

/** Ours, by the numbers by which the other side knows them. */
export class Exports {
  private readonly byNumber = new Map<number, Export>()
  private readonly numbers = new Map<Function, number>()
  private next = 0

  get size(): number {
    return this.byNumber.size
  }

  /** The number of a function that is about to be sent: the one it has, or a new one. With `another` a further one. */
  send(fn: Function, another = false): number {
    const known = another ? undefined : this.numbers.get(fn)
    if (known !== undefined) {
      this.byNumber.get(known)!.sent++
      return known
    }
    const number = this.next++
    this.byNumber.set(number, { fn, sent: 1 })
    if (!this.numbers.has(fn)) this.numbers.set(fn, number)
    return number
  }

  get(number: number): Function | undefined {
    return this.byNumber.get(number)?.fn
  }

  /** The other side has let go of it, so many times; of an old peer Infinity. */
  release(number: number, times: number): void {
    const known = this.byNumber.get(number)
    if (known === undefined) return
    known.sent -= times
    if (known.sent > 0) return
    this.byNumber.delete(number)
    if (this.numbers.get(known.fn) === number) this.numbers.delete(known.fn)
  }

  clear(): void {
    this.byNumber.clear()
    this.numbers.clear()
  }
}

interface Import {
  ref: WeakRef<Function>
  received: number
}

/** Theirs. */
export class Imports {
  private readonly byNumber = new Map<number, Import>()
  private readonly registry: FinalizationRegistry<number>
  private readonly make: (number: number) => Function

  /** `make` makes the function that calls theirs; `released` is told what nobody here holds any more, and how often it had come. */
  constructor(make: (number: number) => Function, released: (number: number, times: number) => void) {
    this.make = make
    this.registry = new FinalizationRegistry(number => {
      const known = this.byNumber.get(number)
      // It may have come again since, and have another function here.
      if (known === undefined || known.ref.deref() !== undefined) return
      this.byNumber.delete(number)
      released(number, known.received)
    })
  }

  get size(): number {
    return this.byNumber.size
  }

  /** The function of a number that was just received. */
  receive(number: number): Function {
    const known = this.byNumber.get(number)
    const alive = known?.ref.deref()
    if (alive !== undefined) {
      known!.received++
      return alive
    }
    const fn = this.make(number)
    const ref = new WeakRef(fn)
    if (known === undefined) this.byNumber.set(number, { ref, received: 1 })
    else {
      known.ref = ref
      known.received++
    }
    this.registry.register(fn, number)
    return fn
  }

  clear(): void {
    this.byNumber.clear()
  }
}
