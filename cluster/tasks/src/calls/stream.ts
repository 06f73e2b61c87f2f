/** The reader's side of a stream: items as they come, credit as they are taken. */

import { ArgumentError, CancelledError } from '@skein/base'
import type { Record } from './record.ts'

/** Items that may be on their way, or here and not taken: a worker may send so many before it hears of any credit. */
export const streamWindow = 16

/** A generator that nobody reads any more has this long to stop by itself. */
export const leftGraceMs = 1000

export const unread = ({ label }: Record): CancelledError => new CancelledError(`task ${label}`, 'nobody reads it')

/** What a task's stream is made of. @throws ArgumentError for a result that has no items */
export function itemsOf(result: unknown, task: string): Iterable<unknown> | AsyncIterable<unknown> {
  const given = Object(result) as Partial<Iterable<unknown> & AsyncIterable<unknown>>
  if (given[Symbol.asyncIterator] ?? given[Symbol.iterator]) return result as Iterable<unknown>
  throw new ArgumentError(
    `${task}.stream`,
    'what the task gives',
    'a generator, or something else with items',
    result,
    'Call the task itself for its result',
  )
}

export class Stream implements AsyncIterableIterator<unknown> {
  readonly #ended: () => void
  readonly #credit: (items: number) => void
  readonly #left: () => void
  readonly #items: unknown[] = []
  #received = 0
  /** How many there are in all, once known. */
  #expected = Number.POSITIVE_INFINITY
  #error: { readonly thrown: unknown } | undefined
  #over = false
  #waiting: (() => void)[] = []
  #taken = 0

  /**
   * @param ended called once, when nothing more can come
   * @param credit called when so many items more can be taken
   * @param left called when the reader goes away before the end
   */
  constructor(ended: () => void, credit: (items: number) => void, left: () => void) {
    this.#ended = ended
    this.#credit = credit
    this.#left = left
  }

  /** From the engine: an item. */
  push(item: unknown): void {
    this.#received++
    if (!this.#over) this.#items.push(item)
    this.#look()
  }

  /** From the engine: the task is over, and has sent so many. */
  expect(items: number): void {
    this.#expected = items
    this.#look()
  }

  /** From the engine: the task failed. What it sent before comes first. */
  fail(error: unknown): void {
    this.#error = { thrown: error }
    if (this.#expected === Number.POSITIVE_INFINITY) this.#expected = this.#received
    this.#look()
  }

  async next(): Promise<IteratorResult<unknown>> {
    while (this.#items.length === 0) {
      if (this.#over) return { value: undefined, done: true }
      if (this.#received >= this.#expected) {
        this.#over = true
        if (this.#error) throw this.#error.thrown
        return { value: undefined, done: true }
      }
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    if (++this.#taken % (streamWindow / 2) === 0) this.#credit(streamWindow / 2)
    return { value: this.#items.shift(), done: false }
  }

  async return(): Promise<IteratorResult<unknown>> {
    if (!this.#over) {
      this.#over = true
      this.#items.length = 0
      this.#left()
      this.#wake()
    }
    return { value: undefined, done: true }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #look(): void {
    if (this.#received >= this.#expected) this.#ended()
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
