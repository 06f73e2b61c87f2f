/** What belongs to a call and to all that is called for it, however late. Without Node it holds for synchronous code only: until the first `await`. */

import { nodeModule } from './node.ts'

export type AsyncStorage<T> = Pick<import('node:async_hooks').AsyncLocalStorage<T>, 'getStore' | 'run'>

const Storage = nodeModule<typeof import('node:async_hooks')>('node:async_hooks')?.AsyncLocalStorage

export const asyncStorage = <T>(): AsyncStorage<T> => (Storage ? new Storage<T>() : synchronousStorage())

/** What is stored now, anywhere: what it gives runs a function with that. */
export const asyncSnapshot = (): (<Result>(run: () => Result) => Result) => {
  if (Storage) return Storage.snapshot()
  const now = stored
  return run => running(now, run)
}

/** By each storage. */
let stored: ReadonlyMap<object, unknown> = new Map()

const running = <Result>(by: ReadonlyMap<object, unknown>, run: () => Result): Result => {
  const before = stored
  stored = by
  try {
    return run()
  } finally {
    stored = before
  }
}

const synchronousStorage = <T>(): AsyncStorage<T> => {
  const storage = {
    getStore: () => stored.get(storage) as T | undefined,
    run: (store: T, fn: (...args: never[]) => unknown, ...args: never[]) =>
      running(new Map(stored).set(storage, store), () => fn(...args)),
  }
  return storage as AsyncStorage<T>
}
