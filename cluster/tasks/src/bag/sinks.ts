/** Where the items of a partition go: each sink takes them one by one and gives the task's result at the end. */

import { ArgumentError } from '@skein/base'
import type { AnyFunction } from '../registry.ts'
import { toBlock } from './block.ts'
import { Entries, type Merger, mergers } from './entries.ts'
import { canonical, compare } from './key.ts'
import type { Order } from './plan.ts'

export interface Collector {
  /** True: it wants no more. */
  add(item: unknown): unknown
  result(): unknown
}

export class ToArray implements Collector {
  readonly #items: unknown[] = []
  readonly #most: number
  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most
  }
  add(item: unknown): boolean {
    return this.#items.push(item) >= this.#most
  }
  result(): unknown[] {
    return this.#items
  }
}

export class ToNothing implements Collector {
  add(): void {}
  result(): undefined {}
}

export class ToCount implements Collector {
  #count = 0
  add(): void {
    this.#count++
  }
  result(): number {
    return this.#count
  }
}

export class ToSum implements Collector {
  #sum = 0
  add(item: unknown): void {
    if (typeof item !== 'number') throw new ArgumentError('bag.sum', 'an item', 'a number', item)
    this.#sum += item
  }
  result(): number {
    return this.#sum
  }
}

export class ToFold implements Collector {
  readonly #step: AnyFunction
  #value: unknown
  constructor(step: AnyFunction, initial: unknown) {
    this.#step = step
    this.#value = initial
  }
  add(item: unknown): void {
    this.#value = this.#step(this.#value, item)
  }
  result(): unknown {
    return this.#value
  }
}

/** An item, and what it is ordered by. Of items that are equal in that, the earlier is better. */
export interface Scored {
  readonly item: unknown
  readonly score: unknown
}

/** The best ones, kept in order: there are few. */
export class ToBest implements Collector {
  readonly #most: number
  readonly #scoreOf: (item: unknown) => unknown
  readonly #isWorse: (score: unknown, other: unknown) => boolean
  readonly #best: Scored[] = []

  constructor(most: number, { by, smallestFirst }: Order, scoreOf: (item: unknown) => unknown) {
    const sign = smallestFirst ? 1 : -1
    this.#most = most
    this.#scoreOf = scoreOf
    this.#isWorse =
      by === 'count'
        ? (score, other) => compareCounts(score as Counted, other as Counted, sign) > 0
        : (score, other) => sign * compare(score, other) > 0
  }

  add(item: unknown): void {
    this.take({ item, score: this.#scoreOf(item) })
  }

  take(scored: Scored): void {
    const best = this.#best
    if (best.length === this.#most && !this.#isWorse(best[best.length - 1].score, scored.score)) return
    // The first that is worse: by halving.
    let [from, to] = [0, best.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (this.#isWorse(best[middle].score, scored.score)) to = middle
      else from = middle + 1
    }
    best.splice(from, 0, scored)
    if (best.length > this.#most) best.pop()
  }

  result(): Scored[] {
    return this.#best
  }
}

type Counted = readonly [key: unknown, count: number]

const compareCounts = (a: Counted, b: Counted, sign: number): number =>
  sign * (a[1] - b[1]) || compare(canonical(a[0]), canonical(b[0]))

export class ToPieces implements Collector {
  readonly #items: unknown[] = []
  readonly #pieces: number
  constructor(pieces: number) {
    this.#pieces = pieces
  }
  add(item: unknown): void {
    this.#items.push(item)
  }
  result(): Uint8Array {
    const [items, n] = [this.#items, this.#pieces]
    const borders = Array.from({ length: n + 1 }, (_, i) => Math.floor((i * items.length) / n))
    return toBlock({ lists: [items], borders })
  }
}

export class ToKeyed implements Collector {
  readonly #entries: Entries
  readonly #keyOf: AnyFunction | undefined
  readonly #buckets: number
  readonly #areItems: boolean
  constructor(buckets: number, keyOf: AnyFunction | undefined, merger: Merger) {
    this.#entries = new Entries(merger)
    this.#keyOf = keyOf
    this.#buckets = buckets
    this.#areItems = keyOf === undefined && merger === mergers.first
  }
  add(item: unknown): void {
    this.#entries.add(this.#keyOf === undefined ? item : this.#keyOf(item), item)
  }
  result(): Uint8Array {
    return toBlock(this.#entries.inBuckets(this.#buckets, this.#areItems))
  }
}

/** Each item is its own key. */
export class ToCounts implements Collector {
  readonly #entries = new Entries(mergers.count)
  readonly #buckets: number
  constructor(buckets: number) {
    this.#buckets = buckets
  }
  add(item: unknown): void {
    this.#entries.count(item)
  }
  result(): Uint8Array {
    return toBlock(this.#entries.inBuckets(this.#buckets, false))
  }
}
