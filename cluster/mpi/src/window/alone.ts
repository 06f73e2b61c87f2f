/** A window of one rank, which reaches its own memory alone: calls are done at once, and there is nobody to wait for. */

import type { Datatype } from '../datatype/datatype.ts'
import { spanOf } from '../datatype/packing.ts'
import { MpiError } from '../errors.ts'
import type { Op } from '../op.ts'
import type { Status } from '../status.ts'
import type { Part, Pending } from '../transfer.ts'
import { combine, compareAndSwap, type Guarded } from './combine.ts'
import { Moves } from './moves.ts'
import type { WindowPlan, WindowPort } from './port.ts'

/** Displacements of attached memory: apart from each other. */
const firstPiece = 2 ** 40
const pieceUnit = 64

const done: Pending = {
  test: (status: Status) => {
    status.source = status.tag = -1
    status.bytes = status.count = 0
    return true
  },
  wait: status => void done.test(status),
  cancel: () => {},
  free: () => {},
}

export class AloneWindow implements WindowPort {
  name?: string
  readonly model = 'unified'
  readonly memory: ArrayBufferView
  readonly sizes: readonly number[]
  readonly dispUnits: readonly number[]
  readonly #moves = new Moves()
  readonly #words = new Int32Array(new SharedArrayBuffer(4))
  /** By displacement. */
  readonly #pieces = new Map<number, ArrayBufferView>()
  #next = firstPiece
  #isPosted = false
  #isStarted = false
  #at = 0

  constructor(plan: WindowPlan) {
    if (plan.flavor === 'dynamic') this.memory = new Uint8Array(0)
    else this.memory = plan.flavor === 'create' ? plan.view : new Uint8Array(plan.bytes)
    this.sizes = [this.memory.byteLength]
    this.dispUnits = [plan.flavor === 'dynamic' ? 1 : plan.dispUnit]
    if (plan.flavor !== 'dynamic') this.#pieces.set(0, this.memory)
  }

  shared(): Uint8Array {
    return this.memory as Uint8Array
  }

  attach(view: ArrayBufferView): number {
    const begin = view.byteOffset
    for (const { buffer, byteOffset, byteLength } of this.#pieces.values()) {
      if (buffer === view.buffer && byteOffset < begin + view.byteLength && begin < byteOffset + byteLength)
        throw this.#error('MPI_ERR_RMA_ATTACH', 'attach', 'the memory overlaps with some that is attached already')
    }
    const from = this.#next
    this.#next += Math.ceil(view.byteLength / pieceUnit + 1) * pieceUnit
    this.#pieces.set(from, view)
    return from
  }

  detach(view: ArrayBufferView, address: number): void {
    if (this.#pieces.get(address)?.byteLength !== view.byteLength)
      throw this.#error('MPI_ERR_RMA_ATTACH', 'detach', `no such memory is attached at ${address}`)
    this.#pieces.delete(address)
  }

  #error(errorClass: MpiError['errorClass'], call: string, problem: string): MpiError {
    return new MpiError(errorClass, { call, rank: 0, comm: this.name ?? 'a window' }, problem)
  }

  /** The memory that a call is about, `#at` where in it. */
  #find(call: string, disp: number, count: number, type: Datatype): Guarded {
    const place = disp * this.dispUnits[0]
    const { from: low, to: high } = spanOf(count, type)
    for (const [from, { buffer, byteOffset, byteLength }] of this.#pieces) {
      if (place + low < from || place + high > from + byteLength) continue
      this.#at = place - from
      return { bytes: new Uint8Array(buffer, byteOffset, byteLength), words: this.#words, mutex: 0, numbers: {} }
    }
    throw this.#error(
      'MPI_ERR_RMA_RANGE',
      call,
      `there is no memory at the bytes from ${place + low} to ${place + high}`,
    )
  }

  put(origin: Part, _rank: number, disp: number, count: number, type: Datatype): void {
    const { bytes } = this.#find('put', disp, count, type)
    this.#moves.put(bytes, this.#at, count, type, origin)
  }

  get(origin: Part, _rank: number, disp: number, count: number, type: Datatype): void {
    const { bytes } = this.#find('get', disp, count, type)
    this.#moves.get(bytes, this.#at, count, type, origin)
  }

  accumulate(origin: Part, _rank: number, disp: number, count: number, type: Datatype, op: Op): void {
    combine(
      this.#find('accumulate', disp, count, type),
      this.#at,
      count,
      type,
      op,
      this.#moves.packed(origin),
      undefined,
    )
  }

  getAccumulate(
    origin: Part | undefined,
    result: Part,
    _rank: number,
    disp: number,
    count: number,
    type: Datatype,
    op: Op,
  ): void {
    const before = new Uint8Array(count * type.size)
    const given = origin && this.#moves.packed(origin)
    combine(this.#find('getAccumulate', disp, count, type), this.#at, count, type, op, given, before)
    this.#moves.unpack(before, result)
  }

  fetchAndOp(origin: Part | undefined, result: Part, rank: number, disp: number, op: Op): void {
    this.getAccumulate(origin, result, rank, disp, 1, result.type, op)
  }

  compareAndSwap(origin: Part, compare: Part, result: Part, _rank: number, disp: number): void {
    const { type } = origin
    const memory = this.#find('compareAndSwap', disp, 1, type)
    const found = new Uint8Array(type.size)
    const value = this.#moves.packed(origin).slice()
    compareAndSwap(memory, this.#at, type, value, this.#moves.packed(compare), found)
    this.#moves.unpack(found, result)
  }

  rput(origin: Part, rank: number, disp: number, count: number, type: Datatype): Pending {
    this.put(origin, rank, disp, count, type)
    return done
  }

  rget(origin: Part, rank: number, disp: number, count: number, type: Datatype): Pending {
    this.get(origin, rank, disp, count, type)
    return done
  }

  raccumulate(origin: Part, rank: number, disp: number, count: number, type: Datatype, op: Op): Pending {
    this.accumulate(origin, rank, disp, count, type, op)
    return done
  }

  rgetAccumulate(
    origin: Part | undefined,
    result: Part,
    rank: number,
    disp: number,
    count: number,
    type: Datatype,
    op: Op,
  ): Pending {
    this.getAccumulate(origin, result, rank, disp, count, type, op)
    return done
  }

  fence(): void {}

  start(ranks: readonly number[]): void {
    if (ranks.length > 0 && !this.#isPosted) throw this.#stuck('start', 'post')
    this.#isStarted = ranks.length > 0
  }

  complete(): void {
    if (this.#isStarted) this.#isPosted = this.#isStarted = false
  }

  post(ranks: readonly number[]): void {
    this.#isPosted = ranks.length > 0
  }

  wait(): void {
    if (this.#isPosted) throw this.#stuck('wait', 'complete')
  }

  test(): boolean {
    return !this.#isPosted
  }

  #stuck(call: string, other: string): MpiError {
    return this.#error('MPI_ERR_RMA_SYNC', call, `the only rank would wait for its own ${other}, which must come first`)
  }

  lock(): void {}
  unlock(): void {}
  lockAll(): void {}
  unlockAll(): void {}
  flush(): void {}
  flushLocal(): void {}
  flushAll(): void {}
  flushLocalAll(): void {}
  sync(): void {}

  free(): void {
    this.#pieces.clear()
  }
}
