/**
 * CPUs that several threads of the process share, each with a team of its own: workers of a pool. A team with a quota asks before each call how
 * many threads may help, so that all teams together use no more than there are.
 */

export interface Quota {
  /** Takes up to so many CPUs for threads of a call; how many. */
  take(most: number): number
  giveBack(count: number): void
}

/** @param cpus how many there are for all */
export type QuotaOf = (cpus: number) => Quota

let ofThisThread: QuotaOf | undefined

/** From now on the default team of this thread, if it is not made yet, is one of several that share the CPUs. */
export const shareCpus = (quotaOf: QuotaOf): void => {
  ofThisThread = quotaOf
}

export const quotaOfThisThread = (cpus: number): Quota | undefined => ofThisThread?.(cpus)
