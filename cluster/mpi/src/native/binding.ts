/**
 * A library's functions with what they need around them: the few typed arrays into which calls write their results, and what is to be
 * made of handles, ranks, statuses and errors. One of each is enough, since calls are made by one thread and results are taken out at once.
 */

import { NotSupportedError } from '@skein/base'
import { anySource, anyTag, procNull, root } from '../constants.ts'
import type { Datatype } from '../datatype/datatype.ts'
import type { Part } from '../engine.ts'
import { MpiError } from '../errors.ts'
import type { Status } from '../status.ts'
import { CallBlock } from './call-block.ts'
import { directCalls } from './direct.ts'
import type { Family } from './family.ts'
import { bind, type Calls } from './functions.ts'
import type { MpiLibrary } from './library.ts'

/** Of whom an error is told. */
export interface Caller {
  readonly rank: number
  readonly name: string
}

const two32 = 2 ** 32

export class Binding {
  readonly library: MpiLibrary
  readonly family: Family
  readonly calls: Calls
  readonly block: CallBlock | undefined

  readonly commNull: number
  readonly requestNull: number
  readonly infoNull: number

  /** Where calls write an int, a flag, a handle, a status. */
  readonly int: Int32Array
  readonly cell: Int32Array
  readonly status: Int32Array

  /** What a user's operation threw, in a call of the library: an exception must not pass through it. */
  thrown: unknown
  hasThrown = false

  readonly #isWide: boolean
  readonly #source: number
  readonly #tag: number
  readonly #bytes: number
  readonly #zero: number
  readonly #alsoZero: number
  readonly #count = new Int32Array(1)

  constructor(library: MpiLibrary) {
    this.library = library
    this.family = library.family
    this.commNull = library.resolve(library.family.commNull)
    this.requestNull = library.resolve(library.family.requestNull)
    this.infoNull = library.resolve(library.family.infoNull)
    const calls = bind(library.handle, library.family, library.version)
    const block = CallBlock.open(library.koffi)
    this.block = block
    const output = (ints: number) => block?.take(ints) ?? { view: new Int32Array(ints), address: 0 }
    const outputs = { int: output(1), cell: output(2), status: output(library.family.status.ints) }
    this.int = outputs.int.view
    this.cell = outputs.cell.view
    this.status = outputs.status.view
    const all = block ? { ...calls, ...directCalls(calls, library, block, outputs) } : calls
    // V8 looks into an object of so many properties by hash, but not into one that others inherit from.
    this.calls = Object.create(all)
    this.#isWide = library.family.handle !== 'int'
    this.#source = library.family.status.source
    this.#tag = library.family.status.tag
    // Past the end there is no number.
    ;[this.#bytes, this.#zero, this.#alsoZero] = library.family.status.short ?? [this.status.length, 0, 0]
  }

  // ---- handles -------------------------------------------------------------------------------------------------

  /** The handle a call has written to the cell. */
  readHandle(): number {
    const { cell } = this
    return this.#isWide ? (cell[0] >>> 0) + cell[1] * two32 : cell[0]
  }

  writeHandle(handle: number): void {
    const { cell } = this
    cell[0] = handle
    // A quotient, since shifts see the low 32 bits alone.
    if (this.#isWide) cell[1] = handle / two32
  }

  /** What lies at an address that the library gives to a callback. */
  decodeHandle(address: bigint): number {
    const { decode } = this.library.koffi
    return this.#isWide ? Number(decode.uint64(address)) : decode.int(address)
  }

  handleArray(handles: readonly number[]): Int32Array | BigInt64Array {
    return this.#isWide ? BigInt64Array.from(handles, BigInt) : Int32Array.from(handles)
  }

  // ---- ranks and tags --------------------------------------------------------------------------------------------

  /** A rank as the library has it. */
  rank(rank: number): number {
    if (rank >= 0) return rank
    const { family } = this
    return rank === anySource ? family.anySource : rank === procNull ? family.procNull : family.root
  }

  tag(tag: number): number {
    return tag >= 0 ? tag : this.family.anyTag
  }

  // ---- statuses --------------------------------------------------------------------------------------------------

  /** What came is mostly short, and all that was asked for: that is seen with no more than what `fill` would need anyway. */
  fillReceived(status: Status, { count, type }: Part): void {
    const ints = this.status
    const source = ints[this.#source]
    const tag = ints[this.#tag]
    const bytes = ints[this.#bytes]
    if (bytes !== count * type.size || ints[this.#zero] !== 0 || ints[this.#alsoZero] !== 0 || source < 0 || tag < 0) {
      this.fill(status, type)
      return
    }
    status.source = source
    status.tag = tag
    status.bytes = bytes
    status.isCancelled = false
    status.count = count
  }

  /** Takes over what a call has written to `this.status`. @param type of what was received; undefined: not yet known */
  fill(status: Status, type: Datatype | undefined): void {
    const { status: ints, family } = this
    const source = ints[this.#source]
    const tag = ints[this.#tag]
    status.source =
      source >= 0 ? source : source === family.procNull ? procNull : source === family.root ? root : anySource
    status.tag = tag >= 0 ? tag : anyTag
    const bytes = family.status.bytes ? family.status.bytes(ints) : this.#askedBytes()
    status.bytes = bytes
    status.isCancelled = family.status.isCancelled ? family.status.isCancelled(ints) : this.#askedCancelled()
    if (type === undefined) status.count = undefined
    else if (type.size === 0) status.count = 0
    else {
      const count = bytes / type.size
      status.count = Number.isInteger(count) ? count : undefined
    }
  }

  #askedBytes(): number {
    this.calls.MPI_Get_count(this.status, this.library.resolve(this.family.datatypes.byte), this.#count)
    return this.#count[0]
  }

  #askedCancelled(): boolean {
    this.calls.MPI_Test_cancelled(this.status, this.#count)
    return this.#count[0] !== 0
  }

  // ---- errors ----------------------------------------------------------------------------------------------------

  /** Ends a call that did not return MPI_SUCCESS, or during which a user's operation threw. */
  fail(code: number, call: string, caller: Caller): never {
    if (this.hasThrown) {
      this.hasThrown = false
      throw this.thrown
    }
    const { calls, family } = this
    const text = new Uint8Array(8192)
    calls.MPI_Error_class(code, this.int)
    const errorClass = family.errorClasses[this.int[0]] ?? 'MPI_ERR_OTHER'
    calls.MPI_Error_string(code, text, this.int)
    const said = new TextDecoder().decode(text.subarray(0, this.int[0])).replace(/\0.*/s, '').trim()
    throw new MpiError(errorClass, { call, rank: caller.rank, comm: caller.name }, said)
  }

  notSupported(call: string, reason: string): never {
    throw new NotSupportedError(this.family.name, call, reason)
  }
}
