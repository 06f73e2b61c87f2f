/** What can go wrong with a pool of ranks. */

import { describe, registerError, SkeinError } from '@skein/base'

/** A task's function threw. `cause` is what it threw, with the stack of the rank that ran it; this error's own stack is the submitting side's. */
export class PoolTaskError extends SkeinError {
  static {
    registerError(PoolTaskError, 'PoolTaskError')
  }
  declare readonly task: string
  /** In the pool's communicator. */
  declare readonly rank: number

  constructor(task: string, rank: number, cause: unknown) {
    const told = cause instanceof Error ? `${cause.name}: ${cause.message}` : describe(cause)
    super('SKEIN_POOL_TASK', `Task '${task}' failed on rank ${rank}: ${told}`, { task, rank }, { cause })
  }
}

/** A pool takes no more tasks, and those that it had are lost: it was shut down, or cannot go on. */
export class PoolClosedError extends SkeinError {
  static {
    registerError(PoolClosedError, 'PoolClosedError')
  }
  /** Its communicator's name. */
  declare readonly comm: string
  declare readonly reason: string

  constructor(comm: string, reason: string, options?: ErrorOptions) {
    super('SKEIN_POOL_CLOSED', `The pool on ${comm} is closed: ${reason}`, { comm, reason }, options)
  }
}
