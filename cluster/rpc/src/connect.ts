// The doors: sessions on sockets, streams and ports.
import type { Server as NetServer, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TlsOptions } from 'node:tls'
import { ArgumentError, CancelledError, nodeModule, TimeoutError } from '@skein/base'
import { parseAddress, realClock, WorldError, worldError } from '@skein/world'
import { type Limits, limitsOf } from './limits.ts'
import type { Remote } from './remote.ts'
import { type Offer, Session, type SessionOptions } from './session.ts'
import { overPort, type PortLike } from './transports/port.ts'
import { overStream, sessionOnStream } from './transports/stream.ts'
import type { Wire, WireHandlers } from './wire.ts'

/** `host:port`, `unix:path`, `tls:host:port`, a stream, a port or a worker. */
export type Target = string | Duplex | PortLike

export interface ConnectOptions {
  /** What the other side may call. Default: nothing. */
  offer?: Offer
  limits?: Partial<Limits>
  /** How long until the other side has said what it offers. Default 10,000. */
  timeoutMs?: number
  signal?: AbortSignal
  /** Names of classes (`registerTravel`) whose instances travel, both ways, where the other side says so too. Default: none. */
  classes?: readonly string[]
  /** For `tls:` addresses. */
  tls?: TlsOptions & { servername?: string }
  /** The other side sent what is no message, or called what is not there. */
  onFault?: (error: Error) => void
  /** A function threw that an old peer has called; it cannot be told. Default: a warning of the process. */
  onError?: (error: unknown) => void
}

export interface ListenOptions extends Omit<ConnectOptions, 'offer' | 'signal' | 'timeoutMs'> {
  /** Told of each session once the other side has said what it offers. */
  onSession?: (session: Session) => void
}

/** A session whose other side offers `Api`. */
export interface Connected<Api extends object> extends Disposable {
  readonly remote: Remote<Api>
  readonly session: Session
  /** Sends what waits, then ends. */
  close(): void
}

export interface Listening extends AsyncDisposable {
  /** As it was given, with the port that was taken. */
  readonly address: string
  readonly sessions: ReadonlySet<Session>
  /** Ends the sessions, and takes no more. */
  close(): Promise<void>
}

/**
 * Connects to `host:port`, `unix:path`, `tls:host:port`, or speaks on a stream, a port or a worker that is given. Resolves when the other side has said what it offers.
 * Rejects with WorldError, TimeoutError, CancelledError, ConnectionLostError; throws ArgumentError.
 */
export const connect = async <Api extends object = Record<string, any>>(
  to: Target,
  options: ConnectOptions = {},
): Promise<Connected<Api>> => {
  const { offer = {}, timeoutMs = 10_000, signal } = options
  if (!(timeoutMs > 0)) throw new ArgumentError('connect', 'timeoutMs', 'milliseconds above 0', timeoutMs)
  if (signal?.aborted) throw new CancelledError('connect', signal.reason)
  const common = optionsOf('connect', options)
  const session = open('connect', to, options.tls, wire => new Session(wire, offer, common))
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
    // That it could not connect says more than that it is lost.
    throw (error as Error).cause instanceof WorldError ? (error as Error).cause : error
  } finally {
    timer.cancel()
    signal?.removeEventListener('abort', abort)
  }
}

/**
 * Offers an object, or what a function makes for each session, at `host:port` (0: any port that is free), `unix:path` or `tls:host:port`.
 * Rejects with WorldError; throws ArgumentError.
 */
export const listen = async (address: string, offer: Offer, options: ListenOptions = {}): Promise<Listening> => {
  if ((typeof offer !== 'object' && typeof offer !== 'function') || offer === null)
    throw new ArgumentError('listen', 'offer', 'an object of functions, or a function that makes one', offer)
  const common = optionsOf('listen', options)
  const { target, isTls } = targetOf('listen', address)
  const sessions = new Set<Session>()
  const serve = (socket: Socket): void => {
    const peer = socket.remoteAddress === undefined ? address : `${socket.remoteAddress}:${socket.remotePort}`
    const session = sessionOnStream(socket, offer, common, peer)
    sessions.add(session)
    void session.closed.then(() => sessions.delete(session))
    session.ready.then(
      () => options.onSession?.(session),
      () => {},
    )
  }
  const server: NetServer = isTls
    ? nodeModule<typeof import('node:tls')>('node:tls')!.createServer(options.tls ?? {}, serve)
    : nodeModule<typeof import('node:net')>('node:net')!.createServer({ noDelay: true }, serve)
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(worldError(error, `listen at ${address}`, 'no such host')))
    server.listen(target as { host: string; port: number }, resolve)
  })
  const at = server.address()
  const port = at === null || typeof at === 'string' ? '' : String(at.port)
  const close = async (): Promise<void> => {
    for (const session of sessions) session.close()
    await new Promise<void>(resolve => server.close(() => resolve()))
  }
  return {
    address: port === '' ? address : address.replace(/:\d+$/, `:${port}`),
    sessions,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** @internal Connects, and tells `make`'s handlers of what happens on the wire. Throws ArgumentError. */
export const open = <Handlers extends WireHandlers>(
  call: string,
  to: Target,
  tls: ConnectOptions['tls'],
  make: (wire: Wire) => Handlers,
): Handlers => {
  if (typeof to === 'string') {
    const { target, isTls } = targetOf(call, to)
    const socket = isTls
      ? nodeModule<typeof import('node:tls')>('node:tls')!.connect({
          ...target,
          ...tls,
        } as import('node:tls').ConnectionOptions)
      : nodeModule<typeof import('node:net')>('node:net')!.connect({
          ...target,
          noDelay: true,
        } as import('node:net').NetConnectOpts)
    return overStream(socket, to, make, error => worldError(error, `connect to ${to}`, 'refused'))
  }
  if (typeof (to as Duplex | undefined)?.pipe === 'function') return overStream(to as Duplex, 'a stream', make)
  if (typeof (to as PortLike | undefined)?.postMessage === 'function') return overPort(to as PortLike, make)
  throw new ArgumentError(call, 'to', 'an address, a stream that is read and written, or a port', to)
}

/** @internal What net's and tls' functions take. Throws ArgumentError. */
export const targetOf = (call: string, address: string): { target: object; isTls: boolean } => {
  const isTls = typeof address === 'string' && address.startsWith('tls:')
  return { target: parseAddress(call, isTls ? address.slice(4) : address), isTls }
}

/** @internal */
export const optionsOf = (call: string, { limits, classes, onFault, onError }: ConnectOptions): SessionOptions => ({
  limits: limitsOf(call, limits),
  classes,
  clock: realClock,
  soon: setImmediate,
  onFault,
  onError: onError ?? (error => process.emitWarning(error instanceof Error ? error : new Error(String(error)))),
})
