/**
 * A map over iterables: arguments are taken from them as workers become free, and results are given in the order of the arguments, or as
 * they come. It works ahead of whoever takes the results, without an end unless `buffer` says how far.
 */

import { CancelledError, TimeoutError } from '@skein/base'
import type { Outcome, Run } from './call-run.ts'
import type { Chunk } from './dispatcher.ts'
import type { Shipped } from './functions.ts'

export interface MapSettings {
  /** Calls that go to a worker together. */
  readonly chunkSize: number
  readonly isOrdered: boolean
  readonly buffer: number
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** What its client does for it. */
export interface MapClient {
  /** There are arguments, or room for results, that there were not before. */
  more(): void
  /** Chunks of it that run are not wanted any more. */
  drop(run: Run): void
}

export type ArgumentLists = Iterator<readonly unknown[]> | AsyncIterator<readonly unknown[]>

export class MapRun implements Run, AsyncIterableIterator<any> {
  readonly shipped: Shipped
  callMs: number | undefined
  readonly #lists: ArgumentLists
  readonly #settings: MapSettings
  readonly #client: MapClient
  /** Arguments of an iterator whose next come later. */
  readonly #pulled: (readonly unknown[])[] = []
  #isPulling = false
  /** The iterator has ended. */
  #isExhausted = false
  /** No more arguments are taken from it. */
  #isDry = false
  #taken = 0
  /** By index, and with `unordered` in the order they came. */
  readonly #outcomes = new Map<number, Outcome>()
  #given = 0
  /** Nothing more is wanted. */
  #isClosed = false
  #failure: { readonly error: unknown } | undefined
  readonly #waiting: PromiseWithResolvers<IteratorResult<unknown>>[] = []
  #timer: NodeJS.Timeout | undefined
  readonly #abort = (): void => this.fail(new CancelledError(this.#what, this.#settings.signal!.reason))

  constructor(shipped: Shipped, lists: ArgumentLists, settings: MapSettings, client: MapClient) {
    this.shipped = shipped
    this.#lists = lists
    this.#settings = settings
    this.#client = client
    const { timeoutMs, signal } = settings
    signal?.addEventListener('abort', this.#abort, { once: true })
    if (timeoutMs !== undefined)
      this.#timer = setTimeout(() => this.fail(new TimeoutError(this.#what, timeoutMs)), timeoutMs)
  }

  get #what(): string {
    return `map of '${this.shipped.name}' over the pool`
  }

  // As a source of chunks.

  get isOver(): boolean {
    return this.#isClosed || (this.#isDry && this.#pulled.length === 0)
  }

  /** Takes as many from the iterator, if they may be had: not more than whoever takes the results allows. */
  hasMore(calls: number): boolean {
    const room = this.#settings.buffer - (this.#taken - this.#given)
    if (room < calls) return false
    while (this.#pulled.length < calls) {
      const args = this.#pullNext()
      if (args === undefined) return false
      this.#pulled.push(args)
    }
    return true
  }

  take(): Chunk | undefined {
    const room = this.#settings.buffer - (this.#taken - this.#given)
    const most = Math.min(this.#settings.chunkSize, room)
    const calls: (readonly unknown[])[] = []
    while (calls.length < most) {
      const args = this.#pull()
      if (args === undefined) break
      calls.push(args)
    }
    if (calls.length === 0) return undefined
    const index = this.#taken
    this.#taken += calls.length
    return { source: this, index, calls }
  }

  #pull(): readonly unknown[] | undefined {
    return this.#pulled.length > 0 ? this.#pulled.shift() : this.#pullNext()
  }

  #pullNext(): readonly unknown[] | undefined {
    if (this.#isDry || this.#isPulling || this.#isClosed) return undefined
    try {
      const found = this.#lists.next()
      if (!(found instanceof Promise)) return this.#took(found as IteratorResult<readonly unknown[]>)
      this.#isPulling = true
      found.then(
        later => {
          this.#isPulling = false
          const args = this.#took(later)
          if (args !== undefined) this.#pulled.push(args)
          this.#client.more()
        },
        error => this.fail(error),
      )
    } catch (error) {
      this.fail(error)
    }
    return undefined
  }

  #took({ done, value }: IteratorResult<readonly unknown[]>): readonly unknown[] | undefined {
    if (!done) return value
    this.#isExhausted = true
    this.#isDry = true
    this.#answer()
    return undefined
  }

  settle(index: number, outcome: Outcome): void {
    if (this.#isClosed) return
    this.#outcomes.set(index, outcome)
    // What comes after an error is given to nobody.
    if ('error' in outcome) this.#isDry = true
    this.#answer()
  }

  fail(error: unknown): void {
    if (this.#isClosed) return
    this.#failure = { error }
    this.#close()
    this.#answer()
  }

  // As results.

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<any>> {
    const waiting = Promise.withResolvers<IteratorResult<unknown>>()
    this.#waiting.push(waiting)
    this.#answer()
    return waiting.promise
  }

  /** The rest is not wanted: calls that have not begun never will. */
  return(value?: unknown): Promise<IteratorResult<any>> {
    this.#close()
    this.#answer()
    return Promise.resolve({ done: true, value })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.return().then(() => {})
  }

  #answer(): void {
    while (this.#waiting.length > 0) {
      const result = this.#nextResult()
      if (result === undefined) return
      const waiting = this.#waiting.shift()!
      if ('error' in result) waiting.reject(result.error)
      else waiting.resolve(result)
    }
  }

  #nextResult(): IteratorResult<unknown> | { readonly error: unknown } | undefined {
    const failure = this.#failure
    if (failure !== undefined) {
      this.#failure = undefined
      return failure
    }
    if (this.#isClosed) return { done: true, value: undefined }
    const index = this.#settings.isOrdered ? this.#given : this.#outcomes.keys().next().value
    const outcome = index === undefined ? undefined : this.#outcomes.get(index)
    if (outcome === undefined) {
      if (!this.#isDry || this.#pulled.length > 0 || this.#given < this.#taken) return undefined
      this.#close()
      return { done: true, value: undefined }
    }
    this.#outcomes.delete(index!)
    const wasFull = this.#taken - this.#given >= this.#settings.buffer
    this.#given++
    if ('error' in outcome) {
      this.#close()
      return outcome
    }
    if (wasFull) this.#client.more()
    return { done: false, value: outcome.value }
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#isDry = true
    this.#pulled.length = 0
    this.#outcomes.clear()
    clearTimeout(this.#timer)
    this.#settings.signal?.removeEventListener('abort', this.#abort)
    if (!this.#isExhausted) void Promise.resolve(this.#lists.return?.()).catch(() => {})
    this.#client.drop(this)
  }
}

type Arguments = Iterable<unknown> | AsyncIterable<unknown>

export const isIterable = (given: unknown): given is Arguments =>
  given !== null &&
  given !== undefined &&
  (typeof (given as Iterable<unknown>)[Symbol.iterator] === 'function' ||
    typeof (given as AsyncIterable<unknown>)[Symbol.asyncIterator] === 'function')

/** The first of each, then the second of each, until one of them ends. */
export function zip(iterables: readonly Arguments[]): ArgumentLists {
  const isSync = (each: Arguments): each is Iterable<unknown> =>
    typeof (each as Iterable<unknown>)[Symbol.iterator] === 'function'
  return iterables.every(isSync) ? zipNow(iterables) : zipLater(iterables)
}

function* zipNow(iterables: readonly Iterable<unknown>[]): Generator<unknown[]> {
  const iterators = iterables.map(each => each[Symbol.iterator]())
  try {
    for (;;) {
      const args: unknown[] = []
      for (const iterator of iterators) {
        const { done, value } = iterator.next()
        if (done) return
        args.push(value)
      }
      yield args
    }
  } finally {
    for (const iterator of iterators) iterator.return?.()
  }
}

async function* zipLater(iterables: readonly Arguments[]): AsyncGenerator<unknown[]> {
  const iterators = iterables.map(
    each =>
      (each as AsyncIterable<unknown>)[Symbol.asyncIterator]?.() ?? (each as Iterable<unknown>)[Symbol.iterator](),
  )
  try {
    for (;;) {
      const found = await Promise.all(iterators.map(iterator => iterator.next()))
      if (found.some(({ done }) => done)) return
      yield found.map(({ value }) => value)
    }
  } finally {
    for (const iterator of iterators) await iterator.return?.()
  }
}

/** Lists of arguments as they are given. */
export function lists(iterable: Arguments): ArgumentLists {
  const listOf = (value: unknown): readonly unknown[] => {
    if (!isIterable(value) || typeof value === 'string' || !(Symbol.iterator in (value as object)))
      throw new TypeError(`starmap takes lists of arguments, and one of them is ${String(value)}`)
    return [...(value as Iterable<unknown>)]
  }
  if (Symbol.iterator in iterable) {
    return (function* () {
      for (const value of iterable as Iterable<unknown>) yield listOf(value)
    })()
  }
  return (async function* () {
    for await (const value of iterable as AsyncIterable<unknown>) yield listOf(value)
  })()
}
