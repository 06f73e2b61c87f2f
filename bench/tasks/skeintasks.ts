/** What Skein's workers run. */
import { actor, task } from 'skein/tasks'
import { hold as holdUntil, spin as spinFor, sum as sumOf } from './work.ts'

export const noop = task(import.meta, 'noop', () => {})
export const sum = task(import.meta, 'sum', sumOf)
export const spin = task(import.meta, 'spin', spinFor)
export const hold = task(import.meta, 'hold', holdUntil)
export const add = task(import.meta, 'add', (a: number, b: number) => a + b)
export const Idler = actor(
  import.meta,
  'Idler',
  class {
    noop() {}
  },
)
