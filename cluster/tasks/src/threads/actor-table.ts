/** The actors of an engine as the client keeps them: where each lives, its name, its calls under way. */

import { ArgumentError } from '@skein/base'
import type { ActorLook } from '../observe/observer.ts'
import type { ActorOptions } from '../options.ts'
import type { Call, Given } from './record.ts'

export interface ActorEntry {
  readonly id: number
  readonly definition: number
  readonly name: string
  readonly methods: readonly string[]
  readonly worker: number
  readonly options: ActorOptions
  /** How its constructor was called. */
  readonly given: Given
  /** By method, what its calls without options share. */
  readonly calls: Map<string, Call>
  restartsLeft: number
  /** Why it is no more. */
  died: string | undefined
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
    return [...this.#actors.values()].slice(-most).map(({ id, name, worker, options, restartsLeft, died = '' }) => {
      return { actor: id, definition: name, name: options.name ?? '', worker: worker + 1, restartsLeft, died }
    })
  }

  on(worker: number): ActorEntry[] {
    return [...this.#actors.values()].filter(entry => entry.worker === worker && entry.died === undefined)
  }

  /** It is no more: its name is free. */
  bury(entry: ActorEntry, reason: string): void {
    entry.died = reason
    const { name, namespace = '' } = entry.options
    if (name !== undefined) this.#byName.delete(keyOf(name, namespace))
  }
}

const keyOf = (name: string, namespace: string): string => JSON.stringify([namespace, name])
