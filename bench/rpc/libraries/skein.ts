/** Skein, over TCP or over a WebSocket. */
import { connect, listen, type Session } from '@skein/rpc'
import { collect, type Item, type Library, service } from '../service.ts'

const isWebSocket = process.argv[3] === 'websocket'

const offer = (_: object, session: Session) => ({
  ...service,
  async known() {
    await collect()
    return session.counts.imported
  },
})

export const skein: Library = {
  who: isWebSocket ? 'skein:websocket' : 'skein:tcp',
  listen: () => listen(isWebSocket ? 'ws://127.0.0.1:0/' : '127.0.0.1:0', offer),
  async connect(address) {
    const { remote, session } = await connect<ReturnType<typeof offer>>(address)
    return {
      close: () => session.close(),
      echo: message => remote.echo(message),
      apply: (f, x) => remote.apply(f, x),
      nameOfFriend: (user, friend) => remote.user(user).friend(friend).name(),
      exchange: x => remote.exchange(x),
      put: x => remote.put(x),
      async sumOfItems(n) {
        let sum = 0
        for await (const { value } of (await remote.items(n)) as AsyncIterable<Item>) sum += value
        return sum
      },
      async known() {
        await collect()
        const imported = await remote.known()
        // What the other side let go of it has said before.
        return imported + session.counts.exported
      },
    }
  },
}
