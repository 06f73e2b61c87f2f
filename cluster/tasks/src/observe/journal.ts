/**
 * What an engine has done, kept for those who look: the last tasks one by one, in typed arrays that are overwritten from the
 * oldest; and by function, over the whole life of the program. Looking never slows the engine: a reader comes with the
 * number of the row it has seen last and takes what is new.
 */

import { Quantiles } from './quantiles.ts'

export const outcomes = ['done', 'failed', 'cancelled', 'lost'] as const
export type Outcome = (typeof outcomes)[number]

/** An attempt at a task, or a call of an actor, that is over. Times in milliseconds since the epoch. */
export interface Row {
  /** Of the row, from 0: in the order in which they were over. */
  readonly number: number
  readonly task: number
  readonly name: string
  /** From 1; 0: it never ran. */
  readonly worker: number
  /** 0: the main program; else the worker whose task submitted it. */
  readonly caller: number
  readonly outcome: Outcome
  readonly submittedMs: number
  readonly startedMs: number
  readonly endedMs: number
}

export interface FunctionSummary {
  readonly name: string
  readonly done: number
  readonly failed: number
  readonly cancelled: number
  readonly lost: number
  readonly sumMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly mostMs: number
  /** How long its tasks waited before they began, half of them less. */
  readonly waitP50Ms: number
}

/** Rows as they travel: numbers of fixed width, `rowBytes` for each row, in the order of this machine's bytes. */
export interface Columns {
  readonly bytes: Uint8Array
  readonly rows: number
  readonly next: number
  /** Rows that were overwritten before they could be read. */
  readonly missed: number
  /** Rows that were left out because there were too many. */
  readonly thinned: number
}

/**
 * A row in bytes: task and start as 64-bit floats, how long it took and how long it had waited (ms) as 32-bit floats, then
 * name, worker and caller in 16 bits each, and the outcome in 8.
 */
export const rowBytes = 32

/** Names that are counted each by itself; whatever comes after them is counted as one. */
export const mostNames = 1000
export const others = '(others)'

interface Kind {
  readonly name: string
  readonly number: number
  readonly counts: Uint32Array
  readonly took: Quantiles
  readonly waited: Quantiles
}

export class Journal {
  readonly capacity: number
  /** Rows ever written. */
  #written = 0
  /** In the order of their numbers. */
  readonly names: string[] = []
  /** By worker, how long it has run tasks, ended ones only, in milliseconds; asynchronous ones overlap. */
  readonly busyMs: number[] = []
  readonly #kinds = new Map<string, Kind>()
  readonly #task: Float64Array
  /** Submitted, started, ended. */
  readonly #times: Float64Array
  readonly #kind: Uint16Array
  readonly #worker: Uint16Array
  readonly #caller: Uint16Array
  readonly #outcome: Uint8Array

  constructor(capacity = 1 << 17) {
    this.capacity = capacity
    this.#task = new Float64Array(capacity)
    this.#times = new Float64Array(capacity * 3)
    this.#kind = new Uint16Array(capacity)
    this.#worker = new Uint16Array(capacity)
    this.#caller = new Uint16Array(capacity)
    this.#outcome = new Uint8Array(capacity)
  }

  get written(): number {
    return this.#written
  }

  add(
    task: number,
    name: string,
    worker: number,
    caller: number,
    outcome: Outcome,
    submittedMs: number,
    startedMs: number,
    endedMs: number,
  ): void {
    const kind = this.#kinds.get(name) ?? this.#kindOf(name)
    const row = this.#written++ % this.capacity
    const code = outcomes.indexOf(outcome)
    this.#task[row] = task
    this.#times[row * 3] = submittedMs
    this.#times[row * 3 + 1] = startedMs
    this.#times[row * 3 + 2] = endedMs
    this.#kind[row] = kind.number
    this.#worker[row] = worker
    this.#caller[row] = caller
    this.#outcome[row] = code
    kind.counts[code]++
    if (worker === 0) return
    this.busyMs[worker] = (this.busyMs[worker] ?? 0) + endedMs - startedMs
    kind.took.add(endedMs - startedMs)
    kind.waited.add(startedMs - submittedMs)
  }

  #kindOf(name: string): Kind {
    const known = this.names.length < mostNames ? undefined : this.#kinds.get(others)
    if (known) return known
    const own = this.names.length < mostNames ? name : others
    const counts = new Uint32Array(outcomes.length)
    const kind = { name: own, number: this.names.length, counts, took: new Quantiles(), waited: new Quantiles() }
    this.names.push(own)
    this.#kinds.set(own, kind)
    return kind
  }

  /**
   * Rows from number `from` on, oldest first, at most `most`, and the number to come back with. `missed` rows have been
   * overwritten since.
   */
  read(from = 0, most = Number.POSITIVE_INFINITY): { rows: Row[]; next: number; missed: number } {
    const oldest = Math.max(0, this.#written - this.capacity)
    const first = Math.max(from, oldest)
    const next = Math.min(this.#written, first + most)
    const rows: Row[] = []
    for (let n = first; n < next; n++) rows.push(this.#row(n))
    return { rows, next, missed: first - from }
  }

  /** Attempts at a task that are still kept, oldest first. */
  of(task: number): Row[] {
    const rows: Row[] = []
    for (let n = Math.max(0, this.#written - this.capacity); n < this.#written; n++) {
      if (this.#task[n % this.capacity] === task) rows.push(this.#row(n))
    }
    return rows
  }

  /**
   * Rows from number `from` on as bytes. Of more than `most`, the longest are given, those that did not go well, and every
   * so manieth of the others.
   */
  columns(from: number, most: number): Columns {
    const oldest = Math.max(0, this.#written - this.capacity)
    const first = Math.max(from, oldest)
    const there = this.#written - first
    const least = there <= most ? Number.NEGATIVE_INFINITY : this.#durationAbove(first, 0.4 * most)
    const step = Math.ceil((2 * there) / most)
    const floats = new Float64Array((Math.min(there, most) * rowBytes) / 8)
    const singles = new Float32Array(floats.buffer)
    const shorts = new Uint16Array(floats.buffer)
    const bytes = new Uint8Array(floats.buffer)
    let rows = 0
    for (let n = first; n < this.#written && rows < most; n++) {
      const row = n % this.capacity
      const took = this.#times[row * 3 + 2] - this.#times[row * 3 + 1]
      if (took < least && this.#outcome[row] === 0 && n % step !== 0) continue
      floats[rows * 4] = this.#task[row]
      floats[rows * 4 + 1] = this.#times[row * 3 + 1]
      singles[rows * 8 + 4] = took
      singles[rows * 8 + 5] = this.#times[row * 3 + 1] - this.#times[row * 3]
      shorts[rows * 16 + 12] = this.#kind[row]
      shorts[rows * 16 + 13] = this.#worker[row]
      shorts[rows * 16 + 14] = this.#caller[row]
      bytes[rows * 32 + 30] = this.#outcome[row]
      rows++
    }
    const thinned = there - rows
    return { bytes: bytes.subarray(0, rows * rowBytes), rows, next: this.#written, missed: first - from, thinned }
  }

  /** A duration that about so many of the rows from `first` on exceed. */
  #durationAbove(first: number, most: number): number {
    const took = new Quantiles()
    for (let n = first; n < this.#written; n++) {
      const row = n % this.capacity
      took.add(this.#times[row * 3 + 2] - this.#times[row * 3 + 1])
    }
    // What is found is a bucket's middle: a little more is above all of it.
    return took.at(1 - most / (this.#written - first)) * 1.05
  }

  #row(number: number): Row {
    const row = number % this.capacity
    return {
      number,
      task: this.#task[row],
      name: this.names[this.#kind[row]],
      worker: this.#worker[row],
      caller: this.#caller[row],
      outcome: outcomes[this.#outcome[row]],
      submittedMs: this.#times[row * 3],
      startedMs: this.#times[row * 3 + 1],
      endedMs: this.#times[row * 3 + 2],
    }
  }

  /** By function, the one with most time first. */
  functions(): FunctionSummary[] {
    const summaries = [...this.#kinds.values()].map(({ name, counts, took, waited }): FunctionSummary => {
      const [done, failed, cancelled, lost] = counts
      const [p50Ms, p95Ms] = [took.at(0.5), took.at(0.95)]
      const { sumMs, mostMs } = took
      return { name, done, failed, cancelled, lost, sumMs, p50Ms, p95Ms, mostMs, waitP50Ms: waited.at(0.5) }
    })
    return summaries.sort((a, b) => b.sumMs - a.sumMs)
  }
}
