/**
 * What a call costs beyond its work: `node foundation/team/bench/fork-join.ts`.
 *
 *     alone      one thread, no team
 *     empty      an empty body for two threads: the caller does not wait for one that comes too late
 *     meet       each of two threads waits inside the body for the other: nothing returns before both have come
 *     async      the same two, through a promise
 *
 * awake: calls follow each other; parked: all threads have gone to sleep before each call. Medians of microseconds.
 */

import { heap } from '@skein/heap'
import { createTeam, type RunOptions } from '../src/index.ts'
import { bodies, bodyNames } from '../test/modules.ts'

const team = createTeam({ threads: 2 })
const body = team.load({ bytes: bodies(heap.memory64), exports: bodyNames })
const word = heap.i32(1)
const args = heap.addressOf(word)

const asleep = async (): Promise<void> => {
  const { length } = team.stats().workers
  while (team.stats().sleeping < length) await new Promise(resolve => setImmediate(resolve))
  await new Promise(resolve => setTimeout(resolve, 1)) // From saying so to being asleep.
}

const median = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1]

const measure = async (name: string, exported: string, options: RunOptions): Promise<void> => {
  const index = bodyNames.indexOf(exported as 'empty')
  const once = (): number => team.run(body, index, options)
  // Batches, for a single awake call is shorter than the clock is fine.
  const awake: number[] = []
  for (let batch = 0; batch < 300; batch++) {
    const start = performance.now()
    for (let i = 0; i < 100; i++) once()
    awake.push((performance.now() - start) * 10)
  }
  const parked: number[] = []
  for (let i = 0; i < 300; i++) {
    await asleep()
    const start = performance.now()
    once()
    parked.push((performance.now() - start) * 1000)
  }
  const async: number[] = []
  for (let i = 0; i < 300; i++) {
    const start = performance.now()
    await team.runAsync(body, index, options)
    async.push((performance.now() - start) * 1000)
  }
  const cells = [awake, parked, async].map(times => median(times).toFixed(2).padStart(10))
  console.log(name.padEnd(12), ...cells)
}

await team.runAsync(body, 'empty', { begin: 0, end: 2, chunk: 1 })
console.log(''.padEnd(12), ...['awake', 'parked', 'async'].map(title => title.padStart(10)), 'µs')
await measure('alone', 'empty', { begin: 0, end: 2, chunk: 1, threads: 1 })
for (const schedule of ['static', 'dynamic', 'guided', 'auto'] as const) {
  await measure(`empty ${schedule}`, 'empty', { begin: 0, end: 2, chunk: 1, schedule })
}
await measure('meet static', 'meet', { args, begin: 0, end: 2, chunk: 1, schedule: 'static' })
await team.close()
