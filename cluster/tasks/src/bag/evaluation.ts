/** A bag's tasks under way: one evaluation for each result that is asked for. */

import { CancelledError } from '@skein/base'
import { get } from '../client.ts'
import { startTask } from '../definition.ts'
import { engineHere } from '../engine.ts'
import { announceGraph, fateOf } from '../observe/graphs.ts'
import type { TaskOptions } from '../options.ts'
import { Bar } from '../progress/bar.ts'
import type { Progress } from '../progress/progress.ts'
import type { Ref } from '../ref.ts'
import type { TaskDefinition } from '../registry.ts'
import { type Node, partsOf } from './node.ts'
import { partition } from './partition.ts'
import type { Part, Sink } from './plan.ts'
import { Stages } from './stages.ts'

export interface BagOptions {
  /** Cancels the tasks. */
  readonly signal?: AbortSignal
  /** Called when a task has settled; `total` grows when more are started. True: a bar in the terminal. */
  readonly progress?: Progress<[done: number, total: number]>
  /** Of its tasks: `retries`, `priority`, `timeoutMs` … */
  readonly task?: Omit<TaskOptions, 'signal' | 'name' | 'after'>
}

export class Evaluation {
  readonly #options: BagOptions
  /** Those that have not settled, by the order in which they were started. */
  readonly #pending: (Ref<unknown> | undefined)[] = []
  readonly #stages = new Stages()
  readonly #bar: Bar | undefined
  readonly #hasEnded: () => void
  #done = 0

  constructor(options: BagOptions) {
    CancelledError.check(options.signal, 'the bag')
    this.#options = options
    this.#hasEnded = announceGraph(this.#stages)
    this.#bar = options.progress === true ? new Bar('bag', 0) : undefined
    options.signal?.addEventListener('abort', this.#abort, { once: true })
  }

  /** Starts everything that comes before a node, up to its last steps. */
  parts(node: Node): Part[] {
    return partsOf(node, (part, sink) => this.start(part, sink))
  }

  /** Runs a partition into a sink. */
  start(part: Part, sink: Sink): Ref<unknown> {
    return this.submit(partition.definition, nameOf(part, sink), [part, sink], readBy(part))
  }

  /** @param after what it reads */
  submit(definition: TaskDefinition, name: string, args: unknown[], after: readonly unknown[]): Ref<unknown> {
    const ref = startTask(definition, args, { ...this.#options.task, name })
    const number = this.#stages.begin(name, ref, after as readonly Ref<unknown>[])
    const index = this.#pending.push(undefined) - 1
    const settled = () => {
      this.#pending[index] = undefined
      this.#done++
      this.#stages.fates.end(number, fateOf(ref.source))
      const { progress } = this.#options
      this.#bar?.update(this.#done, this.#pending.length, name)
      // Not here, where the engine is at work: what the function throws or starts is its own affair.
      if (typeof progress === 'function') queueMicrotask(progress.bind(undefined, this.#done, this.#pending.length))
    }
    if (ref.source.settlement !== 'pending') settled()
    else {
      this.#pending[index] = ref
      ref.source.whenSettled(settled)
    }
    return ref
  }

  /** The values of references in order; when one fails, everything is cancelled. */
  async values(refs: readonly Ref<unknown>[]): Promise<unknown[]> {
    return get(refs, { signal: this.#options.signal })
  }

  /** Nothing more is wanted: what is not done is cancelled. */
  close(): void {
    this.#bar?.end()
    this.#options.signal?.removeEventListener('abort', this.#abort)
    this.#cancel('its result is not needed any more')
    this.#hasEnded()
  }

  #abort = (): void => this.#cancel(this.#options.signal!.reason)

  #cancel(reason: unknown): void {
    for (const ref of this.#pending) if (ref) engineHere().cancel(ref, {}, reason)
  }
}

/** Blocks, which here are references still. */
function readBy({ input }: Part): readonly unknown[] {
  if (input.is === 'merged') return input.blocks
  if (input.is === 'joined') return [...input.left, ...input.right]
  return input.is === 'buckets' ? input.blocks.map(({ block }) => block) : []
}

/** For people: what the task does, `lines → flatMap → count`. */
function nameOf({ input, steps }: Part, sink: Sink): string {
  const end = sink.to === 'keyed' ? `by ${sink.merge.by}` : sink.to
  return [input.is, ...steps.map(({ op }) => op), end].join(' → ')
}
