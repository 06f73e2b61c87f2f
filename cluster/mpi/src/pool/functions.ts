/**
 * How the functions of a pool travel: as numbers. Those that were given to `pool({ functions })` are known on every rank, by the order of
 * their names. Any other is told to a worker before its first call there: a task of `skein/tasks` by its module and name, another function by its text.
 */

import { pathToFileURL } from 'node:url'
import { ArgumentError, NotSupportedError } from '@skein/base'
import type { Callee, Captured } from '@skein/tasks/callee'

export type AnyFunction = (...args: any[]) => unknown
export type Functions = Readonly<Record<string, AnyFunction>>

/** A task of `skein/tasks`. */
export interface DefinedTask {
  readonly definition: { readonly url: string; readonly name: string; readonly kind: string }
}

/** What ships functions is loaded when a pool is opened, and not before. */
export type Portable = typeof import('@skein/tasks/callee')

/** Those that every rank has, in the order of their keys. @throws ArgumentError */
export function namesOf(functions: Functions): string[] {
  if (functions === null || typeof functions !== 'object')
    throw new ArgumentError('pool', 'functions', 'an object of functions by their names', functions)
  for (const [name, fn] of Object.entries(functions))
    if (typeof fn !== 'function') throw new ArgumentError('pool', `functions.${name}`, 'a function', fn)
  return Object.keys(functions).sort()
}

/** A function as the client knows it. */
export interface Shipped {
  readonly key: number
  readonly name: string
  /** Undefined: every rank has it. */
  readonly callee: Callee | undefined
  /** Nobody else asks for it: the workers forget it once its calls are over. */
  readonly isOnce: boolean
}

/** The client's. */
export class Shipping {
  readonly #portable: Portable
  readonly #known = new WeakMap<object, Shipped>()
  #nextKey: number

  constructor(functions: Functions, portable: Portable) {
    this.#portable = portable
    const names = namesOf(functions)
    this.#nextKey = names.length
    for (const [key, name] of names.entries())
      this.#known.set(functions[name], { key, name, callee: undefined, isOnce: false })
  }

  /** @throws ArgumentError; NotPortableError for a function that is not the same without what is around it */
  of(call: string, fn: AnyFunction | DefinedTask, use: Captured | (() => Captured) | undefined): Shipped {
    const known = use === undefined ? this.#known.get(fn) : undefined
    if (known !== undefined) return known
    const callee = this.#portable.calleeOf(call, fn, use)
    const shipped = { key: this.#nextKey++, name: callee.name, callee, isOnce: use !== undefined }
    if (use === undefined) this.#known.set(fn, shipped)
    return shipped
  }
}

const programUrl = process.argv[1] === undefined ? undefined : pathToFileURL(process.argv[1]).href

/** A worker's. */
export class Arrived {
  readonly #functions = new Map<number, AnyFunction | Promise<AnyFunction>>()
  readonly #portable: Portable

  constructor(functions: Functions, portable: Portable) {
    this.#portable = portable
    for (const [key, name] of namesOf(functions).entries()) this.#functions.set(key, functions[name])
  }

  define(key: number, callee: Callee): void {
    let fn: AnyFunction | Promise<AnyFunction>
    try {
      this.#checkDefined(callee)
      fn = this.#portable.functionOf(callee)
      // It is told by the call that needs it.
      if (fn instanceof Promise) fn.catch(() => {})
    } catch (error) {
      fn = () => {
        throw error
      }
    }
    this.#functions.set(key, fn)
  }

  /** The program's own module is being run, up to where it waits for the pool: it cannot be imported once more for what it has not defined yet. */
  #checkDefined({ name, defined }: Callee): void {
    const { registered, DefinitionError } = this.#portable
    if (defined === undefined || defined.url !== programUrl || registered(defined.url, defined.name)) return
    throw new DefinitionError(
      name,
      defined.url,
      'is not there on this rank. Define it at the top level of the program, before the line that waits for pool(), on every rank; or in a module of its own.',
    )
  }

  forget(key: number): void {
    this.#functions.delete(key)
  }

  get(key: number): AnyFunction | Promise<AnyFunction> {
    return this.#functions.get(key)!
  }
}

export async function loadPortable(): Promise<Portable> {
  try {
    return await import('@skein/tasks/callee')
  } catch (cause) {
    throw new NotSupportedError('pool', 'functions by their text', 'the package @skein/tasks is not there', undefined, {
      cause,
    })
  }
}
