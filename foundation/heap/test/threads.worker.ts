/**
 * A thread of threads.test.ts: allocates and frees at random until told to stop, or for a number of rounds, checking
 * that its blocks keep what it wrote. Blocks of earlier rounds also come from, and go to, the other threads through a
 * shared exchange.
 */

import { parentPort, workerData } from 'node:worker_threads'
import { attachHeap } from '../src/index.ts'

const { memory, exchange, seed, rounds } = workerData as {
  memory: WebAssembly.Memory
  /** Words: 0 stop, 1 how many threads are at it, then addresses / 64 left for whoever comes. */
  exchange: SharedArrayBuffer
  seed: number
  rounds: number
}

const heap = attachHeap(memory)
const shared = new Int32Array(exchange)
let state = seed
const random = (below: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) | 0
  return (state >>> 8) % below
}

const held: { address: number; bytes: number; mark: number }[] = []
Atomics.add(shared, 1, 1)
Atomics.notify(shared, 1)
for (let round = 0; round < rounds && Atomics.load(shared, 0) === 0; round++) {
  const bytes = 4 * (1 + random(random(10) === 0 ? 100_000 : 500))
  const address = heap.allocate(bytes, { label: `thread ${seed}` })
  const mark = random(2 ** 24)
  const ends = heap.view(Int32Array, address, bytes / 4)
  ends[0] = mark
  ends[bytes / 4 - 1] = mark
  held.push({ address, bytes, mark })
  if (held.length > 20) {
    const [block] = held.splice(random(held.length), 1)
    const view = heap.view(Int32Array, block.address, block.bytes / 4)
    if (view[0] !== block.mark || view[block.bytes / 4 - 1] !== block.mark)
      throw new Error(`round ${round}: overwritten`)
    // Another thread frees it.
    const left = Atomics.exchange(shared, 2 + random(shared.length - 2), block.address / 64)
    if (left !== 0) heap.free(left * 64)
  }
}
for (const { address } of held) heap.free(address)
parentPort!.postMessage('done')
