// Calls of ours: sent, waited for, answered.
import { TimeoutError } from '@skein/base'
import type { Timer } from '@skein/world'
import { answerOf, follow, localOrigin, type Origin } from './answers.ts'
import { callContext } from './context.ts'
import { flags, kinds } from './frames/format.ts'
import type { FrameParts } from './frames/reader.ts'
import type { FrameWriter } from './frames/writer.ts'
import type { Link } from './link.ts'
import { revived } from './revived.ts'
import type { Signals } from './signals.ts'
import type { SentSignal } from './values.ts'

interface Pending {
  resolve(value: unknown): void
  reject(error: unknown): void
  /** Made where the call was made: its stack is that of the caller. */
  readonly asked: Error
  /** Nobody waits any more: not for the deadline, and not for signals among the arguments. */
  release(): void
}

/** Answers that have come without a word of it to the other side. */
const mostUnsaid = 1000

export class Asking {
  private readonly link: Link
  private readonly signals: Signals
  private readonly pending = new Map<number, Pending>()
  private last = 0
  /** Answers that have come, and how many of them the other side has been told of. The other side keeps what it gave until it hears of this. */
  private heard = 0
  private said = 0

  constructor(link: Link, signals: Signals) {
    this.link = link
    this.signals = signals
  }

  get size(): number {
    return this.pending.size
  }

  /** Calls a function of theirs. Throws NotCloneableError; all else that goes wrong the answer rejects with. */
  call(number: number, args: unknown[]): unknown {
    return this.ask(args, writer => {
      writer.byte(0)
      writer.varint(number)
    })
  }

  take(kind: typeof kinds.answer | typeof kinds.failure, parts: FrameParts, attachments: readonly Uint8Array[]): void {
    const reply = parts.varint()
    this.heard++
    const pending = this.pending.get(reply)
    const value = this.link.values.read(parts.rest(), attachments)
    const result = kind === kinds.answer ? value : revived(value, pending?.asked)
    if (pending !== undefined) {
      this.pending.delete(reply)
      pending.release()
      if (kind === kinds.answer) pending.resolve(result)
      else pending.reject(result)
    }
    if (this.mustSay) this.link.flushSoon()
  }

  /** Calls say it as they go; when there are none for a while it is said by itself, for else what was answered would be kept. */
  sayHeard(): void {
    if (!this.mustSay) return
    const { writer } = this.link
    this.said = this.heard
    writer.begin(kinds.heard)
    writer.varint(this.heard)
    writer.end()
  }

  private get mustSay(): boolean {
    const unsaid = this.heard - this.said
    return unsaid > 0 && (this.pending.size === 0 || unsaid >= mostUnsaid)
  }

  end(reason: Error): void {
    for (const { reject, release } of this.pending.values()) {
      release()
      reject(reason)
    }
    this.pending.clear()
  }

  private ask(args: unknown, target: (writer: FrameWriter) => void): unknown {
    const { link } = this
    if (link.lost) return failed(link.lost.notMade())
    const { remainingMs } = callContext()
    if (remainingMs <= 0)
      return failed(new TimeoutError(`The call to ${link.peer}`, 0, 'Its deadline was over before it was made'))
    const reply = ++this.last
    const isBounded = remainingMs !== Number.POSITIVE_INFINITY
    const { writer } = link
    writer.begin(kinds.call)
    target(writer)
    writer.varint(reply)
    writer.varint(this.heard)
    this.said = this.heard
    writer.byte(isBounded ? flags.deadline : 0)
    if (isBounded) writer.f64(remainingMs)
    const sent = link.values.write(writer, args, 'call', 'arguments')
    // A getter may have closed it.
    if (link.lost) return failed(link.lost)
    link.flushSoon()
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    promise.catch(() => {})
    const release = this.giveUpLater(reply, remainingMs, sent)
    this.pending.set(reply, { resolve, reject, asked: new Error('called here'), release })
    return answerOf(this.originOf(reply, promise), [], promise)
  }

  private originOf(reply: number, promise: Promise<unknown>): Origin {
    const { pending } = this
    const local = localOrigin(promise)
    const target = (writer: FrameWriter): void => {
      writer.byte(1)
      writer.varint(reply)
    }
    return {
      get isPending() {
        return pending.has(reply)
      },
      owner: this.link,
      number: reply,
      get: async path => (pending.has(reply) ? this.ask([path], target) : follow(await promise, path)),
      call: (path, args) => (pending.has(reply) ? this.ask([path, args], target) : local.call(path, args)),
    }
  }

  /** Ends waiting when the time is over, or a signal among the arguments is aborted. What is returned ends that. */
  private giveUpLater(reply: number, remainingMs: number, sent: readonly SentSignal[]): () => void {
    const { clock, peer, soon } = this.link
    const isBounded = remainingMs !== Number.POSITIVE_INFINITY
    if (!isBounded && sent.length === 0) return nothing
    // The answer will come nevertheless, and is heard.
    const giveUp = (error: unknown): void => {
      const pending = this.pending.get(reply)
      this.pending.delete(reply)
      pending?.release()
      pending?.reject(error)
    }
    let timer: Timer | undefined
    if (isBounded)
      timer = clock.after(remainingMs, () => {
        const error = new TimeoutError(`The call to ${peer}`, Math.round(remainingMs))
        giveUp(error)
        this.signals.say(kinds.cancel, reply, error)
      })
    const watched = sent.map(({ number, signal }) => {
      const abort = (): void => {
        giveUp(signal.reason)
        this.signals.say(kinds.abort, number, signal.reason)
      }
      if (signal.aborted) soon(abort)
      else signal.addEventListener('abort', abort, { once: true })
      return { signal, abort }
    })
    return () => {
      timer?.cancel()
      for (const { signal, abort } of watched) signal.removeEventListener('abort', abort)
    }
  }
}

const nothing = (): void => {}

/** An answer that is an error already. */
export const failed = (error: unknown): unknown => {
  const promise = Promise.reject(error)
  promise.catch(nothing)
  return answerOf(localOrigin(promise), [], promise)
}
