// AbortSignals among arguments: ours, that are watched while the call is not answered, and theirs, that live as long.
import { toErrorWire } from '@skein/base'
import type { kinds } from './frames/format.ts'
import type { Link } from './link.ts'

export interface SentSignal {
  readonly number: number
  readonly signal: AbortSignal
}

export class Signals {
  private readonly link: Link
  private last = 0
  /** Of the frame that is being written, or was last. */
  private sent: SentSignal[] = []
  private readonly received = new Map<number, AbortController>()
  private justReceived: number[] = []

  constructor(link: Link) {
    this.link = link
  }

  send(signal: AbortSignal): number {
    const number = ++this.last
    this.sent.push({ number, signal })
    return number
  }

  /** Those that were sent since it was last asked. */
  takeSent(): SentSignal[] {
    return this.sent.length === 0 ? this.sent : this.sent.splice(0)
  }

  receive(number: number): AbortSignal {
    const controller = new AbortController()
    this.received.set(number, controller)
    this.justReceived.push(number)
    return controller.signal
  }

  /** Those that were received since it was last asked. */
  takeReceived(): number[] {
    return this.justReceived.length === 0 ? this.justReceived : this.justReceived.splice(0)
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
    link.writer.begin(kind)
    link.writer.varint(number)
    link.values.write(link.writer, toErrorWire(reason), 'abort', 'reason')
    link.flushSoon()
  }

  end(reason: Error): void {
    for (const controller of this.received.values()) controller.abort(reason)
    this.received.clear()
  }
}
