/**
 * Writing a trace as the Trace Event Format that chrome://tracing and https://ui.perfetto.dev open. Two things are
 * made here and not while recording: lanes (a row may hold only spans that nest, and a thread's asynchronous spans do
 * not), and flows (the arrows from a span to those it caused on other threads, which the parents' ids already tell).
 */

import { describe } from './describe.ts'
import type { Attributes, ThreadTrace, TraceRecord } from './trace-threads.ts'

export interface ChromeEvent {
  readonly ph: 'X' | 'B' | 'i' | 'C' | 'M' | 's' | 'f'
  readonly name: string
  readonly pid: number
  readonly tid: number
  /** µs since the trace's zero. */
  readonly ts: number
  readonly dur?: number
  readonly cat?: string
  readonly id?: string
  readonly s?: 't'
  readonly bp?: 'e'
  readonly args?: { readonly [name: string]: unknown }
}

export interface ChromeTrace {
  readonly traceEvents: readonly ChromeEvent[]
  readonly displayTimeUnit: 'ms'
  readonly otherData: {
    readonly producer: 'skein'
    readonly host: string
    /** Where the trace's zero lies: on the host's monotonic clock, and in milliseconds since 1970. */
    readonly zeroMonotonicUs: number
    readonly zeroUnixMs: number
    /** Events lost to full buffers, by thread; and of threads that could not be asked. */
    readonly dropped: { readonly [thread: string]: number }
  }
}

export interface TraceOrigin {
  readonly pid: number
  readonly processName: string
  readonly host: string
  readonly zeroMonotonicUs: number
  readonly zeroUnixMs: number
}

type SpanRecord = Extract<TraceRecord, { kind: 'span' }>

/** To the nanosecond: more digits than the clock has would only make the file longer. */
const round = (us: number): number => Math.round(us * 1000) / 1000

const plain = (attributes: Attributes): { [name: string]: unknown } => {
  const args: { [name: string]: unknown } = {}
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue
    const asIs = typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
    args[name] = asIs ? value : describe(value)
  }
  return args
}

/**
 * Gives each span of a thread a lane: lane 0 unless it would lie across, or inside, a span that is not its ancestor.
 * In one lane every span lies wholly inside the one below it.
 */
export const assignLanes = (spans: readonly SpanRecord[], endUs: number): Map<string, number> => {
  const byId = new Map(spans.map(span => [span.spanId, span]))
  const end = (span: SpanRecord): number => span.endUs ?? endUs
  const isAncestor = (above: SpanRecord, span: SpanRecord): boolean => {
    for (let at = span.parentId; at !== undefined; at = byId.get(at)?.parentId) if (at === above.spanId) return true
    return false
  }
  const sorted = [...spans].sort((a, b) => a.startUs - b.startUs || end(b) - end(a))
  const lanes: SpanRecord[][] = []
  const laneOf = new Map<string, number>()
  for (const span of sorted) {
    const fits = (lane: SpanRecord[]): boolean => {
      while (lane.length > 0 && end(lane.at(-1)!) <= span.startUs) lane.pop()
      const top = lane.at(-1)
      return top === undefined || (end(top) >= end(span) && isAncestor(top, span))
    }
    const ofParent = span.parentId === undefined ? undefined : laneOf.get(span.parentId)
    let lane = ofParent !== undefined && fits(lanes[ofParent]!) ? ofParent : lanes.findIndex(fits)
    if (lane < 0) lane = lanes.push([]) - 1
    lanes[lane]!.push(span)
    laneOf.set(span.spanId, lane)
  }
  return laneOf
}

const flowCategory = 'skein.flow'

/** Arrows from each span to its children on other threads, and in other processes. */
export const flowsOf = (events: readonly ChromeEvent[], threadOf: (event: ChromeEvent) => unknown): ChromeEvent[] => {
  const spans = events.filter(event => event.ph === 'X' || event.ph === 'B')
  const byId = new Map(spans.map(span => [span.args?.spanId, span]))
  return spans.flatMap(child => {
    const parent = child.args?.parentId === undefined ? undefined : byId.get(child.args.parentId)
    if (parent === undefined || threadOf(parent) === threadOf(child)) return []
    const arrow = { name: child.name, cat: flowCategory, id: String(child.args!.spanId) }
    // The arrow must leave from inside its span, and a child may begin after its parent has ended.
    const latest = parent.dur === undefined ? child.ts : parent.ts + parent.dur
    const leaves = Math.max(parent.ts, Math.min(child.ts, latest))
    return [
      { ph: 's', ...arrow, pid: parent.pid, tid: parent.tid, ts: round(leaves) },
      { ph: 'f', bp: 'e', ...arrow, pid: child.pid, tid: child.tid, ts: child.ts },
    ] as ChromeEvent[]
  })
}

/** One process's threads as Chrome's JSON. */
export const toChrome = (threads: readonly ThreadTrace[], origin: TraceOrigin, endUs: number): ChromeTrace => {
  const { pid } = origin
  const events: ChromeEvent[] = []
  const meta = (name: string, tid: number, args: object): void => {
    events.push({ ph: 'M', name, pid, tid, ts: 0, args: { ...args } })
  }
  meta('process_name', 0, { name: origin.processName })
  const at = (us: number): number => round(us - origin.zeroMonotonicUs)
  const threadOfTid = new Map<number, number>()
  const dropped: { [thread: string]: number } = {}
  let tids = 0
  for (const thread of [...threads].sort((a, b) => a.threadId - b.threadId)) {
    const all = [...thread.records, ...thread.open]
    const spans = all.filter(record => record.kind === 'span')
    const laneOf = assignLanes(spans, endUs)
    const first = tids + 1
    const laneCount = 1 + Math.max(0, ...new Set(laneOf.values()))
    for (let lane = 0; lane < laneCount; lane++) {
      const tid = ++tids
      threadOfTid.set(tid, thread.threadId)
      meta('thread_name', tid, { name: lane === 0 ? thread.threadName : `${thread.threadName}, lane ${lane + 1}` })
      meta('thread_sort_index', tid, { sort_index: tid })
    }
    if (thread.dropped > 0) dropped[thread.threadName] = thread.dropped
    const tidOf = (spanId: string | undefined): number => first + ((spanId && laneOf.get(spanId)) || 0)
    for (const record of all) {
      const { name } = record
      if (record.kind === 'counter') {
        events.push({ ph: 'C', name, pid, tid: first, ts: at(record.atUs), args: { ...record.values } })
        continue
      }
      const args = plain(record.attributes)
      if (record.kind === 'instant') {
        events.push({ ph: 'i', s: 't', name, pid, tid: tidOf(record.parentId), ts: at(record.atUs), args })
        continue
      }
      const { traceId, spanId, parentId } = record
      const ids = { traceId, spanId, ...(parentId !== undefined && { parentId }) }
      const common = { name, cat: 'skein', pid, tid: tidOf(spanId), ts: at(record.startUs), args: { ...args, ...ids } }
      if (record.endUs === undefined) events.push({ ph: 'B', ...common })
      else events.push({ ph: 'X', ...common, dur: round(record.endUs - record.startUs) })
    }
  }
  events.push(...flowsOf(events, event => threadOfTid.get(event.tid)))
  const { host, zeroMonotonicUs, zeroUnixMs } = origin
  const otherData = { producer: 'skein' as const, host, zeroMonotonicUs, zeroUnixMs, dropped }
  return { traceEvents: events, displayTimeUnit: 'ms', otherData }
}

/**
 * One trace from those of several processes: ranks, nodes. Traces of one host are aligned by its monotonic clock,
 * those of several by the time of day, so only as well as their clocks agree. Arrows are drawn anew, now between
 * processes too.
 */
export const mergeTraces = (traces: readonly ChromeTrace[]): ChromeTrace => {
  const earliest = traces.reduce((a, b) => (b.otherData.zeroUnixMs < a.otherData.zeroUnixMs ? b : a)).otherData
  const events: ChromeEvent[] = []
  const pidsTaken = new Set<number>()
  const dropped: { [thread: string]: number } = {}
  for (const { traceEvents, otherData } of traces) {
    const sameHost = otherData.host === earliest.host
    const shiftUs = sameHost
      ? otherData.zeroMonotonicUs - earliest.zeroMonotonicUs
      : (otherData.zeroUnixMs - earliest.zeroUnixMs) * 1000
    const pids = new Map<number, number>()
    for (const { pid } of traceEvents) {
      if (pids.has(pid)) continue
      // Two hosts may use one pid.
      let free = pid
      while (pidsTaken.has(free)) free += 1_000_000
      pids.set(pid, free)
    }
    for (const pid of pids.values()) pidsTaken.add(pid)
    for (const event of traceEvents) {
      if (event.cat === flowCategory) continue
      const ts = event.ph === 'M' ? event.ts : round(event.ts + shiftUs)
      events.push({ ...event, pid: pids.get(event.pid)!, ts })
    }
    for (const [thread, count] of Object.entries(otherData.dropped)) dropped[thread] = (dropped[thread] ?? 0) + count
  }
  // Lanes of a thread share all but the end of its name.
  const names = new Map<string, string>()
  for (const event of events) {
    if (event.name === 'thread_name')
      names.set(`${event.pid}:${event.tid}`, String(event.args!.name).replace(/, lane \d+$/, ''))
  }
  events.push(...flowsOf(events, event => `${event.pid}:${names.get(`${event.pid}:${event.tid}`)}`))
  return { traceEvents: events, displayTimeUnit: 'ms', otherData: { ...earliest, dropped } }
}
