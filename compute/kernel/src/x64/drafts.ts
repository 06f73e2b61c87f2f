/**
 * Drafts: code that is made in less than half the time, since it has no strips. All positions go through what else is for those that strips leave over, a vector at a time under a mask. A kernel's first launches run on
 * one; once that has had as much to do as would have paid for the whole code, this is made, and stays.
 */

import type { Region } from '../ir/ir.ts'

/** Of all launches of a program on drafts. @internal Tests have other numbers, for what is compiled from then on. */
export const most = {
  /** Positions times operations. At 16 to a vector these take a fraction of a millisecond. */
  operations: 2 ** 23,
  /** What the number of operations did not foretell: loops may be long. */
  ms: 2,
}

/** Rounds of a loop, as long as it has not run. */
const rounds = 100

/** How far a program is with its drafts. */
export class Drafts {
  readonly #operations: number
  readonly #most = { ...most }
  #done = 0
  #spentMs = 0

  /** @param operations at one position */
  constructor(operations: number) {
    this.#operations = operations
  }

  /** A launch is to come. */
  add(positions: number): void {
    this.#done += positions * this.#operations
  }

  spend(ms: number): void {
    this.#spentMs += ms
  }

  get areOver(): boolean {
    return this.#done > this.#most.operations || this.#spentMs > this.#most.ms
  }
}

/** Operations at one position, those of loops as often as these may run them. */
export const operationsOf = ({ ops }: Region): number =>
  ops.reduce((sum, { op, regions }) => {
    const inside = regions?.reduce((all, region) => all + operationsOf(region), 0) ?? 0
    return sum + 1 + (op === 'loop' ? rounds * inside : inside)
  }, 0)
