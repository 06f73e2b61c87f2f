import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Queue, type Transaction } from '../src/index.ts'
import { simulated } from './simulated.ts'

describe('a queue', () => {
  test('gives each item to one, the first first, the more urgent before', async () => {
    await simulated(1, async ({ store }) => {
      const queue = store.queue<number>('x')
      assert.equal(await queue.tryTake(), undefined)
      assert.equal(await queue.peek(), undefined)
      await Promise.all([1, 2, 3].map(i => queue.put(i)))
      await queue.put(0, { priority: 1 })
      await store.queue<number>('x').put(4, { priority: -1 })
      await queue.put(5)
      assert.equal(await queue.size(), 6)
      assert.equal(await queue.peek(), 0)
      const taken = await Promise.all(Array.from({ length: 6 }, () => queue.take()))
      assert.deepEqual(taken, [0, 1, 2, 3, 5, 4])
      assert.equal(await queue.size(), 0)
    })
  })

  test('what waits is served in order, one waker an item, and leaves nothing behind', async () => {
    for (const seed of [1, 2, 3])
      await simulated(seed, async ({ store, sleep, simulation }) => {
        const taken: number[] = []
        const takers = Array.from({ length: 5 }, async () => {
          for (let i = 0; i < 4; i++) {
            taken.push(await store.queue<number>('x').take())
            await sleep(20 * simulation.chance.uniform())
          }
        })
        const queue = store.queue<number>('x')
        for (let i = 0; i < 20; i++) {
          await queue.put(i)
          await sleep(10 * simulation.chance.uniform())
        }
        await Promise.all(takers)
        assert.deepEqual(
          taken,
          Array.from({ length: 20 }, (_, i) => i),
        )
        const { entries } = await store.range({ prefix: '' })
        assert.deepEqual(
          entries.map(({ key }) => key),
          ['skein/queues/x/tail'],
        )
      })
  })

  test('an item whose claimer dies, or gives it back, is another’s, at its place', async () => {
    await simulated(1, async ({ store, sleep }) => {
      const queue = store.queue<string>('x', { ttlMs: 1000 })
      for (const item of ['a', 'b', 'c']) await queue.put(item)
      const a = await queue.claim()
      assert.equal(a.value, 'a')
      assert.equal(await queue.size(), 2)
      {
        await using b = await queue.claim()
        assert.equal(b.value, 'b')
      }
      assert.equal(await queue.peek(), 'b')
      // Its lease is renewed as long as it is claimed.
      await sleep(5000)
      assert.equal(a.signal.aborted, false)
      // As if its process were gone.
      await store.delete(a.owner.key)
      const again = await store.queue<string>('x').claim()
      assert.equal(again.value, 'a')
      await assert.rejects(a.done(), { name: 'LeaseLostError' })
      await again.done()
      await again.done()
      await again.release()
      assert.deepEqual([await queue.take(), await queue.take()], ['b', 'c'])
      const waiting = queue.claim()
      await sleep(10)
      await queue.put('d')
      await (await waiting).done()
      assert.equal(await queue.tryClaim(), undefined)
      // The lease of those that claim ends when nobody has for a while.
      await sleep(3000)
      assert.equal((await store.range({ prefix: 'skein/queues/x/items' })).count, 0)
    })
  })

  test('who waits for what another one has claimed gets it when that one is silent', async () => {
    await simulated(1, async ({ store, simulation, sleep }) => {
      const queue = store.queue<string>('x', { ttlMs: 1000 })
      await queue.put('a')
      const lease = await store.lease({ ttlMs: 1000, keepAlive: false })
      const [item] = (await store.range({ prefix: 'skein/queues/x/items/' })).entries
      await store.put(item.key.replace('/items/', '/claims/'), '', { lease: lease.id })
      const begunMs = simulation.timeMs
      const waiting = queue.take().then(value => [value, Math.round(simulation.timeMs - begunMs)])
      await sleep(2000)
      assert.deepEqual(await waiting, ['a', 1000])
    })
  })

  test('waiting ends by its signal and its time, and loses nothing', async () => {
    await simulated(1, async ({ store, sleep }) => {
      const queue = store.queue<number>('x')
      await assert.rejects(queue.take({ timeoutMs: 100 }), { name: 'TimeoutError' })
      const stop = new AbortController()
      const waiting = queue.take({ signal: stop.signal })
      const next = queue.take()
      await sleep(10)
      stop.abort()
      await assert.rejects(waiting, { name: 'CancelledError' })
      await queue.put(1)
      assert.equal(await next, 1)
      await assert.rejects(queue.claim({ signal: AbortSignal.abort() }), { name: 'CancelledError' })
      await queue.put(2)
      await queue.put(3)
      const seen: number[] = []
      for await (const value of queue) {
        seen.push(value)
        if (seen.length === 2) break
      }
      assert.deepEqual(seen, [2, 3])
    })
  })

  test('more claimed than are looked at together; cleared, nobody’s claim counts', async () => {
    await simulated(1, async ({ store }) => {
      const queue = store.queue<number>('x')
      await Promise.all(Array.from({ length: 200 }, (_, i) => queue.put(i)))
      const claims = await Promise.all(Array.from({ length: 150 }, () => queue.claim()))
      assert.deepEqual(
        claims.map(({ value }) => value),
        Array.from({ length: 150 }, (_, i) => i),
      )
      assert.equal(await queue.take(), 150)
      await claims[7].release()
      assert.equal(await queue.take(), 7)
      await queue.clear()
      assert.equal(await queue.size(), 0)
      await assert.rejects(claims[8].done(), { name: 'LeaseLostError' })
    })
  })

  test('what was claimed by a call that was not answered is not kept from others', async () => {
    await simulated(1, async ({ store, sleep }) => {
      let failing = false
      const unanswered = new Proxy(store.store, {
        get: (target, name) => {
          const value = Reflect.get(target, name, target)
          if (typeof value !== 'function') return value
          return async (...args: unknown[]) => {
            const given = await value.apply(target, args)
            if (failing && name === 'transact' && (args[0] as Transaction).if?.length) {
              failing = false
              throw new Error('no answer')
            }
            return given
          }
        },
      })
      const queue = new Queue<string>(unanswered, 'x', { ttlMs: 1000 })
      for (const item of ['a', 'b']) await queue.put(item)
      const a = await queue.claim()
      failing = true
      await assert.rejects(queue.tryClaim(), /no answer/)
      assert.equal(await queue.tryClaim(), undefined)
      // The one that was claimed before is done in its time; with it goes what hangs on its lease.
      await sleep(5000)
      await a.done()
      await sleep(1)
      assert.equal((await queue.tryClaim())?.value, 'b')
    })
  })

  test('what is no item is refused, and what is no JSON said', async () => {
    await simulated(1, async ({ store }) => {
      const queue = store.queue('x')
      await assert.rejects(queue.put(undefined), { name: 'ArgumentError' })
      await assert.rejects(queue.put(1n), { name: 'ArgumentError' })
      await assert.rejects(queue.put(1, { priority: 0.5 }), { name: 'ArgumentError' })
      await assert.rejects(queue.take({ timeoutMs: -1 }), { name: 'ArgumentError' })
      assert.throws(() => store.queue(''), { name: 'ArgumentError' })
      assert.throws(() => store.queue('x', { ttlMs: 0 }), { name: 'ArgumentError' })
      await queue.put(1)
      const [item] = (await store.range({ prefix: 'skein/queues/x/items/' })).entries
      await store.put(item.key, '{')
      const claim = await queue.claim()
      assert.throws(() => claim.value, { name: 'StoredValueError' })
      await claim.release()
      await assert.rejects(queue.take(), { name: 'StoredValueError' })
      await store.put('skein/queues/x/tail', 'x')
      await assert.rejects(queue.put(1), { name: 'StoredValueError' })
    })
  })
})
