/** A task as the scheduler sees it. The engine's record of a task extends it, so that a task is one object. */

import type { Place, Request } from './place.ts'

export type State = 'new' | 'waiting' | 'ready' | 'dispatched' | 'settled'

export abstract class Work {
  readonly id: number
  /** Who submitted it: callers are served in turn. */
  readonly caller: number
  retriesLeft: number

  // What tasks of a kind share is no field: a million of them may be queued.
  abstract get priority(): number
  /** Undefined for a plain task: one CPU, anywhere. */
  abstract get request(): Request | undefined

  // What follows is the scheduler's.
  state: State = 'new'
  /** Dependencies that are not there yet. */
  pending = 0
  /** Who waits for this one. */
  dependents: Work[] | undefined
  /** Where it was dispatched to, while it is; a plain task may have been taken by another worker. */
  place: Place | undefined
  attempts = 0
  /** Dispatched, and waiting for other tasks: it takes no place in its worker's queue, and no CPU. */
  awaits = false
  /** Its neighbours in the queue it stands in. */
  previous: Work | undefined
  next: Work | undefined

  constructor(id: number, caller: number, retries: number) {
    this.id = id
    this.caller = caller
    this.retriesLeft = retries
  }
}
