/** The order in which reductions and scans combine, told once more in plain JavaScript (docs/arithmetic.md). */
const BLOCK = 16384

/** @param rows the values of each row of the range; @param accumulators 16 for 64-bit values, 32 for 32-bit ones */
export function reduceInOrder<T>(rows: T[][], init: T, combine: (a: T, b: T) => T, accumulators: 16 | 32): T {
  let totals: T[] = []
  for (const row of rows) {
    for (let from = 0; from < row.length; from += BLOCK) {
      const acc: T[] = Array(accumulators).fill(init)
      row.slice(from, from + BLOCK).forEach((x, i) => {
        acc[i % accumulators] = combine(acc[i % accumulators], x)
      })
      for (let h = accumulators / 2; h >= 1; h /= 2) for (let j = 0; j < h; j++) acc[j] = combine(acc[j], acc[j + h])
      totals.push(acc[0])
    }
  }
  while (totals.length > 1) {
    totals = Array.from({ length: Math.ceil(totals.length / 2) }, (_, i) =>
      2 * i + 1 < totals.length ? combine(totals[2 * i], totals[2 * i + 1]) : totals[2 * i],
    )
  }
  return totals.length > 0 ? totals[0] : init
}

export interface Scanned<T> {
  x: T
  /** A new segment begins here. */
  head: boolean
}

/** Recursively: what shifts by 1, 2, 4, 8 make of element k is the combination of the last 16, 8 of them and 8 before, and so on. */
export function scanInOrder<T>(rows: Scanned<T>[][], init: T, combine: (a: T, b: T) => T, exclusive: boolean): T[] {
  const out: T[] = []
  let carry = init
  for (const row of rows) {
    for (let from = 0; from < row.length; from += BLOCK) {
      const block = row.slice(from, from + BLOCK)
      let running = init
      let carried = true
      let previous = carry
      for (let first = 0; first < block.length; first += 16) {
        const group = block.slice(first, first + 16)
        /** Whether a segment begins among the `n` elements that end with k. */
        const begins = (k: number, n: number) => group.slice(Math.max(0, k - n + 1), k + 1).some(e => e.head)
        /** The `n` elements that end with k, or those of its segment and group. */
        const last = (k: number, n: number): T => {
          if (n === 1) return group[k].x
          const half = n / 2
          const right = last(k, half)
          return k < half || begins(k, half) ? right : combine(last(k - half, half), right)
        }
        const before = running
        for (const [k, { head }] of group.entries()) {
          running = combine(begins(k, 16) ? init : before, last(k, 16))
          if (head) carried = false
          const result = carried ? combine(carry, running) : running
          out.push(exclusive ? (head ? init : previous) : result)
          previous = result
        }
      }
      carry = carried ? combine(carry, running) : running
    }
  }
  return out
}
