// What is kept up to date: configuration, members.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Coordinator, type MemberEvent, type Range, type Store, type WatchOptions } from '../src/index.ts'
import { simulated } from './simulated.ts'

/** A store that can be away: reads and watches fail then. */
const leaky = (store: Store): { store: Coordinator; isAway: boolean; breakWatches(): void } => {
  const aborts = new Set<AbortController>()
  const gone = new Error('the store cannot be reached')
  const made = {
    isAway: false,
    breakWatches: () => {
      for (const abort of aborts) abort.abort(gone)
    },
    store: new Coordinator(
      new Proxy(store, {
        get: (target, name) => {
          if (name === 'range') return (range: Range) => (made.isAway ? Promise.reject(gone) : target.range(range))
          if (name === 'watch')
            return async function* (range: Range, options: WatchOptions) {
              const abort = new AbortController()
              aborts.add(abort)
              options.signal?.addEventListener('abort', () => abort.abort())
              if (made.isAway) throw gone
              yield* target.watch(range, { ...options, signal: abort.signal })
            }
          const value = Reflect.get(target, name, target)
          return typeof value === 'function' ? value.bind(target) : value
        },
      }),
    ),
  }
  return made
}

const positive = (value: unknown): { limit: number } => {
  const { limit } = value as { limit: number }
  if (!(limit > 0)) throw new RangeError(`limit must be above 0, but it is ${limit}`)
  return { limit }
}

describe('a configuration', () => {
  test('is what was set last, everywhere', async () => {
    await simulated(1, async ({ store, sleep }) => {
      await using here = await store.config('x', { initial: { limit: 1 } })
      await using there = await store.config<{ limit: number }>('x')
      assert.deepEqual(here.value, { limit: 1 })
      assert.equal(there.value, undefined)
      assert.equal(here.revision, 0)
      const told: number[] = []
      const stop = there.onChange(value => told.push(value?.limit))
      await here.set({ limit: 2 })
      await sleep(10)
      assert.deepEqual([here.value, there.value], [{ limit: 2 }, { limit: 2 }])
      assert.equal(here.revision, await store.revision())
      await Promise.all(Array.from({ length: 10 }, () => here.update(({ limit }) => ({ limit: limit + 1 }))))
      assert.deepEqual(await there.update(({ limit }) => ({ limit: limit * 2 })), { limit: 24 })
      await sleep(10)
      stop()
      await here.unset()
      await sleep(10)
      assert.deepEqual(told, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 24])
      assert.deepEqual(here.value, { limit: 1 })
    })
  })

  test('each value is told, of those that come too fast the last, until it is closed', async () => {
    await simulated(1, async ({ store, sleep }) => {
      const config = await store.config<number>('x', { initial: 0 })
      const seen: number[] = []
      const reading = (async () => {
        for await (const value of config) {
          seen.push(value)
          await sleep(100)
        }
      })()
      for (let i = 1; i <= 20; i++) {
        await config.set(i)
        await sleep(20)
      }
      await sleep(1000)
      assert.equal(seen[0], 0)
      assert.equal(seen.at(-1), 20)
      assert.ok(seen.length < 10)
      const stop = new AbortController()
      const other = config.values({ signal: stop.signal })
      assert.equal((await other.next()).value, 20)
      const next = other.next()
      stop.abort()
      await assert.rejects(next, { name: 'CancelledError' })
      config.close()
      await reading
      await config.set(21)
      await sleep(10)
      assert.equal(config.value, 20)
    })
  })

  test('what is wrong is not set; set by others it is told of, and the last that was right stays', async () => {
    await simulated(1, async ({ store, sleep }) => {
      const problems: string[] = []
      const onProblem = (error: unknown) => problems.push((error as Error).message)
      await using config = await store.config('x', { initial: { limit: 1 }, check: positive, onProblem })
      await config.set({ limit: 5 })
      await assert.rejects(config.set({ limit: 0 }), /limit must be above 0/)
      await assert.rejects(
        config.update(({ limit }) => ({ limit: limit - 5 })),
        /limit must be above 0/,
      )
      await store.put('skein/config/x', '{"limit":-1}')
      await store.put('skein/config/x', 'limit: 7')
      await sleep(10)
      assert.deepEqual(config.value, { limit: 5 })
      assert.match(problems.join(), /it is -1.*is not what belongs there/)
      await assert.rejects(store.config('x', { check: positive }), { name: 'StoredValueError' })
      await config.set({ limit: 6 })
      await sleep(10)
      assert.deepEqual(config.value, { limit: 6 })
      await assert.rejects(store.config('a/b'), { name: 'ArgumentError' })
      await assert.rejects(config.set(1n as never), Error)
    })
  })

  test('while the store is away it is as it was; after that, and after what is forgotten, it is as it is', async () => {
    await simulated(1, async ({ store, sleep }) => {
      const remote = leaky(store)
      const problems = new Set<string>()
      const config = await remote.store.config<number>('x', { onProblem: error => problems.add(String(error)) })
      await store.put('skein/config/x', '1')
      await sleep(10)
      assert.equal(config.value, 1)
      remote.isAway = true
      remote.breakWatches()
      await store.put('skein/config/x', '2')
      await sleep(10_000)
      assert.equal(config.value, 1)
      assert.ok([...problems].some(problem => /cannot be reached/.test(problem)))
      await store.compact(await store.revision())
      remote.isAway = false
      await sleep(5000)
      assert.equal(config.value, 2)
      await store.put('skein/config/x', '3')
      await sleep(10)
      assert.equal(config.value, 3)
      config.close()
      remote.isAway = true
      await assert.rejects(remote.store.config('x'), /cannot be reached/)
    })
  })

  test('ends with the store', async () => {
    await simulated(1, async ({ store }) => {
      const config = await store.config<number>('x', { initial: 1 })
      const values = config[Symbol.asyncIterator]()
      assert.equal((await values.next()).value, 1)
      const next = values.next()
      next.catch(() => {})
      await store.close()
      await assert.rejects(next, { name: 'StoreClosedError' })
      assert.equal(config.value, 1)
    })
  })
})

describe('members', () => {
  test('are listed, and told as they join, change and leave, and when their lease ends', async () => {
    await simulated(1, async ({ store, sleep }) => {
      const group = store.members<{ at: string }>('x')
      const a = await group.join({ at: 'a' })
      const told: string[] = []
      const stop = new AbortController()
      const watching = (async () => {
        for await (const { type, member } of group.watch({ signal: stop.signal }))
          told.push(`${member.data.at} ${type}`)
      })()
      await sleep(10)
      const b = await group.join({ at: 'b' }, { ttlMs: 1000 })
      assert.deepEqual(
        (await group.list()).map(({ id, token, data }) => [id, token, data.at]),
        [
          [a.id, a.token, 'a'],
          [b.id, b.token, 'b'],
        ],
      )
      await a.update({ at: 'elsewhere' })
      await a.leave()
      await assert.rejects(a.update({ at: 'nowhere' }), { name: 'LeaseLostError' })
      assert.equal(a.signal.aborted, true)
      // As if its process were gone: its lease ends.
      await store.delete(b.owner.key)
      await assert.rejects(b.update({ at: 'nowhere' }), { name: 'LeaseLostError' })
      await sleep(10)
      stop.abort()
      await assert.rejects(watching, { name: 'CancelledError' })
      assert.deepEqual(told, ['a joined', 'b joined', 'elsewhere changed', 'elsewhere left', 'b left'])
      assert.deepEqual(await group.list(), [])
      await assert.rejects(group.join(undefined as never), { name: 'ArgumentError' })
      await assert.rejects(group.join({ at: 'a' }, { ttlMs: -1 }), { name: 'ArgumentError' })
      assert.throws(() => store.members(''), { name: 'ArgumentError' })
    })
  })

  test('who left and came while the store was away is told afterwards', async () => {
    await simulated(1, async ({ store, sleep }) => {
      const remote = leaky(store)
      const [here, there] = [store.members<string>('x'), remote.store.members<string>('x')]
      const a = await here.join('a')
      await here.join('b')
      const events: MemberEvent<string>[] = []
      const stop = new AbortController()
      const watching = (async () => {
        for await (const event of there.watch({ signal: stop.signal })) events.push(event)
      })()
      await sleep(10)
      remote.isAway = true
      remote.breakWatches()
      await a.leave()
      await here.join('c')
      await sleep(1000)
      assert.equal(events.length, 2)
      remote.isAway = false
      await sleep(5000)
      stop.abort()
      await assert.rejects(watching, { name: 'CancelledError' })
      assert.deepEqual(
        events.map(({ type, member }) => `${member.data} ${type}`),
        ['a joined', 'b joined', 'a left', 'c joined'],
      )
    })
  })
})
