// What is too much for the other side is not sent; what comes too fast waits, or is the end.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pack } from '@skein/values'
import { callContext } from '../src/context.ts'
import { LimitExceededError, MalformedMessageError, MessageTooLargeError } from '../src/errors.ts'
import { kinds } from '../src/frames/format.ts'
import { connect, limitsOf, listen } from '../src/index.ts'
import { Rate } from '../src/rate.ts'
import { ByHand } from './by-hand.ts'
import { framed, greeting } from './fuzz/trial.ts'
import { withSession } from './sessions.ts'

const large = 'x'.repeat(20_000)

describe('a message above what the other side takes', () => {
  const reasons: unknown[] = []
  const offer = {
    same: (x: unknown) => x,
    make: (n: number) => 'x'.repeat(n),
    *items(n: number) {
      yield 1
      yield 'x'.repeat(n)
    },
    fail: (n: number) => {
      throw new RangeError('x'.repeat(n))
    },
    *failing(n: number) {
      yield 1
      throw new RangeError('x'.repeat(n))
    },
    waiting: () =>
      new Promise<void>((_, reject) => {
        const { signal } = callContext()
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason)
          reject(signal.reason)
        })
      }),
    waitingFor: (signal: AbortSignal) =>
      new Promise<void>((_, reject) =>
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason)
          reject(signal.reason)
        }),
      ),
  }
  const refused = (use: () => unknown): Promise<void> =>
    assert.rejects(
      async () => use(),
      (error: MessageTooLargeError) => {
        assert.ok(error instanceof MessageTooLargeError, String(error))
        assert.ok(error.bytes > 20_000 && error.most === 10_000)
        return true
      },
    )
  const limited = (use: (remote: any, client: any) => Promise<void>): Promise<void> =>
    withSession({ offer, limits: { messageBytes: 10_000 } }, async ({ faults, client, server, simulation }, remote) => {
      await use(remote, client)
      assert.equal(await remote.same(5), 5)
      await new Promise<void>(resolve => simulation.after(1000, resolve))
      assert.deepEqual(faults, [])
      for (const { counts } of [client, server])
        assert.deepEqual([counts.asked, counts.serving, counts.streams, counts.kept], [0, 0, 0, 0])
    })

  test('arguments', () => limited(remote => refused(() => remote.same(large))))
  test('arguments with functions and streams, which are taken back', () =>
    limited(async (remote, client) => {
      const before = client.counts.exported
      await refused(() => remote.same([() => 1, [1].values(), large]))
      assert.equal(client.counts.exported, before)
    }))
  test('an answer', () => limited(remote => refused(() => remote.make(20_000))))
  test('an item of a stream', () =>
    limited(async remote => {
      const stream = await remote.items(20_000)
      assert.equal((await stream.next()).value, 1)
      await refused(() => stream.next())
    }))
  test('errors', () =>
    limited(async remote => {
      await refused(() => remote.fail(20_000))
      const stream = await remote.failing(20_000)
      await stream.next()
      await refused(() => stream.next())
    }))
  test('the reason of an abort', () =>
    limited(async remote => {
      const controller = new AbortController()
      const answer = remote.waitingFor(controller.signal)
      await remote.same(1)
      controller.abort(new Error(large))
      await assert.rejects(answer, /xxx/)
      await remote.same(1)
      assert.ok(reasons.at(-1) instanceof MessageTooLargeError)
    }))

  test('typed arrays beside a frame, one and several', async () => {
    await using server = await listen('127.0.0.1:0', { same: (x: unknown) => x }, { limits: { messageBytes: 200_000 } })
    using connection = await connect(server.address)
    const { same } = connection.remote as any
    const length = (n: number) => new Uint8Array(n)
    assert.equal((await same(length(199_999))).length, 199_999)
    await assert.rejects(async () => same(length(200_000)), MessageTooLargeError)
    assert.equal((await same([length(100_000), length(99_999)])).length, 2)
    await assert.rejects(async () => same([length(100_000), length(100_001)]), MessageTooLargeError)
    assert.equal(await same(7), 7)
  })

  test('of one who sends it nevertheless the connection ends', () => {
    const side = new ByHand({ same: (x: unknown) => x }, { limits: { messageBytes: 10_000 } as never })
    side.session.receive(greeting)
    side.session.receive(framed(kinds.call, new Uint8Array(10_001)))
    assert.ok(side.session.lost && side.faults[0] instanceof MalformedMessageError)
  })
})

describe('calls that come too fast', () => {
  test('a bucket of tokens', () => {
    let nowMs = 0
    const rate = new Rate({ monotonicMs: () => nowMs } as never, 10, 3)
    assert.deepEqual([rate.spend(), rate.spend(), rate.spend()], [0, 0, 100])
    nowMs = 100
    assert.equal(rate.spend(), 100)
    nowMs = 10_000
    assert.deepEqual([rate.spend(), rate.spend(), rate.spend()], [0, 0, 100])
    nowMs += 50
    assert.equal(rate.spend(), 150)
  })

  for (const perSecond of [10, 1000, 0.5])
    test(`are made in order, ${perSecond} a second, and none is lost`, async () => {
      const made: [number, number][] = []
      const begun: { clock?: () => number } = {}
      const offer = { call: (i: number) => void made.push([i, begun.clock!()]), same: (x: unknown) => x }
      const limits = { callsPerSecond: perSecond, callsBurst: 5 }
      await withSession({ offer, limits }, async ({ simulation, client, server, faults }, remote) => {
        begun.clock = () => simulation.timeMs
        const count = perSecond < 1 ? 20 : 40
        const answers = Array.from({ length: count }, (_, i) => remote.call(i))
        // What is asked of an answer that waits goes with it.
        const deep = remote.same({ a: { b: 7 } }).a.b
        await Promise.all(answers)
        assert.equal(await deep, 7)
        assert.deepEqual(
          made.map(([i]) => i),
          answers.map((_, i) => i),
        )
        for (const [i, atMs] of made) {
          const dueMs = made[0][1] + (Math.max(0, i - 4) * 1000) / perSecond
          assert.ok(atMs >= dueMs - 0.001, `call ${i} at ${atMs}, due at ${dueMs}`)
          assert.ok(atMs <= dueMs + 1000 / perSecond + 50, `call ${i} at ${atMs}, due at ${dueMs}`)
        }
        assert.deepEqual([client.lost, server.lost, faults], [undefined, undefined, []])
      })
    })

  test('answers and streams of the other side go on beside them', async () => {
    const offer = { onward: async (f: () => number) => f(), count: () => [1, 2, 3].values() }
    await withSession({ offer, limits: { callsPerSecond: 2 } }, async (_, remote) => {
      assert.equal(await remote.onward(() => 5), 5)
      const items: number[] = []
      for await (const i of await remote.count()) items.push(i)
      assert.deepEqual(items, [1, 2, 3])
    })
  })

  test('over a wire that cannot be stopped: what is kept of them has an end', () => {
    const side = new ByHand({ f() {} }, { limits: { callsPerSecond: 1, messageBytes: 10_000 } as never })
    side.session.receive(greeting)
    const ignored = framed(kinds.heard, Uint8Array.of(0))
    const call = framed(kinds.call, Uint8Array.of(0, 0, 1, 0, 0, ...pack([])))
    side.session.receive(call)
    const many = Buffer.concat(Array.from({ length: 20_000 }, () => ignored))
    for (let i = 0; i < 100 && !side.session.lost; i++) side.session.receive(many)
    assert.ok(side.faults[0] instanceof LimitExceededError, String(side.faults[0]))
    assert.equal(side.faults[0].limit, 'callsPerSecond')
    assert.equal(side.timers.size, 0)
  })

  test('over sockets', async () => {
    for (const address of ['127.0.0.1:0', 'ws://127.0.0.1:0']) {
      const made: number[] = []
      const limits = { callsPerSecond: 2000, callsBurst: 20 }
      await using server = await listen(address, { call: (i: number, _: string) => void made.push(i) }, { limits })
      using connection = await connect<{ call(i: number, text: string): void }>(server.address)
      await Promise.all(Array.from({ length: 200 }, (_, i) => connection.remote.call(i, large)))
      assert.deepEqual(
        made,
        Array.from({ length: 200 }, (_, i) => i),
      )
    }
  })

  test('limits that are none', () => {
    for (const limits of [{ callsPerSecond: 0 }, { callsPerSecond: Number.NaN }, { callsBurst: -1 }])
      assert.throws(() => limitsOf('test', limits), { name: 'ArgumentError' })
    assert.equal(limitsOf('test', { callsPerSecond: 30 }).callsBurst, 30)
    assert.equal(limitsOf('test', { callsPerSecond: 0.1 }).callsBurst, 1)
    assert.equal(limitsOf('test').callsBurst, Number.POSITIVE_INFINITY)
  })
})
