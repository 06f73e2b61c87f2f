// One end of a connection. It begins as dnode: each side sends `methods`. Who sees in the other's that it is a Skein speaks in frames from then on (README). A session knows nothing of
// sockets: bytes are given to it, and it gives bytes to `wire`.
import { TimeoutError } from '@skein/base'
import type { Clock } from '@skein/world'
import { isThenable, placeOf } from './answers.ts'
import { Asking, failed } from './asking.ts'
import { messageLimits } from './dnode/message.ts'
import { scrub, unscrub } from './dnode/scrub.ts'
import {
  ConnectionLostError,
  LimitExceededError,
  MalformedMessageError,
  NoAnswerError,
  NoSuchFunctionError,
} from './errors.ts'
import { kinds } from './frames/format.ts'
import { FrameParts, MessageReader } from './frames/reader.ts'
import { FrameWriter } from './frames/writer.ts'
import { Exports, Imports } from './functions.ts'
import { type Greeting, greetingIn, greetingOf } from './greeting.ts'
import { Heart, type Heartbeat } from './heartbeat.ts'
import type { Limits } from './limits.ts'
import type { Link } from './link.ts'
import { offered } from './offer.ts'
import { Inlet } from './rate.ts'
import { revived } from './revived.ts'
import { Serving } from './serving.ts'
import { Signals } from './signals.ts'
import { echo, stranger } from './stranger.ts'
import { Streams } from './streams.ts'
import { FrameValues } from './values.ts'
import type { Lasting, Wire, WireHandlers } from './wire.ts'

export interface SessionOptions {
  readonly limits: Limits
  /** Measures deadlines. */
  readonly clock: Clock
  /** Calls `run` soon, after what is done now: what was said until then is sent in one piece. */
  readonly soon: (run: () => void) => void
  /** Makes what nobody else says: that comes back from an echo. Default: echoes are not recognised. */
  readonly nonce?: () => string
  /** Names of classes (`registerTravel`) whose instances travel, both ways. Default: none. */
  readonly classes?: readonly string[]
  /** The other side's fault: what it sent was no message, or called what is not there. */
  readonly onFault?: (error: Error) => void
  /** A function of ours threw, and nobody over there can be told: an old peer's call. */
  readonly onError?: (error: unknown) => void
  /** Notices that the other side is gone without a word. Default: does not. */
  readonly heartbeat?: Heartbeat
}

/** What one side offers: an object, or what makes one of the other side's and the session. */
export type Offer = object | ((remote: any, session: Session) => object | undefined)

/** Numbers of a frame that lets go of functions: an even one, and such that those who take little take it. */
const mostReleased = 100

/** Bytes that may come until the other side is told, where it keeps them until then. */
const unsaidBytes = 2 ** 17

export class Session implements WireHandlers {
  /** What the other side offers; there once it has said so. */
  readonly ready: Promise<object>
  /** The other side speaks frames. */
  isSkein = false
  /** @internal Something has come from the other side. */
  hasSpoken = false
  private readonly nonce: string | undefined
  private isGreeted = false
  private readonly wire: Wire
  private readonly options: SessionOptions
  private readonly inlet: Inlet
  private readonly writer = new FrameWriter()
  private readonly exports = new Exports()
  private readonly imports: Imports
  private readonly link: Link
  private readonly signals: Signals
  private readonly asking: Asking
  private readonly serving: Serving
  private readonly streams: Streams
  private readonly remote: Record<string, unknown> = {}
  private readonly local: Record<string, unknown>
  private readonly isReady = Promise.withResolvers<object>()
  private readonly ended = Promise.withResolvers<Error | undefined>()
  /** Lines that wait to go out. */
  private readonly lines: string[] = []
  /** Functions of theirs that nobody holds here any more, and how often each had come. */
  private readonly letGo: number[] = []
  private isFlushing = false
  /** The wire has said that much waits; so many bytes have been given to it since. */
  private isStalled = false
  private waitingBytes = 0
  private reason: ConnectionLostError | undefined
  /** What the other side says it can do besides. */
  private features: ReadonlySet<unknown> = new Set()
  private takesTraces = false
  private readonly heart: Heart | undefined
  /** Bytes that have come, as the other side was told last. */
  private saidBytes = 0

  constructor(wire: Wire, offer: Offer, options: SessionOptions) {
    this.wire = wire
    this.options = options
    this.ready = this.isReady.promise
    this.ready.catch(() => {})
    this.imports = new Imports(
      number => this.functionOf(number),
      (number, times) => this.release(number, times),
    )
    this.link = this.makeLink()
    this.signals = new Signals(this.link)
    this.asking = new Asking(this.link, this.signals)
    this.serving = new Serving(this.link, this.exports, this.signals)
    this.streams = new Streams(this.link)
    const reader = new MessageReader(options.limits, {
      // A function that was called may have closed it, with more to be read.
      line: value => {
        if (!this.reason) this.takeLine(value)
      },
      frame: (kind, body, attachments) => {
        if (!this.reason) this.takeFrame(kind, new FrameParts(body), attachments)
      },
    })
    this.inlet = new Inlet(reader, options.clock, options.limits, {
      reading: isOn => wire.reading?.(isOn),
      waited: () => this.sayThatWeAreHere(),
      failed: error => this.fail(error),
    })
    // A caller's array is sent before the call returns, and not copied for that.
    if (wire.sendBorrowed) this.writer.lent = () => this.sendNow()
    this.local = offered((typeof offer === 'function' ? offer(this.remote, this) : offer) ?? {})
    this.nonce = options.nonce?.()
    const greeting = greetingOf(options.limits, this.nonce, wire.lasting?.greeting)
    this.sendLine('methods', [this.local], { skein: greeting })
    const { clock, heartbeat } = options
    if (heartbeat)
      this.heart = new Heart(
        clock,
        heartbeat,
        () => this.ping(),
        silentMs => this.silent(silentMs),
      )
  }

  get peer(): string {
    return this.wire.peer
  }

  /** Why it ended; undefined as long as it has not. */
  get lost(): ConnectionLostError | undefined {
    return this.reason
  }

  /** Resolves when it has ended; with what went wrong, if something did. */
  get closed(): Promise<Error | undefined> {
    return this.ended.promise
  }

  /** Functions that each side holds of the other, calls that are not answered, answers that are kept, open streams. */
  get counts(): { exported: number; imported: number; asked: number; serving: number; kept: number; streams: number } {
    return {
      exported: this.exports.size,
      imported: this.imports.size,
      asked: this.asking.size,
      serving: this.serving.size,
      kept: this.serving.kept,
      streams: this.streams.size,
    }
  }

  /** Bytes have come. */
  receive(bytes: Uint8Array): void {
    if (this.reason || bytes.length === 0) return
    if (this.heart) this.heart.heard = true
    if (!this.hasSpoken) {
      const problem = stranger(this.wire.peer, bytes)
      if (problem) return this.fail(problem)
      this.hasSpoken = true
    }
    try {
      this.inlet.receive(bytes)
    } catch (error) {
      this.fail(error as Error)
    }
    const { lasting } = this.wire
    if (lasting?.isAgreed && lasting.receivedBytes - this.saidBytes >= unsaidBytes) this.sayReceived(lasting)
  }

  /** What was given to the wire has gone out. */
  drained(): void {
    this.isStalled = false
    this.waitingBytes = 0
    this.streams.goOn()
  }

  /** The wire has ended. */
  end(error?: Error): void {
    if (this.reason) return
    this.finish(error)
    // What came on it was no message for a reason that the wire knows.
    if (error instanceof MalformedMessageError) this.options.onFault?.(error)
  }

  private finish(error?: Error): void {
    const cause = error ? { cause: error } : undefined
    const reason = new ConnectionLostError(this.wire.peer, error?.message ?? 'it was closed', cause)
    this.reason = reason
    this.heart?.stop()
    this.inlet.close()
    for (const part of [this.asking, this.serving, this.streams, this.signals]) part.end(reason)
    this.exports.clear()
    this.imports.clear()
    this.isReady.reject(reason)
    this.ended.resolve(error)
  }

  /** Sends what waits, then ends. Calls that were not answered reject. */
  close(): void {
    if (this.reason) return
    if (this.wire.lasting?.isAgreed) this.sayEmpty(kinds.bye)
    this.flush()
    this.wire.close()
    this.finish()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Breaks it off: what waits is not sent. */
  abort(error: Error): void {
    if (this.reason) return
    this.wire.abort()
    this.finish(error)
  }

  /** The other side did what it may not: it is told nothing more. */
  private fail(error: Error): void {
    if (this.reason) return
    this.abort(error)
    this.options.onFault?.(error)
  }

  private makeLink(): Link {
    const session = this
    const { clock, limits, soon } = this.options
    const classes = new Set(this.options.classes)
    const values: FrameValues = new FrameValues({
      sendFunction: fn => this.exports.send(fn),
      unsendFunction: number => this.exports.release(number, 1),
      receiveFunction: number => this.receiveFunction(number),
      receivePromise: number => this.receivePromise(number),
      sendSignal: signal => this.signals.send(signal),
      receiveSignal: number => this.signals.receive(number),
      sendStream: iterable => this.streams.send(iterable),
      unsendStream: number => this.streams.unsend(number),
      receiveStream: number => this.streams.receive(number),
      answered: (reply, path) => this.serving.answered(reply, path),
      allows: name => classes.has(name),
      get owner() {
        return session.link
      },
    })
    return {
      peer: this.wire.peer,
      limits,
      clock,
      writer: this.writer,
      values,
      soon,
      flushSoon: () => this.flushSoon(),
      get takesTraces() {
        return session.takesTraces
      },
      get isStalled() {
        return session.isStalled
      },
      get lost() {
        return session.reason
      },
    }
  }

  private takeFrame(kind: number, parts: FrameParts, attachments: readonly Uint8Array[]): void {
    switch (kind) {
      case kinds.call:
        this.inlet.called()
        return this.serving.take(parts, attachments)
      case kinds.answer:
      case kinds.failure:
        return this.asking.take(kind, parts, attachments)
      case kinds.release:
        while (!parts.isAtEnd) this.exports.release(parts.varint(), parts.varint())
        return
      case kinds.cancel:
        return this.serving.cancel(parts.varint(), revived(this.link.values.read(parts.rest(), attachments)))
      case kinds.abort:
        return this.signals.abort(parts.varint(), revived(this.link.values.read(parts.rest(), attachments)))
      case kinds.pull:
        return this.streams.takePull(parts)
      case kinds.items:
        return this.streams.takeItems(parts, attachments)
      case kinds.end:
        return this.streams.takeEnd(parts, attachments)
      case kinds.heard:
        return this.serving.forget(parts.varint())
      case kinds.ping:
        this.sayEmpty(kinds.pong)
        return this.flushSoon()
      case kinds.pong:
        return
      case kinds.received:
        return this.wire.lasting?.acknowledged(parts.varint())
      case kinds.bye:
        this.wire.close()
        return this.end()
    }
    throw new MalformedMessageError('the kind of a frame', 'known', kind)
  }

  // Functions of theirs.

  private functionOf(number: number): Function {
    return (...args: unknown[]) => {
      if (this.isSkein) return this.asking.call(number, args)
      if (this.reason) return failed(this.reason.notMade())
      this.sendLine(number, args)
      return failed(new NoAnswerError(this.wire.peer))
    }
  }

  private receiveFunction(number: number): Function {
    const fn = this.imports.receive(number)
    const { functions } = this.options.limits
    if (this.imports.size > functions) throw new LimitExceededError('functions', functions)
    return fn
  }

  /** It is asked for at once, by a call of ours; so they may not make us ask for more than they may ask of us. */
  private receivePromise(number: number): unknown {
    const { calls } = this.options.limits
    if (this.asking.size >= calls) throw new LimitExceededError('calls', calls)
    return this.receiveFunction(number)()
  }

  private release(number: number, times: number): void {
    if (this.reason) return
    if (this.isSkein) this.letGo.push(number, times)
    else this.lines.push(`${JSON.stringify({ method: 'cull', arguments: [number] })}\n`)
    this.flushSoon()
  }

  // dnode.

  private sendLine(method: string | number, args: readonly unknown[], more?: object): void {
    const scrubbed = scrub(args, (fn, isFirst) => this.exports.send(fn, !isFirst))
    this.lines.push(`${JSON.stringify({ method, ...scrubbed, ...more })}\n`)
    this.flushSoon()
  }

  private takeLine(message: unknown): void {
    const { callbacks } = this.options.limits
    const args = unscrub(message, number => this.receiveFunction(number), {
      ...messageLimits,
      callbacks,
      links: callbacks,
    })
    const { method, skein } = message as { method?: unknown; skein?: unknown }
    if (method === 'methods') return this.takeMethods(args[0], greetingIn(skein))
    // A client asks for a session that nobody remembers here. It knows by what was said to it.
    if (method === 'resume') return
    if (method === 'cull') {
      for (const number of args) if (typeof number === 'number') this.exports.release(number, Number.POSITIVE_INFINITY)
      return
    }
    this.inlet.called()
    let fn: unknown
    if (typeof method === 'number') fn = this.exports.get(method)
    else if (typeof method === 'string' && Object.hasOwn(this.local, method)) fn = this.local[method]
    if (typeof fn !== 'function')
      return this.options.onFault?.(new NoSuchFunctionError(String(method), 'there is none of that name'))
    const { onError } = this.options
    try {
      const result: unknown = fn(...args)
      // An answer of the other side's has none.
      if (isThenable(result) && placeOf(result) === undefined) Promise.resolve(result).catch(error => onError?.(error))
    } catch (error) {
      onError?.(error)
    }
  }

  /** Throws WrongProtocolError, MalformedMessageError. */
  private takeMethods(methods: unknown, greeting: Greeting | undefined): void {
    if (this.nonce !== undefined && greeting?.nonce === this.nonce) throw echo(this.wire.peer)
    this.isSkein = greeting !== undefined
    if (greeting) {
      this.features = greeting.features
      this.writer.mostBytes = greeting.messageBytes
    }
    this.takesTraces = this.features.has('traces')
    this.wire.lasting?.greeted(greeting?.resume)
    for (const name of Object.keys(this.remote)) delete this.remote[name]
    if (typeof methods === 'object' && methods !== null)
      for (const [name, value] of Object.entries(methods)) {
        // It would be taken for a promise by all who wait for what the other side offers.
        if (name === 'then') continue
        Object.defineProperty(this.remote, name, { value, writable: true, enumerable: true, configurable: true })
      }
    this.isGreeted = true
    this.isReady.resolve(this.remote)
  }

  // Whether the other side is there.

  /** They have not been read for a while, and may wait for a word. */
  private sayThatWeAreHere(): void {
    if (this.heart) this.heart.heard = true
    if (!this.features.has('pings')) return
    this.sayEmpty(kinds.ping)
    this.flushSoon()
  }

  /** Asks the other side for a word. False: it is not to be asked. */
  private ping(): boolean {
    // One that is not connected is looked for already; one that has not said what it offers should.
    if (this.wire.lasting?.isSuspended) return false
    if (!this.isGreeted) return true
    if (this.features.has('pings')) {
      if (this.wire.lasting?.isAgreed) this.sayReceived(this.wire.lasting)
      this.sayEmpty(kinds.ping)
      this.flushSoon()
      return true
    }
    if (this.isSkein) return false
    // What upnode does: ask for `ping`, where it is offered.
    const { upnode, ping } = this.remote as { upnode?: { ping?: unknown }; ping?: unknown }
    const ask = typeof upnode?.ping === 'function' ? upnode.ping : ping
    if (typeof ask !== 'function') return false
    ask(() => {})
    return true
  }

  private silent(silentMs: number): void {
    const error = new TimeoutError(`A word of ${this.peer}`, silentMs, 'It is gone, cannot be reached, or is busy.')
    if (this.wire.lasting?.isAgreed) this.wire.lasting.lose(error)
    else this.abort(error)
  }

  /** So much has come: the other side need not keep it any longer. */
  private sayReceived(lasting: Lasting): void {
    if (this.reason) return
    this.saidBytes = lasting.receivedBytes
    this.writer.begin(kinds.received)
    this.writer.varint(this.saidBytes)
    this.writer.end()
    this.flushSoon()
  }

  private sayEmpty(kind: number): void {
    this.writer.begin(kind)
    this.writer.end()
  }

  // Sending.

  private flushSoon(): void {
    if (this.isFlushing) return
    this.isFlushing = true
    this.options.soon(() => this.flush())
  }

  /** Sends what was said until now. */
  flush(): void {
    this.isFlushing = false
    if (this.reason) return
    if (this.isSkein) this.asking.sayHeard()
    const letGo = this.letGo.splice(0)
    for (let i = 0; i < letGo.length; i += mostReleased) {
      this.writer.begin(kinds.release)
      for (const n of letGo.slice(i, i + mostReleased)) this.writer.varint(n)
      this.writer.end()
    }
    this.sendNow()
    const { waitingBytes } = this.options.limits
    if (this.waitingBytes > waitingBytes) this.fail(new LimitExceededError('waitingBytes', waitingBytes))
  }

  /** What was written until now goes to the wire. */
  private sendNow(): void {
    if (this.reason) return
    if (this.lines.length > 0) this.send(new TextEncoder().encode(this.lines.splice(0).join('')), true)
    if (!this.writer.isEmpty) for (const chunk of this.writer.take()) this.send(chunk)
  }

  private send(bytes: Uint8Array, isText = false): void {
    const { wire } = this
    const goesOn = this.writer.isBorrowed(bytes) ? wire.sendBorrowed!(bytes) : wire.send(bytes, isText)
    if (!goesOn) this.isStalled = true
    if (this.isStalled) this.waitingBytes += bytes.length
  }
}
