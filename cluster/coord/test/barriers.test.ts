// Barriers and latches: nobody passes early, nobody waits for ever.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Inside } from '../src/index.ts'
import { simulated } from './simulated.ts'

describe('a barrier', () => {
  test('is passed by all that wait when it is opened, and not before; open, it is passed at once', async () => {
    await simulated(1, async ({ store, sleep }) => {
      const gate = store.barrier('x')
      await gate.wait()
      await gate.hold()
      await gate.hold()
      let passed = 0
      const waiting = Array.from({ length: 5 }, () =>
        store
          .barrier('x')
          .wait()
          .then(() => passed++),
      )
      await sleep(1000)
      assert.equal(passed, 0)
      await gate.release()
      // Who waited for it is let through, though it is closed again at once.
      await gate.hold()
      await Promise.all(waiting)
      await assert.rejects(gate.wait({ timeoutMs: 10 }), { name: 'TimeoutError' })
      await gate.release()
      await gate.release()
      await gate.wait()
    })
  })

  test('opens when the lease of who holds it ends, and over what is forgotten; waiting is cancelled', async () => {
    await simulated(1, async ({ store, sleep }) => {
      const gate = store.barrier('x')
      const lease = await store.lease({ ttlMs: 1000, keepAlive: false })
      await gate.hold({ lease: lease.id })
      const waiting = gate.wait()
      await sleep(10)
      await store.put('other', '1')
      await store.compact(await store.revision())
      const stop = new AbortController()
      const cancelled = gate.wait({ signal: stop.signal })
      await sleep(10)
      stop.abort('enough')
      await assert.rejects(cancelled, { name: 'CancelledError', reason: 'enough' })
      await Promise.all([waiting, sleep(2000)])
      assert.throws(() => store.barrier('a/b'), { name: 'ArgumentError' })
    })
  })
})

describe('a double barrier', () => {
  test('nobody begins before there are enough, and nobody ends before all do; round by round', async () => {
    for (const seed of [1, 2, 3])
      await simulated(seed, async ({ store, sleep, simulation }) => {
        const [count, rounds] = [4, 5]
        let [outside, begun, ended] = [0, 0, 0]
        const ranks: string[] = []
        await Promise.all(
          Array.from({ length: count }, async () => {
            for (let i = 0; i < rounds; i++) {
              await sleep(50 * simulation.chance.uniform())
              outside++
              const inside = await store.doubleBarrier('x', { count }).enter()
              assert.ok(outside >= count * (i + 1))
              begun++
              ranks.push(`${inside.round} ${inside.rank}`)
              await sleep(50 * simulation.chance.uniform())
              ended++
              await inside.leave()
              assert.ok(begun >= count * (i + 1) && ended >= count * (i + 1))
            }
          }),
        )
        assert.equal(new Set(ranks).size, count * rounds)
        assert.equal((await store.range({ prefix: 'skein/double-barriers/x/members/' })).count, 0)
      })
  })

  test('who comes too many waits for the next round', async () => {
    await simulated(1, async ({ store, sleep }) => {
      const inside: Inside[] = []
      const entering = Array.from({ length: 4 }, () =>
        store
          .doubleBarrier('x', { count: 2 })
          .enter()
          .then(entered => inside.push(entered)),
      )
      await sleep(100)
      assert.equal(inside.length, 2)
      const leaving = inside.splice(0).map(entered => entered.leave())
      await Promise.all([...leaving, ...entering])
      assert.equal(inside.length, 2)
    })
  })

  test('one that dies is waited for as long as its lease lasts, and no round is begun with it', async () => {
    await simulated(1, async ({ store, sleep }) => {
      const barrier = store.doubleBarrier('x', { count: 2, ttlMs: 1000 })
      const members = 'skein/double-barriers/x/members/'
      const stop = new AbortController()
      const first = barrier.enter({ signal: stop.signal })
      await sleep(10)
      stop.abort()
      await assert.rejects(first, { name: 'CancelledError' })
      assert.equal((await store.range({ prefix: members })).count, 0)
      const [a, b] = await Promise.all([barrier.enter(), barrier.enter()])
      // As if the other one's process were gone.
      const { entries } = await store.range({ prefix: members })
      await store.delete(entries[b.rank].key)
      await a.leave()
      await assert.rejects(barrier.enter({ timeoutMs: 100 }), { name: 'TimeoutError' })
      const [c, d] = await Promise.all([barrier.enter(), barrier.enter()])
      assert.ok(c.round === d.round && c.round > a.round)
      const leaving = c.leave({ timeoutMs: 100 })
      await assert.rejects(leaving, { name: 'TimeoutError' })
      await d.leave()
      assert.throws(() => store.doubleBarrier('x', { count: 0 }), { name: 'ArgumentError' })
    })
  })
})

describe('a latch', () => {
  test('opens when it was counted down so often, and stays open', async () => {
    await simulated(1, async ({ store, sleep }) => {
      const latch = store.latch('x', { count: 3 })
      let passed = 0
      const waiting = [1, 2].map(() => latch.wait().then(() => passed++))
      assert.equal(await latch.remaining(), 3)
      const left = await Promise.all([latch.countDown(), store.latch('x', { count: 3 }).countDown()])
      assert.deepEqual(left.sort(), [1, 2])
      await sleep(1000)
      assert.equal(passed, 0)
      assert.equal(await latch.countDown(), 0)
      await Promise.all(waiting)
      assert.equal(await latch.countDown(), 0)
      await latch.wait()
      await latch.reset()
      assert.equal(await latch.remaining(), 3)
      await assert.rejects(latch.wait({ timeoutMs: 10 }), { name: 'TimeoutError' })
      assert.throws(() => store.latch('x', { count: 1.5 }), { name: 'ArgumentError' })
    })
  })
})
