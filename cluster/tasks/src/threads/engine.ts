/**
 * The threads engine, from the client's side: takes calls, keeps records, and carries the scheduler's instructions out on
 * the board. It learns what has come back from the done queues (`#drain`): at every 64th submission, in turns of the
 * event loop while results are fresh, and else by the done bell.
 */

import { ArgumentError, CancelledError } from '@skein/base'
import { heap } from '@skein/heap'
import type { ActorFound, CancelOptions, Engine, EngineStats, PutOptions } from '../engine.ts'
import { ActorDiedError, EngineClosedError, TaskError, WorkerLostError } from '../errors.ts'
import type { ActorOptions, Resources, TaskOptions } from '../options.ts'
import { Ref } from '../ref.ts'
import type { ActorDefinition, TaskDefinition } from '../registry.ts'
import type { Request as WorkRequest } from '../schedule/place.ts'
import { type Reason, Scheduler } from '../schedule/scheduler.ts'
import { unpack } from '../values/pack.ts'
import { type ActorEntry, ActorTable } from './actor-table.ts'
import { asObject, prepare, recordOf } from './arguments.ts'
import * as at from './board.ts'
import { Callers } from './callers.ts'
import { Crew } from './crew.ts'
import type { DefinitionNote, FromWorker } from './mail.ts'
import { nothing, type Prepared, Record } from './record.ts'
import type { Found } from './result.ts'
import { type Back, Slots } from './slots.ts'
import { cancelledBy, Stopping } from './stopping.ts'
import { Stream } from './stream.ts'
import { waitAsync } from './wait-async.ts'

export interface ThreadsOptions {
  readonly workers: number
  /** Most tasks on the board at once: a power of two up to 2^16. Default 32,768. */
  readonly slots?: number
  /** Amounts of custom resources, `gpus` and `memoryBytes`. */
  readonly resources?: { readonly [name: string]: number }
  /** Checks the scheduler's invariants after every event. */
  readonly validate?: boolean
}

/** Who submits: the main program is caller 0, a worker's tasks are its number from 1. */
const main = 0

/** Workers get as many tasks ahead as take about this long. */
const aheadMs = 0.3
const [leastDepth, mostDepth] = [2, 1024]
/** The client looks in every turn of its event loop for this long after the last result, then sleeps. */
const freshMs = 0.05
const closeGraceMs = 200
/** So many submissions pass before the client looks for results in between: a power of two. */
const submitsPerDrain = 64
const concurrencyOfActors = 1000

export class ThreadsEngine implements Engine {
  readonly name = 'threads'
  readonly #workers: number
  readonly #slots: Slots
  readonly #crew: Crew
  readonly #scheduler: Scheduler<Record>
  readonly #stopping: Stopping
  readonly #callers: Callers
  readonly #actors = new ActorTable()
  readonly #numbers = new Map<string, number>()
  /** By task, readers of streams. */
  readonly #streams = new Map<number, Stream>()
  /** Where a definition was called first in this turn of the event loop. */
  readonly #sites = new Map<number, Error>()
  #nextTask = 1
  #nextWorker = 0
  #submits = 0
  /** Tasks that have not settled. */
  #open = 0
  #watching = false
  #lastNews = 0
  #meanMs = 0.01
  #closing: Promise<void> | undefined
  #done = 0
  #failed = 0
  #cancelled = 0
  #retried = 0
  /** The worker that ended last, and why. */
  #lostWorker = -1
  #lostReason = ''

  constructor({ workers, slots = 1 << 15, resources = {}, validate = false }: ThreadsOptions) {
    // Made now, so that workers find this memory as theirs.
    void heap.memory
    this.#workers = workers
    this.#slots = new Slots(workers, slots)
    this.#scheduler = new Scheduler<Record>(
      {
        dispatch: (record, worker, open) => this.#dispatch(record, worker, open),
        settle: (record, reason, origin) => this.#settleUnrun(record, reason, origin),
      },
      { slots, depth: Math.min(64, slots >> 1) },
      resources,
      validate,
    )
    this.#crew = new Crew(this.#slots.board, this.#slots.layout, {
      message: (worker, message) => this.#message(worker, message),
      gone: (worker, reason, restarts) => this.#gone(worker, reason, restarts),
    })
    this.#stopping = new Stopping(this.#slots, this.#crew, {
      dropped: record => this.#scheduler.cancelled(record),
      withdrawn: record => this.#settle(record, 'rejected', record.stopping),
    })
    this.#callers = new Callers(workers, this.#crew, {
      submit: (caller, { url, name }, prepared, options) =>
        this.#submit(caller, this.#numberOf('task', url, name), name, prepared, options, false),
      create: (caller, id, { url, name }, methods, prepared, options) =>
        this.#create(caller, id, this.#numberOf('actor', url, name), name, methods, prepared, options),
      invoke: (caller, id, method, prepared, options) => this.#invoke(caller, id, method, prepared, options),
      put: value => this.#object(value),
      stop: (record, error, graceMs) => this.#stopping.stop(record, error, graceMs),
      named: (name, namespace) => this.named(name, namespace),
      kill: (actor, reason) => this.kill(actor, reason),
    })
    this.#crew.start()
    for (let worker = 0; worker < workers; worker++) this.#scheduler.workerJoined(worker)
  }

  // Calls.

  submit({ name, url }: TaskDefinition, args: unknown[], options: TaskOptions): Ref<unknown> {
    const number = this.#numberOf('task', url, name)
    return new Ref(this.#submit(main, number, name, prepare(args, name), options, false))
  }

  stream({ name, url }: TaskDefinition, args: unknown[], options: TaskOptions): AsyncIterableIterator<unknown> {
    const number = this.#numberOf('task', url, name)
    const record = this.#submit(main, number, name, prepare(args, name), { ...options, retries: 0 }, true)
    const over = () => {
      this.#streams.delete(record.id)
      this.#rest()
    }
    const stream = new Stream(over, items => {
      const worker = this.#slots.runnerOf(record)
      if (worker >= 0) this.#crew.post(worker, { is: 'credit', task: record.id, items })
    })
    this.#streams.set(record.id, stream)
    const look = () => {
      if (record.settlement === 'rejected') stream.fail(record.outcome())
    }
    if (record.settlement === 'pending') record.whenSettled(look)
    else look()
    return stream
  }

  #submit(
    caller: number,
    definition: number,
    name: string,
    prepared: Prepared,
    options: TaskOptions,
    streams: boolean,
  ): Record {
    const worker = options.runOn === undefined ? -1 : this.#workerOf(name, options.runOn)
    const request = requestOf(options.resources, worker)
    const site = this.#siteOf(definition)
    const id = this.#nextTask++
    const record = new Record(id, caller, name, definition, options, request, prepared, site, 0, 0, streams)
    this.#accept(record)
    return record
  }

  create(definition: ActorDefinition, args: unknown[], options: ActorOptions): { actor: number; created: Ref<void> } {
    const { url, name, methods } = definition
    const number = this.#numberOf('actor', url, name)
    const record = this.#create(main, this.#actors.nextId(), number, name, methods, prepare(args, name), options)
    return { actor: record.actor, created: new Ref<void>(record) }
  }

  #create(
    caller: number,
    id: number,
    definition: number,
    name: string,
    methods: readonly string[],
    prepared: Prepared,
    options: ActorOptions,
  ): Record {
    const { runOn, restarts = 0 } = options
    const worker = runOn === undefined ? this.#nextWorker++ % this.#workers : this.#workerOf(name, runOn)
    const actor: ActorEntry = {
      id,
      definition,
      name,
      methods,
      worker,
      options,
      prepared,
      restartsLeft: restarts,
      died: undefined,
      calls: new Set(),
    }
    this.#actors.add(actor)
    return this.#construct(caller, actor)
  }

  #construct(caller: number, actor: ActorEntry): Record {
    const record = this.#call(caller, actor, -1, `${actor.name} (constructor)`, actor.prepared, {})
    record.whenSettled(() => {
      if (record.settlement === 'rejected' && actor.died === undefined) this.#bury(actor, 'its constructor failed')
    })
    return record
  }

  invoke(actor: number, method: string, args: unknown[], options: TaskOptions): Ref<unknown> {
    return new Ref(this.#invoke(main, actor, method, prepare(args, method), options))
  }

  #invoke(caller: number, id: number, method: string, prepared: Prepared, options: TaskOptions): Record {
    const actor = this.#actors.at(id, method)
    return this.#call(caller, actor, actor.methods.indexOf(method), `${actor.name}.${method}`, prepared, options)
  }

  #call(
    caller: number,
    actor: ActorEntry,
    method: number,
    name: string,
    prepared: Prepared,
    options: TaskOptions,
  ): Record {
    const request: WorkRequest = { cpus: 0, amounts: [], worker: actor.worker, beside: true }
    const { id, definition } = actor
    const site = this.#siteOf(definition)
    const record = new Record(this.#nextTask++, caller, name, definition, options, request, prepared, site, id, method)
    if (actor.died !== undefined) {
      this.#settle(record, 'rejected', new ActorDiedError(actor.name, actor.died))
      return record
    }
    actor.calls.add(record)
    record.whenSettled(() => actor.calls.delete(record))
    this.#accept(record)
    return record
  }

  put(value: unknown, { mutable = false }: PutOptions): Ref<unknown> {
    if (mutable && !(ArrayBuffer.isView(value) && heap.owns(value))) {
      throw new ArgumentError('put', 'value', 'an array in the heap (heap.f64(n) …) to be mutable', value)
    }
    return new Ref(this.#object(value))
  }

  #object(value: unknown): Record {
    const record = new Record(this.#nextTask++, main, 'put', -1, {}, undefined, nothing, undefined)
    record.settle('fulfilled', { value: asObject(value) })
    return record
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
    const actor = this.#actors.named(name, namespace)
    return actor && { actor: actor.id, definition: actor.name, methods: actor.methods }
  }

  async kill(id: number, reason: string): Promise<void> {
    const actor = this.#actors.find(id)
    if (actor === undefined || actor.died !== undefined) return
    this.#bury(actor, reason)
    this.#crew.post(actor.worker, { is: 'kill', actor: id })
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
    }
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
      site = new Error('submitted here')
      this.#sites.set(definition, site)
    }
    return site
  }

  #accept(record: Record): void {
    if (this.#closing) throw new EngineClosedError(record.name)
    const { prepared, options } = record
    let dependencies: Record[] | undefined
    for (const ref of prepared.refs) {
      const dependency = recordOf(record.name, ref)
      if (dependency.settlement === 'rejected') return this.#settle(record, 'rejected', dependency.outcome())
      if (dependency.settlement === 'pending') (dependencies ??= []).push(dependency)
    }
    if (options.signal !== undefined && this.#stopping.listen(options.signal, record)) {
      return this.#settle(record, 'rejected', cancelledBy(options.signal, record))
    }
    this.#open++
    this.#scheduler.submit(record, dependencies)
    if ((++this.#submits & (submitsPerDrain - 1)) === 0) this.#drain()
    this.#watch()
  }

  // The scheduler's instructions.

  #dispatch(record: Record, worker: number, open: boolean): void {
    const actor = record.actor > 0 ? this.#actors.find(record.actor) : undefined
    this.#slots.send(record, worker, open, actor?.options.maxConcurrency ?? concurrencyOfActors)
    if (record.options.timeoutMs !== undefined) this.#stopping.limit(record, record.options.timeoutMs)
  }

  #settleUnrun(record: Record, reason: Reason, origin: Record | undefined): void {
    this.#settle(record, 'rejected', this.#errorOf(record, reason, origin))
  }

  #errorOf(record: Record, reason: Reason, origin: Record | undefined): unknown {
    switch (reason) {
      case 'dependency':
        return origin!.outcome()
      case 'cancelled':
        return record.stopping
      case 'infeasible': {
        const asked = JSON.stringify(record.options.resources)
        return new ArgumentError(record.name, 'resources', 'what the engine has', asked, "'start' says what there is")
      }
      case 'lost': {
        const actor = this.#actors.find(record.actor)
        const lost = actor
          ? new ActorDiedError(actor.name, this.#lostReason)
          : new WorkerLostError(record.name, this.#lostWorker + 1, record.attempts, this.#lostReason)
        return record.stopping ?? withSite(lost, record.site)
      }
    }
  }

  #settle(record: Record, settlement: 'fulfilled' | 'rejected', value: unknown): void {
    this.#settleAs(record, settlement, { value })
  }

  #settleAs(record: Record, settlement: 'fulfilled' | 'rejected', found: Found): void {
    if (record.settlement !== 'pending') return
    if (settlement === 'fulfilled') this.#done++
    else if ('value' in found && found.value instanceof CancelledError) this.#cancelled++
    else this.#failed++
    // Asleep, the client would not see that nothing is left to wait for.
    if (record.state !== 'new' && --this.#open === 0) at.ringDone(this.#slots.c)
    record.settle(settlement, found)
  }

  // What comes back.

  /** Looks at everything that has come back; true when something has. */
  #drain(): boolean {
    let any = false
    for (let worker = 0; worker < this.#workers; worker++) {
      for (let back = this.#slots.takeBack(worker); back; back = this.#slots.takeBack(worker)) {
        any = true
        this.#back(back)
      }
    }
    if (any) this.#scheduler.assign()
    return any
  }

  #back({ record, unrun, ok, found, worker, tookMs, items }: Back): void {
    if (unrun) return this.#scheduler.cancelled(record)
    this.#observe(tookMs)
    if (record.streams) this.#streams.get(record.id)?.expect(items)
    if (record.stopping !== undefined) {
      this.#settle(record, 'rejected', record.stopping)
      this.#scheduler.failed(record, false)
    } else if (ok) {
      this.#settleAs(record, 'fulfilled', found!)
      this.#scheduler.finished(record)
    } else this.#broke(record, found!, worker)
  }

  #broke(record: Record, found: Found, worker: number): void {
    const { thrown } = ('packed' in found ? unpack(found.packed) : found.value) as { thrown: unknown }
    const { retryOn, name = record.name } = record.options
    const mayRetry = typeof retryOn === 'function' ? wants(retryOn, thrown) : retryOn === true
    if (!mayRetry || record.retriesLeft === 0) {
      const error = new TaskError(name, worker + 1, record.attempts + 1, thrown)
      this.#settle(record, 'rejected', withSite(error, record.site))
    }
    if (this.#scheduler.failed(record, mayRetry)) this.#retried++
  }

  /** Short tasks are sent far ahead, long ones are not, so that priorities and other callers are served soon. */
  #observe(ms: number): void {
    this.#meanMs += (ms - this.#meanMs) / 16
    const depth = Math.round(aheadMs / Math.max(this.#meanMs, 1e-4))
    const { limits } = this.#scheduler
    limits.depth = Math.min(mostDepth, limits.slots >> 1, Math.max(leastDepth, depth))
  }

  #watch(): void {
    if (this.#watching) return
    this.#watching = true
    this.#lastNews = performance.now()
    this.#crew.hold(true)
    setImmediate(this.#turn)
  }

  #turn = (): void => {
    if (this.#sites.size > 0) this.#sites.clear()
    const any = this.#drain()
    if (this.#open === 0) {
      this.#watching = false
      return this.#rest()
    }
    const now = performance.now()
    if (any) this.#lastNews = now
    if (now - this.#lastNews < freshMs) {
      setImmediate(this.#turn)
      return
    }
    const { c } = this.#slots
    Atomics.store(c, at.clientSleeps, 1)
    const seen = Atomics.load(c, at.doneBell)
    // What came before the store rang for nobody.
    if (this.#drain()) {
      Atomics.store(c, at.clientSleeps, 0)
      setImmediate(this.#turn)
      return
    }
    const waited = waitAsync(c, at.doneBell, seen)
    if (waited) waited.then(this.#wake)
    else setImmediate(this.#turn)
  }

  #wake = (): void => {
    Atomics.store(this.#slots.c, at.clientSleeps, 0)
    this.#lastNews = performance.now()
    this.#turn()
  }

  /** Nothing is under way: the process may end. */
  #rest(): void {
    if (!this.#watching && this.#streams.size === 0) this.#crew.hold(false)
  }

  // Workers that end, actors that die, what workers say.

  #gone(worker: number, reason: string, restarts: boolean): void {
    this.#lostWorker = worker
    this.#lostReason = reason
    this.#drain()
    this.#callers.forget(worker)
    const held = this.#slots.reclaim(worker, back => this.#back(back))
    for (const { work, started } of held) {
      if (!started) continue
      if (work.stopping !== undefined) work.retriesLeft = 0
      else if (work.retriesLeft > 0) this.#retried++
    }
    this.#scheduler.workerLeft(worker, held)
    for (const actor of this.#actors.on(worker)) {
      if (actor.restartsLeft === 0 || !restarts) this.#bury(actor, reason)
    }
    if (!restarts) {
      if (!this.#closing) this.close()
      return
    }
    this.#scheduler.workerJoined(worker)
    for (const actor of this.#actors.on(worker)) {
      actor.restartsLeft--
      this.#construct(main, actor)
    }
  }

  #bury(actor: ActorEntry, reason: string): void {
    for (const record of this.#actors.bury(actor, reason)) {
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
      default: {
        const record = this.#slots.find(message.slot, message.task)
        if (record) this.#scheduler.awaits(record, message.is === 'awaits')
      }
    }
  }
}

const ownFolder = new URL('..', import.meta.url).href

/** The error's own stack becomes that of the call, without the frames of this room. */
function withSite<E extends Error>(error: E, site: Error | undefined): E {
  const lines = site?.stack
    ?.split('\n')
    .slice(1)
    .filter(line => !line.includes(ownFolder))
  if (lines) error.stack = `${error.name}: ${error.message}\n${lines.join('\n')}`
  return error
}

/** A predicate that throws says no. */
function wants(retryOn: (error: unknown) => boolean, error: unknown): boolean {
  try {
    return retryOn(error) === true
  } catch {
    return false
  }
}

function requestOf(resources: Resources | undefined, worker: number): WorkRequest | undefined {
  if (resources === undefined && worker < 0) return undefined
  const { cpus = 1, ...others } = resources ?? {}
  const amounts = Object.entries(others).filter((entry): entry is [string, number] => (entry[1] ?? 0) > 0)
  return cpus === 1 && amounts.length === 0 && worker < 0 ? undefined : { cpus, amounts, worker, beside: false }
}
