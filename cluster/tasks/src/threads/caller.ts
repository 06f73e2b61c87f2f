/**
 * The engine as code inside a task sees it: each call is a message to the client, which makes it in the task's place. What is
 * awaited here gives the worker's place up for the time.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { MessagePort } from 'node:worker_threads'
import { ArgumentError, NotSupportedError } from '@skein/base'
import { heap, type TypedArray } from '@skein/heap'
import { Holds } from '../actors/holds.ts'
import { contexts } from '../calls/context.ts'
import type { ActorFound, CancelOptions, Engine, EngineStats, PutOptions } from '../engine.ts'
import { FreedError } from '../errors.ts'
import { Listeners, packMessage } from '../farm/listeners.ts'
import type { ActorOptions, Placement, TaskOptions } from '../options.ts'
import { Ref, type Settlement, type Source } from '../ref.ts'
import type { ActorDefinition, TaskDefinition } from '../registry.ts'
import { pack, unpack } from '../values/pack.ts'
import type { MakeView } from '../values/views.ts'
import type { Arguments, DefinitionNote, FromWorker, Request, ToWorker } from './mail.ts'
import { checkStarts } from './starts.ts'

type NumberOf = (kind: 'task' | 'actor', url: string, name: string) => DefinitionNote
/** A request but for its number. */
type Asked = Request extends infer R ? (R extends Request ? Omit<R, 'is' | 'call'> : never) : never

/** A result that the client has, or will have, for this worker. */
class Promised implements Source {
  readonly id = 0
  readonly call: number
  readonly label: string
  settlement: Settlement = 'pending'
  /** Arrays of this thread's heap that the call needs until then. */
  holds: readonly unknown[] | undefined
  /** An actor may use them on when the call is over; a task does not. */
  givesBack = false
  #outcome: unknown
  #listeners: ((source: Source) => void)[] | undefined
  readonly #onAwait: () => () => void

  constructor(call: number, label: string, holds: readonly unknown[] | undefined, onAwait: () => () => void) {
    this.call = call
    this.label = label
    this.holds = holds
    this.#onAwait = onAwait
  }

  outcome(): unknown {
    return this.#outcome
  }

  whenSettled(listener: (source: Source) => void): void {
    const resume = this.#onAwait()
    // It goes on as the task that asked, so that what it awaits next gives up the same place.
    const told = AsyncLocalStorage.bind(listener)
    ;(this.#listeners ??= []).push(() => {
      resume()
      told(this)
    })
  }

  settle(settlement: Settlement, outcome: unknown): void {
    if (this.settlement !== 'pending') return
    this.settlement = settlement
    this.#outcome = outcome
    this.holds = undefined
    for (const listener of this.#listeners?.splice(0) ?? []) listener(this)
  }

  free(): void {
    const error = new FreedError(this.label)
    if (this.settlement === 'pending') return this.settle('rejected', error)
    this.settlement = 'rejected'
    this.#outcome = error
  }
}

export class Caller implements Engine {
  readonly name = 'threads'
  readonly parallelism: number
  /** Called when a task begins to await a result; what it returns, when the result is there. */
  onAwait: () => () => void = () => () => {}
  /** Called before the client is told that someone here listens to a topic, or no longer. */
  onListens: () => void = () => {}
  readonly listeners: Listeners
  readonly #port: MessagePort
  readonly #numberOf: NumberOf
  readonly #waiting = new Map<number, Promised>()
  readonly #collected = new FinalizationRegistry<number>(ref => this.#post({ do: 'free', ref }))
  readonly #holds = new Holds(
    actor => this.#port.postMessage({ is: 'holds', actor } satisfies FromWorker),
    actor => this.#port.postMessage({ is: 'dropped', actor } satisfies FromWorker),
  )
  #calls = 0
  #nextActor: number

  constructor(port: MessagePort, numberOf: NumberOf, workers: number, firstActor: number) {
    this.parallelism = workers
    this.listeners = new Listeners((topic, on) => {
      this.onListens()
      port.postMessage({ is: 'listens', topic, on } satisfies FromWorker)
    })
    this.#port = port
    this.#numberOf = numberOf
    this.#nextActor = firstActor
  }

  #post(asked: Asked, transfer: ArrayBuffer[] = []): number {
    const call = ++this.#calls
    this.#port.postMessage({ is: 'request', call, ...asked } as Request, transfer)
    return call
  }

  /** Asks for something with a result. */
  #ask(make: (given: Arguments) => Asked, values: unknown, call: string, label: string, inline = false): Promised {
    checkStarts()
    const { bytes, leaning } = pack(values, call, 'arguments', inline)
    const copy = Uint8Array.from(bytes)
    const refs = leaning.refs.map(ref => callOf(call, ref))
    const handles = leaning.handles.map(({ actor }) => actor)
    // Should this worker be lost, the call goes on.
    for (const array of leaning.holds) heap.lend(array as TypedArray)
    const number = this.#post(make({ args: copy, refs, leans: leaning.holds.length > 0, handles }), [copy.buffer])
    const promised = new Promised(number, `${label}#${number}`, leaning.holds, () => this.onAwait())
    this.#waiting.set(number, promised)
    this.#collected.register(promised, number)
    return promised
  }

  submit(
    definition: TaskDefinition,
    args: unknown[],
    options: TaskOptions,
    after: readonly Ref<unknown>[] = [],
  ): Ref<unknown> {
    const note = this.#numberOf('task', definition.url, definition.name)
    const sent = this.#plainOptions(definition.name, options)
    const before = after.map(ref => callOf(definition.name, ref))
    const promised = this.#ask(
      given => ({ do: 'submit', definition: note, ...given, after: before, options: sent }),
      args,
      definition.name,
      definition.name,
    )
    promised.givesBack = true
    options.signal?.addEventListener('abort', () => this.#post({ do: 'cancel', ref: promised.call, graceMs: 1000 }), {
      once: true,
    })
    return new Ref(promised)
  }

  stream(): AsyncIterableIterator<unknown> {
    checkStarts()
    throw new NotSupportedError(
      'threads',
      'stream inside a task',
      'items go to the main program only',
      'Return an array, or send the items to an actor.',
    )
  }

  create(definition: ActorDefinition, args: unknown[], options: ActorOptions): { actor: number; created: Ref<void> } {
    const note = this.#numberOf('actor', definition.url, definition.name)
    checkPlacement(definition.name, options.placement)
    const actor = this.#nextActor++
    const { methods } = definition
    const promised = this.#ask(
      given => ({ do: 'create', definition: note, methods, ...given, options, actor }),
      args,
      definition.name,
      definition.name,
    )
    return { actor, created: new Ref(promised) }
  }

  invoke(actor: number, method: string, args: unknown[], options: TaskOptions): Ref<unknown> {
    const sent = this.#plainOptions(method, options)
    return new Ref(this.#ask(given => ({ do: 'invoke', actor, method, ...given, options: sent }), args, method, method))
  }

  put(value: unknown, _options: PutOptions): Ref<unknown> {
    return new Ref(this.#ask(given => ({ do: 'put', ...given }), [value], 'put', 'put', true))
  }

  cancel(ref: Ref<unknown>, options: CancelOptions): boolean {
    const { source } = ref
    if (!(source instanceof Promised) || source.settlement !== 'pending') return false
    this.#post({ do: 'cancel', ref: source.call, graceMs: options.graceMs ?? 1000 })
    return true
  }

  free(ref: Ref<unknown>): void {
    const { source } = ref
    if (!(source instanceof Promised)) return
    this.#post({ do: 'free', ref: source.call })
    this.#waiting.delete(source.call)
    source.free()
  }

  async named(name: string, namespace: string): Promise<ActorFound | undefined> {
    return (await this.#reply({ do: 'named', name, namespace })) as ActorFound | undefined
  }

  place(): { group: number; ready: Ref<void> } {
    throw noGroups('placementGroup')
  }

  unplace(): void {
    throw noGroups('placementGroup')
  }

  hold(actor: number): object {
    return this.#holds.of(actor)
  }

  async kill(actor: number, reason: string): Promise<void> {
    await this.#reply({ do: 'kill', actor, reason })
  }

  publish(topic: string, value: unknown): void {
    checkStarts()
    const bytes = packMessage(value)
    this.#port.postMessage({ is: 'publish', topic, value: bytes } satisfies FromWorker, [bytes.buffer as ArrayBuffer])
  }

  subscribe(topic: string, listener: (message: unknown) => void): () => void {
    checkStarts()
    // As the task that subscribed: it may start others. Its scope may go on to other tasks.
    const context = contexts.getStore()!
    return this.listeners.add(topic, message => contexts.run(context, listener, message))
  }

  stats(): EngineStats {
    checkStarts()
    throw new NotSupportedError('threads', 'stats inside a task', 'the main program keeps them')
  }

  async close(): Promise<void> {}

  answer({ call, ok, value }: Extract<ToWorker, { is: 'answer' }>): void {
    const promised = this.#waiting.get(call)
    this.#waiting.delete(call)
    if (promised === undefined) return
    // A task that has failed may still run, until it is stopped.
    if (ok && promised.givesBack) for (const array of promised.holds ?? []) heap.takeBack(array as TypedArray)
    // Arrays in the value are the client's, which keeps them for as long as this worker has the reference: so they hold it.
    const view: MakeView = (type, address, length) => heap.borrow(type, address, length, () => void promised.call)
    promised.settle(ok ? 'fulfilled' : 'rejected', unpack(value, [], undefined, view))
  }

  #reply(asked: Asked): Promise<unknown> {
    const call = this.#post(asked)
    const promised = new Promised(call, asked.do, undefined, () => this.onAwait())
    this.#waiting.set(call, promised)
    return new Ref(promised).promise
  }

  /** Options that a message can carry. */
  #plainOptions(name: string, { signal: _, ...options }: TaskOptions): TaskOptions {
    checkPlacement(name, options.placement)
    if (typeof options.retryOn === 'function') {
      throw new NotSupportedError(
        'threads',
        `a function as retryOn inside a task ('${name}')`,
        'it cannot be sent to the main program',
        'Set it in the definition, or use true.',
      )
    }
    return options
  }
}

const noGroups = (call: string): NotSupportedError =>
  new NotSupportedError('threads', `${call} inside a task`, 'groups are the main program’s', 'Make the calls there.')

function checkPlacement(name: string, placement: Placement | undefined): void {
  if (typeof placement === 'object') throw noGroups(`a placement group for '${name}'`)
}

/** The number of the call that a reference is to. */
function callOf(call: string, { source, label }: Ref<unknown>): number {
  if (source instanceof Promised) return source.call
  throw new ArgumentError(call, 'a reference', 'one that this worker made', label)
}
