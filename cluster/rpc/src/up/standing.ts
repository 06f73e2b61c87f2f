// What the other side offers, as something that stays while connections come and go.
import type { Queue } from './queue.ts'

/** `last` is what it offered when it was last seen: what is no function there is given as it was. What it has never been seen to have is taken for a function. */
export const standing = (queue: Queue, last: () => unknown, path: readonly string[] = []): object => {
  const proxy: object = new Proxy(() => {}, {
    get(_, key) {
      // What is awaited is the connection, not this.
      if (typeof key === 'symbol' || (key === 'then' && path.length === 0)) return undefined
      const known = own(last(), key)
      if (known !== undefined && typeof known !== 'function' && !isPlain(known)) return known
      return standing(queue, () => own(last(), key), [...path, key])
    },
    apply: (_, __, args: unknown[]) => queue.call(path, args),
    has: (_, key) => own(last(), key) !== undefined,
    ownKeys: () => Object.keys(Object(last())),
    getOwnPropertyDescriptor: (_, key) =>
      own(last(), key) === undefined
        ? undefined
        : { value: Reflect.get(proxy, key), enumerable: true, configurable: true },
    set: () => false,
  })
  return proxy
}

const own = (value: unknown, key: string | symbol): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string | symbol, unknown>)[key]
    : undefined

const isPlain = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
