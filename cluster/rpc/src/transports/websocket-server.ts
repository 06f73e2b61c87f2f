// WebSockets that pages and programs ask an HTTP server for.
import type { Server as HttpServer, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { ArgumentError } from '@skein/base'
import { peerOf, refusalBy, type Verify, visitorOn } from './visitor.ts'
import type { WebSocketLike } from './websocket.ts'
import { payloadLimit } from './websocket.ts'

export interface WebSocketServerOptions {
  /**
   * Origins whose pages may connect: `https://example.com`; `*`: all. Default: that of the server itself, by what the browser says that it has connected to (`Host`). It holds for
   * those that say one, as each browser does: any page that somebody looks at can otherwise ask the servers that their machine reaches.
   */
  origins?: readonly string[] | '*'
  /**
   * Whether somebody may connect who does, by certificate, headers, path or address; `false`, or a text that says why not, refuses it. Who asks for a WebSocket is told so, by 401; on other
   * sockets nothing is said.
   */
  verify?: Verify
}

type Taker = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** Of each HTTP server, who takes WebSockets at which path. */
const takers = new WeakMap<HttpServer, Map<string, Taker>>()

/** Throws ArgumentError. */
export const checkServerOptions = (call: string, { origins = '*', verify }: WebSocketServerOptions): void => {
  const isOrigin = (text: unknown): boolean =>
    typeof text === 'string' && URL.canParse(text) && new URL(text).origin === text
  if (origins !== '*' && !(Array.isArray(origins) && origins.every(isOrigin)))
    throw new ArgumentError(call, 'origins', "origins as 'https://example.com', or '*'", origins)
  if (verify !== undefined && typeof verify !== 'function')
    throw new ArgumentError(call, 'verify', 'a function of a request', verify)
}

/**
 * Takes WebSockets at a path of a server, until what it resolves to is called. Other paths are left to others; if there are none, they are refused. Rejects with ArgumentError if somebody takes that path
 * already.
 */
export const takeWebSockets = async (
  server: HttpServer,
  path: string,
  { origins, verify }: WebSocketServerOptions,
  messageBytes: number,
  serve: (socket: WebSocketLike, peer: string) => void,
): Promise<() => void> => {
  const { WebSocketServer } = await import('ws')
  if (takers.get(server)?.has(path)) throw new ArgumentError('listen', 'path', 'one that nothing else listens at', path)
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: payloadLimit(messageBytes),
  })
  const take: Taker = async (request, socket, head) => {
    const { origin, host } = request.headers
    const peer = peerOf(request.socket, path)
    if (origin !== undefined && !isWelcome(origin, host, origins))
      return refuse(socket, '403 Forbidden', `pages of ${origin} may not connect; origins names those that may`)
    if (verify) {
      // It may go away while it is looked at.
      socket.on('error', ignored)
      let why: string | undefined
      try {
        const { url, headers } = request
        why = await refusalBy(verify, { ...visitorOn(request.socket, peer), origin, path: url ?? '/', headers })
      } catch {
        return refuse(socket, '500 Internal Server Error', 'whether it may connect could not be found out')
      }
      socket.off('error', ignored)
      if (why !== undefined) return refuse(socket, '401 Unauthorized', why)
    }
    sockets.handleUpgrade(request, socket, head, taken => serve(taken, peer))
  }
  return register(server, path, take)
}

const ignored = (): void => {}

const register = (server: HttpServer, path: string, take: Taker): (() => void) => {
  let known = takers.get(server)
  if (known === undefined) {
    known = new Map()
    takers.set(server, known)
    server.on('upgrade', dispatch)
  }
  known.set(path, take)
  return () => {
    known.delete(path)
    if (known.size > 0) return
    takers.delete(server)
    server.off('upgrade', dispatch)
  }
}

function dispatch(this: HttpServer, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const take = takers.get(this)?.get((request.url ?? '/').split('?', 1)[0])
  if (take) take(request, socket, head)
  else if (this.listenerCount('upgrade') === 1) refuse(socket, '404 Not Found', 'nothing listens at this path')
}

const isWelcome = (origin: string, host: string | undefined, origins: WebSocketServerOptions['origins']): boolean => {
  if (origins === '*') return true
  if (origins !== undefined) return origins.includes(origin)
  return URL.canParse(origin) && new URL(origin).host === host
}

const refuse = (socket: Duplex, status: string, why: string): void => {
  socket.on('error', ignored)
  socket.once('finish', () => socket.destroy())
  const length = Buffer.byteLength(why)
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${length}\r\n\r\n${why}`,
  )
}
