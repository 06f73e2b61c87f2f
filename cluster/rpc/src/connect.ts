// The door to other programs: sessions on sockets, streams, ports and WebSockets.
import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import { ArgumentError, CancelledError, NotSupportedError, nodeModule, TimeoutError } from '@skein/base'
import { realClock, WorldError } from '@skein/world'
import { ConnectionLostError, RefusedError, TlsError, WrongProtocolError } from './errors.ts'
import { limitsOf } from './limits.ts'
import { type CommonOptions, sessionOptions } from './options.ts'
import type { Remote } from './remote.ts'
import { type Offer, Session } from './session.ts'
import { placeAt } from './transports/address.ts'
import { overPort, type PortLike } from './transports/port.ts'
import { socketProblem } from './transports/problems.ts'
import { keepAlive, overStream } from './transports/stream.ts'
import { overWebSocket, type WebSocketLike } from './transports/websocket.ts'
import { connectWebSocket } from './transports/websocket-client.ts'
import type { Wire, WireHandlers } from './wire.ts'

/** `host:port`, `unix:path`, `tls:host:port`, `ws://host:port/path`, `wss://host:port/path`, a stream, a port, a worker or a WebSocket. */
export type Target = string | Duplex | PortLike | WebSocketLike

export interface ConnectOptions extends CommonOptions {
  /** What the other side may call. Default: nothing. */
  offer?: Offer
  /** How long until the other side has said what it offers. Default 10,000. */
  timeoutMs?: number
  signal?: AbortSignal
  /** Of the request by which a WebSocket is asked for. Not in pages. */
  headers?: Readonly<Record<string, string>>
}

/** A session whose other side offers `Api`. */
export interface Connected<Api extends object> extends Disposable {
  readonly remote: Remote<Api>
  readonly session: Session
  /** Sends what waits, then ends. */
  close(): void
}

/**
 * Connects to `host:port`, `unix:path`, `tls:host:port`, `ws://host:port/path` or `wss://host:port/path`, or speaks on a stream, a port, a worker or a WebSocket that is given. Pages have WebSockets,
 * ports and workers. Resolves when the other side has said what it offers. Rejects with WorldError, WrongProtocolError, TlsError, RefusedError, TimeoutError, CancelledError, ConnectionLostError, ArgumentError.
 */
export const connect = async <Api extends object = Record<string, any>>(
  to: Target,
  options: ConnectOptions = {},
): Promise<Connected<Api>> => {
  const { offer = {}, timeoutMs = 10_000, signal } = options
  if (!(timeoutMs > 0)) throw new ArgumentError('connect', 'timeoutMs', 'milliseconds above 0', timeoutMs)
  if (signal?.aborted) throw new CancelledError('connect', signal.reason)
  const common = sessionOptions('connect', options, typeof to === 'string' ? 60_000 : undefined)
  const session = open('connect', to, options, wire => new Session(wire, offer, common))
  const giveUp = Promise.withResolvers<never>()
  const name = typeof to === 'string' ? to : session.peer
  const timer = realClock.after(timeoutMs, () =>
    giveUp.reject(new TimeoutError(`Connecting to ${name}`, timeoutMs, 'Is it a server of this kind?')),
  )
  const abort = (): void => giveUp.reject(new CancelledError('connect', signal!.reason))
  signal?.addEventListener('abort', abort, { once: true })
  try {
    const remote = await Promise.race([session.ready, giveUp.promise])
    return {
      remote: remote as Remote<Api>,
      session,
      close: () => session.close(),
      [Symbol.dispose]: () => session.close(),
    }
  } catch (error) {
    session.close()
    throw whyNot(error as Error, name, session)
  } finally {
    timer.cancel()
    signal?.removeEventListener('abort', abort)
  }
}

/** Why it could not connect says more than that the connection is lost. */
const whyNot = (error: Error, name: string, { hasSpoken }: Session): Error => {
  const { cause } = error
  const isCutOff = cause === undefined || (cause instanceof WorldError && cause.kind === 'reset')
  if (error instanceof ConnectionLostError && !hasSpoken && isCutOff)
    return new WrongProtocolError(
      name,
      'something that ends the connection without a word',
      'Does it speak TLS (tls:, wss:), or does it not take this client?',
      { cause: error },
    )
  return [WorldError, WrongProtocolError, TlsError, RefusedError].some(type => cause instanceof type)
    ? (cause as Error)
    : error
}

/** @internal Connects, and tells `make`'s handlers of what happens on the wire. Throws ArgumentError. */
export const open = <Handlers extends WireHandlers>(
  call: string,
  to: Target,
  { tls, headers, limits }: ConnectOptions,
  make: (wire: Wire) => Handlers,
): Handlers => {
  if (typeof to === 'string') {
    const place = placeAt(call, to)
    if ('url' in place) return connectWebSocket(place.url, { headers, tls }, limitsOf(call, limits).messageBytes, make)
    const name = place.kind === 'tls' ? 'node:tls' : 'node:net'
    const module = nodeModule<Pick<typeof import('node:tls'), 'connect'>>(name)
    if (module === undefined)
      throw new NotSupportedError(
        'JavaScript',
        `a connection to ${to}`,
        'it has no sockets',
        'Connect to a ws: address.',
      )
    const socket = module.connect({ ...place.at, noDelay: true, ...(place.kind === 'tls' && tls) } as ConnectionOptions)
    keepAlive(socket)
    return overStream(socket, to, make, socketProblem(to))
  }
  if (typeof (to as Duplex | undefined)?.pipe === 'function') return overStream(to as Duplex, 'a stream', make)
  if (typeof (to as PortLike | undefined)?.postMessage === 'function') return overPort(to as PortLike, make)
  if (typeof (to as WebSocketLike | undefined)?.bufferedAmount === 'number')
    return overWebSocket(to as WebSocketLike, 'a WebSocket', make)
  throw new ArgumentError(call, 'to', 'an address, a stream that is read and written, a port or a WebSocket', to)
}
