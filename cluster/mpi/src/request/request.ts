/** Calls under way. A request is waited for, tested, cancelled, or awaited: awaited, it makes progress in turns of the event loop. */

import { ArgumentError } from '@skein/base'
import type { Pending } from '../engine.ts'
import { MpiError } from '../errors.ts'
import type { Caller } from '../message/refusal.ts'
import { Status } from '../status.ts'
import { sharedWaiter } from './pendings.ts'
import { waitUntil, watch } from './progress.ts'

/** Whose request it is: what has failed goes to its error handler. */
export interface Owner extends Caller {
  /** Tells the error handler; gives what is to be thrown. */
  failed(error: unknown, call?: string): unknown
}

/** What a request gives once it is complete. */
export type Values<T extends readonly Request<unknown>[]> = {
  -readonly [I in keyof T]: T[I] extends Request<infer V> ? V : never
}

export class Request<T = void> implements PromiseLike<T> {
  /** `irecv` */
  readonly call: string
  /** Of what was received; filled in when it is complete. */
  readonly status: Status
  protected readonly owner: Owner
  protected pending: Pending | undefined
  #isActive = false
  #isFree = false
  #hasFailed = false
  /** Its value, or what it failed with. */
  #outcome: unknown
  readonly #finish: ((status: Status) => T) | undefined
  #promise: PromiseWithResolvers<T> | undefined

  /**
   * For this room.
   *
   * @param value of the request, once it is complete
   * @param finish makes the value then
   */
  constructor(
    owner: Owner,
    call: string,
    pending: Pending,
    isActive: boolean,
    value: T,
    finish?: (status: Status) => T,
  ) {
    this.owner = owner
    this.call = call
    this.pending = pending
    this.status = value instanceof Status ? value : new Status()
    this.#isActive = isActive
    this.#outcome = value
    this.#finish = finish
  }

  /** Under way: started, and not known to be complete. */
  get isActive(): boolean {
    return this.#isActive
  }

  get isFree(): boolean {
    return this.#isFree
  }

  /**
   * Makes progress.
   *
   * @returns whether it is complete; `wait` then gives its value at once
   */
  test(): boolean {
    if (!this.#isActive) return this.#over('test')
    try {
      if (!this.pending!.test(this.status)) return false
    } catch (error) {
      throw this.#fail(error)
    }
    this.#complete()
    return this.#over('test')
  }

  /** Blocks until it is complete. An inactive one is complete. */
  wait(): T {
    if (this.#isActive) {
      try {
        this.pending!.wait(this.status)
      } catch (error) {
        throw this.#fail(error)
      }
      this.#complete()
    }
    this.#over('wait')
    return this.#outcome as T
  }

  /** Asks for it to be cancelled. It still has to be waited for, and `status.isCancelled` then tells whether it was. */
  cancel(): void {
    this.checkLive('cancel')
    if (this.#isActive) this.pending!.cancel()
  }

  /** It is not looked at again. What is under way goes on. */
  free(): void {
    this.checkLive('free')
    this.#isFree = true
    this.#isActive = false
    this.pending?.free()
    this.pending = undefined
    this.#promise?.reject(this.#freed('then'))
  }

  /** For `await`, which leaves the event loop free meanwhile. */
  // biome-ignore lint/suspicious/noThenProperty: a request can be awaited
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#awaited().then(fulfilled, rejected)
  }

  catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#awaited().catch(rejected)
  }

  finally(settled?: (() => void) | null): Promise<T> {
    return this.#awaited().finally(settled)
  }

  #awaited(): Promise<T> {
    if (this.#promise === undefined) {
      this.#promise = Promise.withResolvers<T>()
      if (this.#isActive) watch(this)
      else this.#settle()
    }
    return this.#promise.promise
  }

  /** Makes progress from now on, whether or not it is awaited. For this room. */
  begin(): this {
    this.#awaited().catch(() => {})
    return this
  }

  /** A look of the event loop at it. For this room. */
  look(): boolean {
    if (!this.#isActive) return true
    try {
      return this.test()
    } catch {
      // Whoever awaits it has been told.
      return true
    }
  }

  /** It is under way once more. */
  protected activate(): void {
    this.#isActive = true
    this.#hasFailed = false
    this.#promise = undefined
  }

  /** A request that is started only once leaves its buffer when it is over. */
  protected get isKept(): boolean {
    return false
  }

  protected checkLive(call: string): void {
    if (this.#isFree) throw this.#freed(call)
  }

  #freed(call: string): MpiError {
    const { rank, name } = this.owner
    return new MpiError('MPI_ERR_REQUEST', { call, rank, comm: name }, `the request of ${this.call} was freed`)
  }

  #complete(): void {
    this.#isActive = false
    if (!this.isKept) this.pending = undefined
    if (this.#finish !== undefined) {
      try {
        this.#outcome = this.status.isCancelled ? undefined : this.#finish(this.status)
      } catch (error) {
        this.#fail(error)
      }
    }
    this.#settle()
  }

  #fail(error: unknown): unknown {
    this.#isActive = false
    this.#hasFailed = true
    this.#outcome = this.owner.failed(error, this.call)
    if (!this.isKept) this.pending = undefined
    this.#settle()
    return this.#outcome
  }

  #settle(): void {
    if (this.#promise === undefined) return
    if (this.#hasFailed) this.#promise.reject(this.#outcome)
    else this.#promise.resolve(this.#outcome as T)
  }

  /** True; throws what it failed with. */
  #over(call: string): true {
    if (this.#isFree) throw this.#freed(call)
    if (this.#hasFailed) throw this.#outcome
    return true
  }

  /** Waits for all of them; their values. */
  static waitAll<const T extends readonly Request<any>[]>(requests: T): Values<T> {
    return list('waitAll', requests).map(request => request.wait()) as Values<T>
  }

  /** Waits for one of them; which it is. Undefined: none was active. */
  static waitAny(requests: readonly Request<any>[]): number | undefined {
    const active = activeOf('waitAny', requests)
    if (active.length === 0) return undefined
    if (active.length === 1) {
      requests[active[0]].wait()
      return active[0]
    }
    let found: number | undefined
    Request.#waitFor('waitAny', requests, active, index => {
      if (found === undefined && requests[index].test()) found = index
      return found !== undefined
    })
    return found
  }

  /** Waits for at least one of them; which are complete. Empty: none was active. */
  static waitSome(requests: readonly Request<any>[]): number[] {
    const active = activeOf('waitSome', requests)
    if (active.length === 0) return []
    const found: number[] = []
    Request.#waitFor('waitSome', requests, active, index => {
      if (!found.includes(index) && requests[index].test()) found.push(index)
      return found.length > 0
    })
    return found
  }

  /** Until one of the looks at them finds something; an error of one ends it. */
  static #waitFor(
    call: string,
    requests: readonly Request<any>[],
    active: readonly number[],
    look: (index: number) => boolean,
  ): void {
    let failure: { error: unknown } | undefined
    const holds = (): boolean => {
      let any = false
      try {
        for (const index of active) any = look(index) || any
      } catch (error) {
        failure = { error }
      }
      return any || failure !== undefined
    }
    if (!holds()) {
      const pendings = active.map(index => requests[index].pending!)
      const waiter = sharedWaiter(pendings)
      const describe = (): string => `waits in ${call} for ${pendings.map(({ about }) => about).join(', or ')}`
      if (waiter === undefined) waitUntil(holds)
      else waiter.waitUntil(holds, describe)
    }
    if (failure !== undefined) throw failure.error
  }

  /** Whether all of them are complete. */
  static testAll(requests: readonly Request<any>[]): boolean {
    let all = true
    for (const request of list('testAll', requests)) all = request.test() && all
    return all
  }

  /** One that is complete, and was active. */
  static testAny(requests: readonly Request<any>[]): number | undefined {
    return activeOf('testAny', requests).find(index => requests[index].test())
  }

  /** Those that are complete, and were active. */
  static testSome(requests: readonly Request<any>[]): number[] {
    return activeOf('testSome', requests).filter(index => requests[index].test())
  }

  /** Starts persistent requests. */
  static startAll(requests: readonly { start(): void }[]): void {
    for (const request of requests) request.start()
  }
}

function list<T extends readonly Request<any>[]>(call: string, requests: T): T {
  if (!Array.isArray(requests) || !requests.every(request => request instanceof Request)) {
    throw new ArgumentError(`Request.${call}`, 'requests', 'a list of requests', requests)
  }
  return requests
}

const activeOf = (call: string, requests: readonly Request<any>[]): number[] =>
  [...list(call, requests).keys()].filter(index => requests[index].isActive)
