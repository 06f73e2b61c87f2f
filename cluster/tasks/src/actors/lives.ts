/**
 * Actors from their creation to their end: made, called, named, buried, and made again when their worker was lost. The engine makes
 * the calls, which are tasks like others; what is known of each actor stands in the table.
 *
 * An actor is buried once, by whoever finds first that it is no more; from then on every call of it that has not settled, or is
 * made later, fails with what it died of.
 */

import { type Call, workerFor } from '../calls/call.ts'
import type { Groups } from '../calls/groups.ts'
import type { Given, Record } from '../calls/record.ts'
import type { Settling } from '../calls/settling.ts'
import { withSite } from '../calls/site.ts'
import type { ActorFound } from '../engine.ts'
import type { ActorDiedError } from '../errors.ts'
import type { ActorOptions, TaskOptions } from '../options.ts'
import { Ref } from '../ref.ts'
import type { Line } from '../schedule/line.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import { type ActorEntry, type ActorTable, actorEntry, deathOf, lineOf } from './actor-table.ts'
import { callOfConstructor, callOfMethod, isToLodge, lodgingOf, unmade } from './calls.ts'

/** An actor as its definition and its creation describe it. */
export interface Made {
  /** The definition's number. */
  readonly definition: number
  readonly name: string
  readonly methods: readonly string[]
  readonly given: Given
  readonly options: ActorOptions
}

/** How the engine takes calls in. */
export interface CallsIn<R extends Record> {
  /** A call as a record, not accepted yet. */
  record(caller: number, call: Call, given: Given): R
  /** @param after what must be done first @param line in which it keeps its order */
  accept(record: R, after: readonly Ref<unknown>[] | undefined, line: Line<R> | undefined): void
}

export interface LivesParts<R extends Record> {
  readonly workers: number
  readonly actors: ActorTable
  readonly groups: Groups
  readonly scheduler: Scheduler<R>
  readonly settling: Settling
  readonly intake: CallsIn<R>
}

/** The rest of the engine's part. */
export interface LivesHost<R extends Record> {
  /** An actor's worker is known, and its constructor will be called there. */
  announce(actor: ActorEntry): void
  /** Calls back as soon as an actor can be buried whose constructor has just failed. */
  soon(bury: () => void): void
  /** Every call that was dispatched. */
  dispatched(): Iterable<R>
  /** This call was dispatched, and its actor is no more. */
  abandon(record: R): void
  /** An actor is no more, and its calls have failed. */
  buried(actor: ActorEntry): void
}

export class Lives<R extends Record> {
  readonly #workers: number
  readonly #actors: ActorTable
  readonly #groups: Groups
  readonly #scheduler: Scheduler<R>
  readonly #settling: Settling
  readonly #intake: CallsIn<R>
  readonly #host: LivesHost<R>
  /** Where the next one lives that asks for nothing. */
  #nextWorker = 0

  constructor({ workers, actors, groups, scheduler, settling, intake }: LivesParts<R>, host: LivesHost<R>) {
    this.#workers = workers
    this.#actors = actors
    this.#groups = groups
    this.#scheduler = scheduler
    this.#settling = settling
    this.#intake = intake
    this.#host = host
  }

  /** @returns the call of its constructor */
  create(caller: number, id: number, made: Made): R {
    const { definition, name, methods, given, options } = made
    const wanted = workerFor(name, options.runOn, this.#workers)
    const lodging = lodgingOf(options, wanted, id => this.#groups.at(id))
    const worker = lodging ? -1 : wanted >= 0 ? wanted : this.#nextWorker++ % this.#workers
    const actor = actorEntry(id, definition, name, methods, worker, lodging, options, given)
    this.#actors.add(actor)
    return this.#construct(caller, actor)
  }

  #construct(caller: number, actor: ActorEntry): R {
    if (!isToLodge(actor)) this.#host.announce(actor)
    const record = this.#call(caller, actor, callOfConstructor(actor), actor.given)
    actor.making = record
    record.whenOver(() => {
      actor.making = undefined
      if (record.settlement === 'fulfilled' && actor.lodging) actor.lodged ??= record
      if (record.settlement === 'fulfilled' && actor.restartsLeft === 0) this.#actors.settle(actor)
      if (record.settlement === 'fulfilled' || actor.died !== undefined) return
      const cause = record.outcome()
      this.#host.soon(() => actor.died === undefined && this.bury(actor, 'its constructor failed', cause))
    })
    return record
  }

  invoke(caller: number, id: number, method: string, given: Given, options: TaskOptions): R {
    const actor = this.#actors.at(id, method)
    return this.#call(caller, actor, callOfMethod(actor, method, options), given)
  }

  #call(caller: number, actor: ActorEntry, call: Call, given: Given): R {
    const record = this.#intake.record(caller, call, given)
    actor.tally.open++
    // Where it lives is not known before its constructor runs.
    const after = isToLodge(actor) && actor.making ? [new Ref(actor.making)] : undefined
    // A constructor waits for nobody's calls: they wait for it.
    const line = call.method < 0 ? undefined : (lineOf(actor, caller, call.method) as Line<Record> as Line<R>)
    if (actor.died === undefined) this.#intake.accept(record, after, line)
    else this.#settling.settle(record, 'rejected', withSite(deathOf(actor), record.site))
    return record
  }

  /** An actor that asked for a place has one: its constructor goes there. */
  lodge({ call }: Record, worker: number): void {
    const actor = this.#actors.find(call.actor)
    // It may have been killed meanwhile.
    if (actor === undefined) return
    actor.worker = actor.request.worker = worker
    this.#host.announce(actor)
  }

  /** What a call fails with because the constructor of its actor did; undefined when that was not why. */
  unmade(record: R, origin: R): ActorDiedError | undefined {
    const actor = this.#actors.find(record.call.actor)
    const isOwn = actor !== undefined && origin.call.actor === actor.id && origin.call.method < 0
    return isOwn ? unmade(actor, origin, record) : undefined
  }

  /** @param worker that will have a handle of it, or -1 */
  async named(name: string, namespace: string, worker = -1): Promise<ActorFound | undefined> {
    const actor = this.#actors.named(name, namespace)
    if (actor === undefined) return undefined
    if (worker >= 0) actor.holders.add(worker)
    return { actor: actor.id, definition: actor.name, methods: actor.methods }
  }

  async kill(id: number, reason: string): Promise<void> {
    const actor = this.#actors.find(id)
    if (actor !== undefined && actor.died === undefined) this.bury(actor, reason)
  }

  bury(actor: ActorEntry, reason: string, cause?: unknown): void {
    this.#actors.bury(actor, { reason, cause })
    if (actor.lodged) this.#scheduler.released(actor.lodged as R)
    for (const record of [...this.#scheduler.unsettled(this.#host.dispatched())]) {
      if (record.call.actor !== actor.id || record.settlement !== 'pending') continue
      record.stopping ??= withSite(deathOf(actor), record.site)
      if (record.state !== 'dispatched') this.#scheduler.cancelled(record)
      else this.#host.abandon(record)
    }
    this.#host.buried(actor)
  }

  /** Their worker was lost: those that do not come back are buried. @param restarts whether another takes its place */
  lost(actors: readonly ActorEntry[], reason: string, restarts: boolean): void {
    for (const actor of actors) if (actor.restartsLeft === 0 || !restarts) this.bury(actor, reason)
  }

  /** Another is about to take the lost worker's place: those that come back are made there again. */
  restart(actors: readonly ActorEntry[], caller: number): void {
    for (const actor of actors) {
      if (actor.died !== undefined) continue
      actor.restartsLeft--
      // One that was being made when it was lost is queued again already.
      if (actor.making === undefined) this.#construct(caller, actor)
      else if (!isToLodge(actor)) this.#host.announce(actor)
    }
  }
}
