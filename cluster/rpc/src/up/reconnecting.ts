// A session that is made again when it was lost. Knows time and chance, and how to open a wire; nothing of sockets.
import { CancelledError, TimeoutError } from '@skein/base'
import { type Chance, type Clock, type Timer, WorldError } from '@skein/world'
import { ConnectionLostError } from '../errors.ts'
import { keptBytes, LastingWire, resuming } from '../lasting.ts'
import { type Offer, Session, type SessionOptions } from '../session.ts'
import type { Wire, WireHandlers } from '../wire.ts'
import { type BackOff, pauseMs } from './back-off.ts'
import { Queue } from './queue.ts'
import type { Current } from './queued.ts'

/** What has gone wrong, and what comes next. */
export interface Retry {
  /** Why there is no connection. */
  readonly cause: unknown
  /** Attempts that failed since there was one. */
  readonly failures: number
  /** When the next attempt begins. */
  readonly inMs: number
}

export interface ReconnectingOptions {
  readonly clock: Clock
  readonly chance: Chance
  readonly offer: Offer
  readonly session: SessionOptions
  /** Where to connect to: `place` counts up with each attempt that failed. The signal is aborted when it is not waited for any longer. */
  readonly next: (place: number, signal: AbortSignal) => unknown
  /** How many there are to try before a pause is made. */
  readonly places: number
  /** Connects. Throws what is wrong with `to`. */
  readonly open: <Handlers extends WireHandlers>(to: unknown, make: (wire: Wire) => Handlers) => Handlers
  readonly connectTimeoutMs: number
  readonly backOff: BackOff
  readonly maxQueued: number
  readonly mayRepeat: (path: readonly string[]) => boolean
  readonly onConnect?: (remote: any, session: Session) => unknown
  readonly onUp?: (remote: any, session: Session) => void
  readonly onDown?: (cause: Error) => void
  readonly onRetry?: (retry: Retry) => void
  readonly isFatal?: (error: unknown) => boolean
}

class Connected implements Current {
  readonly session: Session
  readonly lasting: LastingWire | undefined
  remote: object = {}
  /** How long the other side keeps the session without a connection. */
  keptMs = 0
  /** Gives it up after that. */
  timer: Timer | undefined

  constructor(session: Session, lasting: LastingWire | undefined) {
    this.session = session
    this.lasting = lasting
  }

  get lost(): Error | undefined {
    return this.session.lost
  }
}

export class Reconnecting {
  readonly queue: Queue
  private standing: Connected | undefined
  private sinceMs = 0
  /** A session without a connection, that may go on over the next one. */
  private suspended: Connected | undefined
  /** What the other side offered last. */
  remote: object | undefined
  private readonly options: ReconnectingOptions
  private readonly over = Promise.withResolvers<unknown>()
  private readonly waiting = new Set<{ resolve(session: Session): void; reject(error: unknown): void }>()
  private name = 'the other side'
  private place = 0
  /** Attempts that failed since there was a connection. */
  private tried = 0
  /** The same, and connections that did not last. */
  private failures = 0
  private lastPauseMs = 0
  private lastError: unknown
  private timer: Timer | undefined
  /** Ends the attempt that is under way. */
  private giveUp: (error: Error) => void = () => {}
  private closed: Error | undefined

  constructor(options: ReconnectingOptions) {
    this.options = options
    const { clock, maxQueued: most, mayRepeat } = options
    this.queue = new Queue({ clock, most, mayRepeat, peer: () => this.name })
    void this.attempt()
  }

  /** Resolves when no more attempts are made; with the reason if it was not `close`. */
  get closedFor(): Promise<unknown> {
    return this.over.promise
  }

  /** The session that stands; undefined while there is none. */
  get session(): Session | undefined {
    return this.standing?.session
  }

  get peer(): string {
    return this.name
  }

  /** Resolves with the next session that stands. Rejects when it is closed, or no longer waited for. */
  whenUp(call: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<Session> {
    if (this.session) return Promise.resolve(this.session)
    if (this.closed) return Promise.reject(this.closed)
    if (signal?.aborted) return Promise.reject(new CancelledError(call, signal.reason))
    const { promise, resolve, reject } = Promise.withResolvers<Session>()
    const waiter = { resolve, reject }
    this.waiting.add(waiter)
    const late = (): void => {
      const cause = this.lastError instanceof Error ? { cause: this.lastError } : undefined
      reject(
        new TimeoutError(`Waiting for a connection to ${this.name}`, timeoutMs, 'Is the other side started?', cause),
      )
    }
    const timer = timeoutMs === Number.POSITIVE_INFINITY ? undefined : this.options.clock.after(timeoutMs, late)
    const abort = (): void => reject(new CancelledError(call, signal!.reason))
    signal?.addEventListener('abort', abort, { once: true })
    return promise.finally(() => {
      this.waiting.delete(waiter)
      timer?.cancel()
      signal?.removeEventListener('abort', abort)
    })
  }

  /** Ends it. What waits rejects with `reason`. */
  close(reason: Error, problem?: unknown): void {
    if (this.closed) return
    this.closed = reason
    this.timer?.cancel()
    this.queue.close(reason)
    const { standing, suspended } = this
    this.standing = undefined
    this.suspended = undefined
    standing?.session.close()
    suspended?.timer?.cancel()
    suspended?.session.abort(reason)
    this.giveUp(reason)
    for (const { reject } of this.waiting) reject(reason)
    this.over.resolve(problem)
  }

  private async attempt(): Promise<void> {
    const { clock, connectTimeoutMs: limitMs } = this.options
    const abandoned = new AbortController()
    const { promise: over, reject } = Promise.withResolvers<never>()
    over.catch(() => abandoned.abort())
    this.giveUp = reject
    const timer = clock.after(limitMs, () =>
      reject(new TimeoutError(`Connecting to ${this.name}`, limitMs, 'Is it a server of this kind?')),
    )
    let connected: Connected
    try {
      connected = await this.connect(over, abandoned.signal)
    } catch (error) {
      this.place++
      this.tried++
      this.failures++
      return this.retry(error)
    } finally {
      timer.cancel()
    }
    this.stand(connected)
  }

  /** Rejects with what went wrong, or with what `over` does. */
  private async connect(over: Promise<never>, signal: AbortSignal): Promise<Connected> {
    const { options } = this
    let giveUp = (_: Error): void => {}
    try {
      const to = await Promise.race([over, options.next(this.place, signal)])
      if (typeof to === 'string') this.name = to
      const met = Promise.withResolvers<Connected>()
      met.promise.catch(() => {})
      options.open(to, wire => {
        giveUp = error => {
          wire.abort()
          met.reject(error)
        }
        if (!this.suspended || wire.movesBytes) return this.begin(wire, met.resolve)
        return this.goOn(this.suspended, wire, met)
      })
      const connected = await Promise.race([over, met.promise])
      if (connected === this.suspended) return connected
      const { session } = connected
      giveUp = error => session.abort(error)
      this.name = session.peer
      connected.remote = await Promise.race([over, session.ready])
      // A session that is lost meanwhile keeps nobody waiting.
      const lost = session.closed.then(() => Promise.reject(session.lost))
      lost.catch(() => {})
      await Promise.race([over, lost, options.onConnect?.(connected.remote, session)])
      return connected
    } catch (error) {
      giveUp(error as Error)
      // That it could not connect says more than that it is lost.
      const { cause } = (error ?? {}) as Error
      throw cause instanceof WorldError ? cause : error
    }
  }

  /** A new session. */
  private begin(wire: Wire, met: (connected: Connected) => void): WireHandlers {
    const { offer, session: options, chance } = this.options
    if (wire.movesBytes) {
      const session = new Session(wire, offer, options)
      met(new Connected(session, undefined))
      return session
    }
    const id = Array.from(chance.bytes(16), byte => byte.toString(16).padStart(2, '0')).join('')
    const lasting: LastingWire = new LastingWire(wire, {
      greeting: id,
      keptBytes,
      agree: keptMs => {
        connected.keptMs = typeof keptMs === 'number' && keptMs > 0 ? keptMs : 0
        return connected.keptMs > 0
      },
      suspended: error => this.suspend(connected, error),
    })
    const session = new Session(lasting, offer, options)
    const connected = new Connected(session, lasting)
    met(connected)
    return lasting.begin(session)
  }

  /** Another connection for a session whose last one broke; a new session, if the other side does not remember it. */
  private goOn(
    suspended: Connected,
    wire: Wire,
    met: { resolve(connected: Connected): void; reject(error: unknown): void },
  ): WireHandlers {
    return resuming(suspended.lasting!, wire, {
      resumed: () => met.resolve(suspended),
      refused: () => {
        this.lose(
          suspended,
          new Error('the other side does not remember the session: it was started anew, or too much time has passed'),
        )
        return this.begin(wire, met.resolve)
      },
      ended: error => met.reject(error ?? new ConnectionLostError(wire.peer, 'it was closed')),
    })
  }

  private stand(connected: Connected): void {
    const { session, remote } = connected
    if (this.closed) return session.abort(this.closed)
    if (connected !== this.suspended) {
      if (this.suspended) this.lose(this.suspended, new Error('it was not made again; another one was'))
      void session.closed.then(() => this.ended(connected))
    } else if (connected.lasting!.isSuspended) return this.retry(new ConnectionLostError(this.name, 'it broke'))
    connected.timer?.cancel()
    this.suspended = undefined
    this.tried = 0
    this.standing = connected
    this.remote = remote
    this.sinceMs = this.options.clock.monotonicMs()
    // It may be lost already; its end is told then.
    if (session.lost) return
    this.queue.use(connected)
    for (const { resolve } of this.waiting) resolve(session)
    this.options.onUp?.(remote, session)
  }

  /** The connection broke; the session may go on over the next one. */
  private suspend(connected: Connected, error: Error | undefined): void {
    if (this.suspended === connected) return
    // One that is not let in yet is not worth it.
    if (this.standing !== connected) return connected.session.end(error)
    const { clock } = this.options
    const late = (): void =>
      this.lose(connected, error ?? new Error(`it broke, and was not made again in ${connected.keptMs} ms`))
    connected.timer = clock.after(connected.keptMs, late)
    this.suspended = connected
    this.down(error ?? new ConnectionLostError(this.name, 'it broke'))
  }

  /** A session is over. */
  private lose(connected: Connected, error: Error): void {
    connected.session.abort(error)
    this.ended(connected)
  }

  private ended(connected: Connected): void {
    connected.timer?.cancel()
    this.queue.lose(connected)
    if (this.suspended === connected) this.suspended = undefined
    if (this.standing === connected) this.down(connected.session.lost!)
  }

  private down(cause: Error): void {
    const { clock, onDown } = this.options
    this.standing = undefined
    this.queue.use(undefined)
    // Who ends connections at once is not asked again and again.
    this.failures = clock.monotonicMs() - this.sinceMs > this.lastPauseMs ? 0 : this.failures + 1
    this.retry(cause)
    onDown?.(cause)
  }

  private retry(cause: unknown): void {
    if (this.closed) return
    const { options, failures } = this
    this.lastError = cause
    if (options.isFatal?.(cause)) return this.close(lostFor(this.name, cause), cause)
    const isNext = this.tried % options.places !== 0
    const inMs = isNext ? 0 : pauseMs(options.backOff, Math.floor(failures / options.places), options.chance)
    this.lastPauseMs = inMs
    this.timer = options.clock.after(inMs, () => void this.attempt())
    options.onRetry?.({ cause, failures, inMs })
  }
}

const lostFor = (peer: string, cause: unknown): Error =>
  new ConnectionLostError(peer, cause instanceof Error ? cause.message : String(cause), { cause, mayHaveRun: false })
