/**
 * The contract of one-sided communication: what an engine does for a window. Everything given to it has been checked: epochs are
 * such that the call may be made, ranks are in range, elements lie within the window (but of a dynamic one, which only the engine can see), and the
 * operation is defined for them. A target is never `procNull`.
 */

import type { Datatype } from '../datatype/datatype.ts'
import type { Hints } from '../info.ts'
import type { Op } from '../op.ts'
import type { Part, Pending } from '../transfer.ts'

/** MPI_WIN_CREATE_FLAVOR. */
export type WindowFlavor = 'create' | 'allocate' | 'shared' | 'dynamic'
/** Unified: what others put is seen in memory by itself; separate: once its owner has synchronised. */
export type WindowModel = 'unified' | 'separate'
export type LockType = 'shared' | 'exclusive'

/** What the caller promises of an epoch, by which an engine may do less (MPI-4.0, 12.5.5). */
export interface Assertions {
  /** The other side's call has been made, or no lock of another stands in the way. */
  readonly noCheck?: boolean
  /** No stores to the window's memory here since the last synchronisation. */
  readonly noStore?: boolean
  /** Nobody will put or accumulate here in the epoch that begins. */
  readonly noPut?: boolean
  /** The fence ends no epoch in which this rank has made calls. */
  readonly noPrecede?: boolean
  /** The fence begins no epoch. */
  readonly noSucceed?: boolean
}

/** What a rank gives to a window. */
export type WindowPlan = { readonly hints: Hints } & (
  | { readonly flavor: 'create'; readonly view: ArrayBufferView; readonly dispUnit: number }
  | {
      readonly flavor: 'allocate' | 'shared'
      readonly bytes: number
      readonly dispUnit: number
      /** Of shared memory: each rank's follows that of the rank before. */
      readonly isContiguous: boolean
    }
  | { readonly flavor: 'dynamic' }
)

export interface WindowPort {
  /** What its errors call it; its window sets it. */
  name?: string
  readonly model: WindowModel
  /** The memory of this rank; nothing of a dynamic window. */
  readonly memory: ArrayBufferView
  /** By rank, bytes of its memory, and what its displacements count. */
  readonly sizes: readonly number[]
  readonly dispUnits: readonly number[]

  /** Of a shared window: the memory of a rank. */
  shared(rank: number): Uint8Array
  /** Of a dynamic one: adds memory, and gives where it lies for others. */
  attach(view: ArrayBufferView): number
  detach(view: ArrayBufferView, address: number): void

  // The origin's elements, then the target's.
  put(origin: Part, rank: number, disp: number, count: number, type: Datatype): void
  get(origin: Part, rank: number, disp: number, count: number, type: Datatype): void
  accumulate(origin: Part, rank: number, disp: number, count: number, type: Datatype, op: Op): void
  /** `origin` is undefined where nothing is read from it. */
  getAccumulate(
    origin: Part | undefined,
    result: Part,
    rank: number,
    disp: number,
    count: number,
    type: Datatype,
    op: Op,
  ): void
  /** Of one element of a basic type. */
  fetchAndOp(origin: Part | undefined, result: Part, rank: number, disp: number, op: Op): void
  compareAndSwap(origin: Part, compare: Part, result: Part, rank: number, disp: number): void

  // The same, to be waited for one by one.
  rput(origin: Part, rank: number, disp: number, count: number, type: Datatype): Pending
  rget(origin: Part, rank: number, disp: number, count: number, type: Datatype): Pending
  raccumulate(origin: Part, rank: number, disp: number, count: number, type: Datatype, op: Op): Pending
  rgetAccumulate(
    origin: Part | undefined,
    result: Part,
    rank: number,
    disp: number,
    count: number,
    type: Datatype,
    op: Op,
  ): Pending

  fence(assertions: Assertions): void
  start(ranks: readonly number[], assertions: Assertions): void
  complete(): void
  post(ranks: readonly number[], assertions: Assertions): void
  wait(): void
  test(): boolean
  lock(type: LockType, rank: number, assertions: Assertions): void
  unlock(rank: number): void
  lockAll(assertions: Assertions): void
  unlockAll(): void
  flush(rank: number): void
  flushLocal(rank: number): void
  flushAll(): void
  flushLocalAll(): void
  sync(): void
  /** All ranks call it. */
  free(): void
}
