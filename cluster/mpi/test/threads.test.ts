/** The threads engine by itself, under plans drawn from a seed. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { heap } from '@skein/heap'
import { endWorld, makeWorld } from '../src/threads/world-block.ts'
import { seedOf } from './seed.ts'

async function runRanks(size: number, seed: number): Promise<void> {
  const start = makeWorld(size)
  const ranks = Array.from(
    { length: size },
    (_, rank) => new Worker(new URL('./threads-program.ts', import.meta.url), { workerData: { start, rank, seed } }),
  )
  try {
    const answers = await Promise.all(ranks.map(rank => once(rank, 'message')))
    assert.deepEqual(answers.flat(), new Array(size).fill('done'))
  } finally {
    await Promise.all(ranks.map(rank => rank.terminate()))
    endWorld(start)
  }
}

for (const size of [1, 2, 3, 4, 5, 8]) {
  test(`messages and collectives of ${size} ranks are what the plan says`, async t => {
    const { seed } = seedOf(t)
    for (let round = 0; round < 3; round++) await runRanks(size, seed + round)
  })
}

test('a world that has ended leaves nothing in the heap', () => {
  const before = heap.inUseBytes
  endWorld(makeWorld(4))
  assert.equal(heap.inUseBytes, before)
})
