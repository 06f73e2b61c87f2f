// The originals at the other end: npm's dnode 1.2.2 and dnode-protocol 0.2.2.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { realClock } from '@skein/world'
import dnode from 'dnode'
import dnodeProtocol from 'dnode-protocol'
import { NoAnswerError } from '../src/errors.ts'
import { type Heartbeat, limitsOf, type Session } from '../src/index.ts'
import { sessionOnStream } from '../src/transports/stream.ts'
import { collect } from './collect.ts'

const options = (faults: Error[] = [], errors: unknown[] = []) => ({
  limits: limitsOf('test'),
  clock: realClock,
  soon: (run: () => void) => void setImmediate(run),
  onFault: (error: Error) => void faults.push(error),
  onError: (error: unknown) => void errors.push(error),
})

const portOf = async (server: net.Server): Promise<number> => {
  if (!server.listening) await once(server, 'listening')
  return (server.address() as net.AddressInfo).port
}

/** Ours listens, dnode connects. */
const dnodeConnects = async (t: TestContext, offer: object, theirs: object = {}) => {
  const sessions: Session[] = []
  const faults: Error[] = []
  const errors: unknown[] = []
  const server = net.createServer(socket =>
    sessions.push(sessionOnStream(socket, offer, options(faults, errors), 'dnode')),
  )
  server.listen(0, '127.0.0.1')
  const socket = net.connect(await portOf(server), '127.0.0.1')
  // It speaks at the next tick, whether or not anybody listens.
  const client = dnode(theirs)
  socket.pipe(client as any).pipe(socket)
  const [remote] = await once(client, 'remote')
  t.after(() => {
    socket.destroy()
    server.close()
  })
  return { remote, session: sessions[0], faults, errors }
}

/** dnode listens, ours connects. */
const weConnect = async (t: TestContext, theirs: object, offer: object = {}, heartbeat?: Heartbeat) => {
  const faults: Error[] = []
  const server = net.createServer(socket => {
    const end = dnode(theirs)
    socket.pipe(end as any).pipe(socket)
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  const socket = net.connect(await portOf(server), '127.0.0.1')
  const session = sessionOnStream(socket, offer, { ...options(faults), heartbeat }, 'dnode')
  const remote: any = await session.ready
  t.after(() => {
    session.close()
    server.close()
  })
  return { remote, session, faults }
}

describe('dnode connects to Skein', () => {
  test('methods, callbacks, and callbacks of callbacks', async t => {
    const { remote, session } = await dnodeConnects(t, {
      timesTen: (n: number, reply: (n: number) => void) => reply(n * 10),
      nested: (f: (g: (x: number) => void) => void) => f((x: number) => results.push(x)),
      value: 555,
    })
    const results: number[] = []
    assert.equal(session.isSkein, false)
    assert.equal(remote.value, 555)
    assert.equal(await new Promise(resolve => remote.timesTen(5, resolve)), 50)
    await new Promise<void>(resolve =>
      remote.nested((g: (x: number) => void) => {
        g(7)
        remote.timesTen(1, () => resolve())
      }),
    )
    assert.deepEqual(results, [7])
  })

  test('circles and what is in several places', async t => {
    const { remote } = await dnodeConnects(t, {
      look: (data: any, reply: (same: boolean, name: string) => void) =>
        reply(data.self === data && data.list[1] === data.list, data.deep.a.b),
    })
    const data: any = { deep: { a: { b: 'c' } }, list: [1] }
    data.self = data
    data.list.push(data.list)
    assert.deepEqual(await new Promise(resolve => remote.look(data, (...given: unknown[]) => resolve(given))), [
      true,
      'c',
    ])
  })

  test('functions that the client lets go of are forgotten', async t => {
    const { remote, session } = await dnodeConnects(t, {
      give: (reply: (f: () => void) => void) => reply(() => {}),
    })
    for (let i = 0; i < 50; i++) await new Promise<void>(resolve => remote.give(() => resolve()))
    const before = session.counts.exported
    assert.ok(before > 50)
    for (let i = 0; i < 100 && session.counts.exported >= before / 2; i++) {
      collect()
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    assert.ok(session.counts.exported < before / 2, `${session.counts.exported} of ${before}`)
  })

  test('the client is called, and calls again', async t => {
    const asked: unknown[] = []
    const { remote } = await dnodeConnects(
      t,
      (client: any) => ({
        start: (done: (x: number) => void) => client.question(20, (answer: number) => done(answer + 1)),
      }),
      {
        question: (x: number, reply: (answer: number) => void) => {
          asked.push(x)
          reply(x * 2)
        },
      },
    )
    assert.equal(await new Promise(resolve => remote.start(resolve)), 41)
    assert.deepEqual(asked, [20])
  })

  test('a function that throws is our own affair, and the session goes on', async t => {
    const { remote, errors } = await dnodeConnects(t, {
      fail: () => {
        throw new RangeError('ours')
      },
      ok: (reply: (x: number) => void) => reply(1),
    })
    remote.fail()
    assert.equal(await new Promise(resolve => remote.ok(resolve)), 1)
    assert.match(String(errors[0]), /ours/)
  })
})

describe('Skein connects to dnode', () => {
  test('methods and callbacks', async t => {
    const { remote, session } = await weConnect(t, {
      timesTen: (n: number, reply: (n: number) => void) => reply(n * 10),
      twice: (f: (x: number, reply: (y: number) => void) => void, reply: (y: number) => void) => f(1, y => f(y, reply)),
    })
    assert.equal(session.isSkein, false)
    assert.equal(await new Promise(resolve => remote.timesTen(5, resolve)), 50)
    const triple = (x: number, reply: (y: number) => void) => void reply(x * 3)
    assert.equal(await new Promise(resolve => remote.twice(triple, resolve)), 9)
  })

  test('who waits for an answer is told that there is none', async t => {
    const { remote } = await weConnect(t, { hello: () => 'ignored' })
    remote.hello()
    await assert.rejects(remote.hello(), NoAnswerError)
  })

  test('circles', async t => {
    const { remote } = await weConnect(t, { echo: (x: unknown, reply: (x: unknown) => void) => reply(x) })
    const data: any = { a: [1, { b: 2 }] }
    data.a.push(data)
    assert.deepEqual(await new Promise(resolve => remote.echo(data, resolve)), data)
  })
})

describe('with dnode-protocol, message by message', () => {
  test('the first message is what the original sends, but for the field that says who we are', async () => {
    const offer = { x: () => {}, nested: { y: () => {} }, z: 3 }
    const theirs = dnodeProtocol(offer)
    const said = once(theirs, 'request')
    theirs.start()
    const [expected] = await said
    const sent: string[] = []
    const { Session } = await import('../src/session.ts')
    const session = new Session(
      { peer: 'test', send: bytes => sent.push(new TextDecoder().decode(bytes)) > 0, close: () => {}, abort: () => {} },
      offer,
      { ...options(), soon: run => queueMicrotask(run) },
    )
    await Promise.resolve()
    const { skein, ...message } = JSON.parse(sent.join(''))
    assert.deepEqual(message, JSON.parse(JSON.stringify(expected)))
    assert.equal(skein.version, 1)
    assert.match(sent.join(''), /^\{"method":"methods","arguments":/)
    session.close()
  })

  test('a named method is called, one that is inherited is not', async () => {
    const faults: Error[] = []
    const { Session } = await import('../src/session.ts')
    let called = 0
    const session = new Session(
      { peer: 'test', send: () => true, close: () => {}, abort: () => {} },
      { x: () => called++ },
      options(faults),
    )
    const say = (message: object) => session.receive(new TextEncoder().encode(`${JSON.stringify(message)}\n`))
    say({ method: 'x', arguments: [] })
    for (const method of ['toString', '__proto__', 'constructor', 'hasOwnProperty', 99]) say({ method })
    assert.equal(called, 1)
    assert.equal(faults.length, 5)
    assert.equal(session.lost, undefined)
    session.close()
  })
})

describe('an old peer that is gone without a word', () => {
  test('is asked as upnode asks, if it offers that', async t => {
    let asked = 0
    let isThere = true
    const ping = (reply: () => void): void => {
      asked++
      if (isThere) reply()
    }
    for (const theirs of [{ ping }, { upnode: { ping } }]) {
      asked = 0
      isThere = true
      const { session } = await weConnect(t, theirs, {}, { idleMs: 20, timeoutMs: 200 })
      while (asked < 3) await new Promise(resolve => setTimeout(resolve, 5))
      assert.equal(session.lost, undefined)
      isThere = false
      assert.equal((await session.closed)!.name, 'TimeoutError')
    }
  })
})
