/**
 * What an engine tells those who look. Being looked at costs it a row for each attempt that is over, and nothing otherwise:
 * everything else is asked for (`look`) when someone wants to see it.
 */

import type { Holder } from '@skein/heap'
import type { Outcome } from './journal.ts'
import type { EngineStats } from './stats.ts'
import type { Transfers } from './transfers.ts'

export interface Observer {
  /**
   * An attempt at a task is over, or a task that will never run: then the worker is 0 and it starts when it ends. Times in
   * milliseconds since the epoch. `site` has the stack of the call, or of one of the same function in the same turn.
   */
  over(
    task: number,
    name: string,
    worker: number,
    caller: number,
    outcome: Outcome,
    submittedMs: number,
    startedMs: number,
    endedMs: number,
    site: Error | undefined,
  ): void
  /** A task has settled with an error. */
  failed(task: number, error: unknown): void
  /** A worker, numbered from 1, has printed something: any piece of text, not lines. */
  printed(worker: number, stream: 'stdout' | 'stderr', text: string): void
}

/** Of the things that there may be any number of, a look shows so many. */
export const mostShown = 500

/** An engine at one moment. */
export interface Look {
  readonly stats: EngineStats
  readonly workers: readonly WorkerLook[]
  /** What runs now, actors' calls too; the first few hundred. */
  readonly running: readonly RunningLook[]
  readonly actors: readonly ActorLook[]
  /** Of the shared heap, by label: who holds how much, the largest first. */
  readonly holders: readonly Holder[]
  readonly transfers: Transfers
}

export interface WorkerLook {
  /** From 1. */
  readonly worker: number
  readonly state: 'absent' | 'booting' | 'awake' | 'sleeping' | 'waiting' | 'gone'
  /** Attempts that it, and those whose place it took, have made. */
  readonly ran: number
  /** As in traces; 0 while there is none. */
  readonly threadId: number
}

export interface RunningLook {
  readonly task: number
  readonly name: string
  readonly worker: number
  readonly caller: number
  readonly startedMs: number
}

export interface ActorLook {
  readonly actor: number
  /** Its class, as defined. */
  readonly definition: string
  /** By which `getActor` finds it; '' when it has none. */
  readonly name: string
  readonly worker: number
  readonly restartsLeft: number
  /** Why it is no more; '' while it lives. */
  readonly died: string
}

/** What an engine can do for those who look. */
export interface Observable {
  /** Tells this one from now on, in place of whoever it told before; undefined: no one. */
  observe(observer: Observer | undefined): void
  look(): Look
}

/** Milliseconds since the epoch, finer than `Date.now()`, on the clock that workers use as well. */
export const clock = (): number => performance.timeOrigin + performance.now()
