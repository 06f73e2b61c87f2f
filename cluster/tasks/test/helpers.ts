/** Tasks that call the team of their worker, as kernels do. */
import { threadId } from 'node:worker_threads'
import { heap } from '@skein/heap'
import { defaultTeam } from '@skein/team'
import { task } from '../src/index.ts'

/** A body: says which thread did each index. */
export const who = (args: number, begin: number, end: number): void => {
  const w = heap.view(Int32Array, args, 64)
  const until = performance.now() + 0.1
  while (performance.now() < until);
  for (let i = begin; i < end; i++) w[i] = threadId
}

/** How many threads at once did its calls at most: until there are so many, or a while is over. */
export const helped = task(import.meta, 'helped', async (enough: number, ms: number, together?: Int32Array) => {
  const team = defaultTeam()
  const body = await team.module(import.meta.url, 'who').ready()
  if (together) meet(together, 0)
  const w = heap.i32(64)
  let most = 0
  const until = performance.now() + ms
  while (most < enough && performance.now() < until) {
    team.run(body, 0, { args: heap.addressOf(w), begin: 0, end: 64, schedule: 'dynamic', chunk: 1 })
    most = Math.max(most, new Set(w).size)
  }
  if (together) meet(together, 1)
  return most
})

/** Goes on when all have come. */
function meet(together: Int32Array, at: number): void {
  Atomics.add(together, at, 1)
  while (Atomics.load(together, at) < together[2]);
}
