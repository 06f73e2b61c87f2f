// What every store does. Each case has a store of its own, empty, and time that passes by `sleep`.
import assert from 'node:assert/strict'
import type { Entry, Store, WatchBatch } from '../src/index.ts'

export interface Place {
  readonly store: Store
  /** Of the shortest lease that the store gives. */
  readonly ttlMs: number
  sleep(ms: number): Promise<void>
}

const text = (entry: Entry | undefined): string | undefined => entry && new TextDecoder().decode(entry.value)
const keys = (entries: readonly Entry[]): string[] => entries.map(({ key }) => key)

/** Of each event what happened: `a=1` or `-a`. */
const told = ({ events }: WatchBatch): string[] =>
  events.map(event => (event.type === 'put' ? `${event.entry.key}=${text(event.entry)}` : `-${event.key}`))

export const cases: Record<string, (place: Place) => Promise<void>> = {
  'a key is put, got, put again and deleted, and its numbers tell': async ({ store }) => {
    assert.equal(await store.get('a'), undefined)
    const first = await store.put('a', 'one')
    assert.equal(first.previous, undefined)
    const second = await store.put('a', 'two')
    assert.equal(text(second.previous), 'one')
    assert.equal(second.revision, first.revision + 1)
    const entry = (await store.get('a'))!
    assert.deepEqual(
      { ...entry, value: text(entry) },
      { key: 'a', value: 'two', created: first.revision, modified: second.revision, version: 2, lease: undefined },
    )
    const { deleted, revision } = await store.delete('a')
    assert.equal(text(deleted), 'two')
    assert.equal(await store.get('a'), undefined)
    assert.equal((await store.delete('a')).revision, revision)
    await store.put('a', '')
    const again = (await store.get('a'))!
    assert.deepEqual([again.version, again.created, again.value.length], [1, revision + 1, 0])
  },

  'values are bytes, whatever they are': async ({ store }) => {
    const value = Uint8Array.from({ length: 10_000 }, (_, i) => i % 256)
    await store.put('bytes', value)
    value.fill(0)
    const { value: kept } = (await store.get('bytes'))!
    assert.ok(kept.every((byte, i) => byte === i % 256))
  },

  'ranges are in the order of UTF-8, by prefix or from end to end': async ({ store }) => {
    const all = ['a', 'a/1', 'a/2', 'b', 'ä', '\uffff', '😀']
    for (const key of [...all].reverse()) await store.put(key, key)
    assert.deepEqual(keys((await store.range({ from: 'a' })).entries), all)
    assert.deepEqual(keys((await store.range({ prefix: '' })).entries), all)
    assert.deepEqual(keys((await store.range({ prefix: 'a/' })).entries), ['a/1', 'a/2'])
    assert.deepEqual(keys((await store.range({ from: 'a/1', to: 'b' })).entries), ['a/1', 'a/2'])
    const { entries, count } = await store.range({ prefix: 'a' }, { limit: 2, descending: true })
    assert.deepEqual([keys(entries), count], [['a/2', 'a/1'], 3])
    const bare = await store.range({ prefix: 'b' }, { keysOnly: true })
    assert.deepEqual([bare.entries[0].key, bare.entries[0].value.length], ['b', 0])
    for (const empty of [
      { from: 'b', to: 'a' },
      { from: 'b', to: 'b' },
      { from: '', to: '' },
    ]) {
      assert.deepEqual((await store.range(empty)).entries, [])
      assert.deepEqual((await store.deleteRange(empty)).deleted, [])
    }
    assert.deepEqual(
      [(await store.range({ prefix: '' }, { limit: 0 })).entries, (await store.range({ from: 'b' })).count],
      [[], 4],
    )
    assert.deepEqual(await store.range({ prefix: 'none' }).then(({ entries, count }) => [entries, count]), [[], 0])
    assert.deepEqual(keys((await store.deleteRange({ prefix: 'a/' })).deleted), ['a/1', 'a/2'])
    assert.deepEqual((await store.deleteRange({ prefix: 'a/' })).deleted, [])
  },

  'the past can be read, until it is compacted': async ({ store }) => {
    const revisions: number[] = []
    for (const value of ['1', '2', '3']) revisions.push((await store.put('a', value)).revision)
    const { revision: gone } = await store.delete('a')
    await store.put('b', 'x')
    assert.equal(text(await store.get('a', { revision: revisions[1] })), '2')
    assert.equal(await store.get('a', { revision: gone }), undefined)
    assert.deepEqual(keys((await store.range({ prefix: '' }, { revision: revisions[2] })).entries), ['a'])
    await store.compact(revisions[2])
    assert.equal(text(await store.get('a', { revision: revisions[2] })), '3')
    await assert.rejects(store.get('a', { revision: revisions[1] }), { name: 'CompactedError' })
    await assert.rejects(store.get('a', { revision: gone + 100 }), { name: 'FutureRevisionError', asked: gone + 100 })
    await assert.rejects(store.transact({ do: [{ op: 'range', range: { prefix: '' }, revision: revisions[0] }] }), {
      name: 'CompactedError',
    })
    await store.compact(revisions[2])
    await assert.rejects(store.compact(revisions[0]), { name: 'CompactedError' })
    await assert.rejects(store.compact(gone + 100), { name: 'FutureRevisionError' })
    assert.equal(text(await store.get('b')), 'x')
  },

  'transactions compare, and then do one thing or the other, at one revision': async ({ store }) => {
    const { revision } = await store.put('a', '1')
    const taken = await store.transact({
      if: [
        { key: 'a', target: 'value', is: '=', value: '1' },
        { key: 'b', target: 'version', is: '=', value: 0 },
        { key: 'a', target: 'modified', is: '<', value: revision + 1 },
        { key: 'a', target: 'lease', is: '=', value: '' },
      ],
      do: [
        { op: 'put', key: 'a', value: '2' },
        { op: 'put', key: 'b', value: '3' },
        { op: 'get', key: 'a' },
      ],
      else: [{ op: 'get', key: 'a' }],
    })
    assert.equal(taken.succeeded, true)
    assert.equal(taken.revision, revision + 1)
    assert.equal(text(taken.results[0] as Entry), '1')
    assert.equal(text(taken.results[2] as Entry), '2')
    const [a, b] = [(await store.get('a'))!, (await store.get('b'))!]
    assert.deepEqual([a.modified, b.modified], [revision + 1, revision + 1])
    const other = await store.transact({
      if: [{ key: 'a', target: 'value', is: '>', value: '9' }],
      do: [{ op: 'delete', key: 'a' }],
      else: [
        { op: 'get', key: 'a' },
        { op: 'range', range: { prefix: '' } },
      ],
    })
    assert.deepEqual([other.succeeded, other.revision], [false, revision + 1])
    assert.equal(text(other.results[0] as Entry), '2')
    assert.equal((await store.transact({})).succeeded, true)
  },

  'of a key that is not there numbers are 0, and no comparison of its value holds': async ({ store }) => {
    for (const [is, value] of [
      ['=', ''],
      ['!=', 'x'],
      ['<', 'x'],
    ] as const)
      assert.equal(
        (await store.transact({ if: [{ key: 'none', target: 'value', is, value }] })).succeeded,
        false,
        `${is}${value}`,
      )
    for (const target of ['created', 'modified', 'version'] as const)
      assert.equal((await store.transact({ if: [{ key: 'none', target, is: '=', value: 0 }] })).succeeded, true)
    assert.equal((await store.transact({ if: [{ key: 'none', target: 'lease', is: '=', value: '' }] })).succeeded, true)
  },

  'what a transaction does not come to may be what cannot be done': async ({ store }) => {
    const { succeeded } = await store.transact({
      do: [{ op: 'put', key: 'a', value: '1' }],
      else: [{ op: 'put', key: 'a', value: '2', lease: '424242' }],
    })
    assert.equal(succeeded, true)
    assert.equal(text(await store.get('a')), '1')
  },

  'a transaction that cannot be done changes nothing': async ({ store }) => {
    const before = await store.revision()
    for (const operations of [
      [
        { op: 'put', key: 'a', value: '1' },
        { op: 'put', key: 'a', value: '2' },
      ],
      [
        { op: 'put', key: 'a', value: '1' },
        { op: 'deleteRange', range: { prefix: 'a' } },
      ],
      [
        { op: 'put', key: 'a', value: '1' },
        { op: 'put', key: '', value: '2' },
      ],
      [
        { op: 'put', key: 'a', value: '1' },
        { op: 'put', key: 'b', value: 5 },
      ],
      [
        { op: 'put', key: 'a', value: '1' },
        { op: 'pat', key: 'b' },
      ],
    ])
      await assert.rejects(store.transact({ do: operations as never }), { name: 'ArgumentError' })
    await assert.rejects(
      store.transact({
        do: [
          { op: 'put', key: 'a', value: '1' },
          { op: 'put', key: 'b', value: '', lease: '424242' },
        ],
      }),
      { name: 'LeaseNotFoundError' },
    )
    assert.equal(await store.revision(), before)
    assert.equal(await store.get('a'), undefined)
  },

  'a watch tells all that happens from now on, or from a revision': async ({ store, sleep }) => {
    const { revision } = await store.put('a/1', 'before')
    const now = store.watch({ prefix: 'a/' })
    await sleep(20)
    const past = store.watch({ prefix: '' }, { from: revision, previous: true })
    await store.put('b', 'other')
    await store.put('a/1', 'after')
    await store.transact({
      do: [
        { op: 'put', key: 'a/2', value: 'x' },
        { op: 'delete', key: 'a/1' },
      ],
    })
    assert.deepEqual(told((await now.next()).value), ['a/1=after'])
    const both = (await now.next()).value
    assert.deepEqual(told(both).sort(), ['-a/1', 'a/2=x'])
    const seen: string[][] = []
    for await (const batch of past) {
      seen.push(told(batch).sort())
      if (seen.length === 3) {
        const [event] = batch.events
        assert.equal(text(event.previous), 'before')
      }
      if (seen.length === 4) break
    }
    assert.deepEqual(seen, [['a/1=before'], ['b=other'], ['a/1=after'], ['-a/1', 'a/2=x']])
    await now.return!()
    assert.deepEqual(await now.next(), { done: true, value: undefined })
  },

  'a watch from a revision that is yet to come tells what happens then': async ({ store }) => {
    const revision = await store.revision()
    const watch = store.watch({ prefix: '' }, { from: revision + 2 })
    await store.put('a', '1')
    await store.put('a', '2')
    assert.deepEqual(told((await watch.next()).value), ['a=2'])
    await watch.return!()
  },

  'what this store does after it began to watch is told, however soon': async ({ store }) => {
    const watch = store.watch({ prefix: '' })
    await store.put('a', '1')
    assert.deepEqual(told((await watch.next()).value), ['a=1'])
    const nothing = store.watch({ from: 'b', to: 'a' })
    await watch.return!()
    await nothing.return!()
  },

  "bytes that were given or read are the caller's to write to": async ({ store }) => {
    const watches = [store.watch({ prefix: 'a' }), store.watch({ prefix: 'a' }, { previous: true })]
    const given = new Uint8Array([1])
    const put = store.put('a', given)
    await put
    given[0] = 9
    const { entries } = await store.range({ prefix: 'a' })
    for (const entry of [(await store.get('a'))!, entries[0]]) entry.value[0] = 9
    for (const watch of watches) {
      const [event] = (await watch.next()).value.events
      assert.deepEqual([...event.entry.value], [1])
      event.entry.value[0] = 9
      await watch.return!()
    }
    const { previous } = await store.put('a', '')
    assert.deepEqual([...previous!.value], [1])
  },

  'a watch that is read late tells all, in order, and keeps little meanwhile': async ({ store }) => {
    const watch = store.watch({ prefix: 'a' }, { maxUnreadBytes: 500 })
    const expected = Array.from({ length: 40 }, (_, i) => `a=${i}`)
    for (let i = 0; i < 40; i++) await store.put('a', String(i))
    for (const one of expected) assert.deepEqual(told((await watch.next()).value), [one])
    const next = watch.next()
    await store.put('a', 'last')
    assert.deepEqual(told((await next).value), ['a=last'])
    await watch.return!()
  },

  'a watch of what is forgotten says so; one is ended by its signal': async ({ store }) => {
    await store.put('a', '1')
    const { revision } = await store.put('a', '2')
    await store.compact(revision)
    await assert.rejects(store.watch({ prefix: '' }, { from: revision - 1 }).next(), { name: 'CompactedError' })
    assert.deepEqual(told((await store.watch({ prefix: '' }, { from: revision }).next()).value), ['a=2'])
    const stop = new AbortController()
    const next = store.watch({ prefix: '' }, { signal: stop.signal }).next()
    stop.abort(new Error('enough'))
    await assert.rejects(next, { name: 'CancelledError' })
  },

  'keys end with their lease, and are told to those who watch': async ({ store, ttlMs, sleep }) => {
    const lease = await store.lease({ ttlMs, keepAlive: false })
    await store.put('a', '1', { lease: lease.id })
    await store.put('b', '2', { lease: lease.id })
    const { revision } = await store.put('b', '3')
    assert.equal((await store.get('a'))!.lease, lease.id)
    assert.ok(lease.remainingMs > 0 && lease.remainingMs <= ttlMs)
    const watch = store.watch({ prefix: '' }, { from: revision + 1 })
    let isTold = false
    const ended = watch.next().finally(() => (isTold = true))
    let wasTold: boolean | undefined
    lease.signal.addEventListener('abort', () => (wasTold = isTold))
    while (!isTold) await sleep(20)
    assert.equal(wasTold, false, 'the holder knows first')
    assert.equal(lease.remainingMs, 0)
    assert.deepEqual(told((await ended).value), ['-a'])
    assert.equal(await store.get('a'), undefined)
    assert.equal(text(await store.get('b')), '3')
    await assert.rejects(store.put('c', '', { lease: lease.id }), { name: 'LeaseNotFoundError' })
    await assert.rejects(store.transact({ do: [{ op: 'put', key: 'c', value: '', lease: lease.id }] }), {
      name: 'LeaseNotFoundError',
    })
    await assert.rejects(lease.renew(), { name: 'LeaseLostError' })
    await watch.return!()
  },

  'a lease that is kept alive stays; revoked, it goes at once': async ({ store, ttlMs, sleep }) => {
    const lease = await store.lease({ ttlMs })
    await store.put('a', '1', { lease: lease.id })
    await sleep(2.5 * ttlMs)
    assert.equal(text(await store.get('a')), '1')
    assert.equal(lease.signal.aborted, false)
    await lease.revoke()
    assert.equal(await store.get('a'), undefined)
    assert.equal(lease.signal.aborted, true)
    await lease.revoke()
  },

  'a lease has the time that was asked for, or what the store gives above it': async ({ store, ttlMs }) => {
    await using lease = await store.lease({ ttlMs: ttlMs + 1 })
    assert.ok(lease.ttlMs >= ttlMs + 1, `${lease.ttlMs}`)
    await using long = await store.lease({ ttlMs: 1e15, keepAlive: false })
    assert.ok(long.remainingMs > 1e9)
  },

  'arguments that are none are refused': async ({ store }) => {
    for (const call of [
      () => store.get(''),
      () => store.get(5 as never),
      () => store.get('\ud800'),
      () => store.put('a', 5 as never),
      () => store.range({} as never),
      () => store.range({ prefix: '' }, { limit: -1 }),
      () => store.get('a', { revision: -1 }),
      () => store.get('a', { revision: 1.5 }),
      () => store.lease({ ttlMs: 0 }),
      () => store.lease({ ttlMs: Number.NaN }),
      () => store.compact(-1),
      () => store.transact({ if: [{ key: 'a', target: 'value', is: '~' as never, value: '' }] }),
      () => store.transact({ if: [{ key: 'a', target: 'size' as never, is: '=', value: 1 }] }),
      () => store.transact({ if: [{ key: 'a', target: 'version', is: '=', value: 1.5 }] }),
      () => store.transact({ if: [{ key: 'a', target: 'lease', is: '<' as never, value: '' }] }),
      async () => store.watch({} as never),
      async () => store.watch({ prefix: '' }, { from: -1 }),
      async () => store.watch({ prefix: '' }, { maxUnreadBytes: 0 }),
    ])
      await assert.rejects(call, { name: 'ArgumentError' })
  },

  'a store that was closed says so, to all who use it': async ({ store }) => {
    const watch = store.watch({ prefix: '' })
    const lease = await store.lease({ ttlMs: 5000 })
    const next = watch.next()
    next.catch(() => {})
    await store.close()
    await assert.rejects(next, { name: 'StoreClosedError' })
    await assert.rejects(store.get('a'), { name: 'StoreClosedError' })
    assert.equal(lease.signal.aborted, true)
    await store.close()
  },
}
