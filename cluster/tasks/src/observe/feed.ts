/**
 * What a program does, told to any number of followers: a glance at the engine four times a second, and between two of them the
 * tasks that have finished and the lines that workers have printed. A follower that cannot take more is passed over, and
 * hears later what it has missed, or how much of it is gone. While no one follows, nothing is observed or kept.
 *
 * Messages are JSON, one line each:
 *
 *     hello    once: which program this is
 *     history  once: glances in brief from before
 *     glance   every 250 ms
 *     graph    what a graph or a bag is made of, before the glance that says how far it is
 *     rows     finished tasks, in base64: see `journal.ts`
 *     logs     lines
 */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { onEngine } from './engines.ts'
import { GraphBook, type GraphLook } from './graph-book.ts'
import type { GraphOutline } from './graphs.ts'
import { type FunctionSummary, outcomes } from './journal.ts'
import type { LogLine } from './logs.ts'
import { Observation, type Story } from './observation.ts'
import { clock, type Look, type Observable } from './observer.ts'
import { addTransfers, noTransfers, type Transfers } from './transfers.ts'

export interface Hello {
  readonly is: 'hello'
  readonly pid: number
  /** The file that runs, and its arguments. */
  readonly program: string
  readonly arguments: readonly string[]
  readonly node: string
  /** When the process began. */
  readonly startedMs: number
  /** When looking began: tasks that were over before are in no row. */
  readonly observedMs: number
  readonly outcomes: readonly string[]
}

/** Milliseconds by which turns of the event loop came late, since the last glance. */
export interface Lag {
  readonly p50: number
  readonly p99: number
  readonly most: number
}

export interface Glance extends Partial<Look> {
  readonly is: 'glance'
  readonly atMs: number
  /** By function, the one with most time first; the first hundred. */
  readonly functions: readonly FunctionSummary[]
  /** Rows ever written: attempts that were over since looking began. */
  readonly written: number
  /** By worker from 1, milliseconds that it has run tasks. */
  readonly busyMs: readonly number[]
  /** Graphs and bags that were under way since looking began, the latest last. */
  readonly graphs: readonly GraphLook[]
  readonly lag: Lag
  /** Of the whole process. */
  readonly residentBytes: number
}

export interface GraphMessage extends GraphOutline {
  readonly is: 'graph'
  /** As in `Glance.graphs`. */
  readonly graph: number
}

/** Columns of the glances before, oldest first. */
export interface History {
  readonly is: 'history'
  readonly atMs: readonly number[]
  /** Done, failed and cancelled together. */
  readonly settled: readonly number[]
  readonly queued: readonly number[]
  readonly running: readonly number[]
  readonly lagMs: readonly number[]
}

export interface Rows {
  readonly is: 'rows'
  /** Names from this number on are new. */
  readonly namesFrom: number
  readonly names: readonly string[]
  /** Base64 of rows of 32 bytes. */
  readonly rows: string
  readonly missed: number
  readonly thinned: number
}

export interface LogMessage {
  readonly is: 'logs'
  readonly lines: readonly LogLine[]
  readonly missed: number
}

export type Message = Hello | History | Glance | GraphMessage | Rows | LogMessage

export interface Follower {
  /** Whether it can take more now. */
  ready(): boolean
  /** Takes a message: JSON in one line. */
  send(message: string): void
}

interface Following {
  readonly follower: Follower
  rows: number
  names: number
  lines: number
  /** Graphs that it knows, and in which version. */
  graphs: Map<number, number>
}

const everyMs = 250
/** Glances that are kept in brief: five minutes. */
const mostHistory = 1200
/** Rows that a follower gets at first, and with each glance. */
const [rowsAtFirst, rowsAtOnce] = [50_000, 5000]
const linesAtOnce = 500
const functionsShown = 100
const holdersShown = 50
const resolutionMs = 10

type Brief = readonly [atMs: number, settled: number, queued: number, running: number, lagMs: number]

export class Feed {
  /** What has been kept since someone looked last. */
  observation = new Observation()
  #observedMs = 0
  #graphs: GraphBook | undefined
  #engine: Observable | undefined
  /** Of engines that were there before this one. */
  #transfersBefore = noTransfers
  readonly #followings = new Set<Following>()
  /** Those who keep it looking: followers, and whoever wants the whole story from the start. */
  #holders = 0
  #timer: NodeJS.Timeout | undefined
  #leave: (() => void) | undefined
  #history: Brief[] = []
  readonly #delay = monitorEventLoopDelay({ resolution: resolutionMs })

  /** Begins to look, and goes on until the result is called; while others do it goes on as well. */
  hold(): () => void {
    if (this.#holders++ === 0) this.#begin()
    let held = true
    return () => {
      if (held && --this.#holders === 0) this.#end()
      held = false
    }
  }

  #begin(): void {
    this.observation = new Observation()
    this.#observedMs = clock()
    this.#history = []
    this.#transfersBefore = noTransfers
    this.#graphs = new GraphBook()
    this.#delay.enable()
    this.#leave = onEngine(engine => {
      this.#transfersBefore = this.transfers()
      this.#engine?.observe(undefined)
      this.#engine = engine
      engine?.observe(this.observation)
    })
    this.#timer = setInterval(() => this.#tick(), everyMs).unref()
  }

  #end(): void {
    clearInterval(this.#timer)
    this.#leave?.()
    this.#graphs?.close()
    this.#engine?.observe(undefined)
    this.#engine = undefined
    this.#delay.disable()
  }

  /** Tells a follower everything from now on, until the result is called. */
  follow(follower: Follower): () => void {
    const release = this.hold()
    const following: Following = { follower, rows: 0, names: 0, lines: 0, graphs: new Map() }
    this.#followings.add(following)
    follower.send(JSON.stringify(this.#hello()))
    follower.send(JSON.stringify(this.history()))
    this.#tell(following, this.glance(), rowsAtFirst)
    return () => {
      this.#followings.delete(following)
      release()
    }
  }

  story(task: number): Story | undefined {
    return this.observation.story(task)
  }

  #hello(): Hello {
    const [, program = '', ...rest] = process.argv
    const startedMs = performance.timeOrigin
    const observedMs = this.#observedMs
    return {
      is: 'hello',
      pid: process.pid,
      program,
      arguments: rest,
      node: process.version,
      startedMs,
      observedMs,
      outcomes,
    }
  }

  /** The glances since looking began, in brief. */
  history(): History {
    const column = (n: 0 | 1 | 2 | 3 | 4) => this.#history.map(brief => brief[n])
    return {
      is: 'history',
      atMs: column(0),
      settled: column(1),
      queued: column(2),
      running: column(3),
      lagMs: column(4),
    }
  }

  /** What bringing values from thread to thread has cost since looking began. */
  transfers(look = this.#engine?.look()): Transfers {
    return look === undefined ? this.#transfersBefore : addTransfers(this.#transfersBefore, look.transfers)
  }

  /** The program at this moment. */
  glance(): Glance {
    const look = this.#engine?.look()
    const { journal } = this.observation
    const transfers = this.transfers(look)
    return {
      is: 'glance',
      atMs: clock(),
      ...look,
      ...(look && shortened(look)),
      transfers: { ...transfers, calls: transfers.calls.slice(0, functionsShown) },
      functions: journal.functions().slice(0, functionsShown),
      written: journal.written,
      busyMs: Array.from(journal.busyMs, ms => ms ?? 0),
      graphs: this.#graphs?.look(new Set(look?.running.map(({ task }) => task))) ?? [],
      lag: this.#lag(),
      residentBytes: process.memoryUsage.rss(),
    }
  }

  #lag(): Lag {
    // The histogram holds the times between turns, of which the timer's own are no lag.
    const late = (ns: number) => (Number.isFinite(ns) ? Math.max(0, ns / 1e6 - resolutionMs) : 0)
    const none = this.#delay.count === 0
    return none
      ? { p50: 0, p99: 0, most: 0 }
      : { p50: late(this.#delay.percentile(50)), p99: late(this.#delay.percentile(99)), most: late(this.#delay.max) }
  }

  #tick(): void {
    const glance = this.glance()
    this.#delay.reset()
    const { stats } = glance
    if (stats) {
      const settled = stats.done + stats.failed + stats.cancelled
      this.#history.push([glance.atMs, settled, stats.waiting + stats.ready, stats.running, glance.lag.most])
      if (this.#history.length > 2 * mostHistory) this.#history.splice(0, mostHistory)
    }
    if (this.#followings.size === 0) return
    const text = JSON.stringify(glance)
    for (const following of this.#followings) this.#tell(following, glance, rowsAtOnce, text)
  }

  #tell(following: Following, glance: Glance, mostRows: number, text = JSON.stringify(glance)): void {
    const { follower } = following
    if (!follower.ready()) return
    const { journal, logs } = this.observation
    if (journal.written > following.rows) {
      const { bytes, next, missed, thinned } = journal.columns(following.rows, mostRows)
      const { names: namesFrom } = following
      const names = journal.names.slice(namesFrom)
      following.rows = next
      following.names = journal.names.length
      const rows = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
      follower.send(JSON.stringify({ is: 'rows', namesFrom, names, rows, missed, thinned } satisfies Rows))
    }
    if (logs.written > following.lines) {
      const { lines, next, missed } = logs.read(following.lines, linesAtOnce)
      following.lines = next
      follower.send(JSON.stringify({ is: 'logs', lines, missed } satisfies LogMessage))
    }
    const known = following.graphs
    following.graphs = new Map(glance.graphs.map(({ graph, version }) => [graph, version]))
    for (const [graph, version] of following.graphs) {
      const outline = known.get(graph) === version ? undefined : this.#graphs?.outline(graph)
      if (outline) follower.send(JSON.stringify({ is: 'graph', graph, ...outline } satisfies GraphMessage))
    }
    follower.send(text)
  }
}

/** As much of the holders of memory as is shown. */
function shortened({ holders, stats }: Look): Pick<Look, 'holders' | 'stats'> {
  const { objects } = stats
  const shown = { ...objects, holders: objects.holders.slice(0, holdersShown) }
  return { holders: holders.slice(0, holdersShown), stats: { ...stats, objects: shown } }
}

let own: Feed | undefined

/** The feed of this program. */
export const feed = (): Feed => (own ??= new Feed())
