/** The threads engine by itself, under plans drawn from a seed. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { heap } from '@skein/heap'
import { Exchange } from '../src/threads/exchange.ts'
import { loadGiveWay } from '../src/threads/give-way.ts'
import { Views } from '../src/threads/views.ts'
import { endWorld, makeWorld } from '../src/threads/world-block.ts'
import { seedOf } from './seed.ts'

/** What each rank says at its end. */
async function runRanks(size: number, program: string, data: object): Promise<any[]> {
  const start = makeWorld(size)
  const ranks = Array.from(
    { length: size },
    (_, rank) => new Worker(new URL(program, import.meta.url), { workerData: { start, rank, ...data } }),
  )
  try {
    return (await Promise.all(ranks.map(rank => once(rank, 'message')))).flat()
  } finally {
    await Promise.all(ranks.map(rank => rank.terminate()))
    endWorld(start)
  }
}

for (const size of [1, 2, 3, 4, 5, 8]) {
  test(`messages and collectives of ${size} ranks are what the plan says`, async t => {
    const { seed } = seedOf(t)
    for (let round = 0; round < 3; round++) {
      const answers = await runRanks(size, './threads-program.ts', { seed: seed + round })
      assert.deepEqual(answers, new Array(size).fill('done'))
    }
  })
}

test('a world that has ended leaves nothing in the heap', () => {
  const before = heap.inUseBytes
  endWorld(makeWorld(4))
  assert.equal(heap.inUseBytes, before)
})

/** Ranks that share cores look only a few times before they sleep. */
test('a rank that has got what it waited for does not ask for it again, when it came awake or asleep', () => {
  const size = availableParallelism() + 1
  const start = makeWorld(size)
  const exchange = new Exchange(new Views(start, 0), [...Array(size).keys()])
  for (let turn = 1; turn <= 9; turn++) {
    let asked = 0
    const takes = (): boolean => {
      assert.ok(++asked <= turn, `what came at question ${turn} was asked for again`)
      return asked === turn
    }
    exchange.waitUntil(takes, () => 'waits')
    assert.equal(asked, turn)
  }
  exchange.ended()
  endWorld(start)
})

test('a rank that gives way may run on the same cores as before', { skip: needsKoffi() }, () => {
  const cores = () => /^Cpus_allowed:.*$/m.exec(readFileSync('/proc/thread-self/status', 'utf8'))![0]
  const before = cores()
  for (const rank of [0, 1]) {
    const giveWay = loadGiveWay(rank)!
    for (let turn = 0; turn < 1000; turn++) giveWay()
    assert.equal(cores(), before)
  }
})

function needsKoffi(): string | false {
  if (process.platform !== 'linux') return 'ranks give way on Linux only'
  try {
    createRequire(import.meta.url).resolve('koffi')
    return false
  } catch {
    return 'koffi is not installed'
  }
}

const stuck = (size: number, kind: string) => runRanks(size, './deadlock-program.ts', { kind })

test('ranks that wait for each other are told who waits for whom, and where', async () => {
  for (const { error } of await stuck(3, 'circle')) {
    assert.match(error, /^DeadlockError: Every rank waits for another:/)
    assert.match(error, /rank 0 waits in recv from rank 1, tag 5 \(.*deadlock-program\.ts:\d+/)
    assert.match(error, /rank 1 waits in recv from rank 2, tag 5/)
    assert.match(error, /rank 2 waits in recv from rank 0, tag 5/)
  }
})

test('ranks that wait for any of several calls are seen', async () => {
  for (const { error } of await stuck(2, 'any')) {
    assert.match(error, /rank 0 waits in waitAny for its irecv from rank 1, tag 5, or its irecv from any rank, tag 6/)
    assert.match(error, /rank 1 waits in waitSome for its irecv from rank 0, tag 7, or its irecv from rank 0, tag 8/)
    assert.match(error, /deadlock-program\.ts:\d+/)
  }
})

test('a rank that waits for one that has ended is told so', async () => {
  const [first] = await stuck(2, 'ended')
  assert.match(first.error, /rank 0 waits in recv from rank 1, any tag[\s\S]*rank 1 has ended/)
})

test('a message that nobody receives, and a barrier', async () => {
  for (const { error } of await stuck(2, 'unreceived')) {
    assert.match(error, /rank 0 waits in send to rank 1, tag 9/)
    assert.match(error, /rank 1 waits in barrier for rank 0/)
  }
})

test('a communicator that not all make: by the call that makes it', async () => {
  for (const { error } of await stuck(2, 'making')) assert.match(error, /rank 0 waits in split for rank 1 \(.*:\d+/)
})

test('collectives that do not match are told apart from deadlock', async () => {
  for (const { error } of await stuck(2, 'mismatched')) {
    assert.match(
      error,
      /^MpiError: (barrier|allreduce) on rank \d of its communicator: rank \d is in (allreduce|barrier)/,
    )
  }
})

test('elements of different types in one collective are told apart', async () => {
  for (const { error } of await stuck(2, 'otherType'))
    assert.match(error, /^MpiError: allgather on rank \d of its communicator: rank \d gives elements of another type/)
})
