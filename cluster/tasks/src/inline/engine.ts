/**
 * The inline engine: every task runs in the caller's own thread, one after the other, in an order that is always the same. It
 * has workers by number, as many as it is told and one by default, each of which runs one task at a time; while a task awaits others
 * its worker goes on with the next. A task that never returns to the event loop holds up everything, and nothing here crashes
 * alone.
 */

import { ArgumentError, CancelledError, NotSupportedError, TimeoutError } from '@skein/base'
import { heap } from '@skein/heap'
import {
  type ActorEntry,
  ActorTable,
  actorEntry,
  type Death,
  deathOf,
  lineOf,
  settingsOf,
} from '../actors/actor-table.ts'
import { callOfConstructor, callOfMethod, isToLodge, lodgingOf, unmade } from '../actors/calls.ts'
import { Instances, type WaitingCall } from '../actors/instances.ts'
import { after } from '../after.ts'
import { asObject, prepare, recordOf } from '../calls/arguments.ts'
import type { Call } from '../calls/call.ts'
import { callOfPut, requestOf } from '../calls/call.ts'
import { contexts } from '../calls/context.ts'
import { infeasible, isWorthAnother, nameOf, outcomeOf } from '../calls/failure.ts'
import { GroupTable, impossible, removal } from '../calls/groups.ts'
import { type Given, nothing, Prepacked, type Record } from '../calls/record.ts'
import { siteHere, withSite } from '../calls/site.ts'
import { Stream, streamWindow } from '../calls/stream.ts'
import { isThenable, resultOf as settledResultOf } from '../deferred.ts'
import type { ActorFound, CancelOptions, Engine, EngineStats, PutOptions } from '../engine.ts'
import { EngineClosedError, type PlacementError, TaskError } from '../errors.ts'
import { Listeners, packMessage } from '../farm/listeners.ts'
import { noObjects } from '../objects/holdings.ts'
import type { Outcome } from '../observe/journal.ts'
import { clock, type Look, type Observable, type Observer } from '../observe/observer.ts'
import type { ActorOptions, Resources, TaskOptions } from '../options.ts'
import { Ref } from '../ref.ts'
import type { ActorDefinition, AnyFunction, Definition, TaskDefinition } from '../registry.ts'
import type { Strategy } from '../schedule/group.ts'
import type { Line } from '../schedule/line.ts'
import { type Reason, Scheduler } from '../schedule/scheduler.ts'
import { pack, unpack } from '../values/pack.ts'
import { Packed } from '../values/packed.ts'
import { Attempt, InlineRecord } from './attempt.ts'
import { argumentsOf, errorOf, resultOf } from './values.ts'

export interface InlineOptions {
  readonly workers: number
  readonly resources?: { readonly [name: string]: number }
  readonly validate?: boolean
}

const main = 0
/** After so long without a turn of the event loop, one is taken: timers and signals are served. */
const longestStretchMs = 10
const timeoutGraceMs = 100
/** Of the things that there may be any number of, a look shows so many. */
const mostShown = 500

/** A generator's items on their way: how many more the reader can take, and who waits to send one. */
interface Outlet {
  readonly stream: Stream
  credit: number
  wake: (() => void) | undefined
}

export class InlineEngine implements Engine, Observable {
  readonly name = 'inline'
  readonly parallelism: number
  readonly #scheduler: Scheduler<InlineRecord>
  readonly #objects = new Instances()
  readonly #actors = new ActorTable(entry =>
    this.#bury(entry, { reason: 'nothing referred to it any more', cause: undefined }),
  )
  readonly #actorTypes = new Map<number, ActorDefinition>()
  readonly #listeners = new Listeners(() => {})
  readonly #groups = new GroupTable()
  readonly #outlets = new Map<InlineRecord, Outlet>()
  /** Dispatched, and not begun. */
  readonly #queue: { readonly record: InlineRecord; readonly worker: number }[] = []
  readonly #running = new Set<InlineRecord>()
  readonly #ran: number[]
  #stepping = false
  #lastTurn = 0
  #nextTask = 1
  #nextWorker = 0
  #closed = false
  #observer: Observer | undefined
  #done = 0
  #failed = 0
  #cancelled = 0
  #retried = 0

  constructor({ workers, resources = {}, validate = false }: InlineOptions) {
    this.parallelism = workers
    this.#ran = Array(workers).fill(0)
    this.#scheduler = new Scheduler<InlineRecord>(
      {
        dispatch: (record, worker) => {
          this.#queue.push({ record, worker })
          this.#step()
        },
        settle: (record, reason, origin) => this.#settleUnrun(record, reason, origin),
        placed: ({ id }) => this.#groups.entry(id)!.ready.settle('fulfilled', undefined),
        reserved: () => {},
      },
      // As many as anyone wants, one after the other.
      { slots: 2 ** 30, depth: 1, active: Number.POSITIVE_INFINITY },
      resources,
      validate,
    )
    for (let worker = 0; worker < workers; worker++) this.#scheduler.workerJoined(worker)
  }

  // Calls.

  submit(
    definition: TaskDefinition,
    args: unknown[],
    options: TaskOptions,
    after?: readonly Ref<unknown>[],
  ): Ref<unknown> {
    const call = this.#callOf(definition, options, false)
    return new Ref(this.#accept(this.#record(call, prepare(args, call.name), definition), after))
  }

  #callOf({ name }: TaskDefinition, options: TaskOptions, streams: boolean): Call {
    const worker = options.runOn === undefined ? -1 : this.#workerOf(name, options.runOn)
    const request = requestOf(options, worker, id => this.#groups.at(id))
    const { priority = 0 } = options
    return { name, definition: 0, options, priority, request, actor: 0, method: 0, streams, tally: undefined }
  }

  stream(definition: TaskDefinition, args: unknown[], options: TaskOptions): AsyncIterableIterator<unknown> {
    const call = this.#callOf(definition, { ...options, retries: 0 }, true)
    const record = this.#record(call, prepare(args, call.name), definition)
    const stream = new Stream(
      () => {},
      items => {
        outlet.credit = items < 0 ? -1 : outlet.credit + items
        outlet.wake?.()
        const error = new CancelledError(`task ${record.label}`, 'nobody reads it')
        if (items < 0 && record.attempt === undefined) this.#stop(record, error, 0)
      },
    )
    const outlet: Outlet = { stream, credit: streamWindow, wake: undefined }
    this.#outlets.set(record, outlet)
    record.whenOver(() => {
      this.#outlets.delete(record)
      if (record.settlement === 'rejected') stream.fail(record.outcome())
    })
    this.#accept(record, options.after)
    return stream
  }

  create(definition: ActorDefinition, args: unknown[], options: ActorOptions): { actor: number; created: Ref<void> } {
    const { name, methods } = definition
    const { runOn } = options
    const wanted = runOn === undefined ? -1 : this.#workerOf(name, runOn)
    const lodging = lodgingOf(options, wanted, id => this.#groups.at(id))
    const worker = lodging ? -1 : wanted >= 0 ? wanted : this.#nextWorker++ % this.parallelism
    const given = prepare(args, name)
    const actor = actorEntry(this.#actors.nextId(), 0, name, methods, worker, lodging, options, given)
    this.#actors.add(actor)
    this.#actorTypes.set(actor.id, definition)
    const record = this.#call(actor, callOfConstructor(actor), given)
    actor.making = record
    record.whenOver(() => {
      actor.making = undefined
      if (record.settlement === 'fulfilled' && lodging) actor.lodged = record
      if (record.settlement === 'fulfilled') this.#actors.settle(actor)
      else if (actor.died === undefined)
        this.#bury(actor, { reason: 'its constructor failed', cause: record.outcome() })
    })
    return { actor: actor.id, created: new Ref<void>(record) }
  }

  invoke(id: number, method: string, args: unknown[], options: TaskOptions): Ref<unknown> {
    const actor = this.#actors.at(id, method)
    return new Ref(this.#call(actor, callOfMethod(actor, method, options), prepare(args, method)))
  }

  #call(actor: ActorEntry, call: Call, given: Given): InlineRecord {
    const record = this.#record(call, given, this.#actorTypes.get(actor.id))
    actor.tally.open++
    // Where it lives is not known before its constructor runs.
    const after = isToLodge(actor) && actor.making ? [new Ref(actor.making)] : undefined
    // A constructor waits for nobody's calls: they wait for it.
    const line = call.method < 0 ? undefined : lineOf(actor, record.caller, call.method)
    if (actor.died === undefined) return this.#accept(record, after, line)
    this.#settle(record, 'rejected', withSite(deathOf(actor), record.site))
    return record
  }

  put(value: unknown, { mutable = false }: PutOptions): Ref<unknown> {
    if (mutable && !(ArrayBuffer.isView(value) && heap.owns(value))) {
      throw new ArgumentError('put', 'value', 'an array in the heap (heap.f64(n) …) to be mutable', value)
    }
    const record = this.#record(callOfPut, nothing, undefined)
    const { found } = asObject(value)
    record.settle('fulfilled', found instanceof Packed ? found.unpack() : found)
    return new Ref(record)
  }

  cancel(ref: Ref<unknown>, { graceMs = 1000 }: CancelOptions, reason?: unknown): boolean {
    const record = recordOf('cancel', ref) as InlineRecord
    const error = new CancelledError(`task ${record.label}`, reason ?? 'cancel was called')
    return this.#stop(record, error, graceMs)
  }

  free(ref: Ref<unknown>): void {
    recordOf('free', ref).free()
  }

  async named(name: string, namespace: string): Promise<ActorFound | undefined> {
    const actor = this.#actors.named(name, namespace)
    return actor && { actor: actor.id, definition: actor.name, methods: actor.methods }
  }

  hold(actor: number): object {
    return this.#actors.hold(actor)
  }

  async kill(id: number, reason: string): Promise<void> {
    const actor = this.#actors.find(id)
    if (actor !== undefined && actor.died === undefined) this.#bury(actor, { reason, cause: undefined })
  }

  place(bundles: readonly Resources[], strategy: Strategy): { group: number; ready: Ref<void> } {
    const { group, ready } = this.#groups.add(this.#nextTask++, bundles, strategy, siteHere())
    if (!this.#scheduler.groupAsked(group, this.parallelism))
      this.#unplace(group.id, impossible(group, this.parallelism))
    return { group: group.id, ready: new Ref<void>(ready) }
  }

  unplace(id: number): void {
    this.#unplace(id, removal(id))
  }

  #unplace(id: number, why: PlacementError): void {
    const entry = this.#groups.remove(id)
    if (entry === undefined) return
    entry.ready.settle('rejected', withSite(why, entry.ready.site))
    this.#scheduler.groupRemoved(entry.group)
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
    return {
      workers: this.parallelism,
      waiting,
      ready,
      running: dispatched,
      done: this.#done,
      failed: this.#failed,
      cancelled: this.#cancelled,
      retried: this.#retried,
      replaced: 0,
      actors: this.#actors.living,
      objects: noObjects,
    }
  }

  observe(observer: Observer | undefined): void {
    this.#observer = observer
  }

  look(): Look {
    const running = [...this.#running].slice(0, mostShown).map(record => {
      const { worker, startedMs } = record.attempt!
      return { task: record.id, name: nameOf(record), worker: worker + 1, caller: record.caller, startedMs }
    })
    const workers = this.#ran.map((ran, i) => ({ worker: i + 1, state: 'awake' as const, ran, threadId: 0 }))
    const actors = this.#actors.look(mostShown)
    return { stats: this.stats(), workers, running, actors, holders: heap.holders() }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const record of [
      ...this.#scheduler.unsettled([...this.#running, ...this.#queue.map(({ record }) => record)]),
    ]) {
      this.#settle(record, 'rejected', new EngineClosedError(`task ${record.label}`))
    }
    for (const { ready } of this.#groups.waiting) ready.settle('rejected', new EngineClosedError('placementGroup'))
  }

  #workerOf(call: string, runOn: number): number {
    if (runOn <= this.parallelism) return runOn - 1
    throw new ArgumentError(call, 'runOn', `the number of a worker, from 1 to ${this.parallelism}`, runOn)
  }

  #record(call: Call, given: Given, definition: Definition | undefined): InlineRecord {
    const context = contexts.getStore()
    const caller = context instanceof Attempt ? context.worker + 1 : main
    return new InlineRecord(this.#nextTask++, caller, call, given, siteHere(), definition)
  }

  #accept(record: InlineRecord, after: readonly Ref<unknown>[] = [], line?: Line<Record>): InlineRecord {
    if (this.#closed) throw new EngineClosedError(record.name)
    if (this.#observer !== undefined) record.submittedMs = clock()
    const { given } = record
    const values = given instanceof Prepacked ? given.refs : given
    const dependencies: InlineRecord[] = []
    for (const value of [...values, ...after]) {
      if (!(value instanceof Ref)) continue
      const dependency = recordOf(record.name, value) as InlineRecord
      if (dependency.settlement === 'rejected') {
        this.#tellUnrun(record, 'failed')
        this.#settle(record, 'rejected', dependency.outcome())
        return record
      }
      if (dependency.settlement === 'pending') dependencies.push(dependency)
    }
    const { signal } = record.call.options
    if (signal?.aborted) {
      this.#tellUnrun(record, 'cancelled')
      this.#settle(record, 'rejected', new CancelledError(`task ${record.label}`, signal.reason))
      return record
    }
    if (signal !== undefined) {
      const stop = () => this.#stop(record, new CancelledError(`task ${record.label}`, signal.reason), 1000)
      signal.addEventListener('abort', stop, { once: true })
      record.whenOver(() => signal.removeEventListener('abort', stop))
    }
    this.#scheduler.submit(record, dependencies, line as Line<InlineRecord> | undefined)
    return record
  }

  // Running.

  /** Begins what was dispatched, one in each turn: those who wait for a result go on before the next. */
  #step(): void {
    if (this.#stepping || this.#queue.length === 0) return
    this.#stepping = true
    const now = performance.now()
    if (now - this.#lastTurn < longestStretchMs) queueMicrotask(this.#begin)
    else {
      setImmediate(() => {
        this.#lastTurn = performance.now()
        this.#begin()
      })
    }
  }

  #begin = (): void => {
    this.#stepping = false
    const next = this.#queue.shift()
    if (next === undefined) return
    const { record, worker } = next
    // It belongs to no one's turn: the code that made the last task ready is not its caller.
    contexts.exit(() => this.#start(record, worker))
    this.#step()
  }

  #start(record: InlineRecord, worker: number): void {
    if (record.stopping !== undefined || record.settlement !== 'pending') {
      this.#scheduler.cancelled(record)
      this.#scheduler.assign()
      return
    }
    const lodger = record.request?.keeps ? this.#actors.find(record.call.actor) : undefined
    if (lodger) lodger.worker = lodger.request.worker = worker
    this.#ran[worker]++
    const attempt = new Attempt(record, worker, clock(), (record, on) => {
      // A call of an actor holds no place.
      if (record.call.actor === 0) this.#scheduler.awaits(record, on)
    })
    record.attempt = attempt
    this.#running.add(record)
    this.#limit(record, attempt)
    const { call, definition } = record
    if (call.actor > 0) return this.#startCall(record, attempt, definition as ActorDefinition)
    try {
      const args = argumentsOf(record)
      const { fn } = definition as TaskDefinition
      const result = contexts.run(attempt, () => this.#settled(record, fn(...args)))
      if (!isThenable(result)) return this.#finish(record, attempt, result)
      result.then(
        value => this.#finish(record, attempt, value),
        error => this.#break(record, attempt, error),
      )
    } catch (error) {
      this.#break(record, attempt, error)
    }
  }

  /** A promise of what a promise or a generator gives; or the result itself. */
  #settled(record: InlineRecord, result: unknown): unknown {
    const outlet = this.#outlets.get(record)
    return outlet === undefined ? settledResultOf(result) : this.#pour(result, outlet)
  }

  async #pour(result: unknown, outlet: Outlet): Promise<undefined> {
    let sent = 0
    for await (const item of (await result) as AsyncIterable<unknown>) {
      while (outlet.credit === 0) await new Promise<void>(resolve => (outlet.wake = resolve))
      if (outlet.credit < 0) break
      outlet.credit--
      sent++
      outlet.stream.push(unpack(pack(item, 'the items of a stream', 'item', true).bytes))
    }
    outlet.stream.expect(sent)
  }

  #startCall(record: InlineRecord, attempt: Attempt, { type: Type, methods }: ActorDefinition): void {
    const { actor, method } = record.call
    const done = (value: unknown) => this.#finish(record, attempt, value)
    const broke = (error: unknown) => this.#break(record, attempt, error)
    if (method < 0) {
      const settings = settingsOf(this.#actors.find(actor)!)
      const make = () => contexts.run(attempt, () => new Type(...argumentsOf(record)))
      return this.#objects.create(actor, settings, make, done, broke)
    }
    const call: WaitingCall = {
      method,
      run: object => {
        // It was given up while it waited.
        if (attempt.isOver) return undefined
        const args = argumentsOf(record)
        return contexts.run(attempt, () =>
          this.#settled(record, (object as { [name: string]: AnyFunction })[methods[method]](...args)),
        )
      },
      done,
      broke,
    }
    this.#objects.enqueue(actor, call)
  }

  #finish(record: InlineRecord, attempt: Attempt, value: unknown): void {
    if (attempt.isOver) return
    let found: unknown
    try {
      this.#save(record)
      found = resultOf(value, record.call.actor > 0)
    } catch (error) {
      return this.#break(record, attempt, error, true)
    }
    this.#end(record, attempt, 'done')
    if (record.stopping !== undefined) {
      this.#settle(record, 'rejected', record.stopping)
      this.#scheduler.failed(record, false)
    } else {
      this.#settle(record, 'fulfilled', found)
      this.#scheduler.finished(record)
    }
    this.#scheduler.assign()
  }

  #break(record: InlineRecord, attempt: Attempt, thrown: unknown, isSaved = false): void {
    if (attempt.isOver) return
    let error = thrown
    try {
      if (!isSaved) this.#save(record)
    } catch (other) {
      error = other
    }
    this.#end(record, attempt, 'failed')
    let mayRetry = false
    if (record.stopping !== undefined) this.#settle(record, 'rejected', record.stopping)
    else {
      error = errorOf(error)
      mayRetry = isWorthAnother(record, error)
      if (!mayRetry || record.retriesLeft === 0) {
        const failure = new TaskError(nameOf(record), attempt.worker + 1, record.attempts + 1, error)
        this.#settle(record, 'rejected', withSite(failure, record.site))
      }
    }
    if (this.#scheduler.failed(record, mayRetry)) this.#retried++
    this.#scheduler.assign()
  }

  /** What an actor saves has no use here but that it can be saved. */
  #save({ call: { actor, method } }: InlineRecord): void {
    const object = actor > 0 && method >= 0 ? this.#objects.toSave(actor) : undefined
    if (object !== undefined) pack(object.save(), 'what an actor saved', 'state', true)
  }

  /** The attempt is over. A function that took too long without a turn of the event loop is found out now. */
  #end(record: InlineRecord, attempt: Attempt, outcome: Outcome): void {
    attempt.isOver = true
    record.attempt = undefined
    this.#running.delete(record)
    const ended = clock()
    const { timeoutMs } = record.call.options
    if (timeoutMs !== undefined && ended - attempt.startedMs > timeoutMs) {
      record.stopping ??= tookTooLong(record, timeoutMs)
    }
    if (this.#observer === undefined) return
    this.#tell(record, record.stopping === undefined ? outcome : outcomeOf(record), attempt, ended)
  }

  // Stopping.

  /** True when it had not settled. */
  #stop(record: InlineRecord, error: unknown, graceMs: number): boolean {
    if (record.settlement !== 'pending') return false
    record.stopping ??= error
    const { attempt } = record
    if (record.state !== 'dispatched') this.#scheduler.cancelled(record)
    else if (attempt === undefined) this.#settle(record, 'rejected', record.stopping)
    else {
      attempt.abort ??= new AbortController()
      attempt.abort.abort(error)
      this.#wakeOutlet(record)
      record.whenOver(after(graceMs, () => this.#giveUp(record, attempt)))
    }
    return true
  }

  #wakeOutlet(record: InlineRecord): void {
    const outlet = this.#outlets.get(record)
    if (outlet === undefined) return
    outlet.credit = -1
    outlet.wake?.()
  }

  /** It did not stop. It cannot be made to, so it may go on, and is nobody's business any more. */
  #giveUp(record: InlineRecord, attempt: Attempt): void {
    if (attempt.isOver) return
    this.#end(record, attempt, 'failed')
    this.#settle(record, 'rejected', record.stopping)
    this.#scheduler.failed(record, false)
    this.#scheduler.assign()
    const actor = this.#actors.find(record.call.actor)
    if (actor === undefined || actor.died !== undefined) return
    this.#bury(actor, { reason: 'a call of it did not stop when it was cancelled', cause: record.stopping })
  }

  #limit(record: InlineRecord, attempt: Attempt): void {
    const { timeoutMs } = record.call.options
    if (timeoutMs === undefined) return
    const disarm = after(timeoutMs, () => {
      if (!attempt.isOver) this.#stop(record, tookTooLong(record, timeoutMs), timeoutGraceMs)
    })
    record.whenOver(disarm)
  }

  #bury(actor: ActorEntry, died: Death): void {
    this.#actors.bury(actor, died)
    this.#actorTypes.delete(actor.id)
    if (actor.lodged) this.#scheduler.released(actor.lodged as InlineRecord)
    const dispatched = [...this.#running, ...this.#queue.map(({ record }) => record)]
    for (const record of [...this.#scheduler.unsettled(dispatched)]) {
      if (record.call.actor !== actor.id || record.settlement !== 'pending') continue
      record.stopping ??= withSite(deathOf(actor), record.site)
      const { attempt } = record
      if (record.state !== 'dispatched') this.#scheduler.cancelled(record)
      else if (attempt === undefined) this.#settle(record, 'rejected', record.stopping)
      else {
        this.#end(record, attempt, 'failed')
        this.#settle(record, 'rejected', record.stopping)
        this.#scheduler.failed(record, false)
      }
    }
    this.#objects.kill(actor.id)
    this.#scheduler.assign()
  }

  // How tasks end.

  #settleUnrun(record: InlineRecord, reason: Reason, origin: InlineRecord | undefined): void {
    this.#tellUnrun(record, reason === 'cancelled' ? outcomeOf(record) : 'failed')
    this.#settle(record, 'rejected', this.#errorOf(record, reason, origin))
  }

  #errorOf(record: InlineRecord, reason: Reason, origin: InlineRecord | undefined): unknown {
    if (reason === 'dependency') {
      const actor = this.#actors.find(record.call.actor)
      const isOwn = actor !== undefined && origin!.call.actor === actor.id && origin!.call.method < 0
      return isOwn ? unmade(actor, origin!, record) : origin!.outcome()
    }
    if (reason === 'cancelled') return record.stopping
    if (reason === 'removed') return withSite(removal(record.request!.group!.id), record.site)
    if (reason === 'infeasible') return infeasible(record)
    return new NotSupportedError('inline', record.label, reason)
  }

  #settle(record: InlineRecord, settlement: 'fulfilled' | 'rejected', found: unknown): void {
    if (record.settlement !== 'pending') return
    if (settlement === 'rejected') this.#observer?.failed(record.id, found)
    if (settlement === 'fulfilled') this.#done++
    else if (found instanceof CancelledError) this.#cancelled++
    else this.#failed++
    record.settle(settlement, found)
    const { tally } = record.call
    if (tally !== undefined && --tally.open === 0) tally.idle?.()
  }

  #tell(record: InlineRecord, outcome: Outcome, { worker, startedMs }: Attempt, endedMs: number): void {
    const { id, caller, site } = record
    const submittedMs = record.submittedMs || startedMs
    this.#observer!.over(id, nameOf(record), worker + 1, caller, outcome, submittedMs, startedMs, endedMs, site)
  }

  #tellUnrun(record: InlineRecord, outcome: Outcome): void {
    if (this.#observer === undefined) return
    const now = clock()
    const { id, caller, site } = record
    this.#observer.over(id, nameOf(record), 0, caller, outcome, record.submittedMs || now, now, now, site)
  }
}

const tookTooLong = (record: InlineRecord, limitMs: number): TimeoutError =>
  new TimeoutError(`Task ${record.label}`, limitMs, "Raise 'timeoutMs', or give it less to do")
