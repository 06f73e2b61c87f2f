/** Definitions as workers know them, by number, and what the calls of each have in common. */

import { type Call, requestOf, workerFor } from '../calls/call.ts'
import type { Groups } from '../calls/groups.ts'
import type { TaskOptions } from '../options.ts'
import type { TaskDefinition } from '../registry.ts'
import type { Crew } from './crew.ts'

export class Definitions {
  readonly #workers: number
  readonly #crew: Crew
  readonly #groups: Groups
  readonly #numbers = new Map<string, number>()
  /** What the calls of a definition with the same options share, and the one that was called last. */
  readonly #callsOf = new WeakMap<TaskDefinition, WeakMap<TaskOptions, Call>>()
  #lastDefinition: TaskDefinition | undefined
  #lastOptions: TaskOptions | undefined
  #lastCall: Call | undefined

  constructor(workers: number, crew: Crew, groups: Groups) {
    this.#workers = workers
    this.#crew = crew
    this.#groups = groups
  }

  /** The number under which workers know it: they are told when it is new. */
  numberOf(kind: 'task' | 'actor', url: string, name: string): number {
    const key = `${url}#${name}`
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(key, number)
      this.#crew.announce({ number, kind, url, name })
    }
    return number
  }

  /** The same for the same options. */
  callOf(definition: TaskDefinition, options: TaskOptions): Call {
    if (definition === this.#lastDefinition && options === this.#lastOptions) return this.#lastCall!
    let calls = this.#callsOf.get(definition)
    if (calls === undefined) this.#callsOf.set(definition, (calls = new WeakMap()))
    let call = calls.get(options)
    if (call === undefined) calls.set(options, (call = this.newCall(definition.url, definition.name, options)))
    this.#lastDefinition = definition
    this.#lastOptions = options
    this.#lastCall = call
    return call
  }

  newCall(url: string, name: string, options: TaskOptions, streams = false): Call {
    const worker = workerFor(options.name ?? name, options.runOn, this.#workers)
    const request = requestOf(options, worker, id => this.#groups.at(id))
    const definition = this.numberOf('task', url, name)
    const { priority = 0 } = options
    return { name, definition, options, priority, request, actor: 0, method: 0, streams, tally: undefined }
  }
}
