/**
 * The inline engine: every task runs in the caller's own thread, one after the other, in an order that is always the same. It
 * has workers by number, as many as it is told and one by default, each of which runs one task at a time; while a task awaits others
 * its worker goes on with the next. A task that never returns to the event loop holds up everything, and nothing here crashes
 * alone.
 */

import { CancelledError, NotSupportedError } from '@skein/base'
import { heap } from '@skein/heap'
import { ActorTable } from '../actors/actor-table.ts'
import { type CallsIn, Lives } from '../actors/lives.ts'
import { asObject, checkMutable, prepare, recordOf, waitsFor } from '../calls/arguments.ts'
import { type Call, callOfPut, main, requestOf, workerFor } from '../calls/call.ts'
import { contexts } from '../calls/context.ts'
import { cancelledBy, outcomeOf, refusal, stopWith } from '../calls/failure.ts'
import { Groups } from '../calls/groups.ts'
import { type Given, nothing } from '../calls/record.ts'
import { Settling } from '../calls/settling.ts'
import { siteHere } from '../calls/site.ts'
import type { ActorFound, CancelOptions, Engine, EngineStats, PutOptions } from '../engine.ts'
import { EngineClosedError } from '../errors.ts'
import { Listeners, packMessage } from '../farm/listeners.ts'
import { noObjects } from '../objects/holdings.ts'
import { type Look, mostShown, type Observable, type Observer } from '../observe/observer.ts'
import { noTransfers } from '../observe/transfers.ts'
import type { ActorOptions, Resources, TaskOptions } from '../options.ts'
import { Ref } from '../ref.ts'
import type { ActorDefinition, Definition, TaskDefinition } from '../registry.ts'
import type { Strategy } from '../schedule/group.ts'
import type { Line } from '../schedule/line.ts'
import { type Reason, Scheduler } from '../schedule/scheduler.ts'
import { Packed } from '../values/packed.ts'
import { setTally, Tally, tally } from '../values/tally.ts'
import { Attempt, InlineRecord } from './attempt.ts'
import { Running } from './running.ts'

export interface InlineOptions {
  readonly workers: number
  readonly resources?: { readonly [name: string]: number }
  readonly validate?: boolean
}

export class InlineEngine implements Engine, Observable {
  readonly name = 'inline'
  readonly parallelism: number
  readonly #scheduler: Scheduler<InlineRecord>
  readonly #settling = new Settling((_record, _settlement, found) => found)
  readonly #groups: Groups
  readonly #actors = new ActorTable(actor => this.#lives.bury(actor, 'nothing referred to it any more'))
  readonly #lives: Lives<InlineRecord>
  readonly #running: Running
  /** Of actors, by number. */
  readonly #definitions: ActorDefinition[] = []
  readonly #listeners = new Listeners(() => {})
  #nextTask = 1
  /** From when someone looks. */
  #tally: Tally | undefined
  #closed = false

  constructor({ workers, resources = {}, validate = false }: InlineOptions) {
    this.parallelism = workers
    const scheduler = new Scheduler<InlineRecord>(
      {
        dispatch: (record, worker) => running.dispatch(record, worker),
        settle: (record, reason, origin) => this.#settleUnrun(record, reason, origin),
        placed: ({ id }) => groups.placed(id),
        reserved: () => {},
      },
      // As many as anyone wants, one after the other.
      { slots: 2 ** 30, depth: 1, active: Number.POSITIVE_INFINITY, workers },
      resources,
      validate,
    )
    const groups = new Groups(workers, {
      asked: group => scheduler.groupAsked(group),
      removed: group => scheduler.groupRemoved(group),
      waits: () => {},
    })
    const intake: CallsIn<InlineRecord> = {
      record: (caller, call, given) => this.#record(caller, call, given, this.#definitions[call.definition]),
      accept: (record, after, line) => this.#accept(record, after, line),
    }
    const parts = { workers, scheduler, groups, intake, settling: this.#settling, actors: this.#actors }
    const lives = new Lives<InlineRecord>(parts, {
      announce: () => {},
      soon: bury => bury(),
      dispatched: () => running.dispatched,
      abandon: record => running.abandon(record),
      buried: actor => {
        running.kill(actor.id)
        scheduler.assign()
      },
    })
    const running = new Running({ ...parts, lives })

    this.#scheduler = scheduler
    this.#groups = groups
    this.#lives = lives
    this.#running = running
    for (let worker = 0; worker < workers; worker++) scheduler.workerJoined(worker)
  }

  // Calls.

  submit(
    definition: TaskDefinition,
    args: unknown[],
    options: TaskOptions,
    after?: readonly Ref<unknown>[],
  ): Ref<unknown> {
    const call = this.#callOf(definition, options, false)
    const record = this.#record(callerHere(), call, prepare(args, call.name), definition)
    this.#accept(record, after)
    return new Ref(record)
  }

  #callOf({ name }: TaskDefinition, options: TaskOptions, streams: boolean): Call {
    const worker = workerFor(options.name ?? name, options.runOn, this.parallelism)
    const request = requestOf(options, worker, id => this.#groups.at(id))
    const { priority = 0 } = options
    return { name, definition: 0, options, priority, request, actor: 0, method: 0, streams, tally: undefined }
  }

  stream(definition: TaskDefinition, args: unknown[], options: TaskOptions): AsyncIterableIterator<unknown> {
    const call = this.#callOf(definition, { ...options, retries: 0 }, true)
    const record = this.#record(callerHere(), call, prepare(args, call.name), definition)
    const stream = this.#running.read(record)
    this.#accept(record, options.after)
    return stream
  }

  create(definition: ActorDefinition, args: unknown[], options: ActorOptions): { actor: number; created: Ref<void> } {
    const { name, methods } = definition
    if (!this.#definitions.includes(definition)) this.#definitions.push(definition)
    const number = this.#definitions.indexOf(definition)
    const made = { definition: number, name, methods, given: prepare(args, name), options }
    const record = this.#lives.create(callerHere(), this.#actors.nextId(), made)
    return { actor: record.call.actor, created: new Ref<void>(record) }
  }

  invoke(id: number, method: string, args: unknown[], options: TaskOptions): Ref<unknown> {
    const given =
      tally === undefined
        ? prepare(args, method)
        : tally.of(this.#actors.labelOf(id, method), () => prepare(args, method))
    return new Ref(this.#lives.invoke(callerHere(), id, method, given, options))
  }

  put(value: unknown, { mutable = false }: PutOptions): Ref<unknown> {
    checkMutable(value, mutable)
    const record = this.#record(main, callOfPut, nothing, undefined)
    const { found } = asObject(value)
    record.settle('fulfilled', found instanceof Packed ? found.unpack() : found)
    return new Ref(record)
  }

  cancel(ref: Ref<unknown>, { graceMs = 1000 }: CancelOptions, reason?: unknown): boolean {
    const record = recordOf('cancel', ref) as InlineRecord
    const error = new CancelledError(`task ${record.label}`, reason ?? 'cancel was called')
    return this.#running.stop(record, error, graceMs)
  }

  free(ref: Ref<unknown>): void {
    recordOf('free', ref).free()
  }

  named(name: string, namespace: string): Promise<ActorFound | undefined> {
    return this.#lives.named(name, namespace)
  }

  hold(actor: number): object {
    return this.#actors.hold(actor)
  }

  kill(actor: number, reason: string): Promise<void> {
    return this.#lives.kill(actor, reason)
  }

  place(bundles: readonly Resources[], strategy: Strategy): { group: number; ready: Ref<void> } {
    const ready = this.#groups.place(this.#nextTask++, bundles, strategy)
    return { group: ready.id, ready: new Ref<void>(ready) }
  }

  unplace(id: number): void {
    this.#groups.unplace(id)
  }

  publish(topic: string, value: unknown): void {
    const bytes = packMessage(value)
    queueMicrotask(() => this.#listeners.deliver(topic, bytes))
  }

  subscribe(topic: string, listener: (message: unknown) => void): () => void {
    return this.#listeners.add(topic, listener)
  }

  stats(): EngineStats {
    const { waiting, ready, dispatched } = this.#scheduler.counts
    const { done, failed, cancelled, retried } = this.#settling
    return {
      workers: this.parallelism,
      waiting,
      ready,
      running: dispatched,
      done,
      failed,
      cancelled,
      retried,
      replaced: 0,
      actors: this.#actors.living,
      objects: noObjects,
    }
  }

  observe(observer: Observer | undefined): void {
    this.#settling.observer = observer
    if (observer !== undefined) setTally((this.#tally = new Tally()))
    else if (tally === this.#tally) setTally(undefined)
  }

  look(): Look {
    const { running, workers } = this.#running.look()
    const actors = this.#actors.look(mostShown)
    const transfers = this.#tally === undefined ? noTransfers : { ...this.#tally.look(), workers: [] }
    return { stats: this.stats(), workers, running, actors, holders: heap.holders(), transfers }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const record of [...this.#scheduler.unsettled(this.#running.dispatched)]) {
      this.#settling.settle(record, 'rejected', new EngineClosedError(`task ${record.label}`))
    }
    this.#groups.close()
  }

  #record(caller: number, call: Call, given: Given, definition: Definition | undefined): InlineRecord {
    return new InlineRecord(this.#nextTask++, caller, call, given, siteHere(), definition)
  }

  #accept(record: InlineRecord, after?: readonly Ref<unknown>[], line?: Line<InlineRecord>): void {
    if (this.#closed) throw new EngineClosedError(record.owner)
    this.#settling.submitted(record)
    const dependencies = waitsFor(record, after) as InlineRecord[] | undefined
    const first = dependencies?.[0]
    if (first?.settlement === 'rejected') return this.#settling.refuse(record, 'failed', first.outcome())
    const { signal } = record.call.options
    if (signal?.aborted) return this.#settling.refuse(record, 'cancelled', cancelledBy(signal, record))
    if (signal !== undefined) stopWith(signal, record, error => this.#running.stop(record, error, 1000))
    this.#scheduler.submit(record, dependencies, line)
  }

  // How tasks end.

  #settleUnrun(record: InlineRecord, reason: Reason, origin: InlineRecord | undefined): void {
    this.#settling.tellUnrun(record, reason === 'cancelled' ? outcomeOf(record) : 'failed')
    this.#settling.settle(record, 'rejected', this.#errorOf(record, reason, origin))
  }

  #errorOf(record: InlineRecord, reason: Reason, origin: InlineRecord | undefined): unknown {
    if (reason === 'dependency') return this.#lives.unmade(record, origin!) ?? origin!.outcome()
    return refusal(record, reason, this.parallelism) ?? new NotSupportedError('inline', record.label, reason)
  }
}

/** Whose task calls, as its number of the worker from 1, or the main program. */
function callerHere(): number {
  const context = contexts.getStore()
  return context instanceof Attempt ? context.worker + 1 : main
}
