// What a call will give, before it is here. An answer is a promise, and a proxy besides: asked for a property, or called, it sends that on at once, to be done where
// the answer will be. Once it is here, properties are those of the value.
import { NoSuchFunctionError } from './errors.ts'

/** Where an answer comes from. */
export interface Origin {
  /** Whether the call has not been answered yet. */
  readonly isPending: boolean
  /** Whose call it was, and its number there. */
  readonly owner: object | undefined
  readonly number: number
  /** The value at `path` in the answer, given the answer's promise. */
  get(path: readonly string[]): Promise<unknown>
  /** Calls the function at `path` in the answer. */
  call(path: readonly string[], args: unknown[]): unknown
}

export interface Place {
  readonly origin: Origin
  readonly path: readonly string[]
}

const places = new WeakMap<object, Place>()

/** Of an answer: what it stands for; undefined for anything else. */
export const placeOf = (value: object): Place | undefined => places.get(value)

const promiseMethods = new Set<string | symbol>(['then', 'catch', 'finally'])

/** Nobody may wait for it: then a failure is nobody's. */
const ignored = (): void => {}

/**
 * An answer itself is an object, as other promises are, and cannot be called; a place in one can, for it may be a method. Where it leads lies in a table and not on the proxy, all of whose
 * properties are the answer's.
 */
export const answerOf = (origin: Origin, path: readonly string[] = [], whole?: Promise<unknown>): any => {
  let promise = whole
  const waited = (): Promise<unknown> => {
    if (promise === undefined) {
      promise = origin.get(path)
      promise.catch(ignored)
    }
    return promise
  }
  const proxy = new Proxy(path.length === 0 ? {} : ignored, {
    get(_, key) {
      if (promiseMethods.has(key)) {
        const settled = waited()
        return (settled[key as 'then'] as (...given: unknown[]) => unknown).bind(settled)
      }
      if (key === Symbol.toStringTag) return 'Answer'
      if (key === Symbol.toPrimitive) return () => '[an answer: await it]'
      // An answer that is a stream is one when it is here.
      if (key === Symbol.asyncIterator) return () => iterated(waited())
      if (typeof key === 'symbol') return undefined
      return answerOf(origin, [...path, key])
    },
    apply: (_, __, args: unknown[]) => origin.call(path, args),
    has: (_, key) => promiseMethods.has(key),
    set: () => false,
    getPrototypeOf: () => Promise.prototype,
  })
  places.set(proxy, { origin, path })
  return proxy
}

async function* iterated(answer: Promise<unknown>): AsyncGenerator<unknown> {
  yield* (await answer) as AsyncIterable<unknown>
}

export const isThenable = (value: unknown): value is Promise<unknown> =>
  value !== null &&
  (typeof value === 'object' || typeof value === 'function') &&
  typeof (value as Promise<unknown>).then === 'function'

/** Own properties of data, one after another; of nothing else. Throws NoSuchFunctionError. */
export const follow = (value: unknown, path: readonly string[]): unknown => {
  let at = value
  for (const [i, key] of path.entries()) {
    if (at === null || at === undefined)
      throw new NoSuchFunctionError(`.${path.slice(0, i + 1).join('.')}`, `what it is asked of is ${at}`)
    const isData = (typeof at === 'object' || typeof at === 'string') && Object.hasOwn(Object(at), key)
    at = isData ? (at as Record<string, unknown>)[key] : undefined
  }
  return at
}

/** Of a value that is here, or will be without the other side. */
export const localOrigin = (promise: Promise<unknown>): Origin => ({
  isPending: false,
  owner: undefined,
  number: 0,
  get: async path => follow(await promise, path),
  call: (path, args) => {
    const value = promise.then(value => {
      const fn = follow(value, path)
      if (typeof fn !== 'function') throw new NoSuchFunctionError(path.join('.') || 'the answer', 'it is no function')
      return fn(...args)
    })
    return answerOf(localOrigin(value), [], value)
  },
})
