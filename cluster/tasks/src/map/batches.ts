/**
 * Items on their way through a function, in batches: taken from their source as there is room, started, and handed out as
 * they come back. At most so many batches are under way, and twice as many are here, so that neither a source without end nor a slow
 * reader fills the memory.
 *
 * How many items a batch holds follows from how long they take: as many as take some milliseconds, fewer near the end of a source
 * whose length is known, so that the workers finish together.
 */

import { CancelledError } from '@skein/base'
import { NotCloneableError } from '@skein/values'
import type { Callee } from '../callee/callee.ts'
import { startTask } from '../definition.ts'
import { engineHere } from '../engine.ts'
import { ItemError } from '../errors.ts'
import type { TaskOptions } from '../options.ts'
import { Bar } from '../progress/bar.ts'
import type { Progress } from '../progress/progress.ts'
import type { Ref } from '../ref.ts'
import { type BatchResult, batch } from './batch.ts'

/** A batch should take so long, and hold no more items. */
const [batchMs, mostItems] = [4, 16_384]
/** A batch is at most so much larger than one whose time was measured. */
const growth = 8

export interface BatchesOptions {
  /** For errors. */
  readonly call: string
  readonly concurrency: number
  /** Items of a batch; undefined: as many as take some milliseconds. */
  readonly chunk: number | undefined
  /** Batches come out in the order of their items, or as they are done. */
  readonly ordered: boolean
  readonly progress: Progress<[done: number, total: number | undefined]> | undefined
  readonly signal: AbortSignal | undefined
}

interface UnderWay {
  /** The number of its first item. */
  readonly from: number
  readonly items: number
  readonly ref: Ref<BatchResult>
}

export class Batches {
  readonly #callee: Callee
  readonly #task: TaskOptions
  readonly #options: BatchesOptions
  readonly #source: Iterator<unknown> | AsyncIterator<unknown>
  readonly #isAsync: boolean
  readonly #total: number | undefined
  /** Started and not handed out, in the order of their items. */
  readonly #here: UnderWay[] = []
  #running = 0
  #taken = 0
  #done = 0
  #size: number
  #sourceEnded = false
  #gathering = false
  #isPumping = false
  #failure: { readonly thrown: unknown } | undefined
  #wake: (() => void) | undefined
  #bar: Bar | undefined
  /** The item of an asynchronous source that is asked for and not there yet. */
  #asked: Promise<IteratorResult<unknown>> | undefined

  constructor(
    items: Iterable<unknown> | AsyncIterable<unknown>,
    callee: Callee,
    task: TaskOptions,
    options: BatchesOptions,
  ) {
    const { call, chunk, signal } = options
    this.#callee = callee
    this.#task = { name: callee.name, ...task }
    this.#options = options
    // A batch is retried and timed as a whole: where that is asked for, it is one item.
    const one = task.retryOn !== undefined || task.timeoutMs !== undefined
    this.#size = chunk ?? 1
    if (chunk === undefined && one) this.#options = { ...options, chunk: 1 }
    this.#isAsync = Symbol.asyncIterator in items
    this.#source = this.#isAsync
      ? (items as AsyncIterable<unknown>)[Symbol.asyncIterator]()
      : (items as Iterable<unknown>)[Symbol.iterator]()
    this.#total = lengthOf(items)
    if (signal?.aborted) this.#fail(new CancelledError(call, signal.reason))
    else signal?.addEventListener('abort', this.#abort, { once: true })
  }

  /** The results of the next batch; undefined when there are no more. @throws what the function or the source threw, as an ItemError or as it is */
  async next(): Promise<readonly unknown[] | undefined> {
    if (this.#options.progress === true) this.#bar ??= new Bar(this.#callee.name, this.#total)
    for (;;) {
      this.#pump()
      if (this.#failure) throw this.#failure.thrown
      const at = this.#options.ordered ? 0 : this.#here.findIndex(({ ref }) => ref.source.settlement !== 'pending')
      const first = this.#here[Math.max(0, at)]
      if (first !== undefined && first.ref.source.settlement !== 'pending') {
        this.#here.splice(at, 1)
        return this.#resultsOf(first)
      }
      if (first === undefined && this.#sourceEnded && !this.#gathering) return undefined
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }

  /** Nothing more is wanted: what is under way is cancelled. */
  close(): void {
    this.#bar?.end()
    this.#options.signal?.removeEventListener('abort', this.#abort)
    for (const { ref } of this.#here.splice(0)) engineHere().cancel(ref, {}, 'its results are not needed any more')
    if (this.#sourceEnded) return
    this.#sourceEnded = true
    // A source that is busy giving an item ends after it; what it throws then concerns nobody.
    Promise.resolve(this.#source.return?.()).catch(() => {})
  }

  #abort = (): void => {
    const { call, signal } = this.#options
    this.#fail(new CancelledError(call, signal!.reason))
  }

  /** What comes first counts. */
  #fail(thrown: unknown): void {
    this.#failure ??= { thrown }
    this.#change()
  }

  #change(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  #resultsOf({ ref, from, items }: UnderWay): readonly unknown[] {
    const outcome = ref.source.outcome()
    if (ref.source.settlement === 'rejected') throw outcome
    const { results, failed } = outcome as BatchResult
    if (failed) throw new ItemError(this.#options.call, from + results.length, failed.thrown)
    this.#done += items
    const { progress } = this.#options
    this.#bar?.update(this.#done, this.#total)
    if (typeof progress === 'function') progress(this.#done, this.#total)
    return results
  }

  /** Starts batches while there is room. Starting one may bring others back, which must not start more in between. */
  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    const { concurrency } = this.#options
    while (
      !this.#sourceEnded &&
      !this.#gathering &&
      !this.#failure &&
      this.#running < concurrency &&
      this.#here.length < 2 * concurrency
    ) {
      if (this.#isAsync) this.#gather()
      else this.#start(this.#take())
    }
    this.#isPumping = false
  }

  #start(items: unknown[]): void {
    if (items.length === 0) return
    let ref: Ref<BatchResult>
    try {
      const throws = this.#task.retryOn !== undefined
      ref = startTask(batch.definition, [this.#callee, items, throws], this.#task) as Ref<BatchResult>
    } catch (error) {
      this.#sourceEnded = true
      return this.#fail(this.#refusalOf(error))
    }
    const from = this.#taken
    this.#taken += items.length
    this.#here.push({ from, items: items.length, ref })
    const settled = () => {
      if (ref.source.settlement === 'fulfilled') this.#measure(ref, items.length)
      this.#change()
    }
    if (ref.source.settlement !== 'pending') return settled()
    this.#running++
    ref.source.whenSettled(() => {
      this.#running--
      settled()
      this.#pump()
    })
  }

  /** Items cannot be sent: said of them as they were given, not as arguments of a batch. */
  #refusalOf(error: unknown): unknown {
    if (!(error instanceof NotCloneableError)) return error
    const path = error.path
      .replace(/^arguments\[1\]\[(\d+)\]/, (_, at: string) => `items[${this.#taken + Number(at)}]`)
      .replace(/^arguments\[0\]\.values/, 'use')
    return new NotCloneableError(this.#options.call, path, error.kind, error.advice)
  }

  #measure({ source }: Ref<BatchResult>, items: number): void {
    const { chunk, concurrency } = this.#options
    if (chunk !== undefined) return
    const { tookMs, failed } = source.outcome() as BatchResult
    if (failed) return
    const fitting = Math.floor((batchMs * items) / Math.max(tookMs, 1e-3))
    const most = Math.min(mostItems, items * growth)
    // Half way, so that one odd batch does not decide.
    const size = Math.ceil((this.#size + Math.max(1, Math.min(most, fitting))) / 2)
    const workers = Math.min(concurrency, engineHere().parallelism)
    const left = this.#total === undefined ? Number.POSITIVE_INFINITY : this.#total - this.#taken
    this.#size = Math.max(1, Math.min(size, Math.ceil(left / (2 * workers))))
  }

  /** From a synchronous source. */
  #take(): unknown[] {
    const items: unknown[] = []
    try {
      while (items.length < this.#size) {
        const { value, done } = (this.#source as Iterator<unknown>).next()
        if (done) {
          this.#sourceEnded = true
          break
        }
        items.push(value)
      }
    } catch (error) {
      this.#sourceEnded = true
      this.#fail(error)
    }
    return items
  }

  /** From an asynchronous source: a batch, or as much of one as comes within a turn of the event loop. */
  async #gather(): Promise<void> {
    this.#gathering = true
    const items: unknown[] = []
    const turn = new Promise<undefined>(resolve => setImmediate(resolve, undefined))
    try {
      while (items.length < this.#size) {
        this.#asked ??= (this.#source as AsyncIterator<unknown>).next()
        const got = await (items.length === 0 ? this.#asked : Promise.race([this.#asked, turn]))
        if (got === undefined) break
        this.#asked = undefined
        if (got.done) {
          this.#sourceEnded = true
          break
        }
        items.push(got.value)
      }
    } catch (error) {
      this.#sourceEnded = true
      this.#fail(error)
    }
    this.#gathering = false
    if (!this.#failure) this.#start(items)
    this.#pump()
    this.#change()
  }
}

/** How many items there are, where that can be known without taking them. */
function lengthOf(items: object): number | undefined {
  if (Array.isArray(items) || ArrayBuffer.isView(items)) return (items as unknown[]).length
  return items instanceof Set || items instanceof Map ? items.size : undefined
}
