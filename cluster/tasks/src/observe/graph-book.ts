/** The graphs and bags that were under way since someone looked: what they are made of, and how far they are. */

import { type BoxCounts, type GraphOutline, type GraphUnderWay, onGraph } from './graphs.ts'
import { clock } from './observer.ts'

export interface GraphLook {
  /** From 1, in the order in which they were seen. */
  readonly graph: number
  readonly title: string
  readonly startedMs: number
  /** 0: it is under way. */
  readonly endedMs: number
  /** Of its outline. */
  readonly version: number
  readonly counts: readonly BoxCounts[]
}

interface Entry {
  readonly graph: number
  readonly title: string
  readonly startedMs: number
  endedMs: number
  /** Undefined when it has ended: it would hold its tasks' arguments. */
  underWay: GraphUnderWay | undefined
  version: number
  outline: GraphOutline | undefined
  counts: readonly BoxCounts[]
}

/** So many are told of. */
const mostGraphs = 12

export class GraphBook {
  readonly #entries: Entry[] = []
  readonly #leave: () => void
  #next = 1

  constructor() {
    this.#leave = onGraph(underWay => {
      const { title } = underWay
      const startedMs = clock()
      const entry: Entry = {
        graph: this.#next++,
        title,
        startedMs,
        endedMs: 0,
        underWay,
        version: 0,
        outline: undefined,
        counts: [],
      }
      this.#entries.push(entry)
      this.#forget()
      return () => {
        // One that is not told of any more is not worth a look.
        if (this.#entries.includes(entry)) this.#see(entry, new Set())
        entry.endedMs = clock()
        entry.underWay = undefined
      }
    })
  }

  close(): void {
    this.#leave()
    this.#entries.length = 0
  }

  /** The latest, oldest first. @param running the tasks that run now */
  look(running: ReadonlySet<number>): GraphLook[] {
    return this.#entries.map(entry => {
      if (entry.underWay) this.#see(entry, running)
      const { graph, title, startedMs, endedMs, version, counts } = entry
      return { graph, title, startedMs, endedMs, version, counts }
    })
  }

  /** As it was at the last look. */
  outline(graph: number): GraphOutline | undefined {
    return this.#entries.find(entry => entry.graph === graph)?.outline
  }

  #see(entry: Entry, running: ReadonlySet<number>): void {
    const { underWay } = entry
    if (underWay === undefined) return
    if (entry.outline === undefined || entry.version !== underWay.version) {
      entry.outline = underWay.outline()
      entry.version = underWay.version
    }
    entry.counts = underWay.counts(running)
  }

  /** Those that have ended go first. */
  #forget(): void {
    if (this.#entries.length <= mostGraphs) return
    const ended = this.#entries.findIndex(entry => entry.endedMs > 0)
    this.#entries.splice(Math.max(0, ended), 1)
  }
}
