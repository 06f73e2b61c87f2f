/**
 * Calls, and objects of `put`, as they come in: what they were given is taken as it is now, they get a number and a record, and tasks go
 * to the scheduler, unless what they wait for has failed already.
 */

import { asObject, prepare, waitsFor } from '../calls/arguments.ts'
import { type Call, callOfPut, main } from '../calls/call.ts'
import { cancelledBy, stopWith } from '../calls/failure.ts'
import { type Given, nothing, Prepacked, Record } from '../calls/record.ts'
import type { Settling } from '../calls/settling.ts'
import { Sites, siteHere } from '../calls/site.ts'
import { EngineClosedError } from '../errors.ts'
import { isLarge, type Store, sizeOf } from '../objects/store.ts'
import type { Ref } from '../ref.ts'
import type { Line } from '../schedule/line.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import type { Returning } from './returning.ts'
import type { Stopping } from './stopping.ts'
import type { Watch } from './watch.ts'

/** So many submissions pass before the client looks for results in between: a power of two. */
const submitsPerDrain = 64

export interface IntakeParts {
  readonly scheduler: Scheduler<Record>
  readonly settling: Settling
  readonly stopping: Stopping
  readonly objects: Store
  readonly watch: Watch
  readonly returning: Returning
}

export class Intake {
  readonly #scheduler: Scheduler<Record>
  readonly #settling: Settling
  readonly #stopping: Stopping
  readonly #objects: Store
  readonly #watch: Watch
  readonly #returning: Returning
  readonly #sites = new Sites()
  #nextId = 1
  #submits = 0
  /** Nothing is accepted any more. */
  isClosed = false

  constructor(parts: IntakeParts) {
    this.#scheduler = parts.scheduler
    this.#settling = parts.settling
    this.#stopping = parts.stopping
    this.#objects = parts.objects
    this.#watch = parts.watch
    this.#returning = parts.returning
  }

  /** Of no other task, object or group of this engine. */
  nextId(): number {
    return this.#nextId++
  }

  /** A turn of the event loop begins. */
  turn(): void {
    this.#sites.forget()
  }

  /** Arguments as they are now. @throws NotCloneableError, OutOfMemoryError */
  prepare(args: readonly unknown[], call: string): Given {
    let given: Given
    try {
      given = prepare(args, call)
    } catch (error) {
      given = this.#objects.tryAgain(error, () => prepare(args, call))
    }
    if (given instanceof Prepacked) this.#objects.check(given.bytes.length)
    return given
  }

  record(caller: number, call: Call, given: Given): Record {
    return new Record(this.#nextId++, caller, call, given, this.#sites.of(call.definition))
  }

  submit(caller: number, call: Call, given: Given, after?: readonly Ref<unknown>[]): Record {
    const record = new Record(this.#nextId++, caller, call, given, undefined)
    this.accept(record, after)
    return record
  }

  /** A task that runs once more, for its value was lost. */
  again(call: Call, given: Given, site: Error | undefined): Record {
    const record = new Record(this.#nextId++, main, call, given, site)
    this.#settling.retried++
    this.accept(record)
    return record
  }

  /**
   * @param after what must be done first, besides what is among the arguments
   * @param line in which it keeps its order
   * @throws EngineClosedError
   */
  accept(record: Record, after?: readonly Ref<unknown>[], line?: Line<Record>): void {
    if (this.isClosed) throw new EngineClosedError(record.owner)
    this.#settling.submitted(record)
    const dependencies = waitsFor(record, after)
    const { signal } = record.call.options
    // What may fail here and now tells where it was called.
    if (dependencies !== undefined || signal !== undefined || record.request !== undefined) this.#keepSite(record)
    const first = dependencies?.[0]
    if (first?.settlement === 'rejected') return this.#settling.refuse(record, 'failed', first.outcome())
    if (signal?.aborted) return this.#settling.refuse(record, 'cancelled', cancelledBy(signal, record))
    if (signal !== undefined) stopWith(signal, record, error => this.#stopping.stop(record, error, 1000))
    this.#watch.opened()
    this.#scheduler.submit(record, dependencies, line)
    // Meanwhile the worker that had to be woken is on its way, or has been here. Then nobody will ask where the call was made, and finding
    // that takes as long as all the rest.
    const mayHaveCome = record.site === undefined && this.#settling.observer === undefined
    if (!(mayHaveCome && this.#watch.tookAtOnce(record))) this.#keepSite(record)
    if ((++this.#submits & (submitsPerDrain - 1)) === 0) this.#returning.drain()
    this.#watch.begin()
  }

  #keepSite(record: Record): void {
    record.site ??= this.#sites.of(record.call.definition)
  }

  /** An object of `put`. @throws NotCloneableError, OutOfMemoryError */
  object(value: unknown, label: string, mutable: boolean): Record {
    const { found, isCopy } = this.#objects.withRoom(() => asObject(value))
    if (isCopy && isLarge(found)) this.#objects.check(sizeOf(found))
    const call = label === 'put' ? callOfPut : { ...callOfPut, name: label }
    const record = new Record(this.#nextId++, main, call, nothing, isLarge(found) ? siteHere() : undefined)
    record.settle('fulfilled', this.#objects.keep(found, record, mutable ? 'mutable' : isCopy ? 'own' : 'shared'))
    return record
  }
}
