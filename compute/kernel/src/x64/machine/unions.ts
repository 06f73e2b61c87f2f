/** Who holds a register when: the ranges of all its holders, which do not overlap, in their order. */

/** Numbers of a range: where it begins, where it ends, whose it is. */
const each = 3
const none = new Int32Array(0)

export class RangeUnion {
  /** One range behind the other. */
  #ranges = none
  #count = 0

  /** Number of the first range that ends behind a position. */
  #behind(position: number): number {
    const ranges = this.#ranges
    let low = 0
    let high = this.#count
    // Ranges often come in their order: then it is the last one or none.
    if (high === 0 || ranges[each * high - 2] <= position) return high
    while (low < high) {
      const middle = (low + high) >> 1
      if (ranges[each * middle + 1] <= position) low = middle + 1
      else high = middle
    }
    return low
  }

  isFree(start: number, end: number): boolean {
    const at = this.#behind(start)
    return at === this.#count || this.#ranges[each * at] >= end
  }

  /** Calls back with every holder of a part of the range. @returns false if the callback has: it is not asked again */
  everyHolder(start: number, end: number, visit: (holder: number) => boolean): boolean {
    for (let at = this.#behind(start); at < this.#count && this.#ranges[each * at] < end; at++)
      if (!visit(this.#ranges[each * at + 2])) return false
    return true
  }

  /** @param start of a range that is free */
  add(start: number, end: number, holder: number): void {
    const at = each * this.#behind(start)
    const length = each * this.#count++
    if (length === this.#ranges.length) {
      const larger = new Int32Array(Math.max(24, 2 * length))
      larger.set(this.#ranges)
      this.#ranges = larger
    }
    const ranges = this.#ranges
    if (at < length) ranges.copyWithin(at + each, at, length)
    ranges[at] = start
    ranges[at + 1] = end
    ranges[at + 2] = holder
  }

  remove(start: number): void {
    const at = each * this.#behind(start)
    this.#ranges.copyWithin(at, at + each, each * this.#count--)
  }
}
