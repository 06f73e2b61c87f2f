import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { heap } from '@skein/heap'
import { createTeam, type Team } from '../src/index.ts'
import { bodies, bodyNames } from './modules.ts'

const words = heap.i32(1024)
const args = heap.addressOf(words)
const source = { bytes: bodies(heap.memory64), exports: bodyNames }

/** Aborts once a job is under way, however long a thread takes to start. */
/** @param afterMs a thread that has taken part may not have entered the body yet; it is given so long */
const abortWhenRunning = (team: Team, workers: number, afterMs = 0): AbortSignal => {
  const controller = new AbortController()
  const look = (): void => {
    const busy = team.stats().workers.filter(({ calls }) => calls > 0).length
    if (busy >= workers) setTimeout(() => controller.abort(new Error('enough')), afterMs)
    else setImmediate(look)
  }
  look()
  return controller.signal
}

for (const announce of [false, true]) {
  const how = announce ? 'by message' : 'by waiting for a word'
  test(`the event loop turns while threads work; completion ${how}`, async () => {
    await using team = createTeam({ threads: 2, announce })
    const gate = team.module(new URL('./bodies.ts', import.meta.url), 'gate')
    words.fill(0)
    let turns = 0
    const timer = setImmediate(function again() {
      if (++turns === 20) {
        Atomics.store(words, 1000, 1)
        Atomics.notify(words, 1000)
      } else setImmediate(again)
    })
    assert.equal(await team.runAsync(gate, 0, { args, begin: 0, end: 8, chunk: 1 }), 0)
    clearImmediate(timer)
    assert.equal(turns, 20, 'it could only end after twenty turns')
    assert.deepEqual([team.stats().running, team.stats().queued], [0, 0])
  })

  test(`many at once, more than there are jobs for; completion ${how}`, async () => {
    await using team = createTeam({ threads: 2, announce })
    const body = team.load(source)
    words.fill(0)
    const calls = Array.from({ length: 100 }, (_, i) =>
      team.runAsync(body, 'mark', { args, begin: i, end: i + 10, chunk: 1 + (i % 4) }),
    )
    assert.ok(team.stats().queued > 80)
    assert.deepEqual(new Set(await Promise.all(calls)), new Set([0]))
    assert.equal(
      words.subarray(0, 110).reduce((a, b) => a + b),
      1000,
    )
    assert.ok(words.subarray(9, 100).every(count => count === 10))
  })

  test(`an endless loop ends when its signal fires; completion ${how}`, async () => {
    await using team = createTeam({ threads: 2, announce })
    const body = team.load(source)
    const signal = abortWhenRunning(team, 2, 100)
    await assert.rejects(team.runAsync(body, 'endless', { begin: 0, end: 4, chunk: 1, signal, graceMs: 5 }), {
      name: 'CancelledError',
      message: 'team.runAsync of module: endless was cancelled: Error: enough.',
    })
    // New threads, and the team works as before.
    words.fill(0)
    assert.equal(await team.runAsync(body, 'mark', { args, begin: 0, end: 100 }), 0)
    assert.equal(team.run(body, 'mark', { args, begin: 0, end: 100 }), 0)
    assert.ok(words.subarray(0, 100).every(count => count === 2))
    assert.ok(team.stats().replaced >= 1)
  })
}

test('a body that returns between chunks is stopped without losing its thread', async () => {
  await using team = createTeam({ threads: 2 })
  const body = team.load(source)
  await team.runAsync(body, 'empty', { begin: 0, end: 2, chunk: 1 })
  const before = team.stats().replaced
  const signal = abortWhenRunning(team, 1)
  const call = team.runAsync(body, 'empty', {
    begin: 0,
    end: 2 ** 31 - 1,
    chunk: 1,
    schedule: 'dynamic',
    signal,
    graceMs: 60_000,
  })
  await assert.rejects(call, { name: 'CancelledError' })
  assert.equal(team.stats().replaced, before)
})

test('an aborted signal keeps a call from starting, and takes a waiting one from the queue', async () => {
  await using team = createTeam({ threads: 1 })
  const body = team.load(source)
  await assert.rejects(team.runAsync(body, 'empty', { begin: 0, end: 1, signal: AbortSignal.abort() }), {
    name: 'CancelledError',
  })
  const stuck = new AbortController()
  const options = { begin: 0, end: 1, signal: stuck.signal, graceMs: 0 }
  const running = Array.from({ length: 8 }, () => team.runAsync(body, 'endless', options))
  const waiting = new AbortController()
  const queued = team.runAsync(body, 'empty', { begin: 0, end: 1, signal: waiting.signal })
  assert.equal(team.stats().queued, 1)
  waiting.abort()
  await assert.rejects(queued, { name: 'CancelledError' })
  stuck.abort()
  for (const outcome of await Promise.allSettled(running)) assert.equal(outcome.status, 'rejected')
  assert.equal(await team.runAsync(body, 'empty', { begin: 0, end: 1 }), 0)
})

test('a synchronous call completes while asynchronous ones hold every thread', async () => {
  const team = createTeam({ threads: 2 })
  after(() => team.close())
  const body = team.load(source)
  const stuck = new AbortController()
  const calls = [1, 2, 3].map(() =>
    team.runAsync(body, 'endless', { begin: 0, end: 2, chunk: 1, signal: stuck.signal, graceMs: 0 }),
  )
  const outcomes = Promise.allSettled(calls)
  for (const schedule of ['static', 'dynamic', 'guided', 'auto'] as const) {
    words.fill(0)
    assert.equal(team.run(body, 'mark', { args, begin: 0, end: 1000, schedule }), 0)
    assert.ok(words.subarray(0, 1000).every(count => count === 1))
  }
  stuck.abort()
  for (const outcome of await outcomes) assert.equal((outcome as PromiseRejectedResult).reason.name, 'CancelledError')
})

test('arguments that do not fit', async () => {
  await using team = createTeam({ threads: 2 })
  const body = team.load(source)
  const wrong = [
    { begin: 0.5, end: 1 },
    { begin: 0, end: 2 ** 31 },
    { begin: Number.NaN, end: 1 },
    { begin: 2, end: 1 },
    { begin: 0, end: 1, args: 0.5 },
    { begin: 0, end: 1, args: Number.NaN },
    { begin: 0, end: 1, chunk: 0 },
    { begin: 0, end: 1, chunk: -5 },
    { begin: 0, end: 1, chunk: 1.5 },
    { begin: 0, end: 1, threads: 0 },
    { begin: 0, end: 1, threads: 1.5 },
    { begin: 0, end: 1, align: 0 },
    { begin: 0, end: 1, schedule: 'fair' as 'auto' },
  ]
  for (const options of wrong) {
    assert.throws(() => team.run(body, 0, options), { name: 'ArgumentError' }, JSON.stringify(options))
    await assert.rejects(team.runAsync(body, 0, options), { name: 'ArgumentError' }, JSON.stringify(options))
  }
  for (const exported of ['none', -1, 99, 0.5]) {
    assert.throws(() => team.run(body, exported, { begin: 0, end: 1 }), { name: 'ArgumentError' }, String(exported))
  }
  for (const threads of [0, 257, 1.5, Number.NaN])
    assert.throws(() => createTeam({ threads }), { name: 'ArgumentError' })
  assert.throws(() => team.load({ bytes: Uint8Array.of(1, 2, 3), exports: [] }), { name: 'ArgumentError' })
  assert.throws(() => team.load({ ...source, exports: ['none'] }), { name: 'ArgumentError' })
  body.unload()
  body.unload()
  assert.throws(() => team.run(body, 0, { begin: 0, end: 1 }), /It has been unloaded/)
})
