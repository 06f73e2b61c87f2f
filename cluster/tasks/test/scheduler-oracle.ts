/**
 * Random runs of the scheduler beside a naive model of it: lists that are searched, sums that are made anew. The model says who
 * must settle and how after each event, what may be dispatched and in which order, and that nothing which fits waits.
 */

import assert from 'node:assert/strict'
import { Random } from '@skein/base'
import type { Request } from '../src/schedule/place.ts'
import { Scheduler } from '../src/schedule/scheduler.ts'
import { Work } from '../src/schedule/work.ts'

export type Outcome = 'done' | 'failed' | 'dependency' | 'cancelled' | 'lost' | 'infeasible' | 'crowded'

export class Task extends Work {
  readonly priority: number
  readonly request: Request | undefined
  readonly dependencies: readonly Task[]
  readonly retries: number
  phase: 'waiting' | 'ready' | 'queued' | 'running' | 'settled' = 'waiting'
  /** Where it was dispatched to, and who runs it. */
  to: Worker | undefined
  by: Worker | undefined
  open = false
  /** Someone cancelled it after it was dispatched. */
  stopped = false
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
const lineOf = ({ request, priority, caller }: Task): string => JSON.stringify([request, priority, caller])

class Run {
  readonly #random: Random
  readonly #limits: { slots: number; depth: number }
  readonly #scheduler: Scheduler<Task>
  readonly #all: Task[] = []
  /** In the order in which they are to be served within caller and priority. */
  #ready: Task[] = []
  #dispatched: Task[] = []
  readonly #workers = new Map<number, Worker>()
  /** What the event under way must settle, and what it has settled. */
  #mustSettle = new Map<Task, Outcome>()
  #settled = new Map<Task, Outcome>()
  /** By line, how often other callers were served since it waits for its turn. */
  readonly #overtaken = new Map<string, Map<number, number>>()

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.#limits = { slots: 1 << this.#int(1, 6), depth: this.#int(1, 5) }
    this.#scheduler = new Scheduler<Task>(
      {
        dispatch: (task, worker, open) => this.#dispatch(task, worker, open),
        settle: (task, reason, origin) => {
          if (reason === 'dependency') assert(origin && origin.state === 'settled' && origin !== task)
          assert(!this.#settled.has(task), `task ${task.id} settles twice`)
          this.#settled.set(task, reason)
        },
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
    const kind = this.#int(0, 100)
    if (kind < 35) this.#submit()
    else if (kind < 60) this.#take()
    else if (kind < 82) this.#comeBack()
    else if (kind < 88) this.#cancel()
    else if (kind < 93) this.#await()
    else if (kind < 96) this.#leave()
    else if (kind < 98) this.#joinSome()
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
    const asked = task.request?.amounts ?? []
    if (asked.some(([name, amount]) => amount > (total[name] ?? 0))) this.#settle(task, 'infeasible')
    else if (this.#isReady(task)) this.#enqueue(task)
    this.#scheduler.submit(task, dependencies.length > 0 ? dependencies : undefined)
    this.#over()
  }

  #request(): Request {
    const worker = this.#chance(0.5) ? -1 : this.#int(0, workerCount)
    if (worker >= 0 && this.#chance(0.4)) return { cpus: 0, amounts: [], worker, beside: true }
    const amounts: [string, number][] = []
    if (this.#chance(0.4)) amounts.push(['gpus', this.#chance(0.05) ? 3 : this.#int(1, 3)])
    if (this.#chance(0.3)) amounts.push(['memory', this.#int(1, 11) / 10])
    if (this.#chance(0.02)) amounts.push(['unicorns', 1])
    return { cpus: this.#one([0, 0.1, 0.3, 0.5, 1, 2])!, amounts, worker, beside: false }
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
      this.#settle(task, 'done')
      for (const other of this.#all) {
        if (other.phase === 'waiting' && other.dependencies.includes(task) && this.#isReady(other)) this.#enqueue(other)
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
    this.#scheduler.assign()
    this.#over()
  }

  // The model.

  #isReady({ dependencies }: Task): boolean {
    return dependencies.every(({ outcome }) => outcome === 'done')
  }

  #enqueue(task: Task, first = false): void {
    task.phase = 'ready'
    if (first) this.#ready.unshift(task)
    else this.#ready.push(task)
  }

  #backFromWorker(task: Task): void {
    this.#dispatched = this.#dispatched.filter(other => other !== task)
    task.to = task.by = undefined
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
    for (const other of this.#all) {
      if (other.phase === 'waiting' && other.dependencies.includes(task)) this.#settleAll(other, 'dependency')
    }
  }

  /** Of a resource, or of a worker's CPUs, what dispatched tasks hold. */
  #lent(name: string): number {
    return this.#dispatched.reduce((sum, { request }) => {
      const found = request?.amounts.find(([other]) => other === name)
      return sum + (found ? found[1] : 0)
    }, 0)
  }
  #cpus(worker: Worker): number {
    const held = this.#dispatched.filter(({ to, awaits }) => to === worker && !awaits)
    return held.reduce((sum, { request }) => sum + (request?.cpus ?? 0), 0)
  }
  #opened(worker: Worker): number {
    return this.#dispatched.filter(({ to, open, awaits }) => to === worker && open && !awaits).length
  }

  #fits({ request }: Task, worker: Worker): boolean {
    if (this.#dispatched.length >= this.#limits.slots) return false
    const cpus = this.#cpus(worker)
    if (request === undefined) return cpus < 1e-6 && this.#opened(worker) < (this.#isCrowded ? 1 : this.#limits.depth)
    if (request.worker >= 0 && request.worker !== worker.number) return false
    if (request.beside) {
      const calls = this.#dispatched.filter(other => other.to === worker && other.request?.beside).length
      return calls < Math.ceil(this.#limits.slots / (this.#workers.size + 1))
    }
    if (request.amounts.some(([name, amount]) => this.#lent(name) + amount > total[name] + 1e-6)) return false
    if (request.cpus === 0) return true
    return request.cpus >= 1 ? cpus < 1e-6 : cpus + request.cpus < 1 + 1e-6
  }

  #dispatch(task: Task, number: number, open: boolean): void {
    const worker = this.#workers.get(number)
    assert(worker, `task ${task.id} is sent to worker ${number}, which is not there`)
    assert.equal(task.phase, 'ready', `task ${task.id}`)
    assert(this.#fits(task, worker), `task ${task.id} does not fit worker ${number}`)
    assert.equal(open, task.request === undefined)
    this.#checkTurn(task)
    this.#ready = this.#ready.filter(other => other !== task)
    this.#overtaken.delete(lineOf(task))
    task.phase = 'queued'
    task.to = worker
    task.open = open
    this.#dispatched.push(task)
    worker.queue.push(task)
  }

  #checkTurn(task: Task): void {
    const like = (other: Task) =>
      JSON.stringify(other.request) === JSON.stringify(task.request) && other.priority >= task.priority
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
      assert(!idle, `task ${idle?.id} ${JSON.stringify(idle?.request)} waits, and fits worker ${worker.number}`)
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
    this.#scheduler.assign()
    this.#over()
    for (let steps = 0; this.#all.some(({ phase }) => phase !== 'settled'); steps++) {
      assert(steps < 10_000, 'it comes to no end')
      for (const task of this.#dispatched) this.#scheduler.awaits(task, false)
      this.#joinSome()
      this.#take()
      this.#comeBack()
    }
    const { waiting, ready, dispatched } = this.#scheduler.counts
    assert.deepEqual({ waiting, ready, dispatched }, { waiting: 0, ready: 0, dispatched: 0 })
    for (const task of this.#all) assert(task.outcome, `task ${task.id} is lost`)
  }
}
