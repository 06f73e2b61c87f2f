import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulated } from './simulated.ts'

test('a counter loses nothing, and gives each sum once', async () => {
  for (const seed of [1, 2, 3])
    await simulated(seed, async ({ store, sleep, simulation }) => {
      const sums: number[] = []
      await Promise.all(
        Array.from({ length: 5 }, async () => {
          const counter = store.counter('x')
          for (let i = 0; i < 10; i++) {
            sums.push(...(await Promise.all([counter.add(), counter.add(2), counter.add(-1)])))
            await sleep(5 * simulation.chance.uniform())
          }
        }),
      )
      const counter = store.counter('x')
      assert.equal(await counter.get(), 100)
      await counter.set(7)
      // What it remembers of its own is no longer so.
      assert.equal(await store.counter('x').add(), 8)
      assert.equal(await counter.add(0), 8)
    })
})

test('a counter stays within the safe whole numbers', async () => {
  await simulated(1, async ({ store }) => {
    const counter = store.counter('x')
    assert.equal(await counter.get(), 0)
    await counter.set(Number.MAX_SAFE_INTEGER - 1)
    const settled = await Promise.allSettled([counter.add(1), counter.add(1), counter.add(-5)])
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.equal(await counter.get(), Number.MAX_SAFE_INTEGER - 5)
    for (const by of [0.5, Number.NaN, '1' as never, 2 ** 60]) {
      await assert.rejects(counter.add(by), { name: 'ArgumentError' })
      await assert.rejects(counter.set(by), { name: 'ArgumentError' })
    }
    await store.put('skein/counters/x', 'many')
    await assert.rejects(counter.get(), { name: 'StoredValueError' })
    await assert.rejects(counter.add(), { name: 'StoredValueError' })
    assert.throws(() => store.counter('a/b'), { name: 'ArgumentError' })
  })
})

test('a sequence gives each number once, few of them by asking the store', async () => {
  await simulated(1, async ({ store }) => {
    const [a, b] = [store.sequence('x', { block: 10 }), store.sequence('x', { block: 10 })]
    const numbers = await Promise.all(Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? a : b).next()))
    assert.equal(new Set(numbers).size, 60)
    const before = await store.revision()
    assert.equal(before, 6)
    const ofA = numbers.filter((_, i) => i % 3 === 0)
    assert.deepEqual(
      ofA,
      [...ofA].sort((a, b) => a - b),
    )
    assert.throws(() => store.sequence('x', { block: 0 }), { name: 'ArgumentError' })
  })
})

test('once: one runs it, and all have what it gave; if it fails, the next one runs it', async () => {
  await simulated(1, async ({ store, sleep }) => {
    let runs = 0
    const failing = store.once('x', () => {
      runs++
      throw new Error('not now')
    })
    await assert.rejects(failing, /not now/)
    const run = async () => {
      await sleep(100)
      return { run: ++runs }
    }
    const given = await Promise.all(Array.from({ length: 4 }, () => store.once('x', run)))
    assert.deepEqual(given, Array(4).fill({ run: 2 }))
    assert.deepEqual(await store.once('x', run), { run: 2 })
    assert.equal(await store.once('y', () => {}), null)
    assert.equal(await store.once('y', () => {}), null)
    // Whose lock was lost meanwhile, of that one it does not count.
    const late = store.once('z', async () => {
      const [entry] = (await store.range({ prefix: 'skein/locks/once z/' })).entries
      await store.delete(entry.key)
      return 1
    })
    await assert.rejects(late, { name: 'LeaseLostError' })
    assert.equal(await store.once('z', () => 2), 2)
    await assert.rejects(
      store.once('w', () => 1n),
      { name: 'ArgumentError' },
    )
    await assert.rejects(
      store.once('', () => 1),
      { name: 'ArgumentError' },
    )
  })
})
