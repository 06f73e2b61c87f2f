/** Items brought together by key: in each task before a shuffle, so that less is sent, and after it, so that it is whole. */

import type { AnyFunction } from '../registry.ts'
import { unpack } from '../values/pack.ts'
import type { Lists } from './block.ts'
import { bucketOf, type Canonical, canonical } from './key.ts'

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

interface Entry {
  readonly key: unknown
  value: unknown
}

export class Entries {
  readonly #merger: Merger
  /** By the key itself: canonical texts are made of objects only, since to look into a string takes as long as to find it. */
  readonly #byKey = new Map<unknown, Entry>()
  /** Of keys that are objects, by their canonical text. */
  readonly #byText = new Map<Canonical, Entry>()
  /** In the order in which the keys came. */
  readonly #all: Entry[] = []

  constructor(merger: Merger) {
    this.#merger = merger
  }

  #find(key: unknown): Entry | undefined {
    return typeof key === 'object' && key !== null ? this.#byText.get(canonical(key)) : this.#byKey.get(key)
  }

  #enter(key: unknown, value: unknown): void {
    const entry = { key, value }
    const name = canonical(key)
    if (typeof key === 'object' && key !== null) this.#byText.set(name, entry)
    else this.#byKey.set(key, entry)
    this.#all.push(entry)
  }

  add(key: unknown, item: unknown): void {
    const entry = this.#find(key)
    if (entry === undefined) this.#enter(key, this.#merger.begin(item))
    else entry.value = this.#merger.add(entry.value, item)
  }

  /** Takes the entries of another task. */
  combine([keys, values = keys]: Lists): void {
    for (let i = 0; i < keys.length; i++) {
      const entry = this.#find(keys[i])
      if (entry === undefined) this.#enter(keys[i], values[i])
      else entry.value = this.#merger.combine(entry.value, values[i])
    }
  }

  get(key: unknown): unknown {
    return this.#find(key)?.value
  }

  has(key: unknown): boolean {
    return this.#find(key) !== undefined
  }

  /** In the order in which the keys came. */
  values(): Iterable<Entry> {
    return this.#all
  }

  /** `[key, value]` each, for a step that wants pairs. */
  *pairs(): Generator<[unknown, unknown]> {
    for (const { key, value } of this.#all) yield [key, value]
  }

  /** Keys and values, by bucket. @param areItems the keys are the values */
  inBuckets(buckets: number, areItems: boolean): Lists[] {
    const all = Array.from({ length: buckets }, (): unknown[][] => (areItems ? [[]] : [[], []]))
    for (const { key, value } of this.#all) {
      const lists = all[buckets === 1 ? 0 : bucketOf(canonical(key), buckets)]
      lists[0].push(key)
      if (!areItems) lists[1].push(value)
    }
    return all
  }
}
