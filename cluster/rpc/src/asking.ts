// Calls of ours: sent, waited for, answered.
import { TimeoutError } from '@skein/base'
import type { Timer } from '@skein/world'
import { answerBy, answerOf, follow, isThenable, localOrigin, type Origin } from './answers.ts'
import { callContext } from './context.ts'
import { flags, kinds } from './frames/format.ts'
import type { FrameParts } from './frames/reader.ts'
import type { Link } from './link.ts'
import { revived } from './revived.ts'
import type { Signals } from './signals.ts'
import { traceOfCall, writeTrace } from './trace-context.ts'
import type { SentSignal } from './values.ts'

const nothing = (): void => {}

/** A call of ours, and the answer to it. */
class Asked implements Origin {
  readonly number: number
  readonly answer: Promise<unknown>
  /** Nobody waits any more: not for the deadline, and not for signals among the arguments. */
  release: () => void = nothing
  private readonly asking: Asking
  private settle!: { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void }

  constructor(asking: Asking, number: number) {
    this.asking = asking
    this.number = number
    this.answer = answerBy(this, (resolve, reject) => {
      this.settle = { resolve, reject }
    })
  }

  get isPending(): boolean {
    return this.asking.isPending(this.number)
  }

  get owner(): object {
    return this.asking.link
  }

  async get(path: readonly string[]): Promise<unknown> {
    return this.isPending ? this.asking.use(this.number, [path]) : follow(await this.answer, path)
  }

  call(path: readonly string[], args: unknown[]): unknown {
    return this.isPending ? this.asking.use(this.number, [path, args]) : localOrigin(this.answer).call(path, args)
  }

  resolve(value: unknown): void {
    this.release()
    // It may fail.
    if (isThenable(value)) this.answer.catch(nothing)
    this.settle.resolve(value)
  }

  reject(error: unknown): void {
    this.release()
    this.answer.catch(nothing)
    this.settle.reject(error)
  }

  /** With what was thrown over there; `caller` is its innermost cause. */
  fail(error: unknown, caller: Error): void {
    this.release()
    this.settle.resolve(this.thrown(error, caller))
  }

  /** To remember the stack of each call costs more than all else that is done for it here. When one has failed, the engine still knows who waits for it. */
  private async thrown(error: unknown, caller: Error): Promise<never> {
    // Until the answer waits for this promise, and nothing else does.
    await undefined
    await undefined
    Error.captureStackTrace?.(caller, this.thrown)
    this.answer.catch(nothing)
    throw error
  }
}

/** Answers that have come without a word of it to the other side. */
const mostUnsaid = 1000

export class Asking {
  readonly link: Link
  private readonly signals: Signals
  private readonly pending = new Map<number, Asked>()
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
    return this.ask(0, number, args)
  }

  /** Asks for what is at a path in an answer that is not here yet, or calls it. */
  use(reply: number, pathAndArgs: unknown[]): unknown {
    return this.ask(1, reply, pathAndArgs)
  }

  isPending(reply: number): boolean {
    return this.pending.has(reply)
  }

  take(kind: typeof kinds.answer | typeof kinds.failure, parts: FrameParts, attachments: readonly Uint8Array[]): void {
    const reply = parts.varint()
    this.heard++
    const pending = this.pending.get(reply)
    const value = this.link.values.read(parts.rest(), attachments)
    if (kind === kinds.answer) {
      this.pending.delete(reply)
      pending?.resolve(value)
    } else {
      const caller = new Error('called here')
      const error = revived(value, caller)
      this.pending.delete(reply)
      pending?.fail(error, caller)
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
    for (const asked of this.pending.values()) asked.reject(reason)
    this.pending.clear()
  }

  /** A target is 0 and a function's number, or 1 and a reply's. */
  private ask(kind: 0 | 1, target: number, args: unknown): unknown {
    const { link } = this
    if (link.lost) return failed(link.lost.notMade())
    const { remainingMs, trace: outer } = callContext()
    if (remainingMs <= 0)
      return failed(new TimeoutError(`The call to ${link.peer}`, 0, 'Its deadline was over before it was made'))
    const reply = ++this.last
    const isBounded = remainingMs !== Number.POSITIVE_INFINITY
    const { writer } = link
    writer.begin(kinds.call)
    writer.byte(kind)
    writer.varint(target)
    writer.varint(reply)
    const { heard } = this
    writer.varint(heard)
    const trace = link.takesTraces ? traceOfCall(outer) : undefined
    writer.byte((isBounded ? flags.deadline : 0) | (trace ? flags.trace : 0))
    if (isBounded) writer.f64(remainingMs)
    if (trace) writeTrace(writer, trace)
    const sent = link.values.write(writer, args, 'call', 'arguments')
    this.said = Math.max(this.said, heard)
    // A getter may have closed it.
    if (link.lost) return failed(link.lost)
    link.flushSoon()
    const asked = new Asked(this, reply)
    if (isBounded || sent.length > 0) asked.release = this.giveUpLater(reply, remainingMs, sent)
    this.pending.set(reply, asked)
    return asked.answer
  }

  /** Ends waiting when the time is over, or a signal among the arguments is aborted. What is returned ends that. */
  private giveUpLater(reply: number, remainingMs: number, sent: readonly SentSignal[]): () => void {
    const { clock, peer, soon } = this.link
    const isBounded = remainingMs !== Number.POSITIVE_INFINITY
    // The answer will come nevertheless, and is heard.
    const giveUp = (error: unknown): void => {
      const pending = this.pending.get(reply)
      this.pending.delete(reply)
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

/** An answer that is an error already. */
export const failed = (error: unknown): unknown => {
  const promise = Promise.reject(error)
  promise.catch(nothing)
  return answerOf(localOrigin(promise), promise)
}
