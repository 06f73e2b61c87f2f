/** Farm's `distribute`: a job for each item, results in order. */

import type { ResultOf, Task } from '../definition.ts'
import type { Batches } from '../map/batches.ts'
import { batchesOf, eachOf, resultsOf } from '../map/parallel-map.ts'
import { checkKeys } from '../options.ts'
import type { Progress } from '../progress/progress.ts'

export interface DistributeOptions {
  /** Most jobs under way at once. Default: two for each worker. */
  readonly concurrency?: number
  readonly signal?: AbortSignal
  /** True: a bar in the terminal. */
  readonly progress?: Progress<[done: number, total: number | undefined]>
}

interface Distribute {
  /**
   * Runs a task for each item and resolves to the results, in the order of the items, each once, whatever happens to workers
   * meanwhile: an item whose worker was lost is done again by another, as often as the task's `retries` allow (3), and nothing but
   * that item. (`parallelMap` batches short items and does whole batches again.)
   *
   * @throws (rejects with) ArgumentError, ItemError, WorkerLostError, CancelledError, NotCloneableError
   */
  <T, R>(
    items: Iterable<T> | AsyncIterable<T>,
    t: Task<[item: T], R>,
    options?: DistributeOptions,
  ): Promise<ResultOf<R>[]>
  /** The same as an iterator: results in order, as they come. */
  each<T, R>(
    items: Iterable<T> | AsyncIterable<T>,
    t: Task<[item: T], R>,
    options?: DistributeOptions,
  ): AsyncIterableIterator<ResultOf<R>>
}

const optionNames = new Set(['concurrency', 'signal', 'progress'])

/** @throws ArgumentError */
function jobsOf(call: string, items: unknown, t: unknown, options: DistributeOptions = {}): Batches {
  checkKeys(call, options, optionNames)
  return batchesOf(call, items, t, { ...options, chunk: 1, ordered: true })
}

export const distribute = Object.assign(
  async (items: unknown, t: unknown, options?: DistributeOptions) => resultsOf(jobsOf('distribute', items, t, options)),
  {
    each: (items: unknown, t: unknown, options?: DistributeOptions) =>
      eachOf(jobsOf('distribute.each', items, t, options)),
  },
) as unknown as Distribute
