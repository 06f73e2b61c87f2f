/**
 * What this thread knows by module and name. A worker that is to run `simulate` of a module imports the module, and finds
 * here what its `task(import.meta, 'simulate', …)` left.
 */

import type { ActorOptions, TaskOptions } from './options.ts'

export type AnyFunction = (...args: any[]) => unknown
export type AnyClass = new (...args: any[]) => object

export interface TaskDefinition {
  readonly kind: 'task'
  readonly url: string
  readonly name: string
  readonly fn: AnyFunction
  readonly options: TaskOptions
}

export interface ActorDefinition {
  readonly kind: 'actor'
  readonly url: string
  readonly name: string
  readonly type: AnyClass
  readonly options: ActorOptions
  /** Names of its public methods, in the order a call gives them by number. */
  readonly methods: readonly string[]
}

export type Definition = TaskDefinition | ActorDefinition

const definitions = new Map<string, Definition>()
const keyOf = (url: string, name: string): string => `${url}#${name}`

/** Whoever waits for a definition that an import under way should bring. */
const awaited = new Map<string, () => void>()

/** The definition of that module and name, if any was registered before. */
export const registered = (url: string, name: string): Definition | undefined => definitions.get(keyOf(url, name))

export function register(definition: Definition): void {
  const key = keyOf(definition.url, definition.name)
  definitions.set(key, definition)
  awaited.get(key)?.()
}

/** Calls back when a definition is registered; one at a time for each. */
export function onRegistered(url: string, name: string, listener: (() => void) | undefined): void {
  if (listener) awaited.set(keyOf(url, name), listener)
  else awaited.delete(keyOf(url, name))
}

/**
 * Ends the import of a module that a worker imports for its definitions: thrown by the first call at top level that would
 * start something. Not an Error: nothing went wrong, and a stack would cost.
 */
export class StopImport {
  toString(): string {
    return 'This worker imports the module for its tasks only.'
  }
}
