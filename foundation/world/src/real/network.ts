import type { Server, Socket } from 'node:net'
import { nodeModule } from '@skein/base'
import { parseAddress } from '../address.ts'
import type { WorldError } from '../errors.ts'
import type { Connection, ConnectionHandlers, Listener, ListenHandlers, Network } from '../world.ts'
import { worldError } from './errors.ts'
import { openMailbox } from './mailbox.ts'

/** TCP and Unix sockets. */
export const realNetwork = (): Network => {
  const network: Network = {
    listen,
    connect,
    mailbox: (address, handlers) => openMailbox(network, address, handlers),
  }
  return network
}

const net = () => nodeModule<typeof import('node:net')>('node:net')!

function listen(address: string, handlers: ListenHandlers): Listener {
  const target = parseAddress('network.listen', address)
  const server: Server = net().createServer({ noDelay: true }, socket => {
    const connection = new SocketConnection(socket, nameOf(socket.remoteAddress, socket.remotePort) ?? address)
    connection.handlers = handlers.connected(connection)
    connection.open()
  })
  server.on('error', error => handlers.failed?.(worldError(error, `listen at ${address}`, 'no such host')))
  server.on('listening', () => {
    const at = server.address()
    const taken =
      at === null || typeof at === 'string' ? address : `${address.slice(0, address.lastIndexOf(':'))}:${at.port}`
    handlers.listening?.(taken)
  })
  server.listen(target)
  return { close: () => void server.close() }
}

function connect(address: string, handlers: ConnectionHandlers): Connection {
  const socket = net().connect({ ...parseAddress('network.connect', address), noDelay: true })
  const connection = new SocketConnection(socket, address)
  connection.handlers = handlers
  socket.on('connect', () => connection.open())
  return connection
}

const nameOf = (host: string | undefined, port: number | undefined): string | undefined => host && `${host}:${port}`

class SocketConnection implements Connection {
  readonly peer: string
  handlers: ConnectionHandlers | undefined
  private readonly socket: Socket
  private isClosing = false
  private error: WorldError | undefined

  constructor(socket: Socket, peer: string) {
    this.socket = socket
    this.peer = peer
    socket.on('data', bytes => {
      if (!this.isClosing) this.handlers?.data(bytes as Uint8Array)
    })
    socket.on('drain', () => this.handlers?.drained?.())
    socket.on('error', error => {
      this.error = worldError(
        error,
        socket.connecting ? `connect to ${peer}` : `use the connection to ${peer}`,
        'refused',
      )
    })
    socket.on('close', () => this.handlers?.closed(this.error))
  }

  open(): void {
    this.handlers?.opened?.()
  }

  send(bytes: Uint8Array): boolean {
    return !this.isClosing && this.socket.writable && this.socket.write(bytes)
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  close(): void {
    this.isClosing = true
    this.socket.end()
  }

  abort(): void {
    this.isClosing = true
    this.socket.resetAndDestroy()
  }
}
