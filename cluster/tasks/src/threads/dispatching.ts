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
  readonly #slots: Slots
  readonly #scheduler: Scheduler<Record>
  readonly #objects: Store
  readonly #remaking: Remaking
  readonly #settling: Settling
  readonly #stopping: Stopping

  constructor(parts: DispatchingParts) {
    this.#slots = parts.slots
    this.#scheduler = parts.scheduler
    this.#objects = parts.objects
    this.#remaking = parts.remaking
    this.#settling = parts.settling
    this.#stopping = parts.stopping
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
    if (timeoutMs !== undefined) this.#stopping.limit(record, timeoutMs)
    return hasWoken
  }

  #send(record: Record, worker: number, open: boolean): boolean {
    try {
      return this.#slots.send(record, worker, open)
    } catch (error) {
      return this.#objects.tryAgain(error, () => this.#slots.send(record, worker, open))
    }
  }

  /** A value it needs was freed, released or lost meanwhile, or the heap is full. */
  #notSent(record: Record, problem: unknown): void {
    const error = problem instanceof ObjectLostError ? this.#waitForLost(record, problem) : problem
    if (error === undefined) return
    this.#settling.settle(record, 'rejected', error)
    this.#scheduler.failed(record, false)
    // What stood behind it may be ready now, and this may be the last event.
    queueMicrotask(() => this.#scheduler.assign())
  }

  /** Values that it needs are lost: it waits until they have been made again. @returns why they cannot be */
  #waitForLost(record: Record, error: ObjectLostError): ObjectLostError | undefined {
    const { given } = record
    const remade: Record[] = []
    for (const ref of given instanceof Prepacked ? given.refs : given) {
      const found = ref instanceof Ref ? recordOf(record.name, ref).found : undefined
      if (!(found instanceof Stored) || found.loss === undefined) continue
      const made = this.#remaking.again(found)
      if (typeof made === 'string') return found.lossFor(made)
      remade.push(made)
    }
    if (remade.length === 0) return error
    const failed = remade.find(({ settlement }) => settlement === 'rejected')
    if (failed !== undefined) return failed.outcome() as ObjectLostError
    this.#scheduler.missing(record, remade)
    return undefined
  }
}
