// Watches, fed by an engine: batches wait here until they are read, up to some bytes. What an engine can tell again does not wait beyond them.
import { CancelledError } from '@skein/base'
import { copied } from './core/copies.ts'
import { inRange } from './core/machine.ts'
import type { Range, WatchBatch, WatchOptions } from './store.ts'

export const usualUnreadBytes = 2 ** 20

/** About what a batch takes in memory. */
export const sizeOf = ({ events }: WatchBatch): number => {
  let bytes = 0
  for (const event of events) {
    const { key, value } = event.type === 'put' ? event.entry : { key: event.key, value: undefined }
    bytes += 200 + 2 * key.length + (value?.length ?? 0) + (event.previous?.value.length ?? 0)
  }
  return bytes
}

export interface WatchSource {
  /** What happened from a revision on; what waits beyond the limit is dropped, and asked for by this. Throws CompactedError. Default: nothing is dropped. */
  again?(revision: number): Iterable<WatchBatch>
  /** Others are given the same bytes: each reader gets its own. */
  readonly isShared?: boolean
  /** A batch of so many bytes has been read. */
  taken?(bytes: number): void
}

export class Watch implements AsyncIterableIterator<WatchBatch> {
  private readonly range: Range
  private readonly from: number
  private readonly withPrevious: boolean
  private readonly maxUnreadBytes: number
  private readonly batches: WatchBatch[] = []
  /** Of `batches`. */
  private unreadBytes = 0
  /** The first revision that was dropped; all that follows is, too. */
  private dropped: number | undefined
  private readonly waiting: { resolve(result: IteratorResult<WatchBatch>): void; reject(error: unknown): void }[] = []
  private ended: { error?: unknown } | undefined
  private readonly leave: () => void
  private readonly source: WatchSource
  private readonly unlisten: () => void

  /** `leave` is called once, when nobody reads any more. */
  constructor(
    range: Range,
    { from = 0, previous = false, maxUnreadBytes = usualUnreadBytes, signal }: WatchOptions,
    leave: () => void,
    source: WatchSource = {},
  ) {
    this.range = range
    this.from = from
    this.withPrevious = previous
    this.maxUnreadBytes = maxUnreadBytes
    this.leave = leave
    this.source = source
    const abort = (): void => this.end(new CancelledError('watch', signal!.reason))
    this.unlisten = () => signal?.removeEventListener('abort', abort)
    if (signal?.aborted) queueMicrotask(abort)
    else signal?.addEventListener('abort', abort, { once: true })
  }

  /** A revision has happened. */
  feed(batch: WatchBatch): void {
    if (this.ended || this.dropped !== undefined || batch.revision < this.from) return
    const within = inRange(batch, this.range)
    if (within === undefined) return
    const events = this.withPrevious ? within.events : within.events.map(event => ({ ...event, previous: undefined }))
    const given = { revision: batch.revision, events }
    const first = this.waiting.shift()
    if (first) {
      first.resolve(this.taken(given, sizeOf(given)))
    } else if (this.source.again && this.unreadBytes >= this.maxUnreadBytes) this.dropped = batch.revision
    else {
      this.unreadBytes += sizeOf(given)
      this.batches.push(given)
    }
  }

  /** What was fed is read first. */
  end(error?: unknown): void {
    if (this.ended) return
    this.ended = error === undefined ? {} : { error }
    this.dropped = undefined
    this.unlisten()
    this.leave()
    for (const { resolve, reject } of this.waiting.splice(0))
      if (error === undefined) resolve({ done: true, value: undefined })
      else reject(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<WatchBatch>> {
    if (this.batches.length === 0 && this.dropped !== undefined) this.feedAgain(this.dropped)
    const value = this.batches.shift()
    if (value) {
      const bytes = sizeOf(value)
      this.unreadBytes -= bytes
      return Promise.resolve(this.taken(value, bytes))
    }
    if (!this.ended) return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }))
    const { error } = this.ended
    this.ended = {}
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error)
  }

  return(): Promise<IteratorResult<WatchBatch>> {
    this.batches.length = 0
    this.unreadBytes = 0
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  private taken(batch: WatchBatch, bytes: number): IteratorResult<WatchBatch> {
    this.source.taken?.(bytes)
    return { done: false, value: this.source.isShared ? copied(batch) : batch }
  }

  private feedAgain(revision: number): void {
    this.dropped = undefined
    try {
      for (const batch of this.source.again!(revision)) {
        this.feed(batch)
        if (this.dropped !== undefined) break
      }
    } catch (error) {
      this.end(error)
    }
  }
}
