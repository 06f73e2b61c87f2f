/** What the page knows: the messages of the feed, in columns that are overwritten from the oldest. */

import type { Glance, GraphOutline, Hello, LogLine, Message, Rows } from '@skein/tasks/observe'

export const capacity = 1 << 17
const mostPoints = 2400
const mostLines = 5000
const rowBytes = 32

export type Connection = 'connecting' | 'live' | 'ended'

/** Columns of a chart against time. */
export class Series {
  readonly seconds: number[] = []
  readonly columns: number[][]

  constructor(columns: number) {
    this.columns = Array.from({ length: columns }, () => [])
  }

  push(atMs: number, ...values: number[]): void {
    this.seconds.push(atMs / 1000)
    this.columns.forEach((column, i) => column.push(values[i]))
    if (this.seconds.length < 2 * mostPoints) return
    for (const column of [this.seconds, ...this.columns]) column.splice(0, mostPoints)
  }

  clear(): void {
    for (const column of [this.seconds, ...this.columns]) column.length = 0
  }
}

export class Model {
  connection: Connection = 'connecting'
  hello: Hello | undefined
  glance: Glance | undefined
  /** Share of the workers' time that was spent in tasks, since the glance before. */
  busy = 0
  names: string[] = []
  lines: LogLine[] = []
  linesMissed = 0
  /** Rows that were not sent, because there were too many. */
  rowsMissed = 0
  /** What graphs and bags are made of, by their numbers. */
  readonly outlines = new Map<number, GraphOutline>()
  readonly throughput = new Series(1)
  readonly queue = new Series(2)
  readonly lag = new Series(1)
  // Finished tasks, row n at n mod capacity.
  rows = 0
  readonly task = new Float64Array(capacity)
  readonly startedMs = new Float64Array(capacity)
  readonly tookMs = new Float32Array(capacity)
  readonly waitedMs = new Float32Array(capacity)
  readonly name = new Uint16Array(capacity)
  readonly worker = new Uint16Array(capacity)
  readonly outcome = new Uint8Array(capacity)
  readonly #listeners = new Set<() => void>()

  /** Calls back after each glance. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  changed(): void {
    for (const listener of this.#listeners) listener()
  }

  take(message: Message): void {
    switch (message.is) {
      case 'hello':
        return this.#begin(message)
      case 'history': {
        const { atMs, settled, queued, running, lagMs } = message
        for (let i = 1; i < atMs.length; i++) {
          this.throughput.push(atMs[i], (1000 * (settled[i] - settled[i - 1])) / (atMs[i] - atMs[i - 1]))
          this.queue.push(atMs[i], queued[i], running[i])
          this.lag.push(atMs[i], lagMs[i])
        }
        return
      }
      case 'graph': {
        const { graph, boxes, arrows } = message
        this.outlines.set(graph, { boxes, arrows })
        return
      }
      case 'rows':
        return this.#takeRows(message)
      case 'logs':
        this.lines.push(...message.lines)
        this.linesMissed += message.missed
        if (this.lines.length > 2 * mostLines) this.lines.splice(0, this.lines.length - mostLines)
        return
      case 'glance':
        return this.#takeGlance(message)
    }
  }

  /** Everything anew: the program is another one, or the connection was lost meanwhile. */
  #begin(hello: Hello): void {
    this.hello = hello
    this.glance = undefined
    this.names = []
    this.lines = []
    this.rows = this.rowsMissed = this.linesMissed = 0
    this.outlines.clear()
    for (const series of [this.throughput, this.queue, this.lag]) series.clear()
  }

  #takeRows({ namesFrom, names, rows, missed, thinned }: Rows): void {
    this.names.length = namesFrom
    this.names.push(...names)
    this.rowsMissed += missed + thinned
    const bytes = Uint8Array.from(atob(rows), character => character.charCodeAt(0))
    const view = new DataView(bytes.buffer)
    for (let from = 0; from < bytes.length; from += rowBytes) {
      const row = this.rows++ % capacity
      this.task[row] = view.getFloat64(from, true)
      this.startedMs[row] = view.getFloat64(from + 8, true)
      this.tookMs[row] = view.getFloat32(from + 16, true)
      this.waitedMs[row] = view.getFloat32(from + 20, true)
      this.name[row] = view.getUint16(from + 24, true)
      this.worker[row] = view.getUint16(from + 26, true)
      this.outcome[row] = bytes[from + 30]
    }
  }

  #takeGlance(glance: Glance): void {
    const before = this.glance
    this.glance = glance
    const { stats, atMs, graphs } = glance
    for (const graph of this.outlines.keys()) {
      if (!graphs.some(look => look.graph === graph)) this.outlines.delete(graph)
    }
    if (stats && before?.stats && atMs > before.atMs) {
      const settled = (s: typeof stats) => s.done + s.failed + s.cancelled
      const sum = (ms: readonly number[]) => ms.reduce((a, b) => a + b, 0)
      const passedMs = atMs - before.atMs
      this.throughput.push(atMs, (1000 * (settled(stats) - settled(before.stats))) / passedMs)
      this.queue.push(atMs, stats.waiting + stats.ready, stats.running)
      this.lag.push(atMs, glance.lag.most)
      const ran = sum(glance.busyMs) - sum(before.busyMs)
      this.busy = Math.min(1, ran / passedMs / Math.max(1, stats.workers))
    }
    this.changed()
  }

  /** Rows that are kept, the latest first. */
  *latest(): Generator<number> {
    for (let n = this.rows - 1; n >= Math.max(0, this.rows - capacity); n--) yield n % capacity
  }
}

const token = new URLSearchParams(location.search).get('token')
/** An address of the server, with the token that the page itself was opened with. */
export const address = (path: string): string =>
  token === null ? path : `${path}${path.includes('?') ? '&' : '?'}token=${encodeURIComponent(token)}`

/** Follows the program until it ends. */
export function follow(model: Model): void {
  const events = new EventSource(address('/events'))
  let failures = 0
  const end = () => {
    events.close()
    model.connection = 'ended'
    model.changed()
  }
  events.onmessage = event => {
    failures = 0
    model.connection = 'live'
    model.take(JSON.parse(event.data) as Message)
  }
  events.addEventListener('ended', end)
  events.onerror = () => {
    // The browser tries again by itself; a program that has ended stays away.
    if (++failures >= 2 || events.readyState === EventSource.CLOSED) return end()
    model.connection = 'connecting'
    model.changed()
  }
}
