/**
 * A program that is looked at: two hundred tasks, some failures, an actor, output. For each line of standard input that is a number
 * it runs so many tasks more, and prints what it has done; it ends with its standard input.
 */
import { createInterface } from 'node:readline'
import { heap } from '@skein/heap'
import { get, put, start, stats, wait } from '@skein/tasks'
import { breaks, crunch, nothing, rest, Store, says } from './jobs.ts'

start({ workers: 2 })
const kept = heap.f64(1 << 17, { label: 'the grid' })
await get(Array.from({ length: 200 }, (_, i) => (i % 4 === 0 ? rest(3 + (i % 7)) : crunch(1 + (i % 5)))))
await wait([breaks('go on'), breaks('stop'), breaks('wait')], { count: 3 })
await get([says('one'), says('two')])
const store = await Store.with({ name: 'prices' }).create()
await get([store.set('a', 1), store.set('b', 2)])
const grid = put(kept)
const tell = () => console.log(JSON.stringify(stats()))
tell()
for await (const line of createInterface({ input: process.stdin })) {
  await get(Array.from({ length: Number(line) }, () => nothing()))
  tell()
}
await grid
