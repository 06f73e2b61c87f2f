/**
 * How a trace is shared by the threads of a process. One small block of shared memory says whether tracing is on, so
 * that every thread sees it at once, even one that sleeps in `Atomics.wait` and reads no messages; it reaches new
 * workers as environment data. Finished events go to the collecting thread in batches over a BroadcastChannel: when
 * it asks, when a thread calls `flush` (a thread that is about to sleep should), and when a thread exits.
 *
 * The block:
 *
 *     [0] 1 while tracing is on
 *     [1] run: grows with every start; a thread whose buffer is of another run empties it
 *     [2] request: grows with every collection
 *     [3] slots taken
 *     [4] capacity: events a thread keeps
 *     [5] to [8] the trace id of spans that have no parent
 *     [9 + 3 s] slot s: events its thread holds | batches it has posted | the last request it has answered
 */

import { nodeModule } from './node.ts'
import { newTraceId } from './trace-context.ts'

export type AttributeValue = string | number | boolean | bigint | undefined
export interface Attributes {
  readonly [name: string]: AttributeValue
}

/** One thing that happened, in a form that `postMessage` carries. Times are µs on the clock all threads share. */
export type TraceRecord =
  | {
      readonly kind: 'span'
      readonly name: string
      readonly startUs: number
      /** Undefined while the span is open. */
      readonly endUs: number | undefined
      readonly traceId: string
      readonly spanId: string
      readonly parentId: string | undefined
      readonly attributes: Attributes
    }
  | {
      readonly kind: 'instant'
      readonly name: string
      readonly atUs: number
      readonly parentId: string | undefined
      readonly attributes: Attributes
    }
  | {
      readonly kind: 'counter'
      readonly name: string
      readonly atUs: number
      readonly values: { readonly [series: string]: number }
    }

/** What one thread has recorded. */
export interface ThreadTrace {
  readonly threadId: number
  readonly threadName: string
  readonly records: readonly TraceRecord[]
  /** Spans that had begun and not ended when this was sent. */
  readonly open: readonly TraceRecord[]
  /** Records lost because the buffer was full. */
  readonly dropped: number
}

interface Batch extends ThreadTrace {
  readonly run: number
  readonly slot: number
}

const headWords = 9
const slotWords = 3
const slots = 1024
const environmentKey = 'skein.trace'
const requestChannel = 'skein.trace.request'
const batchChannel = 'skein.trace.batch'

type WorkerThreads = typeof import('node:worker_threads')
const workerThreads = nodeModule<WorkerThreads>('node:worker_threads')

const makeControl = (): Int32Array => {
  const inherited = workerThreads?.getEnvironmentData(environmentKey)
  if (typeof SharedArrayBuffer === 'function' && inherited instanceof SharedArrayBuffer)
    return new Int32Array(inherited)
  const bytes = (headWords + slots * slotWords) * 4
  if (typeof SharedArrayBuffer !== 'function') return new Int32Array(bytes / 4)
  const control = new SharedArrayBuffer(bytes)
  workerThreads?.setEnvironmentData(environmentKey, control)
  return new Int32Array(control)
}

/** The shared block. `control[0] !== 0` is the whole cost of tracing while it is off. */
export const control = makeControl()

export const threadId: number = workerThreads?.threadId ?? 0
export const isOn = (): boolean => control[0] !== 0
/** Events a thread keeps between two collections. */
export const capacityOfRun = (): number => Atomics.load(control, 4)
/** The trace to which spans without a parent belong, on every thread. */
export const traceIdOfRun = (): string =>
  Array.from({ length: 4 }, (_, word) => (Atomics.load(control, 5 + word) >>> 0).toString(16).padStart(8, '0')).join('')
export const currentRun = (): number => Atomics.load(control, 1)

/** A worker may have been started with the block of another: its slot is its own, taken at its first event. */
let slot = -1
const slotBase = (s: number): number => headWords + s * slotWords
const takeSlot = (): void => {
  slot = Atomics.add(control, 3, 1)
}
const hasSlot = (s: number): boolean => s >= 0 && s < slots

interface Channel {
  postMessage(message: unknown): void
  close(): void
  ref?(): void
  unref?(): void
  onmessage: ((event: { data: unknown }) => void) | null
}
const openChannel = (name: string): Channel | undefined =>
  typeof BroadcastChannel === 'function' ? (new BroadcastChannel(name) as unknown as Channel) : undefined

/** What a recording thread does when the collector asks; kept so that the channel is opened once. */
let requests: Channel | undefined

/** Called by a thread at its first event of a run. `post` is called on a request, and at exit. */
export const joinRun = (post: () => void): void => {
  if (slot < 0) takeSlot()
  if (requests !== undefined) return
  requests = openChannel(requestChannel)
  if (requests === undefined) return
  requests.onmessage = event => {
    post()
    if (hasSlot(slot)) Atomics.store(control, slotBase(slot) + 2, event.data as number)
    // An answer that carries nothing still has to wake the collector.
    sendBatch({ slot, run: currentRun() })
  }
  requests.unref?.()
  ;(globalThis as { process?: NodeJS.Process }).process?.once('exit', post)
}

/** Says how many events this thread holds, so that the collector knows whom to wait for. */
export const announceHeld = (count: number): void => {
  if (hasSlot(slot)) control[slotBase(slot)] = count
}

const sendBatch = (message: object): void => {
  // Opened for one message: a listener would receive, and copy, every other thread's events.
  const channel = openChannel(batchChannel)
  channel?.postMessage(message)
  channel?.close()
}

/** Hands this thread's events to the collector. */
export const postBatch = (run: number, trace: ThreadTrace): void => {
  if (hasSlot(slot)) Atomics.add(control, slotBase(slot) + 1, 1)
  sendBatch({ ...trace, run, slot } satisfies Batch)
  announceHeld(0)
}

/** The thread that started tracing, and gathers what the others post. */
export interface Collector {
  /** Asks every thread and resolves when all have answered, or at the limit; gives the threads that did not answer. */
  gather(timeoutMs: number): Promise<{ events: number }[]>
  /** Takes in what has been posted, without waiting. */
  drain(): void
  close(): void
}

/** Turns tracing on in every thread. `take` receives each batch of this run. */
export const startRun = (capacity: number, take: (trace: ThreadTrace) => void): Collector => {
  Atomics.store(control, 4, Math.min(capacity, 2 ** 31 - 1))
  const traceId = newTraceId()
  for (let word = 0; word < 4; word++) {
    Atomics.store(control, 5 + word, Number.parseInt(traceId.slice(word * 8, word * 8 + 8), 16))
  }
  const run = Atomics.add(control, 1, 1) + 1
  const received = new Map<number, number>()
  let settle: (() => void) | undefined

  const accept = (message: Partial<Batch> & { slot: number; run: number }): void => {
    if (message.records !== undefined) {
      received.set(message.slot, (received.get(message.slot) ?? 0) + 1)
      if (message.run === run) take(message as Batch)
    }
    settle?.()
  }
  const batches = openChannel(batchChannel)
  if (batches) {
    batches.onmessage = event => accept(event.data as Batch)
    batches.unref?.()
  }
  // Read once the channel is open: a batch posted in between is then received and not waited for.
  const atStart = Array.from({ length: slots }, (_, s) => Atomics.load(control, slotBase(s) + 1))
  for (let s = 0; s < slots; s++) Atomics.store(control, slotBase(s), 0)
  Atomics.store(control, 0, 1)

  const taken = (): number => Math.min(slots, Atomics.load(control, 3))
  const waitsFor = (s: number, request: number): boolean => {
    const held = Atomics.load(control, slotBase(s))
    const posted = Atomics.load(control, slotBase(s) + 1) - atStart[s]!
    const answered = Atomics.load(control, slotBase(s) + 2) - request >= 0
    return s !== slot && ((held > 0 && !answered) || (received.get(s) ?? 0) < posted)
  }

  return {
    gather(timeoutMs) {
      const request = Atomics.add(control, 2, 1) + 1
      const channel = openChannel(requestChannel)
      channel?.postMessage(request)
      channel?.close()
      const missing = (): number[] => Array.from({ length: taken() }, (_, s) => s).filter(s => waitsFor(s, request))
      return new Promise(resolve => {
        const finish = (): void => {
          clearTimeout(timer)
          settle = undefined
          batches?.unref?.()
          const late = missing().map(s => ({ events: Atomics.exchange(control, slotBase(s), 0) }))
          resolve(late)
        }
        const timer = setTimeout(finish, timeoutMs)
        settle = () => {
          if (missing().length === 0) finish()
        }
        batches?.ref?.()
        settle()
      })
    },
    drain() {
      if (!batches || !workerThreads) return
      const next = (): { message: Batch } | undefined => {
        try {
          return workerThreads.receiveMessageOnPort(batches as unknown as import('node:worker_threads').MessagePort)
        } catch {
          return undefined
        }
      }
      for (let got = next(); got !== undefined; got = next()) accept(got.message)
    },
    close() {
      Atomics.store(control, 0, 0)
      batches?.close()
    },
  }
}
