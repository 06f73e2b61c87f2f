/** Cap'n Web over a WebSocket of `ws`. */
import { once } from 'node:events'
import { ReadableStream } from 'node:stream/web'
import { findNpmPeer, requirePeer } from '../../harness/toolchain.ts'
import { collect, type Item, items, type Library, type Message, nameOf, service } from '../service.ts'

const { RpcSession, RpcTarget, WebSocketTransport } = requirePeer('capnweb')
const { WebSocket, WebSocketServer } = requirePeer('ws')

/** Methods that are called from elsewhere are those of a class. */
class Friend extends RpcTarget {
  #name: string
  constructor(name: string) {
    super()
    this.#name = name
  }
  name() {
    return this.#name
  }
}

class User extends RpcTarget {
  #user: number
  constructor(user: number) {
    super()
    this.#user = user
  }
  friend(friend: number) {
    return new Friend(nameOf(this.#user, friend))
  }
}

class Service extends RpcTarget {
  #stats: () => { imports: number }
  constructor(stats: () => { imports: number }) {
    super()
    this.#stats = stats
  }
  echo(message: Message) {
    return message
  }
  apply(f: (x: number) => number | PromiseLike<number>, x: number) {
    return f(x)
  }
  user(user: number) {
    return new User(user)
  }
  exchange(x: Float64Array) {
    return x
  }
  put(x: Float64Array) {
    return service.put(x)
  }
  items(n: number) {
    return ReadableStream.from(items(n))
  }
  async known() {
    await collect()
    return this.#stats().imports
  }
}

export const capnweb: Library = {
  who: `capnweb ${findNpmPeer('capnweb')?.version}`,
  async listen() {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    server.on('connection', (socket: unknown) => {
      const session: any = new RpcSession(new WebSocketTransport(socket), new Service(() => session.getStats()))
    })
    await once(server, 'listening')
    return { address: `ws://127.0.0.1:${server.address().port}` }
  },
  async connect(address) {
    const socket = new WebSocket(address)
    await once(socket, 'open')
    const session = new RpcSession(new WebSocketTransport(socket))
    const remote = session.getRemoteMain()
    return {
      close: () => socket.close(),
      echo: message => remote.echo(message),
      apply: (f, x) => remote.apply(f, x),
      async nameOfFriend(user, friend) {
        using it = remote.user(user)
        using other = it.friend(friend)
        return await other.name()
      },
      exchange: x => remote.exchange(x),
      put: x => remote.put(x),
      async sumOfItems(n) {
        let sum = 0
        const stream: ReadableStream<Item> = await remote.items(n)
        for await (const { value } of stream) sum += value
        return sum
      },
      async known() {
        await collect()
        const imported = await remote.known()
        return imported + session.getStats().exports
      },
    }
  },
}
