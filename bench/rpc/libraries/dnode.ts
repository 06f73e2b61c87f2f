/**
 * dnode of npm, whose native package `weak` is replaced by weak references of the engine. With `weak: false` it never lets go of a function, and is many times faster all the same: it looks through
 * a list of all there ever were, and those that are let go of leave holes in it.
 */
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect, createServer } from 'node:net'
import { type Client, collect, type Item, items, type Library, type Message, nameOf } from '../service.ts'

const require = createRequire(new URL('../../../cluster/rpc/package.json', import.meta.url))
const library = require('dnode')

const isWeak = process.argv[3] !== 'weak: false'
const options = isWeak ? {} : { weak: false }

type Reply<T> = (value: T) => void

/** Numbers of functions that were let go of are holes. */
const countOf = (functions: unknown[]): number => Object.keys(functions).length

/** Of `side`, that offers it. */
const offer = (side: any) => ({
  echo: (message: Message, reply: Reply<Message>) => reply(message),
  apply: (f: (x: number, reply: Reply<number>) => void, x: number, reply: Reply<number>) => f(x, reply),
  user: (user: number, reply: Reply<object>) =>
    reply({
      friend: (friend: number, reply: Reply<object>) =>
        reply({ name: (reply: Reply<string>) => reply(nameOf(user, friend)) }),
    }),
  items(n: number, emit: Reply<Item>, end: () => void) {
    for (const item of items(n)) emit(item)
    end()
  },
  async known(reply: Reply<number>) {
    await collect()
    reply(countOf(side.proto.callbacks.remote))
  },
})

const open = async (port: number) => {
  const side = library({}, options)
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.pipe(side).pipe(socket)
  const [remote] = await once(side, 'remote')
  return { side, remote }
}

const asked = <T>(call: (reply: Reply<T>) => void) => new Promise<T>(call)

export const dnode: Library = {
  who: `dnode ${require('dnode/package.json').version}${isWeak ? '' : ' weak: false'}`,
  async listen() {
    const server = createServer({ noDelay: true }, socket => {
      const side = library((_: object, side: any) => offer(side), options)
      socket.pipe(side).pipe(socket)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { address: String((server.address() as { port: number }).port) }
  },
  async connect(address) {
    let { side, remote } = await open(Number(address))
    return {
      close: () => side.end(),
      async renew() {
        side.end()
        const anew = await open(Number(address))
        side = anew.side
        remote = anew.remote
      },
      mostKnown: 3000,
      echo: message => asked(reply => remote.echo(message, reply)),
      apply: (f, x) => asked(reply => remote.apply((x: number, answer: Reply<number>) => answer(f(x)), x, reply)),
      nameOfFriend: (user, friend) =>
        asked(reply => remote.user(user, (it: any) => it.friend(friend, (it: any) => it.name(reply)))),
      sumOfItems: n =>
        asked(reply => {
          let sum = 0
          const add = ({ value }: Item) => {
            sum += value
          }
          remote.items(n, add, () => reply(sum))
        }),
      async known() {
        await collect()
        const there: number = await asked(reply => remote.known(reply))
        return there + countOf(side.proto.callbacks.local)
      },
    } satisfies Client
  },
}
