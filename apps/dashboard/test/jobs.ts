/** Tasks for a program that is looked at. */
import { actor, task } from '@skein/tasks'

export const crunch = task(import.meta, 'crunch', (ms: number) => {
  const until = performance.now() + ms
  while (performance.now() < until);
  return ms
})
export const rest = task(import.meta, 'rest', (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms)))
export const breaks = task(import.meta, 'breaks', (what: string): void => {
  throw new RangeError(`cannot ${what}`)
})
export const says = task(import.meta, 'says', (text: string) => console.log(text))
export const measures = task(import.meta, 'measures', (x: Float64Array) => x.length)
export const reads = task(import.meta, 'reads', (book: { readonly words: readonly string[] }) => book.words)
export const nothing = task(import.meta, 'nothing', () => {})
/** Waits until the gate is opened. */
export const opens = task(import.meta, 'opens', (gate: Int32Array, x: number) => {
  Atomics.wait(gate, 0, 0)
  return x
})
export const sum = task(import.meta, 'sum', (...numbers: number[]) => numbers.reduce((a, b) => a + b, 0))
export const Store = actor(
  import.meta,
  'Store',
  class {
    #kept = new Map<string, number>()
    set(key: string, value: number) {
      this.#kept.set(key, value)
      return this.#kept.size
    }
  },
)
