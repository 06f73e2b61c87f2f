// The door for other programs: servers whose connections become sessions.
import type { Server as HttpServer } from 'node:http'
import type { Server as NetServer, Socket } from 'node:net'
import { ArgumentError, NotSupportedError, nodeModule } from '@skein/base'
import { realClock, worldError } from '@skein/world'
import { type CommonOptions, sessionOptions } from './options.ts'
import { Reception, type Resume, resumeOf } from './reception.ts'
import { type Offer, Session } from './session.ts'
import { type Place, placeAt } from './transports/address.ts'
import { socketProblem, webSocketProblem } from './transports/problems.ts'
import { keepAlive, overStream } from './transports/stream.ts'
import { peerOf, refusalBy, type Verify, visitorOn } from './transports/visitor.ts'
import { overWebSocket } from './transports/websocket.ts'
import { checkServerOptions, takeWebSockets, type WebSocketServerOptions } from './transports/websocket-server.ts'
import type { Wire, WireHandlers } from './wire.ts'

export type { ConnectionRequest } from './transports/visitor.ts'

export interface ListenOptions extends CommonOptions, WebSocketServerOptions {
  /** Keeps the sessions of clients that connect again (`up`) for a while when their connections break, as if they had not: calls in flight are made once. */
  resume?: Partial<Resume> | false
  /** Told of each session once the other side has said what it offers. */
  onSession?: (session: Session) => void
}

/** A path of an HTTP server that is there; it stays open when this is closed. Default of the path: `/`. */
export interface AtServer {
  readonly server: HttpServer
  readonly path?: string
}

export interface Listening extends AsyncDisposable {
  /** As it was given, with the port that was taken. */
  readonly address: string
  readonly sessions: ReadonlySet<Session>
  /** Ends the sessions, and takes no more. */
  close(): Promise<void>
}

/** Takes what connects; `shut` resolves when the address is free again. */
interface Door {
  readonly address: string
  shut(): Promise<void>
}

/** Takes what has connected. */
type Serve = (over: (make: (wire: Wire) => WireHandlers) => WireHandlers) => void

/**
 * Offers an object, or what a function makes for each session, at `host:port` (0: any port that is free), `unix:path`, `tls:host:port`, `ws://host:port/path` or `wss://host:port/path`, or to WebSockets
 * at a path of an HTTP server that is there. Rejects with WorldError, ArgumentError.
 */
export const listen = async (at: string | AtServer, offer: Offer, options: ListenOptions = {}): Promise<Listening> => {
  if ((typeof offer !== 'object' && typeof offer !== 'function') || offer === null)
    throw new ArgumentError('listen', 'offer', 'an object of functions, or a function that makes one', offer)
  if (!nodeModule('node:net'))
    throw new NotSupportedError('JavaScript', 'listen()', 'it has no servers', 'Let pages connect to one.')
  const common = sessionOptions('listen', options, 60_000)
  checkServerOptions('listen', options)
  const sessions = new Set<Session>()
  const reception = new Reception(
    realClock,
    resumeOf('listen', options.resume),
    wire => {
      const session = new Session(wire, offer, common)
      sessions.add(session)
      void session.closed.then(() => sessions.delete(session))
      session.ready.then(
        () => options.onSession?.(session),
        () => {},
      )
      return session
    },
    common.onFault,
  )
  const serve: Serve = over => over(wire => reception.accept(wire))
  const { messageBytes } = common.limits
  const door = await (typeof at === 'object' && at !== null
    ? openPath(at, options, messageBytes, serve)
    : openAddress(at, placeAt('listen', at), options, messageBytes, serve))
  const close = async (): Promise<void> => {
    const shut = door.shut()
    reception.close()
    for (const session of sessions) session.close()
    await shut
  }
  return { address: door.address, sessions, close, [Symbol.asyncDispose]: close }
}

const openAddress = async (
  address: string,
  place: Place,
  options: ListenOptions,
  messageBytes: number,
  serve: Serve,
): Promise<Door> => {
  if ('url' in place) return openWebSockets(address, place, options, messageBytes, serve)
  const accept = async (socket: Socket): Promise<void> => {
    const peer = peerOf(socket, address)
    if (options.verify && !(await mayConnect(options.verify, socket, peer))) return
    keepAlive(socket)
    serve(make => overStream(socket, peer, make, socketProblem(peer)))
  }
  const server =
    place.kind === 'tls'
      ? nodeModule<typeof import('node:tls')>('node:tls')!.createServer(options.tls ?? {}, accept)
      : nodeModule<typeof import('node:net')>('node:net')!.createServer({ noDelay: true }, accept)
  tellTlsProblems(server, options)
  const port = await bound(server, address, place.at)
  return {
    address: port === undefined ? address : address.replace(/:\d+$/, `:${port}`),
    shut: () => closed(server),
  }
}

/** A server of its own, which answers other requests with what it is. */
const openWebSockets = async (
  address: string,
  { kind, url }: Extract<Place, { url: URL }>,
  options: ListenOptions,
  messageBytes: number,
  serve: Serve,
): Promise<Door> => {
  const server =
    kind === 'wss'
      ? nodeModule<typeof import('node:https')>('node:https')!.createServer(options.tls ?? {})
      : nodeModule<typeof import('node:http')>('node:http')!.createServer()
  tellTlsProblems(server, options)
  server.on('request', (_, response) => {
    response.writeHead(426, { connection: 'close', upgrade: 'websocket', 'content-type': 'text/plain' })
    response.end('Here are WebSockets, and nothing else.\n')
  })
  const leave = await takeWebSockets(server, url.pathname, options, messageBytes, (socket, peer) =>
    serve(make => overWebSocket(socket, peer, make, webSocketProblem(peer, messageBytes))),
  )
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = await bound(server, address, { host, port: Number(url.port || (kind === 'ws' ? 80 : 443)) })
  const taken = new URL(url)
  taken.port = String(port)
  return {
    address: taken.href,
    shut: () => {
      leave()
      const over = closed(server)
      server.closeAllConnections()
      return over
    },
  }
}

const openPath = async (
  { server, path = '/' }: AtServer,
  options: ListenOptions,
  messageBytes: number,
  serve: Serve,
): Promise<Door> => {
  if (typeof (server as HttpServer | undefined)?.closeAllConnections !== 'function')
    throw new ArgumentError('listen', 'server', 'an HTTP server of Node', server)
  if (typeof path !== 'string' || !/^\/[^?#\s]*$/.test(path))
    throw new ArgumentError('listen', 'path', 'a path that begins with /', path)
  const leave = await takeWebSockets(server, path, options, messageBytes, (socket, peer) =>
    serve(make => overWebSocket(socket, peer, make, webSocketProblem(peer, messageBytes))),
  )
  return { address: path, shut: async () => leave() }
}

/** What comes meanwhile waits in the socket. */
const mayConnect = async (verify: Verify, socket: Socket, peer: string): Promise<boolean> => {
  const ignored = (): void => {}
  socket.on('error', ignored)
  try {
    if ((await refusalBy(verify, visitorOn(socket, peer))) === undefined && !socket.destroyed) return true
  } catch {
    // Whether it may could not be found out: then it may not.
  } finally {
    socket.off('error', ignored)
  }
  socket.destroy()
  return false
}

/** Somebody who does not get as far as a session. */
const tellTlsProblems = (server: NetServer, { onFault }: ListenOptions): void => {
  server.on('tlsClientError', (error: Error, socket: Socket) => {
    onFault?.(socketProblem(peerOf(socket, 'a client'))(error))
  })
}

/** The port that a server has got, if it is one of ports. Rejects with WorldError. */
const bound = async (server: NetServer, address: string, at: object): Promise<number | undefined> => {
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(worldError(error, `listen at ${address}`, 'no such host')))
    server.listen(at, resolve)
  })
  const found = server.address()
  return found === null || typeof found === 'string' ? undefined : found.port
}

const closed = (server: NetServer): Promise<void> => new Promise(resolve => void server.close(() => resolve()))
