import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { explore, type Program, type Simulation, simulateAsync, sleep, type World } from '@skein/world'
import fc from 'fast-check'
import {
  type Climbing,
  DurableClock,
  type EventClock,
  fileMark,
  HybridClock,
  type HybridStamp,
  IntervalClock,
  LamportClock,
  type Mark,
  open,
  RevisionOracle,
  type Store,
  storeMark,
  TimestampOracle,
  VectorClock,
} from '../src/index.ts'
import { simulated } from './simulated.ts'

const skewMs = 250

/** Clocks that need nobody else, by name; wall clocks are at most `skewMs` wrong. */
const local: Record<string, (world: World) => EventClock<any>> = {
  Lamport: world => new LamportClock(world.name),
  vector: world => new VectorClock(world.name),
  hybrid: ({ clock }) => new HybridClock({ clock, maxDriftMs: 2 * skewMs + 1 }),
  interval: ({ clock }) => new IntervalClock({ clock, errorMs: skewMs, driftPpm: 1000 }),
}

const names = ['a', 'b', 'c', 'd']
const skewed = (simulation: Simulation) => ({
  clockOffsetMs: Math.round((2 * simulation.chance.uniform() - 1) * skewMs),
  driftPpm: 0,
})

interface Event<Stamp> {
  readonly stamp: Stamp
  /** Events that may have caused it, itself included. */
  readonly causes: ReadonlySet<number>
}

/** Nodes that send each other stamps; what must hold of all pairs is looked at in the end. */
const gossip =
  (make: (world: World) => EventClock<any>): Program =>
  simulation => {
    const events: Event<any>[] = []
    let clock: EventClock<any>
    simulation.rough({ tamperRate: 0 })
    for (const name of names)
      simulation.node(
        name,
        world => {
          const own = make(world)
          clock ??= own
          let known: ReadonlySet<number> = new Set()
          const happen = (stamp: unknown): number => {
            known = new Set([...known, events.length])
            return events.push({ stamp, causes: known }) - 1
          }
          const box = world.network.mailbox(`${name}:1`, {
            received: message => {
              const view = new DataView(message.buffer, message.byteOffset)
              const stamp = own.decode(message.subarray(4))
              known = known.union(events[view.getUint32(0)].causes)
              happen(own.observe(stamp))
            },
          })
          simulation.steps(`events of ${name}`, 12, [1, 60], () => {
            const stamp = own.now()
            const number = happen(stamp)
            const bytes = own.encode(stamp)
            const message = new Uint8Array(4 + bytes.length)
            new DataView(message.buffer).setUint32(0, number)
            message.set(bytes, 4)
            box.send(`${names[world.chance.integer(0, names.length)]}:1`, message)
          })
        },
        skewed(simulation),
      )
    simulation.atEnd(() => {
      for (const [i, a] of events.entries())
        for (const [j, b] of events.entries()) {
          if (i === j) continue
          const order = clock.compare(a.stamp, b.stamp)
          const isCause = b.causes.has(i)
          if (clock.causality === 'exact') assert.equal(order === 'before', isCause)
          else if (isCause) assert.ok(order !== 'after' && (clock.order === 'partial' || order === 'before'))
          if (clock.order === 'total') {
            assert.notEqual(order, 'concurrent')
            const bytes = Buffer.compare(clock.encode(a.stamp), clock.encode(b.stamp))
            assert.equal(order, bytes < 0 ? 'before' : bytes > 0 ? 'after' : 'equal')
          }
        }
    })
  }

describe('clocks', () => {
  for (const [name, make] of Object.entries(local))
    test(`${name}: a cause is never after its effect, whatever the network and the wall clocks do`, () => {
      explore(gossip(make), { seeds: Number(process.env.SEEDS ?? 40), checkEvery: 20 })
    })

  test('stamps are what they were after encoding; other bytes are refused by name, or are a stamp', async () => {
    const oracle = new RevisionOracle(await open('memory:'))
    const stamps: [EventClock<any>, unknown[]][] = [
      [new LamportClock('knöt\u0000'), [{ time: 1, node: '\u{1f600}' }]],
      [new VectorClock('a'), [new Map(), new Map([['a', 3]]), new Map(Object.entries({ z: 1, ä: 2 ** 53 - 1 }))]],
      [new HybridClock(), [{ wallMs: 2 ** 48 - 1, counter: 65535 }]],
      [new IntervalClock({ errorMs: 1 }), [{ earliest: -1.5, latest: 1e12 }]],
      [oracle, [0, 2 ** 53 - 1]],
    ]
    for (const [clock, some] of stamps) {
      for (const stamp of [...some, await clock.now()]) assert.deepEqual(clock.decode(clock.encode(stamp)), stamp)
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
          try {
            const stamp = clock.decode(bytes)
            assert.equal(clock.compare(stamp, clock.decode(clock.encode(stamp))), 'equal')
          } catch (error) {
            assert.equal((error as Error).name, 'TimestampFormatError')
          }
        }),
      )
    }
  })

  test('arguments that are none are refused', async () => {
    const vector = new VectorClock('a')
    const hybrid = new HybridClock()
    const interval = new IntervalClock({ errorMs: 1 })
    for (const call of [
      () => new LamportClock(''),
      () => new LamportClock('a', -1),
      () => new LamportClock('a').observe({ time: Number.NaN, node: 'b' }),
      () => new VectorClock('\ud800'),
      () => vector.observe(new Map([['b', 1.5]])),
      () => vector.retire('a'),
      () => new HybridClock({ maxDriftMs: Number.NaN }),
      () => hybrid.observe({ wallMs: 1, counter: 65536 }),
      () => hybrid.observe(undefined as never),
      () => hybrid.encode({ wallMs: 2 ** 48, counter: 0 }),
      () => new IntervalClock({ errorMs: -1 }),
      () => new IntervalClock({ errorMs: 1, driftPpm: Number.NaN }),
      () => interval.observe({ earliest: 2, latest: 1 }),
    ])
      assert.throws(call, { name: 'ArgumentError' })
    await assert.rejects(interval.commitWait(Number.NaN), { name: 'ArgumentError' })
    const store = await open('memory:')
    await assert.rejects(TimestampOracle.open(store, { block: 0 }), { name: 'ArgumentError' })
    assert.throws(() => new RevisionOracle(store, 'a/b'), { name: 'ArgumentError' })
    await using oracle = await TimestampOracle.open(store)
    await assert.rejects(oracle.take(0), { name: 'ArgumentError' })
    await assert.rejects(oracle.observe(1e9), { name: 'ArgumentError' })
    await assert.rejects(
      DurableClock.open(storeMark(store, 'x'), () => hybrid, { ahead: 0 }),
      {
        name: 'ArgumentError',
      },
    )
  })
})

describe('vector clocks', () => {
  test('a member that has left is dropped from stamps, and those with and without it are compared as before', () => {
    const [a, b, gone] = [new VectorClock('a'), new VectorClock('b'), new VectorClock('gone')]
    const last = gone.now()
    const before = a.observe(last)
    b.observe(last)
    a.retire('gone')
    b.retire('gone')
    const after = a.now()
    assert.deepEqual([...after.keys()], ['a'])
    assert.equal(a.compare(before, after), 'before')
    assert.equal(b.compare(last, after), 'before')
    assert.equal(b.compare(after, b.now()), 'concurrent')
    // A late message that still has it changes nothing.
    assert.equal(b.compare(before, b.observe(before)), 'before')
  })
})

describe('hybrid clocks', () => {
  test('they stand still while the wall clock goes back, and count', () => {
    const clock = { wallMs: () => wallMs, monotonicMs: () => 0, after: () => ({ cancel: () => {} }) }
    let wallMs = 1000
    const hybrid = new HybridClock({ clock })
    assert.deepEqual(hybrid.now(), { wallMs: 1000, counter: 0 })
    wallMs = 400
    assert.deepEqual(hybrid.now(), { wallMs: 1000, counter: 1 })
    assert.deepEqual(hybrid.observe({ wallMs: 900, counter: 7 }), { wallMs: 1000, counter: 2 })
    assert.deepEqual(hybrid.observe({ wallMs: 900, counter: 7 }), { wallMs: 1000, counter: 3 })
    assert.throws(() => hybrid.observe({ wallMs: 901, counter: 0 }), { name: 'ClockDriftError', localMs: 400 })
    assert.deepEqual(hybrid.now(), { wallMs: 1000, counter: 4 })
    wallMs = 1001
    assert.deepEqual(hybrid.observe({ wallMs: 1400, counter: 65535 }), { wallMs: 1401, counter: 0 })
  })

  test('a stamp is never further ahead of true time than the fastest of all clocks', () => {
    explore(
      simulation => {
        let last: HybridStamp = { wallMs: 0, counter: 0 }
        const clocks = names.map(name => {
          let clock!: HybridClock
          simulation.node(name, world => void (clock = new HybridClock({ clock: world.clock })), skewed(simulation))
          return () => clock
        })
        simulation.steps('messages', 50, [1, 5], () => {
          const clock = clocks[simulation.chance.integer(0, names.length)]()
          const stamp = clock.observe(last)
          assert.equal(clock.compare(last, stamp), 'before')
          const trueMs = Date.UTC(2024, 0, 1) + simulation.timeMs
          assert.ok(stamp.wallMs - trueMs <= skewMs && stamp.counter <= 50)
          last = stamp
        })
      },
      { seeds: 20 },
    )
  })
})

describe('interval clocks', () => {
  test('the true time lies between their ends, as long as the bounds hold', () => {
    explore(
      simulation => {
        simulation.disturb({ kinds: ['clock-drift', 'pause'], everyMs: [10, 5000] })
        for (const name of names)
          simulation.node(
            name,
            ({ clock }) => {
              const interval = new IntervalClock({ clock, errorMs: skewMs + 130, driftPpm: 2100 })
              simulation.steps(`looks of ${name}`, 40, [1, 3000], () => {
                if (simulation.nodes.get(name)?.incarnation?.paused) return
                const { earliest, latest } = interval.now()
                const trueMs = Date.UTC(2024, 0, 1) + simulation.timeMs
                assert.ok(earliest <= trueMs && trueMs <= latest, `${earliest} ${trueMs} ${latest}`)
              })
            },
            skewed(simulation),
          )
      },
      { seeds: 30, forMs: 120_000 },
    )
  })

  test('a bound that grows too wide, and a wall clock that jumps, stop it until it is synchronized', async () => {
    await simulated(1, async ({ simulation, sleep }) => {
      const node = simulation.nodes.get('a')!
      let errorMs = 5
      const clock = { wallMs: () => node.wallMs, monotonicMs: () => node.localMs, after: () => ({ cancel: () => {} }) }
      const interval = new IntervalClock({ clock, errorMs: () => errorMs, maxUncertaintyMs: 20 })
      await sleep(30_000)
      assert.equal(Math.round(interval.uncertaintyMs), 11)
      const { earliest, latest } = interval.now()
      assert.ok(Math.round(latest - earliest) === 10)
      await sleep(29_000)
      // Within the 5 ms that were promised, and what the clock may have drifted.
      node.jumpClock(9)
      await sleep(1000)
      interval.now()
      await sleep(29_000)
      node.jumpClock(-400)
      interval.now()
      await sleep(1000)
      assert.throws(() => interval.now(), { name: 'ClockUncertaintyError' })
      assert.throws(() => interval.now(), { name: 'ClockUncertaintyError' })
      interval.synchronize(19.9)
      const again = interval.now()
      assert.ok(again.earliest >= earliest)
      await sleep(1000)
      assert.throws(() => interval.now(), { name: 'ClockUncertaintyError', maxUncertaintyMs: 20 })
      errorMs = 1
      await sleep(30_000)
      interval.synchronize()
      interval.now()
      assert.throws(() => interval.observe({ earliest: node.wallMs + 2, latest: node.wallMs + 3 }), {
        name: 'ClockDriftError',
      })
    })
  })

  test('a wait for the commit ends when the time has passed on every clock, and with its signal', async () => {
    const outcome = await simulateAsync(1, async simulation => {
      const world = await new Promise<World>(resolve => void simulation.node('a', resolve, { clockOffsetMs: -200 }))
      const interval = new IntervalClock({ clock: world.clock, errorMs: skewMs })
      const stamp = interval.now()
      const beganMs = simulation.timeMs
      await interval.commitWait(stamp)
      assert.ok(interval.isPast(stamp.latest) && !interval.isFuture(stamp.latest))
      assert.ok(Date.UTC(2024, 0, 1) + simulation.timeMs > stamp.latest)
      assert.ok(simulation.timeMs - beganMs < 2.1 * skewMs)
      const stop = new AbortController()
      const waiting = interval.commitWait(interval.now(), { signal: stop.signal })
      stop.abort()
      await assert.rejects(waiting, { name: 'CancelledError' })
      await assert.rejects(interval.commitWait(interval.now(), { signal: stop.signal }), { name: 'CancelledError' })
    })
    if (outcome.failure) throw outcome.failure.error
  })
})

/** A node that stamps one thing after another, is killed, loses power and its clock jumps; what it has given out only grows. */
const neverBack = async (
  seed: number,
  makeMark: (world: World, store: Store) => Mark,
  make: (world: World, after: number) => Climbing<any>,
): Promise<number> => {
  let given = 0
  const outcome = await simulateAsync(
    seed,
    async simulation => {
      const store = await open('memory:', { clock: { wallMs: () => 0, monotonicMs: () => 0, after: () => null! } })
      simulation.disturb({
        kinds: ['kill', 'power', 'clock-jump', 'pause'],
        everyMs: [20, 300],
        lastingMs: [1, 50],
        jumpMs: skewMs,
      })
      let last: { stamp: unknown; clock: EventClock<any> } | undefined
      simulation.node('a', async world => {
        const clock = await DurableClock.open(makeMark(world, store), after => make(world, after), { ahead: 20 })
        for (;;) {
          const stamp = await clock.now()
          if (last) assert.equal(clock.compare(last.stamp, stamp), 'before')
          last = { stamp, clock }
          given++
          await sleep(world.clock, 5 * world.chance.uniform())
        }
      })
      simulation.after(1500, () => {})
    },
    { forMs: 1500 },
  )
  if (outcome.failure) throw new Error(`seed ${seed}`, { cause: outcome.failure.error })
  return given
}

describe('clocks with a mark', () => {
  const kinds: Record<string, (world: World, after: number) => Climbing<any>> = {
    Lamport: (world, after) => new LamportClock(world.name, after),
    vector: (world, after) => new VectorClock(world.name, after),
    hybrid: ({ clock }, afterMs) => new HybridClock({ clock, afterMs }),
  }
  for (const [name, make] of Object.entries(kinds))
    test(`${name}: never backwards, over restarts, lost power and clocks that jump by ${skewMs} ms`, async () => {
      const seeds = Number(process.env.SEEDS ?? 12)
      for (let seed = 0; seed < seeds; seed++) {
        assert.ok((await neverBack(seed, ({ storage }) => fileMark(storage, 'clock'), make)) > 50)
        assert.ok((await neverBack(seed, (_, store) => storeMark(store, 'clock'), make)) > 50)
      }
    })

  test('without the mark they go back', async () => {
    const none: Mark = { load: async () => 0, raise: async () => {} }
    const failures: unknown[] = []
    // A jump back while the process is down is what it takes.
    for (let seed = 0; seed < 30; seed++)
      await neverBack(
        seed,
        () => none,
        ({ clock }, afterMs) => new HybridClock({ clock, afterMs }),
      ).catch(error => failures.push(error))
    assert.ok(failures.length > 0)
  })

  test('a disk that fails is told to whoever needs it, and no stamp is given out', async () => {
    const broken: Mark = { load: async () => 5, raise: () => Promise.reject(new Error('no')) }
    const clock = await DurableClock.open(broken, after => new LamportClock('a', after))
    await assert.rejects(clock.now(), /no/)
    await assert.rejects(clock.observe({ time: 3, node: 'b' }), /no/)
  })
})

describe('timestamp oracles', () => {
  test('revisions: one request for all that are asked for meanwhile, in the order of asking', async () => {
    await simulated(1, async ({ store }) => {
      const [one, two] = [new RevisionOracle(store), new RevisionOracle(store, 'other')]
      const first = await one.now()
      const before = await store.revision()
      const many = await Promise.all(Array.from({ length: 1000 }, () => one.now()))
      assert.equal((await store.revision()) - before, 2)
      assert.deepEqual(
        [first, ...many],
        [first, ...many].toSorted((a, b) => a - b),
      )
      assert.equal(new Set(many).size, 1000)
      assert.ok((await two.now()) > many.at(-1)!)
      assert.ok((await one.observe(await two.now())) > (await two.now()) - 2048)
    })
  })

  test('blocks: strictly growing over restarts, one process at a time, few requests', async () => {
    await simulated(1, async ({ store, sleep, simulation }) => {
      let last = 0
      for (let run = 0; run < 5; run++) {
        const oracle = await TimestampOracle.open(store, { block: 100, ttlMs: 1000 })
        const next = TimestampOracle.open(store, { block: 100, ttlMs: 1000 })
        const before = await store.revision()
        const stamps = await Promise.all(Array.from({ length: 250 }, () => oracle.now()))
        assert.ok((await store.revision()) - before <= 4)
        for (const stamp of stamps) {
          assert.ok(stamp > last)
          last = stamp
        }
        const [first, end] = await oracle.take(5000)
        assert.ok(first > last && end - first === 4999)
        last = end
        await sleep(100 * simulation.chance.uniform())
        await oracle.close()
        await assert.rejects(oracle.now(), { name: 'LeaseLostError' })
        const follower = await next
        const stamp = await follower.now()
        assert.ok(stamp > last)
        last = stamp
        await follower.close()
      }
    })
  })

  test('one whose lease is over gives nothing out, though it has some left; who follows gives out larger ones', async () => {
    await simulated(1, async ({ store }) => {
      const oracle = await TimestampOracle.open(store)
      const last = await oracle.now()
      const [place] = (await store.range({ prefix: 'skein/locks/oracle-default/' })).entries
      const waiting = TimestampOracle.open(store)
      await store.delete(place.key)
      const follower = await waiting
      assert.ok((await follower.now()) > last)
      // Its lease is there still: it finds out when it wants more.
      await assert.rejects(oracle.take(20_000), { name: 'LeaseLostError' })
      await assert.rejects(oracle.now(), { name: 'LeaseLostError' })
      assert.equal(oracle.signal.aborted, true)
      const stop = AbortSignal.abort()
      await assert.rejects(TimestampOracle.open(store, { signal: stop }), { name: 'CancelledError' })
    })
  })
})
