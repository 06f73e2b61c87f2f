/** Timing something short, often enough that one disturbance does not count. */

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** The form that every benchmark of the project writes. */
export interface Row {
  readonly suite: string
  readonly case: string
  readonly n: number
  readonly dtype: string
  readonly threads: number
  /** `skein:wasm`, `plain JS`, `memory.copy`. */
  readonly who: string
  readonly seconds: Spread
  readonly checksum: number | null
}

export function spread(seconds: readonly number[]): Spread {
  const sorted = [...seconds].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, min: sorted[0], max: sorted.at(-1)! }
}

/** Runs each in turn, round after round, so that a slow moment falls on all; the first round warms up and is not counted. */
export function interleave(
  work: readonly (() => unknown)[],
  { rounds, seconds }: { rounds: number; seconds: number },
): Spread[] {
  const samples: number[][] = work.map(() => [])
  const started = performance.now()
  for (let round = 0; round <= rounds; round++) {
    work.forEach((run, k) => {
      const before = performance.now()
      run()
      if (round > 0) samples[k].push((performance.now() - before) / 1000)
    })
    // Slow machines get fewer rounds, but never a single one.
    if (round >= 3 && performance.now() - started > seconds * 1000) break
  }
  return samples.map(spread)
}
