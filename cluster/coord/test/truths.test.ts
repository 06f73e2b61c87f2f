// What is known of locks and leases, shown: by a clock that is moved by hand, and whose timers, like those of a process that is paused, do not run.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock, Timer } from '@skein/world'
import { lock, open } from '../src/index.ts'

class StoppedClock implements Clock {
  nowMs = 0

  wallMs(): number {
    return this.nowMs
  }

  monotonicMs(): number {
    return this.nowMs
  }

  after(): Timer {
    return { cancel: () => {} }
  }
}

/** Two clients add one to a number that lies elsewhere, each under the lock; the first is paused between reading and writing. */
const addTwice = async (checksToken: boolean): Promise<{ value: number; acknowledged: number }> => {
  const clock = new StoppedClock()
  await using store = await open('memory:', { clock })
  let [value, largest, acknowledged] = [0, 0, 0]
  const write = (token: number, x: number): void => {
    if (checksToken && token < largest) return
    largest = token
    value = x
    acknowledged++
  }
  const first = await lock(store, 'x', { ttlMs: 1000 })
  const seen = value
  clock.nowMs += 2000
  const second = await lock(store, 'x', { ttlMs: 1000 })
  assert.ok(second.token > first.token)
  write(second.token, value + 1)
  // It goes on where it was, without looking at its signal.
  write(first.token, seen + 1)
  // Had it looked, it would know.
  assert.equal(first.signal.aborted, true)
  assert.equal(second.signal.aborted, false)
  return { value, acknowledged }
}

test('a lock without a fencing token loses an update under a pause; with the token checked where is written it does not', async () => {
  assert.deepEqual(await addTwice(false), { value: 1, acknowledged: 2 })
  assert.deepEqual(await addTwice(true), { value: 1, acknowledged: 1 })
})

test('who holds a lock by its signal is one at most, whatever the moment', async () => {
  for (const stepMs of [1, 7, 50, 333]) {
    const clock = new StoppedClock()
    await using store = await open('memory:', { clock })
    const first = await lock(store, 'x', { ttlMs: 1000 })
    const next = lock(store, 'x', { ttlMs: 10_000 })
    let second: Awaited<typeof next> | undefined
    next.then(held => (second = held))
    while (second === undefined && clock.nowMs < 5000) {
      const isFirst = !first.signal.aborted
      assert.ok(!(isFirst && second))
      clock.nowMs += stepMs
      // The store looks at the time whenever it is asked.
      await store.get('anything')
      await new Promise(setImmediate)
    }
    assert.ok(second && !second.signal.aborted && first.signal.aborted)
    assert.ok(second.token > first.token)
  }
})

test('a watch of the past tells a lease that ends meanwhile once, in its place', async () => {
  const clock = new StoppedClock()
  const store = await open('memory:', { clock })
  const lease = await store.lease({ ttlMs: 100, keepAlive: false })
  await store.put('a', '1', { lease: lease.id })
  await store.put('b', '1')
  clock.nowMs = 1000
  const watch = store.watch({ prefix: '' }, { from: 1 })
  const revisions: number[] = []
  for (let i = 0; i < 3; i++) revisions.push((await watch.next()).value.revision)
  const rest = watch.next()
  rest.catch(() => {})
  await store.close()
  await assert.rejects(rest, { name: 'StoreClosedError' })
  assert.deepEqual(revisions, [1, 2, 3])
})
