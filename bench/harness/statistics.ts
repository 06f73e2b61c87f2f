/** Order statistics of timed repetitions. */

export interface Spread {
  median: number
  min: number
  max: number
}

export interface Sample {
  seconds: number
  /** Share of the measured time that the peer's threads waited for a core that something else held; 0 where unknown. */
  delayed: number
}

/** Above this share of waiting a sample says more about the neighbours than about the peer. */
export const delayedLimit = 0.03

export const isClean = (sample: Sample) => sample.delayed <= delayedLimit

export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/**
 * Median, least and greatest of the undisturbed samples; of all samples when fewer than three were undisturbed,
 * because a spread of one or two would look better than it is.
 */
export function spread(samples: readonly Sample[]): Spread {
  const clean = samples.filter(isClean)
  const seconds = (clean.length >= 3 ? clean : samples).map(s => s.seconds)
  return { median: median(seconds), min: Math.min(...seconds), max: Math.max(...seconds) }
}

/** Half the distance between greatest and least as a share of the median: 0.05 reads as ±5 %. */
export const relativeSpread = (s: Spread) => (s.max === s.min ? 0 : (s.max - s.min) / 2 / s.median)

/** Whether two checksums agree to a relative tolerance; two NaNs never do. */
export function agree(a: number, b: number, tolerance: number): boolean {
  if (a === b) return true
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b))
}

export const geometricMean = (ratios: readonly number[]): number =>
  Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
