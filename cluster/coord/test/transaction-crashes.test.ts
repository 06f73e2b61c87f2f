// A process that runs a transaction dies: before or after each of the requests that it makes. Others must find all of it done, or nothing, and go on.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { open, percolator, type Store, type Transactions, type Tx, twoPhase } from '../src/index.ts'
import { type Place, simulated } from './simulated.ts'

const ttlMs = 1000

/** Requests of one process until it dies: its last one is made, or is not; none is answered any more. */
class Life {
  private left: number
  private readonly isLastMade: boolean
  made = 0

  constructor(requests: number, isLastMade: boolean) {
    this.left = requests
    this.isLastMade = isLastMade
  }

  of(store: Store): Store {
    const request = <T>(make: () => Promise<T>): Promise<T> => {
      if (this.left > 0) {
        this.left--
        this.made++
        return make()
      }
      if (this.left === 0 && this.isLastMade) void make().catch(() => {})
      this.left = -1
      return new Promise(() => {})
    }
    return new Proxy(store, {
      get: (target, name) => {
        if (name === 'lease') return () => request(() => target.lease({ ttlMs, keepAlive: false }))
        const value = Reflect.get(target, name)
        return typeof value === 'function' ? (...given: unknown[]) => request(() => value.apply(target, given)) : value
      },
    })
  }
}

const kinds: Record<string, (stores: readonly Store[]) => Transactions> = {
  'two-phase commit': stores => twoPhase(stores, { ttlMs, shardOf }),
  percolator: stores => percolator(stores, { ttlMs, shardOf }),
  'percolator, serializable': stores => percolator(stores, { ttlMs, shardOf, isolation: 'serializable' }),
}

const shardOf = (key: string) => key.charCodeAt(0) - 97
const number = (value: Uint8Array | undefined) => Number(new TextDecoder().decode(value))
const read = (tx: Tx) => Promise.all(['a', 'b', 'b2', 'c'].map(async key => number(await tx.get(key))))

/** Moves 10 from one key to others, in three stores, and dies. Returns whether it had begun to change anything, and what others find. */
const die = async (
  { store, sleep }: Place,
  make: (stores: readonly Store[]) => Transactions,
  requests: number,
  isLastMade: boolean,
): Promise<{ isOver: boolean; isDone: boolean; waitedMs: number; stores: readonly Store[] }> => {
  const { clock, chance } = store
  const stores = [store, await open('memory:', { clock, chance }), await open('memory:', { clock, chance })]
  await using t = make(stores)
  await t.transaction(tx => {
    for (const key of ['a', 'b', 'b2', 'c']) tx.put(key, '100')
  })
  await sleep(10)
  const life = new Life(requests, isLastMade)
  let isOver = false
  const dying = make(stores.map(store => life.of(store)))
  void dying
    .transaction(async tx => {
      for (const [key, by] of [
        ['a', -10],
        ['b', 3],
        ['b2', 3],
        ['c', 4],
      ] as const)
        tx.put(key, String(number(await tx.get(key)) + by))
    })
    .then(() => (isOver = true))
  await sleep(100)
  const beganMs = clock.monotonicMs()
  const values = await t.transaction(read)
  const waitedMs = clock.monotonicMs() - beganMs
  const isDone = values[0] === 90
  assert.deepEqual(values, isDone ? [90, 103, 103, 104] : [100, 100, 100, 100], `after ${requests} requests`)
  if (isOver) assert.ok(isDone)
  // Others can write all of it.
  await t.transaction(async tx => {
    for (const key of ['c', 'b2', 'b', 'a']) tx.put(key, String(number(await tx.get(key)) + 1))
  })
  assert.deepEqual(
    await t.transaction(read),
    values.map(value => value + 1),
  )
  return { isOver, isDone, waitedMs, stores }
}

for (const [name, make] of Object.entries(kinds))
  describe(name, () => {
    test('a process that dies at any step has done all or nothing, and others go on', async () => {
      const counts = { done: 0, undone: 0, blocked: 0, steps: 0 }
      for (const isLastMade of [true, false])
        for (let requests = 0, isOver = false; !isOver; requests++) {
          await simulated(requests, async place => {
            const judged = await die(place, make, requests, isLastMade)
            isOver = judged.isOver && requests > 30
            counts.steps++
            counts[judged.isDone ? 'done' : 'undone']++
            // Who meets what it has left waits until its lease is over, and no longer.
            if (judged.waitedMs > ttlMs / 2) counts.blocked++
            assert.ok(judged.waitedMs < 2 * ttlMs)
          })
        }
      assert.ok(counts.done > 4 && counts.undone > 8 && counts.blocked > 2, JSON.stringify(counts))
    })
  })

test('two-phase commit blocks: while the store that decides is out of reach, so are keys of others', async () => {
  await simulated(1, async ({ store, sleep }) => {
    const { clock, chance } = store
    const stores = [store, await open('memory:', { clock, chance }), await open('memory:', { clock, chance })]
    let isParted = false
    const parted = new Proxy(store, {
      get: (target, name) => {
        const value = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...given: unknown[]) =>
          isParted ? Promise.reject(new Error('unreachable')) : value.apply(target, given)
      },
    })
    await using t = twoPhase(stores, { ttlMs, shardOf })
    await t.transaction(tx => {
      for (const key of ['a', 'b', 'c']) tx.put(key, '1')
    })
    await sleep(10)
    // Dies after it has prepared, and before it decides: reads, a session (lease and key), three prepares.
    const life = new Life(3 + 2 + 3, false)
    const dying = twoPhase(
      stores.map(store => life.of(store)),
      { ttlMs, shardOf },
    )
    void dying.transaction(async tx => {
      for (const key of ['a', 'b', 'c']) tx.put(key, String(number(await tx.get(key)) + 1))
    })
    await sleep(100)
    isParted = true
    await using other = twoPhase([parted, stores[1], stores[2]], { ttlMs, shardOf })
    // Its lease has long been over; but only the store that is out of reach can say what was decided.
    await sleep(5 * ttlMs)
    await assert.rejects(
      other.transaction(tx => tx.get('b')),
      /unreachable/,
    )
    isParted = false
    assert.equal(number(await other.transaction(tx => tx.get('b'))), 1)
  })
})
