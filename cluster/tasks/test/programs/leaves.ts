/** Tasks that leave arrays in the heap when their worker is lost. */
import { heap } from '@skein/heap'
import { actor, task } from '../../src/index.ts'

/** Every worker makes this as well. */
export const top = heap.f64(1000, { label: 'top' })
const kept: unknown[] = [top]

export const takes = task(import.meta, 'takes', (bytes: number) => {
  kept.push(heap.u8(bytes, { label: 'left' }).fill(1))
  return heap.u8(bytes, { label: 'given' }).fill(2)
})
export const takesAndExits = task(import.meta, 'takesAndExits', (bytes: number): void => {
  kept.push(heap.u8(bytes, { label: 'left' }), heap.u8(100, { label: 'left' }))
  process.exit(1)
})
export const takesAndHangs = task(import.meta, 'takesAndHangs', (bytes: number, begun: Int32Array): void => {
  kept.push(heap.u8(bytes, { label: 'left' }))
  Atomics.store(begun, 0, 1)
  for (;;);
})
/** Holds on until the flag's third word is set; says whether the array is still what it was. */
export const waits = task(import.meta, 'waits', async (x: Uint8Array, flags: Int32Array) => {
  Atomics.store(flags, 1, 1)
  while (Atomics.load(flags, 2) === 0) await new Promise(resolve => setTimeout(resolve, 1))
  Atomics.store(flags, 3, x.every(byte => byte === 7) ? 1 : -1)
})
/** Its worker ends while another uses its array. */
export const lendsAndExits = task(import.meta, 'lendsAndExits', async (flags: Int32Array) => {
  const x = heap.u8(1_000_000, { label: 'lent' }).fill(7)
  kept.push(x)
  const used = waits(x, flags)
  while (Atomics.load(flags, 1) === 0) await new Promise(resolve => setTimeout(resolve, 1))
  if (Atomics.load(flags, 0) === 1) process.exit(1)
  await used
})
export const lendsThenExits = task(import.meta, 'lendsThenExits', async (flags: Int32Array) => {
  const x = heap.u8(1_000_000, { label: 'lent' }).fill(7)
  kept.push(x)
  await waits(x, flags)
  process.exit(1)
})
export const Keeper = actor(
  import.meta,
  'Keeper',
  class {
    #kept: Uint8Array[] = []
    keep(n: number) {
      this.#kept.push(heap.u8(n, { label: 'left' }).fill(3))
      return this.#kept.at(-1)!
    }
  },
)
