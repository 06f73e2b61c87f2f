/** Gathering what the threads of a process record, and writing it down. */

import { nodeModule } from './node.ts'
import { Ring } from './ring.ts'
import { type ChromeTrace, toChrome } from './trace-chrome.ts'
import { nowUs } from './trace-clock.ts'
import { startRun, type ThreadTrace, type TraceRecord } from './trace-threads.ts'

const theProcess = (globalThis as { process?: NodeJS.Process }).process

interface Kept {
  threadName: string
  readonly ring: Ring<TraceRecord>
  open: readonly TraceRecord[]
  /** Dropped by the thread itself, before it sent. */
  lost: number
}

/** A trace being made: held by the thread that started it. */
export class Gathering {
  readonly file: string | undefined
  readonly #collector
  readonly #capacity: number
  readonly #threads = new Map<number, Kept>()
  readonly #processName: string
  readonly #zeroMonotonicUs = nowUs()
  readonly #zeroUnixMs = Date.now()
  #unreachable = 0

  /** Turns tracing on in every thread. */
  constructor(capacity: number, processName: string, file: string | undefined) {
    this.#capacity = capacity
    this.#processName = processName
    this.file = file
    this.#collector = startRun(capacity, trace => this.take(trace))
  }

  /** Adds what a thread sent. */
  take(trace: ThreadTrace): void {
    let kept = this.#threads.get(trace.threadId)
    if (kept === undefined) {
      kept = { threadName: trace.threadName, ring: new Ring(this.#capacity), open: [], lost: 0 }
      this.#threads.set(trace.threadId, kept)
    }
    kept.threadName = trace.threadName
    for (const made of trace.records) kept.ring.push(made)
    kept.open = trace.open
    kept.lost += trace.dropped
  }

  /** Adds what someone has kept of a thread that did not record it. */
  add(threadId: number, threadName: string, records: readonly TraceRecord[]): void {
    this.take({ threadId, threadName, records, open: [], dropped: 0 })
  }

  /** Asks all threads; the events of those that do not answer within the limit count as dropped. */
  async gather(timeoutMs: number): Promise<void> {
    for (const { events } of await this.#collector.gather(timeoutMs)) this.#unreachable += events
  }

  /** Adds what has been sent, without waiting: for a process that is exiting. */
  drain(): void {
    this.#collector.drain()
  }

  /** Turns tracing off in every thread. */
  close(): void {
    this.#collector.close()
  }

  toChrome(): ChromeTrace {
    const threads = [...this.#threads].map(([threadId, { threadName, ring, open, lost }]) => {
      return { threadId, threadName, records: ring.toArray(), open, dropped: lost + ring.dropped }
    })
    const origin = {
      pid: theProcess?.pid ?? 1,
      processName: this.#processName,
      host: nodeModule<typeof import('node:os')>('node:os')?.hostname() ?? 'browser',
      zeroMonotonicUs: this.#zeroMonotonicUs,
      zeroUnixMs: this.#zeroUnixMs,
    }
    const trace = toChrome(threads, origin, nowUs())
    if (this.#unreachable === 0) return trace
    const dropped = { ...trace.otherData.dropped, 'threads that did not answer': this.#unreachable }
    return { ...trace, otherData: { ...trace.otherData, dropped } }
  }
}

/**
 * Writes a trace, an event a line, so that it can be read and searched by line too. Throws what the file system
 * throws.
 */
export const writeTrace = (file: string, trace: ChromeTrace): void => {
  const { traceEvents, ...rest } = trace
  const lines = traceEvents.map(event => JSON.stringify(event))
  const text = `{"traceEvents":[\n${lines.join(',\n')}\n],${JSON.stringify(rest).slice(1)}\n`
  nodeModule<typeof import('node:fs')>('node:fs')?.writeFileSync(file, text)
}
