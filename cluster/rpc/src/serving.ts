// Calls of theirs: made, and answered. What a call gave is kept until the other side has heard of it, for it may already have asked for something in it.
import { span, TimeoutError, tracer } from '@skein/base'
import type { Clock, Timer } from '@skein/world'
import { follow, isThenable } from './answers.ts'
import { type CallContext, enter } from './context.ts'
import { LimitExceededError, MalformedMessageError, NoSuchFunctionError } from './errors.ts'
import { flags, kinds } from './frames/format.ts'
import type { FrameParts } from './frames/reader.ts'
import type { Exports } from './functions.ts'
import type { Link } from './link.ts'
import type { Signals } from './signals.ts'
import { readTrace, type TraceContext } from './trace-context.ts'

/** A call that has not been answered. */
class Served implements CallContext {
  private readonly clock: Clock
  private readonly untilMs: number
  readonly trace: TraceContext | undefined
  private controller: AbortController | undefined
  private reason: { value: unknown } | undefined
  /** Tells it that its time is over. */
  timer: Timer | undefined

  constructor(clock: Clock, untilMs: number, trace: TraceContext | undefined) {
    this.clock = clock
    this.trace = trace
    this.untilMs = untilMs
  }

  get remainingMs(): number {
    return this.untilMs - this.clock.monotonicMs()
  }

  /** Made when it is asked for: most functions never do. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController()
      if (this.reason) this.controller.abort(this.reason.value)
    }
    return this.controller.signal
  }

  abort(reason: unknown): void {
    this.reason ??= { value: reason }
    this.controller?.abort(reason)
  }
}

type AnswerKind = typeof kinds.answer | typeof kinds.failure

export class Serving {
  private readonly link: Link
  private readonly exports: Exports
  private readonly signals: Signals
  private readonly open = new Map<number, Served>()
  /** What calls gave, or will. */
  private readonly given = new Map<number, unknown>()
  /** Those that were answered, in order; the first of them is answer `forgotten`. */
  private readonly told: number[] = []
  private forgotten = 0
  /** The number of the last call. */
  private last = 0

  constructor(link: Link, exports: Exports, signals: Signals) {
    this.link = link
    this.exports = exports
    this.signals = signals
  }

  get size(): number {
    return this.open.size
  }

  /** Answers that are kept. */
  get kept(): number {
    return this.given.size
  }

  take(parts: FrameParts, attachments: readonly Uint8Array[]): void {
    const { clock, limits, values } = this.link
    const isAnswer = parts.byte() === 1
    const target = parts.varint()
    const reply = parts.varint()
    if (reply <= this.last) throw new MalformedMessageError('the number of a call', `above ${this.last}`, reply)
    this.last = reply
    this.forget(parts.varint())
    const has = parts.byte()
    const limitMs = has & flags.deadline ? parts.f64() : Number.POSITIVE_INFINITY
    const trace = has & flags.trace ? readTrace(parts) : undefined
    if (Number.isNaN(limitMs)) throw new MalformedMessageError('a deadline', 'milliseconds', limitMs)
    if (this.open.size >= limits.calls) throw new LimitExceededError('calls', limits.calls)
    if (this.told.length >= limits.answers) throw new LimitExceededError('answers', limits.answers)
    const { args, signals } = values.readCall(parts.rest(), attachments)
    if (!Array.isArray(args)) throw new MalformedMessageError('arguments', 'an array', args)
    const served = new Served(clock, clock.monotonicMs() + limitMs, trace)
    const over = (kind: AnswerKind, value: unknown): void => {
      for (const number of signals) this.signals.forget(number)
      this.tell(kind, reply, value)
    }
    let promise: Promise<unknown>
    try {
      const run = (): unknown => (isAnswer ? this.use(target, args) : this.run(target, args))
      const result = enter(served, trace ? () => tracer.within(trace.traceparent, run) : run)
      if (!isThenable(result)) return over(kinds.answer, result)
      // Of what has a `then` of its own, only what a promise makes of it counts.
      promise = Promise.resolve(result)
    } catch (error) {
      return over(kinds.failure, error)
    }
    this.given.set(reply, promise)
    this.open.set(reply, served)
    const late = (): void => served.abort(new TimeoutError('A call', Math.round(limitMs)))
    if (limitMs !== Number.POSITIVE_INFINITY)
      served.timer = clock.after(Math.max(0, limitMs), late, { background: true })
    const settle = (kind: AnswerKind, value: unknown): void => {
      served.timer?.cancel()
      this.open.delete(reply)
      over(kind, value)
    }
    promise.then(
      value => settle(kinds.answer, value),
      error => settle(kinds.failure, error),
    )
  }

  /** The other side waits no longer for a call. */
  cancel(reply: number, reason: unknown): void {
    this.open.get(reply)?.abort(reason)
  }

  /** What a call gives, at a path in it: an argument of another one. */
  answered(reply: number, path: readonly string[]): Promise<unknown> {
    const promise = Promise.resolve(this.keptAnswer(reply)).then(value => follow(value, path))
    // Whoever is called may look at it or not.
    promise.catch(() => {})
    return promise
  }

  end(reason: Error): void {
    for (const served of this.open.values()) {
      served.timer?.cancel()
      served.abort(reason)
    }
    this.open.clear()
    this.given.clear()
  }

  /** The other side has heard that many answers, all told. Throws MalformedMessageError. */
  forget(heard: number): void {
    const over = heard - this.forgotten
    if (over <= 0) return
    if (over > this.told.length)
      throw new MalformedMessageError('the number of answers heard', `${this.told.length} more at most`, over)
    for (const reply of this.told.splice(0, over)) this.given.delete(reply)
    this.forgotten = heard
  }

  private run(number: number, args: unknown[]): unknown {
    const fn = this.exports.get(number)
    if (fn === undefined) throw new NoSuchFunctionError(`function ${number}`, 'it was let go of, or never sent')
    return called(fn, args)
  }

  /** A property of an answer, or a call of one, that may not be here yet. */
  private use(reply: number, [path, args]: unknown[]): unknown {
    if (!Array.isArray(path) || !path.every(key => typeof key === 'string'))
      throw new MalformedMessageError('a path', 'an array of keys', path)
    if (args !== undefined && !Array.isArray(args)) throw new MalformedMessageError('arguments', 'an array', args)
    const use = (value: unknown): unknown => {
      const found = follow(value, path)
      if (args === undefined) return found
      if (typeof found !== 'function')
        throw new NoSuchFunctionError(path.join('.') || 'the answer', 'it is no function')
      return called(found, args)
    }
    const value = this.keptAnswer(reply)
    return isThenable(value) ? value.then(use) : use(value)
  }

  private keptAnswer(reply: number): unknown {
    if (!this.given.has(reply)) throw new NoSuchFunctionError(`the answer of call ${reply}`, 'it is not kept any more')
    return this.given.get(reply)
  }

  private tell(kind: AnswerKind, reply: number, value: unknown): void {
    const { link } = this
    if (link.lost) return
    this.given.set(reply, kind === kinds.answer ? value : failure(value))
    this.told.push(reply)
    const begin = (kind: AnswerKind): void => {
      link.writer.begin(kind)
      link.writer.varint(reply)
    }
    const fail = (error: unknown): void =>
      link.values.writeThrown(link.writer, () => begin(kinds.failure), error, 'the error')
    if (kind === kinds.failure) fail(value)
    else {
      begin(kind)
      try {
        link.values.write(link.writer, value, 'answer', 'the answer')
      } catch (error) {
        fail(error)
      }
    }
    link.flushSoon()
  }
}

/** Arguments that are not here yet are waited for; those within others are the function's own affair. */
const called = (fn: Function, args: unknown[]): unknown => {
  const call = (): unknown => (args.some(isThenable) ? Promise.all(args).then(args => fn(...args)) : fn(...args))
  return tracer.enabled ? span(fn.name.replace(/^bound /, '') || 'a function', call) : call()
}

const failure = (error: unknown): Promise<never> => {
  const promise = Promise.reject(error)
  promise.catch(() => {})
  return promise
}
