/** Bags: many items in partitions, worked on by all workers. */

import { ArgumentError } from '@skein/base'
import { type Captured, calleeOf, synchronousCalleeOf } from '../callee/callee.ts'
import type { Task } from '../definition.ts'
import { engineHere } from '../engine.ts'
import { checkKeys, checkSignal, checkTaskOptions } from '../options.ts'
import { checkProgress } from '../progress/progress.ts'
import type { Ref } from '../ref.ts'
import { type BagOptions, Evaluation } from './evaluation.ts'
import type { Node } from './node.ts'
import { bestOf, combined } from './partition.ts'
import type { JoinKind, Order, Sink, Step } from './plan.ts'
import type { Scored } from './sinks.ts'

/** What a function uses besides its own, by name. */
export interface UseOptions {
  readonly use?: Captured | (() => Captured)
}

export interface ShuffleOptions extends UseOptions {
  /** Default: as many as before, at most 64. */
  readonly partitions?: number
}

export interface JoinOptions extends ShuffleOptions {
  /** Which items without a partner are kept, with `undefined` in its place: none (`inner`), those of one side, or of both (`outer`). */
  readonly how?: JoinKind
}

type Items<U> = Iterable<U> | AsyncIterable<U> | PromiseLike<Iterable<U>>
type LeftOf<T, H> = H extends 'right' | 'outer' ? T | undefined : T
type RightOf<U, H> = H extends 'left' | 'outer' ? U | undefined : U

/** Combining so many partial results is one task. */
const fanIn = 16

/**
 * Items in partitions. Nothing is computed until a result is asked for: `toArray`, `count`, `sum`, `fold`, `top` … return promises,
 * everything else another bag. Steps that follow each other (`map`, `filter`, `flatMap`) are one task for each partition;
 * `groupBy`, `join`, `distinct`, `frequencies`, `foldBy` and `repartition` bring items together from all partitions.
 *
 * Functions go to the workers as their text. What they use besides their parameters is a global, or is given by name:
 * `filter(x => x > least, { use: { least } })`. A task may be given in the place of a function; its module may import anything.
 */
export class Bag<T> implements AsyncIterable<T> {
  readonly #node: Node
  readonly #options: BagOptions
  /** What `top`, `min` and `max` compare when nothing is said. */
  protected get natural(): 'item' | 'count' {
    return 'item'
  }

  constructor(node: Node, options: BagOptions) {
    this.#node = node
    this.#options = options
  }

  /** The same with a signal, a progress function, or options of its tasks. */
  with(options: BagOptions): this {
    checkOptions('bag.with', options)
    return new (this.constructor as typeof Bag)(this.#node, { ...this.#options, ...options }) as this
  }

  // Steps.

  map<U>(t: Task<[item: T], U>): Bag<Awaited<U>>
  map<U>(fn: (item: T) => U, options?: UseOptions): Bag<Awaited<U>>
  map(fn: unknown, options?: UseOptions): Bag<any> {
    return this.#step('map', fn, options)
  }

  filter(t: Task<[item: T], boolean>): Bag<T>
  filter<U extends T>(fn: (item: T) => item is U, options?: UseOptions): Bag<U>
  filter(fn: (item: T) => unknown, options?: UseOptions): Bag<T>
  filter(fn: unknown, options?: UseOptions): Bag<any> {
    return this.#step('filter', fn, options)
  }

  /** Each item becomes any number of items. */
  flatMap<U>(t: Task<[item: T], Items<U>>): Bag<U>
  flatMap<U>(fn: (item: T) => Items<U>, options?: UseOptions): Bag<U>
  flatMap(fn: unknown, options?: UseOptions): Bag<any> {
    return this.#step('flatMap', fn, options)
  }

  #step(op: Step['op'], fn: unknown, { use }: UseOptions = {}): Bag<any> {
    const callee = calleeOf(`bag.${op}`, fn, use)
    return new Bag({ is: 'step', from: this.#node, step: { op, callee } }, this.#options)
  }

  /** Its items, then those of others. */
  concat(...others: Bag<T>[]): Bag<T> {
    for (const other of others) checkBag('bag.concat', other)
    return new Bag({ is: 'concat', from: [this.#node, ...others.map(other => other.#node)] }, this.#options)
  }

  // What brings items together.

  /** `[key, items]` for each key, its items in their order. */
  groupBy<K>(key: (item: T) => K, options: ShuffleOptions = {}): Bag<[key: K, items: T[]]> {
    return this.#shuffle('groupBy', key, { by: 'group' }, options)
  }

  /**
   * `[key, value]` for each key, its items folded as they are found: less is sent than by `groupBy`.
   *
   * @param initial what each fold begins with: every partition has its own copy
   * @param combine brings the values of two partitions together
   */
  foldBy<K, A>(
    key: (item: T) => K,
    initial: A,
    step: (value: A, item: T) => A,
    combine: (a: A, b: A) => A,
    options: ShuffleOptions = {},
  ): Bag<[key: K, value: A]> {
    const { use } = options
    const functions = {
      step: synchronousCalleeOf('bag.foldBy', step, use),
      combine: synchronousCalleeOf('bag.foldBy', combine, use),
    }
    return this.#shuffle('foldBy', key, { by: 'fold', initial, ...functions }, options)
  }

  /** `[item, how often]` for each different item. */
  frequencies(options: ShuffleOptions = {}): Frequencies<T> {
    const { partitions } = checkedShuffle('bag.frequencies', options)
    const merge = { by: 'count' } as const
    return new Frequencies({ is: 'shuffle', from: this.#node, key: undefined, merge, partitions }, this.#options)
  }

  /** Each item once, the first of those that are equal, or have equal keys. */
  distinct<K>(key?: ((item: T) => K) | undefined, options: ShuffleOptions = {}): Bag<T> {
    return this.#shuffle('distinct', key, { by: 'first' }, options)
  }

  /**
   * Pairs `[a, b]` of items of both bags with equal keys.
   *
   * @param otherKey default: the same function
   */
  join<U, K, H extends JoinKind = 'inner'>(
    other: Bag<U>,
    key: (item: T) => K,
    otherKey?: (item: U) => K,
    options: JoinOptions & { readonly how?: H } = {},
  ): Bag<[LeftOf<T, H>, RightOf<U, H>]> {
    checkBag('bag.join', other)
    const { use, how = 'inner' } = options
    if (!['inner', 'left', 'right', 'outer'].includes(how)) {
      throw new ArgumentError('bag.join', 'how', "'inner', 'left', 'right' or 'outer'", how)
    }
    const { partitions } = checkedShuffle('bag.join', options)
    const leftKey = synchronousCalleeOf('bag.join', key, use)
    const rightKey = otherKey === undefined ? leftKey : synchronousCalleeOf('bag.join', otherKey, use)
    const [left, right] = [this.#node, other.#node]
    return new Bag({ is: 'join', left, leftKey, right, rightKey, how, partitions }, this.#options)
  }

  #shuffle(
    call: string,
    key: unknown,
    merge: Extract<Node, { is: 'shuffle' }>['merge'],
    options: ShuffleOptions,
  ): Bag<any> {
    const { partitions } = checkedShuffle(`bag.${call}`, options)
    const callee = key === undefined ? undefined : synchronousCalleeOf(`bag.${call}`, key, options.use)
    return new Bag({ is: 'shuffle', from: this.#node, key: callee, merge, partitions }, this.#options)
  }

  /** The same items, in order, in another number of partitions of about the same size. */
  repartition(partitions: number): Bag<T> {
    checkCount('bag.repartition', 'partitions', partitions, 1)
    return new Bag({ is: 'repartition', from: this.#node, partitions }, this.#options)
  }

  // Results.

  /** All items, in order. */
  async toArray(): Promise<T[]> {
    return (await this.#each({ to: 'array' })).flat() as T[]
  }

  /** How many there are. */
  async count(): Promise<number> {
    return sumOf((await this.#each({ to: 'count' })) as number[])
  }

  /** The sum of numbers, added partition by partition: the same on any number of workers. */
  async sum(this: Bag<number>): Promise<number> {
    return sumOf((await this.#each({ to: 'sum' })) as number[])
  }

  /** The smallest, or that for which `by` gives the smallest; undefined when there is none. */
  async min<K>(by?: (item: T) => K, options?: UseOptions): Promise<T | undefined> {
    return (await this.#best('min', 1, by, options))[0]
  }

  /** The largest, or that for which `by` gives the largest; undefined when there is none. */
  async max<K>(by?: (item: T) => K, options?: UseOptions): Promise<T | undefined> {
    return (await this.#best('max', 1, by, options))[0]
  }

  /**
   * The `n` largest items, largest first. Of equal ones, the earlier come first.
   *
   * @param by what is compared: numbers, strings, dates, or arrays of these; default the item itself
   */
  top<K>(n: number, by?: (item: T) => K, options?: UseOptions): Promise<T[]> {
    return this.#best('top', n, by, options)
  }

  async #best(call: 'top' | 'min' | 'max', n: number, by: unknown, { use }: UseOptions = {}): Promise<T[]> {
    checkCount(`bag.${call}`, 'n', n, 0)
    const order: Order = {
      by: by === undefined ? this.natural : synchronousCalleeOf(`bag.${call}`, by, use),
      smallestFirst: call === 'min',
    }
    if (n === 0) return []
    const sink: Sink = { to: 'best', items: n, order }
    const best = await this.#reduced(sink, (run, partials) =>
      run.submit(bestOf.definition, 'best', [sink, partials], partials),
    )
    return best === nothing ? [] : (best as Scored[]).map(({ item }) => item as T)
  }

  /**
   * Folds each partition, and then combines the partitions in order.
   *
   * @param initial what each fold begins with; every partition has its own copy, so it must not matter how often it is used
   * @param combine brings two folds together; default: `step`, where a value is like an item
   */
  fold(initial: T, step: (value: T, item: T) => T, combine?: undefined, options?: UseOptions): Promise<T>
  fold<A>(initial: A, step: (value: A, item: T) => A, combine: (a: A, b: A) => A, options?: UseOptions): Promise<A>
  async fold(initial: unknown, step: unknown, combine: unknown, { use }: UseOptions = {}): Promise<unknown> {
    const [fold, both] = [step, combine ?? step].map(fn => synchronousCalleeOf('bag.fold', fn, use))
    const sink: Sink = { to: 'fold', initial, step: fold }
    const value = await this.#reduced(sink, (run, partials) =>
      run.submit(combined.definition, 'combine', [both, partials], partials),
    )
    return value === nothing ? initial : value
  }

  /** The first `n` items; no more partitions are computed than are needed for them. */
  async take(n: number): Promise<T[]> {
    checkCount('bag.take', 'n', n, 0)
    const taken: T[] = []
    if (n === 0) return taken
    const run = new Evaluation(this.#options)
    try {
      const parts = run.parts(this.#node)
      // One, then twice as many each time.
      for (let [from, width] = [0, 1]; from < parts.length && taken.length < n; from += width, width *= 2) {
        const sink: Sink = { to: 'first', items: n - taken.length }
        const some = await run.values(parts.slice(from, from + width).map(part => run.start(part, sink)))
        for (const items of some as T[][]) taken.push(...items.slice(0, n - taken.length))
      }
      return taken
    } finally {
      run.close()
    }
  }

  /** Calls a function for each item, on the workers. */
  forEach(t: Task<[item: T], unknown>): Promise<void>
  forEach(fn: (item: T) => unknown, options?: UseOptions): Promise<void>
  async forEach(fn: unknown, options?: UseOptions): Promise<void> {
    await this.#step('map', fn, options).#each({ to: 'nothing' })
  }

  /** Computes it now and keeps the items where the workers are: what is made of the result begins there. */
  async persist(): Promise<Bag<T>> {
    const run = new Evaluation(this.#options)
    try {
      const refs = run.parts(this.#node).map(part => run.start(part, { to: 'pieces', buckets: 1 }))
      await run.values(refs)
      const inputs = refs.map(block => ({ is: 'buckets', blocks: [{ block, bucket: 0 }] }) as const)
      return new Bag({ is: 'source', inputs }, this.#options)
    } finally {
      run.close()
    }
  }

  /** The items in order, partition by partition; some partitions are computed ahead. */
  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    const run = new Evaluation(this.#options)
    try {
      const parts = run.parts(this.#node)
      const ahead: Ref<unknown>[] = []
      for (let next = 0; next < parts.length || ahead.length > 0; ) {
        while (next < parts.length && ahead.length < 2 * engineHere().parallelism) {
          ahead.push(run.start(parts[next++], { to: 'array' }))
        }
        const [items] = await run.values([ahead.shift()!])
        yield* items as T[]
      }
    } finally {
      run.close()
    }
  }

  /** The result of each partition. */
  async #each(sink: Sink): Promise<unknown[]> {
    const run = new Evaluation(this.#options)
    try {
      return await run.values(run.parts(this.#node).map(part => run.start(part, sink)))
    } finally {
      run.close()
    }
  }

  /** The results of all partitions, brought together in order; `nothing` when there are none. */
  async #reduced(
    sink: Sink,
    combine: (run: Evaluation, partials: readonly Ref<unknown>[]) => Ref<unknown>,
  ): Promise<unknown> {
    const run = new Evaluation(this.#options)
    try {
      let refs = run.parts(this.#node).map(part => run.start(part, sink))
      while (refs.length > 1) {
        const before = refs
        refs = Array.from({ length: Math.ceil(before.length / fanIn) }, (_, i) =>
          combine(run, before.slice(i * fanIn, (i + 1) * fanIn)),
        )
      }
      return refs.length === 0 ? nothing : (await run.values(refs))[0]
    } finally {
      run.close()
    }
  }
}

/** `[item, how often]`. Compared, when nothing else is said, by how often; equally frequent items are in their natural order. */
export class Frequencies<T> extends Bag<[item: T, count: number]> {
  protected override get natural(): 'count' {
    return 'count'
  }
}

/** There was no partition. */
const nothing = Symbol('nothing')

const sumOf = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

function checkBag(call: string, bag: unknown): asserts bag is Bag<unknown> {
  if (!(bag instanceof Bag)) throw new ArgumentError(call, 'the other', 'a bag', bag)
}

export function checkCount(call: string, what: string, n: unknown, least: number): void {
  if (!(Number.isSafeInteger(n) && (n as number) >= least)) {
    throw new ArgumentError(call, what, `a whole number from ${least}`, n)
  }
}

function checkedShuffle(call: string, options: ShuffleOptions): ShuffleOptions {
  if (options.partitions !== undefined) checkCount(call, 'partitions', options.partitions, 1)
  return options
}

const optionNames = new Set(['signal', 'progress', 'task', 'partitions'])

/** @throws ArgumentError */
export function checkOptions(call: string, options: BagOptions): void {
  checkKeys(call, options, optionNames)
  const { signal, progress, task = {} } = options
  checkSignal(call, signal)
  checkProgress(call, progress)
  checkTaskOptions(call, task)
}
