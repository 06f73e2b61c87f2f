// An iterator that ends when it is told to, even while an item is waited for: a generator alone would end after the next one, which may never come.
import { CancelledError } from '@skein/base'

export interface Ends {
  /** Ends it with CancelledError. */
  readonly signal?: AbortSignal
  /** Ends it without an error, as `return()` does. */
  readonly closing?: AbortSignal
}

const done = { done: true, value: undefined } as const

// A class, for those are what goes over a connection as a stream.
export class Endable<T> implements AsyncIterableIterator<T> {
  private readonly call: string
  private readonly items: AsyncGenerator<T>
  private readonly ends: Ends
  private readonly stop = new AbortController()

  /** `items` ends by the signal it is given. */
  constructor(call: string, items: (ends: AbortSignal) => AsyncGenerator<T>, ends: Ends) {
    this.call = call
    this.ends = ends
    const signals = [this.stop.signal, ends.signal, ends.closing].filter(signal => signal !== undefined)
    this.items = items(AbortSignal.any(signals))
  }

  async next(): Promise<IteratorResult<T>> {
    const { signal } = this.ends
    try {
      if (!this.isOver) return await this.items.next()
    } catch (error) {
      if (!this.isOver) throw error
    }
    if (!signal?.aborted || this.stop.signal.aborted) return done
    this.stop.abort()
    throw new CancelledError(this.call, signal.reason)
  }

  async return(): Promise<IteratorResult<T>> {
    this.stop.abort()
    await this.items.return(undefined).catch(() => {})
    return done
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  private get isOver(): boolean {
    const { signal, closing } = this.ends
    return this.stop.signal.aborted || closing?.aborted === true || signal?.aborted === true
  }
}
