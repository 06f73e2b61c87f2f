// Iterables across a connection. Whoever has one sends its number; the other side pulls items, as many as it has room for, so that neither runs ahead of the other by more than that.
import { LimitExceededError, MalformedMessageError } from './errors.ts'
import { kinds } from './frames/format.ts'
import type { FrameParts } from './frames/reader.ts'
import type { Link } from './link.ts'
import { revived } from './revived.ts'

/** Items that may be under way. */
const room = 32
/** Nobody has room for more. */
const mostPulled = 1024

/** How a stream of ours is told over there. */
interface Outlet {
  items(items: unknown[]): void
  end(error?: { value: unknown }): void
  /** Those who read are behind. */
  readonly isStalled: boolean
}

/** Ours: items go out as they are pulled. */
export class OutgoingStream {
  private readonly iterator: AsyncIterator<unknown> | Iterator<unknown>
  private readonly put: Outlet
  private wanted = 0
  private isRunning = false
  private isOver = false

  constructor(iterable: AsyncIterable<unknown> | Iterable<unknown>, put: Outlet) {
    this.put = put
    this.iterator =
      Symbol.asyncIterator in iterable
        ? iterable[Symbol.asyncIterator]()
        : (iterable as Iterable<unknown>)[Symbol.iterator]()
  }

  /** Throws MalformedMessageError. */
  pull(items: number): void {
    this.wanted += items
    if (this.wanted > mostPulled)
      throw new MalformedMessageError('items that are asked for', `${mostPulled} at a time at most`, this.wanted)
    this.goOn()
  }

  goOn(): void {
    if (!this.isRunning && !this.isOver) void this.run()
  }

  /** The other side wants no more. */
  stop(): void {
    if (this.isOver) return
    this.isOver = true
    // What it throws while it is closed is nobody's any more.
    Promise.resolve()
      .then(() => this.iterator.return?.())
      .catch(() => {})
  }

  private async run(): Promise<void> {
    this.isRunning = true
    try {
      while (this.wanted > 0 && !this.isOver && !this.put.isStalled) {
        const next = this.iterator.next()
        const { done, value } = next instanceof Promise ? await next : await (next as IteratorResult<unknown>)
        if (this.isOver) return
        if (done) {
          this.isOver = true
          return this.put.end()
        }
        this.wanted--
        const item = await value
        if (this.isOver) return
        this.put.items([item])
      }
    } catch (error) {
      if (!this.isOver) {
        // What has thrown itself is over already; an item that cannot be sent is not its fault.
        this.stop()
        this.put.end({ value: error })
      }
    } finally {
      this.isRunning = false
    }
  }
}

/** Theirs. It can be gone through once. Nothing of the connection leads to it, so that it is collected when nobody holds it any more. */
export class IncomingStream implements AsyncIterableIterator<unknown>, AsyncDisposable {
  private readonly inflow: Inflow

  constructor(inflow: Inflow) {
    this.inflow = inflow
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<unknown>> {
    return this.inflow.next()
  }

  return(value?: unknown): Promise<IteratorResult<unknown>> {
    return this.inflow.return(value)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.inflow.return()
  }
}

/** What comes of one of theirs. */
class Inflow {
  private readonly ask: { pull(items: number): void; stop(): void }
  private readonly items: unknown[] = []
  private waiting: { resolve(result: IteratorResult<unknown>): void; reject(error: unknown): void }[] = []
  private ended: { error?: { value: unknown } } | undefined
  /** Pulled, and not here yet. */
  private underWay = 0
  /** Nobody will ask for more. */
  private isDropped = false

  constructor(ask: { pull(items: number): void; stop(): void }) {
    this.ask = ask
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.items.length > 0) {
      const value = this.items.shift()
      this.refill()
      return Promise.resolve({ done: false, value })
    }
    if (this.ended) return this.end()
    this.refill()
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }))
  }

  return(value?: unknown): Promise<IteratorResult<unknown>> {
    if (!this.ended) {
      this.ended = {}
      this.ask.stop()
      for (const { resolve } of this.waiting.splice(0)) resolve({ done: true, value: undefined })
    }
    this.items.length = 0
    this.ended = {}
    return Promise.resolve({ done: true, value })
  }

  /** Whoever had it holds it no more. Those who wait for an item get it first. */
  drop(): void {
    this.isDropped = true
    if (this.waiting.length === 0) void this.return()
  }

  /** Throws MalformedMessageError. */
  receive(items: readonly unknown[]): void {
    if (this.ended) return
    if (items.length > this.underWay)
      throw new MalformedMessageError('items', `as many as were asked for, ${this.underWay}`, items.length)
    this.underWay -= items.length
    for (const value of items) {
      const first = this.waiting.shift()
      if (first) first.resolve({ done: false, value })
      else this.items.push(value)
    }
    if (this.waiting.length > 0) this.refill()
    else if (this.isDropped) void this.return()
  }

  finish(error?: { value: unknown }): void {
    if (this.ended) return
    this.ended = { error }
    const [first, ...rest] = this.waiting.splice(0)
    if (first && error) {
      this.ended = {}
      first.reject(error.value)
    } else first?.resolve({ done: true, value: undefined })
    for (const { resolve } of rest) resolve({ done: true, value: undefined })
  }

  private end(): Promise<IteratorResult<unknown>> {
    const { error } = this.ended!
    if (error === undefined) return Promise.resolve({ done: true, value: undefined })
    this.ended = {}
    return Promise.reject(error.value)
  }

  /** Asks for more when half of what may be under way or here is used up. */
  private refill(): void {
    if (this.ended) return
    const has = this.items.length + this.underWay
    if (has > room / 2) return
    this.underWay += room - has
    this.ask.pull(room - has)
  }
}

/** The streams of a connection, by number. */
export class Streams {
  private readonly link: Link
  private readonly outgoing = new Map<number, OutgoingStream>()
  private readonly incoming = new Map<number, Inflow>()
  private readonly dropped = new FinalizationRegistry<Inflow>(inflow => inflow.drop())
  private last = 0

  constructor(link: Link) {
    this.link = link
  }

  get size(): number {
    return this.outgoing.size + this.incoming.size
  }

  send(iterable: AsyncIterable<unknown> | Iterable<unknown>): number {
    const number = ++this.last
    const { link } = this
    const begin = (kind: number): void => {
      link.writer.begin(kind)
      link.writer.varint(number)
    }
    const end = (error?: { value: unknown }): void => {
      this.outgoing.delete(number)
      if (link.lost) return
      const beginEnd = (): void => {
        begin(kinds.end)
        link.writer.byte(error ? 1 : 0)
      }
      if (error) link.values.writeThrown(link.writer, beginEnd, error.value, 'error')
      else {
        beginEnd()
        link.writer.end()
      }
      link.flushSoon()
    }
    const items = (items: unknown[]): void => {
      if (link.lost) return
      begin(kinds.items)
      link.values.write(link.writer, items, 'yield', 'item')
      link.flushSoon()
    }
    const outlet: Outlet = {
      items,
      end,
      get isStalled() {
        return link.isStalled
      },
    }
    this.outgoing.set(number, new OutgoingStream(iterable, outlet))
    return number
  }

  /** It was not sent after all. */
  unsend(number: number): void {
    this.outgoing.get(number)?.stop()
    this.outgoing.delete(number)
  }

  /** There is room again for what goes out. */
  goOn(): void {
    for (const stream of this.outgoing.values()) stream.goOn()
  }

  receive(number: number): IncomingStream {
    const { link } = this
    const { streams } = link.limits
    if (this.incoming.size >= streams) throw new LimitExceededError('streams', streams)
    if (this.incoming.has(number)) throw new MalformedMessageError('the number of a stream', 'a new one', number)
    const pull = (items: number): void => {
      if (link.lost) return
      link.writer.begin(kinds.pull)
      link.writer.varint(number)
      link.writer.varint(items)
      link.writer.end()
      link.flushSoon()
    }
    const stop = (): void => {
      this.incoming.delete(number)
      pull(0)
    }
    const inflow = new Inflow({ pull, stop })
    this.incoming.set(number, inflow)
    const stream = new IncomingStream(inflow)
    this.dropped.register(stream, inflow)
    return stream
  }

  /** So many more items are wanted; 0: no more at all. */
  takePull(parts: FrameParts): void {
    const number = parts.varint()
    const items = parts.varint()
    const stream = this.outgoing.get(number)
    if (items > 0) stream?.pull(items)
    else if (this.outgoing.delete(number)) stream!.stop()
  }

  takeItems(parts: FrameParts, attachments: readonly Uint8Array[]): void {
    const stream = this.incoming.get(parts.varint())
    const items = this.link.values.read(parts.rest(), attachments)
    if (!Array.isArray(items)) throw new MalformedMessageError('items', 'an array', items)
    stream?.receive(items)
  }

  takeEnd(parts: FrameParts, attachments: readonly Uint8Array[]): void {
    const number = parts.varint()
    const stream = this.incoming.get(number)
    this.incoming.delete(number)
    const isError = parts.byte() === 1
    stream?.finish(isError ? { value: revived(this.link.values.read(parts.rest(), attachments)) } : undefined)
  }

  end(reason: Error): void {
    for (const stream of this.incoming.values()) stream.finish({ value: reason })
    for (const stream of this.outgoing.values()) stream.stop()
    this.incoming.clear()
    this.outgoing.clear()
  }
}
