/**
 * The threads engine, from the client's side: takes calls, keeps records, and carries the scheduler's instructions out on
 * the board. It learns what has come back from the done queues (`#drain`): at every 64th submission, in turns of the
 * event loop while results are fresh, and else by the done bell.
 */

import { availableParallelism, totalmem } from 'node:os'
import type { ResourceLimits } from 'node:worker_threads'
import { ArgumentError, CancelledError, NotSupportedError } from '@skein/base'
import { HeapOutOfMemoryError, heap } from '@skein/heap'
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
import { after } from '../after.ts'
import { asObject, prepare, recordOf } from '../calls/arguments.ts'
import type { Call } from '../calls/call.ts'
import { callOfPut, requestOf } from '../calls/call.ts'
import { infeasible, isWorthAnother, nameOf, outcomeOf } from '../calls/failure.ts'
import { type GroupEntry, GroupTable, impossible, removal } from '../calls/groups.ts'
import { type Given, nothing, Prepacked, Record } from '../calls/record.ts'
import { siteHere, withSite } from '../calls/site.ts'
import { Stream } from '../calls/stream.ts'
import type { ActorFound, CancelOptions, Engine, EngineStats, PutOptions } from '../engine.ts'
import {
  ActorDiedError,
  EngineClosedError,
  ObjectLostError,
  type PlacementError,
  TaskError,
  WorkerLostError,
} from '../errors.ts'
import { packMessage } from '../farm/listeners.ts'
import { Remaking } from '../objects/remaking.ts'
import type { SpillOptions } from '../objects/spill-folder.ts'
import { isLarge, Store, Stored, sizeOf } from '../objects/store.ts'
import type { Outcome } from '../observe/journal.ts'
import { clock, type Look, type Observable, type Observer } from '../observe/observer.ts'
import type { ActorOptions, Resources, TaskOptions } from '../options.ts'
import { Ref } from '../ref.ts'
import type { ActorDefinition, TaskDefinition } from '../registry.ts'
import type { Strategy } from '../schedule/group.ts'
import type { Line } from '../schedule/line.ts'
import { type Reason, Scheduler } from '../schedule/scheduler.ts'
import { unpack } from '../values/pack.ts'
import { Packed } from '../values/packed.ts'
import * as at from './board.ts'
import { Callers } from './callers.ts'
import { Crew, outOfMemory } from './crew.ts'
import { Leases } from './lease.ts'
import type { DefinitionNote, FromWorker } from './mail.ts'
import { type Back, type Held, Slots } from './slots.ts'
import { cancelledBy, Stopping } from './stopping.ts'
import { Topics } from './topics.ts'
import { waitAsync } from './wait-async.ts'

export interface ThreadsOptions {
  readonly workers: number
  /** Most tasks on the board at once: a power of two up to 2^16. Default 32,768. */
  readonly slots?: number
  /** Amounts of custom resources, `gpus` and `memoryBytes`. */
  readonly resources?: { readonly [name: string]: number }
  /** Of each worker's own memory, as Node's workers have them: what lies in the shared heap does not count. */
  readonly resourceLimits?: ResourceLimits
  /**
   * Most bytes of the shared heap that may be in use, by tasks and everything else. Near it, values that nobody uses go to
   * disk. Default: what the heap can grow to, but no more than 70 % of the machine's memory.
   */
  readonly heapBytes?: number
  /** Where values go when the heap gets full; false: nowhere. */
  readonly spill?: SpillOptions | false
  /** Checks the scheduler's invariants after every event. */
  readonly validate?: boolean
}

/** Who submits: the main program is caller 0, a worker's tasks are its number from 1. */
const main = 0

/** Workers get as many tasks ahead as take about this long. */
const aheadMs = 0.3
const [leastDepth, mostDepth] = [2, 1024]
/** The client looks in every turn of its event loop for this long after the last news, then sleeps. */
const spinMs = 0.05
/** When tasks take up to this long and a core is free, it naps between the turns before it sleeps: that ends sooner than a sleep. */
const longestFreshMs = 1
const napMs = 0.1
const cores = availableParallelism()
const closeGraceMs = 200
/** How long nothing goes on before a task is given up for it. */
const stuckMs = 500
/** While memory is short: how often it is looked at, and how long nothing ends before one more task runs. */
const [recheckMs, admitMs] = [50, 2000]
/** So many submissions pass before the client looks for results in between: a power of two. */
const submitsPerDrain = 64
/** So many results are taken before workers are given more: a power of two. */
const backsPerAssign = 64

export class ThreadsEngine implements Engine, Observable {
  readonly name = 'threads'
  readonly #workers: number
  readonly #slots: Slots
  readonly #mostDepth: number
  readonly #crew: Crew
  readonly #scheduler: Scheduler<Record>
  readonly #stopping: Stopping
  readonly #callers: Callers
  readonly #topics: Topics
  readonly #groups = new GroupTable()
  readonly #actors = new ActorTable(entry => this.#collected(entry))
  readonly #leases: Leases
  readonly #objects: Store
  readonly #remaking = new Remaking((call, given, site) => {
    if (this.#closing !== undefined) return 'the engine has been closed'
    const record = new Record(this.#nextTask++, main, call, given, site)
    this.#retried++
    this.#accept(record)
    return record
  })
  readonly #numbers = new Map<string, number>()
  /** What the calls of a definition with the same options share, and the one that was called last. */
  readonly #callsOf = new WeakMap<TaskDefinition, WeakMap<TaskOptions, Call>>()
  #lastDefinition: TaskDefinition | undefined
  #lastOptions: TaskOptions | undefined
  #lastCall: Call | undefined
  /** By task, readers of streams. */
  readonly #streams = new Map<number, Stream>()
  /** Where a definition was called first in this turn of the event loop. */
  readonly #sites = new Map<number, Error>()
  #nextTask = 1
  #nextWorker = 0
  #submits = 0
  /** Tasks that have not settled. */
  #open = 0
  /** It looks for results in every turn of the event loop. */
  #watching = false
  /** It has woken a worker since the last turn. */
  #woke = false
  /** Nothing was under way in the last turn. */
  #resting = false
  /** Fires when a worker wakes the client; it may outlive the sleep that it was made for, and does for the next. */
  #waking: Promise<void> | undefined
  #lastNews = 0
  #meanMs = 0.01
  #suspects = false
  #closing: Promise<void> | undefined
  #observer: Observer | undefined
  #done = 0
  #failed = 0
  #cancelled = 0
  #retried = 0
  /** The worker that ended last, and why. */
  #lostWorker = -1
  #lostReason = ''

  constructor(options: ThreadsOptions) {
    const { workers, slots = 1 << 15, resources = {}, resourceLimits = {}, validate = false } = options
    // Made now, so that workers find this memory as theirs.
    void heap.memory
    this.#workers = workers
    this.#leases = new Leases(workers)
    this.#objects = new Store({
      limitBytes: options.heapBytes ?? defaultHeapBytes(),
      spill: options.spill ?? {},
      remade: stored => this.#remaking.done(stored),
    })
    this.#slots = new Slots(workers, slots)
    // Most slots are left to tasks that await others.
    this.#mostDepth = Math.max(1, Math.min(mostDepth, Math.floor(slots / (4 * workers))))
    this.#scheduler = new Scheduler<Record>(
      {
        dispatch: (record, worker, open) => this.#dispatch(record, worker, open),
        settle: (record, reason, origin) => this.#settleUnrun(record, reason, origin),
        placed: ({ id }) => this.#settleGroup(this.#groups.entry(id)!, undefined),
        reserved: (worker, on) => {
          Atomics.store(this.#slots.c, at.workerAt(worker) + at.mayTakeOpen, on ? 0 : 1)
          at.ring(this.#slots.c, worker)
        },
      },
      { slots, depth: Math.min(64, this.#mostDepth), active: Number.POSITIVE_INFINITY },
      resources,
      validate,
    )
    this.#crew = new Crew(this.#slots.board, this.#slots.layout, resourceLimits, {
      message: (worker, message) => this.#message(worker, message),
      gone: (worker, reason, restarts) => this.#gone(worker, reason, restarts),
    })
    this.#topics = new Topics(this.#crew)
    this.#stopping = new Stopping(this.#slots, this.#crew, {
      dropped: record => this.#scheduler.cancelled(record),
      withdrawn: record => this.#settle(record, 'rejected', record.stopping),
    })
    this.#callers = new Callers(workers, this.#crew, {
      submit: (caller, { url, name }, given, options, after) =>
        this.#submit(caller, this.#newCall(url, name, options), given, after),
      create: (caller, id, { url, name }, methods, given, options) =>
        this.#create(caller, id, this.#numberOf('actor', url, name), name, methods, given, options),
      invoke: (caller, id, method, given, options) => this.#invoke(caller, id, method, given, options),
      put: value => this.#object(value, 'put', false),
      prepare: take => this.#objects.withRoom(take),
      stop: (record, error, graceMs) => this.#stopping.stop(record, error, graceMs),
      named: (name, namespace, worker) => this.#named(name, namespace, worker),
      hold: actor => this.#actors.hold(actor),
      kill: (actor, reason) => this.kill(actor, reason),
    })
    this.#crew.start()
    for (let worker = 0; worker < workers; worker++) this.#scheduler.workerJoined(worker)
  }

  get parallelism(): number {
    return this.#workers
  }

  // Calls.

  submit(
    definition: TaskDefinition,
    args: unknown[],
    options: TaskOptions,
    after?: readonly Ref<unknown>[],
  ): Ref<unknown> {
    const call = this.#callOf(definition, options)
    return new Ref(this.#submit(main, call, this.#prepare(args, call.name), after))
  }

  #callOf(definition: TaskDefinition, options: TaskOptions): Call {
    if (definition === this.#lastDefinition && options === this.#lastOptions) return this.#lastCall!
    let calls = this.#callsOf.get(definition)
    if (calls === undefined) this.#callsOf.set(definition, (calls = new WeakMap()))
    let call = calls.get(options)
    if (call === undefined) calls.set(options, (call = this.#newCall(definition.url, definition.name, options)))
    this.#lastDefinition = definition
    this.#lastOptions = options
    this.#lastCall = call
    return call
  }

  #newCall(url: string, name: string, options: TaskOptions, streams = false): Call {
    const worker = options.runOn === undefined ? -1 : this.#workerOf(name, options.runOn)
    const request = requestOf(options, worker, id => this.#groups.at(id))
    const definition = this.#numberOf('task', url, name)
    const { priority = 0 } = options
    return { name, definition, options, priority, request, actor: 0, method: 0, streams, tally: undefined }
  }

  stream({ name, url }: TaskDefinition, args: unknown[], options: TaskOptions): AsyncIterableIterator<unknown> {
    const call = this.#newCall(url, name, { ...options, retries: 0 }, true)
    const record = this.#submit(main, call, this.#prepare(args, name), options.after)
    const over = () => {
      this.#streams.delete(record.id)
      this.#letGo()
    }
    const stream = new Stream(over, items => {
      const worker = this.#slots.runnerOf(record)
      if (worker >= 0) this.#crew.post(worker, { is: 'credit', task: record.id, items })
      else if (items < 0) this.#stopping.stop(record, new CancelledError(`task ${record.label}`, 'nobody reads it'), 0)
    })
    this.#streams.set(record.id, stream)
    const look = () => {
      if (record.settlement === 'rejected') stream.fail(record.outcome())
    }
    if (record.settlement === 'pending') record.whenSettled(look)
    else look()
    return stream
  }

  #submit(caller: number, call: Call, given: Given, after?: readonly Ref<unknown>[]): Record {
    const record = new Record(this.#nextTask++, caller, call, given, this.#siteOf(call.definition))
    this.#accept(record, after)
    return record
  }

  create(definition: ActorDefinition, args: unknown[], options: ActorOptions): { actor: number; created: Ref<void> } {
    const { url, name, methods } = definition
    const number = this.#numberOf('actor', url, name)
    const record = this.#create(main, this.#actors.nextId(), number, name, methods, this.#prepare(args, name), options)
    return { actor: record.call.actor, created: new Ref<void>(record) }
  }

  #create(
    caller: number,
    id: number,
    definition: number,
    name: string,
    methods: readonly string[],
    given: Given,
    options: ActorOptions,
  ): Record {
    const { runOn } = options
    const wanted = runOn === undefined ? -1 : this.#workerOf(name, runOn)
    const lodging = lodgingOf(options, wanted, id => this.#groups.at(id))
    const worker = lodging ? -1 : wanted >= 0 ? wanted : this.#nextWorker++ % this.#workers
    const actor = actorEntry(id, definition, name, methods, worker, lodging, options, given)
    this.#actors.add(actor)
    return this.#construct(caller, actor)
  }

  #construct(caller: number, actor: ActorEntry): Record {
    if (!isToLodge(actor)) this.#announceActor(actor)
    const record = this.#call(caller, actor, callOfConstructor(actor), actor.given)
    actor.making = record
    record.whenSettled(() => {
      actor.making = undefined
      if (record.settlement === 'fulfilled' && actor.lodging) actor.lodged ??= record
      if (record.settlement === 'fulfilled' && actor.restartsLeft === 0) this.#actors.settle(actor)
      if (record.settlement === 'fulfilled' || actor.died !== undefined) return
      const died = { reason: 'its constructor failed', cause: record.outcome() }
      // Not in the middle of what the scheduler does with it.
      queueMicrotask(() => actor.died === undefined && this.#bury(actor, died))
    })
    return record
  }

  /** Tells its worker what it is like. */
  #announceActor(actor: ActorEntry): void {
    this.#crew.post(actor.worker, { is: 'actor', actor: actor.id, settings: settingsOf(actor) })
  }

  invoke(actor: number, method: string, args: unknown[], options: TaskOptions): Ref<unknown> {
    return new Ref(this.#invoke(main, actor, method, this.#prepare(args, method), options))
  }

  #invoke(caller: number, id: number, method: string, given: Given, options: TaskOptions): Record {
    const actor = this.#actors.at(id, method)
    const call = callOfMethod(actor, method, options)
    return this.#call(caller, actor, call, given)
  }

  #call(caller: number, actor: ActorEntry, call: Call, given: Given): Record {
    const record = new Record(this.#nextTask++, caller, call, given, this.#siteOf(call.definition))
    actor.tally.open++
    // Where it lives is not known before its constructor runs.
    const after = isToLodge(actor) && actor.making ? [new Ref(actor.making)] : undefined
    // A constructor waits for nobody's calls: they wait for it.
    const line = call.method < 0 ? undefined : lineOf(actor, caller, call.method)
    if (actor.died === undefined) this.#accept(record, after, line)
    else this.#settle(record, 'rejected', withSite(deathOf(actor), record.site))
    return record
  }

  put(value: unknown, { mutable = false, label = 'put' }: PutOptions): Ref<unknown> {
    if (mutable && !(ArrayBuffer.isView(value) && heap.owns(value))) {
      throw new ArgumentError('put', 'value', 'an array in the heap (heap.f64(n) …) to be mutable', value)
    }
    return new Ref(this.#object(value, label, mutable))
  }

  #object(value: unknown, label: string, mutable: boolean): Record {
    const { found, isCopy } = this.#objects.withRoom(() => asObject(value))
    if (isCopy && isLarge(found)) this.#objects.check(sizeOf(found))
    const site = isLarge(found) ? siteHere() : undefined
    const record = new Record(
      this.#nextTask++,
      main,
      label === 'put' ? callOfPut : { ...callOfPut, name: label },
      nothing,
      site,
    )
    record.settle('fulfilled', this.#objects.keep(found, record, mutable ? 'mutable' : isCopy ? 'own' : 'shared'))
    return record
  }

  #prepare(args: readonly unknown[], call: string): Given {
    let given: Given
    try {
      given = prepare(args, call)
    } catch (error) {
      given = this.#objects.tryAgain(error, () => prepare(args, call))
    }
    if (given instanceof Prepacked) this.#objects.check(given.bytes.length)
    return given
  }

  cancel(ref: Ref<unknown>, { graceMs = 1000 }: CancelOptions, reason?: unknown): boolean {
    const record = recordOf('cancel', ref)
    const error = new CancelledError(`task ${record.label}`, reason ?? 'cancel was called')
    return this.#stopping.stop(record, error, graceMs)
  }

  free(ref: Ref<unknown>): void {
    recordOf('free', ref).free()
  }

  async named(name: string, namespace: string): Promise<ActorFound | undefined> {
    return this.#named(name, namespace, -1)
  }

  /** @param worker that will have a handle of it, or -1 */
  async #named(name: string, namespace: string, worker: number): Promise<ActorFound | undefined> {
    const actor = this.#actors.named(name, namespace)
    if (actor === undefined) return undefined
    if (worker >= 0) actor.holders.add(worker)
    return { actor: actor.id, definition: actor.name, methods: actor.methods }
  }

  hold(actor: number): object {
    return this.#actors.hold(actor)
  }

  /** Nobody can call it any more. */
  #collected(actor: ActorEntry): void {
    // A handle may be in a result that has come back and was not taken yet.
    this.#drain()
    if (this.#actors.isHeld(actor)) return
    this.#bury(actor, { reason: 'nothing referred to it any more', cause: undefined })
  }

  async kill(id: number, reason: string): Promise<void> {
    const actor = this.#actors.find(id)
    if (actor === undefined || actor.died !== undefined) return
    this.#bury(actor, { reason, cause: undefined })
  }

  place(bundles: readonly Resources[], strategy: Strategy): { group: number; ready: Ref<void> } {
    if (this.#closing) throw new EngineClosedError('placementGroup')
    const entry = this.#groups.add(this.#nextTask++, bundles, strategy, siteHere())
    const { group, ready } = entry
    this.#open++
    if (!this.#scheduler.groupAsked(group, this.#workers)) this.#unplace(group.id, impossible(group, this.#workers))
    this.#watch()
    return { group: group.id, ready: new Ref<void>(ready) }
  }

  unplace(id: number): void {
    this.#unplace(id, removal(id))
  }

  #unplace(id: number, why: PlacementError): void {
    const entry = this.#groups.remove(id)
    if (entry === undefined) return
    this.#settleGroup(entry, withSite(why, entry.ready.site))
    this.#scheduler.groupRemoved(entry.group)
  }

  #settleGroup({ ready }: GroupEntry, error: unknown): void {
    if (ready.settlement !== 'pending') return
    if (--this.#open === 0) this.#letGo()
    ready.settle(error === undefined ? 'fulfilled' : 'rejected', error)
  }

  publish(topic: string, value: unknown): void {
    this.#topics.publish(topic, packMessage(value))
  }

  subscribe(topic: string, listener: (message: unknown) => void): () => void {
    return this.#topics.listeners.add(topic, listener)
  }

  stats(): EngineStats {
    const { waiting, ready, dispatched } = this.#scheduler.counts
    return {
      workers: this.#workers,
      waiting,
      ready,
      running: dispatched,
      done: this.#done,
      failed: this.#failed,
      cancelled: this.#cancelled,
      retried: this.#retried,
      replaced: this.#crew.replaced,
      actors: this.#actors.living,
      objects: this.#objects.stats(),
    }
  }

  observe(observer: Observer | undefined): void {
    this.#observer = observer
    this.#crew.listen(observer && ((worker, stream, text) => observer.printed(worker + 1, stream, text)))
  }

  look(): Look {
    const running = this.#slots.running(mostShown).map(({ record, worker, startedMs }) => {
      const { id, caller } = record
      return { task: id, name: nameOf(record), worker: worker + 1, caller, startedMs }
    })
    const [workers, actors] = [this.#crew.look(), this.#actors.look(mostShown)]
    return { stats: this.stats(), workers, running, actors, holders: heap.holders() }
  }

  #tell(record: Record, outcome: Outcome, worker: number, startedMs: number, endedMs: number): void {
    const { id, caller, site } = record
    // It may have been submitted before anyone looked.
    const submittedMs = record.submittedMs || startedMs
    this.#observer!.over(id, nameOf(record), worker, caller, outcome, submittedMs, startedMs, endedMs, site)
  }

  #tellUnrun(record: Record, outcome: Outcome): void {
    if (this.#observer === undefined) return
    const now = clock()
    this.#tell(record, outcome, 0, now, now)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#crew.close(closeGraceMs)
    this.#drain()
    for (const record of this.#scheduler.unsettled(this.#slots.records)) {
      this.#settle(record, 'rejected', new EngineClosedError(`task ${record.label}`))
    }
    for (const entry of this.#groups.waiting) this.#settleGroup(entry, new EngineClosedError('placementGroup'))
    this.#objects.close()
  }

  // Definitions and places.

  #numberOf(kind: 'task' | 'actor', url: string, name: string): number {
    const key = `${url}#${name}`
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(key, number)
      this.#crew.announce({ number, kind, url, name } satisfies DefinitionNote)
    }
    return number
  }

  #workerOf(call: string, runOn: number): number {
    if (runOn <= this.#workers) return runOn - 1
    throw new ArgumentError(call, 'runOn', `the number of a worker, from 1 to ${this.#workers}`, runOn)
  }

  /** Capturing a stack takes as long as the rest of a call, so those of one turn share the first's. */
  #siteOf(definition: number): Error {
    let site = this.#sites.get(definition)
    if (site === undefined) {
      site = siteHere()
      this.#sites.set(definition, site)
    }
    return site
  }

  /**
   * @param after what must be done first, besides what is among the arguments
   * @param line in which it keeps its order
   */
  #accept(record: Record, after?: readonly Ref<unknown>[], line?: Line<Record>): void {
    if (this.#closing) throw new EngineClosedError(record.name)
    if (this.#observer !== undefined) record.submittedMs = clock()
    const { given } = record
    const values = given instanceof Prepacked ? given.refs : given
    let dependencies: Record[] | undefined
    for (const value of after === undefined ? values : [...values, ...after]) {
      if (!(value instanceof Ref)) continue
      const dependency = recordOf(record.name, value)
      if (dependency.settlement === 'rejected') {
        this.#tellUnrun(record, 'failed')
        return this.#settle(record, 'rejected', dependency.outcome())
      }
      if (dependency.settlement === 'pending') (dependencies ??= []).push(dependency)
    }
    const { signal } = record.call.options
    if (signal !== undefined && this.#stopping.listen(signal, record)) {
      this.#tellUnrun(record, 'cancelled')
      return this.#settle(record, 'rejected', cancelledBy(signal, record))
    }
    this.#open++
    this.#scheduler.submit(record, dependencies, line)
    if ((++this.#submits & (submitsPerDrain - 1)) === 0) this.#drain()
    this.#watch()
  }

  // The scheduler's instructions.

  #dispatch(record: Record, worker: number, open: boolean): void {
    if (record.request?.keeps) this.#lodge(record, worker)
    try {
      if (this.#send(record, worker, open)) this.#woke = true
    } catch (problem) {
      // A value it needs was freed, released or lost meanwhile, or the heap is full.
      const error = problem instanceof ObjectLostError ? this.#waitForLost(record, problem) : problem
      if (error === undefined) return
      this.#settle(record, 'rejected', error)
      this.#scheduler.failed(record, false)
      // What stood behind it may be ready now, and this may be the last event.
      queueMicrotask(() => this.#scheduler.assign())
      return
    }
    const { timeoutMs } = record.call.options
    if (timeoutMs !== undefined) this.#stopping.limit(record, timeoutMs)
  }

  /** True when a worker had to be woken for it. */
  #send(record: Record, worker: number, open: boolean): boolean {
    try {
      return this.#slots.send(record, worker, open)
    } catch (error) {
      return this.#objects.tryAgain(error, () => this.#slots.send(record, worker, open))
    }
  }

  /** An actor that asked for a place has one. */
  #lodge({ call }: Record, worker: number): void {
    const actor = this.#actors.find(call.actor)
    // It may have been killed meanwhile.
    if (actor === undefined) return
    actor.worker = actor.request.worker = worker
    this.#announceActor(actor)
  }

  #settleUnrun(record: Record, reason: Reason, origin: Record | undefined): void {
    // What was lost has been told when its worker ended.
    if (reason !== 'lost') this.#tellUnrun(record, reason === 'cancelled' ? outcomeOf(record) : 'failed')
    this.#settle(record, 'rejected', this.#errorOf(record, reason, origin))
  }

  #errorOf(record: Record, reason: Reason, origin: Record | undefined): unknown {
    switch (reason) {
      case 'dependency': {
        const actor = this.#actors.find(record.call.actor)
        const isOwn = actor !== undefined && origin!.call.actor === actor.id && origin!.call.method < 0
        return isOwn ? unmade(actor, origin!, record) : origin!.outcome()
      }
      case 'removed':
        return withSite(removal(record.request!.group!.id), record.site)
      case 'cancelled':
        return record.stopping
      case 'infeasible':
        return infeasible(record)
      case 'crowded':
        return new NotSupportedError(
          'threads',
          `${this.#scheduler.limits.slots} tasks that all await others`,
          'no slot is left for what they await',
          `start({ slots: ${at.mostSlots} }) allows most; or let each await fewer at a time`,
        )
      case 'lost': {
        const actor = this.#actors.find(record.call.actor)
        const lost = actor
          ? new ActorDiedError(actor.name, lossOf(this.#lostWorker, this.#lostReason))
          : new WorkerLostError(record.name, this.#lostWorker + 1, record.attempts, this.#lostReason)
        return record.stopping ?? withSite(lost, record.site)
      }
    }
  }

  #settle(record: Record, settlement: 'fulfilled' | 'rejected', found: unknown): void {
    if (record.settlement !== 'pending') return
    if (settlement === 'rejected') this.#observer?.failed(record.id, found)
    if (settlement === 'fulfilled') this.#done++
    else if (found instanceof CancelledError) this.#cancelled++
    else this.#failed++
    // Asleep, the client would not see that nothing is left to wait for.
    if (record.state !== 'new' && --this.#open === 0) this.#letGo()
    record.settle(settlement, settlement === 'fulfilled' ? this.#keep(record, found) : found)
    const { tally } = record.call
    if (tally !== undefined && --tally.open === 0) tally.idle?.()
  }

  #keep(record: Record, found: unknown): unknown {
    const kept = this.#objects.keep(found, record, 'own')
    if (kept instanceof Stored) this.#remaking.note(record, kept)
    return kept
  }

  /** A task cannot be sent, since values that it needs are lost: it waits until they have been made again, if they can be. */
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

  // What comes back.

  /** Looks at everything that has come back; true when something has. */
  #drain(): boolean {
    let backs = 0
    for (let worker = 0; worker < this.#workers; worker++) {
      for (let back = this.#slots.takeBack(worker); back; back = this.#slots.takeBack(worker)) {
        this.#back(back)
        if ((++backs & (backsPerAssign - 1)) === 0) this.#scheduler.assign()
      }
    }
    this.#heedMemory()
    if (backs === 0) return false
    this.#scheduler.assign()
    this.#adjust()
    return true
  }

  /** While memory is short, tasks run one at a time: what ends may free some. */
  #heedMemory(): void {
    const { limits } = this.#scheduler
    const { isShort } = this.#objects
    if (isShort === Number.isFinite(limits.active)) return
    limits.active = isShort ? 1 : Number.POSITIVE_INFINITY
    if (isShort) this.#admitLater(this.#settledTasks, performance.now())
    else this.#scheduler.assign()
  }

  /** The one that runs may wait for one that is kept waiting: when nothing has ended for long, one more goes. */
  #admitLater(settled: number, sinceMs: number): void {
    after(recheckMs, () => {
      this.#heedMemory()
      const { limits } = this.#scheduler
      if (!Number.isFinite(limits.active) || this.#closing !== undefined) return
      const now = performance.now()
      const isIdle = this.#settledTasks === settled
      if (isIdle && now - sinceMs < admitMs) return this.#admitLater(settled, sinceMs)
      if (isIdle) {
        limits.active++
        this.#scheduler.assign()
      }
      this.#admitLater(this.#settledTasks, now)
    })
  }

  get #settledTasks(): number {
    return this.#done + this.#failed + this.#cancelled
  }

  #back({ record, unrun, ok, found, worker, tookMs, endedMs, items, lent, state }: Back): void {
    if (unrun) return this.#scheduler.cancelled(record)
    if (state !== undefined) this.#actors.keep(record.call.actor, state)
    if (lent !== undefined) this.#leases.keep(worker, record.id, lent)
    this.#meanMs += (tookMs - this.#meanMs) / 16
    if (this.#observer !== undefined) {
      const outcome = ok && record.stopping === undefined ? 'done' : outcomeOf(record)
      this.#tell(record, outcome, worker + 1, endedMs - tookMs, endedMs)
    }
    if (record.call.streams) this.#streams.get(record.id)?.expect(items)
    if (record.stopping !== undefined) {
      this.#settle(record, 'rejected', record.stopping)
      this.#scheduler.failed(record, false)
    } else if (ok) {
      this.#settle(record, 'fulfilled', found)
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
      const error = new TaskError(nameOf(record), worker + 1, record.attempts + 1, cause)
      this.#settle(record, 'rejected', withSite(error, record.site))
    }
    if (this.#scheduler.failed(record, mayRetry)) this.#retried++
  }

  /** Short tasks are sent far ahead, long ones are not, so that priorities and other callers are served soon. */
  #adjust(): void {
    const depth = Math.round(aheadMs / Math.max(this.#meanMs, 1e-4))
    this.#scheduler.limits.depth = Math.min(this.#mostDepth, Math.max(leastDepth, depth))
  }

  /** Begins to look for results, in each turn of the event loop. */
  #watch(): void {
    if (this.#watching) return
    this.#watching = true
    this.#lastNews = performance.now()
    this.#crew.hold(true)
    Atomics.store(this.#slots.c, at.clientSleeps, 0)
    setImmediate(this.#turn)
  }

  #turn = (): void => {
    if (this.#sites.size > 0) this.#sites.clear()
    const any = this.#drain() || (this.#shouldNap() && this.#nap())
    if (this.#open === 0) return this.#rest()
    this.#resting = false
    const now = performance.now()
    if (any) this.#lastNews = now
    if (now - this.#lastNews < this.#freshMs() || !this.#sleep()) setImmediate(this.#turn)
  }

  /** A worker that was woken and has not begun, or one that takes long, may have been given this very core. */
  #shouldNap(): boolean {
    const hasWoken = this.#woke
    this.#woke = false
    if (this.#open === 0) return false
    return (hasWoken && this.#slots.hasAny(at.openQueue, at.ownQueue)) || performance.now() - this.#lastNews > spinMs
  }

  /** Leaves the core for a moment, or until a worker brings something: true when one has. */
  #nap(): boolean {
    const { c } = this.#slots
    const seen = Atomics.load(c, at.doneBell)
    Atomics.store(c, at.clientSleeps, 1)
    // What came before that store woke nobody.
    if (!this.#slots.hasAny(at.doneQueue)) Atomics.wait(c, at.doneBell, seen, napMs)
    Atomics.store(c, at.clientSleeps, 0)
    return this.#drain()
  }

  #freshMs(): number {
    const busy = Math.min(this.#workers, this.#scheduler.counts.dispatched)
    return busy < cores && this.#meanMs < longestFreshMs
      ? Math.max(spinMs, Math.min(longestFreshMs, 2 * this.#meanMs))
      : spinMs
  }

  /** Waits for a worker to bring something. False when one has. */
  #sleep(): boolean {
    const { c } = this.#slots
    const seen = Atomics.load(c, at.doneBell)
    Atomics.store(c, at.clientSleeps, 1)
    // What came before that store woke nobody.
    const hasNews = this.#drain() || (this.#open === 0 && !this.#crew.owesOutput)
    const waits = !hasNews && (this.#waking ??= waitAsync(c, at.doneBell, seen)?.then(this.#wake)) !== undefined
    if (waits) this.#watching = false
    else Atomics.store(c, at.clientSleeps, 0)
    return waits
  }

  /** Unless a task turns out to go on within some time, one that finds no slot is given up. */
  #suspect(): void {
    if (this.#suspects) return
    this.#suspects = true
    const settled = this.#settledTasks
    after(stuckMs, () => {
      this.#suspects = false
      const isLater = this.#settledTasks > settled
      if (!isLater && this.#scheduler.isStuck) this.#scheduler.crowded()
      if (this.#scheduler.isStuck) this.#suspect()
    })
  }

  #wake = (): void => {
    this.#waking = undefined
    this.#watch()
  }

  /**
   * Nothing is under way. A program that goes on does so before the next turn; one that does not may end: it is not kept, and
   * looks no more. What tasks have printed comes first.
   */
  #rest(): void {
    const owes = this.#crew.owesOutput
    if (this.#resting && !owes) {
      this.#watching = false
      this.#resting = false
      this.#letGo()
    } else if (!(this.#resting && this.#sleep())) {
      this.#resting = true
      setImmediate(this.#turn)
    }
  }

  #letGo(): void {
    if (this.#watching || this.#open > 0 || this.#streams.size > 0) return
    if (this.#crew.owesOutput) this.#watch()
    else this.#crew.hold(false)
  }

  // Workers that end, actors that die, what workers say.

  #gone(worker: number, reason: string, restarts: boolean): void {
    this.#lostWorker = worker
    this.#lostReason = reason
    this.#drain()
    // It may have ended between taking the client's sleep away and waking it.
    this.#watch()
    this.#callers.forget(worker)
    this.#topics.forget(worker)
    const held = this.#slots.reclaim(worker, back => this.#back(back))
    if (reason.startsWith(outOfMemory)) reason += this.#loadOf(worker, held)
    this.#lostReason = reason
    this.#leases.forget(worker)
    this.#actors.forgetHolder(worker)
    if (restarts && !held.some(({ started }) => started)) {
      // No task's error will tell it.
      const what = `Worker ${worker + 1} ended while it ran no task, and was replaced: ${reason}`
      process.emitWarning(what, 'SkeinWarning')
    }
    for (const { work, started, startedMs } of held) {
      if (!started) continue
      if (this.#observer !== undefined) this.#tell(work, 'lost', worker + 1, startedMs, clock())
      if (work.stopping !== undefined) work.retriesLeft = 0
      else if (work.retriesLeft > 0) this.#retried++
    }
    const living = this.#actors.on(worker)
    this.#scheduler.workerLeft(worker, held)
    for (const actor of living) {
      if (actor.restartsLeft === 0 || !restarts) {
        this.#bury(actor, { reason: lossOf(worker, reason), cause: undefined })
      }
    }
    if (!restarts) {
      if (!this.#closing) this.close()
      return
    }
    for (const actor of living) {
      if (actor.died !== undefined) continue
      actor.restartsLeft--
      // One that was being made when it was lost is queued again already.
      if (actor.making === undefined) this.#construct(main, actor)
      else if (!isToLodge(actor)) this.#announceActor(actor)
    }
    this.#scheduler.workerJoined(worker)
  }

  /** What a worker that has no memory left had to do. */
  #loadOf(worker: number, held: readonly Held[]): string {
    const tasks = held.filter(({ started }) => started).map(({ work }) => `task ${work.label}`)
    const all = [...tasks, ...this.#actors.on(worker).map(({ name }) => `actor ${name}`)]
    const told = all.slice(0, 5).join(', ') + (all.length > 5 ? ` and ${all.length - 5} more` : '')
    return told && `. On it were ${told}`
  }

  #bury(actor: ActorEntry, died: Death): void {
    this.#actors.bury(actor, died)
    if (actor.worker >= 0) this.#crew.post(actor.worker, { is: 'kill', actor: actor.id })
    if (actor.lodged) this.#scheduler.released(actor.lodged)
    for (const record of [...this.#scheduler.unsettled(this.#slots.records)]) {
      if (record.call.actor !== actor.id || record.settlement !== 'pending') continue
      record.stopping ??= withSite(deathOf(actor), record.site)
      if (record.state !== 'dispatched') this.#scheduler.cancelled(record)
      else this.#settle(record, 'rejected', record.stopping)
    }
  }

  #message(worker: number, message: FromWorker): void {
    switch (message.is) {
      case 'item':
        this.#streams.get(message.task)?.push(unpack(message.value))
        return
      case 'request':
        this.#callers.serve(worker, message)
        return
      case 'holds':
      case 'dropped':
        this.#actors.held(message.actor, worker, message.is === 'holds')
        return
      case 'released':
        // The call has ended before that was said, and may not have been taken yet.
        this.#drain()
        this.#leases.end(worker, message.task)
        return
      case 'publish':
        this.#topics.publish(message.topic, message.value)
        return
      case 'listens':
        this.#topics.listens(worker, message.topic, message.on)
        return
      default: {
        const record = this.#slots.find(message.slot, message.task)
        if (record) this.#scheduler.awaits(record, message.is === 'awaits')
        if (this.#scheduler.isStuck) this.#suspect()
      }
    }
  }
}

/** A container's limit is smaller than the machine; 0 or huge is none. */
function defaultHeapBytes(): number {
  const constrained = process.constrainedMemory()
  const machine = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return Math.min(heap.limitBytes, 0.7 * machine)
}

const lossOf = (worker: number, reason: string): string => `worker ${worker + 1}, where it lived, was lost: ${reason}`

/** Of the things that there may be any number of, a look shows so many. */
const mostShown = 500
