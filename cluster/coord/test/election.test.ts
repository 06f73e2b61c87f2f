import assert from 'node:assert/strict'
import { test } from 'node:test'
import { campaign, leader, leaders } from '../src/index.ts'
import { simulated } from './simulated.ts'

test('one leads at a time, each with a larger token, and those who watch are told of all', async () => {
  for (const seed of [1, 2, 3])
    await simulated(seed, async ({ store, sleep, simulation }) => {
      const seen: (string | undefined)[] = []
      const stop = new AbortController()
      const watching = (async () => {
        for await (const now of leaders(store, 'x', { signal: stop.signal })) seen.push(now?.value)
      })()
      await sleep(1)
      const order: string[] = []
      let last = 0
      await Promise.all(
        Array.from({ length: 5 }, async (_, i) => {
          await sleep(20 * simulation.chance.uniform())
          const term = await campaign(store, 'x', { value: `candidate ${i}` })
          assert.ok(term.token > last)
          last = term.token
          order.push(`candidate ${i}`)
          assert.deepEqual(await leader(store, 'x'), { value: `candidate ${i}`, token: term.token })
          await sleep(10 + 10 * simulation.chance.uniform())
          await term.release()
        }),
      )
      await sleep(10)
      assert.equal(await leader(store, 'x'), undefined)
      stop.abort()
      await assert.rejects(watching, { name: 'CancelledError' })
      // Between two leaders there may be nobody.
      assert.deepEqual(
        seen.filter(value => value !== undefined),
        order,
      )
    })
})

test('a leader renews its lease, and is followed by another when it resigns', async () => {
  await simulated(1, async ({ store, sleep }) => {
    const first = await campaign(store, 'x', { ttlMs: 1000 })
    const next = campaign(store, 'x')
    let knows = false
    first.signal.addEventListener('abort', () => {
      knows = true
    })
    await sleep(3000)
    assert.equal(first.signal.aborted, false, 'it renews its lease')
    await first.release()
    assert.equal(knows, true)
    assert.ok((await next).token > first.token)
  })
})

test('a leader says something else of itself, until it leads no more; who watches is told over what is forgotten', async () => {
  await simulated(1, async ({ store, sleep }) => {
    const seen: (string | undefined)[] = []
    const stop = new AbortController()
    const watching = (async () => {
      for await (const now of leaders(store, 'x', { signal: stop.signal })) seen.push(now?.value)
    })()
    const term = await campaign(store, 'x', { value: 'here' })
    await term.proclaim('there')
    assert.deepEqual(await leader(store, 'x'), { value: 'there', token: term.token })
    await sleep(10)
    await store.compact(await store.revision())
    const next = campaign(store, 'x', { value: 'next' })
    await sleep(10)
    await term.release()
    await assert.rejects(term.proclaim('nowhere'), { name: 'LeaseLostError' })
    assert.equal((await leader(store, 'x'))?.value, 'next')
    await (await next).release()
    await sleep(10)
    stop.abort()
    await assert.rejects(watching, { name: 'CancelledError' })
    assert.deepEqual(seen, [undefined, 'here', 'there', 'next', undefined])
  })
})

test('arguments that are none are refused', async () => {
  await simulated(1, async ({ store }) => {
    for (const call of [
      () => campaign(store, ''),
      () => campaign(store, 'a/b'),
      () => campaign(store, 'x', { ttlMs: -1 }),
      () => campaign(store, 'x', { value: 5 as never }),
      () => leader(store, 5 as never),
    ])
      await assert.rejects(call, { name: 'ArgumentError' })
  })
})
