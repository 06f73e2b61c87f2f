// Anything of Node's that is read and written: TCP, Unix and TLS sockets, pipes, pairs of streams.
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { nodeModule } from '@skein/base'
import { realClock } from '@skein/world'
import { copyOf, unfilled } from '../frames/memory.ts'
import { type Offer, Session, type SessionOptions } from '../session.ts'
import type { Wire, WireHandlers } from '../wire.ts'

/** How long a stream that was closed stays open for the other side to close its half. */
const lingerMs = 1000

/** Those who cannot be asked whether they are there are watched by the system. */
export const keepAlive = (socket: Socket): void => void socket.setKeepAlive(true, 10_000)

/**
 * Tells `make`'s handlers of what happens on a stream, from the next turn of the event loop on. `explain` puts an error of the stream into words that say what was asked.
 */
export const overStream = <Handlers extends WireHandlers>(
  stream: Duplex,
  peer: string,
  make: (wire: Wire) => Handlers,
  explain: (error: Error) => Error = error => error,
): Handlers => {
  const handlers = make({
    peer,
    send: bytes => stream.writable && stream.write(bytes),
    sendBorrowed: copiesAtOnce(stream) ? bytes => writeBorrowed(stream, bytes) : undefined,
    close: () => {
      stream.end()
      // What waits goes out; but the other side may never close its half.
      const timer = realClock.after(lingerMs, () => stream.destroy())
      stream.once('close', () => timer.cancel())
    },
    abort: () => void stream.destroy(),
    reading: isOn => void (isOn ? stream.resume() : stream.pause()),
  })
  let problem: Error | undefined
  stream.on('data', (bytes: Uint8Array) => handlers.receive(bytes))
  stream.on('drain', () => handlers.drained())
  stream.on('error', error => {
    problem = explain(error)
  })
  stream.on('end', () => handlers.end(problem))
  stream.on('close', () => handlers.end(problem))
  return handlers
}

/** How much is copied at a time: little enough to stay in the processor's cache. */
const pieceBytes = 2 ** 18

/** Whether what is written and no longer waits was copied by the system: so it is with sockets as they are, and not with what stands before one or is none. */
const copiesAtOnce = (stream: Duplex): boolean =>
  Object.getPrototypeOf(stream) === nodeModule<typeof import('node:net')>('node:net')?.Socket.prototype

/**
 * Writes bytes that may change afterwards. Most of them the system takes at once, a piece at a time, while the other side reads those before: one piece of memory does for these. What it does not take
 * is copied.
 */
const writeBorrowed = (stream: Duplex, bytes: Uint8Array): boolean => {
  let at = 0
  const piece = unfilled(Math.min(pieceBytes, bytes.length))
  while (at < bytes.length && stream.writable && stream.writableLength === 0) {
    const next = bytes.subarray(at, at + pieceBytes)
    piece.set(next)
    stream.write(next.length === piece.length ? piece : piece.subarray(0, next.length))
    at += next.length
  }
  // The last piece waits, and nothing else is written to it.
  if (at < bytes.length && stream.writable) stream.write(copyOf(bytes.subarray(at)))
  return stream.writable && !stream.writableNeedDrain
}

export const sessionOnStream = (
  stream: Duplex,
  offer: Offer,
  options: SessionOptions,
  peer: string,
  explain?: (error: Error) => Error,
): Session => overStream(stream, peer, wire => new Session(wire, offer, options), explain)
