/**
 * Attempts at tasks in the caller's own thread: what was dispatched begins in turns of its own, one after the other, and goes on with what it
 * awaits; generators send items, actors' calls wait for their turn. What has ended, or was given up, is over: what it does later is
 * nobody's.
 */

import { TimeoutError } from '@skein/base'
import { type ActorTable, settingsOf } from '../actors/actor-table.ts'
import { Instances, type WaitingCall } from '../actors/instances.ts'
import type { Lives } from '../actors/lives.ts'
import { after } from '../after.ts'
import { contexts } from '../calls/context.ts'
import { failureOf, isWorthAnother, outcomeOf } from '../calls/failure.ts'
import type { Settling } from '../calls/settling.ts'
import { itemsOf, leftGraceMs, Stream, streamWindow, unread } from '../calls/stream.ts'
import { isThenable, resultOf as settledResultOf } from '../deferred.ts'
import type { Outcome } from '../observe/journal.ts'
import { clock, mostShown, type RunningLook, type WorkerLook } from '../observe/observer.ts'
import type { ActorDefinition, AnyFunction, TaskDefinition } from '../registry.ts'
import type { Scheduler } from '../schedule/scheduler.ts'
import { pack, unpack } from '../values/pack.ts'
import { Attempt, type InlineRecord } from './attempt.ts'
import { argumentsOf, errorOf, resultOf } from './values.ts'

/** After so long without a turn of the event loop, one is taken: timers and signals are served. */
const longestStretchMs = 10
const timeoutGraceMs = 100

/** A generator's items on their way: how many more the reader can take, and who waits to send one. */
interface Outlet {
  readonly stream: Stream
  credit: number
  sent: number
  wake: (() => void) | undefined
}

export interface RunningParts {
  readonly workers: number
  readonly scheduler: Scheduler<InlineRecord>
  readonly settling: Settling
  readonly actors: ActorTable
  readonly lives: Lives<InlineRecord>
}

export class Running {
  readonly #scheduler: Scheduler<InlineRecord>
  readonly #settling: Settling
  readonly #actors: ActorTable
  readonly #lives: Lives<InlineRecord>
  readonly #instances = new Instances()
  readonly #outlets = new Map<InlineRecord, Outlet>()
  /** Dispatched, and not begun. */
  readonly #queue: { readonly record: InlineRecord; readonly worker: number }[] = []
  readonly #running = new Set<InlineRecord>()
  /** By worker, attempts that it has begun. */
  readonly #ran: number[]
  #stepping = false
  #lastTurn = 0

  constructor({ workers, scheduler, settling, actors, lives }: RunningParts) {
    this.#scheduler = scheduler
    this.#settling = settling
    this.#actors = actors
    this.#lives = lives
    this.#ran = Array(workers).fill(0)
  }

  dispatch(record: InlineRecord, worker: number): void {
    this.#queue.push({ record, worker })
    this.#step()
  }

  get dispatched(): InlineRecord[] {
    return [...this.#running, ...this.#queue.map(({ record }) => record)]
  }

  look(): { running: RunningLook[]; workers: WorkerLook[] } {
    const running = [...this.#running].slice(0, mostShown).map(record => {
      const { worker, startedMs } = record.attempt!
      return { task: record.id, name: record.owner, worker: worker + 1, caller: record.caller, startedMs }
    })
    const workers = this.#ran.map((ran, i) => ({ worker: i + 1, state: 'awake' as const, ran, threadId: 0 }))
    return { running, workers }
  }

  /** The items of a generator, as its task gives them. */
  read(record: InlineRecord): Stream {
    const stream = new Stream(
      () => {},
      items => {
        if (outlet.credit < 0) return
        outlet.credit += items
        outlet.wake?.()
      },
      () => this.stop(record, unread(record), leftGraceMs),
    )
    const outlet: Outlet = { stream, credit: streamWindow, sent: 0, wake: undefined }
    this.#outlets.set(record, outlet)
    record.whenOver(() => {
      this.#outlets.delete(record)
      // Not before it is known how the task has ended: one that was stopped gives no more items either.
      if (record.settlement === 'rejected') stream.fail(record.outcome())
      else stream.expect(outlet.sent)
    })
    return stream
  }

  /** An actor is no more: its calls that wait for their turn fail. */
  kill(actor: number): void {
    this.#instances.kill(actor)
  }

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
    if (record.request?.keeps) this.#lives.lodge(record, worker)
    let args: unknown[]
    try {
      args = argumentsOf(record)
    } catch (problem) {
      return this.#notBegun(record, problem)
    }
    this.#ran[worker]++
    const attempt = new Attempt(record, worker, clock(), (record, on) => {
      // A call of an actor holds no place.
      if (record.call.actor === 0) this.#scheduler.awaits(record, on)
    })
    record.attempt = attempt
    this.#running.add(record)
    this.#limit(record, attempt)
    const { call, definition } = record
    if (call.actor > 0) return this.#startCall(record, attempt, definition as ActorDefinition, args)
    try {
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

  /** A value it needs was freed or released meanwhile, or the heap is full. */
  #notBegun(record: InlineRecord, problem: unknown): void {
    this.#settling.refuse(record, 'failed', problem)
    this.#scheduler.failed(record, false)
    this.#scheduler.assign()
  }

  /** A promise of what a promise or a generator gives; or the result itself. */
  #settled(record: InlineRecord, result: unknown): unknown {
    const outlet = this.#outlets.get(record)
    return outlet === undefined ? settledResultOf(result) : this.#pour(result, outlet, record.name)
  }

  async #pour(result: unknown, outlet: Outlet, task: string): Promise<undefined> {
    for await (const item of itemsOf(await result, task)) {
      while (outlet.credit === 0) await new Promise<void>(resolve => (outlet.wake = resolve))
      if (outlet.credit < 0) break
      outlet.credit--
      outlet.sent++
      outlet.stream.push(unpack(pack(item, 'the items of a stream', 'item', true).bytes))
    }
  }

  #startCall(record: InlineRecord, attempt: Attempt, { type: Type, methods }: ActorDefinition, args: unknown[]): void {
    const { actor, method } = record.call
    const done = (value: unknown) => this.#finish(record, attempt, value)
    const broke = (error: unknown) => this.#break(record, attempt, error)
    if (method < 0) {
      const settings = settingsOf(this.#actors.find(actor)!)
      const make = () => contexts.run(attempt, () => new Type(...args))
      return this.#instances.create(actor, settings, make, done, broke)
    }
    const call: WaitingCall = {
      method,
      run: object => {
        // It was given up while it waited.
        if (attempt.isOver) return undefined
        return contexts.run(attempt, () =>
          this.#settled(record, (object as { [name: string]: AnyFunction })[methods[method]](...args)),
        )
      },
      done,
      broke,
    }
    this.#instances.enqueue(actor, call)
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
      this.#settling.settle(record, 'rejected', record.stopping)
      this.#scheduler.failed(record, false)
    } else {
      this.#settling.settle(record, 'fulfilled', found)
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
    if (record.stopping !== undefined) this.#settling.settle(record, 'rejected', record.stopping)
    else {
      error = errorOf(error)
      mayRetry = isWorthAnother(record, error)
      if (!mayRetry || record.retriesLeft === 0) {
        this.#settling.settle(record, 'rejected', failureOf(record, attempt.worker, error))
      }
    }
    if (this.#scheduler.failed(record, mayRetry)) this.#settling.retried++
    this.#scheduler.assign()
  }

  /** What an actor saves has no use here but that it can be saved. */
  #save({ call: { actor, method } }: InlineRecord): void {
    const object = actor > 0 && method >= 0 ? this.#instances.toSave(actor) : undefined
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
    const ending = record.stopping === undefined ? outcome : outcomeOf(record)
    this.#settling.tell(record, ending, attempt.worker + 1, attempt.startedMs, ended)
  }

  // Stopping.

  /** True when it had not settled. */
  stop(record: InlineRecord, error: unknown, graceMs: number): boolean {
    if (record.settlement !== 'pending') return false
    record.stopping ??= error
    const { attempt } = record
    if (record.state !== 'dispatched') this.#scheduler.cancelled(record)
    else if (attempt === undefined) this.#settling.settle(record, 'rejected', record.stopping)
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
    this.#settling.settle(record, 'rejected', record.stopping)
    this.#scheduler.failed(record, false)
    this.#scheduler.assign()
    const actor = this.#actors.find(record.call.actor)
    if (actor === undefined || actor.died !== undefined) return
    this.#lives.bury(actor, 'a call of it did not stop when it was cancelled', record.stopping)
  }

  #limit(record: InlineRecord, attempt: Attempt): void {
    const { timeoutMs } = record.call.options
    if (timeoutMs === undefined) return
    const disarm = after(timeoutMs, () => {
      if (!attempt.isOver) this.stop(record, tookTooLong(record, timeoutMs), timeoutGraceMs)
    })
    record.whenOver(disarm)
  }

  /** Its actor is no more: what comes of it later is nobody's. */
  abandon(record: InlineRecord): void {
    const { attempt } = record
    if (attempt !== undefined) this.#end(record, attempt, 'failed')
    this.#settling.settle(record, 'rejected', record.stopping)
    if (attempt !== undefined) this.#scheduler.failed(record, false)
  }
}

const tookTooLong = (record: InlineRecord, limitMs: number): TimeoutError =>
  new TimeoutError(`Task ${record.label}`, limitMs, "Raise 'timeoutMs', or give it less to do")
