/**
 * A worker: takes slots from the board and runs what stands in them. All of it is one synchronous loop, which returns to the event
 * loop only for what needs it: a task that gave a promise, messages, output, and whatever timers and sockets tasks have left open.
 */

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { CancelledError } from '@skein/base'
import { heap } from '@skein/heap'
import { setEngineFactory } from '../engine.ts'
import type { ActorDefinition, Definition } from '../registry.ts'
import { CellReader, type Words } from '../values/cells.ts'
import { pack, unpack } from '../values/pack.ts'
import { Actors } from './actors.ts'
import * as at from './board.ts'
import { Caller } from './caller.ts'
import { type Context, contexts } from './context.ts'
import { load } from './loading.ts'
import type { DefinitionNote, FromWorker, ToWorker, WorkerStart } from './mail.ts'
import { get64, put64, putError, putResult } from './result.ts'
import { streamWindow } from './stream.ts'
import { waitAsync } from './wait-async.ts'

const { board, layout, worker, definitions: notes } = workerData as WorkerStart
const port = parentPort!
const c = new Int32Array(board)
const words: Words = { ints: c, floats: new Float64Array(board), bytes: new Uint8Array(board) }
const me = at.workerAt(worker)
const mine = {
  open: at.queueAt(layout, worker, at.openQueue),
  own: at.queueAt(layout, worker, at.ownQueue),
  done: at.queueAt(layout, worker, at.doneQueue),
}

/** By number: what the client calls it, and the definition once it has been had. */
const noted: DefinitionNote[] = []
const loaded: (Definition | undefined)[] = []
for (const note of notes) noted[note.number] = note

const actors = new Actors()
const caller = new Caller(port, numberOf)
setEngineFactory(() => caller)

/** Contexts of what runs, by slot: for those that should stop. */
const running = new Map<number, Context>()
/** How many items more the reader of a stream can take, and who waits to send one. */
const credits = new Map<number, { items: number; wake: (() => void) | undefined }>()
/** Slots whose task gave a promise, or waits for its module. */
let underWay = 0
/** Of them, those that hold the worker's place for plain tasks. */
let plainUnderWay = 0

const { timeOrigin } = performance
/** When the last task ended, if another begins at once: reading the clock takes as long as a short task. */
let since = 0
const pause: () => void = (Atomics as { pause?: () => void }).pause ?? (() => {})

/** Spinning lasts until the clock says so: it adapts between these bounds to whether it paid the last time. */
const shortestSpinMs = 0.02
const longestSpinMs = 0.2
let spinMs = 0.1

/** The loop returns to the event loop at least this often while there is always something to run. */
const longestStretchMs = 10

type Reason = 'closing' | 'mail' | 'turn' | 'idle'

function loop(): Reason {
  const until = performance.now() + longestStretchMs
  since = 0
  for (let n = 1; ; n++) {
    if (Atomics.load(c, at.closing) !== 0) return 'closing'
    if (Atomics.load(c, me + at.mail) !== 0) return 'mail'
    const slot = next()
    if (slot >= 0) {
      start(slot)
      if ((n & 63) === 0 && performance.now() > until) return 'turn'
      continue
    }
    since = 0
    if (underWay > 0) return 'idle'
    if (spin()) continue
    if (hasOpenResources()) return 'idle'
    if (!sleep()) return 'turn'
  }
}

/** Whether there is something for this worker to look at. */
function hasNews(): boolean {
  if (Atomics.load(c, at.closing) !== 0 || Atomics.load(c, me + at.mail) !== 0 || at.lengthOf(c, mine.own) > 0)
    return true
  if (plainUnderWay > 0 || Atomics.load(c, me + at.mayTakeOpen) === 0) return false
  for (let other = 0; other < layout.workers; other++) {
    if (at.lengthOf(c, at.queueAt(layout, other, at.openQueue)) > 0) return true
  }
  return false
}

const giveBack = (slot: number): void => {
  at.push(c, layout, mine.done, slot)
  at.ringDone(c)
}

/** What to run now: own work first, then open work, then open work of others, the longest queue first. */
function next(): number {
  let slot = at.take(c, layout, mine.own, worker, giveBack)
  if (slot >= 0) return slot
  if (plainUnderWay > 0 || Atomics.load(c, me + at.mayTakeOpen) === 0) return -1
  slot = at.take(c, layout, mine.open, worker, giveBack)
  if (slot >= 0) return slot
  let longest = 0
  let from = -1
  for (let other = 0; other < layout.workers; other++) {
    const queue = at.queueAt(layout, other, at.openQueue)
    const length = at.lengthOf(c, queue)
    if (length > longest) {
      longest = length
      from = queue
    }
  }
  return from < 0 ? -1 : at.take(c, layout, from, worker, giveBack)
}

/** Looks for news for a while; true when there is some. */
function spin(): boolean {
  const until = performance.now() + spinMs
  do {
    for (let i = 0; i < 32; i++) {
      if (hasNews()) {
        spinMs = Math.min(longestSpinMs, spinMs * 2)
        return true
      }
      pause()
    }
  } while (performance.now() < until)
  spinMs = Math.max(shortestSpinMs, spinMs / 2)
  return false
}

/** Sleeps until there is news. False when the event loop should turn first. */
function sleep(): boolean {
  const owes = hasOutput()
  const seen = Atomics.load(c, me + at.bell)
  Atomics.store(c, me + at.state, at.sleeping)
  // What came before that store woke nobody.
  const outcome = hasNews() ? 'ok' : Atomics.wait(c, me + at.bell, seen, owes ? 2 : Number.POSITIVE_INFINITY)
  Atomics.store(c, me + at.state, at.awake)
  return !(owes && outcome === 'timed-out')
}

const hasOutput = (): boolean => process.stdout.writableLength > 0 || process.stderr.writableLength > 0

/** Timers, sockets, files that a task has left open: asleep on the bell, the worker would not serve them. */
const hasOpenResources = (): boolean => process.getActiveResourcesInfo().some(name => name !== 'MessagePort')

/** Waits for news, or for something that happens here, with the event loop turning. */
async function idle(): Promise<void> {
  const seen = Atomics.load(c, me + at.bell)
  Atomics.store(c, me + at.state, at.sleeping)
  // What came before that store woke nobody.
  if (!hasNews()) {
    // One waiter at a time: it stays behind when something here ends the waiting, and does for the next.
    rung ??= waitAsync(c, me + at.bell, seen)?.then(() => {
      rung = undefined
      wakeIdle?.()
    })
    if (rung) await new Promise<void>(resolve => (wakeIdle = resolve))
    wakeIdle = undefined
  }
  Atomics.store(c, me + at.state, at.awake)
}
let rung: Promise<void> | undefined
/** Ends `idle`: something the loop waits for has happened. */
let wakeIdle: (() => void) | undefined

// A task.

function start(slot: number): void {
  const s = at.slotAt(layout, slot)
  put64(words, s + at.slotStarted, since || timeOrigin + performance.now())
  since = 0
  const number = c[s + at.slotDefinition]
  if (c[s + at.slotActor] > 0) return startCall(slot, s, number)
  const definition = loaded[number]
  if (definition === undefined)
    return await_(slot, s, true, new Attempt(slot, s, true), () => fetch(number).then(d => invoke(slot, s, d)))
  const context = new Attempt(slot, s, true)
  try {
    const { fn } = definition as Extract<Definition, { kind: 'task' }>
    c[me + at.running] = slot + 1
    const result = contexts.run(context, fn as (...args: unknown[]) => unknown, ...argumentsOf(s))
    c[me + at.running] = 0
    if (isDeferred(result, s)) await_(slot, s, true, context, () => contexts.run(context, settleResult, result, s))
    else finish(slot, s, result)
  } catch (error) {
    c[me + at.running] = 0
    fail(slot, s, error)
  }
}

function invoke(_slot: number, s: number, definition: Definition): unknown {
  const { fn } = definition as Extract<Definition, { kind: 'task' }>
  return settleResult(fn(...argumentsOf(s)), s)
}

class Attempt implements Context {
  readonly slot: number
  readonly task: number
  abort: AbortController | undefined = undefined
  awaiting = 0
  readonly plain: boolean

  constructor(slot: number, s: number, plain: boolean) {
    this.slot = slot
    this.task = get64(words, s + at.slotTaskId)
    this.plain = plain
  }

  isCancelled(): boolean {
    return Atomics.load(c, at.slotAt(layout, this.slot) + at.slotCancel) !== 0
  }
}

const isThenable = (x: unknown): x is PromiseLike<unknown> =>
  x !== null &&
  (typeof x === 'object' || typeof x === 'function') &&
  typeof (x as { then?: unknown }).then === 'function'

const isGenerator = (x: unknown): x is Iterable<unknown> | AsyncIterable<unknown> =>
  x !== null &&
  typeof x === 'object' &&
  typeof (x as { next?: unknown }).next === 'function' &&
  (typeof (x as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function' ||
    typeof (x as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] === 'function')

const isDeferred = (x: unknown, s: number): boolean =>
  x !== null && typeof x === 'object' && (isThenable(x) || isGenerator(x) || c[s + at.slotStreams] !== 0)

/** A generator's items go into a stream, or together are the result; a promise's value is the result. */
async function settleResult(result: unknown, s: number): Promise<unknown> {
  const value = await result
  if (c[s + at.slotStreams] !== 0) return stream(value, s)
  if (!isGenerator(value)) return value
  const items: unknown[] = []
  for await (const item of value) items.push(item)
  return items
}

async function stream(items: unknown, s: number): Promise<undefined> {
  const task = get64(words, s + at.slotTaskId)
  const credit = creditOf(task)
  try {
    for await (const item of items as AsyncIterable<unknown>) {
      while (credit.items === 0) await new Promise<void>(resolve => (credit.wake = resolve))
      if (credit.items < 0) break
      credit.items--
      c[s + at.slotStreams]++
      const value = pack(item, 'the items of a stream', 'item', true).bytes.slice()
      port.postMessage({ is: 'item', task, value } satisfies FromWorker, [value.buffer])
    }
  } finally {
    credits.delete(task)
  }
}

const creditOf = (task: number): { items: number; wake: (() => void) | undefined } => {
  let credit = credits.get(task)
  if (!credit) credits.set(task, (credit = { items: streamWindow, wake: undefined }))
  return credit
}

/** Goes on with a task in turns of the event loop. */
function await_(slot: number, s: number, plain: boolean, context: Context, go: () => unknown): void {
  underWay++
  if (plain) plainUnderWay++
  running.set(slot, context)
  const over = () => {
    underWay--
    // While it awaited results, its place was another's already.
    if (plain && context.awaiting === 0) plainUnderWay--
    running.delete(slot)
    wakeIdle?.()
  }
  Promise.resolve(contexts.run(context, async () => go())).then(
    value => {
      over()
      finish(slot, s, value)
    },
    error => {
      over()
      fail(slot, s, error)
    },
  )
}

// A task that awaits a result inside gives its place up for the time.
caller.onAwait = () => {
  const context = contexts.getStore()
  if (context === undefined || !context.plain || !running.has(context.slot)) return () => {}
  const { task, slot } = context
  if (context.awaiting++ === 0) {
    plainUnderWay--
    port.postMessage({ is: 'awaits', task, slot } satisfies FromWorker)
    wakeIdle?.()
  }
  return () => {
    if (--context.awaiting > 0 || running.get(slot) !== context) return
    plainUnderWay++
    port.postMessage({ is: 'resumes', task, slot } satisfies FromWorker)
  }
}

function argumentsOf(s: number): unknown[] {
  const count = c[s + at.slotArguments]
  const reader = cellsOfSlot(s)
  const args: unknown[] = []
  if (count >= 0) {
    for (let i = 0; i < count; i++) args.push(reader.next())
    return args
  }
  const dependencies: unknown[] = []
  for (let i = c[s + at.slotDependencies]; i > 0; i--) dependencies.push(reader.next())
  const bytes = heap.view(Uint8Array, get64(words, s + at.slotPacked), get64(words, s + at.slotPackedBytes))
  return unpack(bytes, dependencies) as unknown[]
}

function cellsOfSlot(s: number): CellReader {
  if (c[s + at.slotCellsOut] === 0) return new CellReader(words, s + at.slotCells)
  const address = get64(words, s + at.slotCellsAddress)
  const cells = c[s + at.slotCellsOut]
  const [ints, floats, bytes] = [
    heap.view(Int32Array, address, cells * 4),
    heap.view(Float64Array, address, cells * 2),
    heap.view(Uint8Array, address, cells * 16),
  ]
  return new CellReader({ ints, floats, bytes }, 0)
}

function finish(slot: number, s: number, value: unknown): void {
  try {
    putResult(words, s, value)
  } catch (error) {
    return fail(slot, s, error)
  }
  deliver(slot, s, at.done)
}

function fail(slot: number, s: number, error: unknown): void {
  try {
    putError(words, s, error)
  } catch (other) {
    putError(words, s, other)
  }
  deliver(slot, s, at.failed)
}

function deliver(slot: number, s: number, phase: number): void {
  since = timeOrigin + performance.now()
  put64(words, s + at.slotEnded, since)
  c[me + at.tasksRun]++
  Atomics.store(c, s + at.slotState, at.stateWord(phase, at.useOf(c[s + at.slotState]), worker))
  at.push(c, layout, mine.done, slot)
  at.ringDone(c)
}

// An actor's call.

function startCall(slot: number, s: number, number: number): void {
  const actor = c[s + at.slotActor]
  const method = c[s + at.slotMethod]
  const context = new Attempt(slot, s, false)
  underWay++
  running.set(slot, context)
  const over = () => {
    underWay--
    running.delete(slot)
    wakeIdle?.()
  }
  const done = (value: unknown) => {
    over()
    finish(slot, s, value)
  }
  const broke = (error: unknown) => {
    over()
    fail(slot, s, error)
  }
  if (method < 0) {
    const make = (definition: Definition) => {
      const { type: Type } = definition as ActorDefinition
      return contexts.run(context, () => new Type(...argumentsOf(s)))
    }
    const known = loaded[number]
    return actors.create(
      actor,
      c[s + at.slotConcurrency],
      known ? () => make(known) : () => fetch(number).then(make),
      done,
      broke,
    )
  }
  const call = (instance: object) => {
    const name = (loaded[number] as ActorDefinition).methods[method]
    const fn = (instance as { [name: string]: (...args: unknown[]) => unknown })[name]
    const result = contexts.run(context, () => fn.apply(instance, argumentsOf(s)))
    return isDeferred(result, s) ? contexts.run(context, settleResult, result, s) : result
  }
  actors.call(actor, call, done, broke)
}

// Definitions and messages.

const fetches = new Map<number, Promise<Definition>>()

function fetch(number: number): Promise<Definition> {
  let fetched = fetches.get(number)
  if (!fetched) {
    fetched = load(noted[number]).then(definition => (loaded[number] = definition))
    fetches.set(number, fetched)
  }
  return fetched
}

/** The number under which the client knows a definition that this worker calls. */
function numberOf(kind: 'task' | 'actor', url: string, name: string): DefinitionNote {
  return noted.find(note => note?.url === url && note.name === name) ?? { number: -1, kind, url, name }
}

function readMail(): void {
  Atomics.store(c, me + at.mail, 0)
  for (let received = receiveMessageOnPort(port); received; received = receiveMessageOnPort(port)) {
    handle(received.message as ToWorker)
  }
}

function handle(message: ToWorker): void {
  switch (message.is) {
    case 'definition':
      noted[message.note.number] = message.note
      return
    case 'cancel': {
      const context = running.get(message.slot)
      if (context?.task !== message.task) return
      const error = new CancelledError('the task', message.reason)
      if (context.abort) context.abort.abort(error)
      else {
        // The task may ask for its signal later.
        context.abort = new AbortController()
        context.abort.abort(error)
      }
      const credit = credits.get(message.task)
      if (credit) {
        credit.items = -1
        credit.wake?.()
      }
      return
    }
    case 'credit': {
      const credit = creditOf(message.task)
      credit.items = message.items < 0 ? -1 : credit.items + message.items
      credit.wake?.()
      credit.wake = undefined
      return
    }
    case 'kill':
      actors.kill(message.actor)
      return
    case 'answer':
      caller.answer(message)
  }
}

// Messages that come while the event loop turns.
port.on('message', (message: ToWorker) => {
  handle(message)
  wakeIdle?.()
})

Atomics.store(c, me + at.state, at.awake)
process.on('exit', () => Atomics.store(c, me + at.state, at.gone))

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
for (;;) {
  const reason = loop()
  if (reason === 'closing') break
  if (reason === 'mail') readMail()
  if (reason === 'idle') await idle()
  await turn()
}
process.exit(0)
