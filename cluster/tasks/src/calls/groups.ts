/** The placement groups of an engine as the client keeps them. */

import { PlacementError } from '../errors.ts'
import type { Resources } from '../options.ts'
import { Bundle, Group, type Strategy } from '../schedule/group.ts'
import { amountsOf, callOfPut } from './call.ts'
import { nothing, Record } from './record.ts'

/** What is waited for until a group is placed: no task, and never dispatched. */
export interface GroupEntry {
  readonly group: Group
  readonly ready: Record
}

export class GroupTable {
  readonly #groups = new Map<number, GroupEntry>()

  add(id: number, bundles: readonly Resources[], strategy: Strategy, site: Error): GroupEntry {
    const made = bundles.map(({ cpus = 1, ...others }) => new Bundle(cpus, amountsOf(others)))
    const call = { ...callOfPut, name: 'placement group' }
    const entry = { group: new Group(id, strategy, made), ready: new Record(id, 0, call, nothing, site) }
    this.#groups.set(id, entry)
    return entry
  }

  /** One that was removed is told as such, and no more. */
  at(id: number): Group {
    const found = this.#groups.get(id)?.group
    if (found !== undefined) return found
    const removed = new Group(id, 'pack', [])
    removed.state = 'removed'
    return removed
  }

  entry(id: number): GroupEntry | undefined {
    return this.#groups.get(id)
  }

  /** @returns undefined when it had been removed */
  remove(id: number): GroupEntry | undefined {
    const entry = this.#groups.get(id)
    this.#groups.delete(id)
    return entry
  }

  /** Those that wait. */
  get waiting(): GroupEntry[] {
    return [...this.#groups.values()].filter(({ ready }) => ready.settlement === 'pending')
  }
}

export const removal = (id: number): PlacementError =>
  new PlacementError(id, 'it was removed, or could never be placed')

export function impossible({ id, bundles, strategy }: Group, workers: number): PlacementError {
  const asked = `its ${bundles.length} bundles (${strategy}) would not fit if nothing else were there`
  return new PlacementError(
    id,
    `${asked}, on ${workers} workers, each with one CPU, and what 'start' was told of others`,
  )
}
