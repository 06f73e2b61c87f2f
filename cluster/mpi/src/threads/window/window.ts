/**
 * Windows of threads. The memory of all ranks lies in the shared heap if it can, and a call copies at once: when it returns it is complete, here and there. What
 * lies outside of the heap its owner serves (`served.ts`).
 */

import { heap } from '@skein/heap'
import { byte } from '../../datatype/basic.ts'
import type { Datatype } from '../../datatype/datatype.ts'
import { spanOf } from '../../datatype/packing.ts'
import { MpiError } from '../../errors.ts'
import type { Op, OpName } from '../../op.ts'
import type { Part, Pending } from '../../transfer.ts'
import { combine, combineOne, compareAndSwap, swapOne } from '../../window/combine.ts'
import { Moves } from '../../window/moves.ts'
import type { LockType, WindowPlan, WindowPort } from '../../window/port.ts'
import { firstSays, type Members, newContexts } from '../communicators.ts'
import type { Exchange } from '../exchange.ts'
import { nothingOf } from '../pending.ts'
import * as at from './block.ts'
import { WindowLocks } from './locks.ts'
import { type Reached, WindowMemory } from './memory.ts'
import { ServedCalls, ServedFailure, type Wanted } from './served.ts'

/** The ranks whose window it is. */
interface Owners extends Members {
  readonly members: readonly number[]
}

const segmentAlign = 64

export class ThreadWindow implements WindowPort {
  name?: string
  readonly model = 'unified'
  readonly memory: ArrayBufferView
  readonly sizes: readonly number[]
  readonly dispUnits: readonly number[]
  readonly #exchange: Exchange
  readonly #rank: number
  readonly #members: readonly number[]
  readonly #everyone: readonly number[]
  readonly #block: at.WindowBlock
  readonly #reached: WindowMemory
  readonly #locks: WindowLocks
  readonly #served: ServedCalls
  readonly #moves = new Moves()
  /** Of a shared window, at its first rank: the array that owns it. */
  #whole: Uint8Array | undefined
  #fences = 0
  // Epochs of groups: of whom, and how often each has posted and completed so far.
  #started: readonly number[] = []
  #posted: readonly number[] = []
  readonly #postsSeen: number[]
  readonly #completesSeen: number[]
  /** Where in the memory that was found the elements of a call begin. */
  #at = 0

  constructor(owners: Owners, plan: WindowPlan) {
    const { exchange, rank, members } = owners
    const size = members.length
    const address = firstSays(owners, 'the making of a window', () => at.WindowBlock.make(size, newContexts(owners, 1)))
    this.#exchange = exchange
    this.#rank = rank
    this.#members = members
    this.#everyone = [...members.keys()]
    this.#block = new at.WindowBlock(address, size)
    this.#locks = new WindowLocks(this.#block, exchange, rank, members)
    this.#postsSeen = members.map(() => 0)
    this.#completesSeen = members.map(() => 0)
    const { f, c } = this.#block
    const memory = this.#place(plan)
    this.memory = memory
    const isHere = !heap.owns(memory) && memory.byteLength > 0
    this.#reached = new WindowMemory(this.#block, rank, plan.flavor === 'dynamic', isHere ? memory : undefined)
    const context = exchange.context(c[at.context])
    this.#served = new ServedCalls(this.#block, exchange, rank, members, context, (...wanted) =>
      this.#carryOut(...wanted),
    )
    if (isHere) this.#served.open()
    this.#meet('the making')
    this.sizes = members.map((_, r) => f[this.#block.floatsOf(r) + at.sizeAt])
    this.dispUnits = members.map((_, r) => f[this.#block.floatsOf(r) + at.unitAt])
  }

  /** This rank's memory, told to the others. */
  #place(plan: WindowPlan): ArrayBufferView {
    const { f } = this.#block
    const mine = this.#block.floatsOf(this.#rank)
    f[mine + at.unitAt] = plan.flavor === 'dynamic' ? 1 : plan.dispUnit
    f[mine + at.sizeAt] = plan.flavor === 'dynamic' ? 0 : plan.flavor === 'create' ? plan.view.byteLength : plan.bytes
    if (plan.flavor === 'dynamic') return new Uint8Array(0)
    if (plan.flavor === 'shared') return this.#placeShared(plan.isContiguous)
    const view = plan.flavor === 'create' ? plan.view : heap.u8(plan.bytes)
    f[mine + at.addressAt] = view.byteLength > 0 && heap.owns(view) ? heap.addressOf(view) : 0
    return view
  }

  /** One piece for all ranks, which the first one owns. */
  #placeShared(isContiguous: boolean): Uint8Array {
    const { f } = this.#block
    this.#meet('the making')
    const lengths = this.#members.map((_, rank) => f[this.#block.floatsOf(rank) + at.sizeAt])
    const room = (length: number) => (isContiguous ? length : Math.ceil(length / segmentAlign) * segmentAlign)
    if (this.#rank === 0) {
      this.#whole = heap.u8(lengths.reduce((sum, length) => sum + room(length), 0))
      f[at.sharedAt] = heap.addressOf(this.#whole)
    }
    this.#meet('the making')
    let address = f[at.sharedAt]
    for (let rank = 0; rank < this.#rank; rank++) address += room(lengths[rank])
    const length = lengths[this.#rank]
    f[this.#block.floatsOf(this.#rank) + at.addressAt] = address
    if (length === 0) return new Uint8Array(0)
    return this.#rank === 0 ? this.#whole!.subarray(0, length) : heap.view(Uint8Array, address, length)
  }

  shared(rank: number): Uint8Array {
    if (rank === this.#rank) return this.memory as Uint8Array
    const { f } = this.#block
    const floats = this.#block.floatsOf(rank)
    const length = f[floats + at.sizeAt]
    return length === 0 ? new Uint8Array(0) : heap.view(Uint8Array, f[floats + at.addressAt], length)
  }

  attach(view: ArrayBufferView): number {
    const from = this.#reached.attach(view)
    if (from === undefined)
      throw this.#error('MPI_ERR_RMA_ATTACH', 'attach', 'the memory overlaps with some that is attached already')
    if (this.#reached.isServed) this.#served.open()
    return from
  }

  detach(view: ArrayBufferView, address: number): void {
    if (!this.#reached.detach(view, address))
      throw this.#error('MPI_ERR_RMA_ATTACH', 'detach', `no such memory is attached at ${address}`)
  }

  #error(errorClass: MpiError['errorClass'], call: string, problem: string): MpiError {
    return new MpiError(errorClass, { call, rank: this.#rank, comm: this.#name }, problem)
  }

  get #name(): string {
    return this.name ?? 'a window'
  }

  /** The memory that a call is about, `#at` where it begins. Undefined: its owner has to be asked. */
  #find(call: string, rank: number, disp: number, count: number, type: Datatype): Reached | undefined {
    const place = disp * this.dispUnits[rank]
    let [low, high] = [place, place + count * type.size]
    if (!type.isContiguous) {
      const { from, to } = spanOf(count, type)
      low = place + from
      high = place + to
    }
    const found = this.#reached.find(rank, low, high)
    if (found === null) {
      const problem = `no memory is attached on rank ${rank} that holds the bytes from ${low} to ${high}`
      throw this.#error('MPI_ERR_RMA_RANGE', call, problem)
    }
    this.#at = place
    if (found === undefined) return undefined
    this.#at -= found.from
    if (found.bytes.length === 0 && high > low)
      throw this.#error('MPI_ERR_RMA_RANGE', call, `the memory of rank ${rank} is gone: its buffer was transferred`)
    return found
  }

  // What is done at once, or asked for: each of these gives the number of what was asked, or undefined.

  #put(call: string, origin: Part, rank: number, disp: number, count: number, type: Datatype): number | undefined {
    const memory = this.#find(call, rank, disp, count, type)
    if (memory === undefined)
      return this.#served.ask(rank, { call: 'put', at: this.#at, count, type }, this.#moves.packed(origin), 0)
    this.#moves.put(memory.bytes, this.#at, count, type, origin)
    return undefined
  }

  #get(call: string, origin: Part, rank: number, disp: number, count: number, type: Datatype): number | undefined {
    const memory = this.#find(call, rank, disp, count, type)
    if (memory === undefined) {
      const wanted: Wanted = { call: 'get', at: this.#at, count, type }
      return this.#served.ask(rank, wanted, undefined, count * type.size, answer => this.#moves.unpack(answer, origin))
    }
    this.#moves.get(memory.bytes, this.#at, count, type, origin)
    return undefined
  }

  #accumulate(
    call: string,
    origin: Part | undefined,
    result: Part | undefined,
    rank: number,
    disp: number,
    count: number,
    type: Datatype,
    op: Op,
  ): number | undefined {
    const memory = this.#find(call, rank, disp, count, type)
    const given = origin && this.#moves.packed(origin)
    const bytes = count * type.size
    if (memory === undefined) {
      const answered = result && ((answer: Uint8Array) => this.#moves.unpack(answer, result))
      return this.#served.ask(rank, { call: 'accumulate', at: this.#at, count, type, op }, given, bytes, answered)
    }
    const before = result && new Uint8Array(bytes)
    combine(memory, this.#at, count, type, op, given, before)
    if (before !== undefined) this.#moves.unpack(before, result!)
    return undefined
  }

  /** The same, for another, on memory of this rank. */
  #carryOut(
    { call, at: place, count, type, op }: Wanted,
    payload: Uint8Array | undefined,
    answer: Uint8Array | undefined,
  ): void {
    const { from, to } = spanOf(count, type)
    const memory = this.#reached.find(this.#rank, place + from, place + to)
    if (!memory || (memory.bytes.length === 0 && to > from)) throw new RangeError('the memory is not there any more')
    const begin = place - memory.from
    if (call === 'put') this.#moves.put(memory.bytes, begin, count, type, bytesPart(payload!))
    else if (call === 'get') this.#moves.get(memory.bytes, begin, count, type, bytesPart(answer!))
    else if (call === 'accumulate') combine(memory, begin, count, type, op!, payload, answer)
    else {
      const { size } = type
      compareAndSwap(memory, begin, type, payload!.slice(0, size), payload!.slice(size), answer!)
    }
  }

  put(origin: Part, rank: number, disp: number, count: number, type: Datatype): void {
    this.#put('put', origin, rank, disp, count, type)
  }

  get(origin: Part, rank: number, disp: number, count: number, type: Datatype): void {
    this.#get('get', origin, rank, disp, count, type)
  }

  accumulate(origin: Part, rank: number, disp: number, count: number, type: Datatype, op: Op): void {
    this.#accumulate('accumulate', origin, undefined, rank, disp, count, type, op)
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
    this.#accumulate('getAccumulate', origin, result, rank, disp, count, type, op)
  }

  fetchAndOp(origin: Part | undefined, result: Part, rank: number, disp: number, op: Op): void {
    const { type, view } = result
    const memory = this.#find('fetchAndOp', rank, disp, 1, type)
    if (memory !== undefined && combineOne(memory, this.#at, type, op.name as OpName, (origin ?? result).view, view))
      return
    this.#accumulate('fetchAndOp', origin, result, rank, disp, 1, type, op)
  }

  compareAndSwap(origin: Part, compare: Part, result: Part, rank: number, disp: number): void {
    const { type } = origin
    const memory = this.#find('compareAndSwap', rank, disp, 1, type)
    if (memory !== undefined && swapOne(memory, this.#at, type, origin.view, compare.view, result.view)) return
    const [value, expected] = [this.#moves.packed(origin).slice(), this.#moves.packed(compare)]
    if (memory === undefined) {
      const both = new Uint8Array(2 * type.size)
      both.set(value)
      both.set(expected, type.size)
      const answered = (answer: Uint8Array) => this.#moves.unpack(answer, result)
      this.#served.ask(rank, { call: 'swap', at: this.#at, count: 1, type }, both, type.size, answered)
      return
    }
    const found = new Uint8Array(type.size)
    compareAndSwap(memory, this.#at, type, value, expected, found)
    this.#moves.unpack(found, result)
  }

  rput(origin: Part, rank: number, disp: number, count: number, type: Datatype): Pending {
    return this.#pending('rput', rank, this.#put('rput', origin, rank, disp, count, type))
  }

  rget(origin: Part, rank: number, disp: number, count: number, type: Datatype): Pending {
    return this.#pending('rget', rank, this.#get('rget', origin, rank, disp, count, type))
  }

  raccumulate(origin: Part, rank: number, disp: number, count: number, type: Datatype, op: Op): Pending {
    const call = 'raccumulate'
    return this.#pending(call, rank, this.#accumulate(call, origin, undefined, rank, disp, count, type, op))
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
    const call = 'rgetAccumulate'
    return this.#pending(call, rank, this.#accumulate(call, origin, result, rank, disp, count, type, op))
  }

  #pending(call: string, rank: number, number: number | undefined): Pending {
    return {
      test: status => {
        nothingOf(status)
        if (number === undefined) return true
        if (!this.#served.isServed(rank, number)) this.#exchange.poll()
        if (!this.#served.isServed(rank, number)) return false
        this.#complete(call, rank, number)
        return true
      },
      wait: status => {
        nothingOf(status)
        if (number !== undefined) this.#complete(call, rank, number)
      },
      cancel: () => {},
      free: () => {},
    }
  }

  #complete(call: string, rank: number, number?: number): void {
    if (!this.#served.isAwaited(rank)) return
    try {
      this.#served.complete(rank, this.#name, number)
    } catch (error) {
      if (!(error instanceof ServedFailure)) throw error
      throw this.#error('MPI_ERR_RMA_RANGE', call, `rank ${error.rank} says of its memory: ${error.problem}`)
    }
  }

  #completeAll(call: string): void {
    this.#end(call, this.#everyone, () => {})
  }

  /** Completes what was asked of ranks, and then goes on, whatever came of it: others wait for that. @throws the first failure */
  #end(call: string, ranks: readonly number[], goOn: () => void): void {
    let failure: MpiError | undefined
    for (const rank of ranks) {
      try {
        this.#complete(call, rank)
      } catch (error) {
        if (!(error instanceof MpiError)) throw error
        failure ??= error
      }
    }
    goOn()
    if (failure !== undefined) throw failure
  }

  // All together.

  fence(): void {
    this.#end('fence', this.#everyone, () => this.#meet('fence'))
  }

  /** All ranks have come here. */
  #meet(call: string): void {
    const { c } = this.#block
    const number = (this.#fences = (this.#fences + 1) | 0)
    Atomics.store(c, this.#block.placeOf(this.#rank) + at.fences, number)
    this.#wakeOthers()
    for (let rank = 0; rank < this.#members.length; rank++) {
      if (rank !== this.#rank) this.#await(this.#block.placeOf(rank) + at.fences, number, rank, call)
    }
  }

  #wakeOthers(): void {
    for (const member of this.#members) if (member !== this.#exchange.rank) this.#exchange.views.wake(member)
  }

  /** Until a word that counts has come to a number. */
  #await(word: number, number: number, rank: number, call: string): void {
    const { c } = this.#block
    const has = () => ((Atomics.load(c, word) - number) | 0) >= 0
    for (let i = 0; i < this.#exchange.firstLooks; i++) if (has()) return
    this.#exchange.waitUntil(has, () => `waits in ${call} of ${this.#name} for rank ${this.#members[rank]}`)
  }

  // By groups. Words of the row of a target count how often it has posted to each, and each has completed.

  #pairAt(words: number, target: number, origin: number): number {
    return words + target * this.#members.length + origin
  }

  post(ranks: readonly number[]): void {
    const { c, posts } = this.#block
    this.#posted = ranks
    for (const rank of ranks) {
      Atomics.add(c, this.#pairAt(posts, this.#rank, rank), 1)
      this.#exchange.views.wake(this.#members[rank])
    }
  }

  start(ranks: readonly number[]): void {
    this.#started = ranks
    for (const rank of ranks) {
      this.#postsSeen[rank] = (this.#postsSeen[rank] + 1) | 0
      this.#await(this.#pairAt(this.#block.posts, rank, this.#rank), this.#postsSeen[rank], rank, 'start')
    }
  }

  complete(): void {
    const { c, completes } = this.#block
    const ranks = this.#started
    this.#started = []
    this.#end('complete', ranks, () => {
      for (const rank of ranks) {
        Atomics.add(c, this.#pairAt(completes, rank, this.#rank), 1)
        this.#exchange.views.wake(this.#members[rank])
      }
    })
  }

  wait(): void {
    for (const rank of this.#posted) {
      this.#await(this.#completeAt(rank), (this.#completesSeen[rank] + 1) | 0, rank, 'wait')
    }
    this.#seeCompletes()
  }

  test(): boolean {
    const { c } = this.#block
    const isOver = () =>
      this.#posted.every(rank => ((Atomics.load(c, this.#completeAt(rank)) - this.#completesSeen[rank]) | 0) > 0)
    if (!isOver()) this.#exchange.poll()
    if (!isOver()) return false
    this.#seeCompletes()
    return true
  }

  #completeAt(rank: number): number {
    return this.#pairAt(this.#block.completes, this.#rank, rank)
  }

  #seeCompletes(): void {
    for (const rank of this.#posted) this.#completesSeen[rank] = (this.#completesSeen[rank] + 1) | 0
    this.#posted = []
  }

  // By locks.

  lock(type: LockType, rank: number): void {
    this.#locks.lock(type, rank, this.#name)
  }

  unlock(rank: number): void {
    this.#end('unlock', [rank], () => this.#locks.unlock(rank))
  }

  lockAll(): void {
    this.#locks.lockAll(this.#name)
  }

  unlockAll(): void {
    this.#end('unlockAll', this.#everyone, () => this.#locks.unlockAll())
  }

  flush(rank: number): void {
    this.#complete('flush', rank)
  }

  flushLocal(rank: number): void {
    this.#complete('flushLocal', rank)
  }

  flushAll(): void {
    this.#completeAll('flushAll')
  }

  flushLocalAll(): void {
    this.#completeAll('flushLocalAll')
  }

  /** There is one copy of the memory, so that only others' progress is waited for. */
  sync(): void {
    this.#exchange.poll()
  }

  free(): void {
    const { c, address, size } = this.#block
    this.#meet('free')
    this.#served.close()
    this.#reached.free()
    this.#whole = undefined
    this.#exchange.forget(c[at.context])
    if (Atomics.add(c, at.left, 1) === size - 1) heap.free(address)
  }
}

/** Bytes as what they are, to and from elements of any type. */
const bytesPart = (bytes: Uint8Array): Part => ({ view: bytes, count: bytes.length, type: byte })
