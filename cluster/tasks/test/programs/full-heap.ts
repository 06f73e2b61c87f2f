/** Pins arrays until the heap is full (SKEIN_HEAP_MAX makes it small), and lets them go. */
import { heap } from '@skein/heap'
import { put, type Ref, task } from '../../src/index.ts'

const add = task(import.meta, 'add', (a: number, b: number) => a + b)
const make = task(import.meta, 'make', (n: number) => new Float64Array(n))
const told = (error: Error) => console.log(`${error.name}: ${error.message}`)

const n = 1 << 18
const pins: Ref<unknown>[] = []
try {
  for (;;) pins.push(put(new Float64Array(n)))
} catch (error) {
  told(error as Error)
}
await make(n).then(() => console.log('there was room'), told)
console.log(await add(1, 2))
pins.length = 0
await new Promise(resolve => setTimeout(resolve))
heap.collect()
console.log(((await make(n)) as Float64Array).length)
