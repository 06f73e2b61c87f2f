// What befalls an etcd, and what its clients see of it: nothing that was acknowledged is lost, nothing that is watched is lost or told twice, and who holds a lease knows in time.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { EtcdCluster, needs } from '@skein/testing'
import { realClock, sleep } from '@skein/world'
import { open, StoreUnavailableError, UnknownOutcomeError, type WatchBatch } from '../src/index.ts'

const skip = needs('etcd')

const text = (value: Uint8Array): string => new TextDecoder().decode(value)

/** Of each key how often a put of it was told, until one of `last` is. */
const toldUntil = async (watch: AsyncIterableIterator<WatchBatch>, last: string): Promise<Map<string, number>> => {
  const told = new Map<string, number>()
  let before = 0
  for await (const { revision, events } of watch) {
    assert.ok(revision > before, `revision ${revision} is told after ${before}`)
    before = revision
    for (const event of events)
      if (event.type === 'put') told.set(event.entry.key, (told.get(event.entry.key) ?? 0) + 1)
    if (told.has(last)) break
  }
  return told
}

describe('three nodes', { skip }, () => {
  let cluster: EtcdCluster
  before(async () => {
    cluster = await EtcdCluster.start({ nodes: 3 })
  })
  after(() => cluster.stop())

  test('while the leader is killed, a node paused and started anew, what is acknowledged stays, and each change is told once', async () => {
    const stores = await Promise.all(
      [1, 2, 3].map(() => open(`${cluster.url}/load/`, { timeoutMs: 3000, silenceMs: 500 })),
    )
    const { revision } = await stores[0].put('begin', '')
    const watches = stores.map(store => toldUntil(store.watch({ prefix: '' }, { from: revision + 1 }), 'end'))
    const acknowledged = new Set<string>()
    const refused = new Set<string>()
    let isOver = false
    const write = async (store: (typeof stores)[number], name: string): Promise<void> => {
      for (let i = 0; !isOver; i++) {
        const key = `${name}-${i}`
        try {
          await store.put(key, key)
          acknowledged.add(key)
        } catch (error) {
          if (error instanceof StoreUnavailableError) refused.add(key)
          else assert.ok(error instanceof UnknownOutcomeError, String(error))
        }
        await sleep(realClock, 2)
      }
    }
    const writers = stores.flatMap((store, i) => ['a', 'b'].map(name => write(store, `${name}${i}`)))
    await sleep(realClock, 100)
    const leader = await cluster.leader()
    await cluster.kill(leader)
    await cluster.healthy()
    const next = await cluster.leader()
    assert.notEqual(next, leader)
    await cluster.restart(leader)
    cluster.pause(next)
    await sleep(realClock, 1500)
    cluster.resume(next)
    await cluster.healthy()
    isOver = true
    await Promise.all(writers)
    await stores[0].put('end', '')
    const { entries } = await stores[1].range({ prefix: '' })
    const there = new Map(entries.map(({ key, value }) => [key, text(value)]))
    assert.ok(acknowledged.size > 50, `${acknowledged.size}`)
    for (const key of acknowledged) assert.equal(there.get(key), key, `${key} was acknowledged`)
    for (const key of refused) assert.equal(there.has(key), false, `${key} was said not to be done`)
    for (const told of await Promise.all(watches)) {
      assert.deepEqual([...told.keys()].sort(), [...there.keys()].filter(key => key !== 'begin').sort())
      for (const [key, times] of told) assert.equal(times, 1, `${key} is told ${times} times`)
    }
    for (const store of stores) await store.close()
  })

  test('without a majority calls end in time, and say why; with one again all goes on', async () => {
    await using store = await open(`${cluster.url}/quorum/`, { timeoutMs: 1500 })
    const lease = await store.lease({ ttlMs: 2000 })
    const watch = store.watch({ prefix: '' })
    await store.put('a', '1', { lease: lease.id })
    assert.equal((await watch.next()).value.events.length, 1)
    const first = await cluster.leader()
    const [second, third] = [(first + 1) % 3, (first + 2) % 3]
    await Promise.all([cluster.kill(first), cluster.kill(second)])
    // Until then it takes changes of which it can say nothing.
    while ((await cluster.metric(third, 'etcd_server_has_leader')) > 0) await sleep(realClock, 20)
    const outcomes = await Promise.allSettled([
      store.get('a'),
      store.put('a', '2'),
      store.transact({}),
      store.lease({ ttlMs: 1000 }),
    ])
    for (const outcome of outcomes) {
      const error: StoreUnavailableError = (outcome as PromiseRejectedResult).reason
      assert.ok(error instanceof StoreUnavailableError, String(error))
      assert.equal(error.hasNoQuorum, true, String(error))
    }
    await assert.rejects(open(`etcd://${cluster.endpoints[third]}`, { timeoutMs: 500 }), {
      name: 'StoreUnavailableError',
      hasNoQuorum: true,
    })
    // The lease's time was over before anybody else could have seen it end.
    while (!lease.signal.aborted) await sleep(realClock, 20)
    await Promise.all([cluster.restart(first), cluster.restart(second)])
    await cluster.healthy()
    await store.put('a', '3')
    const { events } = (await watch.next()).value
    assert.equal(events.length, 1)
  })
})
