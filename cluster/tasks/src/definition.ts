/** `task` and `actor`: functions and classes that workers find again by module and name. */

import { ArgumentError } from '@skein/base'
import { engineHere } from './engine.ts'
import { DefinitionError } from './errors.ts'
import { Handle } from './handle.ts'
import { type GivenLazily, Lazy } from './lazy.ts'
import { type ActorOptions, checkActorOptions, checkTaskOptions, type TaskOptions } from './options.ts'
import type { Ref } from './ref.ts'
import { type ActorDefinition, type AnyClass, register, registered, type TaskDefinition } from './registry.ts'

/** An argument, or a reference to it. */
export type Given<T> = T | Ref<Awaited<T>>
type GivenAll<A extends unknown[]> = { [K in keyof A]: Given<A[K]> }

/** What a task's reference is to: what a promise resolves to, what a generator yields as an array. */
export type ResultOf<R> =
  R extends AsyncGenerator<infer Y, any, any>
    ? Y[]
    : R extends Generator<infer Y, any, any>
      ? Y[]
      : R extends PromiseLike<infer V>
        ? Awaited<V>
        : R
type ItemOf<R> = R extends AsyncIterable<infer Y> | Iterable<infer Y> ? Y : never

/** A function that runs on a worker. */
export interface Task<A extends unknown[], R> {
  /**
   * Starts it and returns at once.
   *
   * @throws NotCloneableError for an argument that cannot be sent, with the path to the part
   */
  (...args: GivenAll<A>): Ref<ResultOf<R>>
  /** The same with other options. @throws ArgumentError */
  with(options: TaskOptions): Task<A, R>
  /**
   * Writes the call down without starting it, for a `graph`. Other such calls may stand in the place of any part of its
   * arguments, which are taken when the graph runs.
   */
  lazy(...args: { [K in keyof A]: GivenLazily<A[K]> }): Lazy<ResultOf<R>>
  /** For a generator: its items as they come. It is held back while they are not taken. */
  stream(...args: GivenAll<A>): AsyncIterableIterator<ItemOf<R>>
  /** The function itself, run here and now. */
  readonly local: (...args: A) => R
  readonly definition: TaskDefinition
  /** The definition's, and what `with` made of them. */
  readonly options: TaskOptions
}

/** The part of `import.meta` that is needed. */
export interface ModuleMeta {
  readonly url: string
}

function checkDefinition(call: string, meta: unknown, name: unknown): asserts name is string {
  const url: unknown = (meta as ModuleMeta | undefined)?.url
  if (typeof url !== 'string') {
    throw new ArgumentError(call, 'the first argument', 'import.meta', meta, 'A worker imports the module by it')
  }
  if (typeof name !== 'string' || name === '') {
    throw new ArgumentError(call, 'name', 'a string that is not empty', name)
  }
  const before = registered(url, name)
  if (before) {
    throw new DefinitionError(
      name,
      url,
      `is defined twice. Give each ${before.kind} of a module a name of its own, and define it at top level, not where it is used.`,
    )
  }
}

/**
 * Defines a function that runs on workers. At the top level of a module, since a worker finds it by importing that.
 *
 *     export const simulate = task(import.meta, 'simulate', (seed: number) => run(seed))
 *     const ref = simulate(7)       // Ref<Result>
 *
 * @param name unique in the module
 * @throws ArgumentError; DefinitionError when the name is taken
 */
export function task<A extends unknown[], R>(
  meta: ModuleMeta,
  name: string,
  fn: (...args: A) => R,
  options: TaskOptions = {},
): Task<A, R> {
  checkDefinition('task', meta, name)
  if (typeof fn !== 'function') throw new ArgumentError('task', 'fn', 'a function', fn)
  checkTaskOptions(`task '${name}'`, options)
  const definition: TaskDefinition = { kind: 'task', url: meta.url, name, fn, options }
  register(definition)
  return taskWith(definition, options)
}

let onCall: ((ref: Ref<unknown>) => void) | undefined

/** From now on every reference to a task that this thread starts goes through here, too. */
export function watchCalls(listener: (ref: Ref<unknown>) => void): void {
  onCall = listener
}

/** Starts a task. */
export function startTask(definition: TaskDefinition, args: unknown[], options: TaskOptions): Ref<unknown> {
  let ref: Ref<unknown>
  if (options.after === undefined) ref = engineHere().submit(definition, args, options)
  else {
    const { after, ...others } = options
    ref = engineHere().submit(definition, args, others, after)
  }
  if (onCall !== undefined) onCall(ref)
  return ref
}

function taskWith<A extends unknown[], R>(definition: TaskDefinition, options: TaskOptions): Task<A, R> {
  const made = (...args: unknown[]) => startTask(definition, args, options)
  // What is said of it where it does not belong, as an argument of another task, names it.
  Object.defineProperty(made, 'name', { value: definition.name })
  return Object.assign(made, {
    with(more: TaskOptions) {
      checkTaskOptions(`task '${definition.name}'`, more)
      return taskWith(definition, { ...options, ...more })
    },
    lazy: (...args: unknown[]) => new Lazy(definition, args, options),
    stream: (...args: unknown[]) => engineHere().stream(definition, args, options),
    local: definition.fn,
    definition,
    options,
  }) as unknown as Task<A, R>
}

type MethodsOf<T> = {
  readonly [K in keyof T as T[K] extends (...args: any[]) => unknown ? K : never]: T[K] extends (
    ...args: infer A
  ) => infer R
    ? (...args: GivenAll<A>) => Ref<ResultOf<R>>
    : never
}

/** What is left of an actor here: its methods, each giving a reference. */
export type ActorHandle<T> = Handle & MethodsOf<T>

/** A class whose instances live on workers. */
export interface Actor<A extends unknown[], T> {
  /** Makes one; resolves when its constructor is through. @throws (rejects with) TaskError when that threw */
  create(...args: GivenAll<A>): Promise<ActorHandle<T>>
  /** The same with other options. @throws ArgumentError */
  with(options: ActorOptions): Actor<A, T>
  readonly definition: ActorDefinition
}

/**
 * Defines a class whose instances live on workers, one thread each at a time. Calls from one caller run in the order they
 * were made; asynchronous methods interleave.
 *
 *     export const Counter = actor(import.meta, 'Counter', class { n = 0; add(k: number) { return (this.n += k) } })
 *     const c = await Counter.create()
 *     await c.add(2)
 *
 * @throws ArgumentError; DefinitionError when the name is taken
 */
export function actor<A extends unknown[], T extends object>(
  meta: ModuleMeta,
  name: string,
  type: new (...args: A) => T,
  options: ActorOptions = {},
): Actor<A, T> {
  checkDefinition('actor', meta, name)
  if (typeof type !== 'function' || typeof type.prototype !== 'object') {
    throw new ArgumentError('actor', 'type', 'a class', type)
  }
  const methods = methodsOf(type)
  checkActorOptions(`actor '${name}'`, options, methods)
  const definition: ActorDefinition = { kind: 'actor', url: meta.url, name, type: type as AnyClass, options, methods }
  register(definition)
  return actorWith(definition, options)
}

function actorWith<A extends unknown[], T>(definition: ActorDefinition, options: ActorOptions): Actor<A, T> {
  return {
    async create(...args: unknown[]) {
      const { actor: id, created } = engineHere().create(definition, args, options)
      // Made before it is awaited: without a handle the actor would end.
      const handle = new Handle(id, definition.name, definition.methods) as ActorHandle<T>
      await created
      return handle
    },
    with(more) {
      checkActorOptions(`actor '${definition.name}'`, more, definition.methods)
      return actorWith(definition, { ...options, ...more })
    },
    definition,
  } as Actor<A, T>
}

/** Public methods, those of base classes included. */
function methodsOf(type: AnyClass | (new (...args: any[]) => object)): string[] {
  const names = new Set<string>()
  for (let p = type.prototype as object | null; p && p !== Object.prototype; p = Object.getPrototypeOf(p)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(p))) {
      // A handle with a `then` would be awaited as a promise.
      if (typeof value === 'function' && name !== 'constructor' && name !== 'then') names.add(name)
    }
  }
  return [...names].sort()
}
