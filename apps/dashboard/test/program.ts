/**
 * A program that is looked at: two hundred tasks, some failures, an actor, output, objects in memory and on disk, arrays that are copied and shared. For each line of standard input that is a number
 * it runs so many tasks more, and prints what it has done; at `graph` it begins a graph that goes on at `open`; it ends with its
 * standard input.
 */
import { createInterface } from 'node:readline'
import { heap } from '@skein/heap'
import { bag, get, graph, put, start, stats, wait } from '@skein/tasks'
import { breaks, crunch, measures, nothing, opens, reads, rest, Store, says, sum } from './jobs.ts'

start({ workers: 2, heapBytes: 2 ** 24 })
const kept = heap.f64(1 << 17, { label: 'the grid' })
await get(Array.from({ length: 200 }, (_, i) => (i % 4 === 0 ? rest(3 + (i % 7)) : crunch(1 + (i % 5)))))
await wait([breaks('go on'), breaks('stop'), breaks('wait')], { count: 3 })
await get([says('one'), says('two')])
const store = await Store.with({ name: 'prices' }).create()
await get([store.set('a', 1), store.set('b', 2)])
const grid = put(kept)
// More than the heap may have: some go to disk.
const layers = Array.from({ length: 20 }, () => put(new Float64Array(1 << 17), { label: 'layer' }))
// An array that is copied with each call, one that is not, and objects.
const own = new Float64Array(1 << 14)
await get(Array.from({ length: 10 }, () => measures(own)))
await get(Array.from({ length: 5 }, () => measures(kept)))
await get(Array.from({ length: 30 }, () => reads({ words: Array.from({ length: 100 }, (_, i) => `word ${i}`) })))
const gate = heap.i32(1)
let running: { readonly refs: { readonly sum: unknown } } | undefined
const tell = () => console.log(JSON.stringify(stats()))
tell()
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'graph') {
    const held = opens.lazy(gate, crunch.lazy(rest.lazy(1) as never))
    running = graph({ sum: sum.lazy(sum.lazy(1), sum.lazy(2), held), bad: breaks.lazy('go on') }).runAsync()
    continue
  }
  if (line === 'open') {
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
    await running?.refs.sum
    await bag
      .range(1000, { partitions: 10 })
      .map(i => i % 7)
      .frequencies({ partitions: 3 })
      .top(2)
    tell()
    continue
  }
  await get(Array.from({ length: Number(line) }, () => nothing()))
  tell()
}
await grid
await layers[0]
