/** What a task can know about itself while it runs. */

import { AsyncLocalStorage } from 'node:async_hooks'

/** Of one attempt of one task, or one call of an actor. */
export interface Context {
  readonly slot: number
  readonly task: number
  /** Its number from 0. */
  readonly worker: number
  /** Made when the task asks for it. */
  abort: AbortController | undefined
  /** Someone wants it to stop. */
  isCancelled(): boolean
}

/** Whose code runs in a flow of asynchronous calls. */
export interface Scope {
  readonly context: Context | undefined
}

const scopes = new AsyncLocalStorage<Scope>()

/**
 * The context of the code that runs. A scope of its own for each task takes longer than a short task: a worker runs many,
 * one after the other, in a scope that changes, and leaves that to the first which goes on after it has returned.
 */
export const contexts = {
  getStore: (): Context | undefined => scopes.getStore()?.context,
  run: <A extends unknown[], R>(context: Context, fn: (...args: A) => R, ...args: A): R =>
    scopes.run({ context }, fn, ...args),
  /** Runs in a scope whose context the caller changes. */
  runIn: <R>(scope: Scope, fn: () => R): R => scopes.run(scope, fn),
  exit: <R>(fn: () => R): R => scopes.exit(fn),
}
