/**
 * Which task runs next, and where: a pure state machine. Events come in as calls, instructions go out as calls of
 * `Instructions`; there is no clock, no thread and no value in it. `validate` checks what must hold after each event, and
 * keeps the story that a broken invariant is told with.
 *
 *     new → waiting → ready → dispatched → settled
 *              ↑        ↑_________| retried
 *              |__________________| what it needs was lost
 *
 * Invariants:
 *   - waiting: `pending` > 0, and that many unsettled tasks name it among their dependents;
 *   - ready: it stands in exactly one queue;
 *   - in a line: it waits, and so do all ahead of it;
 *   - dispatched: its place counts it, and is that of a worker that is present, or was when it was dispatched;
 *   - resources lent are the sum of what dispatched tasks asked for, what is kept, and what groups have set aside, and never more
 *     than there is;
 *   - of a bundle's amounts no more is lent than it has, and a group is placed as a whole. (CPUs of a task that goes on after it has awaited
 *     others may be lent to another meanwhile.)
 */

import { InternalError } from '@skein/base'
import type { Group } from './group.ts'
import { type Line, Lines } from './line.ts'
import type { Place, Share } from './place.ts'
import { ReadyQueue } from './ready-queue.ts'
import { type Kind, RequestQueue } from './request-queue.ts'
import { Resources } from './resources.ts'
import { Story } from './story.ts'
import type { State, Work } from './work.ts'

/** Why a task settled without a result of its own. 'removed': its group was. */
export type Reason = 'dependency' | 'cancelled' | 'lost' | 'infeasible' | 'crowded' | 'removed'

export interface Instructions<W extends Work> {
  /**
   * Hand it to a worker: anyone may take it from there when `open`, else only that worker. `shares` are the CPUs of others that
   * it takes as well.
   */
  dispatch(work: W, worker: number, open: boolean, shares: readonly Share[]): void
  /** It is over. `origin` is the dependency that failed. */
  settle(work: W, reason: Reason, origin?: W): void
  /** All that the group asked for is set aside. */
  placed(group: Group): void
  /** From now on CPUs of this worker are set aside, or no longer: it takes no plain tasks of others meanwhile. */
  reserved(worker: number, on: boolean): void
}

export interface Limits {
  /** Most tasks dispatched at once. */
  slots: number
  /**
   * Most tasks in a worker's open queue. Deep hides latency, shallow keeps priorities and fairness: the engine sets it by how
   * long tasks take.
   */
  depth: number
  /**
   * Most tasks dispatched at once that do not await others, without calls of actors: the engine lowers it while memory is short. After
   * it has been raised, `assign`.
   */
  active: number
  /** Workers there are when none is lost. */
  readonly workers: number
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
  /** Those that ask for resources or a place. */
  readonly #special = new RequestQueue()
  /** By worker, those that run beside whatever else runs there: calls of its actors. */
  readonly #beside = new Map<number, ReadyQueue>()
  #besideSize = 0
  readonly #resources: Resources
  /** Those that wait to be placed, in order. */
  readonly #waitingGroups = new Set<Group>()
  /** Of waiting tasks that keep an order. */
  readonly #lines = new Lines<W>()
  /** One of them became ready since the one ahead no longer waits. */
  #followed = false
  #waiting = 0
  #dispatched = 0
  /** Of those dispatched, how many await others. */
  #awaiting = 0
  /** And how many do not, without calls of actors. */
  #active = 0
  // Only when validating: every task that is not settled, and what happened.
  readonly #all: Set<W> | undefined
  readonly #story: Story | undefined

  constructor(
    out: Instructions<W>,
    limits: Limits,
    resources: { readonly [name: string]: number } = {},
    validate = false,
  ) {
    this.#out = out
    this.limits = limits
    this.#resources = new Resources(resources, (worker, on) => out.reserved(worker, on))
    this.#all = validate ? new Set() : undefined
    this.#story = validate ? new Story() : undefined
  }

  get counts(): Counts {
    return {
      waiting: this.#waiting,
      ready: this.#plain.size + this.#special.size + this.#besideSize,
      dispatched: this.#dispatched,
    }
  }

  /**
   * Every slot is held by a task that awaits others, and those find none: nothing will go on, unless one of them is just about to
   * say that it does.
   */
  get isStuck(): boolean {
    const holdsAll = this.#awaiting >= this.limits.slots && this.#awaiting === this.#dispatched
    return holdsAll && this.#plain.size + this.#special.size + this.#besideSize > 0
  }

  /**
   * Tasks that await others hold many slots: what came last goes first, since depth-first needs fewest, and no more than is
   * run at once.
   */
  get #isCrowded(): boolean {
    return 2 * this.#awaiting > this.limits.slots
  }

  // Events.

  workerJoined(worker: number): void {
    this.#story?.tell(0, `worker ${worker} joined`)
    this.#resources.join(worker)
    this.assign()
  }

  /** @param held what it had, in the order it was dispatched: what it ran is an attempt, the others merely go elsewhere */
  workerLeft(worker: number, held: readonly { readonly work: W; readonly started: boolean }[]): void {
    this.#story?.tell(0, `worker ${worker} left`)
    this.#resources.leave(worker)
    // Backwards, since each goes to the front.
    for (const { work, started } of held.toReversed()) {
      this.#giveBack(work)
      if (started) work.attempts++
      if (!started) this.#enqueue(work, true)
      else if (work.retriesLeft > 0) {
        work.retriesLeft--
        this.#enqueue(work, true)
      } else {
        this.#settle(work, 'lost')
        this.#out.settle(work, 'lost')
        this.#failDependents(work)
      }
    }
    this.assign()
  }

  /**
   * @param dependencies tasks whose results it needs; those that are settled are there
   * @param line in which it keeps its order
   */
  submit(work: W, dependencies: readonly W[] | undefined, line?: Line<W>): void {
    this.#all?.add(work)
    if (work.request !== undefined && !this.#resources.isFeasible(work.request, this.limits.workers)) {
      this.#settle(work, 'infeasible')
      this.#out.settle(work, 'infeasible')
      return
    }
    if (dependencies !== undefined) this.#waitFor(work, dependencies)
    if (line?.tail !== undefined) work.pending++
    if (work.pending > 0) {
      if (line !== undefined) this.#lines.stand(work, line)
      this.#become(work, 'waiting')
      this.#waiting++
    } else {
      this.#enqueue(work)
      this.#assign()
    }
    this.#check()
  }

  /** It is back from its worker, with a result. */
  finished(work: W): void {
    this.#giveBack(work, work.request?.keeps)
    work.attempts++
    this.#settle(work, 'finished')
    const { dependents } = work
    if (dependents !== undefined) {
      work.dependents = undefined
      for (const dependent of dependents as W[]) {
        if (dependent.state !== 'waiting' || --dependent.pending > 0) continue
        this.#waiting--
        this.#enqueue(dependent)
        this.#leaveLine(dependent)
      }
    }
    this.#check()
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
      this.#settle(work, 'failed')
      this.#failDependents(work)
    }
    this.#check()
    return again
  }

  /** It was dispatched, but could not be handed over, since what these tasks give must be there before. */
  missing(work: W, dependencies: readonly W[]): void {
    this.#giveBack(work)
    this.#waitFor(work, dependencies)
    if (work.pending > 0) {
      this.#become(work, 'waiting', 'for what is made again')
      this.#waiting++
    } else this.#enqueue(work, true)
    this.#check()
  }

  /** A task that runs awaits others from now on, or no longer: meanwhile its worker has room for one more. */
  awaits(work: W, on: boolean): void {
    if (work.state !== 'dispatched' || work.awaits === on) return
    this.#count(work, -1)
    work.awaits = on
    this.#count(work, 1)
    this.#awaiting += on ? 1 : -1
    this.#tellShares(work)
    this.#story?.tell(work.id, `task ${work.id} ${on ? 'awaits others' : 'goes on'}`)
    if (on) this.#assign()
    this.#check()
  }

  /** It never ran, or its run was broken off: what was dispatched must be back before. */
  cancelled(work: W): void {
    if (work.state === 'settled') return
    if (work.state === 'dispatched') this.#giveBack(work)
    else if (work.state === 'waiting') this.#waiting--
    else this.#dequeue(work)
    this.#settle(work, 'cancelled')
    this.#out.settle(work, 'cancelled')
    this.#leaveLine(work)
    this.#failDependents(work)
    this.#assignFollowers()
    this.#check()
  }

  /** What it kept when it finished is free again. */
  released(work: W): void {
    if (!this.#resources.release(work)) return
    this.#story?.tell(work.id, `task ${work.id}: released`)
    this.assign()
  }

  /** A group is asked for. False when it could not be placed if nothing else were there. */
  groupAsked(group: Group): boolean {
    if (!this.#resources.isGroupFeasible(group, this.limits.workers)) return false
    this.#story?.tell(0, `group ${group.id} asked`)
    this.#waitingGroups.add(group)
    this.assign()
    return true
  }

  /** Its tasks that do not run yet never will; what runs goes on, and holds what it has. */
  groupRemoved(group: Group): void {
    if (group.state === 'removed') return
    this.#story?.tell(0, `group ${group.id} removed`)
    const was = group.state
    group.state = 'removed'
    this.#waitingGroups.delete(group)
    if (was === 'placed') this.#resources.dissolve(group)
    for (const work of [...this.#special]) {
      if (work.request!.group !== group) continue
      this.#special.remove(work)
      this.#settleRemoved(work as W)
    }
    for (const { worker } of group.bundles) this.#resources.tellReserved(worker)
    this.assign()
  }

  /** It has been stuck for long: one that finds no slot is given up, so that those which await it go on. */
  crowded(): void {
    let work = this.#plain.takeNewest()
    if (work === undefined && this.#special.size > 0) work = this.#special.take(this.#special.next(new Set())!, true)
    for (const line of this.#beside.values()) {
      if (work !== undefined) break
      work = line.takeNewest()
      if (work) this.#besideSize--
    }
    this.#settle(work as W, 'crowded')
    this.#out.settle(work as W, 'crowded')
    this.#failDependents(work as W)
    this.#assignFollowers()
    this.#check()
  }

  /** Assigns what is ready to workers that have room. Called after a batch of events of tasks. */
  assign(): void {
    this.#assign()
    this.#check()
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
      const behind = this.#lines.behind(work as W)
      if (behind) open.push(behind)
    }
  }

  // Transitions.

  /** It waits no longer: who stands behind it follows, unless another is still ahead. */
  #leaveLine(work: W): void {
    for (let left: W | undefined = work; left !== undefined && this.#lines.size > 0; ) {
      const next = this.#lines.leave(left)
      if (next === undefined || --next.pending > 0) return
      this.#waiting--
      this.#enqueue(next)
      this.#followed = true
      left = next
    }
  }

  /** What was given up may have kept others back that are ready now. */
  #assignFollowers(): void {
    if (!this.#followed) return
    this.#followed = false
    this.#assign()
  }

  #enqueue(work: W, first = false): void {
    const { request } = work
    if (request?.group?.state === 'removed') return this.#settleRemoved(work)
    this.#become(work, 'ready')
    if (request === undefined) this.#plain.push(work, first)
    else if (!request.beside) this.#special.push(work, first)
    else {
      let line = this.#beside.get(request.worker)
      if (!line) this.#beside.set(request.worker, (line = new ReadyQueue()))
      line.push(work, first)
      this.#besideSize++
    }
  }

  #settleRemoved(work: W): void {
    this.#settle(work, 'removed')
    this.#out.settle(work, 'removed')
    this.#failDependents(work)
  }

  #waitFor(work: W, dependencies: readonly W[]): void {
    for (const dependency of dependencies) {
      if (dependency.state === 'settled') continue
      ;(dependency.dependents ??= []).push(work)
      work.pending++
    }
  }

  #dequeue(work: W): void {
    const { request } = work
    if (request === undefined) this.#plain.remove(work)
    else if (!request.beside) this.#special.remove(work)
    else {
      this.#beside.get(request.worker)!.remove(work)
      this.#besideSize--
    }
  }

  #settle(work: W, why: string): void {
    this.#become(work, 'settled', why)
    this.#all?.delete(work)
  }

  #become(work: W, state: State, why = ''): void {
    this.#story?.tell(work.id, `task ${work.id}: ${work.state} → ${state}${why && `, ${why}`}`)
    work.state = state
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
        this.#settle(dependent, `task ${origin.id} did`)
        this.#out.settle(dependent, 'dependency', origin)
        this.#leaveLine(dependent)
        failed.push(dependent)
      }
    }
  }

  #assign(): void {
    if (this.#waitingGroups.size > 0) this.#assignGroups()
    if (this.#besideSize > 0) this.#assignBeside()
    if (this.#special.size > 0) this.#assignSpecial()
    while (this.#plain.size > 0 && this.#hasRoom) {
      const crowded = this.#isCrowded
      const place = this.#resources.shortest(crowded ? 1 : this.limits.depth)
      if (place === undefined) return
      this.#dispatch((crowded ? this.#plain.takeNewest() : this.#plain.take()) as W, place, true)
    }
  }

  get #hasRoom(): boolean {
    return this.#dispatched < this.limits.slots && this.#active < this.limits.active
  }

  /** One that does not fit yet keeps no other waiting. */
  #assignGroups(): void {
    for (const group of this.#waitingGroups) {
      if (!this.#resources.placeGroup(group)) continue
      this.#waitingGroups.delete(group)
      this.#story?.tell(0, `group ${group.id} placed on ${group.bundles.map(({ worker }) => worker)}`)
      this.#out.placed(group)
    }
  }

  #assignBeside(): void {
    const { places } = this.#resources
    // A call may wait for what a later one brings, so they are not kept short as open queues are.
    const most = Math.ceil(this.limits.slots / (places.size + 1))
    for (const [worker, line] of this.#beside) {
      const place = places.get(worker)
      while (place && line.size > 0 && place.beside < most && this.#dispatched < this.limits.slots) {
        this.#besideSize--
        this.#dispatch(line.take() as W, place, false)
      }
    }
  }

  #assignSpecial(): void {
    const stuck = new Set<Kind>()
    while (this.#hasRoom) {
      const kind = this.#special.next(stuck)
      if (kind === undefined) return
      const room = this.#resources.roomFor(kind.request)
      if (room === undefined) {
        stuck.add(kind)
        continue
      }
      const work = this.#special.take(kind, this.#isCrowded) as W
      this.#resources.lend(work, room)
      this.#dispatch(work, room.place, false)
    }
  }

  #dispatch(work: W, place: Place, open: boolean): void {
    this.#become(work, 'dispatched', this.#story && `to worker ${place.worker}`)
    work.place = place
    this.#count(work, 1)
    this.#dispatched++
    this.#tellShares(work)
    this.#out.dispatch(work, place.worker, open, this.#resources.sharesOf(work))
  }

  /** Of other workers more is set aside, or less. */
  #tellShares(work: W): void {
    for (const { worker } of this.#resources.sharesOf(work)) this.#resources.tellReserved(worker)
  }

  /** Counts what a task holds, but for its amounts; with -1 it holds it no longer. */
  #count(work: W, sign: 1 | -1): void {
    if (!work.awaits && !work.request?.beside) this.#active += sign
    this.#resources.count(work, sign)
  }

  /** What a dispatched task held is free again. @param keeps but for its resources */
  #giveBack(work: W, keeps = false): void {
    if (work.state !== 'dispatched') this.#broken(work, `task ${work.id} came back but is ${work.state}`)
    if (keeps && work.awaits) this.awaits(work, false)
    this.#count(work, -1)
    this.#dispatched--
    if (work.awaits) this.#awaiting--
    work.awaits = false
    if (keeps) this.#resources.keep(work)
    else this.#resources.giveBack(work)
  }

  // Validation.

  #broken(work: W | undefined, what: string): never {
    const advice = this.#story ? '' : " (start({ validate: true }) keeps the tasks' story)"
    throw new InternalError(`scheduler: ${what}${advice}`, this.#story?.of(work?.id ?? 0))
  }

  #check(): void {
    if (this.#all === undefined) return
    const queued = new Set<Work>([
      ...this.#plain,
      ...this.#special,
      ...[...this.#beside.values()].flatMap(line => [...line]),
    ])
    const onWorkers: W[] = []
    let waiting = 0
    let awaiting = 0
    let active = 0
    for (const work of this.#all) {
      const { state, request, place } = work
      const must = (holds: boolean, what: string) => {
        if (!holds) this.#broken(work, `task ${work.id}, ${state}: ${what}`)
      }
      must((state === 'ready') === queued.has(work), 'ready tasks, and only they, stand in a queue')
      must((state === 'waiting') === work.pending > 0, 'waiting tasks, and only they, have pending dependencies')
      must((state === 'dispatched') === (place !== undefined), 'dispatched tasks, and only they, have a place')
      must(state !== ('settled' satisfies State), 'settled tasks are forgotten')
      must(state === 'dispatched' || !work.awaits, 'only dispatched tasks await others')
      if (state === 'waiting') waiting++
      if (place === undefined) continue
      onWorkers.push(work)
      if (work.awaits) awaiting++
      else if (!request?.beside) active++
    }
    const must = (holds: boolean, what: string) => {
      if (!holds) this.#broken(undefined, what)
    }
    for (const [work, isRight] of this.#lines.checked()) {
      must(isRight && work.state === 'waiting', `task ${work.id} stands in a line, and waits`)
    }
    const dispatched = onWorkers.length
    const right = waiting === this.#waiting && dispatched === this.#dispatched && awaiting === this.#awaiting
    must(right && active === this.#active, 'the counts are right')
    must(dispatched <= this.limits.slots, 'no more is dispatched than there are slots')
    must(queued.size === this.counts.ready, 'no task stands in a queue twice')
    this.#resources.check(onWorkers, must)
  }
}
