/** The placement groups of an engine as the client keeps them. */

import { EngineClosedError, PlacementError } from '../errors.ts'
import type { Resources } from '../options.ts'
import { Bundle, Group, type Strategy } from '../schedule/group.ts'
import { amountsOf, callOfPut } from './call.ts'
import { nothing, Record } from './record.ts'
import { siteHere, withSite } from './site.ts'

interface GroupEntry {
  readonly group: Group
  /** What is waited for until it is placed: no task, and never dispatched. */
  readonly ready: Record
}

/** The scheduler's part, and the engine's. */
export interface GroupEvents {
  /** @returns false when it can never be placed */
  asked(group: Group): boolean
  removed(group: Group): void
  /** What waited for a group, or waits for it from now on: one more or one less. */
  waits(more: 1 | -1): void
}

export class Groups {
  readonly #workers: number
  readonly #events: GroupEvents
  readonly #groups = new Map<number, GroupEntry>()

  constructor(workers: number, events: GroupEvents) {
    this.#workers = workers
    this.#events = events
  }

  /** Asks for resources to be set aside. @returns what settles when they are, or never can be */
  place(id: number, bundles: readonly Resources[], strategy: Strategy): Record {
    const made = bundles.map(({ cpus = 1, ...others }) => new Bundle(cpus, amountsOf(others)))
    const call = { ...callOfPut, name: 'placement group' }
    const entry = { group: new Group(id, strategy, made), ready: new Record(id, 0, call, nothing, siteHere()) }
    this.#groups.set(id, entry)
    this.#events.waits(1)
    if (!this.#events.asked(entry.group)) this.#remove(id, impossible(entry.group, this.#workers))
    return entry.ready
  }

  /** The resources of a group are set aside. */
  placed(id: number): void {
    this.#settle(this.#groups.get(id)!, undefined)
  }

  /** What it set aside is free again. */
  unplace(id: number): void {
    this.#remove(id, removal(id))
  }

  #remove(id: number, why: PlacementError): void {
    const entry = this.#groups.get(id)
    if (entry === undefined) return
    this.#groups.delete(id)
    this.#settle(entry, withSite(why, entry.ready.site))
    this.#events.removed(entry.group)
  }

  #settle({ ready }: GroupEntry, error: unknown): void {
    if (ready.settlement !== 'pending') return
    this.#events.waits(-1)
    ready.settle(error === undefined ? 'fulfilled' : 'rejected', error)
  }

  /** One that was removed is told as such, and no more. */
  at(id: number): Group {
    const found = this.#groups.get(id)?.group
    if (found !== undefined) return found
    const removed = new Group(id, 'pack', [])
    removed.state = 'removed'
    return removed
  }

  /** The engine ends: those that wait are not placed any more. */
  close(): void {
    for (const entry of this.#groups.values()) this.#settle(entry, new EngineClosedError('placementGroup'))
  }
}

export const removal = (id: number): PlacementError =>
  new PlacementError(id, 'it was removed, or could never be placed')

function impossible({ id, bundles, strategy }: Group, workers: number): PlacementError {
  const asked = `its ${bundles.length} bundles (${strategy}) would not fit if nothing else were there`
  return new PlacementError(
    id,
    `${asked}, on ${workers} workers, each with one CPU, and what 'start' was told of others`,
  )
}
