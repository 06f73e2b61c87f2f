import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Coordinator, open } from '../src/index.ts'
import { MemoryStore } from '../src/stores/memory.ts'
import { simulated } from './simulated.ts'

test('a lock on a file, by its name, with a token that grows', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'skein-coord-'))
  t.after(() => rmSync(folder, { recursive: true }))
  await using c = await open(`file:${join(folder, 'app.db')}`)
  let last = 0
  for (let i = 0; i < 3; i++) {
    await using held = await c.lock('invoices', { ttlMs: 10_000 })
    assert.ok(held.token > last)
    assert.equal(held.signal.aborted, false)
    last = held.token
  }
  assert.equal((await c.range({ prefix: '' })).count, 0)
})

test('what is built on a store is there as methods', async () => {
  await simulated(1, async ({ store: c }) => {
    const held = await c.lock('a')
    assert.equal(await c.tryLock('a'), undefined)
    await held.release()
    for (const next of [await c.tryLock('a'), await c.readLock('b'), await c.semaphore('c', 2)]) await next?.release()
    const term = await c.campaign('d', { value: 'me' })
    assert.deepEqual(await c.leader('d'), { value: 'me', token: term.token })
    for await (const now of c.leaders('d')) {
      assert.equal(now?.value, 'me')
      break
    }
  })
})

test('a coordinator is a store, over any store', async () => {
  const store = new MemoryStore()
  const c = new Coordinator(new Coordinator(store))
  assert.equal(c.url, 'memory:')
  assert.equal(c.clock, store.clock)
  assert.equal(c.chance, store.chance)
  await c.put('a', '1')
  assert.equal((await store.get('a'))?.version, 1)
  await c.close()
  await assert.rejects(store.get('a'), { name: 'StoreClosedError' })
})
