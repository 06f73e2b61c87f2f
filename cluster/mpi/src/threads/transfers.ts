/**
 * Messages under way, as the rank at either end has them: what is sent, and what waits for something to come. Short messages are over when they
 * are written. A long one is offered; what happens then is decided where it is received (see `Exchange`).
 */

import type { Datatype } from '../datatype/datatype.ts'
import { countIn, scatterInto } from '../datatype/packing.ts'
import { receivable } from '../datatype/signature.ts'
import type { Part } from '../engine.ts'
import type { Status } from '../status.ts'

/** The bytes of a part whose elements follow one another. */
export const bytesOf = ({ view, count, type }: Part): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, count * type.size)

/** What goes to another rank. */
export class Sending {
  /** By which the other side answers; -1: it does not. */
  id = -1
  readonly bytes: Uint8Array
  readonly to: number
  readonly context: number
  readonly tag: number
  readonly signature: number
  /** It is over only when the message is received. */
  readonly isSync: boolean
  isDone = false
  error: unknown

  constructor(bytes: Uint8Array, to: number, context: number, tag: number, signature: number, isSync: boolean) {
    this.bytes = bytes
    this.to = to
    this.context = context
    this.tag = tag
    this.signature = signature
    this.isSync = isSync
  }

  get peer(): string {
    return `rank ${this.to}`
  }

  get about(): string {
    return `to ${this.peer}, tag ${this.tag}`
  }

  finish(): void {
    this.isDone = true
  }

  tell(status: Status): void {
    status.source = status.tag = -1
    status.bytes = status.count = 0
    status.isCancelled = false
  }
}

/** What waits for a message. */
export class Receiving {
  /** By which the sender answers; -1: there is nothing to answer. */
  id = -1
  /** Where elements go; those of a type with gaps are spread when all have come. */
  bytes: Uint8Array
  /** It takes a message of any length, and makes room for it when it is matched. */
  readonly #isOfAnyLength: boolean
  readonly #part: Part | undefined
  /** Number of a rank in the world, or -1: of any. */
  readonly from: number
  readonly tag: number
  readonly signature: number
  readonly #type: Datatype | undefined
  // Of the message that it was given.
  source = -1
  foundTag = -1
  length = 0
  /** Bytes of it that have come. */
  arrived = 0
  isDone = false
  isCancelled = false
  isMatched = false
  error: unknown

  private constructor(
    bytes: Uint8Array | undefined,
    from: number,
    tag: number,
    signature: number,
    type?: Datatype,
    part?: Part,
  ) {
    this.bytes = bytes ?? new Uint8Array(0)
    this.#isOfAnyLength = bytes === undefined
    this.from = from
    this.tag = tag
    this.signature = signature
    this.#type = type
    this.#part = part
  }

  static ofBytes(bytes: Uint8Array, from: number, tag: number, signature: number): Receiving {
    return new Receiving(bytes, from, tag, signature)
  }

  /** A run of elements of a type, packed. */
  static ofRun(bytes: Uint8Array, type: Datatype, from: number, tag: number): Receiving {
    return new Receiving(bytes, from, tag, type.signature, type)
  }

  static ofAnyLength(type: Datatype, from: number, tag: number): Receiving {
    return new Receiving(undefined, from, tag, type.signature, type)
  }

  static of(part: Part, from: number, tag: number): Receiving {
    const { type, count } = part
    return type.isContiguous
      ? new Receiving(bytesOf(part), from, tag, type.signature, type)
      : new Receiving(new Uint8Array(count * type.size), from, tag, type.signature, type, part)
  }

  takes(source: number, tag: number): boolean {
    return (this.from === source || this.from === -1) && (this.tag === tag || (this.tag === -1 && tag >= 0))
  }

  get peer(): string {
    return this.from < 0 ? 'any rank' : `rank ${this.from}`
  }

  get about(): string {
    return `from ${this.peer}, ${this.tag < 0 ? 'any tag' : `tag ${this.tag}`}`
  }

  /** Whether elements of this signature may be received as its own. */
  suits(signature: number, length: number): boolean {
    if (signature === this.signature) return true
    return this.#type !== undefined && receivable(signature, length, this.#type.layout.root)
  }

  /** Its message. */
  match(source: number, tag: number, length: number): void {
    this.isMatched = true
    this.source = source
    this.foundTag = tag
    this.length = length
    if (this.#isOfAnyLength) this.bytes = new Uint8Array(length)
  }

  finish(): void {
    if (this.#part !== undefined && this.error === undefined && !this.isCancelled) {
      scatterInto(this.bytes.subarray(0, this.length), this.#part.view, this.#part.type)
    }
    this.isDone = true
  }

  tell(status: Status): void {
    status.source = this.source
    status.tag = this.foundTag
    status.bytes = this.length
    status.count = this.#type === undefined ? this.length : countIn(this.length, this.#type)
    status.isCancelled = this.isCancelled
  }
}
