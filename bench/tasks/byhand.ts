/** One worker and two words of shared memory: how quickly a thread can be asked at all. In between it spins, or sleeps. */
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { serve, type Work } from '../harness/serve.ts'
import { afterRest, oneByOne } from './timing.ts'

// Words, a cache line apart: what is asked, what was answered, and whether the worker may spin.
const [asked, answered, spins] = [0, 16, 32]

if (!isMainThread) {
  const c = workerData as Int32Array
  for (let seen = 0; ; ) {
    if (Atomics.load(c, spins) === 0) Atomics.wait(c, asked, seen)
    while (Atomics.load(c, spins) !== 0 && Atomics.load(c, asked) === seen);
    seen = Atomics.load(c, asked)
    Atomics.store(c, answered, seen)
  }
}

const c = new Int32Array(new SharedArrayBuffer(256))
new Worker(new URL(import.meta.url), { workerData: c }).unref()

async function ask(wakes = Atomics.load(c, spins) === 0): Promise<void> {
  const number = Atomics.add(c, asked, 1) + 1
  if (wakes) Atomics.notify(c, asked)
  while (Atomics.load(c, answered) !== number);
}

function prepare(id: string): Work | { skip: string } {
  if (id !== 'noop-one' && id !== 'noop-parked') return { skip: 'it knows no tasks' }
  const checksum = () => null
  const call = () => ask()
  if (id === 'noop-parked') return { run: call, time: afterRest(call), checksum }
  const time = async (inner: number) => {
    Atomics.store(c, spins, 1)
    await ask(true)
    const seconds = await oneByOne(call)(inner)
    Atomics.store(c, spins, 0)
    return seconds
  }
  return { run: call, time, checksum }
}

await serve('shared memory by hand', prepare)
