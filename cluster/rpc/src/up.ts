// The door to sessions that connect again.
import { ArgumentError, CancelledError } from '@skein/base'
import { realClock, realWorld, type World } from '@skein/world'
import { type ConnectOptions, open, type Target } from './connect.ts'
import { ConnectionLostError } from './errors.ts'
import { sessionOptions } from './options.ts'
import type { Remote } from './remote.ts'
import type { Session } from './session.ts'
import { placeAt } from './transports/address.ts'
import { overNetwork, timed } from './transports/world.ts'
import { type BackOff, backOffOf } from './up/back-off.ts'
import { Reconnecting, type ReconnectingOptions, type Retry } from './up/reconnecting.ts'
import { standing } from './up/standing.ts'

export interface UpOptions<Api extends object = Record<string, any>> extends Omit<ConnectOptions, 'timeoutMs'> {
  /**
   * Runs on each new connection before any call that waits: says who one is, subscribes again. Calls that it makes on what it is given go to that connection, and are lost with it. If it throws, or
   * rejects, the connection is given up, and another one made later.
   */
  onConnect?: (remote: Remote<Api>, session: Session) => unknown
  /** How long until a connection stands, `onConnect` and all. Default 10,000. */
  connectTimeoutMs?: number
  backOff?: Partial<BackOff>
  /** Calls that wait for a connection at a time; more reject with QueueFullError. Default 10,000. */
  maxQueued?: number
  /**
   * Calls that do no harm if they are made twice: of the functions of these names (`'files.read'` is `remote.files.read`), or all. They are made again if the connection was lost before they were
   * answered; others reject with ConnectionLostError then. Default: none.
   */
  retry?: boolean | readonly string[]
  /** Whether to give up for good, after what has gone wrong: bad credentials, say. Default: never. */
  isFatal?: (error: unknown) => boolean
  /** A connection stands, and calls that waited have been made. */
  onUp?: (remote: Remote<Api>, session: Session) => void
  /** The connection is lost. */
  onDown?: (cause: Error) => void
  /** Connecting, or `onConnect`, went wrong, or a connection was lost; another will be made. */
  onRetry?: (retry: Retry) => void
}

/** A session that connects again when it is lost. */
export interface Up<Api extends object = Record<string, any>> extends Disposable {
  /**
   * What the other side offers, over all connections. Calls that are made while there is none wait; they are made once, in order. Do not change their arguments meanwhile. Functions and streams that came
   * over a connection end with it.
   */
  readonly remote: Remote<Api>
  /** The session that stands; undefined while there is none. */
  readonly session: Session | undefined
  readonly isUp: boolean
  /** Calls that wait for a connection. */
  readonly queued: number
  /** Runs `run` with what is offered on one connection, in its turn among the calls that wait. Rejects with what it throws, QueueFullError, ConnectionLostError. */
  up<Result>(run: (remote: Remote<Api>) => Result): Promise<Awaited<Result>>
  /** Resolves when there is a connection, at once if there is one. Rejects with TimeoutError, with the last failure as its cause, CancelledError, ConnectionLostError when it was closed. */
  whenUp(options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<Session>
  /** Resolves when it was closed; with the reason when `isFatal` has said so, or `signal` was aborted. */
  readonly closed: Promise<unknown>
  /** Connects no more. Calls that wait are not made. */
  close(): void
}

/**
 * Connects, and connects again whenever the connection is lost, with pauses that grow, until it is closed (upnode by J. Halliday is the model). Returns at once. Streams and ports can be given by a function only: each
 * connects once. Throws ArgumentError.
 */
export const up = <Api extends object = Record<string, any>>(
  to: string | readonly string[] | ((attempt: { signal: AbortSignal }) => Target | Promise<Target>),
  options: UpOptions<Api> = {},
): Up<Api> => {
  const { chance } = realWorld('up')
  return made('up', to, options, {
    clock: realClock,
    chance,
    session: sessionOptions('up', options, 5000),
    open: (to, make) => open('up', to as Target, options, make),
  })
}

/** The same over the network of a world, real or simulated. Throws ArgumentError. */
export const upOver = <Api extends object = Record<string, any>>(
  world: World,
  to: string | readonly string[] | ((attempt: { signal: AbortSignal }) => string | Promise<string>),
  options: Omit<UpOptions<Api>, 'tls' | 'headers'> = {},
): Up<Api> =>
  made('upOver', to, options, {
    clock: world.clock,
    chance: world.chance,
    session: timed(world.clock, sessionOptions('upOver', options, 5000)),
    open: (to, make) => overNetwork(world, to as string, make),
  })

const made = <Api extends object>(
  call: string,
  to: unknown,
  options: UpOptions<Api>,
  surroundings: Pick<ReconnectingOptions, 'clock' | 'chance' | 'session' | 'open'>,
): Up<Api> => {
  const { connectTimeoutMs = 10_000, maxQueued = 10_000, signal } = options
  if (!(typeof connectTimeoutMs === 'number' && connectTimeoutMs > 0))
    throw new ArgumentError(call, 'connectTimeoutMs', 'milliseconds above 0', connectTimeoutMs)
  if (!(typeof maxQueued === 'number' && maxQueued >= 0))
    throw new ArgumentError(call, 'maxQueued', 'a number of calls, from 0', maxQueued)
  if (signal?.aborted) throw new CancelledError(call, signal.reason)
  const it = new Reconnecting({
    ...surroundings,
    ...placesOf(call, to),
    offer: options.offer ?? {},
    connectTimeoutMs,
    maxQueued,
    backOff: backOffOf(call, options.backOff),
    mayRepeat: repeatable(call, options.retry),
    onConnect: options.onConnect,
    isFatal: options.isFatal,
    onUp: options.onUp,
    onDown: options.onDown,
    onRetry: options.onRetry,
  })
  const close = (problem?: Error): void => {
    it.close(problem ?? new ConnectionLostError(it.peer, 'it was closed here', { mayHaveRun: false }), problem)
  }
  const abort = (): void => close(new CancelledError(call, signal!.reason))
  signal?.addEventListener('abort', abort, { once: true })
  void it.closedFor.then(() => signal?.removeEventListener('abort', abort))
  const remote = standing(it.queue, () => it.remote) as Remote<Api>
  return {
    remote,
    get session() {
      return it.session
    },
    get isUp() {
      return it.session !== undefined
    },
    get queued() {
      return it.queue.size
    },
    up: async run => {
      if (typeof run !== 'function') throw new ArgumentError('up', 'run', 'a function', run)
      return (await it.queue.run(run as (remote: object) => unknown)) as never
    },
    whenUp: async ({ timeoutMs = Number.POSITIVE_INFINITY, signal } = {}) => {
      if (!(typeof timeoutMs === 'number' && timeoutMs >= 0))
        throw new ArgumentError('whenUp', 'timeoutMs', 'milliseconds from 0', timeoutMs)
      return it.whenUp('whenUp', timeoutMs, signal)
    },
    closed: it.closedFor,
    close: () => close(),
    [Symbol.dispose]: () => close(),
  }
}

/** Throws ArgumentError. */
const placesOf = (call: string, to: unknown): Pick<ReconnectingOptions, 'next' | 'places'> => {
  if (typeof to === 'function') return { next: (_, signal) => to({ signal }), places: 1 }
  const addresses: unknown[] = Array.isArray(to) ? [...to] : [to]
  if (addresses.length === 0 || !addresses.every(address => typeof address === 'string'))
    throw new ArgumentError(call, 'to', 'an address, several, or a function that connects', to)
  for (const address of addresses) placeAt(call, address as string)
  return { next: place => addresses[place % addresses.length], places: addresses.length }
}

/** Throws ArgumentError. */
const repeatable = (call: string, retry: unknown = false): ((path: readonly string[]) => boolean) => {
  if (typeof retry === 'boolean') return () => retry
  if (!Array.isArray(retry) || !retry.every(name => typeof name === 'string'))
    throw new ArgumentError(call, 'retry', 'true, false or names of functions', retry)
  const names = new Set<string>(retry)
  return path => path.length > 0 && names.has(path.join('.'))
}
