/** Where tasks and actors go, on each engine. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ArgumentError, CancelledError, TimeoutError } from '@skein/base'
import {
  type Actor,
  ActorDiedError,
  cancel,
  get,
  getActor,
  kill,
  PlacementError,
  placementGroup,
  start,
  stop,
  wait,
} from '../src/index.ts'
import type { Placement } from '../src/options.ts'
import { Lodger, stays, where } from './places.ts'

for (const engine of ['threads', 'inline'] as const) {
  describe(`placement on ${engine}`, () => {
    before(() => void start({ engine, workers: 2, resources: { gpus: 1 }, validate: true }))
    after(() => stop())

    const half = { resources: { cpus: 0.5 } }
    const whereTwoAre = async (placement: Placement) => {
      const stay = stays.with({ ...half, placement })
      const places = await get([stay(), stay()])
      return new Set(places).size
    }

    it('packs tasks, or spreads them', async () => {
      assert.equal(await whereTwoAre('pack'), 1)
      assert.equal(await whereTwoAre('spread'), 2)
    })

    it('sets bundles aside, apart or together', async () => {
      const apart = placementGroup([{ cpus: 0.5 }, { cpus: 0.5 }], { strategy: 'strict-spread' })
      const places = await get([0, 1].map(bundle => where.with({ ...half, placement: { group: apart, bundle } })()))
      assert.deepEqual(places.toSorted(), [1, 2])
      const together = placementGroup([{ cpus: 0.5 }, { cpus: 0.5 }], { strategy: 'strict-pack' })
      assert.equal((await wait([together.ready], { timeoutMs: 10 })).ready.length, 0)
      apart.remove()
      await together.ready
      const [a, b] = await get([0, 1].map(bundle => where.with({ ...half, placement: { group: together, bundle } })()))
      assert.equal(a, b)
      together.remove()
    })

    it('waits until there is room for all of a group', async () => {
      const running = stays.with(half)(1e6)
      const group = placementGroup([{ cpus: 1 }, {}])
      const inside = where.with({ placement: { group } })()
      await assert.rejects(get(group.ready, { timeoutMs: 20 }), TimeoutError)
      assert.equal(inside.source.settlement, 'pending')
      cancel(running)
      await assert.rejects(running.promise, CancelledError)
      assert([1, 2].includes(await inside))
      group.remove()
      assert([1, 2].includes(await where()))
    })

    it('refuses what can never be, and what is no more', async () => {
      const never = placementGroup([{ cpus: 1 }, { cpus: 1 }], { strategy: 'strict-pack' })
      const error = await never.ready.catch((e: unknown) => e)
      assert(error instanceof PlacementError)
      assert.match(error.message, /2 bundles \(strict-pack\) would not fit/)
      assert.match(error.stack!, /placement\.test\.ts/)
      await assert.rejects(placementGroup([{ gpus: 2 }]).ready.promise, PlacementError)
      const group = placementGroup([{ cpus: 0.5 }])
      await assert.rejects(where.with({ placement: { group } })().promise, ArgumentError)
      const inside = where.with({ ...half, placement: { group } })
      assert([1, 2].includes(await inside()))
      const running = stays.with({ ...half, placement: { group } })(1e6)
      const queued = inside()
      group.remove()
      for (const ref of [queued, inside(), where.with({ placement: { group } })()])
        await assert.rejects(ref.promise, PlacementError)
      cancel(running)
      await assert.rejects(running.promise, CancelledError)
      assert.throws(() => placementGroup([]), ArgumentError)
      assert.throws(() => placementGroup([{ cpus: -1 }]), ArgumentError)
      assert.throws(() => placementGroup([{}], { strategy: 'near' as never }), ArgumentError)
      assert.throws(() => where.with({ placement: 'near' as never }), ArgumentError)
      assert.throws(() => where.with({ placement: { group, bundle: 1 } }), ArgumentError)
    })

    it('lets an actor hold what it asked for as long as it lives', async () => {
      const WithGpu: typeof Lodger = Lodger.with({ resources: { gpus: 1 }, name: 'first' }) as Actor<any, any>
      const first = await WithGpu.create()
      const waiting = Lodger.with({ resources: { gpus: 1 }, name: 'second' }).create()
      const second = await getActor<{ add(k: number): number }>('second')
      const adds = [second.add(1), second.add(2)]
      assert.equal((await wait(adds, { timeoutMs: 20 })).ready.length, 0)
      await kill(first)
      await waiting
      assert.deepEqual([...(await get(adds)), await second.add(3)], [1, 3, 6])
      await kill(second)
      await assert.rejects(Lodger.with({ resources: { gpus: 2 } }).create(), ArgumentError)
      const never = Lodger.with({ resources: { gpus: 1 }, name: 'never' })
      const holder = await WithGpu.create()
      const made = never.create()
      const handle = await getActor<{ add(k: number): number }>('never')
      const call = handle.add(1)
      await kill(handle, 'no need')
      for (const lost of [made, call.promise])
        await assert.rejects(lost, (e: unknown) => e instanceof ActorDiedError && e.reason === 'no need')
      await kill(holder)
    })

    it('keeps plain tasks off the worker whose CPU an actor holds', async () => {
      const lodger = await Lodger.with({ resources: { cpus: 1 } }).create()
      const home = await lodger.where()
      const places = await get(Array.from({ length: 50 }, () => where()))
      assert.deepEqual([...new Set(places)], [3 - home])
      await kill(lodger)
      // Async ones, so that one worker does not have them all.
      assert.equal(new Set(await get([stays(), stays()])).size, 2)
    })

    it('gives a task that asks for two CPUs two workers, and none more than there are', async () => {
      const both = stays.with({ resources: { cpus: 2 } })(1e6)
      const [plain, other] = [where(), stays.with({ resources: { cpus: 2 } })()]
      assert.equal((await wait([plain, other], { timeoutMs: 50 })).ready.length, 0)
      cancel(both)
      await assert.rejects(both.promise, CancelledError)
      for (const place of await get([plain, other])) assert([1, 2].includes(place))
      const lodger = await Lodger.with({ resources: { cpus: 2 } }).create()
      const waiting = where()
      assert.equal((await wait([waiting], { timeoutMs: 50 })).ready.length, 0)
      await kill(lodger)
      assert([1, 2].includes(await waiting))
      const error = await where
        .with({ resources: { cpus: 3 } })()
        .catch((e: unknown) => e)
      assert(error instanceof ArgumentError)
      assert.match(error.message, /at most 2 cpus: there are 2 workers, of one each/)
      await assert.rejects(placementGroup([{ cpus: 2 }]).ready.promise, PlacementError)
    })

    it('puts actors into bundles', async () => {
      const group = placementGroup([{ cpus: 1 }, { cpus: 1 }], { strategy: 'strict-spread' })
      const make = (bundle: number) => Lodger.with({ resources: { cpus: 0.5 }, placement: { group, bundle } }).create()
      const all = await Promise.all([make(0), make(1), make(0)])
      const [a, b, c] = await get(all.map(one => one.where()))
      assert.deepEqual([a === b, a === c], [false, true])
      group.remove()
      const plain = where()
      assert.equal((await wait([plain], { timeoutMs: 20 })).ready.length, 0)
      for (const one of all) await kill(one)
      assert([1, 2].includes(await plain))
    })

    if (engine === 'threads') {
      it('makes an actor again where it was, with what it held', async () => {
        const lodger = await Lodger.with({ resources: { gpus: 1, cpus: 1 }, restarts: 1 }).create()
        const home = await lodger.where()
        await assert.rejects(lodger.exit().promise, ActorDiedError)
        assert.equal(await lodger.where(), home)
        const other = Lodger.with({ resources: { gpus: 1 } }).create()
        assert.equal(await Promise.race([other, where().promise.then(() => 'waits')]), 'waits')
        await assert.rejects(lodger.exit().promise, ActorDiedError)
        await kill(await other)
      })
    }
  })
}
