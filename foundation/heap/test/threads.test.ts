import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { createHeap, type Heap } from '../src/index.ts'
import { lock } from '../src/layout.ts'
import { checkInvariants } from './invariants.ts'
import { seedOf } from './seed.ts'

const start = (heap: Heap, exchange: SharedArrayBuffer, seed: number, rounds: number): Worker =>
  new Worker(new URL('./threads.worker.ts', import.meta.url), {
    workerData: { memory: heap.memory, exchange, seed, rounds },
  })

const until = (words: Int32Array, index: number, value: number): void => {
  for (let seen = Atomics.load(words, index); seen < value; seen = Atomics.load(words, index)) {
    assert.equal(Atomics.wait(words, index, seen, 20_000) !== 'timed-out', true)
  }
}

for (const memory64 of [false, true]) {
  test(`threads allocate and free each other's blocks, memory${memory64 ? 64 : 32}`, async t => {
    const { seed } = seedOf(t)
    const heap = createHeap({ maxBytes: 2 ** 28, memory64 })
    const exchange = new SharedArrayBuffer(4 * 34)
    const workers = [1, 2, 3].map(i => start(heap, exchange, seed + i, 3000))
    await Promise.all(workers.map(worker => once(worker, 'exit')))
    checkInvariants(heap.memory)
    for (const left of new Int32Array(exchange).subarray(2)) if (left !== 0) heap.free(left * 64)
    heap.trim()
    assert.deepEqual(checkInvariants(heap.memory), { blocks: 0, bytes: 0 })
    assert.deepEqual(heap.holders(), [])
  })
}

test('a thread terminated anywhere leaves a heap that works', async t => {
  const { seed } = seedOf(t)
  const heap = createHeap({ maxBytes: 2 ** 29 })
  const words = new Int32Array(heap.memory.buffer)
  for (let i = 0; i < 12; i++) {
    const exchange = new SharedArrayBuffer(4 * 34)
    const worker = start(heap, exchange, seed + i, 2 ** 30)
    until(new Int32Array(exchange), 1, 1)
    const exited = once(worker, 'exit')
    // Contend for the lock, so that the thread is often about to take it, or has it, when the end comes.
    for (let n = 0; n < 2000 + i * 500; n++) heap.free(heap.allocate(64))
    worker.terminate()
    await exited
    heap.free(heap.allocate(100_000))
    assert.equal(Atomics.load(words, lock), 0)
    checkInvariants(heap.memory)
  }
})

test('the lock of a dead thread is inherited, and what it guards repaired', {
  skip: process.platform !== 'linux',
}, async () => {
  const heap = createHeap({ maxBytes: 2 ** 26 })
  const blocks = [heap.f32(100, { label: 'a' }), heap.f32(100_000, { label: 'b' }), heap.u8(3, { label: 'a' })]
  const hole = heap.allocate(200_000)
  const wall = heap.allocate(200_000)
  heap.free(hole)
  const before = heap.stats()
  const words = new Int32Array(heap.memory.buffer)
  // Takes the lock under its own number, spoils counters and lists as a half-done change might, and ends.
  const worker = new Worker(
    `const { workerData } = require('node:worker_threads')
     const words = new Int32Array(workerData.buffer)
     words[${lock}] = Number(require('node:fs').readlinkSync('/proc/thread-self').split('/').at(-1))
     words.fill(0, 64, 454)
     new Float64Array(workerData.buffer).fill(-1, 256, 259)`,
    { eval: true, workerData: { buffer: heap.memory.buffer } },
  )
  await once(worker, 'exit')
  assert.notEqual(words[lock], 0)
  heap.free(heap.allocate(64))
  checkInvariants(heap.memory)
  const after = heap.stats()
  assert.equal(after.inUseBytes, before.inUseBytes)
  assert.deepEqual(after.holders, before.holders)
  assert.equal(heap.allocate(200_000), hole, 'the hole is found again')
  heap.free(wall)
  for (const block of blocks) heap.release(block)
  checkInvariants(heap.memory)
})

test("the process's heap is the same on a worker thread", async () => {
  const { heap } = await import('../src/index.ts')
  const x = heap.f64([1, 2, 3])
  const worker = new Worker(
    `import { parentPort, workerData } from 'node:worker_threads'
     const { heap } = await import(${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)})
     workerData.x[0] = heap.owns(workerData.x) ? heap.addressOf(workerData.x) : -1
     parentPort.postMessage({ y: heap.disown(heap.f64([7])), stats: heap.stats() })`,
    { eval: true, workerData: { x }, execArgv: ['--input-type=module'] },
  )
  const [{ y, stats }] = await once(worker, 'message')
  assert.equal(x[0], heap.addressOf(x), 'a view that travelled is known, at the same address')
  assert.equal(heap.adopt(Float64Array, y, 1)[0], 7)
  assert.equal(stats.allocations, 2)
})

test('the width and size of the heap can be set from outside', async () => {
  const { execFileSync } = await import('node:child_process')
  const index = JSON.stringify(new URL('../src/index.ts', import.meta.url).href)
  const ask = (env: Record<string, string>): string =>
    execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { heap } from ${index}; const s = heap.stats(); console.log(s.memory64, s.reservedBytes)`,
      ],
      { env: { ...process.env, ...env }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    ).trim()
  assert.match(ask({ SKEIN_HEAP: 'memory32' }), /^false 4\d{9}$/)
  assert.match(ask({ SKEIN_HEAP: 'memory32', SKEIN_HEAP_MAX: '67108864' }), /^false 671\d+$/)
  assert.throws(() => ask({ SKEIN_HEAP: 'large' }), /SKEIN_HEAP must be 'memory32' or 'memory64'/)
  assert.throws(() => ask({ SKEIN_HEAP_MAX: '1' }), /maxBytes must be/)
})
