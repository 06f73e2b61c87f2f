/** A bounded buffer that forgets the oldest and counts what it forgot. */

/** The last `capacity` items; older ones make room and are counted. */
export class Ring<Item> {
  dropped = 0
  #items: Item[] = []
  #oldest = 0
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get length(): number {
    return this.#items.length
  }

  push(item: Item): void {
    if (this.#items.length < this.#capacity) {
      this.#items.push(item)
      return
    }
    this.#items[this.#oldest] = item
    this.#oldest = (this.#oldest + 1) % this.#capacity
    this.dropped++
  }

  /** Oldest first. */
  toArray(): Item[] {
    return [...this.#items.slice(this.#oldest), ...this.#items.slice(0, this.#oldest)]
  }
}
