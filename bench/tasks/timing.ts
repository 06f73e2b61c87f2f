/** Ways to time calls that the harness does not know. */
import { setTimeout as rest } from 'node:timers/promises'
import { median } from '../harness/statistics.ts'

/** The median of calls of which each is awaited before the next, in seconds. */
export const oneByOne = (call: () => PromiseLike<unknown>) => async (inner: number) => {
  const seconds = new Array<number>(inner)
  for (let k = 0; k < inner; k++) {
    const from = performance.now()
    await call()
    seconds[k] = (performance.now() - from) / 1e3
  }
  return median(seconds)
}

/** The same, each after a rest in which workers go to sleep. Calls before them see to it that it is the rest which counts, not the compiler. */
export const afterRest = (call: () => PromiseLike<unknown>) => {
  const one = oneByOne(call)
  let warmUps = 5000
  return async (inner: number) => {
    for (; warmUps > 0; warmUps--) await call()
    const seconds = new Array<number>(inner)
    for (let k = 0; k < inner; k++) {
      await rest(5)
      seconds[k] = await one(1)
    }
    return median(seconds)
  }
}

/** What a queued task takes of this thread's memory, while no worker is free to begin it. */
export async function bytesQueued(
  workers: number,
  n: number,
  hold: (flag: Int32Array) => PromiseLike<unknown>,
  call: () => PromiseLike<unknown>,
  flag: Int32Array = new Int32Array(new SharedArrayBuffer(4)),
): Promise<number> {
  Atomics.store(flag, 0, 0)
  const held = Array.from({ length: workers }, () => hold(flag))
  const calls = new Array<PromiseLike<unknown>>(n).fill(held[0])
  const before = memory()
  for (let i = 0; i < n; i++) calls[i] = call()
  const bytes = (memory() - before) / n
  Atomics.store(flag, 0, 1)
  Atomics.notify(flag, 0)
  await Promise.all([...held, ...calls])
  return bytes
}

function memory(): number {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('memory is only measured with node --expose-gc')
  gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
