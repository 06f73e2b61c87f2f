/** A million queued tasks: what each takes, and how long it takes to give all of them up, the last first. Needs --expose-gc. */
import { heap } from '@skein/heap'
import { cancel, type Ref, start, stats, task } from '../../src/index.ts'

const add = task(import.meta, 'add', (a: number, b: number) => a + b)
const blocks = task(import.meta, 'blocks', (gate: Int32Array) => {
  Atomics.add(gate, 0, 1)
  Atomics.wait(gate, 1, 0)
})

start({ workers: 1 })
const gate = heap.i32(2)
const blocked = blocks(gate)
while (Atomics.load(gate, 0) === 0) await new Promise(setImmediate)

const n = 1_000_000
const refs: Ref<number>[] = Array(n)
const used = (): number => {
  ;(globalThis.gc as () => void)()
  return process.memoryUsage().heapUsed
}
const before = used()
for (let i = 0; i < n; i++) refs[i] = add(i, 1)
const bytes = (used() - before) / n
const { ready, running } = stats()
const from = performance.now()
for (let i = n - 1; i >= 0; i--) cancel(refs[i])
const ms = performance.now() - from
const { cancelled } = stats()
Atomics.store(gate, 1, 1)
Atomics.notify(gate, 1)
await blocked
refs.length = 0
const left = (used() - before) / n
console.log(JSON.stringify({ bytes, all: ready + running, cancelled, ms, left, sum: await add(1, 2) }))
