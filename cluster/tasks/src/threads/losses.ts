/**
 * A worker has ended: what it had brought is taken, whoever kept something for it forgets that, what it ran is lost and what it had not begun
 * goes elsewhere, and its actors die or are made again on the one that takes its place.
 */

import { heap } from '@skein/heap'
import type { ActorEntry, ActorTable } from '../actors/actor-table.ts'
import type { Lives } from '../actors/lives.ts'
import { main } from '../calls/call.ts'
import type { Record } from '../calls/record.ts'
import type { Settling } from '../calls/settling.ts'
import { withSite } from '../calls/site.ts'
import { ActorDiedError, WorkerLostError } from '../errors.ts'
import { clock } from '../observe/observer.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import * as at from './board.ts'
import type { Callers } from './callers.ts'
import { outOfMemory } from './crew.ts'
import type { Leases } from './lease.ts'
import type { Returning } from './returning.ts'
import type { Held, Slots } from './slots.ts'
import type { Topics } from './topics.ts'

export interface LossesParts {
  readonly slots: Slots
  readonly returning: Returning
  readonly scheduler: Scheduler<Record>
  readonly settling: Settling
  readonly actors: ActorTable
  readonly lives: Lives<Record>
  readonly leases: Leases
  readonly callers: Callers
  readonly topics: Topics
}

export class Losses {
  readonly #parts: LossesParts
  /** The worker that ended last, and why. */
  #worker = -1
  #reason = ''

  constructor(parts: LossesParts) {
    this.#parts = parts
  }

  /** @param restarts whether another takes its place */
  gone(worker: number, why: string, restarts: boolean): void {
    const { slots, returning, scheduler, settling, actors, lives, leases, callers, topics } = this.#parts
    this.#worker = worker
    this.#reason = why
    returning.drain()
    callers.forget(worker)
    topics.forget(worker)
    const held = slots.reclaim(worker, back => returning.take(back))
    leases.forget(worker)
    releaseHeapOf(slots, worker)
    actors.forgetHolder(worker)
    const started = held.filter(({ started }) => started)
    const living = actors.on(worker)
    if (why.startsWith(outOfMemory)) this.#reason += loadOf(started, living)
    if (restarts && started.length === 0) {
      // No task's error will tell it.
      const what = `Worker ${worker + 1} ended while it ran no task, and was replaced: ${this.#reason}`
      process.emitWarning(what, 'SkeinWarning')
    }
    for (const { work, startedMs } of started) {
      settling.tell(work, 'lost', worker + 1, startedMs, clock())
      if (work.stopping !== undefined) work.retriesLeft = 0
      else if (work.retriesLeft > 0) settling.retried++
    }
    scheduler.workerLeft(worker, held)
    lives.lost(living, this.#whyDied, restarts)
    if (!restarts) return
    lives.restart(living, main)
    scheduler.workerJoined(worker)
  }

  get #whyDied(): string {
    return `worker ${this.#worker + 1}, where it lived, was lost: ${this.#reason}`
  }

  /** What a task fails with that the worker ran which ended last. */
  errorOf(record: Record): unknown {
    const actor = this.#parts.actors.find(record.call.actor)
    const lost = actor
      ? new ActorDiedError(actor.name, this.#whyDied)
      : new WorkerLostError(record.name, this.#worker + 1, record.attempts, this.#reason)
    return record.stopping ?? withSite(lost, record.site)
  }
}

/** What it made in the heap and kept; its results are the client's by now. */
function releaseHeapOf({ c }: Slots, worker: number): void {
  const thread = Atomics.load(c, at.workerAt(worker) + at.heapThread)
  if (thread !== 0) heap.releaseOf(thread)
}

/** What a worker that has no memory left had to do. */
function loadOf(started: readonly Held[], actors: readonly ActorEntry[]): string {
  const all = [...started.map(({ work }) => `task ${work.label}`), ...actors.map(({ name }) => `actor ${name}`)]
  const told = all.slice(0, 5).join(', ') + (all.length > 5 ? ` and ${all.length - 5} more` : '')
  return told && `. On it were ${told}`
}
