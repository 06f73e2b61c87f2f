/** Several items as one task, so that a short function costs little more than itself. */

import type { Callee } from '../callee/callee.ts'
import { functionOf } from '../callee/function-of.ts'
import { isThenable, resultOf } from '../deferred.ts'
import { task } from '../definition.ts'
import type { AnyFunction } from '../registry.ts'

export interface BatchResult {
  readonly results: readonly unknown[]
  /** How long the function took for all of them. */
  readonly tookMs: number
  /** The item after those of `results`, and what the function threw for it. */
  readonly failed: { readonly thrown: unknown } | undefined
}

/** @param throws an error is thrown as it is, for the engine to retry the batch */
export const batch = task(
  import.meta,
  'batch',
  (callee: Callee, items: readonly unknown[], throws: boolean): BatchResult | Promise<BatchResult> => {
    const fn = functionOf(callee)
    return isThenable(fn) ? fn.then(found => run(found, items, throws)) : run(fn, items, throws)
  },
)

function run(fn: AnyFunction, items: readonly unknown[], throws: boolean): BatchResult | Promise<BatchResult> {
  const results: unknown[] = []
  const begun = performance.now()
  const end = (failed?: { thrown: unknown }): BatchResult => {
    if (failed && throws) throw failed.thrown
    return { results, tookMs: performance.now() - begun, failed }
  }
  try {
    for (const item of items) {
      const result = resultOf(fn(item))
      if (isThenable(result)) return goOn(result)
      results.push(result)
    }
    return end()
  } catch (thrown) {
    return end({ thrown })
  }

  /** From the first result that must be awaited. */
  async function goOn(first: PromiseLike<unknown>): Promise<BatchResult> {
    try {
      results.push(await first)
      while (results.length < items.length) results.push(await resultOf(fn(items[results.length])))
      return end()
    } catch (thrown) {
      return end({ thrown })
    }
  }
}
