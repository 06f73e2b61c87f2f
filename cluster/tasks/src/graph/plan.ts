/**
 * From wanted outputs to tasks: only what they need (cull), in an order in which each comes after what it needs, and chains of
 * calls as one task (fuse). A chain is a run of calls in which each result is needed by the next call only: one worker
 * runs it, and what is between is neither sent nor kept.
 */

import type { Lazy } from '../lazy.ts'
import type { TaskOptions } from '../options.ts'

export interface PlannedTask {
  /** In the order they run; the last one's result is the task's. */
  readonly calls: readonly Lazy<unknown>[]
  /** Names of the outputs that it gives. */
  readonly outputs: readonly string[]
}

/** All calls that are needed, dependencies first. Not recursive: chains may be long. */
export function orderOf(wanted: Iterable<Lazy<unknown>>): Lazy<unknown>[] {
  const order: Lazy<unknown>[] = []
  const seen = new Set<Lazy<unknown>>()
  for (const root of wanted) {
    if (seen.has(root)) continue
    seen.add(root)
    const path = [{ call: root, next: 0 }]
    while (path.length > 0) {
      const top = path[path.length - 1]
      const { dependencies } = top.call
      if (top.next === dependencies.length) {
        order.push(top.call)
        path.pop()
        continue
      }
      const call = dependencies[top.next++]
      if (seen.has(call)) continue
      seen.add(call)
      path.push({ call, next: 0 })
    }
  }
  return order
}

export function planOf(outputs: ReadonlyMap<Lazy<unknown>, readonly string[]>, fuse: boolean): PlannedTask[] {
  const order = orderOf(outputs.keys())
  const needed = new Map<Lazy<unknown>, number>()
  for (const call of order) for (const d of call.dependencies) needed.set(d, (needed.get(d) ?? 0) + 1)
  const chains = new Map<Lazy<unknown>, Lazy<unknown>[]>()
  const all: Lazy<unknown>[][] = []
  for (const call of order) {
    const before = call.dependencies.length === 1 ? call.dependencies[0] : undefined
    const chain =
      fuse && before && needed.get(before) === 1 && !outputs.has(before) && sameOptions(before.options, call.options)
        ? chains.get(before)!
        : []
    if (chain.length === 0) all.push(chain)
    chain.push(call)
    chains.set(call, chain)
  }
  return all.map(calls => ({ calls, outputs: outputs.get(calls[calls.length - 1]) ?? [] }))
}

/** Whether one task can run both calls: it has one set of options. The name is for people only. */
function sameOptions(a: TaskOptions, b: TaskOptions): boolean {
  if (a === b) return true
  const { name: _, resources: aResources = {}, ...aRest } = a
  const { name: __, resources: bResources = {}, ...bRest } = b
  return same(aRest, bRest) && same(aResources, bResources)
}

const same = (a: object, b: object): boolean => {
  const [x, y] = [a, b] as { [key: string]: unknown }[]
  return Object.keys({ ...x, ...y }).every(key => x[key] === y[key])
}
