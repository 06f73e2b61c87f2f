import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { describe, test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { ConnectionLostError, callContext, connect, listen, within } from '../src/index.ts'
import { collect } from './collect.ts'

const offer = {
  add: (a: number, b: number) => a + b,
  user: async (id: number) => ({ id, name: `user ${id}`, rename: (name: string) => name.toUpperCase() }),
  *count(n: number) {
    for (let i = 0; i < n; i++) yield i
  },
  twice: async (f: (x: number) => number | Promise<number>, x: number) => f(await f(x)),
  never: () =>
    new Promise<void>((_, reject) =>
      callContext().signal.addEventListener('abort', () => reject(new Error('stopped'))),
    ),
  double: (x: Float64Array) => x.map(v => v * 2),
}
type Api = typeof offer

/** The same over each kind of connection. */
const use = async (to: Parameters<typeof connect>[0]): Promise<void> => {
  using connection = await connect<Api>(to)
  const { remote, session } = connection
  assert.equal(session.isSkein, true)
  assert.equal(await remote.add(1, 2), 3)
  assert.equal(await remote.twice(async (x: number) => x * 3, 2), 18)
  assert.equal(await remote.user(7).rename('ada'), 'ADA')
  let sum = 0
  for await (const i of await remote.count(100)) sum += i
  assert.equal(sum, 4950)
  const large = new Float64Array(300_000).fill(1.5)
  const doubled = await remote.double(large)
  assert.ok(doubled.length === 300_000 && doubled.every(v => v === 3))
}

describe('kinds of connections', () => {
  test('TCP', async () => {
    await using server = await listen('127.0.0.1:0', offer)
    assert.match(server.address, /^127\.0\.0\.1:\d+$/)
    await use(server.address)
  })

  test('what was sent is what it was when it was sent, however long, slow and busy the way is', async () => {
    const sums = {
      sum: (x: Float64Array, ...more: Float64Array[]) => [x, ...more].map(y => y.reduce((a, b) => a + b, 0)),
      echo: (x: Float64Array) => x,
    }
    await using server = await listen('127.0.0.1:0', sums)
    using connection = await connect<typeof sums>(server.address)
    const { remote } = connection
    const x = new Float64Array(2 ** 20)
    const answers: Promise<number[]>[] = []
    for (let i = 1; i <= 12; i++) {
      // The socket takes some of it, and less each time, for the program reads nothing meanwhile.
      x.fill(i)
      answers.push(remote.sum(x, x.subarray(0, 10_000), x.subarray(1, 100_000)))
    }
    x.fill(-1)
    for (const [i, answer] of (await Promise.all(answers)).entries())
      assert.deepEqual(
        answer,
        [2 ** 20, 10_000, 99_999].map(n => (i + 1) * n),
      )
    const echoed = remote.echo(x)
    x.fill(7)
    assert.ok((await echoed).every(v => v === -1))
  })

  test('Unix sockets', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'skein-rpc-'))
    try {
      await using server = await listen(`unix:${join(folder, 'socket')}`, offer)
      await use(server.address)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('a pair of streams', async () => {
    const [a, b] = duplexPair()
    const [server] = await Promise.all([connect(a, { offer }), use(b)])
    await server.session.closed
  })

  test('a pair of ports', async () => {
    const { port1, port2 } = new MessageChannel()
    const [server] = await Promise.all([connect(port1, { offer }), use(port2)])
    await server.session.closed
    port1.close()
    port2.close()
  })
})

describe('what goes wrong', () => {
  test('nobody listens', async () => {
    const server = await listen('127.0.0.1:0', offer)
    await server.close()
    await assert.rejects(connect(server.address), { name: 'WorldError', kind: 'refused' })
    await assert.rejects(connect('unix:/no/such/socket'), { name: 'WorldError' })
  })

  test('the address is taken', async () => {
    await using server = await listen('127.0.0.1:0', offer)
    await assert.rejects(listen(server.address, offer), { name: 'WorldError', kind: 'address in use' })
  })

  test('it is a server of another kind, which says nothing, or something else', async t => {
    const silent = net.createServer(() => {}).listen(0, '127.0.0.1')
    const http = net.createServer(socket => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
    t.after(() => {
      silent.close()
      http.close()
    })
    const addressOf = (server: net.Server) => `127.0.0.1:${(server.address() as net.AddressInfo).port}`
    await new Promise(resolve => setImmediate(resolve))
    await assert.rejects(connect(addressOf(silent), { timeoutMs: 100 }), { name: 'TimeoutError' })
    await assert.rejects(connect(addressOf(http)), {
      name: 'WrongProtocolError',
      message: /is an HTTP server \(HTTP\/1\.1 400 Bad Request\)/,
    })
    const stop = new AbortController()
    setTimeout(() => stop.abort(new Error('enough')), 20)
    await assert.rejects(connect(addressOf(silent), { signal: stop.signal }), { name: 'CancelledError' })
  })

  test('strangers at both ends are told by what they say first', async t => {
    const saying = async (answer: (socket: net.Socket) => void): Promise<string> => {
      const server = net.createServer(socket => {
        socket.on('error', () => {})
        answer(socket)
      })
      server.listen(0, '127.0.0.1')
      t.after(() => server.close())
      await once(server, 'listening')
      return `127.0.0.1:${(server.address() as net.AddressInfo).port}`
    }
    const servers: [answer: (socket: net.Socket) => void, found: RegExp][] = [
      [socket => socket.pipe(socket), /an echo/],
      [socket => socket.write('SSH-2.0-OpenSSH_9.9\r\n'), /an SSH server \(SSH-2.0-OpenSSH_9.9\)/],
      [socket => socket.write('-ERR unknown command\r\n'), /something that says "-ERR unknown command/],
      [socket => socket.write(Uint8Array.of(0, 1, 0, 0, 0, 1)), /something that says/],
      [socket => socket.write('{}\n{'), /took longer/],
      [socket => socket.end(), /without a word/],
    ]
    for (const [answer, found] of servers)
      await assert.rejects(connect(await saying(answer), { timeoutMs: found.source === 'took longer' ? 30 : 5000 }), {
        name: found.source === 'took longer' ? 'TimeoutError' : 'WrongProtocolError',
        message: found,
      })
    const clients: [says: string, found: RegExp][] = [
      ['GET / HTTP/1.1\r\n\r\n', /a client that speaks HTTP \(GET \/ HTTP\/1.1\)/],
      ['\x16\x03\x01\x02\x00', /a client that speaks TLS/],
    ]
    for (const [says, found] of clients) {
      const fault = Promise.withResolvers<Error>()
      await using server = await listen('127.0.0.1:0', offer, { onFault: fault.resolve })
      const socket = net.connect(Number(server.address.split(':')[1]), '127.0.0.1').on('error', () => {})
      socket.write(Buffer.from(says, 'latin1'))
      assert.match((await fault.promise).message, found)
      socket.destroy()
    }
  })

  test('arguments that are none', async () => {
    for (const call of [
      () => connect('nonsense'),
      () => connect(7 as never),
      () => connect('a:1', { timeoutMs: -1 }),
      () => connect('a:1', { limits: { messageBytes: 0 } }),
      () => connect('a:1', { limits: { bytes: 1 } as never }),
      () => listen('127.0.0.1:0', 5 as never),
      () => listen('127.0.0.1', {}),
    ])
      await assert.rejects(call, { name: 'ArgumentError' })
    assert.throws(() => within(-1, () => {}), { name: 'ArgumentError' })
  })

  test('a deadline that passes, and a server that ends', async () => {
    const server = await listen('127.0.0.1:0', offer)
    const { remote, session } = await connect<Api>(server.address)
    await assert.rejects(
      within(50, () => remote.never()),
      { name: 'TimeoutError' },
    )
    const lost = assert.rejects(remote.never(), ConnectionLostError)
    await server.close()
    await lost
    await session.closed
    assert.equal(server.sessions.size, 0)
  })
})

test('streams that nobody holds any more end on both sides, read in part or not at all', async () => {
  let ended = 0
  const endless = {
    *stream() {
      try {
        for (let i = 0; ; i++) yield i
      } finally {
        ended++
      }
    },
    take: (_stream: AsyncIterable<number>) => 1,
  }
  await using server = await listen('127.0.0.1:0', endless)
  using connection = await connect<typeof endless>(server.address)
  const { remote, session } = connection
  const count = 50
  let pending: Promise<IteratorResult<number>> | undefined
  for (let i = 0; i < count; i++) {
    const stream = (await remote.stream()) as unknown as AsyncIterableIterator<number>
    if (i % 2 === 0) for (let n = 0; n < 40; n++) await stream.next()
    pending = stream.next()
    if (i % 3 !== 0) await pending
  }
  // Ours, which the other side was given and has not looked at.
  async function* ours() {
    yield 1
  }
  await remote.take(ours())
  const [far] = server.sessions
  for (let i = 0; i < 100 && session.counts.streams + far.counts.streams > 2; i++) {
    collect()
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  // The engine may still have the last ones in its hands.
  assert.ok(session.counts.streams <= 1 && far.counts.streams <= 1, JSON.stringify([session.counts, far.counts]))
  assert.ok(ended >= (count / 2) * 0.9, `${ended}`)
  assert.deepEqual((await pending)!.done, false)
})

test('callbacks that were used once are let go of on both sides', async () => {
  await using server = await listen('127.0.0.1:0', { once: (f: (x: number) => number) => f(1) })
  using connection = await connect<{ once(f: (x: number) => number): number }>(server.address)
  const count = 10_000
  for (let i = 0; i < count; i++) await connection.remote.once((x: number) => x + i)
  const [far] = server.sessions
  for (let i = 0; i < 100 && far.counts.imported > count / 100; i++) {
    collect()
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  assert.ok(far.counts.imported <= count / 100, `${far.counts.imported} held over there`)
  for (let i = 0; i < 100 && connection.session.counts.exported > count / 100; i++)
    await new Promise(resolve => setTimeout(resolve, 10))
  assert.ok(connection.session.counts.exported <= count / 100, `${connection.session.counts.exported} held here`)
})
