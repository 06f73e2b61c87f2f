/**
 * Two to a few threads for the peers that have no runtime of their own (plain JavaScript, hand-written wasm): what a
 * careful user would write with worker_threads and Atomics. Workers spin for about 100 µs after a call, then sleep.
 */
import { Worker } from 'node:worker_threads'

const GENERATION = 0
const DONE = 1
const FAILED = 2
const spins = 20_000

/** Waits until the cell differs from `old`: spinning first, sleeping then. Returns the new value. */
function waitWhile(cells: Int32Array, at: number, old: number): number {
  for (let k = 0; k < spins; k++) {
    const now = Atomics.load(cells, at)
    if (now !== old) return now
  }
  for (;;) {
    Atomics.wait(cells, at, old)
    const now = Atomics.load(cells, at)
    if (now !== old) return now
  }
}

/** The worker's loop: runs `part` once per generation. */
export function followCaller(control: SharedArrayBuffer, part: () => void): never {
  const cells = new Int32Array(control)
  for (let seen = 0; ; ) {
    seen = waitWhile(cells, GENERATION, seen)
    try {
      part()
    } catch (error) {
      console.error(error)
      Atomics.store(cells, FAILED, 1)
    }
    Atomics.add(cells, DONE, 1)
    Atomics.notify(cells, DONE)
  }
}

export interface ForkJoin {
  /** Runs `own` here while every worker runs its part; returns when all are done. */
  run: (own: () => void) => void
  stop: () => void
}

/** Starts `count` workers of a module that calls `followCaller`, each with `data` and its `index` from 1. */
export async function forkJoin(module: URL, count: number, data: object): Promise<ForkJoin> {
  const control = new SharedArrayBuffer(64)
  const cells = new Int32Array(control)
  const workers = Array.from({ length: count }, (_, k) => {
    const workerData = { ...data, control, index: k + 1, parts: count + 1 }
    return new Worker(module, { workerData })
  })
  await Promise.all(workers.map(worker => new Promise(resolve => worker.once('online', resolve))))
  return {
    run(own) {
      Atomics.store(cells, DONE, 0)
      Atomics.add(cells, GENERATION, 1)
      Atomics.notify(cells, GENERATION)
      own()
      for (let done = 0; done < count; ) {
        done = Atomics.load(cells, DONE)
        if (done < count) done = waitWhile(cells, DONE, done)
      }
      if (Atomics.load(cells, FAILED)) throw new Error('a worker failed; its error is on stderr')
    },
    stop() {
      for (const worker of workers) void worker.terminate()
    },
  }
}
