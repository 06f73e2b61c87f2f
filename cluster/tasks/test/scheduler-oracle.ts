/**
 * Random runs of the scheduler beside a naive model of it: lists that are searched, sums that are made anew. The model says who
 * must settle and how after each event, what may be dispatched and in which order, and that nothing which fits waits.
 */

import assert from 'node:assert/strict'
import { Random } from '@skein/base'
import { Bundle, Group, strategies } from '../src/schedule/group.ts'
import { Line } from '../src/schedule/line.ts'
import type { Request, Share } from '../src/schedule/place.ts'
import { type Limits, Scheduler } from '../src/schedule/scheduler.ts'
import { Work } from '../src/schedule/work.ts'

export type Outcome = 'done' | 'failed' | 'dependency' | 'cancelled' | 'lost' | 'infeasible' | 'crowded' | 'removed'

export class Task extends Work {
  readonly priority: number
  readonly request: Request | undefined
  readonly dependencies: Task[]
  readonly retries: number
  phase: 'waiting' | 'ready' | 'queued' | 'running' | 'settled' = 'waiting'
  /** Where it was dispatched to, and who runs it. */
  to: Worker | undefined
  by: Worker | undefined
  open = false
  /** Who goes before it, while that one waits. */
  ahead: Task | undefined
  /** It stands in a line. */
  stands = false
  /** What it takes its resources from, when that is a group's. */
  bundle: Bundle | undefined
  /** Someone cancelled it after it was dispatched. */
  stopped = false
  /** CPUs of other workers that it holds. */
  shares: readonly Share[] = []
  tries = 0
  outcome: Outcome | undefined

  constructor(
    id: number,
    caller: number,
    priority: number,
    request: Request | undefined,
    retries: number,
    on: Task[] = [],
  ) {
    super(id, caller, retries)
    this.priority = priority
    this.request = request
    this.retries = retries
    this.dependencies = on
  }
}

interface Worker {
  readonly number: number
  queue: Task[]
}

const total: { readonly [name: string]: number } = { gpus: 2, memory: 1 }
const workerCount = 3

/** How each task ended. @throws AssertionError, InternalError */
export function randomRun(seed: number): Outcome[] {
  return new Run(seed).play()
}

/** Tasks that are served in the order they came. */
const lineOf = (task: Task): string => JSON.stringify([kindOf(task), task.priority, task.caller])

/** Tasks that ask for the same. */
const kindOf = ({ request }: Task): string => JSON.stringify(request && { ...request, group: request.group?.id })

class Run {
  readonly #random: Random
  readonly #limits: Limits
  readonly #scheduler: Scheduler<Task>
  readonly #all: Task[] = []
  /** In the order in which they are to be served within caller and priority. */
  #ready: Task[] = []
  #dispatched: Task[] = []
  /** What has finished and holds what it had. */
  #kept: Task[] = []
  readonly #groups: Group[] = []
  readonly #reserved = new Set<number>()
  /** Of calls of actors, by worker and caller. */
  readonly #lines = new Map<string, { readonly line: Line<Task>; readonly tasks: Task[] }>()
  readonly #workers = new Map<number, Worker>()
  /** What the event under way must settle, and what it has settled. */
  #mustSettle = new Map<Task, Outcome>()
  #settled = new Map<Task, Outcome>()
  /** By line, how often other callers were served since it waits for its turn. */
  readonly #overtaken = new Map<string, Map<number, number>>()

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.#limits = {
      slots: 1 << this.#int(1, 6),
      depth: this.#int(1, 5),
      active: Number.POSITIVE_INFINITY,
      workers: workerCount,
    }
    this.#scheduler = new Scheduler<Task>(
      {
        dispatch: (task, worker, open, shares) => this.#dispatch(task, worker, open, shares),
        settle: (task, reason, origin) => {
          if (reason === 'dependency') assert(origin && origin.state === 'settled' && origin !== task)
          assert(!this.#settled.has(task), `task ${task.id} settles twice`)
          this.#settled.set(task, reason)
        },
        placed: group => this.#placed(group),
        reserved: (worker, on) => (on ? this.#reserved.add(worker) : this.#reserved.delete(worker)),
      },
      this.#limits,
      total,
      true,
    )
  }

  #int(low: number, high: number): number {
    return this.#random.integer(low, high)
  }
  #chance(p: number): boolean {
    return this.#random.uniform() < p
  }
  #one<T>(items: readonly T[]): T | undefined {
    return items.length === 0 ? undefined : items[this.#int(0, items.length)]
  }

  play(): Outcome[] {
    for (let worker = 0; worker < workerCount; worker++) this.#join(worker)
    const events = this.#int(10, 60)
    for (let i = 0; i < events; i++) this.#event()
    this.#finishAll()
    return this.#all.map(({ outcome }) => outcome!)
  }

  #event(): void {
    const kind = this.#int(0, 110)
    if (kind >= 106) this.#askGroup()
    else if (kind >= 103) this.#removeGroup()
    else if (kind >= 100) this.#release()
    else if (kind < 35) this.#submit()
    else if (kind < 60) this.#take()
    else if (kind < 82) this.#comeBack()
    else if (kind < 88) this.#cancel()
    else if (kind < 93) this.#await()
    else if (kind < 96) this.#leave()
    else if (kind < 98) this.#joinSome()
    else if (kind < 99) this.#miss()
    else this.#deepen()
  }

  // Events.

  #submit(): void {
    const likely = this.#chance(0.7)
    const dependencies: Task[] = []
    for (let n = likely ? 0 : this.#int(0, 4); n > 0; n--) {
      const one = this.#one(this.#all.slice(-8))
      // The engine refuses what has failed; a second mention is one more wait.
      if (one && (one.outcome === undefined || one.outcome === 'done') && !one.stopped) dependencies.push(one)
    }
    const task = new Task(
      this.#all.length + 1,
      this.#int(0, 3),
      this.#chance(0.8) ? 0 : this.#int(-1, 3),
      this.#chance(0.6) ? undefined : this.#request(),
      this.#int(0, 3),
      dependencies,
    )
    this.#all.push(task)
    const line = task.request?.beside && this.#chance(0.7) ? this.#lineFor(task) : undefined
    if (line !== undefined) {
      task.ahead = line.tasks.findLast(({ stands }) => stands)
      line.tasks.push(task)
      task.stands = !this.#isReady(task)
    }
    if (!this.#isFeasible(task)) this.#settle(task, 'infeasible')
    else if (this.#isReady(task)) this.#enqueue(task)
    this.#scheduler.submit(task, dependencies.length > 0 ? dependencies : undefined, line?.line)
    this.#over()
  }

  #request(): Request {
    const worker = this.#chance(0.5) ? -1 : this.#int(0, workerCount)
    if (worker >= 0 && this.#chance(0.4)) return { cpus: 0, amounts: [], worker, beside: true }
    const amounts: [string, number][] = []
    if (this.#chance(0.4)) amounts.push(['gpus', this.#chance(0.05) ? 3 : this.#int(1, 3)])
    if (this.#chance(0.3)) amounts.push(['memory', this.#int(1, 11) / 10])
    if (this.#chance(0.02)) amounts.push(['unicorns', 1])
    const group = this.#chance(0.3) ? this.#one(this.#groups) : undefined
    return {
      cpus: this.#one([0, 0.1, 0.3, 0.5, 1, 1.5, 2, 3, 3.1])!,
      amounts: group && this.#chance(0.8) ? [] : amounts,
      worker: group ? -1 : worker,
      beside: false,
      prefer: this.#one([undefined, undefined, 'pack', 'spread']),
      group,
      bundle: group && this.#chance(0.5) ? this.#int(0, group.bundles.length) : undefined,
      keeps: this.#chance(0.1),
    }
  }

  #isFeasible({ request }: Task): boolean {
    if (request === undefined) return true
    const { cpus, amounts, group, bundle } = request
    if (group === undefined) {
      return cpus <= workerCount && amounts.every(([name, amount]) => amount <= (total[name] ?? 0))
    }
    if (group.state === 'removed') return true
    return group.bundles.some(
      (one, i) =>
        (bundle === undefined || bundle === i) &&
        cpus <= one.cpus &&
        amounts.every(([name, amount]) => amount <= (one.amounts.get(name) ?? 0)),
    )
  }

  #askGroup(): void {
    const bundles = Array.from({ length: this.#int(1, 4) }, () => {
      const amounts: [string, number][] = this.#chance(0.3) ? [['gpus', this.#int(1, 3)]] : []
      return new Bundle(this.#one([0, 0.1, 0.3, 0.5, 1])!, amounts)
    })
    const group = new Group(this.#groups.length + 1, this.#one(strategies)!, bundles)
    this.#groups.push(group)
    const isPossible =
      (group.amounts.get('gpus') ?? 0) <= total.gpus && (!this.#isSure(group) || this.#canPlace(group, () => 0, 3))
    const isAsked = this.#scheduler.groupAsked(group)
    if (this.#isSure(group)) assert.equal(isAsked, isPossible, `group ${group.id} ${group.strategy} is possible`)
    // The engine refuses it then.
    if (!isAsked) this.#scheduler.groupRemoved(group)
    this.#over()
  }

  #removeGroup(group = this.#one(this.#groups.filter(({ state }) => state !== 'removed'))): void {
    if (group === undefined) return
    const going = this.#ready.filter(({ request }) => request?.group === group)
    this.#ready = this.#ready.filter(task => !going.includes(task))
    for (const task of going) {
      this.#overtaken.delete(lineOf(task))
      this.#settleAll(task, 'removed')
    }
    for (const task of [...this.#dispatched, ...this.#kept]) {
      if (task.request?.group === group) task.bundle = undefined
    }
    this.#scheduler.groupRemoved(group)
    this.#over()
  }

  #release(task = this.#one(this.#kept)): void {
    if (task === undefined) return
    this.#kept = this.#kept.filter(other => other !== task)
    this.#scheduler.released(task)
    this.#over()
  }

  /** Large first finds a place whenever there is one; only of more than two that prefer something it may not. */
  #isSure({ strategy, bundles }: Group): boolean {
    return strategy.startsWith('strict') || bundles.length <= 2
  }

  /** Whether some way to place a group's bundles on so many workers, which have lent so much, is right. */
  #canPlace(group: Group, lent: (worker: number) => number, workers: number): boolean {
    const ways = workers ** group.bundles.length
    for (let way = 0; way < ways; way++) {
      const on = group.bundles.map((_, i) => Math.floor(way / workers ** i) % workers)
      if (this.#isRight(group, on, lent)) return true
    }
    return false
  }

  #isRight({ strategy, bundles }: Group, on: readonly number[], lent: (worker: number) => number): boolean {
    const used = new Set(on)
    if (strategy === 'strict-pack' && used.size > 1) return false
    if (strategy === 'strict-spread' && used.size < bundles.length) return false
    return [...used].every(worker => {
      const cpus = bundles.filter((_, i) => on[i] === worker).map(bundle => bundle.cpus)
      const sum = cpus.reduce((a, b) => a + b, 0)
      return sum === 0 || lent(worker) + sum < 1 + 1e-6
    })
  }

  #placed(group: Group): void {
    const on = group.bundles.map(({ worker }) => worker)
    for (const worker of on)
      assert(this.#workers.has(worker), `group ${group.id} is placed on ${worker}, which is absent`)
    const lent = (worker: number) =>
      this.#cpus(this.#workers.get(worker)!) -
      group.bundles.reduce((sum, bundle) => sum + (bundle.worker === worker ? bundle.cpus : 0), 0)
    assert(this.#isRight(group, on, lent), `group ${group.id}, ${group.strategy}, is placed on ${on}`)
    for (const [name] of group.amounts) assert(this.#lent(name) <= total[name] + 1e-6, `${name} is overdrawn`)
  }

  /** What others hold of a bundle. */
  #lentOf(bundle: Bundle, of: (task: Task) => number): number {
    return [...this.#dispatched, ...this.#kept]
      .filter(task => task.bundle === bundle && !task.awaits)
      .reduce((sum, task) => sum + of(task), 0)
  }

  /** The first bundle, if any, where a task of a group fits now. */
  #bundleOf({ request }: Task): Bundle | undefined {
    const { cpus, amounts, group, bundle } = request!
    if (group!.state !== 'placed') return undefined
    return group!.bundles.find(
      (one, i) =>
        (bundle === undefined || bundle === i) &&
        this.#workers.has(one.worker) &&
        this.#lentOf(one, task => task.request!.cpus) + cpus <= one.cpus + 1e-6 &&
        amounts.every(([name, amount]) => {
          const held = [...this.#dispatched, ...this.#kept].filter(task => task.bundle === one)
          const lent = held.reduce((sum, task) => sum + amountOf(task, name), 0)
          return lent + amount <= (one.amounts.get(name) ?? 0) + 1e-6
        }),
    )
  }

  /** A worker takes something: what must run there, what was sent there, or what was sent to another. */
  #take(): void {
    const worker = this.#one([...this.#workers.values()])
    const from = this.#chance(0.7) ? worker : this.#one([...this.#workers.values()])
    const task = from?.queue.find(({ open }) => open || from === worker)
    if (!worker || !from || !task) return
    from.queue = from.queue.filter(other => other !== task)
    if (task.stopped) return this.#cancelled(task)
    task.phase = 'running'
    task.by = worker
  }

  /** What was withdrawn while it was queued comes back. */
  #cancelled(task: Task): void {
    this.#settleAll(task, 'cancelled')
    this.#scheduler.cancelled(task)
    this.#scheduler.assign()
    this.#over()
  }

  #comeBack(task = this.#one(this.#dispatched.filter(({ phase }) => phase === 'running'))): void {
    if (task === undefined) return
    task.tries++
    if (task.stopped || this.#chance(0.2)) {
      const mayRetry = !task.stopped && this.#chance(0.5)
      const again = mayRetry && task.tries <= task.retries
      this.#backFromWorker(task)
      if (again) this.#enqueue(task)
      else this.#settleAll(task, 'failed')
      assert.equal(this.#scheduler.failed(task, mayRetry), again)
      if (!again) this.#settled.set(task, 'failed')
    } else {
      const { bundle, shares } = task
      this.#settle(task, 'done')
      if (task.request?.keeps) {
        task.bundle = bundle
        task.shares = shares
        this.#kept.push(task)
      }
      for (const other of this.#all) {
        if (other.phase === 'waiting' && other.dependencies.includes(task) && this.#isReady(other)) {
          this.#enqueue(other)
          this.#left(other)
        }
      }
      this.#scheduler.finished(task)
      this.#settled.set(task, 'done')
    }
    this.#scheduler.assign()
    this.#over()
  }

  #cancel(): void {
    const task = this.#one(this.#all.filter(({ phase }) => phase !== 'settled'))
    if (task === undefined) return
    if (task.phase === 'queued' || task.phase === 'running') {
      task.stopped = true
      return
    }
    this.#ready = this.#ready.filter(other => other !== task)
    this.#overtaken.delete(lineOf(task))
    this.#settleAll(task, 'cancelled')
    this.#scheduler.cancelled(task)
    this.#over()
  }

  #await(): void {
    const task = this.#one(this.#dispatched.filter(({ phase }) => phase === 'running'))
    if (task === undefined) return
    this.#scheduler.awaits(task, !task.awaits)
    this.#over(task.awaits)
    // Every slot awaits: the newest that is ready is given up.
    const isStuck = this.#dispatched.length >= this.#limits.slots && this.#dispatched.every(({ awaits }) => awaits)
    assert.equal(this.#scheduler.isStuck, isStuck && this.#ready.length > 0)
    if (!this.#scheduler.isStuck) return
    const kinds = [
      this.#ready.filter(({ request }) => request === undefined),
      this.#ready.filter(({ request }) => request && !request.beside),
      this.#ready,
    ]
    const candidates = kinds.find(tasks => tasks.length > 0)!
    this.#scheduler.crowded()
    const [victim] = candidates.filter(({ state }) => state === 'settled')
    assert(victim)
    this.#ready = this.#ready.filter(other => other !== victim)
    this.#overtaken.delete(lineOf(victim))
    this.#settleAll(victim, 'crowded')
    this.#over()
  }

  get #isCrowded(): boolean {
    return 2 * this.#dispatched.filter(({ awaits }) => awaits).length > this.#limits.slots
  }

  #leave(worker = this.#one([...this.#workers.values()])): void {
    if (worker === undefined) return
    for (const task of worker.queue.filter(({ stopped }) => stopped)) {
      worker.queue = worker.queue.filter(other => other !== task)
      this.#settleAll(task, 'cancelled')
      this.#scheduler.cancelled(task)
    }
    this.#workers.delete(worker.number)
    const ran = this.#dispatched.filter(({ by }) => by === worker)
    const held = [...ran, ...worker.queue].map(work => ({ work, started: work.phase === 'running' }))
    for (const { work, started } of held.toReversed()) {
      if (started) work.tries++
      // The engine takes the retries of what was to stop.
      if (started && work.stopped) work.retriesLeft = 0
      this.#backFromWorker(work)
      if (started && (work.stopped || work.tries > work.retries)) this.#settleAll(work, 'lost')
      else this.#enqueue(work, true)
    }
    this.#scheduler.workerLeft(worker.number, held)
    if (this.#chance(0.7)) this.#join(worker.number)
    this.#over()
  }

  /** What was dispatched needs something that must be made again first. */
  #miss(): void {
    const task = this.#one(this.#dispatched.filter(({ phase, stopped }) => phase === 'queued' && !stopped))
    if (task === undefined) return
    const again = new Task(this.#all.length + 1, 0, 0, undefined, this.#int(0, 3))
    this.#all.push(again)
    this.#enqueue(again)
    this.#scheduler.submit(again, undefined)
    this.#over()
    const { to } = task
    to!.queue = to!.queue.filter(other => other !== task)
    this.#backFromWorker(task)
    task.phase = 'waiting'
    task.dependencies.push(again)
    this.#scheduler.missing(task, [again])
    this.#scheduler.assign()
    this.#over()
  }

  #joinSome(): void {
    const absent = [...Array(workerCount).keys()].filter(number => !this.#workers.has(number))
    const number = this.#one(absent)
    if (number === undefined) return
    this.#join(number)
    this.#over()
  }

  #join(number: number): void {
    this.#workers.set(number, { number, queue: [] })
    this.#scheduler.workerJoined(number)
  }

  #deepen(): void {
    this.#limits.depth = this.#int(1, 6)
    this.#limits.active = this.#chance(0.4) ? this.#int(1, 4) : Number.POSITIVE_INFINITY
    this.#scheduler.assign()
    this.#over()
  }

  // The model.

  #lineFor({ request, caller }: Task): { readonly line: Line<Task>; readonly tasks: Task[] } {
    const key = `${request!.worker} ${caller}`
    let line = this.#lines.get(key)
    if (line === undefined) this.#lines.set(key, (line = { line: new Line(), tasks: [] }))
    return line
  }

  /** It waits no longer: whoever was right behind it follows. */
  #left(task: Task): void {
    const { ahead } = task
    task.ahead = undefined
    task.stands = false
    const behind = this.#all.find(other => other.phase === 'waiting' && other.ahead === task)
    if (behind === undefined) return
    behind.ahead = ahead
    if (!this.#isReady(behind)) return
    this.#enqueue(behind)
    this.#left(behind)
  }

  #isReady({ dependencies, ahead }: Task): boolean {
    return ahead === undefined && dependencies.every(({ outcome }) => outcome === 'done')
  }

  #enqueue(task: Task, first = false): void {
    if (task.request?.group?.state === 'removed') return this.#settleAll(task, 'removed')
    task.phase = 'ready'
    if (first) this.#ready.unshift(task)
    else this.#ready.push(task)
  }

  #backFromWorker(task: Task): void {
    this.#dispatched = this.#dispatched.filter(other => other !== task)
    task.to = task.by = task.bundle = undefined
    task.shares = []
  }

  #settle(task: Task, outcome: Outcome): void {
    this.#backFromWorker(task)
    task.phase = 'settled'
    task.outcome = outcome
    this.#mustSettle.set(task, outcome)
  }

  /** And all that wait for it. */
  #settleAll(task: Task, outcome: Outcome): void {
    this.#settle(task, outcome)
    this.#left(task)
    for (const other of this.#all) {
      if (other.phase === 'waiting' && other.dependencies.includes(task)) this.#settleAll(other, 'dependency')
    }
  }

  /** Of a resource, or of a worker's CPUs, what dispatched tasks hold. */
  #lent(name: string): number {
    const placed = this.#groups.filter(({ state }) => state === 'placed')
    const aside = placed.reduce((sum, { amounts }) => sum + (amounts.get(name) ?? 0), 0)
    const others = [...this.#dispatched, ...this.#kept].filter(({ bundle }) => bundle === undefined)
    return others.reduce((sum, task) => sum + amountOf(task, name), aside)
  }
  #cpus(worker: Worker): number {
    const held = this.#dispatched.filter(({ to, awaits, bundle }) => to === worker && !awaits && bundle === undefined)
    return held.reduce((sum, { request }) => sum + atHome(request), this.#aside(worker.number))
  }
  /** CPUs of a worker that no task runs with. */
  #aside(worker: number): number {
    const bundles = this.#groups.flatMap(({ state, bundles }) => (state === 'placed' ? bundles : []))
    const ofGroups = bundles.reduce((sum, bundle) => sum + (bundle.worker === worker ? bundle.cpus : 0), 0)
    const kept = this.#kept.filter(({ place, bundle }) => place!.worker === worker && bundle === undefined)
    const holding = [...this.#dispatched.filter(({ awaits }) => !awaits), ...this.#kept]
    const shares = holding.flatMap(({ shares }) => shares.filter(share => share.worker === worker))
    const ofOthers = shares.reduce((sum, { cpus }) => sum + cpus, ofGroups)
    return kept.reduce((sum, { request }) => sum + atHome(request), ofOthers)
  }
  #load(worker: Worker): number {
    const kept = this.#kept.filter(({ place }) => place!.worker === worker.number).length
    return kept + this.#dispatched.filter(({ to }) => to === worker).length
  }
  #opened(worker: Worker): number {
    return this.#dispatched.filter(({ to, open, awaits }) => to === worker && open && !awaits).length
  }

  #fits(task: Task, worker: Worker): boolean {
    const { request } = task
    if (this.#dispatched.length >= this.#limits.slots) return false
    const active = this.#dispatched.filter(other => !other.request?.beside && !other.awaits)
    if (!request?.beside && active.length >= this.#limits.active) return false
    const cpus = this.#cpus(worker)
    if (request === undefined) return cpus < 1e-6 && this.#opened(worker) < (this.#isCrowded ? 1 : this.#limits.depth)
    if (request.worker >= 0 && request.worker !== worker.number) return false
    if (request.beside) {
      const calls = this.#dispatched.filter(other => other.to === worker && other.request?.beside).length
      return calls < Math.ceil(this.#limits.slots / (this.#workers.size + 1))
    }
    if (request.group) return this.#bundleOf(task)?.worker === worker.number
    if (request.amounts.some(([name, amount]) => this.#lent(name) + amount > total[name] + 1e-6)) return false
    if (request.cpus === 0) return true
    if (cpus + atHome(request) > 1 + 1e-6) return false
    // The rest: whole CPUs of others, and a part of one more.
    const lent = [...this.#workers.values()].filter(other => other !== worker).map(other => this.#cpus(other))
    const [whole, part] = request.cpus > 1 ? [Math.floor(request.cpus) - 1, request.cpus % 1] : [0, 0]
    const [wholes, parts] = [1, part].map(share => lent.filter(cpus => cpus + share < 1 + 1e-6).length)
    return wholes >= whole && parts >= whole + Math.ceil(part)
  }

  #dispatch(task: Task, number: number, open: boolean, shares: readonly Share[]): void {
    const worker = this.#workers.get(number)
    assert(worker, `task ${task.id} is sent to worker ${number}, which is not there`)
    assert.equal(task.phase, 'ready', `task ${task.id}`)
    assert(this.#fits(task, worker), `task ${task.id} does not fit worker ${number}`)
    assert.equal(open, task.request === undefined)
    this.#checkPreference(task, worker)
    task.bundle = task.request?.group && this.#bundleOf(task)
    const rest = Math.max(0, (task.request?.cpus ?? 0) - 1)
    assert(Math.abs(shares.reduce((sum, { cpus }) => sum + cpus, 0) - rest) < 1e-6, `task ${task.id} has all its CPUs`)
    assert.equal(new Set([number, ...shares.map(({ worker }) => worker)]).size, shares.length + 1)
    for (const share of shares) {
      const lent = this.#cpus(this.#workers.get(share.worker)!)
      assert(lent + share.cpus < 1 + 1e-6, `task ${task.id} takes ${share.cpus} of ${share.worker}`)
    }
    task.shares = shares
    this.#checkTurn(task)
    this.#ready = this.#ready.filter(other => other !== task)
    this.#overtaken.delete(lineOf(task))
    task.phase = 'queued'
    task.to = worker
    task.open = open
    this.#dispatched.push(task)
    worker.queue.push(task)
  }

  #checkPreference(task: Task, worker: Worker): void {
    const { prefer, group } = task.request ?? {}
    if (prefer === undefined || group !== undefined) return
    const others = [...this.#workers.values()].filter(other => other !== worker && this.#fits(task, other))
    const isBetter = (other: Worker) =>
      prefer === 'pack' ? this.#cpus(other) > this.#cpus(worker) + 1e-6 : this.#load(other) < this.#load(worker)
    const better = others.find(isBetter)
    assert(!better, `task ${task.id}, ${prefer}, goes to ${worker.number} and not to ${better?.number}`)
  }

  #checkTurn(task: Task): void {
    const like = (other: Task) => kindOf(other) === kindOf(task) && other.priority >= task.priority
    const rivals = this.#ready.filter(like)
    const ahead = rivals.find(({ priority }) => priority > task.priority)
    assert(!ahead, `task ${task.id} goes before ${ahead?.id}, which has a higher priority`)
    if (this.#isCrowded && !task.request?.beside) {
      const newest = rivals.find(({ id }) => id > task.id)
      assert(!newest, `task ${task.id} goes before ${newest?.id}, which is newer`)
      return
    }
    const first = rivals.find(({ caller }) => caller === task.caller)
    assert.equal(first, task, `task ${task.id} is not its caller's first`)
    if (task.request && !task.request.beside) {
      const better = this.#ready.find(
        other =>
          other.request &&
          !other.request.beside &&
          other.priority > task.priority &&
          [...this.#workers.values()].some(worker => this.#fits(other, worker)),
      )
      assert(!better, `task ${task.id} goes before ${better?.id}, which fits too and has a higher priority`)
    }
    for (const other of rivals) {
      if (other.caller === task.caller) continue
      if (rivals.find(({ caller }) => caller === other.caller) !== other) continue
      let counts = this.#overtaken.get(lineOf(other))
      if (counts === undefined) this.#overtaken.set(lineOf(other), (counts = new Map()))
      const times = (counts.get(task.caller) ?? 0) + 1
      counts.set(task.caller, times)
      assert(times <= 1, `caller ${task.caller} is served ${times} times while ${other.caller} waits for its turn`)
    }
  }

  /** After an event: who has settled, and that nothing waits which could run. @param assigned the event assigns */
  #over(assigned = true): void {
    const ids = (tasks: Map<Task, Outcome>) => [...tasks].map(([{ id }, outcome]) => `${id} ${outcome}`).sort()
    assert.deepEqual(ids(this.#settled), ids(this.#mustSettle))
    for (const task of this.#settled.keys()) assert.equal(task.attempts, task.tries, `attempts of task ${task.id}`)
    this.#settled = new Map()
    this.#mustSettle = new Map()
    if (!assigned) return
    for (const worker of this.#workers.values()) {
      const idle = this.#ready.find(task => this.#fits(task, worker))
      assert(!idle, `task ${idle?.id} ${idle && kindOf(idle)} waits, and fits worker ${worker.number}`)
      assert.equal(this.#reserved.has(worker.number), this.#aside(worker.number) > 1e-6, 'which workers are set aside')
    }
    for (const group of this.#groups) {
      if (group.state !== 'waiting' || !this.#isSure(group)) continue
      const isLeft = [...group.amounts].every(([name, amount]) => this.#lent(name) + amount <= total[name] + 1e-6)
      const present = [...this.#workers.values()]
      const canPlace = isLeft && this.#canPlace(group, i => this.#cpus(present[i]), present.length)
      assert(!canPlace, `group ${group.id}, ${group.strategy}, waits, and fits`)
    }
    const { waiting, ready, dispatched } = this.#scheduler.counts
    assert.equal(dispatched, this.#dispatched.length)
    assert.equal(ready, this.#ready.length)
    assert.equal(waiting, this.#all.filter(({ phase }) => phase === 'waiting').length)
    if (this.#chance(0.1)) {
      const open = this.#all.filter(({ phase }) => phase !== 'settled').map(({ id }) => id)
      const found = [...this.#scheduler.unsettled(this.#dispatched)].map(({ id }) => id)
      assert.deepEqual(
        found.sort((a, b) => a - b),
        open,
      )
    }
  }

  #finishAll(): void {
    this.#limits.depth = 2
    // Whatever it was, one at a time is enough to come to an end.
    this.#limits.active = 1
    this.#scheduler.assign()
    this.#over()
    for (let steps = 0; this.#all.some(({ phase }) => phase !== 'settled'); steps++) {
      assert(steps < 10_000, 'it comes to no end')
      for (const task of this.#dispatched) this.#scheduler.awaits(task, false)
      this.#joinSome()
      this.#take()
      this.#comeBack()
      this.#release()
      // What is set aside may be what another group waits for.
      if (this.#chance(0.05)) this.#removeGroup()
    }
    for (const task of this.#kept) this.#release(task)
    for (const group of this.#groups) this.#removeGroup(group)
    assert.equal(this.#reserved.size, 0)
    const { waiting, ready, dispatched } = this.#scheduler.counts
    assert.deepEqual({ waiting, ready, dispatched }, { waiting: 0, ready: 0, dispatched: 0 })
    for (const task of this.#all) assert(task.outcome, `task ${task.id} is lost`)
  }
}

/** What a task takes of the worker that runs it. */
const atHome = (request: Request | undefined): number => Math.min(1, request?.cpus ?? 0)

const amountOf = ({ request }: Task, name: string): number =>
  request?.amounts.find(([other]) => other === name)?.[1] ?? 0
