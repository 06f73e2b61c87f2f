/** The actors of an engine as the client keeps them: where each lives, its name, its calls under way. */

import { ArgumentError } from '@skein/base'
import { type HeapArray, heap } from '@skein/heap'
import { ActorDiedError } from '../errors.ts'
import type { ActorLook } from '../observe/observer.ts'
import type { ActorOptions } from '../options.ts'
import { type Call, type Given, nothing, type Record } from './record.ts'

export interface ActorEntry {
  readonly id: number
  readonly definition: number
  readonly name: string
  readonly methods: readonly string[]
  readonly worker: number
  readonly options: ActorOptions
  /** How its constructor was called: nothing any more, once that will not be done again. */
  given: Given
  /** By method, what its calls without options share. */
  readonly calls: Map<string, Call>
  restartsLeft: number
  /** The call of its constructor: it may have to be made again. */
  making: Record | undefined
  /** What it saved last. */
  state: HeapArray<Uint8Array> | undefined
  /** Why it is no more. */
  died: Death | undefined
}

export interface Death {
  readonly reason: string
  /** What its constructor failed with, if that was it. */
  readonly cause: unknown
}

export class ActorTable {
  readonly #actors = new Map<number, ActorEntry>()
  readonly #byName = new Map<string, ActorEntry>()
  #nextId = 1

  nextId(): number {
    return this.#nextId++
  }

  get living(): number {
    let n = 0
    for (const { died } of this.#actors.values()) if (died === undefined) n++
    return n
  }

  /** @throws ArgumentError when a living actor has its name */
  add(entry: ActorEntry): void {
    const { name, namespace = '' } = entry.options
    if (name !== undefined) {
      const key = keyOf(name, namespace)
      if (this.#byName.has(key)) {
        throw new ArgumentError(`${entry.name}.create`, 'name', 'one that no living actor has', name)
      }
      this.#byName.set(key, entry)
    }
    this.#actors.set(entry.id, entry)
  }

  /** @throws ArgumentError for a number that is no actor's */
  at(id: number, call: string): ActorEntry {
    const entry = this.#actors.get(id)
    if (entry === undefined) throw new ArgumentError(call, 'actor', 'one of this engine', id)
    return entry
  }

  find(id: number): ActorEntry | undefined {
    return this.#actors.get(id)
  }

  named(name: string, namespace: string): ActorEntry | undefined {
    return this.#byName.get(keyOf(name, namespace))
  }

  /** The latest ones, up to so many. */
  look(most: number): ActorLook[] {
    return [...this.#actors.values()].slice(-most).map(({ id, name, worker, options, restartsLeft, died }) => {
      const reason = died?.reason ?? ''
      return { actor: id, definition: name, name: options.name ?? '', worker: worker + 1, restartsLeft, died: reason }
    })
  }

  on(worker: number): ActorEntry[] {
    return [...this.#actors.values()].filter(entry => entry.worker === worker && entry.died === undefined)
  }

  /** It has saved its state; the one before is needed no more. */
  keep(id: number, state: HeapArray<Uint8Array>): void {
    const entry = this.#actors.get(id)
    if (entry?.state !== undefined) heap.release(entry.state)
    if (entry?.died === undefined) entry!.state = state
    else heap.release(state)
  }

  /** It will not be made again. */
  settle(entry: ActorEntry): void {
    entry.given = nothing
    if (entry.state !== undefined) heap.release(entry.state)
    entry.state = undefined
  }

  /** It is no more: its name is free. */
  bury(entry: ActorEntry, died: Death): void {
    entry.died = died
    this.settle(entry)
    const { name, namespace = '' } = entry.options
    if (name !== undefined) this.#byName.delete(keyOf(name, namespace))
  }
}

const keyOf = (name: string, namespace: string): string => JSON.stringify([namespace, name])

/** What calls of a dead actor fail with. */
export const deathOf = ({ name, died }: ActorEntry): ActorDiedError =>
  new ActorDiedError(name, died!.reason, died!.cause)
