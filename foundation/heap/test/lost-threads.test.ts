import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { createHeap, DoubleFreeError, type Heap } from '../src/index.ts'
import { checkInvariants } from './invariants.ts'

const sizes = [8, 1000, 60_000, 70_000, 5_000_000]

/** Runs code on a thread with this heap, as `heap`; what it posts, when it has ended. */
async function onThread(heap: Heap, code: string, given?: unknown): Promise<any> {
  const worker = new Worker(
    `import { parentPort, workerData } from 'node:worker_threads'
     const { attachHeap } = await import(${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)})
     const heap = attachHeap(workerData.memory)
     const { given, sizes } = workerData
     ${code}`,
    { eval: true, workerData: { memory: heap.memory, given, sizes }, execArgv: ['--input-type=module'] },
  )
  const exited = once(worker, 'exit')
  const [said] = await once(worker, 'message')
  await worker.terminate()
  await exited
  return said
}

for (const memory64 of [false, true]) {
  test(`what a thread leaves is released, and nothing else, memory${memory64 ? 64 : 32}`, async () => {
    const heap = createHeap({ maxBytes: 2 ** 28, memory64 })
    const mine = sizes.map(size => heap.u8(size, { label: 'mine' }).fill(1))
    const before = heap.stats()
    const said = await onThread(
      heap,
      `globalThis.kept = sizes.map(n => heap.u8(n, { label: 'left' }))
       const ofLength = make => sizes.map(n => ({ address: make(n), n }))
       const fill = ({ address, n }) => heap.view(Uint8Array, address, n).fill(2)
       const handed = ofLength(n => heap.disown(heap.u8(n)))
       const raw = ofLength(n => heap.allocate(n))
       const lent = sizes.map(n => heap.u8(n))
       lent.forEach(x => heap.lend(x))
       const viewed = sizes.map(n => heap.u8(n))
       viewed.forEach(x => heap.lend(heap.view(Uint8Array, heap.addressOf(x) + x.length - 1, 1)))
       const back = sizes.map(n => heap.u8(n))
       for (let i = 0; i < 2; i++) back.forEach(x => heap.lend(x))
       for (let i = 0; i < 2; i++) back.forEach(x => heap.takeBack(x))
       globalThis.back = back
       globalThis.adopted = given.map(({ address, n }) => heap.adopt(Uint8Array, address, n))
       const stay = [...handed, ...raw, ...[...lent, ...viewed].map(x => ({ address: heap.addressOf(x), n: x.length }))]
       stay.forEach(fill)
       parentPort.postMessage({ thread: heap.thread, stay })`,
      sizes.map(n => ({ address: heap.disown(heap.u8(n)), n })),
    )
    const { thread, stay } = said as { thread: number; stay: { address: number; n: number }[] }
    assert.notEqual(thread, heap.thread)
    assert.equal(heap.releaseOf(thread), 3 * sizes.length, 'what it made, took back and adopted')
    checkInvariants(heap.memory)
    assert.equal(heap.releaseOf(thread), 0)
    assert.equal(heap.stats().allocations, mine.length + stay.length)
    assert.ok(stay.every(({ address, n }) => heap.view(Uint8Array, address, n).every(byte => byte === 2)))
    assert.ok(mine.every(x => x.every(byte => byte === 1)))
    const adopted = stay.map(({ address, n }) => heap.adopt(Uint8Array, address, n))
    assert.equal(heap.releaseOf(thread), 0)
    for (const array of adopted) heap.release(array)
    assert.deepEqual(heap.stats().inUseBytes, before.inUseBytes)
    assert.deepEqual(heap.holders(), before.holders)
    checkInvariants(heap.memory)
  })
}

test('many blocks, left by many threads, are told apart', async () => {
  const heap = createHeap({ maxBytes: 2 ** 28 })
  const said = await Promise.all(
    [1, 2, 3].map(i =>
      onThread(
        heap,
        `globalThis.kept = Array.from({ length: 5000 }, (_, k) => heap.u32([${i}, k].concat(Array(k % 300).fill(0))))
         parentPort.postMessage({ thread: heap.thread, at: globalThis.kept.map(x => heap.addressOf(x)) })`,
      ),
    ),
  )
  assert.equal(new Set(said.map(({ thread }) => thread)).size, 3)
  said.forEach(({ thread }, i) => {
    assert.equal(heap.releaseOf(thread), 5000)
    checkInvariants(heap.memory)
    for (let other = i + 1; other < 3; other++) {
      said[other].at.forEach((address: number, k: number) => {
        assert.deepEqual([...heap.view(Uint32Array, address, 2)], [other + 1, k])
      })
    }
  })
  heap.trim()
  assert.equal(heap.stats().inUseBytes, 0)
})

test('a disowned block may be lent no more; numbers that are none', () => {
  const heap = createHeap({ maxBytes: 2 ** 26 })
  const x = heap.f64(10)
  heap.lend(x)
  const y = heap.adopt(Float64Array, heap.disown(x), 10)
  heap.takeBack(x)
  heap.release(y)
  assert.throws(() => heap.release(y), DoubleFreeError)
  for (const bad of [0, -1, 0.5, Number.NaN, heap.thread]) {
    assert.throws(() => heap.releaseOf(bad), { name: 'ArgumentError' })
  }
})
