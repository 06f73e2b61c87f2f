/**
 * A worker: takes slots from the board and runs what stands in them. All of it is one synchronous loop, which returns to the event
 * loop only for what needs it: a task that gave a promise, messages, output, and whatever timers and sockets tasks have left open.
 */

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { CancelledError } from '@skein/base'
import { heap } from '@skein/heap'
import { pause, systemThreadId } from '@skein/team/cores'
import { endWithCare } from '@skein/team/loading'
import { shareCpus } from '@skein/team/quota'
import type { ActorSettings } from '../actors/instances.ts'
import { Instances, type Saveable, type WaitingCall } from '../actors/instances.ts'
import { type Context, contexts, type Scope } from '../calls/context.ts'
import { isGenerator, isThenable, resultOf } from '../deferred.ts'
import { engineHere, setEngineFactory } from '../engine.ts'
import { ActorDiedError } from '../errors.ts'
import { load } from '../loading.ts'
import type { ActorDefinition, AnyFunction, Definition, TaskDefinition } from '../registry.ts'
import type { Words } from '../values/cells.ts'
import { unpack } from '../values/pack.ts'
import { setTally, Tally } from '../values/tally.ts'
import * as at from './board.ts'
import { Caller } from './caller.ts'
import { Lease } from './lease.ts'
import { Lending } from './lending.ts'
import type { DefinitionNote, FromWorker, ToWorker, WorkerStart } from './mail.ts'
import { Output, outputMs } from './output.ts'
import { type Block, get64, packedBlock, put64, putError, putResult, putState, stateLabel } from './result.ts'
import { Sending } from './sending.ts'
import { takeArguments } from './taken-arguments.ts'
import { cutStacks } from './task-stack.ts'
import { waitAsync } from './wait-async.ts'

const { board, layout, worker, definitions: notes, firstActor, observed } = workerData as WorkerStart
const port = parentPort!
/** Code of a program that was stopped in its import cannot end the worker by the one it sees. */
const exit = process.exit.bind(process)
const c = new Int32Array(board)
const words: Words = { ints: c, floats: new Float64Array(board), bytes: new Uint8Array(board) }
const me = at.workerAt(worker)
// Before anything of the program's runs here.
Atomics.store(c, me + at.heapThread, heap.thread)
const mine = {
  open: at.queueAt(layout, worker, at.openQueue),
  own: at.queueAt(layout, worker, at.ownQueue),
  done: at.queueAt(layout, worker, at.doneQueue),
}

/** By number: what the client calls it, and the definition once it has been had. */
const noted: DefinitionNote[] = []
const loaded: (Definition | undefined)[] = []
for (const note of notes) noted[note.number] = note

const output = new Output(c, me)
const sending = new Sending(words, port)
const actors = new Instances()
/** Of actors that are about to be made. */
const settingsOf = new Map<number, ActorSettings>()
endWithCare()
// Kernels that tasks call get threads as long as workers sleep.
shareCpus(cpus => new Lending(c, layout, worker, cpus))
const caller = new Caller(port, numberOf, layout.workers, firstActor)
setEngineFactory(() => caller)
// Handles look for it.
void engineHere()

/** An attempt at a task, or a call of an actor. */
class Attempt implements Context {
  readonly slot: number
  readonly task: number
  readonly worker = worker
  abort: AbortController | undefined = undefined
  /** Results it awaits now: meanwhile its worker may run something else. */
  awaiting = 0
  /** It holds the worker's place for plain tasks. */
  readonly plain: boolean
  /** Its function has returned, and given a promise. */
  goesOn = false

  constructor(slot: number, plain: boolean) {
    this.slot = slot
    this.task = get64(words, at.slotAt(layout, slot) + at.slotTaskId)
    this.plain = plain
  }

  isCancelled(): boolean {
    // Of an actor that was killed, the slot may be another's by now.
    if (this.abort?.signal.aborted) return true
    return Atomics.load(c, at.slotAt(layout, this.slot) + at.slotCancel) !== 0
  }
}

/** The scope of what the loop runs, one after the other. */
class SharedScope implements Scope {
  #slot = -1
  #plain = false
  /** Made when someone asks. */
  #attempt: Attempt | undefined
  /** It belongs to one that goes on; the next needs another. */
  isKept = false

  get context(): Attempt | undefined {
    if (this.#slot >= 0) this.#attempt ??= new Attempt(this.#slot, this.#plain)
    return this.#attempt
  }

  enter(slot: number, plain: boolean): void {
    occupy()
    this.#slot = slot
    this.#plain = plain
  }

  leave(): void {
    vacate()
    this.#slot = -1
    this.#attempt = undefined
  }

  keep(): Attempt {
    vacate()
    this.isKept = true
    return this.context!
  }
}

/** What goes on or waits, by slot: for those that should stop. */
const running = new Map<number, Attempt>()
/** Slots whose task gave a promise, or waits for its module. */
let underWay = 0
/** Of them, those that hold the worker's place for plain tasks. */
let plainUnderWay = 0

/** A task begins, or goes on, before whatever open work stands here: that is for others. */
function occupy(): void {
  Atomics.store(c, me + at.occupied, 1)
  if (at.lengthOf(c, mine.open) > 0) at.ringSleeper(c, layout)
}

/** A task has returned, or gives its place up: another may have it still, and where the event loop turns anything may run. */
function vacate(): void {
  c[me + at.occupied] = plainUnderWay > 0 || turns ? 1 : 0
}

/** The event loop turns: methods of actors and listeners may go on there for long. */
let turns = true

const { timeOrigin } = performance
/** When the last task ended, if another begins at once: reading the clock takes as long as a short task. */
let since = 0

/**
 * How long to look for news before sleeping: between these bounds, and so long that the last wait which was worth it would
 * have been over. A worker that wakes now and then does so where the client runs, which goes on when the worker sleeps again.
 */
const shortestSpinMs = 0.004
const longestSpinMs = 0.2
let spinMs = 0.1

/** The loop returns to the event loop at least this often while there is always something to run. */
const longestStretchMs = 10

type Reason = 'closing' | 'mail' | 'turn' | 'idle' | 'again'

/** The scope of what the loop runs now. */
let shared = new SharedScope()
/** Slots taken so far. */
let taken = 0

function loop(until: number): Reason {
  since = 0
  turns = false
  vacate()
  for (;;) {
    if (Atomics.load(c, at.closing) !== 0) return 'closing'
    if (Atomics.load(c, me + at.mail) !== 0) return 'mail'
    const slot = next()
    if (slot >= 0) {
      start(slot)
      if ((++taken & 63) === 0 && performance.now() > until) return 'turn'
      if (shared.isKept) return 'again'
      continue
    }
    since = 0
    if (underWay > 0) return 'idle'
    const from = performance.now()
    if (spin(from)) continue
    if (hasOpenResources()) return 'idle'
    if (!sleep(from)) return 'turn'
  }
}

/** Whether there is something for this worker to look at. */
function hasNews(): boolean {
  if (Atomics.load(c, at.closing) !== 0 || Atomics.load(c, me + at.mail) !== 0 || at.lengthOf(c, mine.own) > 0)
    return true
  if (plainUnderWay > 0) return false
  if (Atomics.load(c, me + at.mayTakeOpen) === 0) return at.lengthOf(c, mine.open) > 0
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
  if (plainUnderWay > 0) return -1
  slot = at.take(c, layout, mine.open, worker, giveBack)
  if (slot >= 0 || Atomics.load(c, me + at.mayTakeOpen) === 0) return slot
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
function spin(from: number): boolean {
  const until = from + spinMs
  do {
    for (let i = 0; i < 32; i++) {
      if (hasNews()) return true
      pause()
    }
  } while (performance.now() < until)
  return false
}

/**
 * Sleeps until there is news. False when the event loop should turn first.
 *
 * @param from when the waiting began
 */
function sleep(from: number): boolean {
  const owes = output.isOnItsWay()
  const seen = Atomics.load(c, me + at.bell)
  Atomics.store(c, me + at.state, at.sleeping)
  Atomics.store(c, at.someSleep, 1)
  // What came before that store woke nobody.
  const outcome = hasNews() ? 'ok' : Atomics.wait(c, me + at.bell, seen, owes ? outputMs : Number.POSITIVE_INFINITY)
  Atomics.store(c, me + at.state, at.awake)
  const waitedMs = performance.now() - from
  spinMs = waitedMs < longestSpinMs ? Math.min(longestSpinMs, 2 * waitedMs) : Math.max(shortestSpinMs, spinMs / 2)
  return !(owes && outcome === 'timed-out')
}

/** Timers, sockets, files that a task has left open: asleep on the bell, the worker would not serve them. */
const hasOpenResources = (): boolean => process.getActiveResourcesInfo().some(name => name !== 'MessagePort')

/** Waits for news, or for something that happens here, with the event loop turning. */
async function idle(): Promise<void> {
  const seen = Atomics.load(c, me + at.bell)
  const takesOpen = plainUnderWay === 0
  Atomics.store(c, me + at.state, takesOpen ? at.sleeping : at.waiting)
  if (takesOpen) Atomics.store(c, at.someSleep, 1)
  else if (at.lengthOf(c, mine.open) > 0) at.ringSleeper(c, layout)
  // What came before that store woke nobody.
  if (!hasNews()) {
    // One waiter at a time: it stays behind when something here ends the waiting, and does for the next.
    rung ??= waitAsync(c, me + at.bell, seen)?.then(() => {
      rung = undefined
      wakeIdle?.()
    })
    if (rung) {
      await new Promise<void>(resolve => {
        wakeIdle = resolve
        if (output.isOnItsWay()) setTimeout(resolve, outputMs)
      })
    }
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
  const definition = loaded[number] as TaskDefinition | undefined
  if (definition === undefined) {
    const later = async () => {
      const { fn } = (await fetch(number)) as TaskDefinition
      return settleResult(fn(...takeArguments(words, s)), s)
    }
    return goOn(slot, s, new Attempt(slot, true), later)
  }
  const { fn } = definition
  shared.enter(slot, true)
  let result: unknown
  try {
    result = fn(...takeArguments(words, s))
  } catch (error) {
    shared.leave()
    return fail(slot, s, error)
  }
  if (isDeferred(result, s)) return goOn(slot, s, shared.keep(), () => settleResult(result, s))
  shared.leave()
  finish(slot, s, result)
}

const isDeferred = (x: unknown, s: number): boolean =>
  (x !== null && typeof x === 'object' && (isThenable(x) || isGenerator(x))) || c[s + at.slotStreams] !== 0

/** A generator's items go into a stream, or together are the result; a promise's value is the result. */
async function settleResult(result: unknown, s: number): Promise<unknown> {
  const value = await result
  return c[s + at.slotStreams] !== 0 ? sending.send(value, noted[c[s + at.slotDefinition]].name, s) : resultOf(value)
}

/** Goes on with a task in turns of the event loop. */
function goOn(slot: number, s: number, attempt: Attempt, go: () => Promise<unknown>): void {
  underWay++
  plainUnderWay++
  running.set(slot, attempt)
  attempt.goesOn = true
  if (attempt.awaiting > 0) giveUpPlace(attempt)
  else occupy()
  const over = () => {
    underWay--
    // While it awaited results, its place was another's already.
    if (attempt.awaiting === 0) plainUnderWay--
    vacate()
    attempt.goesOn = false
    running.delete(slot)
    wakeIdle?.()
  }
  contexts.run(attempt, go).then(
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

// A task that awaits a result inside gives its place up for the time: at once, or, if it has not returned yet, when it has.
caller.onListens = () => void Atomics.add(c, me + at.listensTold, 1)
caller.onAwait = () => {
  const attempt = contexts.getStore() as Attempt | undefined
  if (attempt === undefined || !attempt.plain) return () => {}
  if (attempt.awaiting++ === 0 && attempt.goesOn) giveUpPlace(attempt)
  return () => {
    if (--attempt.awaiting > 0 || !attempt.goesOn) return
    plainUnderWay++
    occupy()
    const { task, slot } = attempt
    port.postMessage({ is: 'resumes', task, slot } satisfies FromWorker)
  }
}

function giveUpPlace({ task, slot }: Attempt): void {
  plainUnderWay--
  vacate()
  port.postMessage({ is: 'awaits', task, slot } satisfies FromWorker)
  wakeIdle?.()
}

function finish(slot: number, s: number, value: unknown): void {
  const isCall = c[s + at.slotActor] > 0
  let state: Block | undefined
  try {
    if (isCall) state = saved(s)
    putResult(words, s, value, isCall)
  } catch (error) {
    return failWith(slot, s, error, state)
  }
  if (state !== undefined) putState(words, s, state)
  deliver(slot, s, at.done)
}

function fail(slot: number, s: number, error: unknown): void {
  let state: Block | undefined
  try {
    // A method that throws may have changed its object before.
    if (c[s + at.slotActor] > 0) state = saved(s)
  } catch (other) {
    return failWith(slot, s, other, undefined)
  }
  failWith(slot, s, error, state)
}

function failWith(slot: number, s: number, error: unknown, state: Block | undefined): void {
  cutStacks(error)
  try {
    putError(words, s, error)
  } catch (other) {
    putError(words, s, other)
  }
  if (state !== undefined) putState(words, s, state)
  deliver(slot, s, at.failed)
}

/** What the actor saves after this call, if it does. */
function saved(s: number): Block | undefined {
  if (c[s + at.slotMethod] < 0) return undefined
  const object = actors.toSave(c[s + at.slotActor])
  return object && packedBlock(object.save(), 'what an actor saved', 'state', stateLabel)
}

function deliver(slot: number, s: number, phase: number): void {
  since = timeOrigin + performance.now()
  put64(words, s + at.slotEnded, since)
  c[me + at.tasksRun]++
  const isLent = c[s + at.slotLent] !== 0
  Atomics.store(c, s + at.slotState, at.stateWord(phase, at.useOf(c[s + at.slotState]), worker))
  at.push(c, layout, mine.done, slot)
  at.ringDone(c)
  if (isLent) endLease(slot)
}

// An actor's call.

function startCall(slot: number, s: number, number: number): void {
  const actor = c[s + at.slotActor]
  const method = c[s + at.slotMethod]
  if (method < 0) return construct(actor, number, new CallUnderWay(s, new Attempt(slot, false)))
  const object = actors.ready(actor, method)
  if (object === undefined) return actors.enqueue(actor, new CallUnderWay(s, new Attempt(slot, false)))
  shared.enter(slot, false)
  let result: unknown
  try {
    result = callMethod(object, slot, s)
  } catch (error) {
    shared.leave()
    return fail(slot, s, error)
  }
  if (isDeferred(result, s)) {
    const call = new CallUnderWay(s, shared.keep())
    return actors.goesOn(actor, contexts.run(call.attempt, resultOf, result) as Promise<unknown>, call)
  }
  shared.leave()
  finish(slot, s, result)
}

function callMethod(object: object, slot: number, s: number): unknown {
  const name = (loaded[c[s + at.slotDefinition]] as ActorDefinition).methods[c[s + at.slotMethod]]
  return (object as { [name: string]: AnyFunction })[name](...argumentsOfCall(slot, s))
}

/** Arguments of an actor's call: it may keep arrays among them. */
function argumentsOfCall(slot: number, s: number): unknown[] {
  let lease: Lease | undefined
  const args = takeArguments(words, s, (type, address, length) => {
    const task = get64(words, s + at.slotTaskId)
    lease ??= new Lease(() => port.postMessage({ is: 'released', task } satisfies FromWorker))
    return lease.view(type, address, length)
  })
  if (lease) {
    c[s + at.slotLent] = 1
    leases.set(slot, lease)
  }
  return args
}

/** Of calls under way, by slot. */
const leases = new Map<number, Lease>()

function endLease(slot: number): void {
  const lease = leases.get(slot)
  leases.delete(slot)
  lease?.end()
}

function construct(actor: number, number: number, call: CallUnderWay): void {
  // Its settings were said before, and may not have been heard.
  readMail()
  const { s, attempt } = call
  const settings = settingsOf.get(actor)
  settingsOf.delete(actor)
  if (settings === undefined) return call.broke(new ActorDiedError(`actor ${actor}`, 'it was killed'))
  const make = (definition: Definition) => {
    const { type: Type } = definition as ActorDefinition
    return contexts.run(attempt, () => restored(new Type(...argumentsOfCall(attempt.slot, s)), settings.state))
  }
  const known = loaded[number]
  actors.create(
    actor,
    settings,
    known ? () => make(known) : () => fetch(number).then(make),
    value => call.done(value),
    error => call.broke(error),
  )
}

/** The object, as soon as it has its state back. */
function restored(object: object, state: ActorSettings['state']): object | Promise<object> {
  if (state === undefined) return object
  const result = (object as Saveable).restore(unpack(heap.view(Uint8Array, state.address, state.bytes)))
  return isThenable(result) ? Promise.resolve(result).then(() => object) : object
}

/** A call that waits for its turn, or goes on after its method has returned. */
class CallUnderWay implements WaitingCall {
  readonly s: number
  readonly method: number
  readonly attempt: Attempt

  constructor(s: number, attempt: Attempt) {
    this.s = s
    this.method = c[s + at.slotMethod]
    this.attempt = attempt
    underWay++
    running.set(attempt.slot, attempt)
  }

  run(object: object): unknown {
    const { s, attempt } = this
    const result = contexts.run(attempt, callMethod, object, attempt.slot, s)
    return contexts.run(attempt, resultOf, result)
  }

  done(value: unknown): void {
    this.#over()
    finish(this.attempt.slot, this.s, value)
  }

  broke(error: unknown): void {
    this.#over()
    fail(this.attempt.slot, this.s, error)
  }

  #over(): void {
    underWay--
    running.delete(this.attempt.slot)
    wakeIdle?.()
  }
}

// Definitions and messages.

const fetches = new Map<number, Promise<Definition>>()

function fetch(number: number): Promise<Definition> {
  let fetched = fetches.get(number)
  if (!fetched) {
    // It was said before, and may not have been heard.
    if (noted[number] === undefined) readMail()
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
      sending.stop(message.task)
      return
    }
    case 'credit': {
      // The task may be over.
      if (!running.values().some(({ task }) => task === message.task)) return
      sending.credit(message.task, message.items)
      return
    }
    case 'actor':
      settingsOf.set(message.actor, message.settings)
      return
    case 'kill':
      settingsOf.delete(message.actor)
      actors.kill(message.actor)
      return
    case 'observed':
      return count(message.on)
    case 'published':
      caller.listeners.deliver(message.topic, message.value)
      return
    case 'answer':
      caller.answer(message)
  }
}

/** While someone looks, what bringing values costs is counted where the client sees it. */
function count(on: boolean): void {
  setTally(on ? new Tally(at.tallyOf(board, worker)) : undefined)
}
count(observed)

// Messages that come while the event loop turns.
port.on('message', (message: ToWorker) => {
  handle(message)
  wakeIdle?.()
})

c[me + at.systemId] = systemThreadId()
Atomics.store(c, me + at.state, at.awake)
process.on('exit', () => Atomics.store(c, me + at.state, at.gone))

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
for (;;) {
  const until = performance.now() + longestStretchMs
  let reason: Reason
  do {
    shared = new SharedScope()
    reason = contexts.runIn(shared, () => loop(until))
  } while (reason === 'again')
  if (reason === 'closing') break
  turns = true
  occupy()
  if (reason === 'mail') readMail()
  if (reason === 'idle') await idle()
  await turn()
}
exit(0)
