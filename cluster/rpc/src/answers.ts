// What a call will give, before it is here. An answer is a promise, and more: asked for a property, or for a method that is called, it sends that on at once, to be done where
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

/** Asked of a place: where it is. */
const whereabouts = Symbol('whereabouts')

/** Of an answer, or of a place in one: what it stands for; undefined for anything else. */
export const placeOf = (value: object): Place | undefined => {
  if (typeof value !== 'function') {
    const origin = Answer.originOf(value)
    return origin && { origin, path: [] }
  }
  const handler: unknown = (value as { [whereabouts]?: unknown })[whereabouts]
  return handler instanceof PlaceHandler ? handler : undefined
}

/** Nobody may wait for it: then a failure is nobody's. */
const ignored = (): void => {}

/**
 * To the engine an answer is a promise as others are, so that waiting for it takes no detour. What no promise has it is asked for by way of its prototype: that is a place in what it will be. Its
 * methods give ordinary promises.
 */
class Answer extends Promise<unknown> {
  readonly #origin: Origin

  constructor(origin: Origin, settle: ConstructorParameters<typeof Promise<unknown>>[0]) {
    super(settle)
    this.#origin = origin
  }

  static originOf(value: object): Origin | undefined {
    return #origin in value ? value.#origin : undefined
  }
}

for (const name of ['constructor', 'then', 'catch', 'finally'] as const)
  Object.defineProperty(Answer.prototype, name, Object.getOwnPropertyDescriptor(Promise.prototype, name)!)
Object.setPrototypeOf(
  Answer.prototype,
  new Proxy(Object.create(Promise.prototype), {
    get(_, key, answer) {
      const origin = Answer.originOf(answer)
      return origin && asked(origin, [], key, () => answer)
    },
    has: () => false,
    // Node's hooks of promises note their numbers on each.
    set: (_, key, value, answer) =>
      typeof key === 'symbol' &&
      Reflect.defineProperty(answer, key, { value, writable: true, enumerable: false, configurable: true }),
  }),
)

/** What has no promise of its own until somebody waits for it. It can be called, for it may be a method. */
class PlaceHandler implements Place, ProxyHandler<() => void> {
  readonly origin: Origin
  readonly path: readonly string[]
  private promise: Promise<unknown> | undefined

  constructor(origin: Origin, path: readonly string[]) {
    this.origin = origin
    this.path = path
  }

  get(_: unknown, key: string | symbol): unknown {
    if (key === whereabouts) return this
    if (key === 'then' || key === 'catch' || key === 'finally') {
      const settled = this.waited()
      return (settled[key] as (...given: unknown[]) => unknown).bind(settled)
    }
    return asked(this.origin, this.path, key, () => this.waited())
  }

  apply(_: unknown, __: unknown, args: unknown[]): unknown {
    return this.origin.call(this.path, args)
  }

  has(_: unknown, key: string | symbol): boolean {
    return key === 'then' || key === 'catch' || key === 'finally'
  }

  set(): boolean {
    return false
  }

  getPrototypeOf(): object {
    return Promise.prototype
  }

  private waited(): Promise<unknown> {
    if (this.promise === undefined) {
      this.promise = this.origin.get(this.path)
      this.promise.catch(ignored)
    }
    return this.promise
  }
}

/** A property of an answer, or of a place in one, that promises do not have. */
const asked = (origin: Origin, path: readonly string[], key: string | symbol, promise: () => Promise<unknown>): any => {
  if (key === Symbol.toStringTag) return 'Answer'
  if (key === Symbol.toPrimitive) return () => '[an answer: await it]'
  // An answer that is a stream is one when it is here.
  if (key === Symbol.asyncIterator) return () => iterated(promise())
  if (typeof key === 'symbol') return undefined
  return new Proxy(ignored, new PlaceHandler(origin, [...path, key]))
}

/** An answer that `settle` settles; who lets it fail sees to it that somebody hears of that. */
export const answerBy = (origin: Origin, settle: ConstructorParameters<typeof Promise<unknown>>[0]): Promise<unknown> =>
  new Answer(origin, settle)

/** An answer that will be what the promise will be. */
export const answerOf = (origin: Origin, promise: Promise<unknown>): any => {
  const answer = new Answer(origin, resolve => resolve(promise))
  answer.catch(ignored)
  return answer
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
    return answerOf(localOrigin(value), value)
  },
})
