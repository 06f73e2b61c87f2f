// WebSockets between programs: what they carry, who may connect, and what goes wrong. Pages are in `page.test.ts`.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { WebSocket as NpmWebSocket, WebSocketServer } from 'ws'
import {
  connect,
  type ListenOptions,
  listen,
  MalformedMessageError,
  RefusedError,
  type Session,
  WrongProtocolError,
} from '../src/index.ts'

const offer = {
  add: (a: number, b: number) => a + b,
  twice: async (f: (x: number) => number | Promise<number>, x: number) => f(await f(x)),
  *count(n: number) {
    for (let i = 0; i < n; i++) yield i
  },
  double: (x: Float64Array) => x.map(v => v * 2),
  length: (text: string) => text.length,
}
type Api = typeof offer

const use = async (to: Parameters<typeof connect>[0]): Promise<void> => {
  using connection = await connect<Api>(to)
  const { remote, session } = connection
  assert.equal(session.isSkein, true)
  assert.equal(await remote.add(1, 2), 3)
  assert.equal(await remote.twice(async (x: number) => x * 3, 2), 18)
  let sum = 0
  for await (const i of await remote.count(100)) sum += i
  assert.equal(sum, 4950)
  // More than one piece, more than waits to go out.
  const large = new Float64Array(1_000_000).fill(1.5)
  const doubled = await remote.double(large)
  assert.ok(doubled.length === large.length && doubled.every(v => v === 3))
}

/** An HTTP server that is there already. */
const httpServer = async (t: TestContext, answer?: http.RequestListener): Promise<[http.Server, string]> => {
  const server = http.createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return [server, `127.0.0.1:${(server.address() as AddressInfo).port}`]
}

test('calls, callbacks, streams and typed arrays', async () => {
  await using server = await listen('ws://127.0.0.1:0/api', offer)
  assert.match(server.address, /^ws:\/\/127\.0\.0\.1:\d+\/api$/)
  await use(server.address)
  await use(`${server.address}?with=more`)
})

test("the engine's own WebSocket, one of `ws`, and what another server has taken may be given", async t => {
  await using server = await listen('ws://127.0.0.1:0', offer)
  await use(new WebSocket(server.address))
  await use(new NpmWebSocket(server.address) as never)
  const other = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  t.after(() => other.close())
  await once(other, 'listening')
  other.on('connection', socket => void connect(socket as never, { offer }))
  await use(`ws://127.0.0.1:${(other.address() as AddressInfo).port}`)
})

test('a path of a server that is there already; others go on', async t => {
  const [server, host] = await httpServer(t, (_, response) => response.end('a page'))
  const first = await listen({ server, path: '/first' }, offer)
  assert.equal(first.address, '/first')
  await using _second = await listen({ server, path: '/second' }, { add: () => 'second' })
  await use(`ws://${host}/first`)
  using second = await connect<{ add(): string }>(`ws://${host}/second`)
  assert.equal(await second.remote.add(), 'second')
  assert.equal(await (await fetch(`http://${host}/first`)).text(), 'a page')
  await assert.rejects(listen({ server, path: '/first' }, offer), { name: 'ArgumentError' })
  const { session } = await connect(`ws://${host}/first`)
  await first.close()
  assert.equal(await session.closed, undefined)
  await assert.rejects(connect(`ws://${host}/first`), { name: 'WrongProtocolError', message: /404/ })
  assert.equal(await second.remote.add(), 'second')
})

test('requests that are none for a WebSocket are told so', async () => {
  await using server = await listen('ws://127.0.0.1:0', offer)
  const response = await fetch(server.address.replace('ws:', 'http:'))
  assert.equal(response.status, 426)
})

describe('who may connect', () => {
  const origin = (from: string) => ({ headers: { origin: from } })
  const cases: [name: string, options: ListenOptions, asked: { headers?: Record<string, string> }, status?: string][] =
    [
      ['programs, which say no origin', {}, {}],
      ['pages of another origin', {}, origin('https://evil.example'), 'HTTP 403 Forbidden'],
      ['pages without one', {}, origin('null'), 'HTTP 403 Forbidden'],
      ['pages that are named', { origins: ['https://good.example'] }, origin('https://good.example')],
      [
        'pages that are not',
        { origins: ['https://good.example'] },
        origin('http://good.example'),
        'HTTP 403 Forbidden',
      ],
      ['all pages', { origins: '*' }, origin('https://any.example')],
      ['what is verified', { verify: ({ headers }) => headers!.token === '7' }, { headers: { token: '7' } }],
      ['what is not', { verify: async ({ headers }) => headers!.token === '7' }, {}, 'HTTP 401 Unauthorized'],
      ['a reason', { verify: () => 'no token' }, {}, 'HTTP 401 Unauthorized'],
      [
        'a verification that fails',
        { verify: () => Promise.reject(new Error('x')) },
        {},
        'HTTP 500 Internal Server Error',
      ],
    ]
  for (const [name, options, asked, status] of cases)
    test(`${name}: ${status ?? 'yes'}`, async () => {
      await using server = await listen('ws://127.0.0.1:0', offer, options)
      if (status === undefined) {
        using connection = await connect<Api>(server.address, asked)
        assert.equal(await connection.remote.add(1, 2), 3)
      } else {
        await assert.rejects(connect(server.address, asked), (error: RefusedError) => {
          assert.ok(error instanceof RefusedError, String(error))
          assert.equal(error.status, status)
          if (name === 'a reason') assert.equal(error.reason, 'no token')
          return true
        })
        assert.equal(server.sessions.size, 0)
      }
    })

  test('pages of the server itself', async () => {
    await using server = await listen('ws://127.0.0.1:0', offer)
    const own = server.address.replace('ws:', 'http:').replace(/\/$/, '')
    using connection = await connect<Api>(server.address, origin(own))
    assert.equal(await connection.remote.add(1, 2), 3)
  })
})

describe('old peers', () => {
  test('lines come and go as text, however they are cut', async () => {
    await using server = await listen('ws://127.0.0.1:0', {
      greet: (name: string, back: (text: string) => void) => back(`grüß ${name}`),
    })
    const socket = new NpmWebSocket(server.address)
    const lines: string[] = []
    socket.on('message', (bytes, isBinary) => {
      assert.equal(isBinary, false)
      lines.push(...bytes.toString().trim().split('\n'))
    })
    await once(socket, 'open')
    const say = (message: object): string =>
      `${JSON.stringify({ arguments: [], callbacks: {}, links: [], ...message })}\n`
    socket.send(say({ method: 'methods', arguments: [{}] }))
    const call = say({ method: 'greet', arguments: ['ünï', '[Function]'], callbacks: { 5: ['1'] } })
    socket.send(call.slice(0, 40))
    socket.send(call.slice(40))
    while (lines.length < 2) await once(socket, 'message')
    assert.equal(JSON.parse(lines[0]).method, 'methods')
    assert.deepEqual(JSON.parse(lines[1]).arguments, ['grüß ünï'])
    assert.equal(JSON.parse(lines[1]).method, 5)
    socket.close()
  })
})

describe('what goes wrong', () => {
  const served = async (
    limits: object,
  ): Promise<{ address: string; faults: Error[]; next: Promise<Session> } & AsyncDisposable> => {
    const faults: Error[] = []
    const next = Promise.withResolvers<Session>()
    const server = await listen('ws://127.0.0.1:0', offer, {
      limits,
      onFault: e => faults.push(e),
      onSession: next.resolve,
    })
    return { address: server.address, faults, next: next.promise, [Symbol.asyncDispose]: () => server.close() }
  }

  test('a message that is too long ends the connection before it is there', async () => {
    await using server = await served({ messageBytes: 400_000 })
    const socket = new NpmWebSocket(server.address)
    await once(socket, 'open')
    socket.send(`${JSON.stringify({ method: 'methods', arguments: [{}], callbacks: {}, links: [] })}\n`)
    const session = await server.next
    // It says how long it will be, and little of it comes.
    ;(socket as any)._socket.write(Buffer.of(0x82, 0x80 | 127, 0, 0, 0, 0, 0x7f, 0, 0, 0, 1, 2, 3, 4, 9, 9))
    const [code] = await once(socket, 'close')
    assert.equal(code, 1009)
    await session.closed
    assert.ok(server.faults[0] instanceof MalformedMessageError)
    assert.match(server.faults[0].message, /400000 bytes at most/)
  })

  test('what is no frame of a WebSocket ends the connection', async () => {
    await using server = await served({})
    const socket = new NpmWebSocket(server.address)
    await once(socket, 'open')
    socket.send(`${JSON.stringify({ method: 'methods', arguments: [{}], callbacks: {}, links: [] })}\n`)
    const session = await server.next
    ;(socket as any)._socket.write(Buffer.of(0xff, 0xff, 0xff, 0xff))
    await session.closed
    assert.ok(server.faults[0] instanceof MalformedMessageError, String(server.faults[0]))
  })

  test('a socket that breaks off, and one that closes with a code', async t => {
    const closing = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    t.after(() => closing.close())
    await once(closing, 'listening')
    const address = `ws://127.0.0.1:${(closing.address() as AddressInfo).port}`
    for (const [how, name] of [
      [(socket: NpmWebSocket) => socket.terminate(), 'WrongProtocolError'],
      [(socket: NpmWebSocket) => socket.close(1008, 'not you'), 'RefusedError'],
      [(socket: NpmWebSocket) => socket.close(1000), 'WrongProtocolError'],
      [(socket: NpmWebSocket) => socket.on('message', data => socket.send(data)), 'WrongProtocolError'],
      [(socket: NpmWebSocket) => socket.send('welcome to the chat'), 'WrongProtocolError'],
    ] as const) {
      closing.once('connection', how)
      await assert.rejects(connect(address), { name })
    }
  })

  test('servers of another kind', async t => {
    const [, host] = await httpServer(t, (_, response) => response.end('a page'))
    await assert.rejects(
      connect(`ws://${host}/x`),
      (error: Error) => error instanceof WrongProtocolError && /200 OK/.test(error.message),
    )
    await using tcp = await listen('127.0.0.1:0', offer)
    await assert.rejects(connect(`ws://${tcp.address}`), WrongProtocolError)
    const silent = net.createServer(() => {}).listen(0, '127.0.0.1')
    t.after(() => silent.close())
    await once(silent, 'listening')
    const to = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}`
    await assert.rejects(connect(to, { timeoutMs: 50 }), { name: 'TimeoutError' })
    const stop = new AbortController()
    setImmediate(() => stop.abort(new Error('enough')))
    await assert.rejects(connect(to, { signal: stop.signal }), { name: 'CancelledError' })
    const gone = await listen('ws://127.0.0.1:0', offer)
    await gone.close()
    await assert.rejects(connect(gone.address), { name: 'WorldError', kind: 'refused' })
  })

  test('arguments that are none', async t => {
    const [server] = await httpServer(t)
    for (const call of [
      () => connect('ws:/x'),
      () => connect('ws://'),
      () => connect('ws://user:password@host/'),
      () => connect('ws://host/#part'),
      () => listen('ws://127.0.0.1:99999/', offer),
      () => listen('ws://127.0.0.1:0/', offer, { origins: ['example.com'] }),
      () => listen('ws://127.0.0.1:0/', offer, { verify: 5 as never }),
      () => listen({ server, path: 'x' }, offer),
      () => listen({ server: {} as never }, offer),
      () => listen(null as never, offer),
    ])
      await assert.rejects(async () => call(), { name: 'ArgumentError' })
  })
})
