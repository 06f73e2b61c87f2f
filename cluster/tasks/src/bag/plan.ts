/**
 * What the tasks of a bag do, as data. A partition is an input, steps for each of its items, and a sink:
 *
 *     input → step → step → … → sink
 *
 * One task runs all of that. Items that must meet others of the same key go through a shuffle: each task packs its items into
 * one block, a bucket for each task of the next stage, and those read their buckets of all blocks.
 */

import type { Callee } from '../callee/callee.ts'

export interface Step {
  readonly op: 'map' | 'filter' | 'flatMap'
  readonly callee: Callee
}

/** Where a partition's items come from. Blocks are arrays of the heap, made by the tasks of the stage before. */
export type Input =
  | { readonly is: 'items'; readonly items: ArrayLike<unknown> }
  | { readonly is: 'range'; readonly from: number; readonly to: number }
  /** The lines that begin in these bytes. */
  | {
      readonly is: 'lines'
      readonly path: string
      readonly from: number
      readonly to: number
      readonly encoding: string
    }
  /** One after the other, a bucket of each block. */
  | { readonly is: 'buckets'; readonly blocks: readonly { readonly block: unknown; readonly bucket: number }[] }
  /** The same bucket of all blocks, its entries brought together by key. */
  | { readonly is: 'merged'; readonly merge: Merge; readonly blocks: readonly unknown[]; readonly bucket: number }
  /** The same bucket of the blocks of both sides. */
  | {
      readonly is: 'joined'
      readonly how: JoinKind
      readonly left: readonly unknown[]
      readonly right: readonly unknown[]
      readonly bucket: number
    }

export type JoinKind = 'inner' | 'left' | 'right' | 'outer'

/** What becomes of items with equal keys, before they are sent and where they meet. */
export type Merge =
  | { readonly by: 'group' }
  | { readonly by: 'count' }
  /** The first of them. */
  | { readonly by: 'first' }
  | { readonly by: 'fold'; readonly initial: unknown; readonly step: Callee; readonly combine: Callee }

/** What a partition's task gives. */
export type Sink =
  | { readonly to: 'array' }
  | { readonly to: 'nothing' }
  | { readonly to: 'count' }
  | { readonly to: 'sum' }
  /** At most so many, the first. */
  | { readonly to: 'first'; readonly items: number }
  /** At most so many, the best. */
  | { readonly to: 'best'; readonly items: number; readonly order: Order }
  | { readonly to: 'fold'; readonly initial: unknown; readonly step: Callee }
  /** A block with the items in so many buckets, by their place. */
  | { readonly to: 'pieces'; readonly buckets: number }
  /** A block with the entries in so many buckets, by their key: the item itself, or what a function makes of it. */
  | { readonly to: 'keyed'; readonly buckets: number; readonly key: Callee | undefined; readonly merge: Merge }

/** Which items come first. */
export interface Order {
  /** What is compared: the item itself, what a function makes of it, or the count of a `[key, count]`. */
  readonly by: Callee | 'item' | 'count'
  readonly smallestFirst: boolean
}

/** One partition, and what is to be done with its items. */
export interface Part {
  readonly input: Input
  readonly steps: readonly Step[]
}
