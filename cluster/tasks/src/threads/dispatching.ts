/**
 * From the scheduler to the board: a record that was given a place is written into a slot, with what it needs. When that cannot be had, it
 * fails, or, if values were lost that can be made again, waits until they are.
 */

import { recordOf } from '../calls/arguments.ts'
import { Prepacked, type Record } from '../calls/record.ts'
import type { Settling } from '../calls/settling.ts'
import { ObjectLostError } from '../errors.ts'
import type { Remaking } from '../objects/remaking.ts'
import { type Store, Stored } from '../objects/store.ts'
import { Ref } from '../ref.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { Slots } from './slots.ts'
import type { Stopping } from './stopping.ts'

export interface DispatchingParts {
  readonly slots: Slots
  readonly scheduler: Scheduler<Record>
  readonly objects: Store
  readonly remaking: Remaking
  readonly settling: Settling
  readonly stopping: Stopping
}

export class Dispatching {
  readonly #parts: DispatchingParts

  constructor(parts: DispatchingParts) {
    this.#parts = parts
  }

  /** True when a worker had to be woken for it. */
  dispatch(record: Record, worker: number, open: boolean): boolean {
    let hasWoken: boolean
    try {
      hasWoken = this.#send(record, worker, open)
    } catch (problem) {
      this.#notSent(record, problem)
      return false
    }
    const { timeoutMs } = record.call.options
    if (timeoutMs !== undefined) this.#parts.stopping.limit(record, timeoutMs)
    return hasWoken
  }

  #send(record: Record, worker: number, open: boolean): boolean {
    const { slots, objects } = this.#parts
    try {
      return slots.send(record, worker, open)
    } catch (error) {
      return objects.tryAgain(error, () => slots.send(record, worker, open))
    }
  }

  /** A value it needs was freed, released or lost meanwhile, or the heap is full. */
  #notSent(record: Record, problem: unknown): void {
    const { scheduler, settling } = this.#parts
    const error = problem instanceof ObjectLostError ? this.#waitForLost(record, problem) : problem
    if (error === undefined) return
    settling.settle(record, 'rejected', error)
    scheduler.failed(record, false)
    // What stood behind it may be ready now, and this may be the last event.
    queueMicrotask(() => scheduler.assign())
  }

  /** Values that it needs are lost: it waits until they have been made again. @returns why they cannot be */
  #waitForLost(record: Record, error: ObjectLostError): ObjectLostError | undefined {
    const { remaking, scheduler } = this.#parts
    const { given } = record
    const remade: Record[] = []
    for (const ref of given instanceof Prepacked ? given.refs : given) {
      const found = ref instanceof Ref ? recordOf(record.name, ref).found : undefined
      if (!(found instanceof Stored) || found.loss === undefined) continue
      const made = remaking.again(found)
      if (typeof made === 'string') return found.lossFor(made)
      remade.push(made)
    }
    if (remade.length === 0) return error
    const failed = remade.find(({ settlement }) => settlement === 'rejected')
    if (failed !== undefined) return failed.outcome() as ObjectLostError
    scheduler.missing(record, remade)
    return undefined
  }
}
