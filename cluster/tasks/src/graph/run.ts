/** A graph under way. */

import { ArgumentError, CancelledError } from '@skein/base'
import { get } from '../client.ts'
import { startTask } from '../definition.ts'
import { engineHere } from '../engine.ts'
import { type Lazy, withoutLazy } from '../lazy.ts'
import { announceGraph, fateOf } from '../observe/graphs.ts'
import { checkKeys, checkSignal } from '../options.ts'
import { Bar } from '../progress/bar.ts'
import { checkProgress, type Progress } from '../progress/progress.ts'
import type { Ref } from '../ref.ts'
import { startChain } from './chain.ts'
import { GraphView } from './outline.ts'
import { inShapeOf, namedOutputs, type Outputs, type RefsOf, type ResultsOf } from './outputs.ts'
import type { PlannedTask } from './plan.ts'

export interface GraphProgress {
  /** Tasks that have settled: chains count as one. */
  readonly done: number
  readonly total: number
  /** Of those done, how many failed or were cancelled. */
  readonly failed: number
  /** The one that settled last. */
  readonly task: string
}

export interface GraphOptions {
  /** Cancels what is not done yet. */
  readonly signal?: AbortSignal
  /** Called whenever a task has settled. True: a bar in the terminal. */
  readonly progress?: Progress<[progress: GraphProgress]>
}

const optionNames = new Set(['signal', 'progress', 'fuse'])

/** @throws ArgumentError naming the option */
export function checkGraphOptions(call: string, options: GraphOptions & { readonly fuse?: unknown }): void {
  checkKeys(call, options, optionNames)
  const { signal, progress, fuse } = options
  checkSignal(call, signal)
  checkProgress(call, progress)
  if (fuse !== undefined && typeof fuse !== 'boolean') throw new ArgumentError(call, 'fuse', 'true or false', fuse)
}

/** Iterated, it tells of its progress: each time the latest state, until everything has settled. */
export class GraphRun<O extends Outputs> implements AsyncIterable<GraphProgress> {
  /** References to the outputs, for other calls. */
  readonly refs: RefsOf<O>
  readonly #outputs: O
  readonly #wanted: readonly Ref<unknown>[]
  /** By task in the plan, references that have not settled: results that only tasks needed are not kept. */
  readonly #pending: (Ref<unknown> | undefined)[]
  readonly #options: GraphOptions
  readonly #waiting: (() => void)[] = []
  readonly #view: GraphView
  #bar: Bar | undefined
  #hasEnded = () => {}
  #done = 0
  #failed = 0
  #last = ''
  #results: Promise<ResultsOf<O>> | undefined

  constructor(plan: readonly PlannedTask[], outputs: O, options: GraphOptions) {
    const { signal } = options
    CancelledError.check(signal, 'the graph')
    this.#outputs = outputs
    this.#options = options
    this.#view = new GraphView(plan)
    this.#pending = Array.from({ length: plan.length }, () => undefined)
    const refs = new Map<Lazy<unknown>, Ref<unknown>>()
    const refOf = (call: Lazy<unknown>) => refs.get(call)!
    try {
      plan.forEach(({ calls }, i) => {
        const ref = start(calls, refOf)
        const last = calls[calls.length - 1]
        refs.set(last, ref)
        this.#watch(ref, i, last)
      })
    } catch (error) {
      this.cancel(error)
      throw error
    }
    this.#wanted = namedOutputs(outputs).map(([, call]) => refOf(call))
    this.refs = inShapeOf(outputs, this.#wanted) as RefsOf<O>
    if (this.#done === plan.length) return
    this.#hasEnded = announceGraph(this.#view)
    if (options.progress === true) this.#bar = new Bar('graph', plan.length)
    signal?.addEventListener('abort', this.#abort, { once: true })
  }

  /** The outputs' values. @throws (rejects with) what the first of them failed with */
  get results(): Promise<ResultsOf<O>> {
    this.#results ??= get(this.#wanted).then(values => inShapeOf(this.#outputs, values) as ResultsOf<O>)
    return this.#results
  }

  /** Stops everything that is not done. */
  cancel(reason?: unknown): void {
    for (const ref of this.#pending) if (ref) engineHere().cancel(ref, {}, reason)
  }

  async *[Symbol.asyncIterator](): AsyncIterator<GraphProgress> {
    for (let told = 0; told < this.#pending.length; ) {
      if (this.#done === told) await new Promise<void>(resolve => this.#waiting.push(resolve))
      told = this.#done
      yield this.#progress
    }
  }

  get #progress(): GraphProgress {
    return { done: this.#done, total: this.#pending.length, failed: this.#failed, task: this.#last }
  }

  #abort = (): void => this.cancel(this.#options.signal!.reason)

  #watch(ref: Ref<unknown>, index: number, call: Lazy<unknown>): void {
    const note = () => {
      this.#pending[index] = undefined
      this.#done++
      this.#view.fates.end(index, fateOf(ref.source))
      if (ref.source.settlement === 'rejected') this.#failed++
      this.#last = call.name
      const { signal, progress } = this.#options
      this.#bar?.update(this.#done, this.#pending.length, this.#failed > 0 ? `${this.#failed} failed` : this.#last)
      if (this.#done === this.#pending.length) {
        signal?.removeEventListener('abort', this.#abort)
        this.#bar?.end()
        this.#hasEnded()
      }
      if (this.#waiting.length > 0) for (const wake of this.#waiting.splice(0)) wake()
      // Not here, where the engine is at work: what the function throws or starts is its own affair.
      if (typeof progress === 'function') queueMicrotask(progress.bind(undefined, this.#progress))
    }
    this.#view.fates.begin(ref.source.id)
    if (ref.source.settlement !== 'pending') return note()
    this.#pending[index] = ref
    ref.source.whenSettled(note)
  }
}

function start(calls: readonly Lazy<unknown>[], refOf: (call: Lazy<unknown>) => Ref<unknown>): Ref<unknown> {
  const [call] = calls
  if (calls.length > 1) return startChain(calls, refOf)
  return startTask(call.definition, withoutLazy(call, refOf), call.options)
}
