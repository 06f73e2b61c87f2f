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

export function scanInOrder<T>(rows: Scanned<T>[][], init: T, combine: (a: T, b: T) => T, exclusive: boolean): T[] {
  const out: T[] = []
  let carry = init
  for (const row of rows) {
    for (let from = 0; from < row.length; from += BLOCK) {
      const block = row.slice(from, from + BLOCK)
      let [total, running] = [init, carry]
      for (const { x, head } of block) {
        if (head) total = running = init
        const before = running
        running = combine(running, x)
        total = combine(total, x)
        out.push(exclusive ? before : running)
      }
      carry = block.some(e => e.head) ? total : combine(carry, total)
    }
  }
  return out
}
