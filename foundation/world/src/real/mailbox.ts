// Messages over streams. To each receiver one stream is kept, begun with the sender's address; it breaks: what was in it is lost, and the next message begins another.
// A frame is its length in four bytes, little-endian, and its bytes.
import { WorldError } from '../errors.ts'
import type { Connection, ConnectionHandlers, Mailbox, MailboxHandlers, Network } from '../world.ts'

/** A frame that says it is longer is no frame of ours: the stream is broken off. To a receiver that is further behind than this, messages are lost. */
const longestBytes = 64 * 1024 * 1024

export const openMailbox = (network: Network, address: string, handlers: MailboxHandlers): Mailbox => {
  const outgoing = new Map<string, Connection>()
  /** Bytes that wait to go out, where a stream says that some do. */
  const waiting = new Map<string, number>()
  const incoming = new Set<Connection>()
  let self = address
  let isClosed = false

  const listener = network.listen(address, {
    connected: connection => {
      incoming.add(connection)
      let from: string | undefined
      const take = frames(
        frame => {
          if (from === undefined) from = new TextDecoder().decode(frame)
          else if (!isClosed) handlers.received(frame, from)
        },
        () => connection.abort(),
      )
      return { data: take, closed: () => void incoming.delete(connection) }
    },
    listening: taken => {
      self = taken
      handlers.ready?.(taken)
    },
    failed: error => handlers.failed?.(error),
  })

  const streamTo = (to: string): Connection => {
    const known = outgoing.get(to)
    if (known) return known
    const forget: ConnectionHandlers = {
      data: () => {},
      drained: () => void waiting.delete(to),
      closed: () => {
        if (outgoing.get(to) !== connection) return
        outgoing.delete(to)
        waiting.delete(to)
      },
    }
    const connection = network.connect(to, forget)
    outgoing.set(to, connection)
    connection.send(framed(new TextEncoder().encode(self)))
    return connection
  }

  return {
    send: (to, message) => {
      if (isClosed) return
      if (message.length > longestBytes)
        throw new WorldError('not permitted', `send ${message.length} bytes to ${to}`, {
          found: `messages have ${longestBytes} at most`,
        })
      const behind = (waiting.get(to) ?? 0) + message.length
      if (behind > longestBytes) return
      if (!streamTo(to).send(framed(message))) waiting.set(to, behind)
    },
    close: () => {
      isClosed = true
      listener.close()
      for (const connection of [...outgoing.values(), ...incoming]) connection.abort()
    },
  }
}

const framed = (message: Uint8Array): Uint8Array => {
  const frame = new Uint8Array(4 + message.length)
  new DataView(frame.buffer).setUint32(0, message.length, true)
  frame.set(message, 4)
  return frame
}

/** Takes bytes as they come, and gives whole frames. */
const frames = (whole: (frame: Uint8Array) => void, broken: () => void): ((bytes: Uint8Array) => void) => {
  const header = new Uint8Array(4)
  /** Of the header, or of the frame once its length is known. */
  let got = 0
  let frame: Uint8Array | undefined
  return bytes => {
    for (let at = 0; at < bytes.length || (frame !== undefined && got === frame.length); ) {
      const target = frame ?? header
      const some = Math.min(target.length - got, bytes.length - at)
      target.set(bytes.subarray(at, at + some), got)
      at += some
      got += some
      if (got < target.length) continue
      got = 0
      if (frame === undefined) {
        const length = new DataView(header.buffer).getUint32(0, true)
        if (length > longestBytes) return broken()
        frame = new Uint8Array(length)
      } else {
        whole(frame)
        frame = undefined
      }
    }
  }
}
