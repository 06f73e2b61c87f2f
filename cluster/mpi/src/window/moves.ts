/** Elements to and from the memory of a window, where this rank sees it. */

import { copy } from '../copy.ts'
import type { Datatype } from '../datatype/datatype.ts'
import { gather, scatterInto } from '../datatype/packing.ts'
import { KeptBytes } from '../message/kept-bytes.ts'
import type { Part } from '../transfer.ts'

export class Moves {
  readonly #kept = new KeptBytes()

  /** Of elements that follow one another. */
  #bytesOf(part: Part): Uint8Array {
    return this.#kept.of(part.view, part.count * part.type.size)
  }

  /** Writes the origin's elements as `count` of `type` from byte `at` on. */
  put(to: Uint8Array, at: number, count: number, type: Datatype, origin: Part): void {
    if (!type.isContiguous) return scatterInto(this.packed(origin), from(to, at), type)
    const length = count * type.size
    if (origin.type.isContiguous) copy(to, at, this.#bytesOf(origin), 0, length)
    else gather(origin.view, origin.count, origin.type, to.subarray(at, at + length))
  }

  /** Reads them into the origin's. */
  get(there: Uint8Array, at: number, count: number, type: Datatype, origin: Part): void {
    const length = count * type.size
    if (!type.isContiguous) return this.unpack(gather(from(there, at), count, type), origin)
    if (origin.type.isContiguous) copy(this.#bytesOf(origin), 0, there, at, length)
    else scatterInto(there.subarray(at, at + length), origin.view, origin.type)
  }

  /** One after another; in place, if they are so already. */
  packed(part: Part): Uint8Array {
    return part.type.isContiguous ? this.#bytesOf(part) : gather(part.view, part.count, part.type)
  }

  unpack(bytes: Uint8Array, part: Part): void {
    scatterInto(bytes, part.view, part.type)
  }
}

/** A view whose first byte is `at`, for types that may reach below it. */
const from = (bytes: Uint8Array, at: number): DataView => new DataView(bytes.buffer, bytes.byteOffset + at)
