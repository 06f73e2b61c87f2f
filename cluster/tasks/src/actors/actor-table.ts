/** The actors of an engine as the client keeps them: where each lives, its name, its calls under way. */

import { ArgumentError } from '@skein/base'
import { type HeapArray, heap } from '@skein/heap'
import type { Call, Tally } from '../calls/call.ts'
import { type Given, nothing, type Record } from '../calls/record.ts'
import { ActorDiedError } from '../errors.ts'
import type { ActorLook } from '../observe/observer.ts'
import type { ActorOptions } from '../options.ts'
import { Line } from '../schedule/line.ts'
import type { Request } from '../schedule/place.ts'
import type { Packed } from '../values/packed.ts'
import { Holds } from './holds.ts'
import type { ActorSettings } from './instances.ts'

export interface ActorEntry {
  readonly id: number
  readonly definition: number
  readonly name: string
  readonly methods: readonly string[]
  /** Where it lives; -1 while that is not known. */
  worker: number
  /** What all its calls ask for: to run there, beside whatever else does. */
  readonly request: Request & { worker: number }
  /** What it holds as long as it lives, if it asked for something, and the call of its constructor that holds it. */
  readonly lodging: Request | undefined
  lodged: Record | undefined
  readonly options: ActorOptions
  /** How its constructor was called: nothing any more, once that will not be done again. */
  given: Given
  /** By method, what its calls without options share. */
  readonly calls: Map<string, Call>
  readonly tally: Tally
  /** In which calls of one caller keep their order: by caller, and within it by concurrency group. */
  readonly lines: Line<Record>[]
  /** By number of the method, its group from 1. */
  readonly groupOf: readonly (number | undefined)[]
  /** Workers that have handles of it. */
  readonly holders: Set<number>
  restartsLeft: number
  /** The call of its constructor: it may have to be made again. */
  making: Record | undefined
  /** What it saved last. */
  state: Packed<HeapArray<Uint8Array>> | undefined
  /** Why it is no more. */
  died: Death | undefined
}

export interface Death {
  readonly reason: string
  /** What its constructor failed with, if that was it. */
  readonly cause: unknown
}

export function actorEntry(
  id: number,
  definition: number,
  name: string,
  methods: readonly string[],
  worker: number,
  lodging: Request | undefined,
  options: ActorOptions,
  given: Given,
): ActorEntry {
  return {
    id,
    definition,
    name,
    methods,
    worker,
    request: { cpus: 0, amounts: [], worker, beside: true },
    lodging,
    lodged: undefined,
    options,
    given,
    calls: new Map(),
    tally: { open: 0, idle: undefined },
    lines: [],
    groupOf: groupsOf(options, methods),
    holders: new Set(),
    restartsLeft: options.restarts ?? 0,
    making: undefined,
    state: undefined,
    died: undefined,
  }
}

function groupsOf({ concurrencyGroups = {} }: ActorOptions, methods: readonly string[]): number[] {
  const groupOf: number[] = []
  Object.values(concurrencyGroups).forEach((group, i) => {
    for (const method of group.methods) groupOf[methods.indexOf(method)] = i + 1
  })
  return groupOf
}

/** The line of a caller's calls of a method. */
export function lineOf({ lines, groupOf, options }: ActorEntry, caller: number, method: number): Line<Record> {
  const groups = options.concurrencyGroups ? Object.keys(options.concurrencyGroups).length : 0
  return (lines[caller * (1 + groups) + (groupOf[method] ?? 0)] ??= new Line())
}

const defaultConcurrency = 1000

/** What its worker must know of it. */
export function settingsOf({ methods, options, restartsLeft, state }: ActorEntry): ActorSettings {
  const { maxConcurrency = defaultConcurrency, concurrencyGroups = {}, saveEvery = 1 } = options
  const isSaved = restartsLeft > 0 && methods.includes('save') && methods.includes('restore')
  return {
    concurrency: maxConcurrency,
    groups: Object.values(concurrencyGroups).map(group => ({
      methods: group.methods.map(method => methods.indexOf(method)),
      concurrency: group.maxConcurrency,
    })),
    saveEvery: isSaved ? saveEvery : 0,
    state: state && { address: state.bytes.byteOffset, bytes: state.bytes.length },
  }
}

let nextId = 1

/** So many of those that are forgotten are still shown. */
const mostForgotten = 64

export class ActorTable {
  readonly #actors = new Map<number, ActorEntry>()
  readonly #byName = new Map<string, ActorEntry>()
  readonly #forgotten: ActorLook[] = []
  readonly #unheld: (entry: ActorEntry) => void
  readonly #holds = new Holds(
    () => {},
    id => this.#dropped(id),
  )

  /** @param unheld called when nobody has a handle of a living actor any more that is not detached, and its calls are over */
  constructor(unheld: (entry: ActorEntry) => void) {
    this.#unheld = unheld
  }

  /** Of no other actor in this process. */
  nextId(): number {
    return nextId++
  }

  get living(): number {
    let n = 0
    for (const { died } of this.#actors.values()) if (died === undefined) n++
    return n
  }

  /** A method, for people. */
  labelOf(id: number, method: string): string {
    return `${this.#actors.get(id)?.name ?? 'actor'}.${method}`
  }

  /** What handles of an actor share here. */
  hold(id: number): object {
    return this.#holds.of(id)
  }

  isHeld({ id, holders }: ActorEntry): boolean {
    return this.#holds.has(id) || holders.size > 0
  }

  /** A worker has handles of an actor, or none any more. */
  held(id: number, worker: number, on: boolean): void {
    const entry = this.#actors.get(id)
    if (entry === undefined) return
    if (on) entry.holders.add(worker)
    else if (entry.holders.delete(worker)) this.#dropped(id)
  }

  /** A worker has ended, and its handles with it. */
  forgetHolder(worker: number): void {
    for (const { id } of [...this.#actors.values()]) this.held(id, worker, false)
  }

  #dropped(id: number): void {
    const entry = this.#actors.get(id)
    if (entry === undefined) return
    const look = () => {
      if (this.isHeld(entry) || !this.#actors.has(id)) return
      if (entry.died !== undefined) this.#forget(entry)
      else if (entry.options.detached) return
      else if (entry.tally.open > 0) entry.tally.idle = again
      else this.#unheld(entry)
    }
    const again = () => {
      entry.tally.idle = undefined
      this.#dropped(id)
    }
    // What workers said before, that they hold it among it, is heard within a turn of the event loop.
    setImmediate(() => setImmediate(look))
  }

  #forget(entry: ActorEntry): void {
    this.#actors.delete(entry.id)
    this.#forgotten.push(lookOf(entry))
    if (this.#forgotten.length > mostForgotten) this.#forgotten.shift()
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
    return [...this.#forgotten, ...[...this.#actors.values()].map(lookOf)].slice(-most)
  }

  on(worker: number): ActorEntry[] {
    return [...this.#actors.values()].filter(entry => entry.worker === worker && entry.died === undefined)
  }

  /** It has saved its state; the one before is needed no more. */
  keep(id: number, state: Packed<HeapArray<Uint8Array>>): void {
    const entry = this.#actors.get(id)
    if (entry?.state !== undefined) heap.release(entry.state.bytes)
    // A call may outlive its actor.
    if (entry !== undefined && entry.died === undefined) entry.state = state
    else heap.release(state.bytes)
  }

  /** It will not be made again. */
  settle(entry: ActorEntry): void {
    entry.given = nothing
    if (entry.state !== undefined) heap.release(entry.state.bytes)
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

function lookOf({ id, name, worker, options, restartsLeft, died }: ActorEntry): ActorLook {
  const [called, reason] = [options.name ?? '', died?.reason ?? '']
  return { actor: id, definition: name, name: called, worker: worker + 1, restartsLeft, died: reason }
}

const keyOf = (name: string, namespace: string): string => JSON.stringify([namespace, name])

/** What calls of a dead actor fail with. */
export const deathOf = ({ name, died }: ActorEntry): ActorDiedError =>
  new ActorDiedError(name, died!.reason, died!.cause)
