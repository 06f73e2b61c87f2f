/** The client's side of a pool: calls go to ranks that are free, results come back, and the event loop goes on meanwhile. */

import { ArgumentError, CancelledError } from '@skein/base'
import type { Captured } from '@skein/tasks/callee'
import { MpiError } from '../errors.ts'
import { CallRun, type Future, type Run } from './call-run.ts'
import { type Chunk, Dispatcher } from './dispatcher.ts'
import { PoolClosedError, PoolTaskError } from './errors.ts'
import type { AnyFunction, DefinedTask, Shipping } from './functions.ts'
import { Lookout } from './inbox.ts'
import type { Links } from './links.ts'
import { isIterable, lists, MapRun, zip } from './map-run.ts'
import { define, type done, forget, type Reply, ready, run, skipped, stop, threw, unready } from './orders.ts'

export interface ApplyOptions {
  /** Values, and functions, that the function uses by these names: where it goes by its text. */
  readonly use?: Captured | (() => Captured)
  /** The call is not run, or its result not waited for. */
  readonly signal?: AbortSignal
}

export interface MapOptions extends ApplyOptions {
  /** Calls that go to a worker together: more for functions that take less than about 0.1 ms. Default: 1. */
  readonly chunkSize?: number
  /** Results as they come, not in the order of the arguments. */
  readonly unordered?: boolean
  /** After so long from the call of `map` on, results that are not there become a `TimeoutError`, and what has not begun never will. */
  readonly timeoutMs?: number
  /** So many results may wait to be taken: for arguments without an end. Default: any number. */
  readonly buffer?: number
}

export interface ShutdownOptions {
  /** Resolve when all is done, not when it is accepted. Default: true. */
  readonly wait?: boolean
  /** What has not been sent to a worker is not run. */
  readonly cancelPending?: boolean
}

/** One of a pool's workers, as its client knows it. */
export interface PoolWorker {
  readonly rank: number
  readonly state: 'starting' | 'ready' | 'lost'
  /** Calls that it has finished. */
  readonly calls: number
  /** Milliseconds that they took. */
  readonly busyMs: number
}

type Items<T> = Iterable<T> | AsyncIterable<T>
type Callable<A extends readonly any[], R> = ((...args: A) => R) | (DefinedTask & ((...args: any[]) => R))

interface WorkerState {
  state: PoolWorker['state']
  calls: number
  busyMs: number
  /** Keys of functions that it was told. */
  readonly knows: Set<number>
  /** How many of its chunks it was told not to run. */
  cancelled: number
}

/** How often to ask whether workers are still there. */
const lostMs = 500

export class Pool implements AsyncDisposable {
  /** Its communicator's name, for errors. */
  readonly name: string
  readonly #links: Links
  readonly #shipping: Shipping
  readonly #dispatcher: Dispatcher
  readonly #workers: WorkerState[]
  /** By number, what runs where. */
  readonly #running = new Map<number, { readonly worker: number; readonly chunk: Chunk }>()
  /** Not over yet. */
  readonly #runs = new Set<Run>()
  readonly #lookout: Lookout
  readonly #ready = Promise.withResolvers<void>()
  readonly #ended = Promise.withResolvers<void>()
  #nextChunk = 0
  #isFilling = false
  #askedLostAt = 0
  /** Why it takes no more. */
  #closed: PoolClosedError | undefined
  #isBroken = false
  #isStopped = false
  readonly #atExit = (): void => this.#stop()
  readonly #whenIdle = (): void => void this.shutdown()

  /** For this room; users have `pool`. */
  constructor(name: string, links: Links, shipping: Shipping) {
    this.name = name
    this.#links = links
    this.#shipping = shipping
    this.#dispatcher = new Dispatcher(links.count)
    this.#lookout = new Lookout(links.comm, links.isCrowded, () => this.#look())
    this.#workers = Array.from({ length: links.count }, () => ({
      state: 'starting',
      calls: 0,
      busyMs: 0,
      knows: new Set(),
      cancelled: 0,
    }))
    this.#ready.promise.catch(() => {})
    // A client that ends without a word would leave its workers waiting. Before the library is finalized, which waits for them.
    process.prependListener('exit', this.#atExit)
    process.once('beforeExit', this.#whenIdle)
  }

  get workers(): readonly PoolWorker[] {
    return this.#workers.map(({ state, calls, busyMs }, worker) => ({
      rank: this.#links.rankOf(worker),
      state,
      calls,
      busyMs,
    }))
  }

  get isClosed(): boolean {
    return this.#closed !== undefined
  }

  /** Resolves when every worker has run its initializer. @throws (rejects with) PoolClosedError when one threw */
  ready(): Promise<void> {
    if (this.#closed === undefined) this.#lookout.begin()
    return this.#ready.promise
  }

  /**
   * Calls the function on a worker.
   *
   * @throws ArgumentError, NotPortableError and PoolClosedError at once; it rejects with PoolTaskError, whose cause is what the function threw
   */
  submit<A extends readonly any[], R>(fn: Callable<A, R>, ...args: A): Future<Awaited<R>> {
    return this.#apply('pool.submit', fn, args, {})
  }

  /** `submit` with a list of arguments, and options. */
  apply<A extends readonly any[], R>(fn: Callable<A, R>, args: A, options: ApplyOptions = {}): Future<Awaited<R>> {
    if (!Array.isArray(args)) throw new ArgumentError('pool.apply', 'args', 'a list of arguments', args)
    return this.#apply('pool.apply', fn, args, options)
  }

  #apply(call: string, fn: unknown, args: readonly unknown[], { use, signal }: ApplyOptions): Future<any> {
    this.#checkOpen()
    checkSignal(call, signal)
    const shipped = this.#shipping.of(call, fn as AnyFunction, use)
    CancelledError.check(signal, `task '${shipped.name}' of the pool`)
    const made = new CallRun(shipped, args, signal, each => this.#drop(each))
    this.#begin(made)
    return made.future
  }

  /**
   * Calls the function with one of each iterable, until one of them ends: on all workers, each as soon as it is free. It begins at once, and takes from the iterables as workers
   * become free; the results are given in the order of the arguments.
   *
   * @throws (while it is iterated) PoolTaskError for the first call that threw, TimeoutError, CancelledError
   */
  map<A, R>(fn: Callable<[A], R>, items: Items<A>, options?: MapOptions): AsyncIterableIterator<Awaited<R>>
  map<A, B, R>(
    fn: Callable<[A, B], R>,
    first: Items<A>,
    second: Items<B>,
    options?: MapOptions,
  ): AsyncIterableIterator<Awaited<R>>
  map<R>(fn: Callable<any[], R>, ...iterables: (Items<any> | MapOptions)[]): AsyncIterableIterator<Awaited<R>>
  map(fn: unknown, ...given: unknown[]): AsyncIterableIterator<any> {
    const options = given.length > 1 && !isIterable(given.at(-1)) ? (given.pop() as MapOptions | undefined) : {}
    const wrong = given.findIndex(each => !isIterable(each))
    if (given.length === 0 || wrong >= 0)
      throw new ArgumentError('pool.map', `iterable ${Math.max(wrong, 0)}`, 'an iterable', given[wrong])
    return this.#map('pool.map', fn, zip(given as Items<unknown>[]), options)
  }

  /** `map` over lists of arguments. */
  starmap<A extends readonly any[], R>(
    fn: Callable<A, R>,
    args: Items<A>,
    options?: MapOptions,
  ): AsyncIterableIterator<Awaited<R>> {
    if (!isIterable(args)) throw new ArgumentError('pool.starmap', 'args', 'an iterable of lists of arguments', args)
    return this.#map('pool.starmap', fn, lists(args), options)
  }

  #map(call: string, fn: unknown, arguments_: ReturnType<typeof zip>, options: MapOptions = {}): MapRun {
    this.#checkOpen()
    if (options === null || typeof options !== 'object') throw new ArgumentError(call, 'options', 'an object', options)
    const { chunkSize = 1, unordered = false, timeoutMs, buffer = Infinity, signal, use } = options
    checkSignal(call, signal)
    if (!Number.isSafeInteger(chunkSize) || chunkSize < 1)
      throw new ArgumentError(call, 'chunkSize', 'a whole number from 1 on', chunkSize)
    if (buffer !== Infinity && (!Number.isSafeInteger(buffer) || buffer < 1))
      throw new ArgumentError(call, 'buffer', 'a whole number from 1 on, or Infinity', buffer)
    if (timeoutMs !== undefined && !(timeoutMs >= 0 && timeoutMs < 2 ** 31))
      throw new ArgumentError(call, 'timeoutMs', 'milliseconds from 0 to 2^31', timeoutMs)
    const shipped = this.#shipping.of(call, fn as AnyFunction, use)
    CancelledError.check(signal, `map of '${shipped.name}' over the pool`)
    const settings = { chunkSize, isOrdered: !unordered, buffer, timeoutMs, signal }
    const made = new MapRun(shipped, arguments_, settings, {
      more: () => this.#fill(),
      drop: each => this.#drop(each),
    })
    this.#begin(made)
    return made
  }

  /**
   * Takes no more calls; those that were made still run. Workers then leave their `pool()`.
   *
   * @returns a promise that resolves when all is done, at once with `wait: false`
   */
  async shutdown({ wait = true, cancelPending = false }: ShutdownOptions = {}): Promise<void> {
    this.#closed ??= new PoolClosedError(this.name, 'it was shut down')
    if (cancelPending) {
      for (const source of [...this.#runs])
        if (!source.isOver)
          source.fail(new CancelledError(`task '${source.shipped.name}' of the pool`, this.#closed.reason))
    }
    this.#stopIfDone()
    if (wait) await this.#ended.promise
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown()
  }

  #checkOpen(): void {
    if (this.#closed === undefined) return
    const { cause, reason } = this.#closed
    throw new PoolClosedError(this.name, reason, cause === undefined ? undefined : { cause })
  }

  // Orders.

  #begin(made: Run): void {
    this.#runs.add(made)
    this.#dispatcher.add(made)
    this.#fill()
    this.#lookout.begin()
  }

  /** Gives workers what they have room for. */
  #fill(): void {
    // An iterator may call back from within.
    if (this.#isFilling) return
    this.#isFilling = true
    try {
      const now = performance.now()
      for (let next = this.#dispatcher.next(now); next !== undefined; next = this.#dispatcher.next(now))
        this.#send(next.worker, next.chunk)
    } finally {
      this.#isFilling = false
    }
    if (this.#running.size > 0) this.#lookout.begin()
    else if (this.#closed !== undefined) this.#stopIfDone()
  }

  #send(worker: number, chunk: Chunk): void {
    const { shipped } = chunk.source as Run
    const { knows } = this.#workers[worker]
    const number = this.#nextChunk++
    try {
      if (shipped.callee !== undefined && !knows.has(shipped.key)) {
        this.#links.send(worker, [define, shipped.key, shipped.callee])
        knows.add(shipped.key)
      }
      this.#links.send(worker, [run, number, shipped.key, chunk.calls])
      this.#running.set(number, { worker, chunk })
    } catch (error) {
      // An argument that cannot be sent.
      this.#dispatcher.finished(worker, chunk, 0, 0, performance.now())
      ;(chunk.source as Run).settle(chunk.index, { error })
      this.#forgetIfOver(chunk.source as Run)
    }
  }

  /** What runs of it is not wanted any more. */
  #drop(each: Run): void {
    for (const [number, { worker, chunk }] of this.#running) {
      if (chunk.source === each) {
        this.#links.cancel(worker, number)
        this.#workers[worker].cancelled++
      }
    }
    this.#forgetIfOver(each)
    // Nothing may be left to wait for, which is told in a turn of its own: this comes from within another call.
    queueMicrotask(() => this.#stopIfDone())
  }

  /** A run is over when it gives no more, and nothing of it is under way. */
  #forgetIfOver(each: Run): void {
    if (!each.isOver || !this.#runs.has(each)) return
    for (const { chunk } of this.#running.values()) if (chunk.source === each) return
    this.#runs.delete(each)
    const { isOnce, key } = each.shipped
    if (!isOnce || this.#isStopped) return
    for (const [worker, { knows, state }] of this.#workers.entries())
      if (knows.delete(key) && state === 'ready') this.#links.send(worker, [forget, key])
  }

  // Replies.

  #look(): { hasNews: boolean; goesOn: boolean } {
    let hasNews = false
    try {
      for (let found = this.#links.poll(); found !== undefined; found = this.#links.poll()) {
        hasNews = true
        this.#heard(found.worker, found.reply)
      }
    } catch (error) {
      // One rank that has failed need not end the others; anything else does.
      if (!(error instanceof MpiError && error.errorClass === 'MPI_ERR_PROC_FAILED')) {
        this.#running.clear()
        this.#break('its communicator failed', error)
        this.#stop()
      }
      this.#askedLostAt = 0
    }
    if (hasNews) this.#fill()
    else this.#askForLost()
    const isStarting = this.#workers.some(({ state }) => state === 'starting')
    const goesOn = !this.#isStopped && (this.#running.size > 0 || this.#runs.size > 0 || isStarting)
    return { hasNews, goesOn }
  }

  #heard(worker: number, reply: Reply): void {
    const state = this.#workers[worker]
    switch (reply[0]) {
      case ready:
        state.state = 'ready'
        this.#dispatcher.enter(worker)
        if (this.#workers.every(each => each.state === 'ready')) this.#ready.resolve()
        if (this.#closed !== undefined) this.#stopIfDone()
        return
      case unready:
        state.state = 'lost'
        return this.#break(`the initializer of rank ${this.#links.rankOf(worker)} threw`, reply[1])
      default:
        return this.#finished(worker, reply)
    }
  }

  #finished(
    worker: number,
    reply: Extract<Reply, readonly [typeof done | typeof skipped | typeof threw, ...unknown[]]>,
  ): void {
    const [is, number, ms, results] = reply
    const { chunk } = this.#running.get(number)!
    this.#running.delete(number)
    const state = this.#workers[worker]
    state.calls += results.length
    state.busyMs += ms
    this.#dispatcher.finished(worker, chunk, results.length, ms, performance.now())
    const source = chunk.source as Run
    for (let i = 0; i < results.length; i++) source.settle(chunk.index + i, { value: results[i] })
    if (is === skipped) {
      source.settle(chunk.index + results.length, {
        error: new CancelledError(`task '${source.shipped.name}' of the pool`),
      })
    } else if (is === threw) {
      const error = new PoolTaskError(source.shipped.name, this.#links.rankOf(worker), reply[4])
      source.settle(chunk.index + results.length, { error })
    }
    this.#forgetIfOver(source)
    if (this.#closed !== undefined) this.#stopIfDone()
  }

  #askForLost(): void {
    const now = performance.now()
    if (now - this.#askedLostAt < lostMs) return
    this.#askedLostAt = now
    for (const worker of this.#links.lost()) {
      if (this.#workers[worker].state === 'lost') continue
      this.#workers[worker].state = 'lost'
      this.#dispatcher.leave(worker)
      const rank = this.#links.rankOf(worker)
      for (const [number, { worker: runner, chunk }] of this.#running) {
        if (runner !== worker) continue
        this.#running.delete(number)
        const source = chunk.source as Run
        const at = { call: 'run', rank, comm: this.name }
        const gone = new MpiError('MPI_ERR_PROC_FAILED', at, 'the rank has ended')
        source.settle(chunk.index, { error: new PoolTaskError(source.shipped.name, rank, gone) })
        this.#forgetIfOver(source)
      }
      if (this.#workers.every(({ state }) => state === 'lost')) this.#break('all of its workers have ended', undefined)
    }
  }

  /** It cannot go on. */
  #break(reason: string, cause: unknown): void {
    if (this.#isStopped || this.#isBroken) return this.#stopIfDone()
    const error = new PoolClosedError(this.name, reason, cause === undefined ? undefined : { cause })
    this.#closed = error
    this.#isBroken = true
    this.#ready.reject(error)
    for (const each of [...this.#runs]) each.fail(error)
    this.#runs.clear()
    this.#stopIfDone()
  }

  // The end.

  #stopIfDone(): void {
    if (this.#closed === undefined || this.#isStopped) return
    // Each worker answers once when it begins, and to each chunk: what is not received would stay in the library.
    const isStarting = this.#workers.some(({ state }) => state === 'starting')
    if (isStarting || this.#running.size > 0 || !this.#dispatcher.isEmpty) return this.#lookout.begin()
    this.#stop()
  }

  #stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    process.off('exit', this.#atExit)
    process.off('beforeExit', this.#whenIdle)
    const lost = new Set(this.#links.lost())
    for (const [worker, { cancelled }] of this.#workers.entries())
      if (!lost.has(worker)) this.#links.send(worker, [stop, cancelled])
    this.#links.close(lost.size > 0)
    this.#ready.resolve()
    this.#ended.resolve()
  }
}

function checkSignal(call: string, signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new ArgumentError(call, 'signal', 'an AbortSignal', signal)
}
