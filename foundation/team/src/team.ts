/**
 * The team: a caller and its threads. `run` is a fork-join in which the caller takes part; `runAsync` leaves the caller's event
 * loop free. How threads and caller agree is told in control.ts, how work is shared in schedule.ts.
 */

import { ArgumentError } from '@skein/base'
import { heap as defaultHeap, type Heap } from '@skein/heap'
import { AsyncJobs, type AsyncRunOptions } from './async-jobs.ts'
import { type Body, BodyShelf, ModuleBody, NativeBody, type NativeSource, WasmBody, type WasmSource } from './body.ts'
import * as at from './control.ts'
import { coresWhenNeeded } from './cores.ts'
import { Crew } from './crew.ts'
import { BodyError, TeamClosedError, ThreadLostError } from './errors.ts'
import { nesting } from './nesting.ts'
import type { Quota } from './quota.ts'
import { chunkOf, codeOf, dealShares, type Entry, lastCall, type RunOptions, workAlone, workAt } from './schedule.ts'

export interface TeamOptions {
  /** Threads that work on a call, the caller of a synchronous one included; 1 to 256. Default: usable cores. */
  readonly threads?: number
  /** Where bodies and their arguments lie. Default: the process's heap. */
  readonly heap?: Heap
  /** Node flags of the threads. Default: those of this process. */
  readonly execArgv?: readonly string[]
  /** Says before each call how many threads may help, where other threads of the process have teams as well. */
  readonly quota?: Quota | undefined
  /** Threads end that have had nothing to do for so long. Default: never; with a quota 1,000. */
  readonly idleMs?: number
  /** Have completion told by messages even where words can be waited for asynchronously. */
  readonly announce?: boolean
}

export interface ThreadStats {
  readonly state: 'absent' | 'booting' | 'awake' | 'sleeping' | 'gone'
  /** Jobs it has taken part in. */
  readonly calls: number
}

export interface TeamStats {
  readonly threads: number
  /** Threads besides the caller; none before the first call that needs them. */
  readonly workers: readonly ThreadStats[]
  readonly sleeping: number
  /** Asynchronous jobs under way and waiting. */
  readonly running: number
  readonly queued: number
  /** Threads started in the place of dead ones. */
  readonly replaced: number
}

export const mostThreads = 256
/** A caller watches for its threads this often, then this long, before it sleeps: they are at their last chunk of work. */
const callerSpins = 20_000
const callerSpinMs = 0.5
/** A sleeping caller looks this often whether the thread it waits for still lives. */
const wakeMs = 50
const closeGraceMs = 200
const idleMsWithQuota = 1000
/** A thread that was woken has come after this long, if it had a core to run on. Each time that threads were put elsewhere it is twice as long: to do so takes ten to twenty microseconds. */
const patienceMs = 0.1
/** How often threads are put elsewhere after they slept. */
const mostMoves = 8
/** Calls further apart than this have nothing to do with each other. */
const apartMs = 5

const int32 = (x: number): boolean => (x | 0) === x

export class Team implements AsyncDisposable {
  readonly threads: number
  readonly heap: Heap
  readonly #layout: at.Layout
  readonly #c: Int32Array
  readonly #floats: Float64Array
  readonly #texts: Uint8Array
  readonly #crew: Crew
  readonly #jobs: AsyncJobs
  readonly #shelf: BodyShelf
  readonly #sync: number
  readonly #quota: Quota | undefined
  /** CPUs of the quota that the synchronous call under way has. */
  #borrowed = 0
  /** The threads that synchronous calls want have been asked for. */
  #staffed = false
  /** The last call ended with the caller asleep: it may have been woken on a core where one of its threads spins. */
  #callerSlept = false
  /** So many times threads may still be put elsewhere that share this core. */
  #movesLeft = 0
  /** Time in calls since threads slept or were put elsewhere: many short ones are as bad as a long one. */
  #watchedMs = 0
  /** When a call was last watched. */
  #watchedAt = 0
  #closed = false
  #closing: Promise<void> | undefined
  /** A thread that died in the synchronous call under way, and why. */
  #lostThread = -1
  #lostReason = ''

  constructor(options: TeamOptions = {}) {
    const {
      threads = 1,
      heap = defaultHeap,
      quota,
      idleMs = quota ? idleMsWithQuota : Number.POSITIVE_INFINITY,
    } = options
    if (!(Number.isInteger(threads) && threads >= 1 && threads <= mostThreads)) {
      throw new ArgumentError('createTeam', 'threads', `a whole number from 1 to ${mostThreads}`, threads)
    }
    this.threads = threads
    this.heap = heap
    this.#quota = quota
    this.#layout = at.layoutOf(threads)
    const control = new SharedArrayBuffer(this.#layout.bytes)
    this.#c = new Int32Array(control, 0, this.#layout.textsAt / 4)
    this.#floats = new Float64Array(control, 0, Math.floor(this.#layout.textsAt / 8))
    this.#texts = new Uint8Array(control, this.#layout.textsAt)
    this.#sync = at.jobAt(this.#layout, 0)
    this.#shelf = new BodyShelf(heap)
    const announce = options.announce === true || typeof Atomics.waitAsync !== 'function'
    const { memory, memory64 } = heap
    const { execArgv } = options
    this.#crew = new Crew({ control, layout: this.#layout, memory, memory64, announce, idleMs, execArgv }, this.#c)
    this.#jobs = new AsyncJobs(this.#c, this.#layout, this.#crew, announce, {
      describe: (j, body, exported, options) => this.#describe(j, body, exported, options),
      openJob: j => this.#open(j),
      failure: (j, body) => this.#failure(j, body),
    })
    this.#crew.onGone = (thread, job, reason) => this.#gone(thread, job, reason)
    this.#crew.onReply = (thread, reply) => this.#jobs.reply(thread, reply)
  }

  /** A body from a WebAssembly module: see `WasmSource`. @throws ArgumentError for a module that does not fit. */
  load(source: WasmSource): Body {
    return new WasmBody(this.#shelf, source)
  }

  /**
   * A body from a JavaScript module: `fn(args, begin, end, thread)` returning a status or nothing. Each thread imports the
   * module for itself. Await `ready()` before a synchronous call.
   */
  module(url: string | URL, exportName: string): ModuleBody {
    return new ModuleBody(this.#shelf, String(url), exportName, body =>
      // With a quota threads import it when they come.
      this.#jobs.importEverywhere(body, this.#quota ? 1 + this.#crew.size : this.threads),
    )
  }

  /**
   * A body of machine code. A status below zero is not its own: the gate's, which tells of a fault (`Gates.fault`).
   *
   * @throws ArgumentError
   */
  native(source: NativeSource): NativeBody {
    const body = new NativeBody(this.#shelf, source)
    this.#crew.callNative(body.gates)
    return body
  }

  /**
   * Runs a body over a range on the caller and the team's threads; returns when every index is done: 0, or the first status
   * that was not 0, which ends the call early. Inside a body the call runs inline, on this thread alone.
   *
   * @throws BodyError when the body throws or traps; ThreadLostError when a thread dies; ArgumentError.
   */
  run(body: Body, exported: number | string, options: RunOptions): number {
    const e = typeof exported === 'number' && body.isLoaded ? exported : body.exportIndex(exported)
    const { begin, end, args = 0 } = options
    const code = codeOf(options.schedule, options.chunk !== undefined)
    const threads = options.threads ?? this.threads
    const chunk = options.chunk ?? 0
    const align = options.align ?? 1
    const fits = this.#fits(begin, end, args, code, options.chunk ?? 1, threads, align)
    if (this.#closed || !fits) this.#refuse('team.run', options)
    const entry = body.entry(e) ?? body.entry(body.exportIndex(exported))
    if (begin === end) return 0
    const places = threads < this.threads ? threads : this.threads
    const size = chunkOf(code, end - begin, places, chunk, align)
    const address = body.wide ? BigInt(args) : args
    if (places === 1 || size >= end - begin || nesting.depth > 0 || nesting.isTeamThread) {
      return this.#runAlone(body, e, entry, begin, end, size, address)
    }
    const helpers = this.#quota === undefined ? places - 1 : this.#borrow(this.#quota, places - 1)
    if (helpers === 0) return this.#runAlone(body, e, entry, begin, end, size, address)
    if (!this.#staffed) this.#staff()
    this.#lostThread = -1
    const j = this.#sync
    // The call before broke off half-way (the stack may overflow anywhere): threads can still be in its job.
    if (this.#c[j + at.phase] !== at.idle) this.#closeSync()
    this.#write(j, body, e, begin, end, code, size, 1 + helpers, args)
    this.#c[at.placeAt(j, 0) + at.taken] = 1
    const watchedFrom = this.#mayShareCore() ? performance.now() : -1
    if (watchedFrom >= 0 && watchedFrom - this.#watchedAt > apartMs) this.#watchAnew()
    this.#open(j, this.#watchedMs > this.#patienceMs)
    let thrown: unknown
    nesting.depth++
    try {
      workAt(this.#c, j, 0, watchedFrom < 0 ? entry : this.#callingIn(entry, watchedFrom), address)
    } catch (error) {
      // Others stop. Should one of them fail as well, this is still the call's error.
      Atomics.store(this.#c, j + at.stop, 1)
      thrown = asBodyError(error, body.label(e), 0)
    } finally {
      nesting.depth--
    }
    this.#closeSync()
    if (watchedFrom >= 0) {
      this.#watchedAt = performance.now()
      this.#watchedMs += this.#watchedAt - watchedFrom
    }
    if (this.#borrowed > 0) this.#borrow(this.#quota!, 0)
    if (thrown !== undefined) throw thrown
    if (this.#c[j + at.thrower] !== 0) throw this.#failure(j, body)
    if (this.#lostThread >= 0) this.#throwLost(body.label(e))
    return this.#c[j + at.status]
  }

  /**
   * The same on the team's threads alone; the caller's event loop stays free, and the process alive. When the signal
   * fires, threads stop at the next call of the body; one that does not return within `graceMs` is terminated and
   * replaced, so that even an endless loop ends.
   *
   * The arguments must stay allocated until the promise settles: hold on to the arrays behind them.
   *
   * @throws (rejects with) what `run` throws, and CancelledError.
   */
  async runAsync(body: Body, exported: number | string, options: AsyncRunOptions): Promise<number> {
    const e = body.exportIndex(exported)
    const { begin, end, args = 0 } = options
    const code = codeOf(options.schedule, options.chunk !== undefined)
    const threads = options.threads ?? this.threads
    const fits = this.#fits(begin, end, args, code, options.chunk ?? 1, threads, options.align ?? 1)
    if (this.#closed || !fits) this.#refuse('team.runAsync', options)
    if (nesting.isTeamThread) {
      if (body instanceof ModuleBody) await body.importHere()
      return this.run(body, e, options)
    }
    const most = Math.min(threads, this.threads)
    if (this.#quota === undefined) return this.#jobs.run(body, e, options, most)
    const helpers = this.#quota.take(most)
    try {
      return await this.#jobs.run(body, e, options, Math.max(1, helpers))
    } finally {
      this.#quota.giveBack(helpers)
    }
  }

  stats(): TeamStats {
    const names = ['absent', 'booting', 'awake', 'sleeping', 'gone', 'absent'] as const
    const workers: ThreadStats[] = []
    for (let t = 0; t < this.#crew.size; t++) {
      const line = at.threadAt(t)
      workers.push({ state: names[Atomics.load(this.#c, line + at.state)], calls: this.#c[line + at.calls] })
    }
    return {
      threads: this.threads,
      workers,
      sleeping: Atomics.load(this.#c, at.parked),
      running: this.#jobs.running,
      queued: this.#jobs.queued,
      replaced: this.#crew.replaced,
    }
  }

  /** Ends the threads; resolves when they are gone. Asynchronous calls under way are rejected. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#closed = true
    this.#jobs.close(new TeamClosedError())
    Atomics.store(this.#c, at.closing, 1)
    Atomics.add(this.#c, at.epoch, 1)
    Atomics.notify(this.#c, at.epoch)
    await this.#crew.close(closeGraceMs)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  // Arguments.

  #fits(
    begin: number,
    end: number,
    args: number,
    code: number,
    chunk: number,
    threads: number,
    align: number,
  ): boolean {
    return (
      int32(begin) &&
      int32(end) &&
      begin <= end &&
      Number.isSafeInteger(args) &&
      code >= 0 &&
      int32(chunk) &&
      chunk >= 1 &&
      int32(threads) &&
      threads >= 1 &&
      int32(align) &&
      align >= 1
    )
  }

  /** Says what does not fit. Apart from the check, which every kernel call passes through. */
  #refuse(call: string, { begin, end, args = 0, schedule, chunk, threads, align }: RunOptions): never {
    if (this.#closed) throw new TeamClosedError()
    if (!int32(begin)) throw new ArgumentError(call, 'begin', 'a whole number of 32 bits', begin)
    if (!int32(end)) throw new ArgumentError(call, 'end', 'a whole number of 32 bits', end)
    if (begin > end) throw new ArgumentError(call, 'end', `at least begin (${begin})`, end)
    if (!Number.isSafeInteger(args)) throw new ArgumentError(call, 'args', 'a whole number', args)
    if (codeOf(schedule, false) < 0) {
      throw new ArgumentError(call, 'schedule', "'static', 'dynamic', 'guided' or 'auto'", schedule)
    }
    const positive = 'a whole number from 1 to 2^31 - 1'
    if (chunk !== undefined && !(int32(chunk) && chunk >= 1)) throw new ArgumentError(call, 'chunk', positive, chunk)
    if (threads !== undefined && !(int32(threads) && threads >= 1))
      throw new ArgumentError(call, 'threads', positive, threads)
    throw new ArgumentError(call, 'align', positive, align)
  }

  // A call.

  #runAlone(
    body: Body,
    e: number,
    entry: Entry,
    begin: number,
    end: number,
    size: number,
    args: number | bigint,
  ): number {
    nesting.depth++
    try {
      return workAlone(begin, end, size, 0, entry, args)
    } catch (error) {
      throw asBodyError(error, body.label(e), 0)
    } finally {
      nesting.depth--
    }
  }

  #describe(j: number, body: Body, exported: number, options: RunOptions & { places: number }): void {
    const { begin, end, args = 0, places } = options
    const code = codeOf(options.schedule, options.chunk !== undefined)
    const size = chunkOf(code, end - begin, places, options.chunk ?? 0, options.align ?? 1)
    this.#write(j, body, exported, begin, end, code, size, places, args)
  }

  #write(
    j: number,
    body: Body,
    exported: number,
    begin: number,
    end: number,
    code: number,
    chunk: number,
    places: number,
    args: number,
  ): void {
    const c = this.#c
    c[j + at.stop] = 0
    c[j + at.status] = 0
    c[j + at.thrower] = 0
    c[j + at.waiting] = 0
    c[j + at.bodyIndex] = body.index
    c[j + at.bodyVersion] = body.version
    c[j + at.bodyLength] = body.length
    c[j + at.exported] = exported
    c[j + at.begin] = begin
    c[j + at.end] = end
    c[j + at.schedule] = code
    c[j + at.chunk] = chunk
    c[j + at.units] = Math.ceil((end - begin) / chunk)
    c[j + at.places] = places
    this.#floats[(j + at.bodyAddress) >> 1] = body.address
    this.#floats[(j + at.args) >> 1] = args
    dealShares(c, j)
  }

  /** Publishes a job, and wakes as many sleepers as it has places. @param isApart they wake on other cores than this one's */
  #open(j: number, isApart = false): void {
    const c = this.#c
    Atomics.store(c, j + at.phase, at.open)
    Atomics.add(c, at.epoch, 1)
    if (Atomics.load(c, at.parked) === 0) return
    const wake = (): number => Atomics.notify(c, at.epoch, c[j + at.places])
    const cores = isApart && this.#takeMove() ? coresWhenNeeded() : undefined
    if (cores === undefined) wake()
    else cores.wakeApart(this.#systemIds(), wake)
  }

  /**
   * Whether threads may stand in the queue of this core: for some time after they, or this one, slept. A thread that is woken on it may also take it at once, and keep it until it has
   * done all of the work and watched for more; so may it with the next call.
   */
  #mayShareCore(): boolean {
    const slept = this.#callerSlept || Atomics.load(this.#c, at.parked) > 0
    this.#callerSlept = false
    if (slept && this.#movesLeft === 0) this.#watchAnew()
    return this.#movesLeft > 0
  }

  #watchAnew(): void {
    this.#movesLeft = mostMoves
    this.#watchedMs = 0
  }

  get #patienceMs(): number {
    return patienceMs * 2 ** (mostMoves - this.#movesLeft)
  }

  #takeMove(): boolean {
    if (this.#movesLeft === 0) return false
    this.#movesLeft--
    this.#watchedMs = 0
    return true
  }

  /** The same body; once calls have worked for a while, all other threads are moved off this core. */
  #callingIn(entry: Entry, from: number): Entry {
    const until = from + this.#patienceMs - this.#watchedMs
    let isDone = false
    return (args, begin, end, place) => {
      const status = entry(args, begin, end, place)
      if (!isDone && performance.now() > until) {
        isDone = true
        if (this.#takeMove()) coresWhenNeeded()?.clear(this.#systemIds())
      }
      return status
    }
  }

  /** Of the threads there are; 0 for others. */
  #systemIds(): number[] {
    const c = this.#c
    return Array.from({ length: this.#crew.size }, (_, t) => {
      const line = at.threadAt(t)
      const state = Atomics.load(c, line + at.state)
      return state === at.awake || state === at.sleeping ? c[line + at.systemId] : 0
    })
  }

  #staff(): void {
    this.#crew.ensure(this.#quota === undefined ? this.threads - 1 : this.#borrowed)
    // With a quota there may be more to start at the next call, and some may have ended.
    this.#staffed = this.#quota === undefined
  }

  /** Takes CPUs for the call under way, in place of those of the last: if that was broken off, it still has them. */
  #borrow(quota: Quota, most: number): number {
    if (this.#borrowed > 0) quota.giveBack(this.#borrowed)
    this.#borrowed = 0
    this.#borrowed = quota.take(most)
    return this.#borrowed
  }

  /** Lets no thread into the synchronous job any more, for no work is left to take, and waits for those inside. */
  #closeSync(): void {
    const c = this.#c
    Atomics.store(c, this.#sync + at.phase, at.closed)
    for (let t = 0; t < this.threads; t++) {
      const word = at.threadAt(t) + at.job
      for (let i = 0; i < callerSpins && Atomics.load(c, word) === 1; i++);
      if (Atomics.load(c, word) === 1) this.#waitUntilLeft(t, word)
    }
    Atomics.store(c, this.#sync + at.phase, at.idle)
  }

  #waitUntilLeft(thread: number, word: number): void {
    const until = performance.now() + callerSpinMs
    do {
      for (let i = 0; i < callerSpins; i++) if (Atomics.load(this.#c, word) !== 1) return
    } while (performance.now() < until)
    Atomics.store(this.#c, this.#sync + at.waiting, 1)
    this.#callerSlept = true
    while (Atomics.load(this.#c, word) === 1) {
      const outcome = Atomics.wait(this.#c, word, 1, wakeMs)
      if (outcome !== 'ok' && outcome !== 'timed-out') continue
      if (Atomics.load(this.#c, word) === 1 && this.#crew.isDead(thread)) this.#crew.bury(thread)
    }
  }

  #gone(thread: number, job: number, reason: string): void {
    this.#staffed = false
    if (job === 0) {
      this.#lostThread = thread
      this.#lostReason = reason
    } else this.#jobs.gone(thread, job, reason)
  }

  #throwLost(label: string): never {
    const error = new ThreadLostError(label, this.#lostThread + 1, this.#lostReason)
    this.#lostThread = -1
    throw error
  }

  /** What a thread's body threw, from the thread's text. */
  #failure(j: number, body: Body): BodyError {
    const thread = this.#c[j + at.thrower] - 1
    const from = thread * at.textBytes
    const length = this.#texts[from] | (this.#texts[from + 1] << 8)
    const said = new TextDecoder().decode(new Uint8Array(this.#texts.subarray(from + 2, from + 2 + length)))
    const label = body.label(this.#c[j + at.exported])
    const line = at.threadAt(thread)
    const place = this.#c[line + at.place]
    return new BodyError(label, place, this.#c[line + at.failBegin], this.#c[line + at.failEnd], said)
  }
}

const asBodyError = (error: unknown, label: string, place: number): BodyError => {
  // A nested call has said it already; the innermost is the one that helps.
  if (error instanceof BodyError) return error
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return new BodyError(label, place, lastCall.begin, lastCall.end, said, { cause: error })
}

/** A team of its own: for tests, and to keep work apart. */
export const createTeam = (options: TeamOptions = {}): Team => new Team(options)
