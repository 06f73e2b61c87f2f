/**
 * The allocator: slots of slabs for blocks up to 64 KiB, spans of granules above.
 *
 * What a block is stands outside it (granule table, slot table), so that a write through a stale view spoils data,
 * never the allocator. Every change happens under the heap's lock, with plain loads and stores that the lock orders.
 *
 * Invariants, with the lock free:
 *   - spans tile the granules from 0 to `top`, and the last one is in use;
 *   - no two free spans are neighbours;
 *   - a granule that is neither a head, nor the tail of a free span, nor part of a slab has kind `inside`;
 *   - a slab with room is in its class's list, a full one is not;
 *   - the counters are the sums over the blocks in use.
 *
 * A block has an owner: the thread whose end is the block's end too, since nothing else would release it (`releaseOf`); or 0,
 * when whoever knows its address does.
 */

import * as at from './layout.ts'
import { acquire, unlock } from './lock.ts'
import { pageBytes } from './memory.ts'
import { Slabs } from './slabs.ts'
import { Spans } from './spans.ts'

/** What `free` found at an address. */
export type Release = 'released' | 'free already' | 'not a block'

export interface Block {
  readonly address: number
  readonly bytes: number
}

export interface Survey {
  readonly inUse: number
  readonly peak: number
  readonly allocations: number
  readonly total: number
  /** Bytes below `top` that are not in use. */
  readonly slack: number
  readonly largestFree: number
}

/** 'SKHP' */
const signature = 0x50484b53

/** Whether a buffer looks like some heap's memory. */
export const isHeapMemory = (buffer: SharedArrayBuffer): boolean =>
  buffer.byteLength % pageBytes === 0 && buffer.byteLength > 0 && new Int32Array(buffer, 0, 1)[at.magic] === signature

export class Allocator {
  readonly #spans: Spans
  readonly #slabs: Slabs
  /** Header and label counters. */
  readonly #doubles: Float64Array<SharedArrayBuffer>
  readonly #me: number
  /** This thread as an owner: of this memory, no other thread has or had the number. 0 when there are no more. */
  readonly thread: number

  /** `me` is this thread's number, for the lock. */
  constructor(memory: WebAssembly.Memory, me: number) {
    this.#spans = new Spans(memory)
    this.#slabs = new Slabs(this.#spans)
    this.#doubles = new Float64Array(memory.buffer as unknown as SharedArrayBuffer, 0, at.tableByte / 8)
    this.#me = me
    const thread = Atomics.add(this.#spans.words, at.threadCount, 1) + 1
    this.thread = thread > 0 && thread <= at.mostThreads ? thread : 0
  }

  /** Writes the header of a new memory. */
  static format(memory: WebAssembly.Memory, memory64: boolean, pages: number): void {
    const words = new Int32Array(memory.buffer)
    const baseBytes = at.tableByte + at.tablePages(pages) * pageBytes
    // Tells one heap from another at a glance; `isSameMemory` makes sure. (Web Crypto would take 5 ms to load.)
    const random = (): number => Math.floor(Math.random() * 2 ** 32) | 0
    words.set([signature, 1, random(), random()], at.magic)
    words[at.baseWord] = baseBytes / 4
    words[at.granuleLimit] = Math.floor((pages * pageBytes - baseBytes) / at.granuleBytes)
    words[at.is64] = memory64 ? 1 : 0
    words[at.labelCount] = 1 // Label 0 is for blocks without one.
  }

  get memory(): WebAssembly.Memory {
    return this.#spans.memory
  }

  get memory64(): boolean {
    return this.#spans.memory64
  }

  /** Where data begins. */
  get base(): number {
    return this.#spans.base
  }

  get limitBytes(): number {
    return this.#spans.limit * at.granuleBytes
  }

  get inUseBytes(): number {
    return this.#doubles[at.inUseBytes]
  }

  /** The engine's buffer object, long enough to hold addresses below `end`. */
  bufferTo(end: number): SharedArrayBuffer {
    this.#spans.reach(Math.ceil((end - this.base) / at.granuleBytes))
    return this.memory.buffer as unknown as SharedArrayBuffer
  }

  #enter(): void {
    const { words } = this.#spans
    if (acquire(words, at.lock, this.#me) === 'inherited' || words[at.damaged] !== 0) {
      this.#repair()
      words[at.damaged] = 0
    }
  }

  #leave(): void {
    unlock(this.#spans.words, at.lock)
  }

  /** An error in the middle of a change (the stack may overflow anywhere): the next to enter repairs. */
  #fail(error: unknown): never {
    this.#spans.words[at.damaged] = 1
    this.#leave()
    throw error
  }

  #locked<T>(action: () => T): T {
    this.#enter()
    let result: T
    try {
      result = action()
    } catch (error) {
      this.#fail(error)
    }
    this.#leave()
    return result
  }

  /**
   * The address of a block of at least `bytes`, a multiple of `align` (a power of two), or 0 when there is no room.
   * `zero` asks for zeros, which memory that was never used has already.
   */
  allocate(bytes: number, align: number, label: number, zero: boolean, owner: number): number {
    const isSmall = bytes <= at.mostClassBytes && align <= 64
    this.#enter()
    const clean = this.#spans.words[at.clean]
    let address: number
    try {
      address = isSmall ? this.#allocateSlot(bytes, label, owner) : this.#allocateSpan(bytes, align, label, owner)
    } catch (error) {
      this.#fail(error)
    }
    this.#leave()
    const isClean = !isSmall && (address - this.base) / at.granuleBytes >= clean
    if (zero && !isClean && address !== 0) new Uint8Array(this.bufferTo(address + bytes), address, bytes).fill(0)
    return address
  }

  #allocateSlot(bytes: number, label: number, owner: number): number {
    const k = at.classOfLines[bytes === 0 ? 1 : (bytes + 63) >>> 6]
    let address = this.#slabs.take(k, label, owner)
    if (address === 0 && this.#slabs.trim()) address = this.#slabs.take(k, label, owner)
    if (address !== 0) this.#count(label, at.classBytes[k], 1)
    return address
  }

  #allocateSpan(bytes: number, align: number, label: number, owner: number): number {
    const spans = this.#spans
    const granules = Math.ceil(bytes / at.granuleBytes) || 1
    const alignment = align <= at.granuleBytes ? 1 : align / at.granuleBytes
    let granule = spans.take(granules, alignment)
    if (granule < 0 && this.#slabs.trim()) granule = spans.take(granules, alignment)
    if (granule < 0) return 0
    spans.words[spans.entry(granule) + 2] = owner
    spans.words[spans.entry(granule)] = at.large | (label << 16)
    this.#count(label, granules * at.granuleBytes, 1)
    return spans.address(granule)
  }

  free(address: number): Release {
    this.#enter()
    let outcome: Release
    try {
      outcome = this.#free(address)
    } catch (error) {
      this.#fail(error)
    }
    this.#leave()
    return outcome
  }

  #free(address: number): Release {
    const spans = this.#spans
    const offset = address - spans.base
    const granule = Math.floor(offset / at.granuleBytes)
    if (!(offset >= 0) || granule >= spans.limit || offset % 64 !== 0) return 'not a block'
    if (granule >= spans.words[at.top]) return granule < spans.words[at.clean] ? 'free already' : 'not a block'
    const kind = spans.kind(granule)
    if (kind === at.slab || kind === at.slabInside) {
      const given = this.#slabs.give(kind === at.slab ? granule : spans.length(granule), address)
      if (typeof given === 'string') return given
      this.#count(given.label, given.bytes, -1)
      return 'released'
    }
    if (offset % at.granuleBytes !== 0) return 'not a block'
    if (kind !== at.large) return 'free already'
    const length = spans.length(granule)
    this.#count(spans.words[spans.entry(granule)] >>> 16, length * at.granuleBytes, -1)
    spans.give(granule, length)
    return 'released'
  }

  #count(label: number, bytes: number, sign: 1 | -1): void {
    const d = this.#doubles
    const inUse = d[at.inUseBytes] + sign * bytes
    d[at.inUseBytes] = inUse
    if (inUse > d[at.peakBytes]) d[at.peakBytes] = inUse
    d[at.allocationCount] += sign
    if (sign > 0) d[at.totalCount]++
    d[at.labelCounters + 2 * label] += sign * bytes
    d[at.labelCounters + 2 * label + 1] += sign
  }

  /**
   * The block that starts at an address or, for slots, holds it; undefined when it is free. Reads without the lock: for
   * a caller that owns the block the answer is exact.
   */
  blockAt(address: number): Block | undefined {
    const spans = this.#spans
    const granule = Math.floor((address - spans.base) / at.granuleBytes)
    if (!(granule >= 0 && granule < spans.words[at.top])) return undefined
    const kind = spans.kind(granule)
    if (kind === at.large) return { address: spans.address(granule), bytes: spans.length(granule) * at.granuleBytes }
    if (kind !== at.slab && kind !== at.slabInside) return undefined
    spans.reach(granule + 1)
    return this.#slabs.blockAt(kind === at.slab ? granule : spans.length(granule), address)
  }

  /** Whether an address surely lies in no block: inside a large span that is not known without its head. */
  isFree(address: number): boolean {
    const spans = this.#spans
    const granule = Math.floor((address - spans.base) / at.granuleBytes)
    if (!(granule >= 0 && granule < spans.words[at.top])) return true
    const kind = spans.kind(granule)
    if (kind === at.large || kind === at.inside) return false
    return kind === at.freeHead || kind === at.freeTail || this.blockAt(address) === undefined
  }

  /** Gives the block that holds an address to this thread, from whoever has it. */
  claim(address: number): void {
    const granule = this.#headOf(address)
    this.#locked(() => this.#setOwner(granule, address, () => this.thread))
  }

  /** Gives the block that holds an address up, if it is this thread's. */
  disclaim(address: number): void {
    const granule = this.#headOf(address)
    this.#locked(() => this.#setOwner(granule, address, had => (had === this.thread ? 0 : had)))
  }

  /** The granule of an address or, inside a span, its head. Far from the head that takes long, so it is done without the lock. */
  #headOf(address: number): number {
    const spans = this.#spans
    let granule = Math.floor((address - spans.base) / at.granuleBytes)
    if (!(granule >= 0 && granule < spans.words[at.top])) return -1
    while (granule > 0 && spans.kind(granule) === at.inside) granule--
    return granule
  }

  #setOwner(granule: number, address: number, owner: (had: number) => number): void {
    const spans = this.#spans
    if (granule < 0 || granule >= spans.words[at.top]) return
    const kind = spans.kind(granule)
    if (kind === at.slab || kind === at.slabInside) {
      this.#slabs.setOwner(kind === at.slab ? granule : spans.length(granule), address, owner)
    } else if (kind === at.large && address < spans.address(granule + spans.length(granule))) {
      const word = spans.entry(granule) + 2
      spans.words[word] = owner(spans.words[word])
    }
  }

  /** Frees every block that a thread owns which has ended; returns how many. */
  releaseOf(thread: number): number {
    return this.#locked(() => {
      const spans = this.#spans
      // All are found before one is freed: freeing joins spans and breaks slabs.
      const found: number[] = []
      const top = spans.words[at.top]
      for (let g = 0; g < top; ) {
        const kind = spans.kind(g)
        if (kind === at.slab) this.#slabs.eachOf(g, thread, address => found.push(address))
        else if (kind === at.large && spans.words[spans.entry(g) + 2] === thread) found.push(spans.address(g))
        g += kind === at.slab ? this.#slabLength(g) : spans.length(g)
      }
      for (const address of found) this.#free(address)
      return found.length
    })
  }

  trim(): void {
    this.#locked(() => this.#slabs.trim())
  }

  survey(): Survey {
    return this.#locked(() => {
      const d = this.#doubles
      return {
        inUse: d[at.inUseBytes],
        peak: d[at.peakBytes],
        allocations: d[at.allocationCount],
        total: d[at.totalCount],
        slack: this.#spans.words[at.top] * at.granuleBytes - d[at.inUseBytes],
        largestFree: this.#spans.longest() * at.granuleBytes,
      }
    })
  }

  /**
   * After a thread died with the lock: lists and counters are made anew from the granule and slot tables. What is not
   * marked as in use is free; what the dead thread had just been given stays in use, as everything else it held.
   */
  #repair(): void {
    const spans = this.#spans
    const d = this.#doubles
    spans.emptyBins()
    this.#slabs.forgetLists()
    const [peak, total] = [d[at.peakBytes], d[at.totalCount]]
    d[at.inUseBytes] = 0
    d[at.allocationCount] = 0
    d.fill(0, at.labelCounters, at.labelCounters + 2 * at.mostLabels)
    const top = spans.words[at.top]
    // From `top` down, a free region at the end would be found last; so it is cut off first.
    const holes: [number, number][] = []
    let hole = 0
    for (let g = 0; g < top; ) {
      const kind = spans.kind(g)
      const length = kind === at.large ? spans.length(g) : kind === at.slab ? this.#slabLength(g) : 1
      if (kind === at.large) this.#count(spans.words[spans.entry(g)] >>> 16, length * at.granuleBytes, 1)
      else if (kind === at.slab) this.#slabs.restore(g, (label, bytes) => this.#count(label, bytes, 1))
      else spans.words[spans.entry(g)] = at.inside
      g += length
      if (kind !== at.large && kind !== at.slab) continue
      if (hole < g - length) holes.push([hole, g - length - hole])
      hole = g
    }
    spans.words[at.top] = hole
    for (const [start, length] of holes) spans.give(start, length)
    d[at.peakBytes] = Math.max(peak, d[at.inUseBytes])
    d[at.totalCount] = total
  }

  #slabLength(head: number): number {
    return at.slabGranules(at.classBytes[this.#slabs.classOf(head)])
  }

  // Labels.

  /** The number of a label, made on first use; 0 once 1023 are in use. */
  labelNumber(name: string): number {
    const bytes = new Uint8Array(at.labelNameBytes - 1)
    const { written } = new TextEncoder().encodeInto(name, bytes)
    const wanted = bytes.subarray(0, written)
    return this.#locked(() => {
      const { words } = this.#spans
      const all = new Uint8Array(words.buffer, at.labelNames, at.mostLabels * at.labelNameBytes)
      const count = words[at.labelCount]
      for (let i = 1; i < count; i++) {
        const from = i * at.labelNameBytes
        if (all[from] === written && wanted.every((byte, j) => byte === all[from + 1 + j])) return i
      }
      if (count === at.mostLabels) return 0
      all[count * at.labelNameBytes] = written
      all.set(wanted, count * at.labelNameBytes + 1)
      words[at.labelCount] = count + 1
      return count
    })
  }

  /** Labels that hold something: name ('' for none), bytes, blocks. */
  labels(): { label: string; bytes: number; blocks: number }[] {
    const { words } = this.#spans
    const count = words[at.labelCount]
    // A copy, since a decoder need not accept shared memory.
    const names = new Uint8Array(new Uint8Array(words.buffer, at.labelNames, count * at.labelNameBytes))
    const found: { label: string; bytes: number; blocks: number }[] = []
    for (let i = 0; i < count; i++) {
      const blocks = this.#doubles[at.labelCounters + 2 * i + 1]
      if (blocks === 0) continue
      const from = i * at.labelNameBytes + 1
      const label = new TextDecoder().decode(names.subarray(from, from + names[from - 1]))
      found.push({ label, bytes: this.#doubles[at.labelCounters + 2 * i], blocks })
    }
    return found
  }

  /** Whether a buffer is this very memory, under another object: identity words first, then a write seen through both. */
  isSameMemory(buffer: SharedArrayBuffer): boolean {
    if (buffer.byteLength < this.base) return false
    const other = new Int32Array(buffer, 0, 16)
    const { words } = this.#spans
    for (let i = 0; i < 4; i++) if (other[at.magic + i] !== words[at.magic + i]) return false
    return this.#locked(() => {
      const before = Atomics.load(other, at.probe)
      Atomics.store(words, at.probe, ~before)
      return Atomics.load(other, at.probe) === ~before
    })
  }
}
