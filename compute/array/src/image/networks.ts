/** Sorting networks: comparisons that bring n values into order whatever they are, so that lanes need no branches. */

/** Pairs of places that are compared, and exchanged if the first holds the larger: Batcher's merge exchange (D. Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M). */
export function* mergeExchange(n: number): Generator<readonly [number, number]> {
  let top = 1
  while (top < n) top *= 2
  for (let p = top >> 1; p > 0; p >>= 1) {
    let [q, r, d] = [top >> 1, 0, p]
    for (;;) {
      for (let i = 0; i + d < n; i++) if ((i & p) === r) yield [i, i + d]
      if (q === p) break
      d = q - p
      q >>= 1
      r = p
    }
  }
}
