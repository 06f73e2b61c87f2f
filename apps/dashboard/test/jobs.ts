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
export const nothing = task(import.meta, 'nothing', () => {})
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
