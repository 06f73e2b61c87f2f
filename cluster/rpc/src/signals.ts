// AbortSignals among arguments: ours, that are watched while the call is not answered, and theirs, that live as long.
import { LimitExceededError } from './errors.ts'
import type { kinds } from './frames/format.ts'
import type { Link } from './link.ts'
import type { SentSignal } from './values.ts'

export class Signals {
  private readonly link: Link
  private last = 0
  private readonly received = new Map<number, AbortController>()

  get size(): number {
    return this.received.size
  }

  constructor(link: Link) {
    this.link = link
  }

  send(signal: AbortSignal): SentSignal {
    return { number: ++this.last, signal }
  }

  receive(number: number): AbortSignal {
    const { signals } = this.link.limits
    if (this.received.size >= signals) throw new LimitExceededError('signals', signals)
    const controller = new AbortController()
    this.received.set(number, controller)
    return controller.signal
  }

  /** The other side says that one of its signals is aborted. */
  abort(number: number, reason: unknown): void {
    this.received.get(number)?.abort(reason)
    this.received.delete(number)
  }

  forget(number: number): void {
    this.received.delete(number)
  }

  /** Tells the other side that something has come to an end, and why: a signal of ours, or a call. */
  say(kind: typeof kinds.abort | typeof kinds.cancel, number: number, reason: unknown): void {
    const { link } = this
    if (link.lost) return
    const begin = (): void => {
      link.writer.begin(kind)
      link.writer.varint(number)
    }
    link.values.writeThrown(link.writer, begin, reason, 'reason')
    link.flushSoon()
  }

  end(reason: Error): void {
    for (const controller of this.received.values()) controller.abort(reason)
    this.received.clear()
  }
}
