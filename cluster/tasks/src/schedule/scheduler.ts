/**
 * Which task runs next, and where: a pure state machine. Events come in as calls, instructions go out as calls of
 * `Instructions`; there is no clock, no thread and no value in it. `validate` checks what must hold after each event.
 *
 *     new → waiting → ready → dispatched → settled
 *                       ↑_________| retried
 *
 * Invariants:
 *   - waiting: `pending` > 0, and that many unsettled tasks name it among their dependents;
 *   - ready: it stands in exactly one of the two queues;
 *   - dispatched: its worker is present, and counts it;
 *   - resources lent are the sum of what dispatched tasks asked for, and never more than there is.
 */

import { InternalError } from '@skein/base'
import { ReadyQueue } from './ready-queue.ts'
import type { State, Work } from './work.ts'

/** Why a task settled without a result of its own. */
export type Reason = 'dependency' | 'cancelled' | 'lost' | 'infeasible'

export interface Instructions<W extends Work> {
  /** Hand it to a worker: anyone may take it from there when `open`, else only that worker. */
  dispatch(work: W, worker: number, open: boolean): void
  /** It is over. `origin` is the dependency that failed. */
  settle(work: W, reason: Reason, origin?: W): void
}

interface Place {
  /** CPUs lent to tasks that asked for some other than one anywhere. */
  cpus: number
  /** Tasks dispatched to its open queue and not back. */
  open: number
  /** Calls of its actors dispatched and not back. */
  beside: number
  /** Everything dispatched to it and not back. */
  dispatched: number
}

export interface Limits {
  /** Most tasks dispatched at once. */
  slots: number
  /**
   * Most tasks in a worker's open queue. Deep hides latency, shallow keeps priorities and fairness: the engine sets it by how
   * long tasks take.
   */
  depth: number
}

export interface Counts {
  readonly waiting: number
  readonly ready: number
  readonly dispatched: number
}

export class Scheduler<W extends Work> {
  readonly limits: Limits
  readonly #out: Instructions<W>
  readonly #plain = new ReadyQueue()
  /** Those that ask for resources or a place; they are tried in order, and one that does not fit keeps no other back. */
  #special: W[] = []
  /** By worker, those that run beside whatever else runs there: calls of its actors. */
  readonly #beside = new Map<number, ReadyQueue>()
  #besideSize = 0
  readonly #places = new Map<number, Place>()
  /** Of each resource but CPUs: what there is, and what is lent. */
  readonly #amounts = new Map<string, { readonly total: number; lent: number }>()
  #waiting = 0
  #dispatched = 0
  /** Only when validating: every task that is not settled. */
  readonly #all: Set<W> | undefined

  constructor(
    out: Instructions<W>,
    limits: Limits,
    resources: { readonly [name: string]: number } = {},
    validate = false,
  ) {
    this.#out = out
    this.limits = limits
    for (const [name, total] of Object.entries(resources)) this.#amounts.set(name, { total, lent: 0 })
    this.#all = validate ? new Set() : undefined
  }

  get counts(): Counts {
    return {
      waiting: this.#waiting,
      ready: this.#plain.size + this.#special.length + this.#besideSize,
      dispatched: this.#dispatched,
    }
  }

  // Events.

  workerJoined(worker: number): void {
    this.#places.set(worker, { cpus: 0, open: 0, beside: 0, dispatched: 0 })
    this.#assign()
    this.#check()
  }

  /** @param held what it had, in the order it was dispatched: what it ran is an attempt, the others merely go elsewhere */
  workerLeft(worker: number, held: readonly { readonly work: W; readonly started: boolean }[]): void {
    // Backwards, since each goes to the front.
    for (const { work, started } of held.toReversed()) {
      this.#giveBack(work)
      if (started) work.attempts++
      if (!started) this.#enqueue(work, true)
      else if (work.retriesLeft > 0) {
        work.retriesLeft--
        this.#enqueue(work, true)
      } else {
        this.#settle(work)
        this.#out.settle(work, 'lost')
        this.#failDependents(work)
      }
    }
    this.#places.delete(worker)
    this.#assign()
    this.#check()
  }

  /** @param dependencies tasks whose results it needs; those that are settled are there */
  submit(work: W, dependencies: readonly W[] | undefined): void {
    this.#all?.add(work)
    if (work.request !== undefined && !this.#feasible(work)) {
      this.#settle(work)
      this.#out.settle(work, 'infeasible')
      return
    }
    if (dependencies !== undefined) {
      for (const dependency of dependencies) {
        if (dependency.state === 'settled') continue
        ;(dependency.dependents ??= []).push(work)
        work.pending++
      }
    }
    if (work.pending > 0) {
      work.state = 'waiting'
      this.#waiting++
    } else {
      this.#enqueue(work)
      this.#assign()
    }
    if (this.#all) this.#check()
  }

  /** It is back from its worker, with a result. */
  finished(work: W): void {
    this.#giveBack(work)
    work.attempts++
    this.#settle(work)
    const { dependents } = work
    if (dependents !== undefined) {
      work.dependents = undefined
      for (const dependent of dependents as W[]) {
        if (dependent.state !== 'waiting' || --dependent.pending > 0) continue
        this.#waiting--
        this.#enqueue(dependent)
      }
    }
    if (this.#all) this.#check()
  }

  /** It is back with an error; true: it will be run again. */
  failed(work: W, mayRetry: boolean): boolean {
    this.#giveBack(work)
    work.attempts++
    const again = mayRetry && work.retriesLeft > 0
    if (again) {
      work.retriesLeft--
      this.#enqueue(work)
    } else {
      this.#settle(work)
      this.#failDependents(work)
    }
    this.#check()
    return again
  }

  /** A plain task that runs awaits others from now on, or no longer: meanwhile its worker has room for one more. */
  awaits(work: W, on: boolean): void {
    if (work.state !== 'dispatched' || work.request !== undefined || work.awaits === on) return
    work.awaits = on
    this.#places.get(work.worker)!.open += on ? -1 : 1
    if (on) this.#assign()
    this.#check()
  }

  /** It never ran, or its run was broken off: what was dispatched must be back before. */
  cancelled(work: W): void {
    if (work.state === 'settled') return
    if (work.state === 'dispatched') this.#giveBack(work)
    else if (work.state === 'waiting') this.#waiting--
    else this.#dequeue(work)
    this.#settle(work)
    this.#out.settle(work, 'cancelled')
    this.#failDependents(work)
    this.#check()
  }

  /** Assigns what is ready to workers that have room. Called after a batch of `finished` events. */
  assign(): void {
    this.#assign()
    if (this.#all) this.#check()
  }

  /** Every task that has not settled, given those that are dispatched: what waits is found from what it waits for. */
  *unsettled(dispatched: Iterable<W>): Generator<W> {
    const besides = [...this.#beside.values()].flatMap(line => [...line])
    const seen = new Set<Work>()
    const open: Work[] = [...dispatched, ...this.#plain, ...this.#special, ...besides]
    for (let work = open.pop(); work !== undefined; work = open.pop()) {
      if (seen.has(work) || work.state === 'settled') continue
      seen.add(work)
      yield work as W
      open.push(...(work.dependents ?? []))
    }
  }

  // Transitions.

  #enqueue(work: W, first = false): void {
    work.state = 'ready'
    const { request } = work
    if (request === undefined) this.#plain.push(work, first)
    else if (request.beside) {
      let line = this.#beside.get(request.worker)
      if (!line) this.#beside.set(request.worker, (line = new ReadyQueue()))
      line.push(work, first)
      this.#besideSize++
    } else if (first) this.#special.unshift(work)
    else this.#special.push(work)
  }

  #dequeue(work: W): void {
    const { request } = work
    if (request === undefined) this.#plain.remove(work)
    else if (request.beside) {
      this.#beside.get(request.worker)!.remove(work)
      this.#besideSize--
    } else this.#special = this.#special.filter(one => one !== work)
  }

  #settle(work: W): void {
    work.state = 'settled'
    this.#all?.delete(work)
  }

  /** All that wait for a task which has failed fail as well, and those that wait for them. */
  #failDependents(origin: W): void {
    const failed: W[] = [origin]
    for (let work = failed.pop(); work !== undefined; work = failed.pop()) {
      const dependents = work.dependents as W[] | undefined
      work.dependents = undefined
      for (const dependent of dependents ?? []) {
        if (dependent.state !== 'waiting') continue
        this.#waiting--
        dependent.pending = 0
        this.#settle(dependent)
        this.#out.settle(dependent, 'dependency', origin)
        failed.push(dependent)
      }
    }
  }

  #assign(): void {
    if (this.#besideSize > 0) this.#assignBeside()
    if (this.#special.length > 0) this.#assignSpecial()
    while (this.#plain.size > 0 && this.#dispatched < this.limits.slots) {
      const worker = this.#shortest()
      if (worker < 0) return
      const work = this.#plain.take() as W
      this.#places.get(worker)!.open++
      this.#dispatch(work, worker, true)
    }
  }

  /** The worker with the shortest open queue that has room for one more. */
  #shortest(): number {
    let best = -1
    let least = this.limits.depth
    for (const [worker, place] of this.#places) {
      if (place.open < least && place.cpus === 0) {
        best = worker
        least = place.open
      }
    }
    return best
  }

  #assignBeside(): void {
    for (const [worker, line] of this.#beside) {
      const place = this.#places.get(worker)
      while (place && line.size > 0 && place.beside < this.limits.depth && this.#dispatched < this.limits.slots) {
        this.#besideSize--
        place.beside++
        this.#dispatch(line.take() as W, worker, false)
      }
    }
  }

  #assignSpecial(): void {
    const rest: W[] = []
    for (const work of this.#special) {
      const worker = this.#dispatched < this.limits.slots ? this.#placeFor(work) : -1
      if (worker < 0) {
        rest.push(work)
        continue
      }
      const { cpus, amounts } = work.request!
      this.#places.get(worker)!.cpus += cpus
      for (const [name, amount] of amounts) this.#amounts.get(name)!.lent += amount
      this.#dispatch(work, worker, false)
    }
    this.#special = rest
  }

  /** A worker where a special task fits now, or -1. */
  #placeFor(work: W): number {
    const { cpus, amounts, worker } = work.request!
    for (const [name, amount] of amounts) {
      const { total, lent } = this.#amounts.get(name)!
      if (lent + amount > total) return -1
    }
    if (worker >= 0) {
      const place = this.#places.get(worker)
      return place !== undefined && fits(place, cpus) ? worker : -1
    }
    let best = -1
    let least = Number.POSITIVE_INFINITY
    for (const [number, place] of this.#places) {
      if (fits(place, cpus) && place.dispatched < least) {
        best = number
        least = place.dispatched
      }
    }
    return best
  }

  #dispatch(work: W, worker: number, open: boolean): void {
    work.state = 'dispatched'
    work.worker = worker
    this.#places.get(worker)!.dispatched++
    this.#dispatched++
    this.#out.dispatch(work, worker, open)
  }

  /** What a dispatched task held is free again. */
  #giveBack(work: W): void {
    if (work.state !== 'dispatched') throw new InternalError(`task ${work.id} came back but is ${work.state}`)
    const place = this.#places.get(work.worker)!
    place.dispatched--
    this.#dispatched--
    if (work.request === undefined) {
      if (!work.awaits) place.open--
      work.awaits = false
    } else if (work.request.beside) place.beside--
    else {
      place.cpus -= work.request.cpus
      for (const [name, amount] of work.request.amounts) this.#amounts.get(name)!.lent -= amount
    }
    work.worker = -1
  }

  #feasible(work: W): boolean {
    const { amounts } = work.request!
    return amounts.every(([name, amount]) => amount <= (this.#amounts.get(name)?.total ?? 0))
  }

  // Validation.

  #check(): void {
    if (this.#all === undefined) return
    const queued = new Set<Work>([
      ...this.#plain,
      ...this.#special,
      ...[...this.#beside.values()].flatMap(line => [...line]),
    ])
    const lent = new Map<number, Place>()
    let waiting = 0
    let dispatched = 0
    for (const work of this.#all) {
      const must = (holds: boolean, what: string) => {
        if (!holds) throw new InternalError(`scheduler: task ${work.id}, ${work.state}: ${what}`)
      }
      must((work.state === 'ready') === queued.has(work), 'ready tasks, and only they, stand in a queue')
      must((work.state === 'waiting') === work.pending > 0, 'waiting tasks, and only they, have pending dependencies')
      must((work.state === 'dispatched') === work.worker >= 0, 'dispatched tasks, and only they, have a worker')
      must(work.state !== ('settled' satisfies State), 'settled tasks are forgotten')
      if (work.state === 'waiting') waiting++
      if (work.state !== 'dispatched') continue
      dispatched++
      must(this.#places.has(work.worker), `worker ${work.worker} is not present`)
      const sum = lent.get(work.worker) ?? { cpus: 0, open: 0, beside: 0, dispatched: 0 }
      lent.set(work.worker, sum)
      sum.dispatched++
      if (work.request === undefined) sum.open += work.awaits ? 0 : 1
      else if (work.request.beside) sum.beside++
      else sum.cpus += work.request.cpus
    }
    const must = (holds: boolean, what: string) => {
      if (!holds) throw new InternalError(`scheduler: ${what}`)
    }
    must(waiting === this.#waiting && dispatched === this.#dispatched, 'the counts are right')
    must(queued.size === this.counts.ready, 'no task stands in a queue twice')
    for (const [worker, place] of this.#places) {
      const sum = lent.get(worker) ?? { cpus: 0, open: 0, beside: 0, dispatched: 0 }
      // What awaits others was taken by its worker, and counts no more in the queue it was in.
      const right = Math.abs(sum.cpus - place.cpus) < 1e-9 && sum.open === place.open && sum.beside === place.beside
      must(right && sum.dispatched === place.dispatched, `worker ${worker} counts what it has`)
    }
    for (const [name, { total, lent }] of this.#amounts)
      must(lent <= total + 1e-9 && lent >= -1e-9, `${name} is not overdrawn`)
  }
}

/** Whether a worker can lend so many CPUs more. One that asks for more than one CPU has a worker to itself. */
const fits = (place: Place, cpus: number): boolean =>
  cpus === 0 || (cpus >= 1 ? place.cpus === 0 : place.cpus + cpus <= 1 + 1e-9)
