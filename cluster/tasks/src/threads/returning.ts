/**
 * From the board to whoever waits: what workers have brought is taken from the done queues, settled or tried again, and the scheduler
 * told, which fills the places that are free now.
 */

import { HeapOutOfMemoryError } from '@skein/heap'
import type { ActorTable } from '../actors/actor-table.ts'
import { failureOf, isWorthAnother, outcomeOf } from '../calls/failure.ts'
import type { Record } from '../calls/record.ts'
import type { Settling } from '../calls/settling.ts'
import type { Store } from '../objects/store.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import { unpack } from '../values/pack.ts'
import { Packed } from '../values/packed.ts'
import type { Leases } from './lease.ts'
import type { MemoryValve } from './memory-valve.ts'
import type { Pace } from './pace.ts'
import type { Back, Slots } from './slots.ts'
import type { Streams } from './streams.ts'

/** So many results are taken before workers are given more: a power of two. */
const backsPerAssign = 64

export interface ReturningParts {
  readonly slots: Slots
  readonly scheduler: Scheduler<Record>
  readonly settling: Settling
  readonly actors: ActorTable
  readonly leases: Leases
  readonly streams: Streams
  readonly objects: Store
  readonly valve: MemoryValve
  readonly pace: Pace
}

export class Returning {
  readonly #slots: Slots
  readonly #scheduler: Scheduler<Record>
  readonly #settling: Settling
  readonly #actors: ActorTable
  readonly #leases: Leases
  readonly #streams: Streams
  readonly #objects: Store
  readonly #valve: MemoryValve
  readonly #pace: Pace

  constructor(parts: ReturningParts) {
    this.#slots = parts.slots
    this.#scheduler = parts.scheduler
    this.#settling = parts.settling
    this.#actors = parts.actors
    this.#leases = parts.leases
    this.#streams = parts.streams
    this.#objects = parts.objects
    this.#valve = parts.valve
    this.#pace = parts.pace
  }

  /** Takes everything that has come back; true when something has. */
  drain(): boolean {
    let backs = 0
    for (let worker = 0; worker < this.#slots.layout.workers; worker++) {
      for (let back = this.#slots.takeBack(worker); back; back = this.#slots.takeBack(worker)) {
        this.take(back)
        if ((++backs & (backsPerAssign - 1)) === 0) this.#scheduler.assign()
      }
    }
    this.#valve.heed()
    if (backs === 0) return false
    this.#slots.forgetTaken()
    this.#scheduler.assign()
    this.#scheduler.limits.depth = this.#pace.depth
    return true
  }

  take({ record, unrun, ok, found, worker, tookMs, endedMs, items, lent, state }: Back): void {
    if (unrun) return this.#scheduler.cancelled(record)
    if (state !== undefined) this.#actors.keep(record.call.actor, state)
    if (lent !== undefined) this.#leases.keep(worker, record.id, lent)
    this.#pace.took(tookMs)
    if (this.#settling.observer !== undefined) {
      const outcome = ok && record.stopping === undefined ? 'done' : outcomeOf(record)
      this.#settling.tell(record, outcome, worker + 1, endedMs - tookMs, endedMs)
    }
    if (record.call.streams) this.#streams.expect(record.id, items)
    if (record.stopping !== undefined) {
      this.#settling.settle(record, 'rejected', record.stopping)
      this.#scheduler.failed(record, false)
    } else if (ok) {
      this.#settling.settle(record, 'fulfilled', found)
      this.#scheduler.finished(record)
    } else this.#broke(record, found, worker)
  }

  #broke(record: Record, found: unknown, worker: number): void {
    const { thrown } = (found instanceof Packed ? unpack(found.bytes) : found) as { thrown: unknown }
    const isFull = thrown instanceof HeapOutOfMemoryError
    const mayRetry =
      (isFull && this.#objects.makeRoom(thrown.askedBytes, thrown.askedBytes)) || isWorthAnother(record, thrown)
    if (!mayRetry || record.retriesLeft === 0) {
      const cause = isFull ? this.#objects.fullFor(thrown.askedBytes, thrown) : thrown
      this.#settling.settle(record, 'rejected', failureOf(record, worker, cause))
    }
    if (this.#scheduler.failed(record, mayRetry)) this.#settling.retried++
  }
}
