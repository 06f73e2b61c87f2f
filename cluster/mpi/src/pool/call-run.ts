/** One submitted call, and the promise of its result. */

import { CancelledError } from '@skein/base'
import type { Chunk, Source } from './dispatcher.ts'
import type { Shipped } from './functions.ts'

/** What became of a call. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** A source whose results the client hands back to it. */
export interface Run extends Source {
  readonly shipped: Shipped
  settle(index: number, outcome: Outcome): void
  /** Nothing more will come of it. */
  fail(error: unknown): void
}

/** The result of a call to come: a promise that can be cancelled. */
export class Future<T> extends Promise<T> {
  static override get [Symbol.species]() {
    return Promise
  }
  #run: CallRun | undefined

  /** For this room. */
  static of<T>(
    run: CallRun,
    begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
  ): Future<T> {
    const future = new Future<T>(begin)
    future.#run = run
    return future
  }

  /** It has begun, and is not over. */
  get isRunning(): boolean {
    return this.#run?.state === 'running'
  }

  /** It has a result, or an error. */
  get isDone(): boolean {
    return this.#run?.state === 'done'
  }

  /**
   * A call that has not been sent to a worker yet is not run at all, and rejects with a `CancelledError`. One that runs goes on; what it is told is `workerInfo().isCancelled`.
   *
   * @returns whether it will not be run
   */
  cancel(): boolean {
    return this.#run?.cancel() ?? false
  }
}

export class CallRun implements Run {
  readonly shipped: Shipped
  callMs: number | undefined
  state: 'waiting' | 'running' | 'done' = 'waiting'
  readonly future: Future<unknown>
  readonly #args: readonly unknown[]
  readonly #tell: (run: Run) => void
  #resolve!: (value: unknown) => void
  #reject!: (error: unknown) => void

  /** @param tell lets its worker know that it is not wanted any more */
  constructor(shipped: Shipped, args: readonly unknown[], signal: AbortSignal | undefined, tell: (run: Run) => void) {
    this.shipped = shipped
    this.#args = args
    this.#tell = tell
    this.future = Future.of(this, (resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (signal === undefined) return
    const abort = (): void => this.#drop(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    const forget = (): void => signal.removeEventListener('abort', abort)
    this.future.then(forget, forget)
  }

  get isOver(): boolean {
    return this.state !== 'waiting'
  }

  hasMore(calls: number): boolean {
    return calls <= 1 && !this.isOver
  }

  take(): Chunk {
    this.state = 'running'
    return { source: this, index: 0, calls: [this.#args] }
  }

  settle(_index: number, outcome: Outcome): void {
    if (this.state === 'done') return
    this.state = 'done'
    if ('error' in outcome) this.#reject(outcome.error)
    else this.#resolve(outcome.value)
  }

  fail(error: unknown): void {
    this.settle(0, { error })
  }

  cancel(): boolean {
    if (this.state === 'running') this.#tell(this)
    if (this.state !== 'waiting') return false
    this.#drop(undefined)
    return true
  }

  #drop(reason: unknown): void {
    if (this.state === 'done') return
    if (this.state === 'running') this.#tell(this)
    this.fail(new CancelledError(`task '${this.shipped.name}' of the pool`, reason))
  }
}
