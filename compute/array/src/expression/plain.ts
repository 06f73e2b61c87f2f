/** Plain kernels on the backend that arrays are computed on. */

import type { Kernel, Range } from '@skein/kernel'
import type { BackendName } from '@skein/kernel/compiler'
import type { Run } from './launch.ts'
import { backendNow } from './programs.ts'

const byBackend = new WeakMap<object, Map<BackendName, object>>()

export function onBackend<K extends { on(backend: BackendName): unknown }>(k: K): K {
  const name = backendNow().name as BackendName
  let known = byBackend.get(k)
  if (!known) byBackend.set(k, (known = new Map()))
  let found = known.get(name) as K | undefined
  if (!found) known.set(name, (found = k.on(name) as K))
  return found
}

/** A plain kernel over a range, as a piece of work. */
export function runOf<A extends unknown[]>(k: Kernel<A>, range: Range, ...args: A): Run {
  const on = onBackend(k)
  return { now: () => on(range, ...args), beside: () => on.async(range, ...args) }
}
