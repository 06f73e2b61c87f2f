/**
 * Windows: memory of ranks that others reach without their doing. A rank puts elements into the memory of another, gets them, or combines them with what is there;
 * in an epoch (`synchronization.ts`), at whose end it is done.
 *
 * `disp` is where, in units that the target has chosen: elements of its array, unless it said otherwise.
 */

import type { TypedArray } from '@skein/heap'
import { procNull } from '../constants.ts'
import { typeOf } from '../datatype/basic.ts'
import type { Datatype } from '../datatype/datatype.ts'
import { arrayLike, checkKept, type Data, Elements, isData, partOf } from '../message/part.ts'
import { refusal } from '../message/refusal.ts'
import { noOp, type Op, sum } from '../op.ts'
import { NoMessage } from '../request/pendings.ts'
import { Request } from '../request/request.ts'
import type { Part, Pending } from '../transfer.ts'
import { checkAccumulate, checkRange, type TargetElements, targetOf } from './arguments.ts'
import { Synchronization } from './synchronization.ts'

const swappable = new Set(['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'bool', 'byte'])

/** Arrays of one element, for values. */
interface Scratch {
  readonly type: Datatype
  /** Numbers of 64 bits, and whole ones. */
  readonly isBig: boolean
  readonly isWhole: boolean
  readonly origin: Part
  readonly compare: Part
  readonly result: Part
}

export class Window<T extends TypedArray | DataView = TypedArray> extends Synchronization<T> {
  #scratch: Scratch | undefined

  /** Writes elements into the window of a rank. @param rank `procNull`: of nobody */
  put(origin: Data, rank: number, disp = 0, at?: TargetElements): void {
    const part = this.#read('put', origin, rank)
    if (part === undefined) return
    const target = this.#within('put', part, rank, disp, at)
    try {
      this.port.put(part, rank, disp, target.count, target.type)
    } catch (error) {
      throw this.failed(error)
    }
  }

  /** Reads elements out of the window of a rank; they are in `origin` at the epoch's end. */
  get(origin: Data, rank: number, disp = 0, at?: TargetElements): void {
    const part = this.#read('get', origin, rank)
    if (part === undefined) return
    const target = this.#within('get', part, rank, disp, at)
    try {
      this.port.get(part, rank, disp, target.count, target.type)
    } catch (error) {
      throw this.failed(error)
    }
  }

  /**
   * Combines elements with those in the window of a rank: each becomes itself op the origin's. Element by element it is atomic with whatever else is
   * accumulated there.
   *
   * @param op one of MPI's, `replace` among them
   */
  accumulate(origin: Data, rank: number, disp = 0, op: Op = sum, at?: TargetElements): void {
    const part = this.#read('accumulate', origin, rank)
    if (part === undefined) return
    const target = this.#within('accumulate', part, rank, disp, at)
    checkAccumulate(this, 'accumulate', op, part.type, target.type, false)
    try {
      this.port.accumulate(part, rank, disp, target.count, target.type, op)
    } catch (error) {
      throw this.failed(error)
    }
  }

  /**
   * The same, and what was there before comes into `result`.
   *
   * @param origin with `noOp` it may be left undefined: what is there is read, atomically
   */
  getAccumulate(
    origin: Data | undefined,
    result: Data,
    rank: number,
    disp = 0,
    op: Op = sum,
    at?: TargetElements,
  ): void {
    const parts = this.#exchanged('getAccumulate', origin, result, rank, disp, op, at)
    if (parts === undefined) return
    const { given, into, target } = parts
    try {
      this.port.getAccumulate(given, into, rank, disp, target.count, target.type, op)
    } catch (error) {
      throw this.failed(error)
    }
  }

  /** Of one element: `getAccumulate`, which may be faster so. */
  fetchAndOp(origin: Data | undefined, result: Data, rank: number, disp?: number, op?: Op): void
  /** Of a value of the kind of this rank's own array; gives what was there before. Within locks, for it waits until it is complete. */
  fetchAndOp<V extends number | bigint>(value: V, rank: number, disp?: number, op?: Op): V
  fetchAndOp(a: unknown, b: unknown, c?: number, d?: unknown, e?: Op): unknown {
    if (!isData(b)) return this.#fetchValue(a, b as number, c, d as Op | undefined)
    const [origin, rank, disp, op] = [a as Data | undefined, c!, (d as number | undefined) ?? 0, e ?? sum]
    const parts = this.#exchanged('fetchAndOp', origin, b, rank, disp, op, undefined)
    if (parts === undefined) return undefined
    const { given, into } = parts
    this.#checkOne('fetchAndOp', into)
    try {
      this.port.fetchAndOp(given, into, rank, disp, op)
    } catch (error) {
      throw this.failed(error)
    }
    return undefined
  }

  /**
   * Of one whole number: if it is `compare`, it becomes the origin's. What was there before comes into `result`.
   */
  compareAndSwap(origin: Data, compare: Data, result: Data, rank: number, disp?: number): void
  /** Of a value; gives what was there before, so that it was swapped if that is `compare`. Within locks. */
  compareAndSwap<V extends number | bigint>(value: V, compare: V, rank: number, disp?: number): V
  compareAndSwap(a: unknown, b: unknown, c: unknown, d?: number, e = 0): unknown {
    if (!isData(a)) return this.#swapValue(a, b, c as number, d ?? 0)
    const call = 'compareAndSwap'
    const origin = this.#read(call, a, d!)
    if (origin === undefined) return undefined
    const compare = partOf(this, call, 'compare', b as Data)
    const result = partOf(this, call, 'result', c as Data)
    for (const part of [origin, compare, result]) this.#checkOne(call, part)
    if (compare.type !== origin.type || result.type !== origin.type)
      throw refusal(this, call, 'MPI_ERR_TYPE', 'the three', 'of one type', `${compare.type} and ${result.type}`)
    this.#checkSwappable(origin.type)
    this.#within(call, origin, d!, e, undefined)
    try {
      this.port.compareAndSwap(origin, compare, result, d!, e)
    } catch (error) {
      throw this.failed(error)
    }
    return undefined
  }

  // Requests: within locks. A request that is complete says that buffers here may be used again; the target has what was put at the next flush.

  rput(origin: Data, rank: number, disp = 0, at?: TargetElements): Request {
    const part = this.#readKept('rput', origin, rank)
    if (part === undefined) return this.#request('rput', new NoMessage())
    const { count, type } = this.#within('rput', part, rank, disp, at)
    return this.#started('rput', () => this.port.rput(part, rank, disp, count, type))
  }

  rget(origin: Data, rank: number, disp = 0, at?: TargetElements): Request {
    const part = this.#readKept('rget', origin, rank)
    if (part === undefined) return this.#request('rget', new NoMessage())
    const { count, type } = this.#within('rget', part, rank, disp, at)
    return this.#started('rget', () => this.port.rget(part, rank, disp, count, type))
  }

  raccumulate(origin: Data, rank: number, disp = 0, op: Op = sum, at?: TargetElements): Request {
    const part = this.#readKept('raccumulate', origin, rank)
    if (part === undefined) return this.#request('raccumulate', new NoMessage())
    const { count, type } = this.#within('raccumulate', part, rank, disp, at)
    checkAccumulate(this, 'raccumulate', op, part.type, type, false)
    return this.#started('raccumulate', () => this.port.raccumulate(part, rank, disp, count, type, op))
  }

  rgetAccumulate(
    origin: Data | undefined,
    result: Data,
    rank: number,
    disp = 0,
    op: Op = sum,
    at?: TargetElements,
  ): Request {
    const call = 'rgetAccumulate'
    const parts = this.#exchanged(call, origin, result, rank, disp, op, at)
    if (parts === undefined) return this.#request(call, new NoMessage())
    this.#checkRequest(call, rank)
    const { given, into, target } = parts
    for (const part of [given, into]) if (part !== undefined) checkKept(this, call, part.view)
    return this.#started(call, () => this.port.rgetAccumulate(given, into, rank, disp, target.count, target.type, op))
  }

  // Dynamic windows, and shared ones.

  /**
   * Adds an array to a dynamic window.
   *
   * @returns the displacement by which others reach its first byte, to be told to them
   */
  attach(memory: TypedArray | DataView): number {
    this.#checkFlavor('attach', 'dynamic', 'MPI_ERR_RMA_FLAVOR')
    if (!ArrayBuffer.isView(memory) || memory.byteLength === 0)
      throw refusal(this, 'attach', 'MPI_ERR_BASE', 'memory', 'a typed array that is not empty', memory)
    checkKept(this, 'attach', memory)
    return this.does(() => this.port.attach(memory))
  }

  /** Takes an array out of a dynamic window: nobody reaches it any more. @param disp what `attach` gave */
  detach(memory: TypedArray | DataView, disp: number): void {
    this.#checkFlavor('detach', 'dynamic', 'MPI_ERR_RMA_FLAVOR')
    if (!ArrayBuffer.isView(memory) || !Number.isSafeInteger(disp))
      throw refusal(
        this,
        'detach',
        'MPI_ERR_BASE',
        'memory',
        'an array that was attached, with its displacement',
        memory,
      )
    this.does(() => this.port.detach(memory, disp))
  }

  /** Of a shared window: the memory of a rank as an array, to be read and written directly. @param rank `procNull`: the first that has any */
  shared(rank: number): T {
    this.#checkFlavor('shared', 'shared', 'MPI_ERR_RMA_FLAVOR')
    const { sizes } = this.port
    const of =
      rank === procNull
        ? Math.max(
            0,
            sizes.findIndex(size => size > 0),
          )
        : rank
    if (of >>> 0 !== of || of >= this.group.size)
      throw refusal(
        this,
        'shared',
        'MPI_ERR_RANK',
        'rank',
        `a rank from 0 to ${this.group.size - 1}, or procNull`,
        rank,
      )
    const base = this.base as unknown as TypedArray
    const Kind = base.constructor as new (buffer: ArrayBufferLike, from: number, length: number) => T
    const { buffer, byteOffset, byteLength } = this.does(() => this.port.shared(of))
    return new Kind(buffer, byteOffset, Math.floor(byteLength / base.BYTES_PER_ELEMENT))
  }

  #checkFlavor(call: string, flavor: string, errorClass: 'MPI_ERR_RMA_FLAVOR'): void {
    this.checkLive(call)
    if (this.flavor !== flavor)
      throw this.error(errorClass, call, `the window must be ${flavor}, but it was made as ${this.flavor}`)
  }

  /** The origin's elements; undefined: they go to nobody. */
  #read(call: string, origin: Data, rank: number): Part | undefined {
    return this.#isNull(call, rank) ? undefined : partOf(this, call, 'origin', origin)
  }

  #readKept(call: string, origin: Data, rank: number): Part | undefined {
    const part = this.#read(call, origin, rank)
    if (part === undefined) return undefined
    checkKept(this, call, part.view)
    this.#checkRequest(call, rank)
    return part
  }

  #checkRequest(call: string, rank: number): void {
    if (!this.epochs.isPassive(rank))
      this.checkEpoch(call, `rank ${rank} is not locked: calls that give a request are for epochs of locks`)
  }

  #isNull(call: string, rank: number): boolean {
    this.checkLive(call)
    if (rank >>> 0 === rank && rank < this.port.sizes.length) return false
    if (rank !== procNull) {
      const expected = `a rank from 0 to ${this.group.size - 1}, or procNull`
      throw refusal(this, call, 'MPI_ERR_RANK', 'rank', expected, rank)
    }
    return true
  }

  /** What the call is about at the target; the epoch allows it, and it lies within the window. */
  #within(call: string, origin: Part, rank: number, disp: number, at: TargetElements | undefined): Part {
    const target = at === undefined ? origin : targetOf(this, call, origin, at)
    const { port } = this
    const size = this.flavor === 'dynamic' ? undefined : port.sizes[rank]
    const unit = port.dispUnits[rank]
    const bytes = disp * unit + target.count * target.type.size
    // The short way for what is most common.
    if (!(target.type.isContiguous && disp >= 0 && Number.isInteger(disp) && size !== undefined && bytes <= size))
      checkRange(this, call, rank, disp, unit, size, target.count, target.type)
    const problem = this.epochs.reach(rank)
    if (problem !== undefined) this.checkEpoch(call, problem)
    return target
  }

  #exchanged(
    call: string,
    origin: Data | undefined,
    result: Data,
    rank: number,
    disp: number,
    op: Op,
    at: TargetElements | undefined,
  ) {
    if (this.#isNull(call, rank)) return undefined
    const into = partOf(this, call, 'result', result)
    if (origin === undefined && op !== noOp) throw refusal(this, call, 'MPI_ERR_BUFFER', 'origin', 'a buffer', origin)
    const given = op === noOp || origin === undefined ? undefined : partOf(this, call, 'origin', origin)
    if (given !== undefined && given.count * given.type.size !== into.count * into.type.size) {
      const expected = `as much as the origin, ${given.count} of ${given.type}`
      throw refusal(this, call, 'MPI_ERR_COUNT', 'count of result', expected, into.count)
    }
    const target = this.#within(call, given ?? into, rank, disp, at)
    checkAccumulate(this, call, op, (given ?? into).type, target.type, true)
    checkAccumulate(this, call, op, into.type, target.type, true)
    return { given, into, target }
  }

  #checkOne(call: string, { count, type }: Part): void {
    if (count !== 1 || type.recipe.is !== 'basic')
      throw refusal(this, call, 'MPI_ERR_COUNT', 'each buffer', 'one element of a basic type', `${count} of ${type}`)
  }

  #checkSwappable(type: Datatype): void {
    if (!swappable.has(type.kind!))
      throw refusal(this, 'compareAndSwap', 'MPI_ERR_TYPE', 'the type', 'of whole numbers, bool or byte', String(type))
  }

  #request(call: string, pending: Pending): Request {
    return new Request<void>(this, call, pending, true, undefined)
  }

  #started(call: string, start: () => Pending): Request {
    return this.#request(call, this.does(start))
  }

  #fetchValue(value: unknown, rank: number, disp = 0, op: Op = sum): unknown {
    const call = 'fetchAndOp'
    if (this.#isNull(call, rank)) return value
    const scratch = this.#valued(call, rank)
    const { origin, result } = scratch
    this.#write(call, scratch, origin, value)
    this.#within(call, origin, rank, disp, undefined)
    checkAccumulate(this, call, op, origin.type, origin.type, true)
    try {
      this.port.fetchAndOp(op === noOp ? undefined : origin, result, rank, disp, op)
      this.port.flush(rank)
    } catch (error) {
      throw this.failed(error)
    }
    return (result.view as TypedArray)[0]
  }

  #swapValue(value: unknown, compareWith: unknown, rank: number, disp: number): unknown {
    const call = 'compareAndSwap'
    if (this.#isNull(call, rank)) return compareWith
    const scratch = this.#valued(call, rank)
    const { origin, compare, result } = scratch
    this.#checkSwappable(origin.type)
    this.#write(call, scratch, origin, value)
    this.#write(call, scratch, compare, compareWith)
    this.#within(call, origin, rank, disp, undefined)
    try {
      this.port.compareAndSwap(origin, compare, result, rank, disp)
      this.port.flush(rank)
    } catch (error) {
      throw this.failed(error)
    }
    return (result.view as TypedArray)[0]
  }

  /** Where values go. */
  #valued(call: string, rank: number): Scratch {
    if (!this.epochs.isPassive(rank)) {
      const advice = 'a value is waited for, which only an epoch of locks allows: lock it, or give arrays'
      this.checkEpoch(call, `rank ${rank} is not locked: ${advice}`)
    }
    if (this.#scratch !== undefined) return this.#scratch
    const base = this.base
    if (this.flavor === 'dynamic' || base instanceof DataView)
      throw this.error(
        'MPI_ERR_TYPE',
        call,
        'this rank has given the window no array of numbers: give arrays, not a value',
      )
    const type = typeOf(base)
    const one = () => new Elements(arrayLike(base, 1), 1, type)
    const isBig = base instanceof BigInt64Array || base instanceof BigUint64Array
    const isWhole = type.kind!.includes('int')
    return (this.#scratch = { type, isBig, isWhole, origin: one(), compare: one(), result: one() })
  }

  #write(call: string, { isBig, isWhole, type }: Scratch, { view }: Part, value: unknown): void {
    const isFit = isBig ? typeof value === 'bigint' : isWhole ? Number.isInteger(value) : typeof value === 'number'
    if (!isFit) {
      const expected = isBig ? 'a bigint' : isWhole ? 'a whole number' : 'a number'
      throw refusal(this, call, 'MPI_ERR_TYPE', 'the value', `${expected}, for elements of ${type}`, value)
    }
    ;(view as TypedArray)[0] = value as never
  }
}
