/** What a task can know about itself while it runs. */

import { AsyncLocalStorage } from 'node:async_hooks'

/** Of one attempt of one task, or one call of an actor. */
export interface Context {
  readonly slot: number
  readonly task: number
  /** Made when the task asks for it. */
  abort: AbortController | undefined
  /** Results it awaits now: meanwhile its worker may run something else. */
  awaiting: number
  /** It holds the worker's place for a plain task. */
  readonly plain: boolean
  /** Someone wants it to stop. */
  isCancelled(): boolean
}

export const contexts = new AsyncLocalStorage<Context>()
