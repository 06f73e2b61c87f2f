import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { callContext, within } from '../src/context.ts'
import { ConnectionLostError, LimitExceededError, NoSuchFunctionError } from '../src/errors.ts'
import { withSession } from './sessions.ts'

const seeds = [1, 2, 3, 4, 5]

describe('calls', () => {
  test('arguments and answers are data, whatever it is', async () => {
    const values = [
      undefined,
      null,
      true,
      0,
      -0,
      Number.NaN,
      1.5,
      2n ** 70n,
      'text',
      '\ud800',
      new Date(5),
      /x/gi,
      new Map([[1, { a: [1, null, 3] }]]),
      new Set(['a']),
      new Float32Array([1, 2]),
      new Uint8Array(70_000).fill(7),
      new DataView(new ArrayBuffer(3)),
      [[[]]],
      { a: { b: {} } },
    ]
    for (const seed of seeds)
      await withSession(
        { seed, offer: { same: (x: unknown) => x, all: (...xs: unknown[]) => xs } },
        async (_, remote) => {
          for (const value of values) assert.deepEqual(await remote.same(value), value)
          assert.deepEqual(await remote.all(...values), values)
          const circle: any = { a: 1 }
          circle.self = circle
          const back = await remote.same(circle)
          assert.equal(back.self, back)
        },
      )
  })

  test('many at a time are each answered with their own', async () => {
    for (const seed of seeds)
      await withSession(
        { seed, offer: { add: (a: number, b: number) => a + b, later: async (a: number) => a } },
        async (_, remote) => {
          const answers = await Promise.all(
            Array.from({ length: 500 }, (_, i) => (i % 2 ? remote.add(i, i) : remote.later(i))),
          )
          assert.deepEqual(
            answers,
            Array.from({ length: 500 }, (_, i) => (i % 2 ? 2 * i : i)),
          )
        },
      )
  })

  test('functions are called back, both ways, to any depth', async () => {
    const offer = {
      twice: async (f: (x: number) => Promise<number>, x: number) => f(await f(x)),
      compose: (f: (x: number) => Promise<number>, g: (x: number) => Promise<number>) => async (x: number) =>
        f(await g(x)),
    }
    await withSession({ offer }, async (_, remote) => {
      assert.equal(await remote.twice((x: number) => x * 3, 2), 18)
      const both = await remote.compose(
        (x: number) => x + 1,
        async (x: number) => x * 10,
      )
      assert.equal(await both(4), 41)
      assert.equal(await remote.twice(both, 1), 111)
    })
  })

  test('the same function is the same function', async () => {
    const held: unknown[] = []
    const offer = { hold: (f: unknown) => void held.push(f), first: () => held[0] }
    await withSession({ offer }, async (_, remote) => {
      const f = () => 1
      await remote.hold(f)
      await remote.hold(f)
      assert.equal(held[0], held[1])
      // What comes home is what left.
      assert.equal(await (await remote.first())(), 1)
    })
  })

  test('the other side may call what the client offers', async () => {
    const offer = (remote: any) => ({ ask: async (x: number) => (await remote.answer(x)) + 1 })
    await withSession({ offer, offerBack: { answer: (x: number) => x * 2 } }, async (_, remote) => {
      assert.equal(await remote.ask(5), 11)
    })
  })

  test('methods of an instance are offered, but for those that begin with _', async () => {
    class Counter {
      n = 0
      add(by: number) {
        this.n += by
        return this._read()
      }
      _read() {
        return this.n
      }
    }
    await withSession({ offer: new Counter() }, async (_, remote) => {
      assert.equal(await remote.add(2), 2)
      assert.equal(await remote.add(3), 5)
      assert.deepEqual(Object.keys(remote).sort(), ['add', 'n'])
    })
  })
})

describe('errors', () => {
  test('what is thrown arrives as what it is, with both stacks', async () => {
    const offer = {
      now() {
        throw new RangeError('too far')
      },
      async later() {
        throw Object.assign(new TypeError('of the wrong kind'), { detail: 7 })
      },
      odd() {
        throw 'a text'
      },
    }
    await withSession({ offer }, async (_, remote) => {
      await assert.rejects(remote.now(), (error: Error) => {
        assert.ok(error instanceof RangeError)
        assert.equal(error.message, 'too far')
        assert.match(error.stack!, /session\.test/)
        assert.match((error.cause as Error).stack!, /session\.test/)
        return true
      })
      const caller = async () => {
        await remote.now()
      }
      await assert.rejects(Promise.all([caller()]), (error: Error) => {
        assert.match((error.cause as Error).stack!, /^Error: called here\n +at async caller .*session\.test/)
        return true
      })
      await assert.rejects(remote.later(), { name: 'TypeError', detail: 7 })
      await assert.rejects(remote.odd(), /a text/)
    })
  })

  test('what cannot be sent is refused where it is asked for, and the session goes on', async () => {
    await withSession({ offer: { give: () => Symbol('x'), ok: (x: unknown) => x } }, async ({ client }, remote) => {
      assert.throws(() => remote.ok(1, { deep: Symbol('no') }), { name: 'NotCloneableError' })
      await assert.rejects(remote.give(), { name: 'NotCloneableError' })
      assert.equal(await remote.ok(3), 3)
      assert.equal(client.counts.asked, 0)
    })
  })

  test('calls that were not answered are told when the connection is lost', async () => {
    await withSession({ offer: { never: () => new Promise(() => {}) } }, async ({ server, client }, remote) => {
      const [first, second] = [remote.never(), remote.never().name]
      server.close()
      await assert.rejects(first, ConnectionLostError)
      await assert.rejects(async () => second, ConnectionLostError)
      await client.closed
      await assert.rejects(remote.never(), ConnectionLostError)
      assert.equal(client.counts.asked, 0)
    })
  })
})

describe('answers that are not here yet', () => {
  const offer = {
    user: async (n: number) => ({
      name: `user ${n}`,
      friends: [{ name: 'friend', greet: (who: string) => `hello ${who}` }],
      data: { deep: { er: 5 } },
    }),
    add: (a: number, b: number) => a + b,
    fail: async () => {
      throw new RangeError('no user')
    },
    text: () => 'four',
  }

  test('their properties and methods are one round trip', async () => {
    await withSession({ offer, network: { latencyMs: [10, 10] } }, async ({ simulation }, remote) => {
      const begun = simulation.timeMs
      assert.equal(await remote.user(7).friends[0].greet('you'), 'hello you')
      assert.ok(simulation.timeMs - begun < 25, `${simulation.timeMs - begun} ms`)
      assert.equal(await remote.user(7).data.deep.er, 5)
      assert.equal(await remote.text().length, 4)
    })
  })

  test('they are arguments', async () => {
    await withSession({ offer, network: { latencyMs: [10, 10] } }, async ({ simulation }, remote) => {
      const begun = simulation.timeMs
      assert.equal(await remote.add(remote.add(1, 2), remote.user(1).data.deep.er), 8)
      assert.ok(simulation.timeMs - begun < 25)
      const settled = remote.add(1, 1)
      await settled
      assert.equal(await remote.add(settled, Promise.resolve(5)), 7)
    })
  })

  test('what hangs on one that fails fails with it', async () => {
    await withSession({ offer }, async (_, remote) => {
      await assert.rejects(async () => remote.fail().name, /no user/)
      await assert.rejects(remote.fail().friends[0].greet('you'), /no user/)
      await assert.rejects(remote.add(1, remote.fail()), /no user/)
      await assert.rejects(async () => remote.user(1).nothing.more, NoSuchFunctionError)
      await assert.rejects(remote.user(1).name(), /no function/)
      // An answer has a promise's own constructor, which nobody asks for.
      assert.equal(remote.user(1).constructor, Promise)
      assert.equal(await remote.user(1).friends.constructor, undefined)
      assert.equal(await remote.user(1).toString, undefined)
    })
  })

  test('once they are here, properties are those of the value, and what the callee kept is let go of', async () => {
    await withSession({ offer }, async ({ server }, remote) => {
      const user = remote.user(3)
      await user
      assert.equal(await user.name, 'user 3')
      assert.equal(await user.friends[0].greet('me'), 'hello me')
      for (let i = 0; i < 100; i++) await remote.add(i, 1)
      assert.ok(server.counts.kept <= 1)
    })
  })
})

describe('streams', () => {
  test('items come in order, all of them, and the end', async () => {
    const offer = {
      *count(n: number) {
        for (let i = 0; i < n; i++) yield i
      },
      async *later(n: number) {
        for (let i = 0; i < n; i++) yield await Promise.resolve(i)
      },
      sum: async (items: AsyncIterable<number>) => {
        let sum = 0
        for await (const item of items) sum += item
        return sum
      },
    }
    for (const seed of seeds)
      await withSession({ seed, offer }, async ({ client, server }, remote) => {
        for (const stream of [await remote.count(200), remote.later(200)]) {
          const got: number[] = []
          for await (const item of stream) got.push(item)
          assert.deepEqual(
            got,
            Array.from({ length: 200 }, (_, i) => i),
          )
        }
        assert.equal(
          await remote.sum(
            (async function* () {
              yield* [1, 2, 3]
            })(),
          ),
          6,
        )
        assert.equal(client.counts.streams + server.counts.streams, 0)
      })
  })

  test('who sends does not run ahead of who reads', async () => {
    let given = 0
    const offer = {
      *numbers() {
        for (;;) yield given++
      },
    }
    await withSession({ offer }, async ({ simulation, server }, remote) => {
      const stream = await remote.numbers()
      assert.equal((await stream.next()).value, 0)
      await new Promise<void>(resolve => simulation.after(1000, resolve))
      assert.ok(given <= 34, `${given}`)
      await stream.return()
      await new Promise<void>(resolve => simulation.after(1000, resolve))
      assert.equal(server.counts.streams, 0)
      assert.deepEqual(await stream.next(), { done: true, value: undefined })
    })
  })

  test('an error in the middle comes after what was before it', async () => {
    const offer = {
      *two() {
        yield 1
        yield 2
        throw new RangeError('three')
      },
    }
    await withSession({ offer }, async (_, remote) => {
      const got: number[] = []
      await assert.rejects(async () => {
        for await (const item of await remote.two()) got.push(item)
      }, /three/)
      assert.deepEqual(got, [1, 2])
    })
  })
})

describe('time and signals', () => {
  const offer = {
    never: () => {
      const { signal } = callContext()
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => (stopped.push(String(signal.reason)), reject(signal.reason))),
      )
    },
    left: () => callContext().remainingMs,
    wait: (signal: AbortSignal) =>
      new Promise(resolve => signal.addEventListener('abort', () => resolve(`stopped: ${signal.reason.message}`))),
    onward: async (f: () => Promise<number>) => f(),
  }
  let stopped: string[] = []

  test('a deadline ends waiting, and tells the other side', async () => {
    stopped = []
    await withSession({ offer }, async ({ world, simulation, server, client }, remote) => {
      const begun = simulation.timeMs
      await assert.rejects(
        within(500, () => remote.never(), world.clock),
        { name: 'TimeoutError' },
      )
      assert.ok(Math.abs(simulation.timeMs - begun - 500) < 1)
      await new Promise<void>(resolve => simulation.after(100, resolve))
      assert.match(stopped[0], /TimeoutError/)
      assert.deepEqual([server.counts.serving, client.counts.asked], [0, 0])
      await assert.rejects(
        within(0, () => remote.left(), world.clock),
        { name: 'TimeoutError' },
      )
    })
  })

  test('what is called in turn has what is left', async () => {
    await withSession({ offer }, async ({ world }, remote) => {
      const left = await within(500, () => remote.left(), world.clock)
      assert.ok(left > 400 && left < 500.001, `${left}`)
      assert.equal(await remote.left(), Number.POSITIVE_INFINITY)
      const back = await within(500, () => remote.onward(() => callContext().remainingMs), world.clock)
      assert.ok(back > 300 && back < 500.001, `${back}`)
      const inner = await within(100, () => within(500, () => remote.left(), world.clock), world.clock)
      assert.ok(inner < 100.001, `${inner}`)
    })
  })

  test('a signal among the arguments is aborted over there, and ends waiting here', async () => {
    await withSession({ offer }, async ({ simulation, server, client }, remote) => {
      const controller = new AbortController()
      const answer = remote.wait(controller.signal)
      await new Promise<void>(resolve => simulation.after(100, resolve))
      controller.abort(new Error('enough'))
      await assert.rejects(answer, /enough/)
      await new Promise<void>(resolve => simulation.after(100, resolve))
      assert.deepEqual([server.counts.serving, client.counts.asked], [0, 0])
      await assert.rejects(remote.wait(AbortSignal.abort(new Error('before'))), /before/)
    })
  })
})

describe('limits', () => {
  const cases: [name: string, limits: object, use: (remote: any) => unknown][] = [
    ['functions', { functions: 10 }, remote => remote.same(Array.from({ length: 20 }, () => () => 1))],
    ['calls', { calls: 10 }, remote => Promise.all(Array.from({ length: 20 }, () => remote.never()))],
  ]
  for (const [name, limits, use] of cases)
    test(`${name}: the connection is closed, and the reason told on the side that was hurt`, async () => {
      const offer = { same: (x: unknown) => x, never: () => new Promise(() => {}) }
      await withSession({ offer, limits }, async ({ faults, client }, remote) => {
        await assert.rejects(async () => use(remote), ConnectionLostError)
        await client.closed
        assert.equal(faults.length, 1)
        assert.match(faults[0].message, new RegExp(`limits.${name}`))
        assert.ok(faults[0] instanceof LimitExceededError)
      })
    })
})
