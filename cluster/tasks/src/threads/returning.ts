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
  readonly #parts: ReturningParts

  constructor(parts: ReturningParts) {
    this.#parts = parts
  }

  /** Takes everything that has come back; true when something has. */
  drain(): boolean {
    const { slots, scheduler, valve, pace } = this.#parts
    let backs = 0
    for (let worker = 0; worker < slots.layout.workers; worker++) {
      for (let back = slots.takeBack(worker); back; back = slots.takeBack(worker)) {
        this.take(back)
        if ((++backs & (backsPerAssign - 1)) === 0) scheduler.assign()
      }
    }
    valve.heed()
    if (backs === 0) return false
    scheduler.assign()
    scheduler.limits.depth = pace.depth
    return true
  }

  take({ record, unrun, ok, found, worker, tookMs, endedMs, items, lent, state }: Back): void {
    const { scheduler, settling, actors, leases, streams, pace } = this.#parts
    if (unrun) return scheduler.cancelled(record)
    if (state !== undefined) actors.keep(record.call.actor, state)
    if (lent !== undefined) leases.keep(worker, record.id, lent)
    pace.took(tookMs)
    if (settling.observer !== undefined) {
      const outcome = ok && record.stopping === undefined ? 'done' : outcomeOf(record)
      settling.tell(record, outcome, worker + 1, endedMs - tookMs, endedMs)
    }
    if (record.call.streams) streams.expect(record.id, items)
    if (record.stopping !== undefined) {
      settling.settle(record, 'rejected', record.stopping)
      scheduler.failed(record, false)
    } else if (ok) {
      settling.settle(record, 'fulfilled', found)
      scheduler.finished(record)
    } else this.#broke(record, found, worker)
  }

  #broke(record: Record, found: unknown, worker: number): void {
    const { scheduler, settling, objects } = this.#parts
    const { thrown } = (found instanceof Packed ? unpack(found.bytes) : found) as { thrown: unknown }
    const isFull = thrown instanceof HeapOutOfMemoryError
    const mayRetry =
      (isFull && objects.makeRoom(thrown.askedBytes, thrown.askedBytes)) || isWorthAnother(record, thrown)
    if (!mayRetry || record.retriesLeft === 0) {
      const cause = isFull ? objects.fullFor(thrown.askedBytes, thrown) : thrown
      settling.settle(record, 'rejected', failureOf(record, worker, cause))
    }
    if (scheduler.failed(record, mayRetry)) settling.retried++
  }
}
