/** What the client and its workers tell each other by message: everything that is not on the hot path. */

import type { ActorSettings } from '../actors/instances.ts'
import type { ActorOptions, TaskOptions } from '../options.ts'
import type { Layout } from './board.ts'

/** What a worker is started with. */
export interface WorkerStart {
  readonly board: SharedArrayBuffer
  readonly layout: Layout
  readonly worker: number
  readonly definitions: readonly DefinitionNote[]
  /** Its tasks number the actors they make from here on: no other worker does. */
  readonly firstActor: number
  /** It counts what bringing values costs. */
  readonly observed: boolean
}

/** Which module and name a definition's number stands for. */
export interface DefinitionNote {
  readonly number: number
  readonly kind: 'task' | 'actor'
  readonly url: string
  readonly name: string
}

/** From the client to a worker. */
export type ToWorker =
  | { readonly is: 'definition'; readonly note: DefinitionNote }
  /** The task in this slot, in this use of it, should stop. */
  | { readonly is: 'cancel'; readonly slot: number; readonly task: number; readonly reason: string }
  /** The reader of a stream can take so many items more. */
  | { readonly is: 'credit'; readonly task: number; readonly items: number }
  /** What an actor is like that is about to be made: said before its constructor is called. */
  | { readonly is: 'actor'; readonly actor: number; readonly settings: ActorSettings }
  /** An actor should end. */
  | { readonly is: 'kill'; readonly actor: number }
  /** Someone looks, or nobody does any more. */
  | { readonly is: 'observed'; readonly on: boolean }
  /** To those who listen to a topic. */
  | { readonly is: 'published'; readonly topic: string; readonly value: Uint8Array }
  | { readonly is: 'answer'; readonly call: number; readonly ok: boolean; readonly value: Uint8Array }

/** From a worker to the client. */
export type FromWorker =
  /** The task awaits results, and its place is another's; or it goes on. */
  | { readonly is: 'awaits' | 'resumes'; readonly task: number; readonly slot: number }
  | { readonly is: 'item'; readonly task: number; readonly value: Uint8Array }
  /** Nothing refers any more to the arrays that an actor was given with this call. */
  | { readonly is: 'released'; readonly task: number }
  | { readonly is: 'publish'; readonly topic: string; readonly value: Uint8Array }
  /** Someone here listens to a topic, or nobody does any more. */
  | { readonly is: 'listens'; readonly topic: string; readonly on: boolean }
  /** The worker has a handle of this actor, or none any more. */
  | { readonly is: 'holds' | 'dropped'; readonly actor: number }
  | Request

/** What a call was given, packed. */
export interface Arguments {
  readonly args: Uint8Array
  /** References in it, by the worker's number of the call that made them. */
  readonly refs: readonly number[]
  /** There are arrays of the worker's among them, which are there until the call is over. */
  readonly leans: boolean
  /** Actors whose handles are in it. */
  readonly handles: readonly number[]
}

/** A call of the API made inside a task: the client makes it in the task's place. */
export type Request = { readonly is: 'request'; readonly call: number } & (
  | (Arguments & {
      readonly do: 'submit'
      readonly definition: DefinitionNote
      readonly after: readonly number[]
      readonly options: TaskOptions
    })
  | (Arguments & {
      readonly do: 'create'
      readonly definition: DefinitionNote
      readonly methods: readonly string[]
      readonly options: ActorOptions
      readonly actor: number
    })
  | (Arguments & {
      readonly do: 'invoke'
      readonly actor: number
      readonly method: string
      readonly options: TaskOptions
    })
  | (Arguments & { readonly do: 'put' })
  | { readonly do: 'cancel'; readonly ref: number; readonly graceMs: number }
  | { readonly do: 'free'; readonly ref: number }
  | { readonly do: 'named'; readonly name: string; readonly namespace: string }
  | { readonly do: 'kill'; readonly actor: number; readonly reason: string }
)
