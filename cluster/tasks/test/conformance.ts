/** The conformance suite of the engines of tasks: the same expectations of each. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ArgumentError, CancelledError, TimeoutError } from '@skein/base'
import { heap } from '@skein/heap'
import {
  ActorDiedError,
  cancel,
  FreedError,
  free,
  get,
  getActor,
  kill,
  NotCloneableError,
  put,
  start,
  stats,
  stop,
  TaskError,
  WorkerLostError,
  wait,
} from '../src/index.ts'
import type { StartOptions } from '../src/runtime.ts'
import * as jobs from './jobs.ts'
import * as steps from './steps.ts'

/** What an engine cannot do, and why. */
interface Lacks {
  /** A worker that ends, or is made to, without the others. */
  readonly crashes?: string
  /** Tasks that hold their thread while others go on. */
  readonly blocking?: string
}

export function conform(engine: string, options: StartOptions, lacks: Lacks = {}): void {
  describe(`tasks on ${engine}`, () => {
    before(() => void start(options))
    after(() => stop())
    const [crashes, blocking] = [{ skip: lacks.crashes ?? false }, { skip: lacks.blocking ?? false }]

    it('gives results, of references among arguments too', async () => {
      assert.equal(await jobs.add(1, 2), 3)
      assert.equal(await jobs.add(jobs.add(1, 2), jobs.add(3, 4)), 10)
      assert.deepEqual(await jobs.echo({ deep: [{ ref: jobs.add(1, 1) }] }), { deep: [{ ref: 2 }] })
      assert.equal(await jobs.later(5, 'x'), 'x')
      assert.equal(await jobs.nested(5), 6)
      assert.equal(await jobs.puts(), 3)
    })

    it('takes values as structured clone does, and arrays of the heap', async () => {
      const value = {
        m: new Map([[1, new Set([2n])]]),
        d: new Date(5),
        f: Float32Array.of(1, 2),
        s: 'x€',
        u: undefined,
      }
      assert.deepEqual(await jobs.echo(value), value)
      assert.equal(await jobs.sumOf(heap.f64([1.5, 2.5])), 4)
      assert.equal(await jobs.sumOf(new Float64Array(5000).fill(0.5)), 2500)
      assert.equal(await jobs.sumOf(put(new Float64Array(5000).fill(0.25))), 1250)
      assert.throws(
        () => jobs.echo({ user: { on: [() => {}] } }),
        (e: unknown) => e instanceof NotCloneableError && e.path === 'arguments[0].user.on[0]',
      )
    })

    it('tells what a task threw, where, and for which call', async () => {
      const error = await jobs.throws('bad').catch((e: unknown) => e)
      assert(error instanceof TaskError && error.cause instanceof RangeError)
      assert.match(error.message, /'throws' failed on worker \d+: RangeError: bad/)
      assert.match(error.stack!, /conformance\.ts/)
      assert.match(error.cause.stack!, /jobs\.ts/)
      assert.doesNotMatch(error.cause.stack!, /threads.worker/)
      assert.throws(() => jobs.add(Promise.resolve(1) as never, 1), NotCloneableError)
      await assert.rejects(jobs.add(jobs.throws('first'), 1).promise, /'throws' failed/)
    })

    it('runs work that was put behind a task which blocks its worker', blocking, async () => {
      const cells = heap.i32(4)
      for (let round = 0; round < 40; round++) {
        await get(Array.from({ length: 30 }, () => jobs.nothing()))
        const gate = heap.i32(2)
        const blocks = steps.gated(gate, round)
        assert.equal(await steps.square(3), 9)
        Atomics.store(gate, 0, 1)
        Atomics.notify(gate, 0)
        assert.equal(await blocks, round)
      }
      await steps.groupsInside(cells, 10)
      // Two of them need the places that all of them would hold.
      assert.deepEqual(await get([1, 2, 3].map(() => steps.asksFirst(5))), [30, 30, 30])
    })

    it('runs work that was put behind what blocks its worker when it goes on', blocking, async () => {
      const gates = await steps.Gate.create()
      for (let round = 0; round < 20; round++) {
        await get(Array.from({ length: 30 }, () => jobs.nothing()))
        const gate = heap.i32(2)
        const blocks = round % 2 === 0 ? steps.gatedLater(gate, round) : gates.later(gate, round)
        await Atomics.waitAsync(gate, 1, 0).value
        for (let i = 0; i < 5; i++) {
          assert.equal(await steps.square(i), i * i)
          // Long enough for the others to sleep.
          await new Promise(resolve => setTimeout(resolve, 2))
        }
        Atomics.store(gate, 0, 1)
        Atomics.notify(gate, 0)
        assert.equal(await blocks, round)
      }
    })

    it('tells of a retryOn that throws, once, and fails with what the task threw', async () => {
      const warnings: Error[] = []
      const listener = (warning: Error) => warnings.push(warning)
      process.on('warning', listener)
      const retryOn = (error: unknown): boolean => (error as { response: { ok: boolean } }).response.ok
      const throwsAgain = jobs.throws.with({ retryOn })
      const calls = ['a', 'b'].map(what => throwsAgain(what))
      for (const [i, ref] of calls.entries()) {
        const error = await ref.catch((e: unknown) => e)
        assert(error instanceof TaskError && error.cause instanceof RangeError && error.cause.message === 'ab'[i])
      }
      await turn()
      process.off('warning', listener)
      assert.equal(warnings.length, 1)
      assert.match(warnings[0].message, /'retryOn' of task 'throws' threw, so it is not run again: TypeError: /)
    })

    it('starts a task after others, without their values', blocking, async () => {
      const gate = heap.i32(2)
      const blocks = steps.gated(gate, 1)
      const after = steps.square.with({ after: [blocks] })(3)
      const failed = steps.square.with({ after: [blocks, jobs.throws('before')] })(3)
      await assert.rejects(failed.promise, /before/)
      assert.equal(after.source.settlement, 'pending')
      Atomics.store(gate, 0, 1)
      Atomics.notify(gate, 0)
      assert.equal(await after, 9)
      assert.equal(await steps.afterInside(), 'after')
    })

    it('streams what a generator yields', async () => {
      assert.deepEqual(await jobs.count(5), [0, 1, 2, 3, 4])
      const items: number[] = []
      for await (const item of jobs.count.stream(100)) items.push(item)
      assert.deepEqual(items, [...Array(100).keys()])
      for await (const item of jobs.count.stream(1e9)) if (item === 50) break
    })

    it('tells which item of a stream cannot be sent, after those before it', async () => {
      const items: unknown[] = []
      const read = async () => {
        for await (const item of jobs.spoilt.stream()) items.push(item)
      }
      const error = await read().catch((e: unknown) => e)
      assert(error instanceof TaskError && error.cause instanceof NotCloneableError)
      assert.deepEqual([items, error.cause.path], [[1], 'item'])
    })

    it('ends a stream that is cancelled, though its reader takes what has come', async () => {
      const given = heap.i32(1)
      const { replaced, running } = stats()
      const stop = new AbortController()
      const items = jobs.ticks.with({ signal: stop.signal }).stream(given)
      for (let i = 0; i < 7; i++) await items.next()
      while (Atomics.load(given, 0) < 10) await turn()
      stop.abort()
      // With the eighth it says that it can take more.
      await items.next()
      for (let left = false; !left; ) left = (await items.next().catch(() => ({ done: true }))).done === true
      while (stats().running > running) await turn()
      assert.equal(stats().replaced, replaced)
    })

    it('says of a stream that its task gives no items', async () => {
      for (const none of [jobs.add, jobs.later]) {
        const error = await none
          .stream(3, 4 as never)
          .next()
          .catch((e: unknown) => e)
        assert(error instanceof TaskError && error.cause instanceof ArgumentError)
        assert.match(
          error.message,
          /\w+\.stream: what the task gives must be a generator, or something else with items, but/,
        )
      }
    })

    it('tells the reader of a stream that it was cancelled or took too long, after the items before', async () => {
      const read = async (items: AsyncIterable<number>, seen: (count: number) => void) => {
        let count = 0
        for await (const item of items) {
          assert.equal(item, count++)
          seen(count)
        }
      }
      const stop = new AbortController()
      const cancelled = jobs.ticks.with({ signal: stop.signal }).stream(heap.i32(1))
      const enough = (count: number) => count === 20 && stop.abort('enough')
      await assert.rejects(
        read(cancelled, enough),
        (e: unknown) => e instanceof CancelledError && e.reason === 'enough',
      )
      const late = jobs.ticks.with({ timeoutMs: 100 }).stream(heap.i32(1))
      await assert.rejects(
        read(late, () => {}),
        TimeoutError,
      )
      const early = jobs.ticks.with({ signal: AbortSignal.abort() }).stream(heap.i32(1))
      await assert.rejects(
        read(early, () => assert.fail('an item')),
        CancelledError,
      )
    })

    it('ends a generator that stands still when its reader has left', blocking, async () => {
      for await (const item of jobs.stalls.stream()) {
        assert.equal(item, 1)
        break
      }
      const everywhere = Array.from({ length: stats().workers }, (_, i) => jobs.nothing.with({ runOn: i + 1 })())
      await get(everywhere, { timeoutMs: 20_000 })
    })

    it('cancels a stream whenever, and no worker ends for it', async () => {
      const { replaced } = stats()
      for (let round = 0; round < 20; round++) {
        // The first of them before its function is called at all.
        const signal = AbortSignal.timeout(round)
        const read = async () => {
          for await (const _ of steps.countSlowly.with({ signal }).stream());
        }
        await read().catch((error: unknown) => assert(error instanceof CancelledError))
      }
      assert.equal(stats().replaced, replaced)
    })

    it('cancels what waits, and what runs and listens', async () => {
      const running = jobs.untilCancelled()
      const waiting = jobs.echo([running])
      const queued = Array.from({ length: 10 }, () => jobs.nothing())
      for (const ref of [waiting, ...queued]) cancel(ref)
      await jobs.nothing.with({ runOn: 1, resources: { cpus: 0 } })()
      assert.equal(cancel(running), true)
      for (const ref of [running, waiting]) await assert.rejects(ref.promise, CancelledError)
      await wait(queued, { count: 10 })
      assert.equal(cancel(running), false)
      const signal = AbortSignal.timeout(20)
      await assert.rejects(jobs.untilCancelled.with({ signal })().promise, CancelledError)
      await assert.rejects(jobs.never.with({ timeoutMs: 20 })().promise, TimeoutError)
    })

    it('ends what does not stop by itself', blocking, async () => {
      const begun = heap.i32(2)
      const polite = jobs.polite(begun, 0)
      const endless = jobs.endless(begun, 1)
      const queued = Array.from({ length: 10 }, () => jobs.nothing())
      const running = Math.min(2, stats().workers)
      while (begun[0] + begun[1] < running) await turn()
      for (const ref of queued) cancel(ref)
      assert.equal(cancel(polite), true)
      assert.equal(cancel(endless, { graceMs: 50 }), true)
      for (const ref of [polite, endless]) await assert.rejects(ref.promise, CancelledError)
      await wait(queued, { count: 10 })
      assert.equal(cancel(polite), false)
      await assert.rejects(jobs.endless.with({ timeoutMs: 50 })().promise, TimeoutError)
    })

    it('runs a task again when its worker was lost, as often as it may', crashes, async () => {
      const error = await jobs.exits
        .with({ retries: 1 })(3)
        .catch((e: unknown) => e)
      assert(error instanceof WorkerLostError)
      assert.equal(error.attempts, 2)
      assert.equal(await jobs.add(1, 1), 2)
    })

    it('keeps actors and their state', async () => {
      const c = await jobs.Counter.create(5)
      assert.deepEqual(await get([c.add(1), c.add(2), c.slowAdd(3)]), [6, 8, 11])
      assert.equal(await jobs.usesActor(c as never), 21)
      await assert.rejects(c.fail().promise, /no/)
      const named = await jobs.Counter.with({ name: 'bob' }).create(1)
      assert.equal(await jobs.findsActor('bob'), 2)
      await kill(named)
      await assert.rejects(named.add(1).promise, ActorDiedError)
      await kill(await jobs.Counter.with({ name: 'bob' }).create())
    })

    it('frees the name of an actor whose worker was lost', crashes, async () => {
      const named = await jobs.Counter.with({ name: 'bob' }).create(1)
      await assert.rejects(named.exit().promise, ActorDiedError)
      await assert.rejects(named.add(1).promise, ActorDiedError)
      await kill(await jobs.Counter.with({ name: 'bob' }).create())
    })

    it(
      'makes an actor again that may restart, with the state after the last call whose result was delivered',
      crashes,
      async () => {
        const ledger = await jobs.Ledger.with({ restarts: 2 }).create('monday')
        assert.deepEqual(await get([ledger.add(1), ledger.add(2)]), [1, 2])
        await assert.rejects(ledger.addBad(3).promise, TaskError)
        const lost = ledger.addAndExit(4)
        const later = ledger.add(5)
        const error = await lost.catch((e: unknown) => e)
        assert(error instanceof ActorDiedError)
        assert.match(error.reason, /was lost: it ended with exit code 4/)
        assert.equal(await later, 4)
        assert.deepEqual(await ledger.look(), { entries: [1, 2, 3, 5], opened: 'monday', restored: 1 })
        await assert.rejects(ledger.addAndExit(6).promise, ActorDiedError)
        assert.deepEqual((await ledger.look()).entries, [1, 2, 3, 5])
        await assert.rejects(ledger.addAndExit(7).promise, ActorDiedError)
        const dead = await ledger.look().catch((e: unknown) => e)
        assert(dead instanceof ActorDiedError)
        assert.match(dead.message, /'Ledger' has died: worker \d+, where it lived, was lost: it ended with exit code 4/)
      },
    )

    it('saves after as many calls as it is told', crashes, async () => {
      const ledger = await jobs.Ledger.with({ restarts: 1, saveEvery: 3 }).create()
      for (let k = 1; k <= 5; k++) await ledger.add(k)
      await assert.rejects(ledger.addAndExit(6).promise, ActorDiedError)
      assert.deepEqual((await ledger.look()).entries, [1, 2, 3])
      await kill(ledger)
    })

    it('tells when the state of an actor cannot be saved', async () => {
      const ledger = await jobs.Ledger.with({ restarts: 1 }).create()
      const error = await ledger.spoil().catch((e: unknown) => e)
      assert(error instanceof TaskError && error.cause instanceof NotCloneableError)
      assert.equal(error.cause.path, 'state[0]')
      await kill(ledger)
    })

    it('makes an actor again whose worker is lost while it is made', crashes, async () => {
      const tries = heap.i32(1)
      const weak = await jobs.Weak.with({ restarts: 2 }).create(tries, 2)
      assert.equal(await weak.answer(), 42)
      await kill(weak)
      tries[0] = 0
      await assert.rejects(jobs.Weak.with({ restarts: 1 }).create(tries, 9), ActorDiedError)
      assert.equal(tries[0], 2)
    })

    it('kills an actor whose method never returns, with its worker', blocking, async () => {
      const begun = heap.i32(1)
      const stuck = await jobs.Stuck.create()
      const [standing, behind] = [stuck.stand(begun), stuck.stand(begun)]
      while (Atomics.load(begun, 0) === 0) await turn()
      await kill(stuck)
      for (const ref of [standing, behind]) await assert.rejects(ref.promise, ActorDiedError)
      const everywhere = Array.from({ length: stats().workers }, (_, i) => jobs.nothing.with({ runOn: i + 1 })())
      await get(everywhere, { timeoutMs: 20_000 })
    })

    it('kills an actor whose calls go on: its worker is spared, and nothing is left of them', async () => {
      const { replaced, running } = stats()
      const desk = await jobs.Desk.with({ maxConcurrency: 2 }).create()
      const waits = ['a', 'b', 'c'].map(name => desk.wait(name))
      const { log } = await jobs.Desk.create().then(other => other.look())
      assert.deepEqual(log, [])
      await kill(desk)
      for (const ref of waits) await assert.rejects(ref.promise, ActorDiedError)
      const until = performance.now() + 10_000
      // What has come back is taken while something is under way.
      while (stats().running > running && performance.now() < until) await jobs.nothing()
      assert.deepEqual([stats().running, stats().replaced], [running, replaced])
    })

    it('tells what a dead actor died of', async () => {
      const error = await jobs.Broken.with({ name: 'broken' })
        .create()
        .catch((e: unknown) => e)
      assert(error instanceof TaskError && error.cause instanceof RangeError)
      await assert.rejects(getActor('broken'), ArgumentError)
      const counter = await jobs.Counter.create()
      await kill(counter, 'it is late')
      const dead = await counter.add(1).catch((e: unknown) => e)
      assert(dead instanceof ActorDiedError && dead.reason === 'it is late')
      assert.match(dead.stack!, /conformance\.ts/)
    })

    it('runs calls of an actor in order, and asynchronous ones up to its limit', async () => {
      const desk = await jobs.Desk.with({ maxConcurrency: 2 }).create()
      const waits = ['a', 'b', 'c', 'd'].map(name => desk.wait(name))
      await assert.rejects(get(desk.letGo(), { timeoutMs: 50 }), TimeoutError)
      assert.equal((await wait(waits, { timeoutMs: 10 })).ready.length, 0)
      await kill(desk)
    })

    it('keeps the order of calls of one caller, whatever each of them waits for', async () => {
      const ledger = await jobs.Ledger.create()
      const calls = [
        ledger.add(jobs.later(30, 1) as never),
        ledger.add(2),
        ledger.add(jobs.throws('no') as never),
        ledger.add(jobs.later(1, 3) as never),
        ledger.add(4),
      ]
      const results = await Promise.allSettled(calls)
      assert.deepEqual(
        results.map(({ status }) => status),
        ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
      )
      assert.deepEqual((await ledger.look()).entries, [1, 2, 3, 4])
      const desk = await jobs.Desk.with({
        concurrencyGroups: { slow: { methods: ['wait'], maxConcurrency: 1 } },
      }).create()
      const never = jobs.untilCancelled()
      const waits = desk.wait(never as never)
      assert.equal(await desk.quick('not behind it'), 'not behind it')
      await kill(desk)
      await assert.rejects(waits.promise, ActorDiedError)
      cancel(never)
      await kill(ledger)
    })

    it('gives groups of methods limits of their own', async () => {
      const desk = await jobs.Desk.with({
        concurrencyGroups: { slow: { methods: ['wait'], maxConcurrency: 2 } },
        maxConcurrency: 1,
      }).create()
      const waits = ['a', 'b', 'c', 'd'].map(name => desk.wait(name))
      assert.equal(await desk.quick('x'), 'x')
      while ((await wait(waits, { count: 4, timeoutMs: 1 })).pending.length > 0) await desk.letGo()
      assert.deepEqual(await desk.look(), { most: 2, log: ['a', 'b', 'x', 'c', 'd'] })
      await kill(desk)
      const { with: change } = jobs.Desk
      const none = { methods: ['none'], maxConcurrency: 1 }
      assert.throws(() => change({ concurrencyGroups: { none } }), ArgumentError)
      const one = { methods: ['wait'], maxConcurrency: 1 }
      assert.throws(() => change({ concurrencyGroups: { one, two: one } }), ArgumentError)
      assert.throws(() => change({ concurrencyGroups: { one: { ...one, maxConcurrency: 0 } } }), ArgumentError)
    })

    it('keeps names of actors apart by namespace', async () => {
      const of = (namespace: string) => jobs.Counter.with({ name: 'same', namespace })
      const [a, b] = await Promise.all([of('a').create(1), of('b').create(2)])
      await assert.rejects(of('a').create(), ArgumentError)
      assert.equal(await (await getActor<{ add(k: number): number }>('same', 'b')).add(0), 2)
      await assert.rejects(getActor('same'), ArgumentError)
      await kill(a)
      await (await of('a').create()).add(1)
      for (const one of [await getActor('same', 'a'), b]) await kill(one)
    })

    /** Collects garbage everywhere until no more than so many actors are left, and a little longer. */
    async function collectTo(actors: number): Promise<void> {
      const collect = async () => {
        for (let worker = stats().workers; worker > 0; worker--) await jobs.collects.with({ runOn: worker })()
        jobs.collects.local()
        for (let turns = 0; turns < 5; turns++) await turn()
      }
      while (stats().actors > actors) await collect()
      for (let times = 0; times < 3; times++) await collect()
      assert.equal(stats().actors, actors)
    }

    it('ends an actor that nothing refers to, when its calls are over', async () => {
      await collectTo(0)
      const make = async () => (await jobs.Counter.create(1)).slowAdd(1)
      const ref = await make()
      await collectTo(0)
      assert.equal(await ref, 2)
      const detached = async () => void (await jobs.Counter.with({ name: 'lasting', detached: true }).create(5))
      await detached()
      await collectTo(1)
      await kill(await getActor('lasting'))
    })

    it('keeps an actor while a handle is anywhere: on a worker, in an argument, in a result', async () => {
      await collectTo(0)
      const give = async () => await jobs.keeps.with({ runOn: 1 })(await jobs.Counter.create(1))
      await give()
      await collectTo(1)
      assert.equal(await jobs.usesKept.with({ runOn: 1 })(), 2)
      await jobs.keeps.with({ runOn: 1 })()
      await collectTo(0)

      const made = jobs.makesActor(3)
      await wait([made])
      await collectTo(1)
      const use = async () => assert.equal(await (await made).counter.add(1), 4)
      await use()

      const waiting = jobs.untilCancelled()
      const pass = async () => ({ passed: jobs.echo([await jobs.Counter.create(2), waiting]) })
      const { passed } = await pass()
      await collectTo(2)
      cancel(waiting)
      await assert.rejects(passed.promise, CancelledError)
      await collectTo(1)
      free(made)
    })

    it('gives many results at once, or as they come', async () => {
      const refs = Array.from({ length: 1000 }, (_, i) => jobs.add(i, 1))
      const sum = 500_500
      assert.equal(
        (await get(refs)).reduce((a, b) => a + b),
        sum,
      )
      let each = 0
      for await (const ref of wait.each(refs)) each += await ref
      assert.equal(each, sum)
      const { ready, pending } = await wait([jobs.add(1, 1), jobs.never()], { count: 2, timeoutMs: 100 })
      assert.deepEqual([ready.length, pending.length], [1, 1])
      cancel(pending[0], { graceMs: 0 })
      await assert.rejects(pending[0].promise, CancelledError)
    })

    it('refuses options that it would not heed', () => {
      const ref = put(1)
      const wrong: (() => unknown)[] = [
        () => get(ref, { timeout: 5 } as never),
        () => get(ref, null as never),
        () => get([ref], { timeoutMs: Number.NaN }),
        () => get(ref, { signal: {} as never }),
        () => put(1, { name: 'x' } as never),
        () => put(1, { label: 3 as never }),
        () => put(1, { mutable: 1 as never }),
        () => cancel(ref, { graceMs: Number.NaN }),
        () => cancel(ref, { grace: 5 } as never),
        () => cancel(3 as never),
        () => jobs.nothing.with({ resources: [] as never }),
        () => jobs.nothing.with({ timeout: 5 } as never),
      ]
      for (const call of wrong) assert.throws(call, ArgumentError, String(call))
      return assert.rejects(wait([ref], { most: 1 } as never), ArgumentError)
    })

    it('names a task that is given as an argument', () => {
      assert.throws(() => jobs.echo([jobs.add]), /arguments\[0\]\[0\] is the function 'add'/)
    })

    it('fails a call with what became of a value that it needs', async () => {
      const gone = put([1])
      const ledger = await jobs.Ledger.create()
      const { failed } = stats()
      const goes = jobs.later(5, [2])
      const calls = [jobs.echo(goes), jobs.echo({ deep: goes }), ledger.add(goes as never)]
      free(goes)
      free(gone)
      calls.push(jobs.echo(gone), ledger.add(gone as never))
      for (const ref of calls) await assert.rejects(ref.promise, FreedError)
      assert.equal(stats().failed, failed + calls.length)
      const read = async () => {
        for await (const _ of jobs.count.stream(gone as never));
      }
      await assert.rejects(read(), FreedError)
      const { actors } = stats()
      await assert.rejects(jobs.Ledger.create(gone as never), FreedError)
      assert.equal(stats().actors, actors, 'an actor that could not be made is none')
      assert.equal(await ledger.add(1), 1)
      await kill(ledger)
    })

    it('counts what it did', async () => {
      const before = stats()
      const counter = await jobs.Counter.create()
      const { waiting, ready, workers, actors } = stats()
      assert.deepEqual({ waiting, ready, actors }, { waiting: 0, ready: 0, actors: before.actors + 1 })
      assert(workers >= 1)
      await kill(counter)
    })
  })
}
