/**
 * Windows of the library. Buffers of calls that are not complete are held on to, and so is the memory that was given to a window. Memory that the library gave is taken from all arrays
 * over it when the window is freed: it is the library's to unmap.
 */

import type { Datatype } from '../datatype/datatype.ts'
import { kinds } from '../datatype/kinds.ts'
import { scatterInto } from '../datatype/packing.ts'
import type { Op } from '../op.ts'
import type { Part, Pending } from '../transfer.ts'
import { AloneWindow } from '../window/alone.ts'
import type { Assertions, LockType, WindowModel, WindowPlan, WindowPort } from '../window/port.ts'
import type { Argument, Call } from './functions.ts'
import { withInfo } from './info.ts'
import { Postings } from './postings.ts'
import { NativePending } from './requests.ts'
import type { Runtime } from './runtime.ts'
import { assertionBits, type WindowConstants, windowConstants } from './window-constants.ts'
import { All, hasGap, type Pieces, packed } from './window-pieces.ts'

/** The communicator that makes it. */
interface Owner {
  readonly runtime: Runtime
  readonly comm: number
  readonly rank: number
  readonly size: number
  readonly name: string
}

/** Of memory that is allocated with a window: MPICH 4.0 reaches the wrong place of another rank's when one is no multiple of 16 bytes. */
const allocatedUnit = 64

const callOf = {
  create: 'window',
  allocate: 'allocateWindow',
  shared: 'allocateSharedWindow',
  dynamic: 'dynamicWindow',
}

export class NativeWindow implements WindowPort {
  name: string
  readonly rank: number
  readonly model: WindowModel
  readonly memory: ArrayBufferView
  readonly sizes: readonly number[]
  readonly dispUnits: readonly number[]
  readonly #runtime: Runtime
  readonly #constants: WindowConstants
  readonly #win: number
  /** By rank, the first buffer of calls that may not be complete, and all others. */
  readonly #first: (ArrayBufferView | undefined)[]
  readonly #open: Set<ArrayBufferView>[]
  /** What is to be done once they are. */
  readonly #afterwards: (() => void)[][]
  /** Memory of the library, of which arrays were given away. */
  readonly #given: ArrayBuffer[] = []
  readonly #shared: (Uint8Array | undefined)[] = []
  /** By address, of a dynamic window. */
  readonly #attached = new Map<number, ArrayBufferView>()

  /** Open MPI 4.1 with memory of the user's. */
  readonly #failsAtGaps: boolean
  /** Undefined: the library knows itself who has posted. */
  readonly #postings: Postings | undefined

  constructor(owner: Owner, plan: WindowPlan) {
    const { runtime, comm, rank, size } = owner
    const { calls, family, library } = runtime
    this.#runtime = runtime
    this.#constants = windowConstants[family.name]
    this.#failsAtGaps = family.name === 'openmpi' && (plan.flavor === 'create' || plan.flavor === 'dynamic')
    this.name = owner.name
    this.rank = rank
    this.#first = new Array(size).fill(undefined)
    this.#open = Array.from({ length: size }, () => new Set())
    this.#afterwards = Array.from({ length: size }, () => [])
    const base = new BigInt64Array(1)
    const call = callOf[plan.flavor]
    const hints = new Map(plan.hints)
    if (plan.flavor === 'shared' && !plan.isContiguous) hints.set('alloc_shared_noncontig', 'true')
    this.#win = withInfo(runtime, hints, call, owner, info => {
      let code: number
      if (plan.flavor === 'dynamic') code = calls.MPI_Win_create_dynamic(info, comm, runtime.cell)
      else if (plan.flavor === 'create') {
        const { view, dispUnit } = plan
        const { byteLength } = view
        code = calls.MPI_Win_create(byteLength > 0 ? view : null, byteLength, dispUnit, info, comm, runtime.cell)
      } else {
        const make = plan.flavor === 'shared' ? calls.MPI_Win_allocate_shared : calls.MPI_Win_allocate
        const bytes = plan.flavor === 'shared' ? plan.bytes : Math.ceil(plan.bytes / allocatedUnit) * allocatedUnit
        code = make(bytes, plan.dispUnit, info, comm, base, runtime.cell)
      }
      if (code !== 0) runtime.fail(code, call, owner)
      return runtime.readHandle()
    })
    if (family.name === 'mpich') this.#postings = new Postings(runtime, comm, call, owner)
    this.#check(calls.MPI_Win_set_errhandler(this.#win, library.resolve(family.errorsReturn)), call)
    if (plan.flavor === 'create') this.memory = plan.view
    else if (plan.flavor === 'dynamic') this.memory = new Uint8Array(0)
    else {
      const memory = this.#view(base[0], plan.bytes)
      memory.fill(0)
      this.memory = this.#shared[rank] = memory
    }
    // Everyone has cleared its memory, when all have told how much it is.
    const mine = Float64Array.of(this.memory.byteLength, plan.flavor === 'dynamic' ? 1 : plan.dispUnit)
    const all = new Float64Array(2 * size)
    const double = runtime.types.basic('float64')
    this.#check(calls.MPI_Allgather(mine, 2, double, all, 2, double, comm), call)
    this.sizes = Array.from({ length: size }, (_, r) => all[2 * r])
    this.dispUnits = Array.from({ length: size }, (_, r) => all[2 * r + 1])
    this.model = this.#askModel()
    runtime.windows.add(this)
  }

  #askModel(): WindowModel {
    const { calls, int, library } = this.#runtime
    const address = new BigInt64Array(1)
    calls.MPI_Win_get_attr(this.#win, this.#constants.modelKey, address, int)
    if (int[0] === 0) return 'separate'
    return library.koffi.decode.int(address[0]) === this.#constants.unified ? 'unified' : 'separate'
  }

  #check(code: number, call: string): void {
    if (code !== 0) this.#runtime.fail(code, call, this)
  }

  /** Memory of the library as an array. */
  #view(address: bigint, bytes: number): Uint8Array {
    if (bytes === 0) return new Uint8Array(0)
    const buffer = this.#runtime.library.koffi.view(address, bytes) as ArrayBuffer
    this.#given.push(buffer)
    return new Uint8Array(buffer)
  }

  shared(rank: number): Uint8Array {
    const known = this.#shared[rank]
    if (known !== undefined) return known
    const { calls, int } = this.#runtime
    const size = new BigInt64Array(1)
    const base = new BigInt64Array(1)
    this.#check(calls.MPI_Win_shared_query(this.#win, rank, size, int, base), 'shared')
    // Open MPI says how much it has set aside, by pages.
    return (this.#shared[rank] = this.#view(base[0], this.sizes[rank]))
  }

  attach(view: ArrayBufferView): number {
    const { calls } = this.#runtime
    this.#check(calls.MPI_Win_attach(this.#win, view, view.byteLength), 'attach')
    const found = new BigInt64Array(1)
    this.#check(calls.MPI_Get_address(view, found), 'attach')
    const address = Number(found[0])
    this.#attached.set(address, view)
    return address
  }

  detach(_view: ArrayBufferView, address: number): void {
    this.#check(this.#runtime.calls.MPI_Win_detach(this.#win, address), 'detach')
    this.#attached.delete(address)
  }

  // ---- communication -----------------------------------------------------------------------------------------------

  put(origin: Part, rank: number, disp: number, count: number, type: Datatype): void {
    const { calls, types } = this.#runtime
    const { view } = origin
    const [mine, theirs] = [types.of(origin.type), types.of(type)]
    this.#hold(rank, view)
    const code = calls.MPI_Put(view, origin.count, mine, rank, disp, count, theirs, this.#win)
    if (code !== 0) this.#check(code, 'put')
  }

  get(origin: Part, rank: number, disp: number, count: number, type: Datatype): void {
    const { calls, types } = this.#runtime
    const { view } = origin
    const [mine, theirs] = [types.of(origin.type), types.of(type)]
    this.#hold(rank, view)
    const code = calls.MPI_Get(view, origin.count, mine, rank, disp, count, theirs, this.#win)
    if (code !== 0) this.#check(code, 'get')
  }

  accumulate(origin: Part, rank: number, disp: number, count: number, type: Datatype, op: Op): void {
    const { calls, types } = this.#runtime
    const handle = this.#op('accumulate', op, type)
    const { view } = origin
    this.#hold(rank, view)
    const [mine, theirs] = [types.of(origin.type), types.of(type)]
    this.#check(
      calls.MPI_Accumulate(view, origin.count, mine, rank, disp, count, theirs, handle, this.#win),
      'accumulate',
    )
  }

  getAccumulate(
    origin: Part | undefined,
    result: Part,
    rank: number,
    disp: number,
    count: number,
    type: Datatype,
    op: Op,
  ): void {
    const { calls } = this.#runtime
    const pieces = this.#pieces('getAccumulate', origin, result, rank, disp, count, type, op)
    for (const args of pieces.calls) this.#check(calls.MPI_Get_accumulate(...args), 'getAccumulate')
    if (pieces.unpack !== undefined) this.#afterwards[rank].push(pieces.unpack)
  }

  fetchAndOp(origin: Part | undefined, result: Part, rank: number, disp: number, op: Op): void {
    const { calls, types } = this.#runtime
    const { type } = result
    // The library knows no such elements, but bytes that lie together.
    if (types.isLacking(type)) return this.getAccumulate(origin, result, rank, disp, 1, type, op)
    const handle = this.#op('fetchAndOp', op, type)
    if (origin !== undefined) this.#hold(rank, origin.view)
    this.#hold(rank, result.view)
    // What is not read must not be null for every library.
    const from = (origin ?? result).view
    const code = calls.MPI_Fetch_and_op(from, result.view, types.of(type), rank, disp, handle, this.#win)
    if (code !== 0) this.#check(code, 'fetchAndOp')
  }

  compareAndSwap(origin: Part, compare: Part, result: Part, rank: number, disp: number): void {
    const { calls, types } = this.#runtime
    this.#hold(rank, origin.view)
    this.#hold(rank, compare.view)
    this.#hold(rank, result.view)
    const type = types.of(origin.type)
    const code = calls.MPI_Compare_and_swap(origin.view, compare.view, result.view, type, rank, disp, this.#win)
    if (code !== 0) this.#check(code, 'compareAndSwap')
  }

  rput(origin: Part, rank: number, disp: number, count: number, type: Datatype): Pending {
    const { calls, types } = this.#runtime
    const args = [origin.view, origin.count, types.of(origin.type), rank, disp, count, types.of(type), this.#win]
    return this.#started('rput', calls.MPI_Rput, args, origin)
  }

  rget(origin: Part, rank: number, disp: number, count: number, type: Datatype): Pending {
    const { calls, types } = this.#runtime
    const args = [origin.view, origin.count, types.of(origin.type), rank, disp, count, types.of(type), this.#win]
    return this.#started('rget', calls.MPI_Rget, args, origin)
  }

  raccumulate(origin: Part, rank: number, disp: number, count: number, type: Datatype, op: Op): Pending {
    const { calls, types } = this.#runtime
    const handle = this.#op('raccumulate', op, type)
    const [mine, theirs] = [types.of(origin.type), types.of(type)]
    const args = [origin.view, origin.count, mine, rank, disp, count, theirs, handle, this.#win]
    return this.#started('raccumulate', calls.MPI_Raccumulate, args, origin)
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
    const { calls } = this.#runtime
    const pieces = this.#pieces('rgetAccumulate', origin, result, rank, disp, count, type, op)
    const kept = [origin, result, pieces]
    const started = pieces.calls.map(args => this.#started('rgetAccumulate', calls.MPI_Rget_accumulate, args, kept))
    return started.length === 1 && pieces.unpack === undefined ? started[0] : new All(started, pieces.unpack)
  }

  /** Where the call writes its request is the last argument of each. */
  #started(call: string, start: Call, args: Argument[], kept: unknown): Pending {
    const runtime = this.#runtime
    this.#check(start(...args, runtime.cell), call)
    return new NativePending(runtime, this, call, kept).begin()
  }

  /**
   * The arguments of one call, or of several and what is to be done after them: Open MPI 4.1 reads and writes the wrong memory when types are derived, in windows that
   * it has not allocated. It gets a call for each run of elements then, which is as atomic, since that is promised element by element.
   */
  #pieces(
    call: string,
    origin: Part | undefined,
    result: Part,
    rank: number,
    disp: number,
    count: number,
    type: Datatype,
    op: Op,
  ): Pieces {
    const handle = this.#op(call, op, type)
    const given = origin ?? result
    if (origin !== undefined) this.#hold(rank, origin.view)
    this.#hold(rank, result.view)
    const { types } = this.#runtime
    const isPlain = [given.type, result.type, type].every(({ recipe }) => recipe.is === 'basic')
    if (isPlain || !this.#failsAtGaps) {
      const mine = [given.view, given.count, types.of(given.type), result.view, result.count, types.of(result.type)]
      return { calls: [[...mine, rank, disp, count, types.of(type), handle, this.#win]] }
    }
    const from = origin && packed(origin)
    const into = result.type.isContiguous ? packed(result) : new Uint8Array(count * type.size)
    const { size } = kinds[type.kind!]
    const element = types.basic(type.kind!)
    const unit = this.dispUnits[rank]
    const calls: Argument[][] = []
    let at = 0
    for (let e = 0; e < count; e++) {
      for (const [r, offset] of type.offsets.entries()) {
        const bytes = type.lengths[r]
        const place = disp + (e * type.extent + offset) / unit
        if (!Number.isInteger(place))
          this.#runtime.notSupported(call, 'it takes runs of elements that begin at whole displacements alone')
        const here = [from ?? into, into].map(view => view.subarray(at, at + bytes))
        for (const view of here) this.#hold(rank, view)
        const n = bytes / size
        calls.push([here[0], n, element, here[1], n, element, rank, place, n, element, handle, this.#win])
        at += bytes
      }
    }
    const unpack = result.type.isContiguous ? undefined : () => scatterInto(into, result.view, result.type)
    return { calls, unpack }
  }

  /** Elements that the library does not know it can only move: an accumulating call takes no operation of a user, which others would be. */
  #op(call: string, op: Op, type: Datatype): number {
    const { types, ops, family, library } = this.#runtime
    if (this.#failsAtGaps && hasGap(type))
      this.#runtime.notSupported(
        call,
        `it combines pairs with a gap (${type.kind}) wrongly, but in windows that it allocates`,
      )
    if (op.name === 'replace' || op.name === 'noOp') return library.resolve(family.ops[op.name])
    if (types.isLacking(type)) this.#runtime.notSupported(call, `the library has no elements of ${type.kind}`)
    return ops.of(op, type)
  }

  // ---- epochs ------------------------------------------------------------------------------------------------------

  fence(assertions: Assertions): void {
    const code = this.#runtime.calls.MPI_Win_fence(assertionBits(this.#constants, assertions), this.#win)
    this.#closeAll()
    this.#check(code, 'fence')
  }

  start(ranks: readonly number[], assertions: Assertions): void {
    const { calls } = this.#runtime
    if (assertions.noCheck !== true) this.#postings?.awaitAll(ranks, this)
    const bits = this.#groupBits(assertions)
    this.#withGroup('start', ranks, group => calls.MPI_Win_start(group, bits, this.#win))
  }

  complete(): void {
    const code = this.#runtime.calls.MPI_Win_complete(this.#win)
    this.#closeAll()
    this.#check(code, 'complete')
  }

  post(ranks: readonly number[], assertions: Assertions): void {
    const { calls } = this.#runtime
    const bits = this.#groupBits(assertions)
    this.#withGroup('post', ranks, group => calls.MPI_Win_post(group, bits, this.#win))
    // Whoever has this may write here.
    if (assertions.noCheck !== true) this.#postings?.tell(ranks, this)
  }

  #groupBits(assertions: Assertions): number {
    return assertionBits(this.#constants, this.#postings === undefined ? assertions : { ...assertions, noCheck: true })
  }

  wait(): void {
    this.#check(this.#runtime.calls.MPI_Win_wait(this.#win), 'wait')
  }

  test(): boolean {
    const { calls, int } = this.#runtime
    this.#check(calls.MPI_Win_test(this.#win, int), 'test')
    return int[0] !== 0
  }

  /** Of the window's own, since its communicator may be gone. */
  #withGroup(call: string, ranks: readonly number[], does: (group: number) => number): void {
    const runtime = this.#runtime
    const { calls, cell } = runtime
    this.#check(calls.MPI_Win_get_group(this.#win, cell), call)
    const all = runtime.readHandle()
    this.#check(calls.MPI_Group_incl(all, ranks.length, Int32Array.from(ranks), cell), call)
    const some = runtime.readHandle()
    const code = does(some)
    for (const group of [all, some]) {
      runtime.writeHandle(group)
      calls.MPI_Group_free(cell)
    }
    this.#check(code, call)
  }

  lock(type: LockType, rank: number, assertions: Assertions): void {
    const bits = assertionBits(this.#constants, assertions)
    this.#check(this.#runtime.calls.MPI_Win_lock(this.#constants[type], rank, bits, this.#win), 'lock')
  }

  unlock(rank: number): void {
    const code = this.#runtime.calls.MPI_Win_unlock(rank, this.#win)
    this.#close(rank)
    this.#check(code, 'unlock')
  }

  lockAll(assertions: Assertions): void {
    this.#check(this.#runtime.calls.MPI_Win_lock_all(assertionBits(this.#constants, assertions), this.#win), 'lockAll')
  }

  unlockAll(): void {
    const code = this.#runtime.calls.MPI_Win_unlock_all(this.#win)
    this.#closeAll()
    this.#check(code, 'unlockAll')
  }

  flush(rank: number): void {
    const code = this.#runtime.calls.MPI_Win_flush(rank, this.#win)
    this.#close(rank)
    if (code !== 0) this.#check(code, 'flush')
  }

  flushLocal(rank: number): void {
    const code = this.#runtime.calls.MPI_Win_flush_local(rank, this.#win)
    this.#close(rank)
    this.#check(code, 'flushLocal')
  }

  flushAll(): void {
    const code = this.#runtime.calls.MPI_Win_flush_all(this.#win)
    this.#closeAll()
    this.#check(code, 'flushAll')
  }

  flushLocalAll(): void {
    const code = this.#runtime.calls.MPI_Win_flush_local_all(this.#win)
    this.#closeAll()
    this.#check(code, 'flushLocalAll')
  }

  sync(): void {
    this.#check(this.#runtime.calls.MPI_Win_sync(this.#win), 'sync')
  }

  /** A buffer that must stay until calls to the rank are complete. */
  #hold(rank: number, view: ArrayBufferView): void {
    const first = this.#first[rank]
    if (first === undefined) this.#first[rank] = view
    else if (first !== view) this.#open[rank].add(view)
  }

  /** Nothing is under way to a rank. */
  #close(rank: number): void {
    if (this.#first[rank] === undefined) return
    this.#first[rank] = undefined
    if (this.#open[rank].size > 0) this.#open[rank].clear()
    if (this.#afterwards[rank].length > 0) for (const act of this.#afterwards[rank].splice(0)) act()
  }

  /** Nothing is under way any more. */
  #closeAll(): void {
    for (let rank = 0; rank < this.#open.length; rank++) this.#close(rank)
  }

  #release(): number {
    const runtime = this.#runtime
    runtime.windows.delete(this)
    runtime.writeHandle(this.#win)
    return runtime.calls.MPI_Win_free(runtime.cell)
  }

  /** Before MPI is finalized: what comes of it concerns nobody any more. */
  release(): void {
    // Refused, unless it is locked.
    this.#runtime.calls.MPI_Win_unlock_all(this.#win)
    this.#release()
  }

  free(): void {
    this.#check(this.#release(), 'free')
    this.#postings?.free()
    this.#closeAll()
    this.#attached.clear()
    // Detached: whoever still has an array finds it empty, instead of reading what is not there.
    for (const buffer of this.#given) buffer.transfer()
  }
}

/** Open MPI 4.1 has no windows over a user's memory of a rank by itself, unless it is told to use a part that Debian switches off. */
export const openNativeWindow = (owner: Owner, plan: WindowPlan): WindowPort => {
  const isOwn = plan.flavor === 'create' || plan.flavor === 'dynamic'
  if (owner.size === 1 && isOwn && owner.runtime.family.name === 'openmpi') return new AloneWindow(plan)
  return new NativeWindow(owner, plan)
}
