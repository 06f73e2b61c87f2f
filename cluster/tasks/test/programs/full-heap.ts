/** Pins arrays until the heap is full (SKEIN_HEAP_MAX makes it small) and so many bytes are on disk, and lets them go. */
import { heap } from '@skein/heap'
import { put, type Ref, start, stats, task } from '../../src/index.ts'

const bytes = Number(process.argv[2])
start({ workers: 2, spill: bytes > 0 && { bytes } })
const add = task(import.meta, 'add', (a: number, b: number) => a + b)
const make = task(import.meta, 'make', (n: number) => new Float64Array(n))
const last = task(import.meta, 'last', (x: Float64Array) => x[x.length - 1])
const told = (error: Error) => console.log(`${error.name}: ${error.message}`)

const n = 1 << 18
const pins: Ref<Float64Array>[] = []
try {
  for (;;) pins.push(put(new Float64Array(n).fill(pins.length)))
} catch (error) {
  told(error as Error)
}
await make(n).then(() => console.log('there was room'), told)
console.log(await add(1, 2))
const found: { [what: string]: number } = {}
for (const [i, pin] of pins.entries()) {
  const what = await last(pin).then(
    value => (value === i ? 'right' : 'wrong'),
    error => error.name,
  )
  found[what] = (found[what] ?? 0) + 1
}
console.log(pins.length, found, stats().objects.spilled)
pins.length = 0
await new Promise(resolve => setTimeout(resolve))
heap.collect()
console.log((await make(n)).length)
