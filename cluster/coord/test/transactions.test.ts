import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findAnomalies, type MicroOperation, type Transaction } from '../../../testing/src/consistency/anomalies.ts'
import {
  type Operation,
  open,
  optimistic,
  percolator,
  type Store,
  type Transactions,
  type Tx,
  twoPhase,
} from '../src/index.ts'
import { type Place, simulated } from './simulated.ts'

const text = (value: Uint8Array | undefined): string | undefined => value && new TextDecoder().decode(value)
const add =
  (key: string, by = 1) =>
  async (tx: Tx) => {
    const before = Number(text(await tx.get(key)) ?? 0)
    tx.put(key, String(before + by))
    return before
  }

interface Kind {
  readonly name: string
  readonly shards: number
  readonly make: (stores: readonly Store[]) => Transactions
  readonly hasRanges: boolean
}

const kinds: readonly Kind[] = [
  { name: 'optimistic', shards: 1, make: ([store]) => optimistic(store), hasRanges: true },
  { name: 'two-phase commit, one store', shards: 1, make: stores => twoPhase(stores), hasRanges: false },
  { name: 'two-phase commit', shards: 3, make: stores => twoPhase(stores), hasRanges: false },
  { name: 'percolator, one store', shards: 1, make: stores => percolator(stores), hasRanges: true },
  { name: 'percolator', shards: 3, make: stores => percolator(stores), hasRanges: true },
  {
    name: 'percolator, serializable',
    shards: 3,
    make: stores => percolator(stores, { isolation: 'serializable' }),
    hasRanges: false,
  },
]

/** Stores with the clock of the simulation. */
const withStores = (
  { shards }: Kind,
  use: (stores: readonly Store[], place: Place) => Promise<void>,
  seed = 1,
): Promise<void> =>
  simulated(seed, async place => {
    const { clock, chance } = place.store
    const more = await Promise.all(Array.from({ length: shards - 1 }, () => open('memory:', { clock, chance })))
    await use([place.store, ...more], place)
  })

for (const kind of kinds)
  describe(kind.name, () => {
    test('what is written is read, by itself and by later ones; deleted it is gone', async () => {
      await withStores(kind, async stores => {
        await using t = kind.make(stores)
        const result = await t.transaction(async tx => {
          assert.equal(await tx.get('a'), undefined)
          for (const key of 'abcdef') tx.put(key, `${key}1`)
          assert.equal(text(await tx.get('a')), 'a1')
          tx.delete('b')
          assert.equal(await tx.get('b'), undefined)
          return 5
        })
        assert.equal(result, 5)
        await using other = kind.make(stores)
        const values = await other.transaction(tx =>
          Promise.all([...'abcdef'].map(async key => text(await tx.get(key)))),
        )
        assert.deepEqual(values, ['a1', undefined, 'c1', 'd1', 'e1', 'f1'])
        await other.transaction(tx => [...'abcdef'].map(key => tx.delete(key)))
        const gone = await t.transaction(tx => Promise.all([...'abcdef'].map(key => tx.get(key))))
        assert.ok(gone.every(value => value === undefined))
      })
    })

    test('many that add to the same keys lose nothing', async () => {
      await withStores(kind, async (stores, { sleep, simulation }) => {
        const all = Array.from({ length: 4 }, () => kind.make(stores))
        await Promise.all(
          all.flatMap((t, i) =>
            Array.from({ length: 5 }, async () => {
              await sleep(50 * simulation.chance.uniform())
              await t.transaction(async tx => {
                await add('x')(tx)
                await sleep(2 * simulation.chance.uniform())
                await add(`y${i}`)(tx)
              })
            }),
          ),
        )
        const [x, ...ys] = await all[0].transaction(tx =>
          Promise.all(['x', 'y0', 'y1', 'y2', 'y3'].map(async key => Number(text(await tx.get(key))))),
        )
        assert.deepEqual([x, ...ys], [20, 5, 5, 5, 5])
        await Promise.all(all.map(t => t.close()))
        // Nothing is left of them but what is theirs for good.
        for (const store of stores) {
          const { entries } = await store.range({ prefix: 'skein/transactions/' })
          const left = entries.filter(({ key }) => /locks|records|sessions/.test(key))
          assert.deepEqual(left, [])
        }
      })
    })

    test('an error of the program ends it, and nothing is written', async () => {
      await withStores(kind, async stores => {
        await using t = kind.make(stores)
        await t.transaction(add('x'))
        let runs = 0
        const failing = t.transaction(async tx => {
          runs++
          await add('x')(tx)
          tx.put('y', '1')
          throw new RangeError('no')
        })
        await assert.rejects(failing, RangeError)
        assert.equal(runs, 1)
        assert.deepEqual(await t.transaction(async tx => [text(await tx.get('x')), await tx.get('y')]), [
          '1',
          undefined,
        ])
      })
    })

    test('it is run again on a conflict, until it was often enough; a signal ends it', async () => {
      await withStores(kind, async stores => {
        await using t = kind.make(stores)
        await using other = kind.make(stores)
        await t.transaction(tx => {
          tx.put('x', '0')
          tx.put('y', '0')
        })
        let runs = 0
        const busy = async (tx: Tx) => {
          runs++
          await add('x')(tx)
          await other.transaction(add('x'))
        }
        await assert.rejects(t.transaction(busy, { maxAttempts: 3 }), {
          name: 'TransactionConflictError',
          attempts: 3,
        })
        assert.equal(runs, 3)
        runs = 0
        await t.transaction(async tx => {
          const seen = await add('x')(tx)
          if (runs++ < 2) await other.transaction(add('x'))
          tx.put('y', String(seen))
        })
        assert.deepEqual(await t.transaction(async tx => [text(await tx.get('x')), text(await tx.get('y'))]), [
          '6',
          '5',
        ])
        const stop = new AbortController()
        const stopped = t.transaction(
          async tx => {
            await busy(tx)
            stop.abort(new Error('enough'))
          },
          { signal: stop.signal },
        )
        await assert.rejects(stopped, { name: 'CancelledError' })
        await assert.rejects(
          t.transaction(() => {}, { signal: AbortSignal.abort() }),
          { name: 'CancelledError' },
        )
      })
    })

    test('ranges are those of one moment, with what it has written itself', async () => {
      await withStores(kind, async stores => {
        await using t = kind.make(stores)
        await using other = kind.make(stores)
        await t.transaction(tx => {
          for (const key of ['a/1', 'a/2', 'a/3', 'b']) tx.put(key, key)
        })
        if (!kind.hasRanges) {
          await assert.rejects(
            t.transaction(tx => tx.range({ prefix: '' })),
            { name: 'NotSupportedError' },
          )
          return
        }
        let runs = 0
        const keys = await t.transaction(async tx => {
          const before = await tx.get('a/1')
          if (runs++ === 0)
            await other.transaction(tx => {
              tx.put('a/4', 'late')
              tx.delete('a/1')
            })
          tx.delete('a/2')
          tx.put('a/25', 'own')
          const found = await tx.range({ prefix: 'a/' })
          assert.equal(before === undefined, runs > 1)
          return found.map(({ key, value }) => `${key}=${text(value)}`)
        })
        assert.deepEqual(keys, runs === 1 ? ['a/1=a/1', 'a/25=own', 'a/3=a/3'] : ['a/25=own', 'a/3=a/3', 'a/4=late'])
        assert.deepEqual(
          (await t.transaction(tx => tx.range({ from: 'a/26' }))).map(({ key }) => key),
          ['a/3', 'a/4', 'b'],
        )
      })
    })

    test('arguments that are none are refused', async () => {
      await withStores(kind, async stores => {
        await using t = kind.make(stores)
        let late!: Tx
        await t.transaction(tx => void (late = tx))
        for (const run of [
          (tx: Tx) => tx.get(''),
          (tx: Tx) => tx.get('a\0b'),
          (tx: Tx) => tx.put('skein/transactions/x', ''),
          (tx: Tx) => tx.put('a', 5 as never),
          (tx: Tx) => tx.delete(undefined as never),
          (tx: Tx) => tx.range({} as never),
          () => late.get('a'),
          () => late.put('a', ''),
        ])
          await assert.rejects(t.transaction(run as (tx: Tx) => unknown), { name: 'ArgumentError' })
        await assert.rejects(t.transaction(5 as never), { name: 'ArgumentError' })
        await assert.rejects(
          t.transaction(() => {}, { maxAttempts: Number.NaN }),
          { name: 'ArgumentError' },
        )
      })
    })
  })

test('options that are none are refused', async () => {
  const store = await open('memory:')
  for (const call of [
    () => optimistic(store, { name: 'a/b' }),
    () => twoPhase([]),
    () => twoPhase(store as never),
    () => twoPhase([store], { ttlMs: 0 }),
    () => percolator([store], { unknownMs: Number.NaN }),
    () => percolator([store], { isolation: 'none' as never }),
  ])
    assert.throws(call, { name: 'ArgumentError' })
  await using t = twoPhase([store], { shardOf: () => 1 })
  await assert.rejects(
    t.transaction(tx => tx.get('a')),
    { name: 'ArgumentError' },
  )
})

test('a range that others wrote into is read again, and is a conflict if it has changed', async () => {
  await simulated(1, async ({ store }) => {
    const [t, other] = [optimistic(store), optimistic(store)]
    await t.transaction(tx => tx.put('a/1', '1'))
    let runs = 0
    const count = (key: string) =>
      t.transaction(async tx => {
        const { length } = await tx.range({ prefix: 'a/' })
        if (runs++ === 0) await other.transaction(tx => tx.put(key, ''))
        tx.put('count', String(length))
        return length
      })
    assert.equal(await count('b'), 1)
    assert.equal(runs, 1)
    runs = 0
    assert.equal(await count('a/2'), 2)
    assert.equal(runs, 2)
  })
})

/** Two doctors are on call; each leaves if the other stays. Runs them at once, and gives how many stay. */
const onCall = async (kind: Kind): Promise<{ stay: number; kinds: string[] }> => {
  const history: Transaction[] = []
  let stay = 0
  await withStores(kind, async (stores, { simulation, sleep }) => {
    const [one, two] = [kind.make(stores), kind.make(stores)]
    await one.transaction(tx => {
      tx.put('alice', 'true')
      tx.put('bob', 'true')
    })
    const leave = async (t: Transactions, who: string, other: string): Promise<void> => {
      const begin = simulation.timeMs
      let operations: MicroOperation[] = []
      await t.transaction(async tx => {
        operations = []
        const read = async (key: string) => {
          const list = text(await tx.get(key)) === 'true' ? [] : [`${key} left`]
          operations.push({ op: 'read', key, value: list })
          return list.length === 0
        }
        const [here, there] = [await read(who), await read(other)]
        await sleep(10)
        if (!here || !there) return
        tx.put(who, 'false')
        operations.push({ op: 'append', key: who, value: `${who} left` })
      })
      history.push({ process: who, operations, status: 'committed', begin, end: simulation.timeMs })
    }
    await Promise.all([leave(one, 'alice', 'bob'), leave(two, 'bob', 'alice')])
    const values = await one.transaction(tx => Promise.all(['alice', 'bob'].map(async key => text(await tx.get(key)))))
    const operations = ['alice', 'bob'].map(
      (key, i): MicroOperation => ({ op: 'read', key, value: values[i] === 'true' ? [] : [`${key} left`] }),
    )
    history.push({ process: 'last', operations, status: 'committed', begin: 1e6, end: 1e6 + 1 })
    stay = values.filter(value => value === 'true').length
    await one.close()
    await two.close()
  })
  return { stay, kinds: findAnomalies(history).map(({ kind }) => kind) }
}

for (const kind of kinds)
  test(`${kind.name}: write skew ${kind.make([{} as Store]).isolation === 'snapshot' ? 'happens' : 'does not happen'}`, async () => {
    const { stay, kinds } = await onCall(kind)
    if (kind.make([{} as Store]).isolation === 'snapshot') {
      assert.equal(stay, 0)
      assert.deepEqual(kinds, ['G2'])
    } else {
      assert.equal(stay, 1)
      assert.deepEqual(kinds, [])
    }
  })

test('versions that nobody can see are forgotten, and what dead processes have left is cleared away; who began before is tried again', async () => {
  const kind = kinds[4]
  await withStores(kind, async (stores, { sleep }) => {
    await using t = percolator(stores)
    for (let i = 0; i < 5; i++)
      await t.transaction(tx => {
        for (const key of 'abcde') tx.put(key, String(i))
      })
    await t.transaction(tx => tx.delete('e'))
    // Locks, and a process that is gone.
    const dyingAt = (store: Store, name: string | symbol) => {
      const value = Reflect.get(store, name)
      if (name === 'lease') return () => store.lease({ ttlMs: 100, keepAlive: false })
      if (name !== 'transact') return typeof value === 'function' ? value.bind(store) : value
      return (given: { do: Operation[] }) => {
        const isCommit = given.do.some(o => o.op === 'put' && o.key.includes('/versions/'))
        return isCommit ? new Promise(() => {}) : store.transact(given)
      }
    }
    const gone = percolator(stores.map(store => new Proxy(store, { get: (s, name) => dyingAt(s, name) })))
    void gone.transaction(tx => {
      for (const key of 'abcde') tx.put(key, 'never')
    })
    await sleep(200)
    let runs = 0
    const seen = await t.transaction(async tx => {
      const first = text(await tx.get('a'))
      if (runs++ === 0) assert.ok((await t.collect()) >= 21)
      return [first, text(await tx.get('b')), await tx.get('e')]
    })
    assert.deepEqual(seen, ['4', '4', undefined])
    assert.equal(runs, 2)
    assert.equal(await t.collect(), 0)
    let left = 0
    for (const store of stores) left += (await store.range({ prefix: 'skein/transactions/default/versions/' })).count
    assert.equal(left, 4)
  })
})
