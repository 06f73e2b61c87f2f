/** What is kept of a program while someone looks: finished tasks, why tasks failed and where they came from, what workers print. */

import { inspect } from 'node:util'
import { Journal, type Outcome, type Row } from './journal.ts'
import { Logs } from './logs.ts'
import type { Observer } from './observer.ts'

/** Errors and places of calls are kept for so many of the latest. */
const mostErrors = 1000
const mostSites = 1000

/** All that is known of one task. */
export interface Story {
  readonly task: number
  /** Its attempts, oldest first. */
  readonly attempts: readonly Row[]
  /** The stack of the call that submitted it, without its first line; '' when it is not kept any more. */
  readonly submitted: string
  /** What it failed with: message, stack, and those of its causes; '' when it has not. */
  readonly error: string
}

export class Observation implements Observer {
  readonly journal: Journal
  readonly logs = new Logs()
  /** By task, the latest last. */
  readonly #errors = new Map<number, unknown>()
  /** The place of each row's call, numbered from 1: places of the latest are kept, and calls of one turn share theirs. */
  readonly #siteOfRow: Uint32Array
  readonly #sites: Error[] = []
  readonly #siteNumbers = new Map<Error, number>()
  #nextSite = 1

  constructor(journal = new Journal()) {
    this.journal = journal
    this.#siteOfRow = new Uint32Array(journal.capacity)
  }

  over(
    task: number,
    name: string,
    worker: number,
    caller: number,
    outcome: Outcome,
    submittedMs: number,
    startedMs: number,
    endedMs: number,
    site: Error | undefined,
  ): void {
    this.#siteOfRow[this.journal.written % this.journal.capacity] = site === undefined ? 0 : this.#numberOf(site)
    this.journal.add(task, name, worker, caller, outcome, submittedMs, startedMs, endedMs)
  }

  #numberOf(site: Error): number {
    let number = this.#siteNumbers.get(site)
    if (number === undefined) {
      number = this.#nextSite++
      const before = this.#sites[number % mostSites]
      if (before !== undefined) this.#siteNumbers.delete(before)
      this.#sites[number % mostSites] = site
      this.#siteNumbers.set(site, number)
    }
    return number
  }

  failed(task: number, error: unknown): void {
    this.#errors.delete(task)
    this.#errors.set(task, error)
    if (this.#errors.size > mostErrors) this.#errors.delete(this.#errors.keys().next().value!)
  }

  printed(worker: number, stream: 'stdout' | 'stderr', text: string): void {
    this.logs.add(worker, stream, text, Date.now())
  }

  /** What is known of a task; undefined when nothing is kept of it. */
  story(task: number): Story | undefined {
    const rows = this.journal.of(task)
    const error = this.#errors.get(task)
    if (rows.length === 0 && error === undefined) return undefined
    const site = rows.length === 0 ? 0 : this.#siteOfRow[rows.at(-1)!.number % this.journal.capacity]
    const kept = site > 0 && site + mostSites >= this.#nextSite
    const submitted = kept ? framesOf(this.#sites[site % mostSites]) : ''
    return { task, attempts: rows, submitted, error: this.#errors.has(task) ? textOf(error) : '' }
  }
}

const ownFolder = new URL('..', import.meta.url).href

/** The frames of a stack, but for those of this room. */
const framesOf = ({ stack = '' }: Error): string =>
  stack
    .split('\n')
    .filter(line => /^\s+at /.test(line) && !line.includes(ownFolder))
    .join('\n')

/** An error with its causes, as the console would show it. A value that breaks being shown is named at least. */
function textOf(error: unknown): string {
  try {
    return inspect(error, { depth: 4, maxStringLength: 10_000, breakLength: 120 })
  } catch {
    return 'an error that cannot be shown'
  }
}
