/** What a graph is wanted for: one call, several in an array, or several by name; its results have the same shape. */

import { ArgumentError } from '@skein/base'
import { Lazy } from '../lazy.ts'
import type { Ref } from '../ref.ts'

export type Outputs = Lazy<any> | readonly Lazy<any>[] | { readonly [name: string]: Lazy<any> }

export type ResultsOf<O> =
  O extends Lazy<infer T> ? T : { -readonly [K in keyof O]: O[K] extends Lazy<infer T> ? T : never }

export type RefsOf<O> =
  O extends Lazy<infer T> ? Ref<T> : { readonly [K in keyof O]: O[K] extends Lazy<infer T> ? Ref<T> : never }

/** @throws ArgumentError */
export function checkOutputs(outputs: unknown): asserts outputs is Outputs {
  if (outputs instanceof Lazy) return
  const wanted = 'made of calls written with t.lazy(…)'
  if (outputs === null || typeof outputs !== 'object') throw new ArgumentError('graph', 'outputs', wanted, outputs)
  const advice = 'A call without .lazy starts at once'
  for (const [name, output] of Object.entries(outputs)) {
    if (!(output instanceof Lazy)) throw new ArgumentError('graph', `outputs.${name}`, wanted, output, advice)
  }
  if (Object.keys(outputs).length === 0) throw new ArgumentError('graph', 'outputs', `${wanted}, one at least`, outputs)
}

/** The calls, with their names. */
export function namedOutputs(outputs: Outputs): [name: string, call: Lazy<unknown>][] {
  return outputs instanceof Lazy ? [['result', outputs]] : Object.entries(outputs as { [name: string]: Lazy<unknown> })
}

/** Something for each output, in their order, in the outputs' shape. */
export function inShapeOf(outputs: Outputs, items: readonly unknown[]): unknown {
  if (outputs instanceof Lazy) return items[0]
  if (Array.isArray(outputs)) return [...items]
  return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, items[i]]))
}
