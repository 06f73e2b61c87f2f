/** A function over many items, on all workers. */

import { ArgumentError } from '@skein/base'
import { type Captured, calleeOf } from '../callee/callee.ts'
import type { ResultOf, Task } from '../definition.ts'
import { engineHere } from '../engine.ts'
import { checkKeys, checkSignal, type TaskOptions } from '../options.ts'
import { checkProgress, type Progress } from '../progress/progress.ts'
import { Batches, type BatchesOptions } from './batches.ts'

export interface ParallelMapOptions {
  /** Most batches under way at once. Default: two for each worker. */
  readonly concurrency?: number
  /**
   * Items of a batch, which is one task. Default: as many as take some milliseconds, found while it runs; one for a task with
   * `retryOn` or `timeoutMs`.
   */
  readonly chunk?: number
  /**
   * Called as batches come back; `total` is undefined for a source whose length is not known. True: a bar in the terminal.
   */
  readonly progress?: Progress<[done: number, total: number | undefined]>
  /** Cancels what is under way; the call fails with a CancelledError. */
  readonly signal?: AbortSignal
  /** Results in the order of the items (the default), or as they are done. */
  readonly ordered?: boolean
  /** For a plain function: what it uses besides its own, by name. */
  readonly use?: Captured | (() => Captured)
}

type Items<T> = Iterable<T> | AsyncIterable<T>

interface ParallelMap {
  /**
   * Runs a task, or a plain function by its text, for each item on the workers, and resolves to the results.
   *
   *     const sizes = await parallelMap(paths, measure, { progress: true })
   *
   * Short items go in batches, so that an item costs little more than the function itself. When one fails, the rest is cancelled.
   *
   * @param items any iterable, asynchronous ones too: they are taken as there is room for them
   * @throws ArgumentError, NotPortableError; (rejects with) ItemError, WorkerLostError, CancelledError, NotCloneableError
   */
  <T, R>(items: Items<T>, t: Task<[item: T], R>, options?: ParallelMapOptions): Promise<ResultOf<R>[]>
  <T, R>(items: Items<T>, fn: (item: T) => R, options?: ParallelMapOptions): Promise<ResultOf<R>[]>
  /**
   * The same as an iterator: results as they come, while later items are under way. A slow reader holds the source back; one
   * that stops early cancels the rest.
   */
  each<T, R>(items: Items<T>, t: Task<[item: T], R>, options?: ParallelMapOptions): AsyncIterableIterator<ResultOf<R>>
  each<T, R>(items: Items<T>, fn: (item: T) => R, options?: ParallelMapOptions): AsyncIterableIterator<ResultOf<R>>
}

/** All results, in one array. */
export async function resultsOf(batches: Batches): Promise<unknown[]> {
  const all: unknown[] = []
  try {
    for (let results = await batches.next(); results; results = await batches.next()) {
      for (const result of results) all.push(result)
    }
    return all
  } finally {
    batches.close()
  }
}

/** The same, as they come. */
export async function* eachOf(batches: Batches): AsyncGenerator<unknown> {
  try {
    for (let results = await batches.next(); results; results = await batches.next()) yield* results
  } finally {
    batches.close()
  }
}

export const parallelMap = Object.assign(
  async (items: unknown, fn: unknown, options?: ParallelMapOptions) =>
    resultsOf(batchesOf('parallelMap', items, fn, options)),
  {
    // The input is checked at once, not when the first result is asked for.
    each: (items: unknown, fn: unknown, options?: ParallelMapOptions) =>
      eachOf(batchesOf('parallelMap.each', items, fn, options)),
  },
) as unknown as ParallelMap

const optionNames = new Set(['concurrency', 'chunk', 'progress', 'signal', 'ordered', 'use'])

/** @throws ArgumentError; NotPortableError */
export function batchesOf(call: string, items: unknown, fn: unknown, options: ParallelMapOptions = {}): Batches {
  const given = items as Iterable<unknown> | AsyncIterable<unknown> | null | undefined
  const isIterable =
    typeof given === 'object' && given !== null && (Symbol.iterator in given || Symbol.asyncIterator in given)
  if (!isIterable) throw new ArgumentError(call, 'items', 'an array or another iterable', items)
  checkKeys(call, options, optionNames)
  const { concurrency, chunk, progress, signal, ordered = true, use } = options
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new ArgumentError(call, 'concurrency', 'a whole number from 1', concurrency)
  }
  if (chunk !== undefined && !(Number.isInteger(chunk) && chunk >= 1)) {
    throw new ArgumentError(call, 'chunk', 'a whole number from 1', chunk)
  }
  checkProgress(call, progress)
  checkSignal(call, signal)
  if (typeof ordered !== 'boolean') throw new ArgumentError(call, 'ordered', 'true or false', ordered)
  const callee = calleeOf(call, fn, use)
  if (callee.defined && use !== undefined) {
    throw new ArgumentError(call, 'use', 'left out for a task', use, 'Its module has all that it needs')
  }
  const task: TaskOptions = callee.defined ? (fn as { options: TaskOptions }).options : {}
  const most = concurrency ?? 2 * engineHere().parallelism
  const settings: BatchesOptions = { call, concurrency: most, chunk, progress, signal, ordered }
  return new Batches(given, callee, task, settings)
}
