/**
 * The contract between the API and what runs tasks: threads here, or a cluster. The API has checked every argument but the values
 * themselves; definitions, references and options mean the same on every engine, and what an engine cannot do is a
 * NotSupportedError.
 */

import { announceEngine } from './observe/engines.ts'
import type { Observable } from './observe/observer.ts'
import type { EngineStats } from './observe/stats.ts'
import type { ActorOptions, Resources, TaskOptions } from './options.ts'
import type { Ref } from './ref.ts'
import type { ActorDefinition, TaskDefinition } from './registry.ts'
import type { Strategy } from './schedule/group.ts'

export interface PutOptions {
  /** Those who have it may write into it: nothing is copied or kept from them. */
  readonly mutable?: boolean
  /** For people, in statistics. */
  readonly label?: string
}

export interface CancelOptions {
  /** How long a task that runs may go on before its worker is ended. Default 1,000; Infinity: for ever. */
  readonly graceMs?: number
}

/** What `getActor` finds. */
export interface ActorFound {
  readonly actor: number
  readonly definition: string
  readonly methods: readonly string[]
}

export type { EngineStats } from './observe/stats.ts'

export interface Engine {
  readonly name: string
  /** How many plain tasks can run at once. */
  readonly parallelism: number
  /** @param options without `after`, which comes apart: calls with the same options are told by the same object */
  submit(
    definition: TaskDefinition,
    args: unknown[],
    options: TaskOptions,
    after?: readonly Ref<unknown>[],
  ): Ref<unknown>
  /** The generator's items as they come; it is held back while they are not taken. */
  stream(definition: TaskDefinition, args: unknown[], options: TaskOptions): AsyncIterableIterator<unknown>
  create(definition: ActorDefinition, args: unknown[], options: ActorOptions): { actor: number; created: Ref<void> }
  invoke(actor: number, method: string, args: unknown[], options: TaskOptions): Ref<unknown>
  put(value: unknown, options: PutOptions): Ref<unknown>
  /** True when it had not settled yet, and now has, or will. */
  cancel(ref: Ref<unknown>, options: CancelOptions, reason?: unknown): boolean
  free(ref: Ref<unknown>): void
  named(name: string, namespace: string): Promise<ActorFound | undefined>
  /** What a handle of the actor keeps: when nobody has one any more, an actor that is not detached ends. */
  hold(actor: number): object | undefined
  kill(actor: number, reason: string): Promise<void>
  /** Sets resources aside; `ready` settles when they are. */
  place(bundles: readonly Resources[], strategy: Strategy): { group: number; ready: Ref<void> }
  unplace(group: number): void
  /** To all who listen to the topic now, on every thread. */
  publish(topic: string, value: unknown): void
  /** @returns ends it */
  subscribe(topic: string, listener: (message: unknown) => void): () => void
  stats(): EngineStats
  close(): Promise<void>
}

let factory: (() => Engine) | undefined
let current: Engine | undefined

/**
 * Says how this thread's engine is made, when one is first needed. The first word counts, and gets true: a worker has spoken
 * before it imports anything.
 */
export function setEngineFactory(make: () => Engine): boolean {
  const isFirst = factory === undefined
  factory ??= make
  return isFirst
}

/** Replaces this thread's engine; undefined: the next use makes one anew. */
export function setEngine(engine: (Engine & Observable) | undefined): void {
  current = engine
  announceEngine(engine)
}

/** The engine of this thread, made on first use. */
export function engineHere(): Engine {
  return (current ??= factory!())
}

/** The same, without making one. */
export const engineIfAny = (): Engine | undefined => current
