// MessagePorts, workers, and what else has `postMessage` and messages: each message is a piece of the stream of bytes.
import type { Wire, WireHandlers } from '../wire.ts'

/** A MessagePort or a Worker, of Node or of a page. */
export interface PortLike {
  postMessage(message: unknown, transfer?: any): void
  /** Of Node. */
  on?(event: string, listener: (value: any) => void): unknown
  /** Of pages. */
  addEventListener?(type: string, listener: (event: any) => void): void
  start?(): void
  close?(): void
  terminate?(): unknown
}

/** Null is the last message: ports of pages do not tell that the other end is gone. */
export const overPort = <Handlers extends WireHandlers>(port: PortLike, make: (wire: Wire) => Handlers): Handlers => {
  const close = (): void => {
    try {
      port.postMessage(null)
    } finally {
      port.close?.()
    }
  }
  const handlers = make({
    peer: 'a port',
    send: bytes => {
      // A copy of its own: the buffer that it lies in may have other bytes, and would be moved with it.
      const message = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()
      port.postMessage(message, [message.buffer])
      return true
    },
    close,
    abort: close,
    movesBytes: true,
  })
  const take = (message: unknown): void => {
    if (message instanceof Uint8Array) handlers.receive(message)
    else if (message === null) handlers.end()
  }
  if (port.on) {
    port.on('message', take)
    port.on('close', () => handlers.end())
    port.on('exit', (code: number) =>
      handlers.end(code === 0 ? undefined : new Error(`the worker ended with code ${code}`)),
    )
    port.on('error', (error: Error) => handlers.end(error))
  } else {
    port.addEventListener!('message', event => take(event.data))
    port.start?.()
  }
  return handlers
}
