// Watches, fed by an engine: batches wait here until they are read.
import { CancelledError } from '@skein/base'
import { inRange } from './core/machine.ts'
import type { Range, WatchBatch, WatchOptions } from './store.ts'

export class Watch implements AsyncIterableIterator<WatchBatch> {
  private readonly range: Range
  private readonly from: number
  private readonly withPrevious: boolean
  private readonly batches: WatchBatch[] = []
  private readonly waiting: { resolve(result: IteratorResult<WatchBatch>): void; reject(error: unknown): void }[] = []
  private ended: { error?: unknown } | undefined
  private readonly leave: () => void
  private readonly unlisten: () => void

  /** `leave` is called once, when nobody reads any more. */
  constructor(range: Range, { from = 0, previous = false, signal }: WatchOptions, leave: () => void) {
    this.range = range
    this.from = from
    this.withPrevious = previous
    this.leave = leave
    const abort = (): void => this.end(new CancelledError('watch', signal!.reason))
    this.unlisten = () => signal?.removeEventListener('abort', abort)
    if (signal?.aborted) queueMicrotask(abort)
    else signal?.addEventListener('abort', abort, { once: true })
  }

  /** A revision has happened. */
  feed(batch: WatchBatch): void {
    const within = this.ended || batch.revision < this.from ? undefined : inRange(batch, this.range)
    if (within === undefined) return
    const events = this.withPrevious ? within.events : within.events.map(event => ({ ...event, previous: undefined }))
    const given = { revision: batch.revision, events }
    const first = this.waiting.shift()
    if (first) first.resolve({ done: false, value: given })
    else this.batches.push(given)
  }

  /** What was fed is read first. */
  end(error?: unknown): void {
    if (this.ended) return
    this.ended = error === undefined ? {} : { error }
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
    const value = this.batches.shift()
    if (value) return Promise.resolve({ done: false, value })
    if (!this.ended) return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }))
    const { error } = this.ended
    this.ended = {}
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error)
  }

  return(): Promise<IteratorResult<WatchBatch>> {
    this.batches.length = 0
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }
}
