/** Calls that are written down and not started: the nodes of a graph. */

import { inspect } from 'node:util'
import type { TaskOptions } from './options.ts'
import type { Ref } from './ref.ts'
import type { TaskDefinition } from './registry.ts'

/**
 * A call of a task that has not been started: `t.lazy(…)`. It can be given to other such calls, anywhere in their arguments, and
 * starts when a `graph` that needs it runs. It depends only on calls written before it, so there are no circles.
 */
export class Lazy<T> {
  /** Only for types. */
  declare readonly result: T
  readonly definition: TaskDefinition
  readonly args: readonly unknown[]
  readonly options: TaskOptions
  /** The calls among its arguments, each once. */
  readonly dependencies: readonly Lazy<unknown>[]
  /** Whether all of them are arguments themselves, not parts of one. */
  readonly isFlat: boolean

  constructor(definition: TaskDefinition, args: readonly unknown[], options: TaskOptions) {
    this.definition = definition
    this.args = args
    this.options = options
    const { found, nested } = lazyIn(args)
    this.dependencies = found
    this.isFlat = !nested
  }

  get name(): string {
    return this.options.name ?? this.definition.name
  }

  [inspect.custom](): string {
    return `Lazy(${this.name})`
  }
}

type Whole = ArrayBufferView | ArrayBufferLike | Date | RegExp | Error | ((...args: never[]) => unknown)

/** An argument of a lazy call: a value, or a call or a reference in its place, at any depth. */
export type GivenLazily<T> =
  | T
  | Ref<Awaited<T>>
  | Lazy<Awaited<T>>
  | (T extends Whole
      ? never
      : T extends readonly unknown[] | { readonly [key: string]: unknown }
        ? { readonly [K in keyof T]: GivenLazily<T[K]> }
        : never)

const none: readonly Lazy<unknown>[] = []

const isPlain = (x: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(x)
  return prototype === Object.prototype || prototype === null
}

/** The calls in arguments, each once, and whether any is only a part of one. */
function lazyIn(args: readonly unknown[]): { found: readonly Lazy<unknown>[]; nested: boolean } {
  let found: Set<Lazy<unknown>> | undefined
  let seen: Set<object> | undefined
  let nested = false
  const look = (value: unknown, inside: boolean): void => {
    if (value === null || typeof value !== 'object') return
    if (value instanceof Lazy) {
      nested ||= inside
      found ??= new Set()
      found.add(value)
      return
    }
    const parts = partsOf(value)
    if (parts === undefined || seen?.has(value)) return
    seen ??= new Set()
    seen.add(value)
    for (const part of parts) look(part, true)
  }
  for (const arg of args) look(arg, false)
  return { found: found ? [...found] : none, nested }
}

function partsOf(value: object): Iterable<unknown> | undefined {
  if (Array.isArray(value) || value instanceof Set) return value
  if (value instanceof Map) return [...value].flat()
  return isPlain(value) ? Object.values(value) : undefined
}

/** The same arguments with something else in the place of each call. */
export function withoutLazy(call: Lazy<unknown>, instead: (dependency: Lazy<unknown>) => unknown): unknown[] {
  if (call.isFlat) return call.args.map(arg => (arg instanceof Lazy ? instead(arg) : arg))
  const copies = new Map<object, object>()
  const copied = <T extends object>(value: object, copy: T, fill: (copy: T) => void): T => {
    copies.set(value, copy)
    fill(copy)
    return copy
  }
  const replaced = (value: unknown): unknown => {
    if (value === null || typeof value !== 'object') return value
    if (value instanceof Lazy) return instead(value)
    const before = copies.get(value)
    if (before !== undefined) return before
    if (Array.isArray(value)) {
      return copied(value, [] as unknown[], copy => {
        for (const part of value) copy.push(replaced(part))
      })
    }
    if (value instanceof Set) {
      return copied(value, new Set(), copy => {
        for (const part of value) copy.add(replaced(part))
      })
    }
    if (value instanceof Map) {
      return copied(value, new Map(), copy => {
        for (const [key, part] of value) copy.set(replaced(key), replaced(part))
      })
    }
    if (!isPlain(value)) return value
    return copied(value, {}, copy => {
      // Not assigned: an own property `__proto__` would set the prototype.
      for (const [key, part] of Object.entries(value)) {
        Object.defineProperty(copy, key, {
          value: replaced(part),
          writable: true,
          enumerable: true,
          configurable: true,
        })
      }
    })
  }
  return call.args.map(replaced)
}
