// WebSockets (RFC 6455). Their messages are pieces of the stream of bytes, and where it is cut means nothing: what is long is cut, so that nobody holds a large message before it
// can be looked at. Lines go as text, which is what old peers take; frames are binary.
import { realClock, WorldError } from '@skein/world'
import { RefusedError } from '../errors.ts'
import type { Wire, WireHandlers } from '../wire.ts'

/** A WebSocket of the engine, or one of npm's `ws`. */
export interface WebSocketLike {
  binaryType: string
  readonly readyState: number
  readonly bufferedAmount: number
  send(data: any, sent?: any): void
  close(code?: number, reason?: string): void
  addEventListener(type: any, listener: (event: any) => void): void
  /** Of `ws`. */
  on?(event: any, listener: (...given: any[]) => void): unknown
  terminate?(): void
  pause?(): void
  resume?(): void
}

/** Bytes of a message at most. */
const pieceBytes = 1 << 18
/** More that waits to go out is much. */
const highWaterBytes = 1 << 18
/** How often a socket that does not say when its bytes have gone is asked. */
const askEveryMs = 5
/** How long a socket that was closed may take to say goodbye. */
const lingerMs = 1000

const isOpen = ({ readyState }: WebSocketLike): boolean => readyState === 1

/** What a message of a peer may have: ours are pieces, those of old peers whole lines. */
export const payloadLimit = (messageBytes: number): number => Math.max(messageBytes, pieceBytes)

/** Tells `make`'s handlers of what happens on a socket that is there, or will be. `explain` puts an error of the socket into words that say what was asked. */
export const overWebSocket = <Handlers extends WireHandlers>(
  opening: WebSocketLike | Promise<WebSocketLike>,
  peer: string,
  make: (wire: Wire) => Handlers,
  explain: (error: Error) => Error = error => error,
): Handlers => {
  let socket: WebSocketLike | undefined
  /** Given before the socket was open. */
  const early: [bytes: Uint8Array, isText: boolean][] = []
  let isClosed = false
  let outlet: Outlet | undefined
  const shut = (how: (socket: WebSocketLike) => void): void => {
    isClosed = true
    if (socket) how(socket)
  }
  const handlers = make({
    peer,
    send: (bytes, isText = false) => {
      if (socket && isOpen(socket)) return outlet!.put(bytes, isText)
      if (outlet === undefined) early.push([bytes, isText])
      return true
    },
    close: () =>
      shut(socket => {
        socket.close(1000)
        const timer = realClock.after(lingerMs, () => socket.terminate?.())
        socket.addEventListener('close', () => timer.cancel())
      }),
    reading: isOn => (isOn ? socket?.resume?.() : socket?.pause?.()),
    abort: () => shut(socket => (socket.terminate ? socket.terminate() : socket.close())),
  })
  const begin = (given: WebSocketLike): void => {
    if (isClosed) return given.close()
    socket = given
    const opened = (): void => {
      outlet = new Outlet(given, () => handlers.drained())
      for (const [bytes, isText] of early.splice(0)) outlet.put(bytes, isText)
    }
    if (isOpen(given)) opened()
    else given.addEventListener('open', opened)
    let problem: Error | undefined
    hear(
      given,
      bytes => handlers.receive(bytes),
      error => {
        problem ??= explain(error ?? new WorldError(outlet ? 'reset' : 'refused', `connect to ${peer}`))
      },
    )
    given.addEventListener('close', ({ code, reason }) => handlers.end(problem ?? goodbye(code, reason, peer)))
  }
  if (opening instanceof Promise) opening.then(begin, error => handlers.end(error as Error))
  else begin(opening)
  return handlers
}

/** What goes out, and how much of it waits. */
class Outlet {
  private readonly socket: WebSocketLike
  private readonly drained: () => void
  private readonly text = new TextDecoder()
  private isClogged = false

  constructor(socket: WebSocketLike, drained: () => void) {
    this.socket = socket
    this.drained = drained
  }

  put(bytes: Uint8Array, isText: boolean): boolean {
    const { socket } = this
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const piece = bytes.subarray(at, at + pieceBytes)
      const message = isText ? this.text.decode(piece, { stream: true }) : piece
      if (socket.on) socket.send(message, this.gone)
      else socket.send(message)
    }
    if (socket.bufferedAmount <= highWaterBytes) return true
    if (!this.isClogged && !socket.on) realClock.after(askEveryMs, this.ask)
    this.isClogged = true
    return false
  }

  private readonly gone = (): void => {
    if (!this.isClogged || this.socket.bufferedAmount > highWaterBytes) return
    this.isClogged = false
    this.drained()
  }

  private readonly ask = (): void => {
    this.gone()
    if (this.isClogged && isOpen(this.socket)) realClock.after(askEveryMs, this.ask)
  }
}

/** Pages are told of no reason: they could look around in networks otherwise. */
const hear = (
  socket: WebSocketLike,
  message: (bytes: Uint8Array) => void,
  failed: (error: Error | undefined) => void,
): void => {
  if (socket.on) {
    socket.binaryType = 'nodebuffer'
    // Text comes as bytes too.
    socket.on('message', message)
    socket.on('error', failed)
    return
  }
  socket.binaryType = 'arraybuffer'
  const encoder = new TextEncoder()
  socket.addEventListener('message', ({ data }) =>
    message(typeof data === 'string' ? encoder.encode(data) : new Uint8Array(data)),
  )
  socket.addEventListener('error', () => failed(undefined))
}

/** Why it was closed: undefined if that is as it should be. The codes are those of RFC 6455, 7.4.1. */
const goodbye = (code: number, reason: string, peer: string): Error | undefined => {
  if (code === 1000 || code === 1001 || code === 1005) return undefined
  if (code === 1006) return new WorldError('reset', `use the connection to ${peer}`)
  const why = code === 1009 ? 'a message was longer than it takes' : reason || 'no reason was given'
  return new RefusedError(peer, `closed with code ${code}`, why)
}
