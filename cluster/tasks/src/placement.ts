/** Placement groups: resources set aside together, for tasks and actors that belong together or must be kept apart. */

import { inspect } from 'node:util'
import { ArgumentError } from '@skein/base'
import { engineHere } from './engine.ts'
import { checkResources, type Resources } from './options.ts'
import type { Ref } from './ref.ts'
import { type Strategy, strategies } from './schedule/group.ts'

export interface PlacementOptions {
  /**
   * `'pack'` (the default): on as few workers as possible. `'spread'`: on as many as possible. `'strict-pack'`: all on one; `'strict-spread'`:
   * each on another. What is strict and cannot be is refused.
   */
  readonly strategy?: Strategy
}

/** What `placementGroup` gives: an option of tasks and actors. */
export class PlacementGroup {
  /** Its number in the engine. */
  readonly id: number
  readonly bundles: readonly Resources[]
  readonly strategy: Strategy
  /** Settles when all bundles are set aside. Fails with a PlacementError when they never can be, or the group is removed. */
  readonly ready: Ref<void>

  constructor(id: number, bundles: readonly Resources[], strategy: Strategy, ready: Ref<void>) {
    this.id = id
    this.bundles = bundles
    this.strategy = strategy
    this.ready = ready
  }

  /**
   * Gives the resources back. Tasks of the group that do not run yet fail with a PlacementError; what runs or lives in it goes on, and
   * holds what it has until it is over.
   */
  remove(): void {
    engineHere().unplace(this.id)
  }

  [inspect.custom](): string {
    return `PlacementGroup(${this.id}, ${this.strategy}: ${this.bundles.map(bundle => JSON.stringify(bundle)).join(' ')})`
  }
}

/**
 * Sets resources aside, in bundles, each on one worker: all at once, when there is room for all.
 *
 *     const group = placementGroup([{ cpus: 1 }, { cpus: 1 }], { strategy: 'strict-spread' })
 *     const ref = simulate.with({ placement: { group, bundle: 0 } })(7)   // waits for the group by itself
 *     group.remove()
 *
 * @param bundles `cpus` is 1 unless given
 * @throws ArgumentError
 */
export function placementGroup(bundles: readonly Resources[], options: PlacementOptions = {}): PlacementGroup {
  if (!Array.isArray(bundles) || bundles.length === 0) {
    throw new ArgumentError('placementGroup', 'bundles', 'an array of resources, as [{ cpus: 1 }]', bundles)
  }
  for (const bundle of bundles as readonly unknown[]) checkResources('placementGroup', bundle ?? null)
  const { strategy = 'pack' } = options
  if (!strategies.includes(strategy)) {
    throw new ArgumentError('placementGroup', 'strategy', strategies.join(', '), strategy)
  }
  const { group, ready } = engineHere().place(bundles, strategy)
  return new PlacementGroup(group, bundles, strategy, ready)
}
