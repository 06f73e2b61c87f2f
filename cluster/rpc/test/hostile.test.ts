// One thing after another that a peer, or the program itself, may do and should not.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { registerTravel } from '@skein/base'
import { MalformedValueError, NotCloneableError, pack } from '@skein/values'
import { callContext } from '../src/context.ts'
import { ConnectionLostError, LimitExceededError, MalformedMessageError } from '../src/errors.ts'
import { kinds } from '../src/frames/format.ts'
import { ByHand, converse } from './by-hand.ts'
import { framed, greeting } from './fuzz/trial.ts'
import { withSession } from './sessions.ts'

/** A session that was greeted, and knows what `offer` has by numbers from 0. */
const greeted = (offer: object, limits: object = {}): ByHand => {
  const side = new ByHand(offer, { limits: limits as never })
  side.session.receive(greeting)
  return side
}

const f64 = (x: number): number[] => [...new Uint8Array(Float64Array.of(x).buffer)]
const call = (number: number, reply: number, args: unknown, deadline?: number): Uint8Array =>
  framed(
    kinds.call,
    Uint8Array.of(0, number, reply, 0, ...(deadline === undefined ? [0] : [1, ...f64(deadline)]), ...pack(args)),
  )

const endedBy = (side: ByHand, error: new (...given: never[]) => Error, message?: RegExp): void => {
  assert.ok(side.session.lost, 'it goes on')
  assert.ok(side.faults[0] instanceof error, String(side.faults[0]))
  if (message) assert.match(side.faults[0].message, message)
}

describe('what peers send', () => {
  test('deadlines that are none, or over', async () => {
    const left: number[] = []
    const offer = { left: () => void left.push(callContext().remainingMs) }
    const side = greeted(offer)
    side.session.receive(call(0, 1, [], -5))
    side.session.receive(call(0, 2, [], Number.NEGATIVE_INFINITY))
    side.session.receive(call(0, 3, [], Number.POSITIVE_INFINITY))
    assert.deepEqual(left, [-5, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
    side.session.receive(call(0, 4, [], Number.NaN))
    endedBy(side, MalformedMessageError, /deadline/)
  })

  test('a number of a call that was used already', () => {
    const side = greeted({ f: () => new Promise(() => {}) })
    side.session.receive(call(0, 5, []))
    side.session.receive(call(0, 5, []))
    endedBy(side, MalformedMessageError, /number of a call/)
  })

  test('more items of a stream asked for than anybody has room for', async () => {
    let given = 0
    const offer = {
      *forever() {
        for (;;) yield given++
      },
    }
    const side = greeted(offer)
    side.session.receive(call(0, 1, []))
    side.session.receive(framed(kinds.pull, Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1)))
    endedBy(side, MalformedMessageError, /items/)
    await side.settle()
    assert.ok(given <= 1, `${given}`)
  })

  test('items that nobody asked for, and streams of one number', () => {
    const streamTag = 0xe0 + 3
    const take = (reply: number): Uint8Array =>
      framed(kinds.call, Uint8Array.of(0, 0, reply, 0, 0, ...pack([0]).slice(0, -1), streamTag, 9, 0, 0, 0))
    for (const second of [take(2), framed(kinds.items, Uint8Array.of(9, ...pack([1, 2, 3])))]) {
      const side = greeted({ take() {} })
      side.session.receive(take(1))
      assert.equal(side.session.counts.streams, 1)
      side.session.receive(second)
      endedBy(side, MalformedMessageError)
    }
  })

  test('small attachments, and such as nothing belongs to', () => {
    const small = greeted({ f() {} })
    small.session.receive(framed(kinds.attachment, new Uint8Array(10)))
    endedBy(small, MalformedMessageError, /attachment/)
    const lone = greeted({ f() {} })
    lone.session.receive(framed(kinds.attachment, new Uint8Array(1 << 16)))
    lone.session.receive(call(0, 1, []))
    endedBy(lone, MalformedMessageError, /attachment/)
  })

  test('errors that are none, that lie within themselves, or of few parts in many places', async () => {
    const doubled = (levels: number): object => (levels === 0 ? {} : twice(doubled(levels - 1)))
    const twice = (x: object): object => ({ a: x, b: x })
    const circle: { name: string; message: string; cause?: object } = { name: 'Error', message: '' }
    circle.cause = circle
    const wires = [
      { name: 1, message: 2 },
      circle,
      { name: 'Error', message: '', fields: doubled(60) },
      { name: 'E', message: '', cause: 5 },
    ]
    for (const wire of wires) {
      const side = greeted({})
      const remote: any = await side.session.ready
      const answer: Promise<unknown> = remote.answer()
      answer.catch(() => {})
      side.session.receive(framed(kinds.failure, Uint8Array.of(1, ...pack(wire))))
      endedBy(side, MalformedMessageError, /an error/)
      await assert.rejects(answer, ConnectionLostError)
    }
  })

  test('answers that are never said to have been heard', () => {
    const side = greeted({ f: () => ({ a: 1 }) }, { answers: 50 })
    for (let i = 1; i <= 51 && !side.session.lost; i++) side.session.receive(call(0, i, []))
    endedBy(side, LimitExceededError, /answers/)
  })

  test('promises to be asked for, beyond what may be asked', () => {
    const promiseTag = 0xe0 + 1
    const side = greeted({ f() {} }, { calls: 10 })
    const promises = Array.from({ length: 15 }, (_, i) => [promiseTag, i, 0, 0, 0]).flat()
    side.session.receive(framed(kinds.call, Uint8Array.of(0, 0, 1, 0, 0, pack(new Array(15).fill(0))[0], ...promises)))
    endedBy(side, LimitExceededError, /calls/)
  })

  test('instances of classes that were not named', async () => {
    let made = 0
    class Secret {}
    registerTravel<Secret>(Secret, {
      name: 'rpc-test-secret',
      module: 'none',
      toData: () => 1,
      fromData: () => (made++, new Secret()),
    })
    const side = greeted({ f() {} })
    side.session.receive(call(0, 1, [new Secret()]))
    endedBy(side, MalformedValueError, /rpc-test-secret/)
    assert.equal(made, 0)
    const named = new ByHand({ f: (x: unknown) => x instanceof Secret }, { classes: ['rpc-test-secret'] })
    named.session.receive(greeting)
    const client = new ByHand({})
    client.session.receive(greeting)
    const remote: any = await client.session.ready
    assert.throws(() => remote.answer(new Secret()), NotCloneableError)
    named.session.receive(call(0, 1, [new Secret()]))
    assert.equal(named.session.lost, undefined)
    assert.equal(made, 1)
  })

  test('a function named then is not taken for a promise', async () => {
    const side = new ByHand({})
    side.session.receive(
      Buffer.from(
        '{"method":"methods","arguments":[{"then":0}],"callbacks":{"0":["0","then"]},"links":[],"skein":{"version":1}}\n',
      ),
    )
    assert.deepEqual(Object.keys(await side.session.ready), [])
  })

  test('what was asked for in one piece with what ends the session is not done any more', () => {
    let calls = 0
    const side = new ByHand((_: object, session: { close(): void }) => ({ f: () => (calls++, session.close()) }))
    side.session.receive(greeting)
    side.session.receive(Buffer.concat([call(0, 1, []), call(0, 2, [])]))
    assert.equal(calls, 1)
  })
})

describe('what programs do', () => {
  const pair = async (offer: object, limits: object = {}) => {
    const client = new ByHand({})
    const server = new ByHand(offer, { limits: limits as never })
    await converse(client, server)
    return { client, server, remote: (await client.session.ready) as any, talk: () => converse(client, server) }
  }

  test('a getter among the arguments calls while they are packed', async () => {
    const { remote, talk } = await pair({ echo: (...given: unknown[]) => given })
    const large = new Uint8Array(100_000).fill(3)
    const inner: Promise<unknown>[] = []
    const nasty = {
      before: 'x'.repeat(50),
      get a() {
        inner.push(remote.echo('inner', { deep: 'y'.repeat(40_000) }, large, () => 1))
        return 'a'
      },
      large,
      after: 'z',
    }
    const outer = remote.echo(nasty, () => 2)
    await talk()
    const [value, fn] = await outer
    assert.deepEqual({ ...value }, { before: 'x'.repeat(50), a: 'a', large, after: 'z' })
    assert.equal(typeof fn, 'function')
    const [text, , back] = (await inner[0]) as unknown[]
    assert.equal(text, 'inner')
    assert.deepEqual(back, large)
  })

  test('a getter that throws, or calls something that cannot be sent, takes back what was begun', async () => {
    const { client, remote, talk } = await pair({ echo: (...given: unknown[]) => given })
    let returned = 0
    const stream = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: true }),
        return: async () => (returned++, { done: true }),
      }),
    }
    class Streamed {
      [Symbol.asyncIterator] = stream[Symbol.asyncIterator]
    }
    const before = client.session.counts
    const controller = new AbortController()
    const nasty = {
      get a() {
        assert.throws(() => remote.echo(() => 1, Symbol('no')), NotCloneableError)
        throw new RangeError('of a getter')
      },
    }
    assert.throws(() => remote.echo(() => 2, new Streamed(), controller.signal, nasty), /of a getter/)
    await talk()
    assert.deepEqual(client.session.counts, before)
    assert.equal(returned, 1)
    // A signal of what was not sent is not that of the next call.
    const next = remote.echo(5)
    controller.abort()
    await talk()
    assert.deepEqual(await next, [5])
  })

  test('a getter closes the session', async () => {
    const { client, remote } = await pair({ echo: (x: unknown) => x })
    const answer = remote.echo({
      get a() {
        client.session.close()
        return 1
      },
    })
    await assert.rejects(answer, ConnectionLostError)
    assert.equal(client.session.counts.asked, 0)
  })

  test('results with a then of their own, and errors that throw when they are looked at', async () => {
    const offer = {
      getter: () => ({
        // biome-ignore lint/suspicious/noThenProperty: that is what is tested
        get then() {
          throw new RangeError('then')
        },
      }),
      // biome-ignore lint/suspicious/noThenProperty: that is what is tested
      twice: () => ({ then: (resolve: (x: number) => void) => (resolve(1), resolve(2)) }),
      throws: () => ({
        // biome-ignore lint/suspicious/noThenProperty: that is what is tested
        then() {
          throw new RangeError('thrown')
        },
      }),
      evil: () => {
        throw Object.defineProperty(new Error('x'), 'message', {
          get() {
            throw new Error('looked at')
          },
        })
      },
      evilLater: async () => offer.evil(),
      nothing: () => {
        throw undefined
      },
      stream: async function* () {
        yield Symbol('no')
      },
    }
    const { remote, talk, server } = await pair(offer)
    const answers = [
      assert.rejects(remote.getter(), /then/),
      assert.rejects(remote.throws(), /thrown/),
      assert.rejects(remote.evil(), /cannot be looked at/),
      assert.rejects(remote.evilLater(), /cannot be looked at/),
      assert.rejects(remote.nothing(), /no error/),
      remote.twice().then((x: unknown) => assert.equal(x, 1)),
    ]
    await talk()
    await Promise.all(answers)
    const stream = remote.stream()
    await talk()
    const item = (await stream).next()
    item.catch(() => {})
    await talk()
    await assert.rejects(item, { name: 'NotCloneableError' })
    assert.equal(server.session.lost, undefined)
  })

  test('a place in an answer that fails, deep in arguments that nobody looks at, is nobody’s', async () => {
    const offer = {
      fail: async () => {
        throw new Error('no')
      },
      ignore: (_: unknown) => 'ignored',
    }
    const { remote, talk } = await pair(offer)
    const answer = remote.ignore({ deep: [remote.fail().x] })
    await talk()
    assert.equal(await answer, 'ignored')
  })

  test('signals of calls that answer at once are forgotten; in an answer they do not travel', async () => {
    const offer = { at: (_: AbortSignal) => 1, give: () => new AbortController().signal }
    const { client, remote, talk } = await pair(offer, { signals: 2 })
    const answers = Array.from({ length: 10 }, () => remote.at(new AbortController().signal))
    await talk()
    await Promise.all(answers)
    const given = remote.give()
    given.catch(() => {})
    await talk()
    await assert.rejects(given, { name: 'NotCloneableError' })
    assert.equal(client.session.counts.asked, 0)
  })

  test('what was answered is let go of when no more is asked', async () => {
    const { server, remote, talk } = await pair({ f: () => ({ large: 1 }) })
    const answers = Array.from({ length: 100_000 }, () => remote.f())
    await talk()
    await Promise.all(answers)
    assert.equal(server.session.counts.kept, 0)
  })

  test('streams wait for readers that are behind; who never reads is left', async () => {
    let given = 0
    const offer = {
      *forever() {
        for (;;) yield given++
      },
      large: () => 'x'.repeat(10_000),
    }
    const server = new ByHand(offer, { limits: { waitingBytes: 100_000 } as never })
    server.session.receive(greeting)
    server.session.receive(call(0, 1, []))
    await server.settle()
    server.hasRoom = false
    server.session.receive(call(1, 2, []))
    await server.settle()
    server.session.receive(framed(kinds.pull, Uint8Array.of(1, 100)))
    await server.settle()
    assert.equal(given, 0)
    server.hasRoom = true
    server.session.drained()
    await server.settle()
    assert.equal(given, 100)
    server.hasRoom = false
    for (let reply = 3; reply < 50 && !server.session.lost; reply++) {
      server.session.receive(call(1, reply, []))
      await server.settle()
    }
    endedBy(server, LimitExceededError, /waitingBytes/)
  })

  test('both sides close at once, and calls after that are told', async () => {
    await withSession({ offer: { f: () => 1 } }, async ({ client, server, simulation }, remote) => {
      const answer = remote.f()
      client.close()
      server.close()
      await assert.rejects(answer, ConnectionLostError)
      await assert.rejects(remote.f(), ConnectionLostError)
      await new Promise<void>(resolve => simulation.after(1000, resolve))
    })
  })
})
