/**
 * A worker as the scheduler sees it: what was dispatched there and is not back. A task keeps the place it was dispatched
 * to, so that one which outlives its worker, because another had taken it from the queue, is counted off where it was counted.
 */

/** What a task needs beyond one CPU of any worker. */
export interface Request {
  readonly cpus: number
  /** Amounts of the engine's other resources, by name. */
  readonly amounts: readonly (readonly [name: string, amount: number])[]
  /** The worker it must run on, or -1. */
  readonly worker: number
  /** It shares its worker whatever else runs there: calls of an actor. */
  readonly beside: boolean
}

export class Place {
  readonly worker: number
  /** CPUs lent to tasks that asked for some other than one anywhere, but for those that await others. */
  cpus = 0
  /** Tasks dispatched to its open queue and not back, but for those that await others. */
  open = 0
  /** Calls of its actors. */
  beside = 0
  /** Everything. */
  dispatched = 0

  constructor(worker: number) {
    this.worker = worker
  }

  /** Counts a task in, or, with -1, off. */
  count({ request, awaits }: { readonly request: Request | undefined; readonly awaits: boolean }, sign: 1 | -1): void {
    this.dispatched += sign
    if (request === undefined) this.open += awaits ? 0 : sign
    else if (request.beside) this.beside += sign
    else this.cpus += awaits ? 0 : sign * request.cpus
  }

  /** Whether it can lend so many CPUs more. A task that asks for one or more has the worker to itself. */
  fits(cpus: number): boolean {
    return cpus === 0 || (cpus >= 1 ? this.cpus <= rounding : this.cpus + cpus <= 1 + rounding)
  }

  /** No CPU is lent: it can take plain tasks. */
  get isWhole(): boolean {
    return this.cpus <= rounding
  }
}

/** Fractions of a CPU, lent and given back, do not add up to nothing exactly. */
export const rounding = 1e-9
