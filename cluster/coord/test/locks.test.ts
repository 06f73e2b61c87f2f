import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Held, holders, LeaseLostError, lock, readLock, semaphore, tryLock } from '../src/index.ts'
import { type Place, simulated } from './simulated.ts'

/** Clients that take and release at random; counts who holds, and how. */
const crowd = async (
  { simulation, sleep }: Place,
  count: number,
  take: (i: number) => Promise<Held>,
  check: (holders: ReadonlySet<number>, i: number) => void,
): Promise<number[]> => {
  const holders = new Set<number>()
  const tokens: number[] = []
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      for (let n = 0; n < 5; n++) {
        await sleep(20 * simulation.chance.uniform())
        const held = await take(i)
        holders.add(i)
        check(holders, i)
        tokens.push(held.token)
        await sleep(10 * simulation.chance.uniform())
        assert.equal(held.signal.aborted, false)
        holders.delete(i)
        await held.release()
      }
    }),
  )
  assert.equal(tokens.length, 5 * count)
  return tokens
}

describe('locks', () => {
  test('one holds at a time, each with a larger token than the one before, in the order in which they came', async () => {
    for (const seed of [1, 2, 3])
      await simulated(seed, async place => {
        const tokens = await crowd(
          place,
          8,
          () => lock(place.store, 'x'),
          holders => assert.equal(holders.size, 1),
        )
        assert.deepEqual(
          tokens,
          [...tokens].sort((a, b) => a - b),
        )
        assert.equal(new Set(tokens).size, tokens.length)
        assert.equal((await place.store.range({ prefix: '' })).count, 0)
      })
  })

  test('different names do not wait for each other', async () => {
    await simulated(1, async ({ store }) => {
      const [a, b] = [await lock(store, 'a'), await lock(store, 'b')]
      assert.notEqual(a.token, b.token)
    })
  })

  test('many read, one writes, and who waits to write is not passed', async () => {
    for (const seed of [1, 2, 3])
      await simulated(seed, async place => {
        const isWriter = (i: number) => i % 3 === 0
        let most = 0
        await crowd(
          place,
          9,
          i => (isWriter(i) ? lock : readLock)(place.store, 'x'),
          holders => {
            most = Math.max(most, holders.size)
            if ([...holders].some(isWriter)) assert.equal(holders.size, 1)
          },
        )
        assert.ok(most > 1)
      })
    await simulated(1, async ({ store, sleep }) => {
      const order: string[] = []
      const reader = await readLock(store, 'x')
      const writing = lock(store, 'x').then(held => (order.push('writer'), held.release()))
      await sleep(10)
      const late = readLock(store, 'x').then(held => (order.push('reader'), held.release()))
      await sleep(10)
      await reader.release()
      await Promise.all([writing, late])
      assert.deepEqual(order, ['writer', 'reader'])
    })
  })

  test('a semaphore has as many holders as permits, and all of them are used', async () => {
    for (const seed of [1, 2, 3])
      await simulated(seed, async place => {
        let most = 0
        await crowd(
          place,
          8,
          () => semaphore(place.store, 'x', 3),
          holders => {
            most = Math.max(most, holders.size)
            assert.ok(holders.size <= 3)
          },
        )
        assert.equal(most, 3)
      })
  })

  test('it is tried, and not waited for', async () => {
    await simulated(1, async ({ store }) => {
      const first = await tryLock(store, 'x')
      assert.ok(first)
      assert.equal(await tryLock(store, 'x'), undefined)
      await first.release()
      const [a, b] = await Promise.all([tryLock(store, 'x'), tryLock(store, 'x')])
      assert.ok(!(a && b))
      const permits = await Promise.all([1, 2].map(() => semaphore(store, 'y', 2, { timeoutMs: 0 })))
      await assert.rejects(semaphore(store, 'y', 2, { timeoutMs: 0 }), { name: 'TimeoutError', limitMs: 0 })
      await permits[0].release()
      await semaphore(store, 'y', 2, { timeoutMs: 0 })
    })
  })

  test('a holder that is silent loses it, and knows before the next one has it', async () => {
    await simulated(1, async ({ store, sleep }) => {
      const first = await lock(store, 'x', { ttlMs: 1000 })
      // As if its process were paused: the lease is not renewed.
      const [entry] = (await store.range({ prefix: 'skein/locks/x/' })).entries
      const next = lock(store, 'x')
      const told = new Promise<void>(resolve => first.signal.addEventListener('abort', () => resolve()))
      await store.delete(entry.key)
      const second = await next
      assert.ok(second.token > first.token)
      await sleep(10)
      await first.release()
      await told
      assert.ok(first.signal.reason instanceof LeaseLostError)
    })
  })

  test('waiting ends by its signal, and leaves no key behind', async () => {
    await simulated(1, async ({ store, sleep }) => {
      const first = await lock(store, 'x')
      const stop = new AbortController()
      const waiting = lock(store, 'x', { signal: stop.signal })
      const next = lock(store, 'x')
      await sleep(10)
      stop.abort(new Error('enough'))
      await assert.rejects(waiting, { name: 'CancelledError' })
      await first.release()
      await (await next).release()
      assert.equal((await store.range({ prefix: '' })).count, 0)
      await assert.rejects(lock(store, 'x', { signal: AbortSignal.abort() }), { name: 'CancelledError' })
    })
  })

  test('waiting ends when its time is over, and leaves no key behind', async () => {
    await simulated(1, async ({ store, simulation }) => {
      const first = await lock(store, 'x')
      const begunMs = simulation.timeMs
      for (const wait of [lock, readLock])
        await assert.rejects(wait(store, 'x', { timeoutMs: 500 }), { name: 'TimeoutError', limitMs: 500 })
      assert.equal(Math.round(simulation.timeMs - begunMs), 1000)
      await first.release()
      assert.equal((await store.range({ prefix: '' })).count, 0)
      await assert.rejects(lock(store, 'x', { timeoutMs: Number.NaN }), { name: 'ArgumentError' })
    })
  })

  test('what is done if its owner still holds it is not done by one that was late', async () => {
    await simulated(1, async ({ store }) => {
      const first = await lock(store, 'x')
      const write = (held: Held, value: string) =>
        store.transact({ if: [held.owner], do: [{ op: 'put', key: 'written', value }] })
      assert.equal((await write(first, 'first')).succeeded, true)
      await store.delete(first.owner.key)
      await using second = await lock(store, 'x')
      assert.equal((await write(first, 'late')).succeeded, false)
      assert.equal((await write(second, 'second')).succeeded, true)
      assert.equal(new TextDecoder().decode((await store.get('written'))?.value), 'second')
    })
  })

  test('who holds it is told, and not who waits', async () => {
    await simulated(1, async ({ store, sleep }) => {
      const told = async () => (await holders(store, 'x')).map(({ kind, note }) => `${note} ${kind}s`)
      assert.deepEqual(await told(), [])
      const a = await readLock(store, 'x', { note: 'a' })
      const b = await readLock(store, 'x', { note: 'b' })
      const writing = lock(store, 'x', { note: 'c' })
      await sleep(10)
      const late = readLock(store, 'x', { note: 'd' })
      await sleep(10)
      assert.deepEqual(await told(), ['a reads', 'b reads'])
      await Promise.all([a.release(), b.release()])
      const c = await writing
      assert.deepEqual(await told(), ['c writes'])
      await c.release()
      await late
      assert.deepEqual(await told(), ['d reads'])
    })
  })

  test('arguments that are none are refused', async () => {
    await simulated(1, async ({ store }) => {
      for (const call of [
        () => lock(store, ''),
        () => lock(store, 'a/b'),
        () => lock(store, 'a', { ttlMs: 0 }),
        () => readLock(store, 5 as never),
        () => semaphore(store, 'a', 0),
        () => semaphore(store, 'a', 1.5),
        () => tryLock(store, 'a', { ttlMs: Number.NaN }),
      ])
        await assert.rejects(call, { name: 'ArgumentError' })
    })
  })
})
