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

interface Kind {
  readonly number: number
  readonly counts: Uint32Array
  readonly took: Quantiles
  readonly waited: Quantiles
}

export class Journal {
  readonly capacity: number
  /** Rows ever written. */
  #written = 0
  readonly #names: string[] = []
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
    const kind = this.#kinds.get(name) ?? this.#newKind(name)
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
    kind.took.add(endedMs - startedMs)
    kind.waited.add(startedMs - submittedMs)
  }

  #newKind(name: string): Kind {
    // Beyond what fits into 16 bits, names share the last place.
    const number = Math.min(this.#names.length, 0xffff)
    this.#names[number] ??= name
    const kind = { number, counts: new Uint32Array(outcomes.length), took: new Quantiles(), waited: new Quantiles() }
    this.#kinds.set(name, kind)
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
    for (let n = first; n < next; n++) rows.push(this.#row(n % this.capacity))
    return { rows, next, missed: first - from }
  }

  #row(row: number): Row {
    return {
      task: this.#task[row],
      name: this.#names[this.#kind[row]],
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
    const summaries = [...this.#kinds].map(([name, { counts, took, waited }]): FunctionSummary => {
      const [done, failed, cancelled, lost] = counts
      const [p50Ms, p95Ms] = [took.at(0.5), took.at(0.95)]
      const { sumMs, mostMs } = took
      return { name, done, failed, cancelled, lost, sumMs, p50Ms, p95Ms, mostMs, waitP50Ms: waited.at(0.5) }
    })
    return summaries.sort((a, b) => b.sumMs - a.sumMs)
  }
}
