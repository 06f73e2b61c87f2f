/** Lines of JSON with numbers over TCP, by hand: what plain JavaScript can do at best, without anything of a library. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { type Item, items, type Library, type Message, nameOf } from '../service.ts'

/** Lines as they are whole. What `take` returns for those of one chunk goes out in one piece. */
const onLines = (socket: Socket, take: (line: any) => object | undefined): void => {
  socket.setNoDelay(true)
  socket.setEncoding('utf8')
  let begun = ''
  socket.on('data', (text: string) => {
    let [from, out] = [0, '']
    begun += text
    for (let end = begun.indexOf('\n'); end >= 0; end = begun.indexOf('\n', from)) {
      const answer = take(JSON.parse(begun.slice(from, end)))
      if (answer) out += `${JSON.stringify(answer)}\n`
      from = end + 1
    }
    begun = begun.slice(from)
    if (out !== '') socket.write(out)
  })
}

const sendItems = async (socket: Socket, id: number, n: number): Promise<void> => {
  let some = ''
  for (const item of items(n)) {
    some += `${JSON.stringify({ id, item })}\n`
    if (some.length < 2 ** 14) continue
    if (!socket.write(some)) await once(socket, 'drain')
    some = ''
  }
  socket.write(`${some}${JSON.stringify({ id, value: null })}\n`)
}

export const lines: Library = {
  who: 'JSON lines by hand',
  async listen() {
    const server = createServer(socket => {
      const asked = new Map<number, (value: unknown) => void>()
      onLines(socket, ({ id, method, given, value }) => {
        switch (method) {
          case 'echo':
            return { id, value: given }
          case 'apply':
            asked.set(id, value => socket.write(`${JSON.stringify({ id, value })}\n`))
            return { id, x: given }
          case 'applied':
            asked.get(id)!(value)
            asked.delete(id)
            return
          case 'name':
            return { id, value: nameOf(given[0], given[1]) }
          case 'items':
            void sendItems(socket, id, given)
        }
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { address: String((server.address() as { port: number }).port) }
  },
  async connect(port) {
    const socket = connect(Number(port), '127.0.0.1')
    await once(socket, 'connect')
    const waiting = new Map<number, { resolve: (value: any) => void; each?: (x: any) => unknown }>()
    onLines(socket, ({ id, value, x, item }) => {
      const { resolve, each } = waiting.get(id)!
      if (item) {
        each!(item)
        return
      }
      if (x !== undefined) return { id, method: 'applied', value: each!(x) }
      waiting.delete(id)
      resolve(value)
    })
    let last = 0
    const ask = <T>(method: string, given: unknown, each?: (x: any) => unknown) =>
      new Promise<T>(resolve => {
        const id = ++last
        waiting.set(id, { resolve, each })
        socket.write(`${JSON.stringify({ id, method, given })}\n`)
      })
    return {
      close: () => socket.end(),
      echo: message => ask<Message>('echo', message),
      apply: (f, x) => ask<number>('apply', x, f),
      // Nothing in it knows of what was given before: each is asked for in its turn.
      async nameOfFriend(user, friend) {
        const given = await ask<number[]>('echo', [user])
        const both = await ask<number[]>('echo', [...given, friend])
        return ask<string>('name', both)
      },
      async sumOfItems(n) {
        let sum = 0
        await ask('items', n, ({ value }: Item) => {
          sum += value
        })
        return sum
      },
    }
  },
}
