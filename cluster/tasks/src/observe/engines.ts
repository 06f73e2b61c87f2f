/**
 * The engine of this thread as those see it who look, and who looks. It hangs on the global object: a dashboard may come from
 * another copy of this package than the program's.
 */

import type { Observable } from './observer.ts'

interface Registry {
  engine: Observable | undefined
  readonly listeners: Set<(engine: Observable | undefined) => void>
}

const key = Symbol.for('skein.tasks.engine')
const shared = globalThis as { [key]?: Registry }
const registry: Registry = (shared[key] ??= { engine: undefined, listeners: new Set() })

/** This thread has another engine from now on, or none. */
export function announceEngine(engine: Observable | undefined): void {
  registry.engine = engine
  for (const listener of registry.listeners) listener(engine)
}

/** Calls back now if there is an engine, and whenever there is another; the result ends it. */
export function onEngine(listener: (engine: Observable | undefined) => void): () => void {
  registry.listeners.add(listener)
  if (registry.engine !== undefined) listener(registry.engine)
  return () => registry.listeners.delete(listener)
}
