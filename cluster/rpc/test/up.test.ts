import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { simulateAsync, sleep, type World } from '@skein/world'
import {
  ConnectionLostError,
  limitsOf,
  listenOver,
  QueueFullError,
  type Session,
  sessionOver,
  type UpOptions,
  upOver,
  within,
} from '../src/index.ts'
import { type Ends, withUp } from './ups.ts'

describe('calls', () => {
  test('that wait are made once there is a connection, in order', async () => {
    const ran: number[] = []
    await withUp(1, { run: (n: number) => (ran.push(n), n * 2) }, {}, async ({ it }, remote) => {
      assert.equal(it.isUp, false)
      const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => remote.run(i)))
      assert.deepEqual(
        answers,
        Array.from({ length: 100 }, (_, i) => 2 * i),
      )
      assert.deepEqual(
        ran,
        Array.from({ length: 100 }, (_, i) => i),
      )
      assert.equal(await remote.run(5), 10)
    })
  })
})

describe('what waits', () => {
  const offer = {
    add: (a: number, b: number) => a + b,
    user: async (n: number) => ({ name: `user ${n}`, greet: (who: string) => `hello ${who}` }),
    fail: () => {
      throw new RangeError('no')
    },
    never: () => new Promise(() => {}),
    size: 3,
    files: { read: (name: string) => name.length },
  }

  test('can be used before it is made, in one round trip', async () => {
    const network = { latencyMs: [10, 10] as const }
    const run = async ({ it, simulation }: Ends, remote: any): Promise<void> => {
      const name = remote.user(7).name
      const answers = Promise.all([remote.user(7).greet('you'), name, remote.add(remote.add(1, 2), remote.add(3, 4))])
      assert.equal(it.queued, 7)
      await it.whenUp()
      const begun = simulation.timeMs
      assert.deepEqual(await answers, ['hello you', 'user 7', 10])
      assert.ok(simulation.timeMs - begun < 25, `${simulation.timeMs - begun} ms`)
      await assert.rejects(remote.fail().greet('me'), /no/)
    }
    await withUp(1, offer, {}, run, network)
  })

  test('fails with what it hangs on', async () => {
    await withUp(1, offer, {}, async (_, remote) => {
      const failing = remote.fail()
      await assert.rejects(failing.greet('you'), RangeError)
      await assert.rejects(async () => remote.user(1).nothing.more, { name: 'NoSuchFunctionError' })
      await assert.rejects(remote.nothing(), { name: 'NoSuchFunctionError' })
      await assert.rejects(remote.files.write('x'), { name: 'NoSuchFunctionError' })
      await assert.rejects(remote.add(Symbol('x')), { name: 'NotCloneableError' })
    })
  })

  test('ends with its deadline or its signal, and is not made', async () => {
    let made = 0
    await withUp(1, { run: () => made++ }, {}, async ({ server, world, it }, remote) => {
      await it.whenUp()
      server.crash()
      while (it.isUp) await sleep(world.clock, 5)
      const late = within(200, () => remote.run(), world.clock)
      const controller = new AbortController()
      const stopped = remote.run(controller.signal)
      const never = remote.run(AbortSignal.abort(new Error('before')))
      controller.abort(new Error('enough'))
      await assert.rejects(stopped, /enough/)
      await assert.rejects(never, /before/)
      await assert.rejects(late, { name: 'TimeoutError', message: /was not made/ })
      assert.equal(it.queued, 0)
      server.start()
      await remote.run()
      assert.equal(made, 1)
    })
  })

  test('is not more than may be', async () => {
    await withUp(1, offer, { maxQueued: 2 }, async ({ it }, remote) => {
      const [first, second, third] = [remote.add(1, 1), remote.add(2, 2), remote.add(3, 3)]
      await assert.rejects(third, QueueFullError)
      assert.deepEqual(await Promise.all([first, second]), [2, 4])
      assert.equal(it.queued, 0)
    })
  })

  test('is told when it is closed', async () => {
    await withUp(1, offer, {}, async ({ it }, remote) => {
      const [waiting, standing] = [remote.add(1, 1), it.whenUp()]
      it.close()
      await assert.rejects(waiting, ConnectionLostError)
      await assert.rejects(standing, ConnectionLostError)
      await assert.rejects(remote.add(1, 1), /it was closed here/)
      await assert.rejects(
        it.up(() => 1),
        ConnectionLostError,
      )
      assert.equal(await it.closed, undefined)
    })
  })

  test('what is offered besides functions is as it was last seen', async () => {
    await withUp(1, offer, {}, async ({ it, server }, remote) => {
      await it.whenUp()
      assert.equal(remote.size, 3)
      assert.equal(await remote.files.read('abc'), 3)
      assert.deepEqual(Object.keys(remote).sort(), Object.keys(offer).sort())
      server.crash()
      assert.equal(remote.size, 3)
    })
  })
})

describe('connections', () => {
  test('are authenticated before anything else is made, each of them', async () => {
    const log: string[] = []
    const offer = () => {
      let who = 'nobody'
      return {
        login: async (name: string) => {
          who = name
          log.push(`login ${name}`)
        },
        whoAmI: () => (log.push(`asked by ${who}`), who),
      }
    }
    const onConnect = (remote: any) => remote.login('ada')
    await withUp(1, offer, { onConnect }, async ({ it, server, world }, remote) => {
      assert.equal(await remote.whoAmI(), 'ada')
      server.restart()
      while (it.isUp) await sleep(world.clock, 1)
      assert.equal(await remote.whoAmI(), 'ada')
      assert.deepEqual(log, ['login ada', 'asked by ada', 'login ada', 'asked by ada'])
    })
  })

  test('that are not let in are tried again, or not', async () => {
    const offer = { login: (word: string) => word === 'open' || Promise.reject(new RangeError('wrong word')) }
    let attempts = 0
    const causes: unknown[] = []
    const patient: UpOptions<any> = {
      onConnect: remote => remote.login(++attempts < 4 ? 'shut' : 'open'),
      onRetry: ({ cause }) => causes.push(cause),
    }
    await withUp(1, offer, patient, async ({ it }, remote) => {
      assert.equal(await remote.login('open'), true)
      assert.deepEqual([attempts, causes.length, it.isUp], [4, 3, true])
      assert.ok(causes.every(cause => cause instanceof RangeError))
    })
    const strict: UpOptions<any> = {
      onConnect: remote => remote.login('shut'),
      isFatal: error => error instanceof RangeError,
    }
    await withUp(1, offer, strict, async ({ it }, remote) => {
      await assert.rejects(remote.login('open'), { name: 'ConnectionLostError', message: /wrong word/ })
      assert.ok((await it.closed) instanceof RangeError)
    })
  })

  test('go to the next address when one does not answer', async () => {
    const outcome = await simulateAsync(1, async simulation => {
      const place = (name: string) =>
        simulation.node(name, world => void listenOver(world, `${name}:1`, { name: () => name }))
      const nodes = { a: place('a'), b: place('b'), c: place('c') }
      const booted = Promise.withResolvers<World>()
      simulation.node('client', world => booted.resolve(world))
      const world = await booted.promise
      const it = upOver<{ name(): string }>(world, ['a:1', 'b:1', 'c:1'])
      assert.equal(await it.remote.name(), 'a')
      nodes.a.crash()
      nodes.b.crash()
      await sleep(world.clock, 300)
      assert.equal(await it.remote.name(), 'c')
      nodes.a.start()
      nodes.c.crash()
      await sleep(world.clock, 300)
      assert.equal(await it.remote.name(), 'a')
      it.close()
    })
    if (outcome.failure) throw outcome.failure.error
  })

  test('are asked for where a function says', async () => {
    const places = ['nobody:1', 'server:1']
    let asked = 0
    await withUp(1, { run: () => 1 }, {}, async ({ world }) => {
      using it = upOver<{ run(): number }>(world, async () => places[asked++])
      assert.equal(await it.remote.run(), 1)
      assert.equal(asked, 2)
    })
  })

  test('with one that never speaks are given up', async () => {
    const causes: unknown[] = []
    await withUp(1, {}, {}, async ({ simulation, world }) => {
      simulation.node('silent', ({ network }) => {
        network.listen('silent:1', { connected: () => ({ data() {}, closed() {} }) })
      })
      using it = upOver(world, ['silent:1', 'server:1'], {
        connectTimeoutMs: 500,
        onRetry: ({ cause }) => causes.push(cause),
      })
      await assert.rejects(it.whenUp({ timeoutMs: 400 }), { name: 'TimeoutError' })
      await it.whenUp()
      assert.equal((causes[0] as Error).name, 'TimeoutError')
    })
  })

  test('that do not last are not asked for again and again', async () => {
    let connected = 0
    await withUp(1, {}, {}, async ({ simulation, world }) => {
      simulation.node('flapping', ({ clock, network }) => {
        const opened = (_: unknown, session: { close(): void }) => {
          connected++
          clock.after(30, () => session.close())
          return {}
        }
        listenOver({ ...world, clock, network }, 'flapping:1', opened)
      })
      const downs: Error[] = []
      using _ = upOver(world, 'flapping:1', { onDown: cause => downs.push(cause) })
      await sleep(world.clock, 60_000)
      assert.ok(connected > 5 && connected < 40, `${connected}`)
      assert.equal(downs.length, connected)
    })
  })

  test('take their functions along', async () => {
    const offer = {
      counter: () => ({ next: () => 1 }),
      numbers: async function* () {
        for (let i = 0; ; i++) yield i
      },
    }
    await withUp(1, offer, {}, async ({ server, it, world }, remote) => {
      const counter = await remote.counter()
      const numbers = await remote.numbers()
      assert.equal(await counter.next(), 1)
      await numbers.next()
      server.restart()
      while (it.isUp) await sleep(world.clock, 1)
      await it.whenUp()
      await assert.rejects(counter.next(), { name: 'ConnectionLostError', message: /was not made/ })
      await assert.rejects(async () => {
        for await (const _ of numbers);
      }, ConnectionLostError)
      assert.equal(await (await remote.counter()).next(), 1)
    })
  })

  test('lost with calls that may be repeated: they are', async () => {
    const ran: string[] = []
    const note = (what: string) => {
      ran.push(what)
      // The first of each is never answered.
      return ran.filter(other => other === what).length === 1
        ? new Promise(() => {})
        : { it: what, more: () => `${what}!` }
    }
    const offer = { get: (n: number) => note(`get ${n}`), put: (n: number) => note(`put ${n}`) }
    await withUp(1, offer, { retry: ['get'] }, async ({ server, it, world }, remote) => {
      await it.whenUp()
      const [one, two, put] = [remote.get(1), remote.get(2), remote.put(1)]
      const [deep, called] = [one.it, two.more()]
      await sleep(world.clock, 100)
      server.restart()
      await assert.rejects(put, ConnectionLostError)
      assert.deepEqual([(await one).it, (await two).it, await deep], ['get 1', 'get 2', 'get 1'])
      await assert.rejects(called, ConnectionLostError)
      assert.deepEqual(ran, ['get 1', 'get 2', 'put 1', 'get 1', 'get 2'])
    })
  })

  test('what is run on one is run in its turn', async () => {
    const ran: string[] = []
    await withUp(1, { run: (what: string) => void ran.push(what) }, {}, async ({ it }, remote) => {
      const first = remote.run('first')
      const both = it.up(async (at: any) => {
        await Promise.all([at.run('second'), at.run('third')])
        return 'done'
      })
      const last = remote.run('last')
      await Promise.all([first, last])
      assert.equal(await both, 'done')
      assert.deepEqual(ran, ['first', 'second', 'third', 'last'])
      await assert.rejects(
        it.up(() => Promise.reject(new RangeError('mine'))),
        RangeError,
      )
    })
  })
})

test('what is asked for wrongly is said', async () => {
  await withUp(1, {}, {}, async ({ world, it }) => {
    const wrong = [
      () => upOver(world, [] as string[]),
      () => upOver(world, 'nowhere'),
      () => upOver(world, 5 as never),
      () => upOver(world, 'a:1', { maxQueued: Number.NaN }),
      () => upOver(world, 'a:1', { connectTimeoutMs: 0 }),
      () => upOver(world, 'a:1', { backOff: { factor: 0.5 } }),
      () => upOver(world, 'a:1', { backOff: { maxMs: Number.POSITIVE_INFINITY } }),
      () => upOver(world, 'a:1', { retry: 'get' as never }),
    ]
    for (const ask of wrong) assert.throws(ask, { name: 'ArgumentError' })
    assert.throws(() => upOver(world, 'a:1', { signal: AbortSignal.abort() }), { name: 'CancelledError' })
    await assert.rejects(it.whenUp({ timeoutMs: Number.NaN }), { name: 'ArgumentError' })
    await assert.rejects(it.up(5 as never), { name: 'ArgumentError' })
  })
})

describe('a side that is gone without a word', () => {
  test('is noticed by the other, on both', async () => {
    const outcome = await simulateAsync(
      1,
      async simulation => {
        const sessions: Session[] = []
        simulation.node('server', world => {
          const heartbeat = { idleMs: 1000, timeoutMs: 500 }
          listenOver(world, 'server:1', {}, { heartbeat, resume: { keptMs: 5000 }, onSession: s => sessions.push(s) })
        })
        const booted = Promise.withResolvers<World>()
        simulation.node('client', world => booted.resolve(world))
        const world = await booted.promise
        const plain = sessionOver.connect(world, 'server:1', {}, { limits: limitsOf('test') })
        const beating = { limits: limitsOf('test'), heartbeat: { idleMs: 2000, timeoutMs: 500 } }
        const careful = sessionOver.connect(world, 'server:1', {}, beating)
        const it = upOver(world, 'server:1')
        await Promise.all([plain.ready, careful.ready, it.whenUp()])
        // Nobody says anything for a long time, and nothing is wrong.
        await sleep(world.clock, 600_000)
        assert.ok(sessions.length === 3 && sessions.every(({ lost }) => !lost))
        simulation.network.partition([['client'], ['server']])
        await sleep(world.clock, 2500)
        assert.equal(sessions.filter(({ lost }) => lost).length, 2, 'those that do not come back')
        assert.match(String(sessions.find(({ lost }) => lost)!.lost!.cause), /TimeoutError/)
        await sleep(world.clock, 5000)
        assert.ok(sessions.every(({ lost }) => lost))
        assert.ok(careful.lost && !plain.lost)
        it.close()
      },
      { forMs: 700_000 },
    )
    if (outcome.failure) throw outcome.failure.error
  })
})
