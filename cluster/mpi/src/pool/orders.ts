/**
 * What the client of a pool and its workers say to each other. Each is a list that begins with its kind: lists pack shorter than objects, and a short task is
 * not much more than its messages.
 */

import type { Callee } from '@skein/tasks/callee'

export const run = 0
export const define = 1
export const forget = 2
export const stop = 3

/** To a worker. */
export type Order =
  /** Calls of one function, by its key: the arguments of each. */
  | readonly [is: typeof run, chunk: number, key: number, calls: readonly (readonly unknown[])[]]
  | readonly [is: typeof define, key: number, callee: Callee]
  | readonly [is: typeof forget, key: number]
  /** After it has heard of so many cancelled chunks: no message is left behind. */
  | readonly [is: typeof stop, cancelled: number]

export const ready = 0
export const unready = 1
export const done = 2
export const skipped = 3
export const threw = 4

/** From a worker. */
export type Reply =
  | readonly [is: typeof ready]
  /** Its initializer threw. */
  | readonly [is: typeof unready, error: unknown]
  | readonly [is: typeof done, chunk: number, ms: number, results: readonly unknown[]]
  /** It was cancelled before the call after those that have results. */
  | readonly [is: typeof skipped, chunk: number, ms: number, results: readonly unknown[]]
  /** The call after those that have results threw. */
  | readonly [is: typeof threw, chunk: number, ms: number, results: readonly unknown[], error: unknown]

/** Orders and replies are one stream; a cancelled chunk is told beside it, for it may overtake what stands in line. */
export const mainTag = 0
export const cancelTag = 1
