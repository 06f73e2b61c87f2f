/**
 * Tracing: what ran when, on which thread, caused by what.
 *
 *     tracer.start({ file: 'run.json' })
 *     await span('load', { rows: 3e6 }, async () => { … })      // a parent of the spans begun inside, across awaits
 *     { using s = tracer.span('parse'); … }                      // until the end of the block
 *     tracer.instant('cache miss', { key }); tracer.counter('heap', { bytes })
 *     await tracer.stop()                                        // run.json opens in https://ui.perfetto.dev
 *
 * Work handed to another thread or rank keeps its parent by carrying `tracer.current()` (or its `traceparent`) and
 * running under `tracer.within(context, …)` there. While tracing is off each call costs one read of a shared flag and
 * records nothing.
 */

import { asyncStorage } from './async-storage.ts'
import { describe } from './describe.ts'
import { registerError, SkeinError } from './error.ts'
import { ArgumentError } from './errors.ts'
import { Ring } from './ring.ts'
import type { ChromeTrace } from './trace-chrome.ts'
import { nowUs } from './trace-clock.ts'
import { newSpanId, parseTraceparent, type SpanContext } from './trace-context.ts'
import { Gathering, writeTrace } from './trace-gather.ts'
import {
  type Attributes,
  announceHeld,
  capacityOfRun,
  currentRun,
  isOn,
  joinRun,
  postBatch,
  type ThreadTrace,
  type TraceRecord,
  threadId,
  traceIdOfRun,
} from './trace-threads.ts'

/** A trace was asked of a thread that has not started one. */
export class TraceError extends SkeinError {
  static {
    registerError(TraceError, 'TraceError')
  }
  declare readonly call: string

  constructor(call: string) {
    const message = `${call}: this thread has not started a trace. Call tracer.start() first, in the thread that stops it.`
    super('SKEIN_TRACE', message, { call })
  }
}

const storage = asyncStorage<SpanContext | undefined>()

/** One object for all that have none, so that a call while tracing is off makes nothing. */
const none: Attributes = Object.freeze({})

const theProcess = (globalThis as { process?: NodeJS.Process }).process

let threadName = threadId === 0 ? 'main' : `worker ${threadId}`
let ring = new Ring<TraceRecord>(1)
const open = new Set<Span>()
let runOfRing = -1
let runTraceId = ''
/** The trace this thread has started, if it has. */
let gathering: Gathering | undefined
let writeAtExit: (() => void) | undefined

/** Begins anew when the run is another, here or in another thread. */
const joinCurrentRun = (): void => {
  if (runOfRing === currentRun()) return
  runOfRing = currentRun()
  ring = new Ring<TraceRecord>(capacityOfRun())
  open.clear()
  runTraceId = traceIdOfRun()
  joinRun(flush)
}

const record = (made: TraceRecord): void => {
  joinCurrentRun()
  ring.push(made)
  announceHeld(ring.length + open.size)
}

/** Only what any thread can receive: a caller without types may have put a function there. */
const sendable = (attributes: Attributes): Attributes => {
  for (const name in attributes) {
    const kind = typeof attributes[name]
    if (kind !== 'object' && kind !== 'function' && kind !== 'symbol') continue
    const entries = Object.entries(attributes)
    return Object.fromEntries(entries.map(([key, item]) => [key, typeof item === 'string' ? item : describe(item)]))
  }
  return attributes
}

const takeOwn = (): ThreadTrace => {
  const records = ring.toArray()
  const trace = { threadId, threadName, records, open: [...open].map(span => span.record()), dropped: ring.dropped }
  ring = new Ring<TraceRecord>(capacityOfRun())
  return trace
}

/**
 * Sends what this thread has recorded to the one that collects. Call it before a thread sleeps in `Atomics.wait`,
 * where no request reaches it; elsewhere it happens by itself.
 */
const flush = (): void => {
  if (runOfRing !== currentRun() || (ring.length === 0 && open.size === 0)) return
  if (gathering !== undefined) {
    gathering.take(takeOwn())
    announceHeld(0)
  } else postBatch(runOfRing, takeOwn())
}

/** Something that began and will end. Ends once; `using` ends it with its block. */
export class Span implements Disposable {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  #startUs = 0
  #attributes: Attributes
  #ended: boolean

  /** Made by `tracer.span` and `span`; one that is made while tracing is off is `offSpan`. */
  constructor(name: string, attributes: Attributes, parent: SpanContext | undefined, recording: boolean) {
    this.name = name
    this.#attributes = attributes
    this.#ended = !recording
    this.spanId = recording ? newSpanId() : ''
    this.traceId = recording ? (parent?.traceId ?? runTraceId) : ''
    this.parentId = parent?.spanId
    if (recording) {
      open.add(this)
      announceHeld(ring.length + open.size)
      this.#startUs = nowUs()
    }
  }

  /** What another thread needs to continue from here; undefined while tracing is off. */
  get context(): SpanContext | undefined {
    return this.spanId === '' ? undefined : { traceId: this.traceId, spanId: this.spanId }
  }

  /** Adds attributes; later values win. */
  set(attributes: Attributes): this {
    if (!this.#ended) this.#attributes = { ...this.#attributes, ...sendable(attributes) }
    return this
  }

  /** A span begun now whose parent is this one. */
  span(name: string, attributes: Attributes = none): Span {
    return this.#ended ? tracer.span(name, attributes) : begin(name, attributes, this)
  }

  /** Runs fn with this span as the parent of those begun inside, across its awaits. */
  run<Result>(fn: () => Result): Result {
    return this.spanId === '' ? fn() : storage.run(this.context, fn)
  }

  /** Marks the span as failed, with what was thrown. */
  fail(error: unknown): this {
    return this.set({ error: error instanceof Error ? `${error.name}: ${error.message}` : describe(error) })
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    // A span of an earlier run has no place in this one, and joining this one has forgotten it.
    joinCurrentRun()
    if (!open.delete(this)) return
    record(this.record(nowUs()))
  }

  [Symbol.dispose](): void {
    this.end()
  }

  /** The span as data: as it stands while open, or as ended then. */
  record(endUs?: number): TraceRecord {
    const { name, traceId, spanId, parentId } = this
    const attributes = this.#attributes
    return { kind: 'span', name, startUs: this.#startUs, endUs, traceId, spanId, parentId, attributes }
  }
}

/** The one span there is while tracing is off. */
const offSpan = new Span('off', {}, undefined, false)

const begin = (name: string, attributes: Attributes, parent: SpanContext | undefined): Span => {
  joinCurrentRun()
  return new Span(name, sendable(attributes), parent, true)
}

/**
 * Runs fn as a span, and gives what it returns. The span is the parent of those begun inside. It ends when fn returns
 * or throws; when fn returns a promise, once that settles. A throw is noted on the span, and goes on.
 */
export function span<Result>(name: string, fn: (span: Span) => Result): Result
export function span<Result>(name: string, attributes: Attributes, fn: (span: Span) => Result): Result
export function span<Result>(
  name: string,
  second: Attributes | ((span: Span) => Result),
  third?: (span: Span) => Result,
): Result {
  const fn = (third ?? second) as (span: Span) => Result
  if (!isOn()) return fn(offSpan)
  const made = begin(name, third === undefined ? none : (second as Attributes), storage.getStore())
  let result: Result
  try {
    result = storage.run(made.context, () => fn(made))
  } catch (error) {
    made.fail(error).end()
    throw error
  }
  if (!(result instanceof Promise)) {
    made.end()
    return result
  }
  return result.then(
    value => {
      made.end()
      return value
    },
    error => {
      made.fail(error).end()
      throw error
    },
  ) as Result
}

export interface StartOptions {
  /** Written by `stop`, or when the process exits before that. */
  readonly file?: string
  /** Events kept of each thread, the latest; 65536 unless given. */
  readonly capacity?: number
  /** Name of this process in the trace, as `rank 3`; `skein` unless given. */
  readonly processName?: string
}

/** A span that was kept elsewhere. Times in milliseconds since the epoch, as `performance.timeOrigin + performance.now()`. */
export interface KeptSpan {
  readonly name: string
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Attributes
}

const abandon = (): void => {
  gathering?.close()
  gathering = undefined
  if (writeAtExit !== undefined) theProcess?.removeListener('exit', writeAtExit)
  writeAtExit = undefined
}

const toContext = (context: SpanContext | string | undefined): SpanContext | undefined =>
  typeof context === 'string' ? parseTraceparent(context) : context

/** The trace of this process. */
export const tracer = {
  get enabled(): boolean {
    return isOn()
  },

  /**
   * Turns tracing on in all threads of the process, those that sleep and those yet to start too. The thread that
   * starts it is the one that collects and stops. Starting while on begins a new trace and forgets the old. Throws
   * ArgumentError.
   */
  start(options: StartOptions = {}): void {
    const capacity = options.capacity ?? 65536
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new ArgumentError('tracer.start', 'capacity', 'a whole number of events, at least 1', capacity)
    }
    abandon()
    const started = new Gathering(capacity, options.processName ?? 'skein', options.file)
    gathering = started
    const { file } = started
    if (file === undefined) return
    writeAtExit = () => {
      flush()
      started.drain()
      writeTrace(file, started.toChrome())
    }
    theProcess?.once('exit', writeAtExit)
  },

  /**
   * All that has been recorded since the start, in every thread. Waits for threads that run; one that sleeps or is
   * terminated without having flushed is given up at the limit (1000 ms), and its events are counted as dropped.
   * Rejects with TraceError.
   */
  async collect(options: { readonly timeoutMs?: number } = {}): Promise<ChromeTrace> {
    if (gathering === undefined) throw new TraceError('tracer.collect')
    const from = gathering
    flush()
    await from.gather(options.timeoutMs ?? 1000)
    return from.toChrome()
  },

  /** Collects, turns tracing off in all threads, and writes the file that `start` named. Rejects with TraceError. */
  async stop(options: { readonly timeoutMs?: number } = {}): Promise<ChromeTrace> {
    if (gathering === undefined) throw new TraceError('tracer.stop')
    const from = gathering
    const trace = await tracer.collect(options)
    if (gathering === from) abandon()
    if (from.file !== undefined) writeTrace(from.file, trace)
    return trace
  },

  /**
   * Begins a span whose parent is the current one. It does not become current itself: with `await` in between, a
   * block cannot tell its own work from its neighbours'. Children of it are begun by `s.span(…)` or inside
   * `s.run(…)`; or use `span(name, fn)`.
   */
  span(name: string, attributes: Attributes = none): Span {
    return isOn() ? begin(name, attributes, storage.getStore()) : offSpan
  },

  /** Something that happened at one moment. */
  instant(name: string, attributes: Attributes = none): void {
    if (!isOn()) return
    const parentId = storage.getStore()?.spanId
    record({ kind: 'instant', name, atUs: nowUs(), parentId, attributes: sendable(attributes) })
  },

  /** The value of one or more quantities from now on: `counter('heap', { used, free })`. */
  counter(name: string, values: number | { readonly [series: string]: number }): void {
    if (!isOn()) return
    record({
      kind: 'counter',
      name,
      atUs: nowUs(),
      values: typeof values === 'number' ? { value: values } : { ...values },
    })
  },

  /** The context to hand to another thread or rank: of the current span, if there is one and tracing is on. */
  current(): SpanContext | undefined {
    return isOn() ? storage.getStore() : undefined
  },

  /** Runs fn so that spans begun inside are children of a span elsewhere; a broken or absent context is none. */
  within<Result>(context: SpanContext | string | undefined, fn: () => Result): Result {
    const parent = isOn() ? toContext(context) : undefined
    return parent === undefined ? fn() : storage.run(parent, fn)
  },

  /**
   * Adds a row of spans that nobody recorded as they ran, from someone who kept their times: a scheduler of its workers.
   *
   * @param row a number that no thread has, and what the row is called
   * @throws TraceError when this thread has not started a trace
   */
  add(row: { readonly number: number; readonly name: string }, spans: readonly KeptSpan[]): void {
    if (gathering === undefined) throw new TraceError('tracer.add')
    // From the time of day to the clock of all threads.
    const shiftMs = nowUs() / 1000 - (performance.timeOrigin + performance.now())
    const traceId = traceIdOfRun()
    const records = spans.map(({ name, startMs, endMs, attributes }): TraceRecord => {
      const [startUs, endUs] = [(startMs + shiftMs) * 1000, (endMs + shiftMs) * 1000]
      return { kind: 'span', name, startUs, endUs, traceId, spanId: newSpanId(), parentId: undefined, attributes }
    })
    gathering.add(row.number, row.name, records)
  },

  flush,

  /** Names this thread's row: `main` and `worker 3` unless told. */
  nameThread(name: string): void {
    threadName = name
  },
}
