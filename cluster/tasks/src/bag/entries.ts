/** Items brought together by key: in each task before a shuffle, so that less is sent, and after it, so that it is whole. */

import type { AnyFunction } from '../registry.ts'
import { unpack } from '../values/pack.ts'
import type { Bucketed, Lists } from './block.ts'
import { KeyIndex } from './key-index.ts'

/** How items of one key become one entry. `Items` differs from an item only where entries of several blocks meet. */
export interface Merger {
  /** The entry of a key's first item. */
  begin(item: unknown): unknown
  /** With one item more. */
  add(entry: unknown, item: unknown): unknown
  /** Of two tasks. */
  combine(entry: unknown, other: unknown): unknown
}

const group: Merger = {
  begin: item => [item],
  add: (entry, item) => {
    ;(entry as unknown[]).push(item)
    return entry
  },
  combine: (entry, other) => {
    for (const item of other as unknown[]) (entry as unknown[]).push(item)
    return entry
  },
}

const count: Merger = {
  begin: () => 1,
  add: entry => (entry as number) + 1,
  combine: (entry, other) => (entry as number) + (other as number),
}

const first: Merger = { begin: item => item, add: entry => entry, combine: entry => entry }

/** @param initial packed: each key gets a copy of its own */
const fold = (initial: Uint8Array, step: AnyFunction, combine: AnyFunction): Merger => ({
  begin: item => step(unpack(initial), item),
  add: step,
  combine,
})

export const mergers = { group, count, first, fold }

export class Entries {
  readonly #merger: Merger
  readonly #index = new KeyIndex()
  /** By the numbers of the keys. */
  readonly #values: unknown[] = []

  constructor(merger: Merger) {
    this.#merger = merger
  }

  add(key: unknown, item: unknown): void {
    const i = this.#index.enter(key)
    const values = this.#values
    if (i === values.length) values.push(this.#merger.begin(item))
    else values[i] = this.#merger.add(values[i], item)
  }

  /** What `add` does where the merger is `count`, as most often, without calls of it. */
  count(key: unknown): void {
    const i = this.#index.enter(key)
    const counts = this.#values as number[]
    if (i === counts.length) counts.push(1)
    else counts[i]++
  }

  /** Takes the entries of another task. */
  combine([keys, others = keys]: Lists): void {
    const values = this.#values
    for (let k = 0; k < keys.length; k++) {
      const i = this.#index.enter(keys[k])
      if (i === values.length) values.push(others[k])
      else values[i] = this.#merger.combine(values[i], others[k])
    }
  }

  get(key: unknown): unknown {
    return this.#values[this.#index.find(key)]
  }

  has(key: unknown): boolean {
    return this.#index.find(key) >= 0
  }

  /** In the order in which their keys came. */
  get values(): readonly unknown[] {
    return this.#values
  }

  /** `[key, value]` each, for a step that wants pairs. */
  *pairs(): Generator<[unknown, unknown]> {
    const { keys } = this.#index
    for (let i = 0; i < keys.length; i++) yield [keys[i], this.#values[i]]
  }

  /** Keys and values, those of a bucket in the order in which they came. @param areItems the keys are the values */
  inBuckets(buckets: number, areItems: boolean): Bucketed {
    const { keys } = this.#index
    const borders = new Array<number>(buckets + 1).fill(0)
    const bucketOf = keys.map((_, i) => this.#index.bucketOf(i, buckets))
    for (const bucket of bucketOf) borders[bucket + 1]++
    for (let bucket = 0; bucket < buckets; bucket++) borders[bucket + 1] += borders[bucket]
    const next = borders.slice()
    const [sortedKeys, sortedValues] = [new Array<unknown>(keys.length), new Array<unknown>(keys.length)]
    bucketOf.forEach((bucket, i) => {
      const at = next[bucket]++
      sortedKeys[at] = keys[i]
      sortedValues[at] = this.#values[i]
    })
    return { lists: areItems ? [sortedKeys] : [sortedKeys, sortedValues], borders }
  }
}
