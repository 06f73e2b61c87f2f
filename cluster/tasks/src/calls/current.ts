/** What a task can ask about itself. */

import { contexts } from './context.ts'

export interface Current {
  /** Its number in the program. */
  readonly task: number
  /** The worker it runs on, from 1. */
  readonly worker: number
  /** Fires when the task should stop, in a turn of the event loop. */
  readonly signal: AbortSignal
  /** The same for a function that never lets the event loop turn: to be asked now and then in its loops. */
  readonly isCancelled: boolean
}

/** The task this code runs in; undefined in the main program. */
export function current(): Current | undefined {
  const context = contexts.getStore()
  if (!context) return undefined
  return {
    task: context.task,
    worker: context.worker + 1,
    get signal() {
      context.abort ??= new AbortController()
      return context.abort.signal
    },
    get isCancelled() {
      return context.isCancelled()
    },
  }
}
