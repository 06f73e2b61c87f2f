/** A task, an actor's call or an object of `put`, as the client keeps it: the engine's side of a reference. */

import { FreedError } from '../errors.ts'
import type { TaskOptions } from '../options.ts'
import type { Ref, Settlement, Source } from '../ref.ts'
import type { Request } from '../schedule/place.ts'
import { Work } from '../schedule/work.ts'
import { unpack } from '../values/pack.ts'
import type { Found } from './result.ts'

/** Arguments as they were when the call was made. */
export interface Prepared {
  /** Values for cells, references among them; or packed, with the references apart. */
  readonly args: readonly unknown[] | undefined
  readonly packed: Uint8Array | undefined
  readonly refs: readonly Ref<unknown>[]
  /** What must not be collected before the task is over. */
  readonly holds: unknown
}

export const nothing: Prepared = { args: [], packed: undefined, refs: [], holds: undefined }

export class Record extends Work implements Source {
  readonly name: string
  /** The definition's number; -1 for an object. */
  readonly definition: number
  readonly options: TaskOptions
  /** Where the call was made, or near it. */
  readonly site: Error | undefined
  /** The actor it is a call of, or 0. */
  readonly actor: number
  readonly method: number
  readonly streams: boolean
  prepared: Prepared
  slot = -1
  /** Why it should stop, once someone wants it to. */
  stopping: unknown
  settlement: Settlement = 'pending'
  /** Arrays the engine made so that the attempt under way can read its arguments. */
  scratch: unknown
  #found: Found | undefined
  #listeners: (() => void) | (() => void)[] | undefined

  constructor(
    id: number,
    caller: number,
    name: string,
    definition: number,
    options: TaskOptions,
    request: Request | undefined,
    prepared: Prepared,
    site: Error | undefined,
    actor = 0,
    method = 0,
    streams = false,
  ) {
    super(id, caller, options.priority ?? 0, request, options.retries ?? (actor > 0 || streams ? 0 : 3))
    this.name = name
    this.definition = definition
    this.options = options
    this.prepared = prepared
    this.site = site
    this.actor = actor
    this.method = method
    this.streams = streams
  }

  get label(): string {
    return `${this.options.name ?? this.name}#${this.id}`
  }

  outcome(): unknown {
    if (this.#found === undefined) throw new FreedError(this.label)
    if ('packed' in this.#found) this.#found = { value: unpack(this.#found.packed) }
    return this.#found.value
  }

  /** The result as it lies: nobody has looked at it yet if it is packed. */
  get found(): Found {
    if (this.#found === undefined) throw new FreedError(this.label)
    return this.#found
  }

  whenSettled(listener: () => void): void {
    if (this.#listeners === undefined) this.#listeners = listener
    else if (typeof this.#listeners === 'function') this.#listeners = [this.#listeners, listener]
    else this.#listeners.push(listener)
  }

  /** Once; later ones are ignored. */
  settle(settlement: Settlement, found: Found): void {
    if (this.settlement !== 'pending') return
    this.settlement = settlement
    this.#found = found
    this.prepared = nothing
    this.scratch = undefined
    const listeners = this.#listeners
    this.#listeners = undefined
    if (typeof listeners === 'function') listeners()
    else for (const listener of listeners ?? []) listener()
  }

  free(): void {
    this.#found = undefined
  }
}
