/** A task, an actor's call or an object of `put`, as the client keeps it: the engine's side of a reference. */

import type { TypedArray } from '@skein/heap'
import { FreedError } from '../errors.ts'
import { Stored } from '../objects/store.ts'
import type { Ref, Settlement, Source } from '../ref.ts'
import type { Request } from '../schedule/place.ts'
import { Work } from '../schedule/work.ts'
import { Packed } from '../values/packed.ts'
import { tally } from '../values/tally.ts'
import type { Call } from './call.ts'

/** Arguments that do not go into cells, as they were when the call was made. */
export class Prepacked {
  readonly bytes: Uint8Array
  /** References among them, in the order they were met. */
  readonly refs: readonly Ref<unknown>[]
  /** Arrays of the heap among them, in that order, and handles of actors: neither may be collected before the task is over. */
  readonly holds: readonly unknown[] | undefined
  readonly handles: readonly unknown[]

  constructor(
    bytes: Uint8Array,
    refs: readonly Ref<unknown>[],
    holds: readonly unknown[] | undefined,
    handles: readonly unknown[],
  ) {
    this.bytes = bytes
    this.refs = refs
    this.holds = holds
    this.handles = handles
  }
}

/** Arguments as they were when the call was made: values for cells, with references among them, or packed. */
export type Given = readonly unknown[] | Prepacked

export const nothing: Given = []

/** What an attempt needs as long as its arguments can be read. */
export class Scratch {
  readonly #holds: unknown[] = []
  readonly #uses: Stored[] = []

  /** Keeps what was made for the attempt. */
  hold(value: unknown): void {
    this.#holds.push(value)
  }

  /** Keeps a value in memory. @throws ObjectLostError, OutOfMemoryError */
  use(stored: Stored): TypedArray | Packed {
    const value = stored.open()
    stored.entry.uses++
    this.#uses.push(stored)
    this.#holds.push(value)
    return value
  }

  end(): void {
    for (const { entry } of this.#uses.splice(0)) entry.uses--
    this.#holds.length = 0
  }
}

/** Stands for a value that was given up. */
const freed: unique symbol = Symbol('freed')

/** Arrays of the client that a worker may use after the call they were given to. */
export interface Lent {
  readonly given: Given
  readonly scratch: Scratch | undefined
}

export class Record extends Work implements Source {
  readonly call: Call
  /** Where the call was made, or near it. */
  site: Error | undefined
  given: Given
  slot = -1
  /** Milliseconds since the epoch; 0 when nobody looked. */
  submittedMs = 0
  /** Why it should stop, once someone wants it to. */
  stopping: unknown
  settlement: Settlement = 'pending'
  /** Of the attempt under way. */
  scratch: Scratch | undefined
  #found: unknown
  #listeners: ((source: Source) => void) | ((source: Source) => void)[] | undefined

  constructor(id: number, caller: number, call: Call, given: Given, site: Error | undefined) {
    super(id, caller, call.options.retries ?? (call.actor > 0 || call.streams ? 0 : 3))
    this.call = call
    this.given = given
    this.site = site
  }

  get priority(): number {
    return this.call.priority
  }

  get request(): Request | undefined {
    return this.call.request
  }

  get name(): string {
    return this.call.name
  }

  get label(): string {
    return `${this.call.options.name ?? this.call.name}#${this.id}`
  }

  /** Whose value it is, for people. */
  get owner(): string {
    return this.call.options.name ?? this.call.name
  }

  get scratchHere(): Scratch {
    return (this.scratch ??= new Scratch())
  }

  outcome(): unknown {
    const { found } = this
    const value = found instanceof Stored ? found.show() : found
    if (!(value instanceof Packed)) return value
    const isCall = this.call.definition >= 0
    this.#found = tally !== undefined && isCall ? tally.of(this.name, () => value.unpack()) : value.unpack()
    if (found instanceof Stored) found.end()
    return this.#found
  }

  async remade(): Promise<void> {
    const { found } = this
    if (found instanceof Stored) await found.remade()
  }

  get isFreed(): boolean {
    return this.#found === freed
  }

  /** The result as it lies: nobody has looked at it yet if it is packed. */
  get found(): unknown {
    if (this.#found === freed) throw new FreedError(this.label)
    if (this.#found instanceof Stored) this.#found = this.#found.latest
    return this.#found
  }

  /** For those who await it. */
  whenSettled(listener: (source: Source) => void): void {
    this.whenOver(listener)
  }

  /** The same for the engine, which awaits nothing. */
  whenOver(listener: (source: Source) => void): void {
    // It may be over before the call has returned: it was refused, or a worker was that fast.
    if (this.settlement !== 'pending') return listener(this)
    if (this.#listeners === undefined) this.#listeners = listener
    else if (typeof this.#listeners === 'function') this.#listeners = [this.#listeners, listener]
    else this.#listeners.push(listener)
  }

  /** Once; later ones are ignored. @param found the value, or it packed */
  settle(settlement: Settlement, found: unknown): void {
    if (this.settlement !== 'pending') return
    this.settlement = settlement
    if (this.#found !== freed) this.#found = found
    else if (found instanceof Stored) found.end()
    if (this.slot < 0) this.given = nothing
    const listeners = this.#listeners
    this.#listeners = undefined
    if (typeof listeners === 'function') listeners(this)
    else for (const listener of listeners ?? []) listener(this)
  }

  /** What its attempt needs may be in use after it: from now on whoever has this cares for it. */
  lend(): Lent {
    const { given, scratch } = this
    this.scratch = undefined
    return { given, scratch }
  }

  /** It is on the board no more: nobody reads its arguments there. */
  left(): void {
    this.slot = -1
    this.scratch?.end()
    this.scratch = undefined
    if (this.settlement !== 'pending') this.given = nothing
  }

  /** The value is given up, now or when it comes. */
  free(): void {
    if (this.#found instanceof Stored) this.#found.end()
    this.#found = freed
  }
}
