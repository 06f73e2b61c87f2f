/** What tasks on workers ask of the client: their calls are made here, in their place, and the results sent back. */

import { CancelledError } from '@skein/base'
import { heap } from '@skein/heap'
import { type Given, Prepacked, type Record } from '../calls/record.ts'
import type { ActorFound } from '../engine.ts'
import { FreedError, ObjectLostError } from '../errors.ts'
import type { ActorOptions, TaskOptions } from '../options.ts'
import { Ref } from '../ref.ts'
import { pack, unpack } from '../values/pack.ts'
import type { Crew } from './crew.ts'
import type { Arguments, DefinitionNote, Request } from './mail.ts'

/** The engine's calls, with the caller named. */
export interface Calls {
  submit(
    caller: number,
    definition: DefinitionNote,
    given: Given,
    options: TaskOptions,
    after: readonly Ref<unknown>[],
  ): Record
  create(
    caller: number,
    actor: number,
    definition: DefinitionNote,
    methods: readonly string[],
    given: Given,
    options: ActorOptions,
  ): Record
  invoke(caller: number, actor: number, method: string, given: Given, options: TaskOptions): Record
  put(value: unknown): Record
  /** Does something that takes memory of the heap. @throws OutOfMemoryError */
  prepare<T>(take: () => T): T
  stop(record: Record, error: unknown, graceMs: number): boolean
  named(name: string, namespace: string, worker: number): Promise<ActorFound | undefined>
  hold(actor: number): object
  kill(actor: number, reason: string): Promise<void>
}

export class Callers {
  readonly #crew: Crew
  readonly #calls: Calls
  /** What each worker holds, by the number of its call. A worker that takes another's place begins anew. */
  readonly #held: Map<number, Held>[]

  constructor(workers: number, crew: Crew, calls: Calls) {
    this.#crew = crew
    this.#calls = calls
    this.#held = Array.from({ length: workers }, () => new Map())
  }

  /** A worker has ended, and with it whatever it held. */
  forget(worker: number): void {
    this.#held[worker] = new Map()
  }

  serve(worker: number, request: Request): void {
    const held = this.#held[worker]
    const answer = (ok: boolean, value: unknown) => {
      if (this.#held[worker] === held) this.#answer(worker, request.call, ok, value)
    }
    try {
      const found = this.#serve(worker, request)
      if (found instanceof Promise) found.then(value => answer(true, value))
      else if (found) this.#answerLater(held, request.call, found, answer)
    } catch (error) {
      answer(false, error)
    }
  }

  #serve(worker: number, request: Request): Record | Promise<unknown> | undefined {
    // Caller 0 is the main program.
    const caller = worker + 1
    const held = this.#held[worker]
    const refOf = (call: number) => new Ref<unknown>(heldRecord(held, call))
    const given = ({ args, refs, leans, handles }: Arguments): Given =>
      new Prepacked(
        this.#calls.prepare(() => heap.array(Uint8Array, args, { label: 'task arguments' })),
        refs.map(refOf),
        leans ? undefined : [],
        handles.map(actor => this.#calls.hold(actor)),
      )
    switch (request.do) {
      case 'submit': {
        const { definition, options, after } = request
        return this.#calls.submit(caller, definition, given(request), options, after.map(refOf))
      }
      case 'create': {
        const { actor, definition, methods, options } = request
        return this.#calls.create(caller, actor, definition, methods, given(request), options)
      }
      case 'invoke':
        return this.#calls.invoke(caller, request.actor, request.method, given(request), request.options)
      case 'put':
        return this.#calls.put((unpack(request.args) as unknown[])[0])
      case 'cancel': {
        const record = held.get(request.ref)?.record
        const error = record && new CancelledError(`task ${record.label}`, 'cancel was called')
        if (record) this.#calls.stop(record, error, request.graceMs)
        return undefined
      }
      case 'free':
        held.delete(request.ref)
        return undefined
      case 'named':
        return this.#calls.named(request.name, request.namespace, worker)
      case 'kill':
        return this.#calls.kill(request.actor, request.reason)
    }
  }

  #answerLater(held: Map<number, Held>, call: number, record: Record, answer: Answer): void {
    held.set(call, { record, holds: undefined })
    const settled = () => {
      try {
        answer(record.settlement === 'fulfilled', record.outcome())
      } catch (error) {
        const fail = (reason: unknown) => answer(false, reason)
        if (error instanceof ObjectLostError) record.remade().then(settled, fail)
        else fail(error)
      }
    }
    if (record.settlement === 'pending') record.whenSettled(settled)
    else settled()
  }

  #answer(worker: number, call: number, ok: boolean, value: unknown): void {
    const { bytes, leaning } = pack(value, 'a result', 'result')
    const held = this.#held[worker].get(call)
    if (held) held.holds = [leaning.holds, leaning.handles]
    const copy = Uint8Array.from(bytes)
    this.#crew.post(worker, { is: 'answer', call, ok, value: copy }, [copy.buffer])
  }
}

type Answer = (ok: boolean, value: unknown) => void

/** What a worker has a reference to, and the arrays that the answer it was sent leans on. */
interface Held {
  readonly record: Record
  holds: unknown
}

function heldRecord(held: Map<number, Held>, call: number): Record {
  const found = held.get(call)
  if (found === undefined) throw new FreedError(`reference ${call} of this worker`)
  return found.record
}
