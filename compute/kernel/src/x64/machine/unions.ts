/** Who holds a register when: the ranges of all its holders, which do not overlap, in their order. */

export class RangeUnion {
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  readonly #holders: number[] = []

  /** Number of the first range that ends behind a position. */
  #behind(position: number): number {
    const ends = this.#ends
    let low = 0
    let high = ends.length
    // Ranges often come in their order: then it is the last one or none.
    if (high === 0 || ends[high - 1] <= position) return high
    while (low < high) {
      const middle = (low + high) >> 1
      if (ends[middle] <= position) low = middle + 1
      else high = middle
    }
    return low
  }

  isFree(start: number, end: number): boolean {
    const at = this.#behind(start)
    return at === this.#starts.length || this.#starts[at] >= end
  }

  /** Calls back with every holder of a part of the range. @returns false if the callback has: it is not asked again */
  everyHolder(start: number, end: number, visit: (holder: number) => boolean): boolean {
    for (let at = this.#behind(start); at < this.#starts.length && this.#starts[at] < end; at++)
      if (!visit(this.#holders[at])) return false
    return true
  }

  /** @param start of a range that is free */
  add(start: number, end: number, holder: number): void {
    const at = this.#behind(start)
    if (at === this.#starts.length) {
      this.#starts.push(start)
      this.#ends.push(end)
      this.#holders.push(holder)
    } else {
      this.#starts.splice(at, 0, start)
      this.#ends.splice(at, 0, end)
      this.#holders.splice(at, 0, holder)
    }
  }

  remove(start: number): void {
    const at = this.#behind(start)
    this.#starts.splice(at, 1)
    this.#ends.splice(at, 1)
    this.#holders.splice(at, 1)
  }
}
