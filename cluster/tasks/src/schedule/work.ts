/** A task as the scheduler sees it. The engine's record of a task extends it, so that a task is one object. */

export type State = 'new' | 'waiting' | 'ready' | 'dispatched' | 'settled'

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

export class Work {
  readonly id: number
  /** Who submitted it: callers are served in turn. */
  readonly caller: number
  readonly priority: number
  /** Undefined for a plain task: one CPU, anywhere. */
  readonly request: Request | undefined
  retriesLeft: number

  // What follows is the scheduler's.
  state: State = 'new'
  /** Dependencies that are not there yet. */
  pending = 0
  /** Who waits for this one. */
  dependents: Work[] | undefined
  /** Where it was dispatched to; a plain task may have been taken by another. */
  worker = -1
  attempts = 0
  /** Dispatched, and waiting for other tasks: it takes no place in its worker's queue. */
  awaits = false
  next: Work | undefined

  constructor(id: number, caller: number, priority: number, request: Request | undefined, retries: number) {
    this.id = id
    this.caller = caller
    this.priority = priority
    this.request = request
    this.retriesLeft = retries
  }
}
