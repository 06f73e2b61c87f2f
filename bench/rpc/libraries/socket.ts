/** A TCP socket, and bytes with their number before them: what the machine allows. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { type Library, message, tokenOf } from '../service.ts'
import { arrayOf, bytesOf } from './bytes.ts'

const headerBytes = 8
/** In the header, for an array that does not come back. */
const isToken = 1

const send = (socket: Socket, kind: number, bytes: Uint8Array): void => {
  const header = Buffer.alloc(headerBytes)
  header.writeUInt32LE(bytes.length)
  header.writeUInt32LE(kind, 4)
  socket.cork()
  socket.write(header)
  socket.write(bytes)
  socket.uncork()
}

/** Each message whole, in memory of its own. */
const onMessages = (socket: Socket, take: (kind: number, bytes: Uint8Array) => void): void => {
  socket.setNoDelay(true)
  let header = Buffer.alloc(0)
  let body: Uint8Array | undefined
  let got = 0
  socket.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; ) {
      if (body === undefined) {
        const some = chunk.subarray(at, at + headerBytes - header.length)
        header = Buffer.concat([header, some])
        at += some.length
        if (header.length < headerBytes) return
        body = Buffer.allocUnsafeSlow(header.readUInt32LE())
        got = 0
      }
      const some = chunk.subarray(at, at + body.length - got)
      body.set(some, got)
      got += some.length
      at += some.length
      if (got < body.length) return
      const whole = body
      body = undefined
      const kind = header.readUInt32LE(4)
      header = Buffer.alloc(0)
      take(kind, whole)
    }
  })
}

export const socket: Library = {
  who: 'raw socket',
  async listen() {
    const server = createServer(socket =>
      onMessages(socket, (kind, bytes) =>
        send(socket, 0, kind === isToken ? bytesOf(Float64Array.of(tokenOf(arrayOf(bytes)))) : bytes),
      ),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { address: String((server.address() as { port: number }).port) }
  },
  async connect(port) {
    const socket = connect(Number(port), '127.0.0.1')
    await once(socket, 'connect')
    const waiting: ((bytes: Uint8Array) => void)[] = []
    onMessages(socket, (_, bytes) => waiting.shift()!(bytes))
    const ask = (kind: number, bytes: Uint8Array) =>
      new Promise<Uint8Array>(resolve => {
        waiting.push(resolve)
        send(socket, kind, bytes)
      })
    const text = new TextEncoder().encode(JSON.stringify(message))
    return {
      close: () => socket.end(),
      // Nobody reads it: so many bytes, there and back.
      async echo(message) {
        await ask(0, text)
        return message
      },
      exchange: async x => arrayOf(await ask(0, bytesOf(x))),
      put: async x => arrayOf(await ask(isToken, bytesOf(x)))[0],
    }
  },
}
