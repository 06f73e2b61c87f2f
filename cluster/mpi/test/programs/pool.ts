/** A pool of ranks: calls from one, answers from all. */

import { ArgumentError, CancelledError, TimeoutError } from '@skein/base'
import { type Pool, PoolClosedError, PoolTaskError, pool, sum, workerInfo, world } from '@skein/mpi'
import { NotPortableError, task } from '@skein/tasks'
import { assert, ok, rank, size } from './check.ts'

const offset = 100
/** Uses what is around it: it can only be called by name. */
const shifted = (x: number): number => x + offset + (prepared ? 1000 : 0)
const doubled = task(import.meta, 'doubled', (x: number) => 2 * x + offset - offset)
const waiting = task(import.meta, 'waiting', async () => {
  while (!workerInfo()!.isCancelled) await new Promise(done => setTimeout(done, 1))
  return workerInfo()!.worker
})
const who = task(import.meta, 'who', () => workerInfo()!.worker)
let prepared = false
const workers = Math.max(1, size - 1)
const root = size - 1

const served = await pool({
  root,
  functions: { shifted },
  initializer: async () => {
    const { comm, workers: all } = workerInfo()!
    assert.equal(comm.allreduce(1, sum), all)
    await new Promise(done => setImmediate(done))
    prepared = true
  },
})
assert.equal(served !== undefined, rank === root)
if (served !== undefined) {
  await client(served)
  await served.shutdown()
  assert.throws(() => served.submit(shifted, 1), PoolClosedError)
  assert.equal(served.workers.reduce((n, { calls }) => n + calls, 0) > 100, true)
}

async function client(p: Pool): Promise<void> {
  await p.ready()
  assert.equal(p.workers.length, workers)
  assert.deepEqual(new Set(p.workers.map(({ state }) => state)), new Set(['ready']))

  // Each kind of function, in the order of the arguments and not.
  const items = Array.from({ length: 40 }, (_, i) => i)
  assert.equal(await p.submit(shifted, 1), 1101)
  assert.deepEqual(
    await Array.fromAsync(p.map(shifted, items)),
    items.map(x => x + 1100),
  )
  assert.deepEqual(
    await Array.fromAsync(p.map(doubled, items, { chunkSize: 7 })),
    items.map(x => 2 * x),
  )
  const scale = 3
  const scaled = p.map((x: number) => x * scale, items, { use: { scale }, unordered: true, chunkSize: 3 })
  assert.deepEqual(new Set(await Array.fromAsync(scaled)), new Set(items.map(x => x * scale)))
  assert.deepEqual(await Array.fromAsync(p.map((x: string, y: number) => [x, y], 'abc', [1, 2])), [
    ['a', 1],
    ['b', 2],
  ])
  assert.deepEqual(
    await Array.fromAsync(
      p.starmap(
        (x: number, y: number) => x - y,
        [
          [5, 3],
          [1, 1],
        ],
      ),
    ),
    [2, 0],
  )
  assert.deepEqual(await Array.fromAsync(p.map(shifted, [])), [])
  assert.equal(await p.submit(async (x: number) => new Promise<number>(done => setTimeout(done, 1, x)), 7), 7)

  // Arrays go and come back, longer than any short way.
  const long = Float64Array.from({ length: 50_000 }, (_, i) => i)
  const back = await p.submit((x: Float64Array) => x.map(v => v + 1), long)
  assert.equal(back[49_999], 50_000)
  assert.equal(long[49_999], 49_999)

  // An iterator without an end is taken from as its results are.
  let taken = 0
  const endless = function* (): Generator<number> {
    try {
      for (;;) yield taken++
    } finally {
      taken = -taken
    }
  }
  const first: number[] = []
  for await (const x of p.map((x: number) => x, endless(), { buffer: 5 })) if (first.push(x) === 12) break
  assert.deepEqual(first, items.slice(0, 12))
  assert.ok(taken < 0 && taken >= -12 - 5 - 1, String(taken))
  const slow = (async function* () {
    for (let x = 0; x < 5; x++) {
      await new Promise(done => setTimeout(done, 1))
      yield x
    }
  })()
  assert.deepEqual(await Array.fromAsync(p.map(shifted, slow)), [1100, 1101, 1102, 1103, 1104])

  // What is thrown arrives as itself.
  const failing = p.submit((x: number): number => {
    throw new RangeError(`not ${x}`, { cause: new TypeError('inner') })
  }, 5)
  await assert.rejects(failing, (error: PoolTaskError) => {
    assert.ok(error instanceof PoolTaskError)
    assert.ok(error.cause instanceof RangeError)
    assert.match(error.cause.stack!, /not 5\n\s+at /)
    assert.ok(error.cause.cause instanceof TypeError)
    assert.equal(
      p.workers.some(worker => worker.rank === error.rank),
      true,
    )
    return true
  })
  const until: number[] = []
  await assert.rejects(async () => {
    for await (const x of p.map(
      (x: number) => {
        if (x === 6) throw new Error('six')
        return x
      },
      items,
      { chunkSize: 4 },
    ))
      until.push(x)
  }, PoolTaskError)
  assert.deepEqual(until, [0, 1, 2, 3, 4, 5])
  await assert.rejects(
    p.submit(() => () => 1),
    (error: PoolTaskError) => /function/.test(String(error.cause)),
  )
  await assert.rejects(
    p.submit(
      (x: unknown) => x,
      () => 1,
    ),
    /function/,
  )

  // What cannot be called elsewhere is refused here.
  assert.throws(() => p.submit(() => first.length), NotPortableError)
  assert.throws(() => p.submit(5 as never), ArgumentError)
  assert.throws(() => p.map(shifted), ArgumentError)
  assert.throws(() => p.map(shifted, [1], { chunkSize: 0 }), ArgumentError)
  assert.throws(() => p.map(shifted, [1], { timeoutMs: Number.NaN }), ArgumentError)
  assert.throws(() => p.apply(shifted, 1 as never), ArgumentError)
  await assert.rejects(p.starmap(shifted, [1] as never).next(), TypeError)

  // A task that would never end hears that nobody wants it.
  const stuck = Array.from({ length: workers }, () => p.submit(waiting))
  // Workers may still be busy with what nobody wanted any more.
  while (!stuck.every(each => each.isRunning)) await new Promise(done => setTimeout(done, 1))
  const behind = p.submit(shifted, 1)
  assert.equal(behind.cancel(), true)
  await assert.rejects(behind, CancelledError)
  assert.equal(behind.isDone, true)
  const late = p.map(shifted, items, { timeoutMs: 5 })
  await assert.rejects(late.next(), TimeoutError)
  assert.equal((await late.next()).done, true)
  const stop = new AbortController()
  const dropped = p.apply(shifted, [1], { signal: stop.signal })
  const droppedMap = p.map(shifted, items, { signal: stop.signal })
  stop.abort()
  await assert.rejects(dropped, CancelledError)
  await assert.rejects(droppedMap.next(), CancelledError)
  assert.equal(stuck[0].isRunning, true)
  for (const each of stuck) assert.equal(each.cancel(), false)
  const ends = await Promise.allSettled(stuck)
  assert.ok(ends.every(end => end.status === 'fulfilled' || end.reason instanceof CancelledError))

  // Whoever is free takes the next: a long call keeps one worker, and no other.
  if (workers > 1) {
    const longest = p.submit(waiting)
    const others = await Array.fromAsync(p.map(who, Array<never>(30).fill(undefined as never)))
    longest.cancel()
    // Its worker may not have come to it.
    const busy = await longest.catch(error => (assert.ok(error instanceof CancelledError), undefined))
    assert.ok(busy === undefined || !others.includes(busy))
  }
  // A task that the other ranks do not have.
  const own = task(import.meta, 'own', () => 1)
  if (size > 1) await assert.rejects(p.submit(own), /at the top level of the program/)
}

// Another, of some of the ranks; what it still has when it is shut down is run.
const some = world.split(rank % 2)
{
  const p = await pool({ comm: some })
  if (p !== undefined) {
    const before = Array.from({ length: 10 }, (_, x) => p.submit((x: number) => -x, x))
    const end = p.shutdown()
    assert.deepEqual(await Promise.all(before), [-0, -1, -2, -3, -4, -5, -6, -7, -8, -9])
    await end
  }
}
{
  const p = await pool({ comm: some })
  if (p !== undefined) {
    const long = Array.from({ length: 40 }, () => p.submit(() => new Promise(done => setTimeout(done, 2))))
    await Promise.all([
      p.shutdown({ cancelPending: true }),
      Promise.allSettled(long).then(all => {
        const reasons = all.flatMap(each => (each.status === 'rejected' ? [each.reason] : []))
        assert.ok(reasons.length > 10)
        assert.ok(reasons.every(reason => reason instanceof CancelledError))
      }),
    ])
  }
}

// An initializer that throws: nothing is run, and everyone goes on.
{
  const p = await pool({
    initializer: () => {
      throw new Error('no data')
    },
  })
  if (p !== undefined) {
    const lost = p.submit((x: number) => x, 1)
    await assert.rejects(
      lost,
      (error: Error) => error instanceof PoolClosedError && /no data/.test(String(error.cause)),
    )
    await assert.rejects(p.ready(), PoolClosedError)
    await p.shutdown()
  }
}

// What differs from rank to rank is an error on all of them.
await assert.rejects(pool({ root: size }), ArgumentError)
if (size > 1) {
  await assert.rejects(pool({ root: Math.min(rank, 1) }), ArgumentError)
  await assert.rejects(pool({ functions: rank === 0 ? {} : { shifted } }), ArgumentError)
}

ok('pool')
