/** References: results that may not be there yet. */

import { inspect } from 'node:util'
import { ObjectLostError } from './errors.ts'

export type Settlement = 'pending' | 'fulfilled' | 'rejected'

/** Where a reference's value comes from: an engine's record of it. */
export interface Source {
  /** The engine's number of the task; 0 where it is not known. */
  readonly id: number
  /** For people: `simulate#12`. */
  readonly label: string
  readonly settlement: Settlement
  /** The value, or what it failed with; only once settled. */
  outcome(): unknown
  /** After `outcome` has thrown an ObjectLostError: resolves when the value is there again. */
  remade?(): Promise<void>
  /** Calls back with itself once settled, never at once. */
  whenSettled(listener: (source: Source) => void): void
}

/**
 * The result of a task, of an actor's method, or of `put`. It can be awaited like a promise, and given to other calls, which then
 * wait for it. It is no promise: nothing happens when it fails and no one looks.
 */
export class Ref<T> implements PromiseLike<T> {
  /** The engine's side of it. */
  readonly source: Source
  #promise: Promise<T> | undefined

  constructor(source: Source) {
    this.source = source
  }

  /** The value as a promise: always the same one. */
  get promise(): Promise<T> {
    return (this.#promise ??= promiseOf<T>(this.source))
  }

  // biome-ignore lint/suspicious/noThenProperty: it is there to be awaited
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.promise.then(fulfilled, rejected)
  }

  catch<B = never>(rejected?: ((reason: any) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.promise.catch(rejected)
  }

  finally(settled?: (() => void) | null): Promise<T> {
    return this.promise.finally(settled)
  }

  get label(): string {
    return this.source.label
  }

  [inspect.custom](): string {
    return `Ref(${this.source.label}: ${this.source.settlement})`
  }
}

function promiseOf<T>(source: Source): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const settle = () => {
      try {
        const outcome = source.outcome()
        if (source.settlement === 'fulfilled') resolve(outcome as T)
        else reject(outcome)
      } catch (error) {
        // It was freed, or its file is gone.
        if (error instanceof ObjectLostError && source.remade) source.remade().then(settle, reject)
        else reject(error)
      }
    }
    if (source.settlement === 'pending') source.whenSettled(settle)
    else settle()
  })
}
