// A session that is made again when it was lost. Knows time and chance, and how to open a wire; nothing of sockets.
import { CancelledError, TimeoutError } from '@skein/base'
import { type Chance, type Clock, type Timer, WorldError } from '@skein/world'
import { ConnectionLostError } from '../errors.ts'
import { type Offer, Session, type SessionOptions } from '../session.ts'
import type { Wire, WireHandlers } from '../wire.ts'
import { type BackOff, pauseMs } from './back-off.ts'
import { Queue } from './queue.ts'

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

export class Reconnecting {
  readonly queue: Queue
  /** The session that stands; undefined while there is none. */
  session: Session | undefined
  /** What the other side offered last. */
  remote: object | undefined
  private readonly options: ReconnectingOptions
  private readonly ended = Promise.withResolvers<unknown>()
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
    return this.ended.promise
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
    const { session } = this
    this.session = undefined
    session?.close()
    this.giveUp(reason)
    for (const { reject } of this.waiting) reject(reason)
    this.ended.resolve(problem)
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
    let connected: { session: Session; remote: object }
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
    this.stand(connected.session, connected.remote)
  }

  /** Rejects with what went wrong, or with what `over` does. */
  private async connect(over: Promise<never>, signal: AbortSignal): Promise<{ session: Session; remote: object }> {
    const { options } = this
    let session: Session | undefined
    try {
      const to = await Promise.race([over, options.next(this.place, signal)])
      if (typeof to === 'string') this.name = to
      const opened = options.open(to, wire => new Session(wire, options.offer, options.session))
      session = opened
      this.name = opened.peer
      const remote = await Promise.race([over, opened.ready])
      // A session that is lost meanwhile keeps nobody waiting.
      const lost = opened.closed.then(() => Promise.reject(opened.lost))
      await Promise.race([over, lost, options.onConnect?.(remote, opened)])
      return { session, remote }
    } catch (error) {
      session?.abort(error as Error)
      // That it could not connect says more than that it is lost.
      const { cause } = (error ?? {}) as Error
      throw cause instanceof WorldError ? cause : error
    }
  }

  private stand(session: Session, remote: object): void {
    const { clock, onUp, onDown } = this.options
    if (this.closed) return session.abort(this.closed)
    const sinceMs = clock.monotonicMs()
    this.tried = 0
    this.session = session
    this.remote = remote
    void session.closed.then(() => {
      if (this.session !== session) return
      this.session = undefined
      this.queue.use(undefined)
      // Who ends connections at once is not asked again and again.
      this.failures = clock.monotonicMs() - sinceMs > this.lastPauseMs ? 0 : this.failures + 1
      this.retry(session.lost)
      onDown?.(session.lost!)
    })
    // It may be lost already; its end is told then.
    if (session.lost) return
    const current = {
      remote,
      get lost() {
        return session.lost
      },
    }
    this.queue.use(current)
    for (const { resolve } of this.waiting) resolve(session)
    onUp?.(remote, session)
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
