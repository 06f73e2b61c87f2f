/**
 * What the arguments of a collective come to, before it is done now, started, or made persistent: a collective of the contract, or values that go
 * between ranks in one of five patterns.
 */

import type { Collective } from '../engine.ts'

/** Typed elements. */
export class Plan<T> {
  readonly collective: Collective
  /** Of the call: the new array, or what was given. */
  readonly value: T
  /** Makes the value when it is over. */
  readonly finish: (() => T) | undefined

  constructor(collective: Collective, value: T, finish?: () => T) {
    this.collective = collective
    this.value = value
    this.finish = finish
  }
}

export type Pattern =
  | 'bcast'
  | 'gather'
  | 'scatter'
  | 'allgather'
  | 'alltoall'
  | 'neighborAllgather'
  | 'neighborAlltoall'

/** Values. */
export class ValuePlan<T> {
  readonly pattern: Pattern
  /** What this rank gives: one value, or in scatter and alltoall one for each rank. */
  readonly given: unknown
  readonly root: number
  /** Makes the result of what came, by rank: one value in bcast and scatter. Ranks to which nothing comes have none. */
  readonly finish: (came: unknown[]) => T

  constructor(pattern: Pattern, given: unknown, root: number, finish: (came: unknown[]) => T) {
    this.pattern = pattern
    this.given = given
    this.root = root
    this.finish = finish
  }
}
