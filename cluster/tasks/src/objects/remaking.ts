/** Runs tasks again whose values were lost. */

import type { Call } from '../calls/call.ts'
import type { Given, Record } from '../calls/record.ts'
import { type Lineage, lineageOf, type Recipe } from './lineage.ts'
import { type Store, Stored } from './store.ts'

/** Submits a task; or says why it cannot. */
export type Run = (call: Call, given: Given, site: Error | undefined) => Record | string

export class Remaking {
  readonly #store: Store
  readonly #run: Run
  readonly #lineages = new WeakMap<Stored, Lineage>()
  /** What runs again, by the value it is for. */
  readonly #running = new WeakMap<Stored, Record>()
  readonly #recipes = new WeakMap<Record, Recipe>()

  constructor(store: Store, run: Run) {
    this.#store = store
    this.#run = run
  }

  /** Keeps what a task gave, and how it was made: the task still has its arguments. @returns what its record has of it */
  keep(record: Record, found: unknown): unknown {
    const kept = this.#store.keep(found, record, 'own')
    if (kept instanceof Stored) this.#note(record, kept)
    return kept
  }

  #note(record: Record, stored: Stored): void {
    this.#lineages.set(stored, this.#recipes.get(record) ?? lineageOf(record, part => this.#lineageOf(part)))
  }

  #lineageOf(stored: Stored): Lineage {
    return this.#lineages.get(stored) ?? 'no task made it: it was put'
  }

  /** The task that makes a lost value again, or why there is none. */
  again(stored: Stored): Record | string {
    const running = this.#running.get(stored)
    if (running !== undefined) return running
    const record = this.#make(this.#lineageOf(stored), stored.entry.site)
    if (typeof record === 'string' || record.settlement === 'rejected') return record
    this.#running.set(stored, record)
    record.whenSettled(() => {
      this.#running.delete(stored)
      const made = record.settlement === 'fulfilled' ? record.found : undefined
      if (made instanceof Stored) stored.replace(made)
    })
    return record
  }

  #make(lineage: Lineage, site: Error | undefined): Record | string {
    if (typeof lineage === 'string') return lineage
    if (lineage.left === 0) return "it has been made again as often as 'retries' allows"
    const given = lineage.arguments(from => this.#make(from, site))
    if (typeof given === 'string') return given
    const record = this.#run(lineage.call, given, site)
    if (typeof record === 'string') return record
    lineage.left--
    this.#recipes.set(record, lineage)
    return record
  }

  /** Resolves when a lost value has been made again. Rejects with an ObjectLostError that says why it will not be. */
  done(stored: Stored): Promise<void> {
    const record = this.again(stored)
    if (typeof record === 'string') return Promise.reject(stored.lossFor(record))
    return new Promise((resolve, reject) => {
      const over = () => {
        if (stored.latest !== stored) resolve()
        else if (record.settlement === 'rejected') reject(stored.lossFor('to make it again failed', record.outcome()))
        else reject(stored.lossFor('what was made in its place is something else'))
      }
      if (record.settlement === 'pending') record.whenSettled(over)
      else over()
    })
  }
}
