/** Asks for bars, on what says of itself that it is a terminal, or not. */
import { bag, distribute, graph, parallelMap, stop, task } from '../../src/index.ts'

if (process.argv[2] === 'terminal') Object.assign(process.stderr, { isTTY: true, columns: 200 })

const square = task(import.meta, 'square', (x: number) => x * x)
/** The library that draws is loaded when a bar is asked for. */
const slowly = task(import.meta, 'slowly', async (x: number) => {
  await new Promise(resolve => setTimeout(resolve, 40))
  return x
})

const numbers = Array.from({ length: 1500 }, (_, i) => i)
async function* some() {
  for (let i = 0; i < 16; i++) yield slowly(i)
}
const progress = true
await parallelMap(numbers, square, { progress, chunk: 2, concurrency: 1 })
await parallelMap(some(), slowly as never, { progress, chunk: 1 })
await parallelMap([1, 2, 3, 4, 5, 6, 7, 8, 9], x => (x === 9 ? JSON.parse('{') : x), { progress, chunk: 1 }).catch(
  () => {},
)
await Promise.all([
  bag(numbers.slice(0, 24), { progress, partitions: 8 }).map(slowly).frequencies().count(),
  graph(numbers.slice(0, 20).map(x => slowly.lazy(x))).run({ progress }),
])
await distribute([1, 2, 3, 4, 5, 6], slowly, { progress: false })
await stop()
// Nobody goes on with it: the program ends all the same.
const abandoned = parallelMap.each(numbers, slowly, { progress })
await abandoned.next()
await stop()
console.log('done')
