/** The conformance suite of the engines of tasks: the same expectations of each. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { CancelledError, TimeoutError } from '@skein/base'
import { heap } from '@skein/heap'
import {
  ActorDiedError,
  cancel,
  get,
  kill,
  NotCloneableError,
  put,
  stats,
  stop,
  TaskError,
  WorkerLostError,
  wait,
} from '../src/index.ts'
import * as jobs from './jobs.ts'

export function conform(engine: string): void {
  describe(`tasks on ${engine}`, () => {
    after(() => stop())

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
      assert.throws(() => jobs.add(Promise.resolve(1) as never, 1), NotCloneableError)
      await assert.rejects(jobs.add(jobs.throws('first'), 1).promise, /'throws' failed/)
    })

    it('streams what a generator yields', async () => {
      assert.deepEqual(await jobs.count(5), [0, 1, 2, 3, 4])
      const items: number[] = []
      for await (const item of jobs.count.stream(100)) items.push(item)
      assert.deepEqual(items, [...Array(100).keys()])
      for await (const item of jobs.count.stream(1e9)) if (item === 50) break
    })

    it('cancels what waits, what runs, and what never ends', async () => {
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

    it('runs a task again when its worker was lost, as often as it may', async () => {
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
      await assert.rejects(named.exit().promise, ActorDiedError)
      await assert.rejects(named.add(1).promise, ActorDiedError)
      await kill(await jobs.Counter.with({ name: 'bob' }).create())
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
      const { ready, pending } = await wait([jobs.later(2000, 0), jobs.add(1, 1)], { timeoutMs: 1000 })
      assert.deepEqual([ready.length, pending.length], [1, 1])
      cancel(pending[0], { graceMs: 0 })
    })

    it('counts what it did', () => {
      const { waiting, ready, workers, actors } = stats()
      assert.deepEqual({ waiting, ready, actors }, { waiting: 0, ready: 0, actors: 1 })
      assert(workers >= 1)
    })
  })
}
