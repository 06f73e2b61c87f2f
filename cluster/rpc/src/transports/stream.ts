// Anything of Node's that is read and written: TCP, Unix and TLS sockets, pipes, pairs of streams.
import type { Duplex } from 'node:stream'
import { realClock } from '@skein/world'
import { type Offer, Session, type SessionOptions } from '../session.ts'

/** How long a stream that was closed stays open for the other side to close its half. */
const lingerMs = 1000

/** `explain` puts an error of the stream into words that say what was asked. */
export const sessionOnStream = (
  stream: Duplex,
  offer: Offer,
  options: SessionOptions,
  peer: string,
  explain: (error: Error) => Error = error => error,
): Session => {
  const session = new Session(
    {
      peer,
      send: bytes => stream.writable && stream.write(bytes),
      close: () => {
        stream.end()
        // What waits goes out; but the other side may never close its half.
        const timer = realClock.after(lingerMs, () => stream.destroy())
        stream.once('close', () => timer.cancel())
      },
      abort: () => void stream.destroy(),
    },
    offer,
    options,
  )
  let problem: Error | undefined
  stream.on('data', (bytes: Uint8Array) => session.receive(bytes))
  stream.on('drain', () => session.drained())
  stream.on('error', error => {
    problem = explain(error)
  })
  stream.on('end', () => session.end(problem))
  stream.on('close', () => session.end(problem))
  return session
}
