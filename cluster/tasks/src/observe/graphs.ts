/**
 * Graphs and bags under way, for those who look: boxes, each of which is one task or several of a kind, and arrows from what they
 * need. While nobody looks it is only known that they are there. As engines, they hang on the global object.
 */

import { CancelledError } from '@skein/base'
import type { Source } from '../ref.ts'

export interface GraphOutline {
  readonly boxes: readonly GraphBox[]
  /** From box to box, by their numbers from 0. */
  readonly arrows: readonly (readonly [from: number, to: number])[]
}

export interface GraphBox {
  readonly label: string
  /** The number of its task; 0: it stands for several. */
  readonly task: number
}

/** Of the tasks of one box. Those that are neither over nor run wait. */
export interface BoxCounts {
  readonly tasks: number
  readonly done: number
  readonly failed: number
  readonly cancelled: number
  readonly running: number
}

export interface GraphUnderWay {
  readonly title: string
  /** It grows when the outline changes. */
  readonly version: number
  outline(): GraphOutline
  /** Of each box. @param running the tasks that run now, by their numbers */
  counts(running: ReadonlySet<number>): readonly BoxCounts[]
}

type OnEnd = () => void
type OnGraph = (graph: GraphUnderWay) => OnEnd

interface Registry {
  /** With those who should be told when it ends. */
  readonly underWay: Map<GraphUnderWay, OnEnd[]>
  readonly listeners: Set<OnGraph>
}

const key = Symbol.for('skein.tasks.graphs')
const shared = globalThis as { [key]?: Registry }
const registry: Registry = (shared[key] ??= { underWay: new Map(), listeners: new Set() })

/** It is under way, until the result is called. */
export function announceGraph(graph: GraphUnderWay): () => void {
  registry.underWay.set(
    graph,
    [...registry.listeners].map(listener => listener(graph)),
  )
  return () => {
    const ends = registry.underWay.get(graph) ?? []
    registry.underWay.delete(graph)
    for (const end of ends) end()
  }
}

/** Calls back for each that is under way, and for each that will be; what that returns, when it ends. The result ends it all. */
export function onGraph(listener: OnGraph): () => void {
  registry.listeners.add(listener)
  for (const [graph, ends] of registry.underWay) ends.push(listener(graph))
  return () => registry.listeners.delete(listener)
}

export type Fate = 'waiting' | 'done' | 'failed' | 'cancelled'

export function fateOf(source: Source): Fate {
  if (source.settlement === 'pending') return 'waiting'
  if (source.settlement === 'fulfilled') return 'done'
  return source.outcome() instanceof CancelledError ? 'cancelled' : 'failed'
}

/** What became of tasks that belong together, by the order in which they were started. */
export class Fates {
  readonly #tasks: number[] = []
  readonly #fates: Fate[] = []

  /** @param task its number. @returns which of them it is, from 0 */
  begin(task: number): number {
    this.#fates.push('waiting')
    return this.#tasks.push(task) - 1
  }

  end(index: number, fate: Fate): void {
    this.#fates[index] = fate
  }

  taskAt(index: number): number {
    return this.#tasks[index]
  }

  /** @param boxOf by task, the box that it belongs to */
  counts(boxOf: ArrayLike<number>, boxes: number, running: ReadonlySet<number>): BoxCounts[] {
    const counts = Array.from({ length: boxes }, () => ({ tasks: 0, done: 0, failed: 0, cancelled: 0, running: 0 }))
    this.#tasks.forEach((task, i) => {
      const count = counts[boxOf[i]]
      const fate = this.#fates[i]
      count.tasks++
      if (fate !== 'waiting') count[fate]++
      else if (running.has(task)) count.running++
    })
    return counts
  }
}
