/**
 * The threads engine, from the client's side. It is where the parts meet: a call becomes a record here, the scheduler says when and
 * where it goes (`Dispatching`), what comes back is taken when the client looks (`Watch`, `Returning`), and ends (`Settling`).
 */

import { CancelledError, NotSupportedError } from '@skein/base'
import { heap } from '@skein/heap'
import { type ActorEntry, ActorTable, settingsOf } from '../actors/actor-table.ts'
import { Lives } from '../actors/lives.ts'
import { checkMutable, recordOf } from '../calls/arguments.ts'
import { main } from '../calls/call.ts'
import { outcomeOf, refusal } from '../calls/failure.ts'
import { Groups } from '../calls/groups.ts'
import type { Record } from '../calls/record.ts'
import { Settling } from '../calls/settling.ts'
import type { ActorFound, CancelOptions, Engine, EngineStats, PutOptions } from '../engine.ts'
import { EngineClosedError } from '../errors.ts'
import { packMessage } from '../farm/listeners.ts'
import { Remaking } from '../objects/remaking.ts'
import { Store } from '../objects/store.ts'
import { type Look, mostShown, type Observable, type Observer } from '../observe/observer.ts'
import type { ActorOptions, Resources, TaskOptions } from '../options.ts'
import { Ref } from '../ref.ts'
import type { ActorDefinition, TaskDefinition } from '../registry.ts'
import type { Strategy } from '../schedule/group.ts'
import { type Reason, Scheduler } from '../schedule/scheduler.ts'
import { tally } from '../values/tally.ts'
import * as at from './board.ts'
import { Callers } from './callers.ts'
import { Crew } from './crew.ts'
import { Definitions } from './definitions.ts'
import { Dispatching } from './dispatching.ts'
import { Intake } from './intake.ts'
import { Leases } from './lease.ts'
import { Losses } from './losses.ts'
import type { FromWorker } from './mail.ts'
import { MemoryValve } from './memory-valve.ts'
import { defaultHeapBytes, type ThreadsOptions } from './options.ts'
import { Pace } from './pace.ts'
import { Returning } from './returning.ts'
import { Slots } from './slots.ts'
import { Standstill } from './standstill.ts'
import { Stopping } from './stopping.ts'
import { Streams } from './streams.ts'
import { Tallies } from './tallies.ts'
import { Topics } from './topics.ts'
import { Watch } from './watch.ts'

const closeGraceMs = 200

export class ThreadsEngine implements Engine, Observable {
  readonly name = 'threads'
  readonly parallelism: number
  readonly #slots: Slots
  readonly #crew: Crew
  readonly #watch: Watch
  readonly #scheduler: Scheduler<Record>
  readonly #settling: Settling
  readonly #intake: Intake
  readonly #returning: Returning
  readonly #stopping: Stopping
  readonly #standstill: Standstill
  readonly #valve: MemoryValve
  readonly #definitions: Definitions
  readonly #actors: ActorTable
  readonly #lives: Lives<Record>
  readonly #groups: Groups
  readonly #streams: Streams
  readonly #objects: Store
  readonly #leases: Leases
  readonly #callers: Callers
  readonly #topics: Topics
  readonly #losses: Losses
  readonly #tallies: Tallies
  #closing: Promise<void> | undefined

  constructor(options: ThreadsOptions) {
    const { workers, slots: most = 1 << 15, resources = {}, resourceLimits = {}, validate = false } = options
    // Made now, so that workers find this memory as theirs.
    void heap.memory
    this.parallelism = workers

    // Threads and the board.
    const slots = new Slots(workers, most)
    const crew = new Crew(slots.board, slots.layout, resourceLimits, {
      message: (worker, message) => this.#message(worker, message),
      gone: (worker, reason, restarts) => this.#gone(worker, reason, restarts),
    })
    const pace = new Pace(workers, most)

    // Tasks.
    const scheduler = new Scheduler<Record>(
      {
        dispatch: (record, worker, open) => {
          if (record.request?.keeps) lives.lodge(record, worker)
          if (dispatching.dispatch(record, worker, open)) watch.woke()
        },
        settle: (record, reason, origin) => this.#settleUnrun(record, reason, origin),
        placed: ({ id }) => groups.placed(id),
        reserved: (worker, on) => slots.reserve(worker, on),
      },
      { slots: most, depth: pace.firstDepth, active: Number.POSITIVE_INFINITY, workers },
      resources,
      validate,
    )
    const settling = new Settling((record, settlement, found) => {
      if (record.state !== 'new') watch.closed()
      return settlement === 'fulfilled' ? remaking.keep(record, found) : found
    })
    const watch = new Watch(slots, crew, pace, scheduler, {
      turn: () => intake.turn(),
      drain: () => returning.drain(),
      awaitsMessages: () => streams.areRead,
    })
    const stopping = new Stopping(slots, crew, {
      dropped: record => scheduler.cancelled(record),
      withdrawn: record => settling.settle(record, 'rejected', record.stopping),
    })
    const standstill = new Standstill(scheduler, settling)

    // What tasks belong to, and what they leave behind.
    const groups = new Groups(workers, {
      asked: group => scheduler.groupAsked(group),
      removed: group => scheduler.groupRemoved(group),
      waits: more => (more > 0 ? watch.opened() : watch.closed()),
    })
    const actors = new ActorTable(entry => this.#unheld(entry))
    const definitions = new Definitions(workers, crew, groups)
    const streams = new Streams(slots, crew, stopping, () => watch.letGo())
    const objects = new Store({
      limitBytes: options.heapBytes ?? defaultHeapBytes(),
      spill: options.spill ?? {},
      remade: stored => remaking.done(stored),
    })
    const remaking = new Remaking(objects, (call, given, site) =>
      intake.isClosed ? 'the engine has been closed' : intake.again(call, given, site),
    )
    const valve = new MemoryValve(scheduler, objects, settling)
    const leases = new Leases(workers)
    const topics = new Topics(crew)

    // A call's way in, to the board, and back.
    const parts = {
      workers,
      slots,
      pace,
      scheduler,
      settling,
      watch,
      stopping,
      groups,
      actors,
      streams,
      objects,
      leases,
    }
    const dispatching = new Dispatching({ ...parts, remaking })
    const returning = new Returning({ ...parts, valve })
    const intake = new Intake({ ...parts, returning })
    const lives: Lives<Record> = new Lives<Record>(
      { ...parts, intake },
      {
        announce: actor => crew.post(actor.worker, { is: 'actor', actor: actor.id, settings: settingsOf(actor) }),
        // Not in the middle of what the scheduler does with its constructor.
        soon: queueMicrotask,
        dispatched: () => slots.records,
        abandon: record => {
          settling.settle(record, 'rejected', record.stopping)
          stopping.abandon(record)
        },
        buried: ({ worker, id }) => {
          if (worker >= 0) crew.post(worker, { is: 'kill', actor: id })
        },
      },
    )
    const callers = new Callers(workers, crew, {
      submit: (caller, { url, name }, given, options, after) =>
        intake.submit(caller, definitions.newCall(url, name, options), given, after),
      create: (caller, id, { url, name }, methods, given, options) => {
        const definition = definitions.numberOf('actor', url, name)
        return lives.create(caller, id, { definition, name, methods, given, options })
      },
      invoke: (caller, id, method, given, options) => lives.invoke(caller, id, method, given, options),
      put: value => intake.object(value, 'put', false),
      prepare: take => objects.withRoom(take),
      stop: (record, error, graceMs) => stopping.stop(record, error, graceMs),
      named: (name, namespace, worker) => lives.named(name, namespace, worker),
      hold: actor => actors.hold(actor),
      kill: (actor, reason) => lives.kill(actor, reason),
    })
    const losses = new Losses({ ...parts, returning, lives, callers, topics })

    this.#slots = slots
    this.#crew = crew
    this.#watch = watch
    this.#scheduler = scheduler
    this.#settling = settling
    this.#intake = intake
    this.#returning = returning
    this.#stopping = stopping
    this.#standstill = standstill
    this.#valve = valve
    this.#definitions = definitions
    this.#actors = actors
    this.#lives = lives
    this.#groups = groups
    this.#streams = streams
    this.#objects = objects
    this.#leases = leases
    this.#callers = callers
    this.#topics = topics
    this.#losses = losses
    this.#tallies = new Tallies(slots.board, workers)
    crew.start()
    for (let worker = 0; worker < workers; worker++) scheduler.workerJoined(worker)
  }

  // Calls.

  submit(
    definition: TaskDefinition,
    args: unknown[],
    options: TaskOptions,
    after?: readonly Ref<unknown>[],
  ): Ref<unknown> {
    const call = this.#definitions.callOf(definition, options)
    return new Ref(this.#intake.submit(main, call, this.#intake.prepare(args, call.name), after))
  }

  stream({ name, url }: TaskDefinition, args: unknown[], options: TaskOptions): AsyncIterableIterator<unknown> {
    const call = this.#definitions.newCall(url, name, { ...options, retries: 0 }, true)
    return this.#streams.read(this.#intake.submit(main, call, this.#intake.prepare(args, name), options.after))
  }

  create(definition: ActorDefinition, args: unknown[], options: ActorOptions): { actor: number; created: Ref<void> } {
    const { url, name, methods } = definition
    const number = this.#definitions.numberOf('actor', url, name)
    const made = { definition: number, name, methods, given: this.#intake.prepare(args, name), options }
    const record = this.#lives.create(main, this.#actors.nextId(), made)
    return { actor: record.call.actor, created: new Ref<void>(record) }
  }

  invoke(actor: number, method: string, args: unknown[], options: TaskOptions): Ref<unknown> {
    const given =
      tally === undefined
        ? this.#intake.prepare(args, method)
        : tally.of(this.#actors.labelOf(actor, method), () => this.#intake.prepare(args, method))
    return new Ref(this.#lives.invoke(main, actor, method, given, options))
  }

  put(value: unknown, { mutable = false, label = 'put' }: PutOptions): Ref<unknown> {
    checkMutable(value, mutable)
    return new Ref(this.#intake.object(value, label, mutable))
  }

  cancel(ref: Ref<unknown>, { graceMs = 1000 }: CancelOptions, reason?: unknown): boolean {
    const record = recordOf('cancel', ref)
    const error = new CancelledError(`task ${record.label}`, reason ?? 'cancel was called')
    return this.#stopping.stop(record, error, graceMs)
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

  /** Nobody here or on a worker has a handle of it any more. */
  #unheld(actor: ActorEntry): void {
    // One may be in a result that has come back and was not taken yet.
    this.#returning.drain()
    if (!this.#actors.isHeld(actor)) this.#lives.bury(actor, 'nothing referred to it any more')
  }

  place(bundles: readonly Resources[], strategy: Strategy): { group: number; ready: Ref<void> } {
    if (this.#intake.isClosed) throw new EngineClosedError('placementGroup')
    const ready = this.#groups.place(this.#intake.nextId(), bundles, strategy)
    this.#watch.begin()
    return { group: ready.id, ready: new Ref<void>(ready) }
  }

  unplace(id: number): void {
    this.#groups.unplace(id)
  }

  publish(topic: string, value: unknown): void {
    this.#topics.publish(topic, packMessage(value))
  }

  subscribe(topic: string, listener: (message: unknown) => void): () => void {
    return this.#topics.listeners.add(topic, listener)
  }

  // Being looked at.

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
      replaced: this.#crew.replaced,
      actors: this.#actors.living,
      objects: this.#objects.stats(),
    }
  }

  observe(observer: Observer | undefined): void {
    this.#settling.observer = observer
    this.#tallies.count(observer !== undefined)
    this.#crew.listen(observer && ((worker, stream, text) => observer.printed(worker + 1, stream, text)))
  }

  look(): Look {
    const running = this.#slots.running(mostShown).map(({ record, worker, startedMs }) => {
      const { id, caller, owner } = record
      return { task: id, name: owner, worker: worker + 1, caller, startedMs }
    })
    const [workers, actors] = [this.#crew.look(), this.#actors.look(mostShown)]
    const transfers = this.#tallies.look()
    return { stats: this.stats(), workers, running, actors, holders: heap.holders(), transfers }
  }

  // How tasks end.

  #settleUnrun(record: Record, reason: Reason, origin: Record | undefined): void {
    // What was lost has been told when its worker ended.
    if (reason !== 'lost') this.#settling.tellUnrun(record, reason === 'cancelled' ? outcomeOf(record) : 'failed')
    this.#settling.settle(record, 'rejected', this.#errorOf(record, reason, origin))
  }

  #errorOf(record: Record, reason: Reason, origin: Record | undefined): unknown {
    switch (reason) {
      case 'dependency':
        return this.#lives.unmade(record, origin!) ?? origin!.outcome()
      case 'crowded':
        return new NotSupportedError(
          'threads',
          `${this.#scheduler.limits.slots} tasks that all await others`,
          'no slot is left for what they await',
          `start({ slots: ${at.mostSlots} }) allows most; or let each await fewer at a time`,
        )
      case 'lost':
        return this.#losses.errorOf(record)
      default:
        return refusal(record, reason, this.parallelism)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#intake.isClosed = true
    this.#valve.close()
    await this.#crew.close(closeGraceMs)
    this.#returning.drain()
    for (const record of this.#scheduler.unsettled(this.#slots.records)) {
      this.#settling.settle(record, 'rejected', new EngineClosedError(`task ${record.label}`))
    }
    this.#groups.close()
    this.#objects.close()
    this.#watch.close()
  }

  // Workers that end, and what they say.

  #gone(worker: number, reason: string, restarts: boolean): void {
    // It may have ended between taking the client's sleep away and waking it.
    this.#watch.begin()
    this.#losses.gone(worker, reason, restarts)
    if (!restarts && this.#closing === undefined) this.close()
  }

  #message(worker: number, message: FromWorker): void {
    switch (message.is) {
      case 'item':
        return this.#streams.push(message.task, message.value)
      case 'request':
        return this.#callers.serve(worker, message)
      case 'holds':
      case 'dropped':
        return this.#actors.held(message.actor, worker, message.is === 'holds')
      case 'released':
        // The call has ended before that was said, and may not have been taken yet.
        this.#returning.drain()
        return this.#leases.end(worker, message.task)
      case 'publish':
        return this.#topics.publish(message.topic, message.value)
      case 'listens':
        return this.#topics.listens(worker, message.topic, message.on)
      default: {
        const record = this.#slots.find(message.slot, message.task)
        if (record) this.#scheduler.awaits(record, message.is === 'awaits')
        this.#standstill.look()
      }
    }
  }
}
