/**
 * A worker as the scheduler sees it: what was dispatched there and is not back. A task keeps the place it was dispatched
 * to, so that one which outlives its worker, because another had taken it from the queue, is counted off where it was counted.
 */

import { type Group, rounding } from './group.ts'

/** What a task needs beyond one CPU of any worker. */
export interface Request {
  /** Beyond one: the worker's own, and those of others, which are set aside meanwhile. */
  readonly cpus: number
  /** Amounts of the engine's other resources, by name. */
  readonly amounts: readonly (readonly [name: string, amount: number])[]
  /** The worker it must run on, or -1. Of an actor's calls: once it is known where that lives. */
  readonly worker: number
  /** It shares its worker whatever else runs there: calls of an actor. */
  readonly beside: boolean
  /** Of the workers where it fits, the fullest or the emptiest; by default that with the fewest tasks. */
  readonly prefer?: 'pack' | 'spread'
  /** It takes what it needs from this group, and runs where that is; from any bundle, or the one with this number. */
  readonly group?: Group
  readonly bundle?: number
  /** What it holds is kept when it has finished, until it is released: the constructor of an actor with resources. */
  readonly keeps?: boolean
}

/** What a task takes of the worker that runs it. */
export const cpusAtHome = ({ cpus }: Request): number => Math.min(cpus, 1)

/** What a task takes of another worker, which asks for more CPUs than one has. */
export interface Share {
  readonly worker: number
  readonly cpus: number
}

export class Place {
  readonly worker: number
  /** CPUs lent to tasks that asked for some other than one anywhere, but for those that await others; and to bundles. */
  cpus = 0
  /** Tasks dispatched to its open queue and not back, but for those that await others. */
  open = 0
  /** Calls of its actors. */
  beside = 0
  /** Everything. */
  dispatched = 0
  /** What is kept here. */
  kept = 0
  /** When it was last chosen to spread. */
  chosen = 0

  constructor(worker: number) {
    this.worker = worker
  }

  /** Counts a task in, or, with -1, off. @param cpus that it takes from the worker itself, not from a bundle */
  count(
    { request, awaits }: { readonly request: Request | undefined; readonly awaits: boolean },
    sign: 1 | -1,
    cpus = request === undefined ? 0 : cpusAtHome(request),
  ): void {
    this.dispatched += sign
    if (request === undefined) this.open += awaits ? 0 : sign
    else if (request.beside) this.beside += sign
    else this.cpus += awaits ? 0 : sign * cpus
  }

  /** No CPU is lent: it can take plain tasks. */
  get isWhole(): boolean {
    return this.cpus <= rounding
  }

  get load(): number {
    return this.dispatched + this.kept
  }
}
