// What `up` promises, while networks and servers fail in every way.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sleep } from '@skein/world'
import { ConnectionLostError, type Session, within } from '../src/index.ts'
import { type Ends, withUp } from './ups.ts'

/** How many runs of each property: `SEEDS=10000` for a campaign. */
const seeds = Number(process.env.SEEDS ?? 150)
const quick = {
  heartbeat: { idleMs: 200, timeoutMs: 100 },
  backOff: { initialMs: 50, maxMs: 400 },
  connectTimeoutMs: 400,
}

/** The network between the two fails in every way, and heals, until `untilMs`. */
const breakOften = async ({ simulation, world }: Ends, untilMs: number): Promise<void> => {
  const { network, chance } = simulation
  const faults = [
    () => network.partition([['client'], ['server']]),
    () => network.cut('client', 'server'),
    () => network.cut('server', 'client'),
    () => network.set({ lossRate: 0.3, latencyMs: [1, 300] }),
  ]
  while (world.clock.monotonicMs() < untilMs) {
    faults[chance.integer(0, faults.length)]()
    await sleep(world.clock, chance.uniform() * 1000)
    network.heal()
    network.set({ lossRate: 0, latencyMs: [1, 20] })
    await sleep(world.clock, chance.uniform() * 800)
  }
}

describe('over connections that break', () => {
  test('calls in flight are made once, in order, and answered; streams and callbacks go on', async () => {
    let broken = 0
    for (let seed = 1; seed <= seeds; seed++) {
      const ran: number[] = []
      const told: number[] = []
      const offer = {
        run: async (n: number, tell: (n: number) => void) => {
          ran.push(n)
          tell(n)
          return n
        },
        *numbers() {
          for (let i = 0; i < 300; i++) yield i
        },
      }
      const upOptions = { ...quick, onDown: () => broken++ }
      const use = async (ends: Ends, remote: any): Promise<void> => {
        const { world, simulation } = ends
        const breaking = breakOften(ends, 8000)
        const answers: Promise<number>[] = []
        const tell = (n: number) => void told.push(n)
        const got: number[] = []
        const reading = (async () => {
          for await (const n of await remote.numbers()) {
            got.push(n)
            await sleep(world.clock, 20)
          }
        })()
        for (let n = 0; n < 150; n++) {
          answers.push(remote.run(n, tell))
          await sleep(world.clock, simulation.chance.uniform() * 100)
        }
        await breaking
        const all = Array.from({ length: 150 }, (_, i) => i)
        assert.deepEqual(await Promise.all(answers), all, `seed ${seed}`)
        await reading
        assert.deepEqual(
          got,
          Array.from({ length: 300 }, (_, i) => i),
        )
        assert.deepEqual(ran, all, `seed ${seed}`)
        await sleep(world.clock, 1000)
        assert.deepEqual(told, all, `seed ${seed}`)
      }
      await withUp(seed, offer, upOptions, use)
    }
    assert.ok(broken > 2 * seeds, `${broken}`)
  })
})

/** Besides what breaks connections: the server is killed, loses power, and stands still. */
const failOften = async ({ simulation, world, server }: Ends, untilMs: number): Promise<void> => {
  const { network, chance } = simulation
  const faults = [
    () => server.crash(),
    () => server.crash({ power: true }),
    () => server.pause(),
    () => network.partition([['client'], ['server']]),
    () => network.set({ lossRate: 0.3, latencyMs: [1, 300] }),
  ]
  while (world.clock.monotonicMs() < untilMs) {
    faults[chance.integer(0, faults.length)]()
    await sleep(world.clock, chance.uniform() * 1000)
    simulation.calm()
    network.set({ latencyMs: [1, 20], cutRate: 0.3 })
    await sleep(world.clock, chance.uniform() * 800)
  }
}

describe('over connections and servers that fail', () => {
  test('calls are made at most once, in order, and it is known of which that is not sure', async () => {
    let [lost, unmade] = [0, 0]
    for (let seed = 1; seed <= seeds; seed++) {
      const ran: number[] = []
      await withUp(seed, { run: async (n: number) => (ran.push(n), n) }, quick, async (ends, remote) => {
        const { world, simulation } = ends
        const failing = failOften(ends, 8000)
        const calls: Promise<[n: number, how: 'answered' | 'lost' | 'not made']>[] = []
        for (let n = 0; n < 150; n++) {
          calls.push(
            remote.run(n).then(
              (value: number) => (assert.equal(value, n), [n, 'answered']),
              (error: unknown) => {
                assert.ok(error instanceof ConnectionLostError, String(error))
                return [n, error.mayHaveRun ? 'lost' : 'not made']
              },
            ),
          )
          await sleep(world.clock, simulation.chance.uniform() * 100)
        }
        await failing
        const settled = await Promise.all(calls)
        const made = new Map<number, number>()
        for (const n of ran) made.set(n, (made.get(n) ?? 0) + 1)
        for (const [n, how] of settled) {
          const times = made.get(n) ?? 0
          if (how === 'answered') assert.equal(times, 1, `seed ${seed}: call ${n}`)
          else assert.ok(times <= (how === 'lost' ? 1 : 0), `seed ${seed}: call ${n} was ${how}`)
          if (how === 'lost') lost++
          if (how === 'not made') unmade++
        }
        assert.deepEqual(
          ran,
          ran.toSorted((a, b) => a - b),
          `seed ${seed}`,
        )
      })
    }
    assert.ok(lost > seeds, `${lost}`)
    assert.equal(unmade, 0, 'calls that were not sent wait')
  })

  test('those that may be repeated are all answered', async () => {
    let repeated = 0
    for (let seed = 1; seed <= seeds / 3; seed++) {
      const ran: number[] = []
      await withUp(
        seed,
        { run: async (n: number) => (ran.push(n), n) },
        { ...quick, retry: true },
        async (ends, remote) => {
          const { world, simulation } = ends
          const failing = failOften(ends, 8000)
          const calls: Promise<number>[] = []
          for (let n = 0; n < 150; n++) {
            calls.push(remote.run(n))
            await sleep(world.clock, simulation.chance.uniform() * 100)
          }
          await failing
          const all = Array.from({ length: 150 }, (_, i) => i)
          assert.deepEqual(await Promise.all(calls), all, `seed ${seed}`)
          // The first time each was made, they were made in order.
          assert.deepEqual([...new Set(ran)], all, `seed ${seed}`)
          repeated += ran.length - 150
        },
      )
    }
    assert.ok(repeated > 0)
  })
})

describe('what is closed', () => {
  test('at any moment settles every call, and leaves nothing behind', async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const sessions: Session[] = []
      const offer = (_: unknown, session: Session) => {
        sessions.push(session)
        return { run: (n: number) => (n % 3 === 0 ? new Promise(() => {}) : n), wait: () => new Promise(() => {}) }
      }
      const calls: Promise<unknown>[] = []
      const onConnect = (remote: any) => remote.run(1)
      await withUp(seed, offer, { ...quick, onConnect, onDown: () => {} }, async (ends, remote) => {
        const { world, simulation, it } = ends
        const { chance } = simulation
        const breaking = breakOften(ends, 3000)
        const closesAtMs = chance.uniform() * 3000
        const deadline = (): Promise<unknown> => within(500, () => remote.wait(), world.clock)
        for (let n = 0; world.clock.monotonicMs() < closesAtMs; n++) {
          calls.push(remote.run(n), remote.run(n).more, it.whenUp({ timeoutMs: 5000 }))
          if (n % 5 === 0)
            calls.push(
              it.up(() => n),
              deadline(),
              remote.wait(new AbortController().signal),
            )
          await sleep(world.clock, chance.uniform() * 100)
        }
        it.close()
        await Promise.allSettled(calls)
        assert.equal(await it.closed, undefined)
        assert.equal(it.queued, 0)
        await breaking
        // The server may not have heard of it: it asks, waits, and keeps them for a while.
        await sleep(world.clock, 120_000)
        assert.ok(
          sessions.every(({ lost }) => lost),
          `seed ${seed}`,
        )
      })
    }
  })
})

describe('over servers that are started anew', () => {
  test('run once and in order over 20 restarts of the server', async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const ran: number[] = []
      let [answered, lost] = [0, 0]
      const offer = { run: async (n: number) => (ran.push(n), n) }
      await withUp(seed, offer, { backOff: { maxMs: 500 } }, async ({ simulation, server, world }, remote) => {
        const calls: Promise<void>[] = []
        let n = 0
        for (let restart = 0; restart < 20; restart++) {
          server.crash()
          simulation.after(simulation.chance.uniform() * 300, () => server.start())
          const until = world.clock.monotonicMs() + 600
          while (world.clock.monotonicMs() < until) {
            const number = n++
            calls.push(
              remote.run(number).then(
                (value: number) => {
                  assert.equal(value, number)
                  answered++
                },
                (error: unknown) => {
                  assert.ok(error instanceof ConnectionLostError, String(error))
                  lost++
                },
              ),
            )
            await sleep(world.clock, simulation.chance.uniform() * 50)
          }
        }
        await Promise.all(calls)
        assert.equal(answered + lost, n)
      })
      assert.deepEqual(
        ran,
        [...new Set(ran)].sort((a, b) => a - b),
        `seed ${seed}`,
      )
      assert.ok(ran.length >= answered && ran.length <= answered + lost)
    }
  })
})
