/** Argument blocks: what is written for a launch, and the room that goes with it. `layout.ts` says where everything lies. */

import { heap } from '@skein/heap'
import { BLOCK, type Combination, type Launch } from '../backend.ts'
import { ELEMENT_BYTES, type Type } from '../ir/ir.ts'
import { begunOffset, copiesBytes, type Tally } from '../lanes/tallies.ts'
import type { Facts } from './facts.ts'
import * as layout from './layout.ts'
import { lengthOf, type Size } from './size.ts'

/** Bytes that a batch of a scan's blocks writes; with what it reads they should fit into a core's second cache. */
const batchBytes = 1 << 18
/** Batches for each thread, at least: the last one to end should not be alone for long. */
const batchesEach = 8
/** Blocks with more room than this are not kept. */
const mostKeptBytes = 1 << 25
const mostKept = 4
/** Segments for each thread, at least, where rows are few. */
const segmentsEach = 8

/** A piece of the heap that is kept and grows. */
class Room {
  readonly #label: string
  address = 0
  bytes = 0
  words: Int32Array = new Int32Array(0)

  constructor(label: string) {
    this.#label = label
  }

  grow(bytes: number): void {
    if (this.bytes >= bytes) return
    this.release()
    this.address = heap.allocate(bytes, { align: 128, label: this.#label })
    this.bytes = bytes
    this.words = heap.view(Int32Array, this.address, bytes >> 2)
  }

  release(): void {
    if (this.bytes) heap.free(this.address)
    this.address = this.bytes = 0
  }
}

/** What of a program's code a block depends on. */
export interface Coded {
  readonly lanes: number
  readonly scratchBytes: number
  /** Address of the constants, where code finds them by the block. */
  readonly pool: number
  readonly tallies: readonly Tally[]
}

/** One for each launch under way. */
export class Block {
  readonly #facts: Facts
  readonly #combination: Combination | undefined
  /** What code adds to an address in the heap: 0, or where the heap lies. */
  readonly #origin: number
  readonly address: number
  readonly #words: Int32Array
  readonly #doubles: Float64Array
  readonly #bigs: BigInt64Array
  readonly #scratch = new Room('kernel scratch')
  readonly #partials = new Room('kernel partial results')
  /** Of tallies: what each thread changes instead of the array. */
  readonly #copies = new Room("kernel copies of a thread's own")

  constructor(facts: Facts, combination: Combination | undefined, origin: number) {
    this.#facts = facts
    this.#combination = combination
    this.#origin = origin
    const bytes = layout.blockBytes(facts)
    this.address = heap.allocate(bytes, { label: 'kernel arguments' })
    this.#words = heap.view(Int32Array, this.address, bytes >> 2)
    this.#doubles = heap.view(Float64Array, this.address, bytes >> 3)
    this.#bigs = heap.view(BigInt64Array, this.address, bytes >> 3)
  }

  /** Of the room that goes with it. */
  get bytes(): number {
    return this.#scratch.bytes + this.#partials.bytes + this.#copies.bytes
  }

  free(): void {
    heap.free(this.address)
    this.#scratch.release()
    this.#partials.release()
    this.#copies.release()
  }

  #writeAddress(offset: number, address: number): void {
    this.#words[offset >> 2] = address | 0
    this.#words[(offset >> 2) + 1] = Math.floor(address / 4294967296)
  }

  /** Where code finds an array. */
  setArray(array: number, address: number): void {
    this.#writeAddress(layout.arrayOffset(this.#facts, array), address)
  }

  /** @param addresses of the arrays as code is to find them @returns the range to run */
  prepare(launch: Launch, coded: Coded, addresses: readonly number[], threads: number, size: Size): number {
    const { scalars, buffers, rank } = this.#facts
    const words = this.#words
    const { extents } = launch
    const last = extents[extents.length - 1]
    this.#bigs[0] = 0n
    this.#writeAddress(layout.POOL, coded.pool)
    words[layout.SCRATCH_BYTES >> 2] = coded.scratchBytes
    words[layout.LAST >> 2] = last.begin
    words[(layout.LAST >> 2) + 1] = last.step
    const segments = this.#cutRows(coded, threads, size)
    for (let d = 0; d < extents.length - 1; d++) {
      const at = (d === 0 ? layout.FIRST : layout.SECOND) >> 2
      words[at] = extents[d].begin
      words[at + 1] = extents[d].step
    }
    if (extents.length === 3) words[layout.SECOND_COUNT >> 2] = size.counts[1]
    for (let i = 0; i < scalars.length; i++) {
      const at = layout.scalarOffset(i) >> 3
      const x = launch.scalars[i]
      if (scalars[i].type === 'i64') this.#bigs[at] = BigInt.asIntN(64, x as bigint)
      else this.#doubles[at] = Number(x)
    }
    for (let i = 0; i < addresses.length; i++) {
      this.setArray(i, addresses[i])
      const length = launch.arrays[i].byteLength / ELEMENT_BYTES[buffers[i].element]
      words[(layout.arrayOffset(this.#facts, i) + layout.ARRAY_LENGTH) >> 2] = Math.min(2147483647, length)
    }
    const combination = this.#combination
    const scratchBytes = coded.scratchBytes * (threads + 1)
    const range = combination || rank > 1 ? size.rows * segments : size.rowLength
    if (combination?.kind === 'scan')
      return this.#prepareScan(scratchBytes, range, Math.min(BLOCK, size.rowLength), threads)
    this.#reserve(scratchBytes, combination ? range * layout.typeBytes(combination.type) : 0)
    if (coded.tallies.length > 0) this.#makeCopies(launch, coded.tallies, threads)
    return range
  }

  /** Writes into how many segments a row is cut. */
  #cutRows({ lanes }: Coded, threads: number, { rows, rowLength }: Size): number {
    const words = this.#words
    let segments = 1
    let segmentLength = rowLength
    if (this.#combination) {
      segmentLength = BLOCK
      segments = Math.max(1, Math.ceil(rowLength / BLOCK))
    } else if (this.#facts.rank > 1 && rows < threads * segmentsEach) {
      // Few rows: cut each, so that every thread finds work.
      const wanted = Math.ceil((threads * segmentsEach) / rows)
      segmentLength = Math.max(lanes * 8, Math.ceil(rowLength / wanted / lanes) * lanes)
      segments = Math.max(1, Math.ceil(rowLength / segmentLength))
    }
    words[layout.SEGMENTS >> 2] = segments
    words[(layout.SEGMENTS >> 2) + 1] = segmentLength
    words[layout.ROW >> 2] = rowLength
    words[(layout.ROW >> 2) + 1] = rows
    return segments
  }

  #reserve(scratchBytes: number, partialBytes: number): void {
    this.#scratch.grow(scratchBytes)
    this.#partials.grow(partialBytes)
    this.#writeAddress(layout.SCRATCH, this.#origin + this.#scratch.address)
    this.#writeAddress(layout.PARTIALS, this.#origin + this.#partials.address)
  }

  /** Gives each thread room for copies of the arrays that the launch counts into. */
  #makeCopies(launch: Launch, tallies: readonly Tally[], threads: number): void {
    const sizes = tallies.map(t => copiesBytes(lengthOf(launch, t.buffer)))
    this.#copies.grow(sizes.reduce((sum, x) => sum + x, 0) * threads)
    this.#words[layout.THREADS >> 2] = threads
    let offset = 0
    for (const [k, t] of tallies.entries()) {
      const at = layout.arrayOffset(this.#facts, t.buffer)
      this.#words[(at + layout.ARRAY_COPY_BYTES) >> 2] = sizes[k]
      this.#writeAddress(at + layout.ARRAY_COPIES, this.#origin + this.#copies.address + offset)
      const begun = begunOffset(lengthOf(launch, t.buffer))
      for (let thread = 0; thread < threads; thread++) {
        this.#copies.words[(offset + begun) / 4] = 0
        offset += sizes[k]
      }
    }
  }

  /** Puts blocks together into batches, and writes what threads begin with. Returns the number of batches. */
  #prepareScan(scratchBytes: number, blocks: number, positions: number, threads: number): number {
    const blockBytes = positions * layout.typeBytes(this.#combination!.type)
    const most = Math.min(Math.floor(batchBytes / blockBytes), Math.floor(blocks / (threads * batchesEach)))
    const each = Math.max(1, most)
    const batches = Math.ceil(blocks / each)
    const chainBytes = layout.chainBytes(batches)
    this.#reserve(scratchBytes, chainBytes + blocks * layout.SCAN_PARTIAL)
    const { address } = this.#partials
    this.#writeAddress(layout.CHAIN, this.#origin + address)
    this.#writeAddress(layout.PARTIALS, this.#origin + address + chainBytes)
    this.#words[layout.BATCHES >> 2] = blocks
    this.#words[(layout.BATCHES >> 2) + 1] = each
    this.#partials.words.fill(0, 0, chainBytes >> 2)
    return batches
  }

  /** The check that failed. */
  get failure(): { site: number; index: number } {
    const packed = this.#bigs[0]
    return { site: Number(packed >> 32n) - 1, index: Number(BigInt.asIntN(32, packed)) }
  }

  /** Combines the partial results of each row by itself, and writes them. */
  combineRows(rows: ArrayBufferView, count: number, range: number, combine: Pairwise): void {
    // Of the type in which values are combined, which is wider than small elements.
    const { type } = this.#combination!
    const Partials = partialsOf(type)
    const out = rows as Float64Array
    const { address } = this.#partials
    const segments = range / count
    if (segments === 1) out.set(heap.view(Partials, address, count))
    else {
      const bytes = segments * layout.typeBytes(type)
      for (let row = 0; row < count; row++) {
        const at = address + row * bytes
        this.#writeAddress(layout.PARTIALS, this.#origin + at)
        combine(segments)
        out[row] = heap.view(Partials, at, 1)[0]
      }
    }
  }

  /** The first partial result: that of a reduction, when all are combined. */
  get value(): number | bigint {
    return readValue(this.#partials.address, this.#combination!.type)
  }
}

/** What {@link Block.eachRow} does not know: how the partial results of a row become one. */
export type Pairwise = (count: number) => void

/** What partial results of a type lie in. */
const partialsOf = (type: Type) =>
  (type === 'f64'
    ? Float64Array
    : type === 'f32'
      ? Float32Array
      : type === 'i64'
        ? BigInt64Array
        : Int32Array) as Float64ArrayConstructor

const readValue = (address: number, type: Type): number | bigint => heap.view(partialsOf(type), address, 1)[0]

/** Blocks are kept for the next calls, but not those of a crowd of calls at once, nor very large ones. */
export class Blocks {
  readonly #make: () => Block
  readonly #free: Block[] = []
  #isDisposed = false

  constructor(facts: Facts, combination: Combination | undefined, origin = 0) {
    this.#make = () => new Block(facts, combination, origin)
  }

  take(): Block {
    return this.#free.pop() ?? this.#make()
  }

  giveBack(block: Block): void {
    if (this.#free.length < mostKept && block.bytes <= mostKeptBytes && !this.#isDisposed) this.#free.push(block)
    else block.free()
  }

  dispose(): void {
    this.#isDisposed = true
    for (const block of this.#free) block.free()
    this.#free.length = 0
  }
}
