/** What tasks on workers ask of the client: their calls are made here, in their place, and the results sent back. */

import { CancelledError } from '@skein/base'
import { heap } from '@skein/heap'
import type { ActorFound } from '../engine.ts'
import type { ActorOptions, TaskOptions } from '../options.ts'
import { Ref } from '../ref.ts'
import { pack, unpack } from '../values/pack.ts'
import type { Crew } from './crew.ts'
import type { DefinitionNote, Request } from './mail.ts'
import { type Given, Prepacked, type Record } from './record.ts'

/** The engine's calls, with the caller named. */
export interface Calls {
  submit(caller: number, definition: DefinitionNote, given: Given, options: TaskOptions): Record
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
  stop(record: Record, error: unknown, graceMs: number): boolean
  named(name: string, namespace: string): Promise<ActorFound | undefined>
  kill(actor: number, reason: string): Promise<void>
}

export class Callers {
  readonly #crew: Crew
  readonly #calls: Calls
  /** References that a worker holds, by worker and by the number of its call. */
  readonly #held: Map<number, Record>[]

  constructor(workers: number, crew: Crew, calls: Calls) {
    this.#crew = crew
    this.#calls = calls
    this.#held = Array.from({ length: workers }, () => new Map())
  }

  /** A worker has ended, and with it whatever it held. */
  forget(worker: number): void {
    this.#held[worker].clear()
  }

  serve(worker: number, request: Request): void {
    try {
      const answer = this.#serve(worker, request)
      if (answer instanceof Promise) answer.then(value => this.#answer(worker, request.call, true, value))
      else if (answer) this.#answerLater(worker, request.call, answer)
    } catch (error) {
      this.#answer(worker, request.call, false, error)
    }
  }

  #serve(worker: number, request: Request): Record | Promise<unknown> | undefined {
    // Caller 0 is the main program.
    const caller = worker + 1
    const held = this.#held[worker]
    const given = ({ args, refs }: { args: Uint8Array; refs: readonly number[] }): Given =>
      new Prepacked(
        heap.array(Uint8Array, args, { label: 'task arguments' }),
        refs.map(call => new Ref(held.get(call)!)),
        undefined,
      )
    switch (request.do) {
      case 'submit':
        return this.#calls.submit(caller, request.definition, given(request), request.options)
      case 'create': {
        const { actor, definition, methods, options } = request
        return this.#calls.create(caller, actor, definition, methods, given(request), options)
      }
      case 'invoke':
        return this.#calls.invoke(caller, request.actor, request.method, given(request), request.options)
      case 'put':
        return this.#calls.put((unpack(request.args) as unknown[])[0])
      case 'cancel': {
        const record = held.get(request.ref)
        const error = record && new CancelledError(`task ${record.label}`, 'cancel was called')
        if (record) this.#calls.stop(record, error, request.graceMs)
        return undefined
      }
      case 'free':
        held.delete(request.ref)
        return undefined
      case 'named':
        return this.#calls.named(request.name, request.namespace)
      case 'kill':
        return this.#calls.kill(request.actor, request.reason)
    }
  }

  #answerLater(worker: number, call: number, record: Record): void {
    this.#held[worker].set(call, record)
    const answer = () => {
      try {
        this.#answer(worker, call, record.settlement === 'fulfilled', record.outcome())
      } catch (error) {
        this.#answer(worker, call, false, error)
      }
    }
    if (record.settlement === 'pending') record.whenSettled(answer)
    else answer()
  }

  #answer(worker: number, call: number, ok: boolean, value: unknown): void {
    const bytes = pack(value, 'a result', 'result').bytes.slice()
    this.#crew.post(worker, { is: 'answer', call, ok, value: bytes }, [bytes.buffer])
  }
}
