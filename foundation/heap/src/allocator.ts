/**
 * The allocator: slabs of equal slots for sizes up to 64 KiB, spans of 16 KiB granules, best fit and coalesced, above.
 *
 * What a block is stands outside it (granule table, slot table at the head of a slab), so that a write through a stale
 * view spoils data, never the allocator. Every change happens under the heap's lock; the words are plain loads
 * and stores, ordered by it. Sizes here are in granules (`span…`) or bytes.
 *
 * Invariants, with the lock free:
 *   - spans tile the granules from 0 to `top`; the last one is not free;
 *   - no two free spans are neighbours;
 *   - a granule that is neither head, tail of a free span, nor part of a slab has kind `inside`;
 *   - a slab with room is in its class's list, a full one is not; at most one slab in a list is empty.
 */

import * as at from './layout.ts'
import { acquire, unlock } from './lock.ts'
import { growMemory, pageBytes } from './memory.ts'

/** What `free` found at an address. */
export type Release = 'released' | 'free already' | 'not a block'

export interface Block {
  readonly address: number
  readonly bytes: number
}

export class Allocator {
  readonly memory: WebAssembly.Memory
  readonly memory64: boolean
  readonly base: number
  readonly limit: number
  /** Of the whole memory as it was when last looked at; older ones stay valid for what lies in them. */
  #words: Int32Array<SharedArrayBuffer>
  #doubles: Float64Array<SharedArrayBuffer>
  readonly #owner: number

  constructor(memory: WebAssembly.Memory, owner: number) {
    this.memory = memory
    this.#owner = owner
    const buffer = memory.buffer as unknown as SharedArrayBuffer
    this.#words = new Int32Array(buffer)
    this.#doubles = new Float64Array(buffer, 0, at.tableByte / 8)
    this.memory64 = this.#words[at.is64] === 1
    this.base = this.#words[at.baseWord] * 4
    this.limit = this.#words[at.granuleLimit]
  }

  /** Writes the header of a new memory. */
  static format(memory: WebAssembly.Memory, memory64: boolean, pages: number): void {
    const words = new Int32Array(memory.buffer)
    const baseBytes = at.tableByte + at.tablePages(pages) * pageBytes
    words[at.magic] = 0x50484b53
    words[at.magic + 1] = 1
    const random = crypto.getRandomValues(new Int32Array(2))
    words[at.magic + 2] = random[0]
    words[at.magic + 3] = random[1]
    words[at.baseWord] = baseBytes / 4
    words[at.granuleLimit] = Math.floor((pages * pageBytes - baseBytes) / at.granuleBytes)
    words[at.is64] = memory64 ? 1 : 0
    words[at.labelCount] = 1 // Label 0 is for blocks without one.
  }

  get buffer(): SharedArrayBuffer {
    const buffer = this.memory.buffer as unknown as SharedArrayBuffer
    if (buffer.byteLength !== this.#words.byteLength) this.#look()
    return buffer
  }

  #look(): void {
    this.#words = new Int32Array(this.memory.buffer as unknown as SharedArrayBuffer)
  }

  /** Makes sure that words up to `granule` can be reached: another thread may have grown the memory. */
  #reach(granule: number): void {
    const end = this.base + granule * at.granuleBytes
    if (end <= this.#words.byteLength) return
    if (this.memory.buffer.byteLength < end) growMemory(this.memory, this.memory64, 0)
    this.#look()
  }

  /**
   * The address of a block of at least `bytes`, a multiple of `align` (a power of two), or 0 when there is no room.
   * `zero` asks for zeros, which memory never used has already.
   */
  allocate(bytes: number, align: number, label: number, zero: boolean): number {
    let address: number
    let size: number
    let dirty = true
    acquire(this.#words, at.lock, this.#owner)
    try {
      if (bytes <= at.mostClassBytes && align <= 64) {
        const k = at.classOfLines[bytes === 0 ? 1 : (bytes + 63) >>> 6]
        size = at.classBytes[k]
        address = this.#takeSlot(k, label)
      } else {
        const granules = Math.ceil(bytes / at.granuleBytes) || 1
        size = granules * at.granuleBytes
        const wasClean = this.#words[at.clean]
        const granule = this.#takeSpan(granules, align <= at.granuleBytes ? 1 : align / at.granuleBytes)
        if (granule < 0) return 0
        this.#words[this.#entry(granule)] = at.large | (label << 16)
        address = this.base + granule * at.granuleBytes
        dirty = granule < wasClean
      }
      if (address === 0) return 0
      this.#count(label, size, 1)
    } finally {
      unlock(this.#words, at.lock)
    }
    if (zero && dirty) {
      this.#reach(Math.ceil((address + bytes - this.base) / at.granuleBytes))
      new Uint8Array(this.#words.buffer, address, bytes).fill(0)
    }
    return address
  }

  free(address: number): Release {
    acquire(this.#words, at.lock, this.#owner)
    try {
      const offset = address - this.base
      const granule = Math.floor(offset / at.granuleBytes)
      if (!(offset >= 0) || granule >= this.#words[at.granuleLimit] || offset % 64 !== 0) return 'not a block'
      if (granule >= this.#words[at.top]) return granule < this.#words[at.clean] ? 'free already' : 'not a block'
      this.#reach(granule + 1)
      const entry = this.#entry(granule)
      const kind = this.#words[entry] & 7
      if (kind === at.large) {
        if (offset % at.granuleBytes !== 0) return 'not a block'
        const length = this.#words[entry + 1]
        this.#count(this.#words[entry] >>> 16, length * at.granuleBytes, -1)
        this.#giveSpan(granule, length)
        return 'released'
      }
      if (kind === at.slab) return this.#giveSlot(granule, address)
      if (kind === at.slabInside) return this.#giveSlot(this.#words[entry + 1], address)
      return offset % at.granuleBytes === 0 ? 'free already' : 'not a block'
    } finally {
      unlock(this.#words, at.lock)
    }
  }

  /**
   * The block that starts at an address or, for slots, holds it; undefined when it is free. Reads without the lock: for
   * a caller that owns the block the answer is exact.
   */
  blockAt(address: number): Block | undefined {
    const offset = address - this.base
    const granule = Math.floor(offset / at.granuleBytes)
    if (!(offset >= 0) || granule >= this.#words[at.top]) return undefined
    this.#reach(granule + 1)
    const entry = this.#entry(granule)
    const kind = this.#words[entry] & 7
    if (kind === at.large) {
      const start = this.base + granule * at.granuleBytes
      return { address: start, bytes: this.#words[entry + 1] * at.granuleBytes }
    }
    if (kind !== at.slab && kind !== at.slabInside) return undefined
    const head = kind === at.slab ? granule : this.#words[entry + 1]
    const start = this.base + head * at.granuleBytes
    const w = start / 4
    const slotBytes = this.#words[w + at.slabSlotBytes]
    const data = start + this.#words[w + at.slabData]
    const slot = Math.floor((address - data) / slotBytes)
    if (slot < 0 || slot >= this.#words[w + at.slabFresh]) return undefined
    if ((this.#words[w + at.slabTable + slot] & at.taken) === 0) return undefined
    return { address: data + slot * slotBytes, bytes: slotBytes }
  }

  /** Whether an address surely lies in no block: inside a large span the answer is not known without its head. */
  isFree(address: number): boolean {
    const offset = address - this.base
    const granule = Math.floor(offset / at.granuleBytes)
    if (!(offset >= 0) || granule >= this.#words[at.top]) return true
    const kind = this.#words[this.#entry(granule)] & 7
    if (kind === at.large || kind === at.inside) return false
    if (kind === at.freeHead || kind === at.freeTail) return true
    return this.blockAt(address) === undefined
  }

  #entry(granule: number): number {
    return at.tableByte / 4 + granule * at.tableWords
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

  // Slots.

  #takeSlot(k: number, label: number): number {
    let head = this.#words[at.classHeads + k] - 1
    if (head < 0) {
      head = this.#newSlab(k)
      if (head < 0) return 0
    }
    this.#reach(head + at.slabGranules(at.classBytes[k]))
    const words = this.#words
    const start = this.base + head * at.granuleBytes
    const w = start / 4
    let slot = words[w + at.slabFree] - 1
    if (slot >= 0) words[w + at.slabFree] = words[w + at.slabTable + slot]
    else slot = words[w + at.slabFresh]++
    words[w + at.slabTable + slot] = at.taken | label
    if (++words[w + at.slabUsed] === words[w + at.slabSlots]) this.#unlink(at.classHeads + k, head)
    return start + words[w + at.slabData] + slot * at.classBytes[k]
  }

  #newSlab(k: number): number {
    const size = at.classBytes[k]
    const length = at.slabGranules(size)
    const head = this.#takeSpan(length, 1)
    if (head < 0) return -1
    const words = this.#words
    const entry = this.#entry(head)
    words[entry] = at.slab | (k << 8)
    for (let g = 1; g < length; g++) {
      words[entry + g * at.tableWords] = at.slabInside
      words[entry + g * at.tableWords + 1] = head
    }
    const w = (this.base + head * at.granuleBytes) / 4
    const bytes = length * at.granuleBytes
    let slots = Math.floor((bytes - at.slabTable * 4) / (size + 4))
    let data = (at.slabTable * 4 + slots * 4 + 63) & ~63
    if (data + slots * size > bytes) {
      slots--
      data = (at.slabTable * 4 + slots * 4 + 63) & ~63
    }
    words[w + at.slabUsed] = 0
    words[w + at.slabFree] = 0
    words[w + at.slabFresh] = 0
    words[w + at.slabSlots] = slots
    words[w + at.slabSlotBytes] = size
    words[w + at.slabData] = data
    this.#link(at.classHeads + k, head)
    return head
  }

  #giveSlot(head: number, address: number): Release {
    this.#reach(head + 32 > this.#words[at.top] ? this.#words[at.top] : head + 32)
    const words = this.#words
    const start = this.base + head * at.granuleBytes
    const w = start / 4
    const slotBytes = words[w + at.slabSlotBytes]
    const offset = address - start - words[w + at.slabData]
    if (offset < 0 || offset % slotBytes !== 0) return 'not a block'
    const slot = offset / slotBytes
    if (slot >= words[w + at.slabFresh]) return 'not a block'
    const state = words[w + at.slabTable + slot]
    if ((state & at.taken) === 0) return 'free already'
    const k = (words[this.#entry(head)] >>> 8) & 0xff
    this.#count(state & 0xffff, slotBytes, -1)
    words[w + at.slabTable + slot] = words[w + at.slabFree]
    words[w + at.slabFree] = slot + 1
    const used = --words[w + at.slabUsed]
    if (used === words[w + at.slabSlots] - 1) this.#link(at.classHeads + k, head)
    // The last empty slab of a class stays: a loop that allocates and frees one block should not make and break it.
    if (used === 0 && !this.#isAlone(at.classHeads + k, head)) this.#breakSlab(k, head)
    return 'released'
  }

  #breakSlab(k: number, head: number): void {
    this.#unlink(at.classHeads + k, head)
    const length = at.slabGranules(at.classBytes[k])
    for (let g = 1; g < length; g++) this.#words[this.#entry(head + g)] = at.inside
    this.#giveSpan(head, length)
  }

  /** Breaks the empty slabs that were kept. */
  trim(): void {
    acquire(this.#words, at.lock, this.#owner)
    try {
      this.#trim()
    } finally {
      unlock(this.#words, at.lock)
    }
  }

  #trim(): boolean {
    let any = false
    for (let k = 0; k < at.classBytes.length; k++) {
      for (let head = this.#words[at.classHeads + k] - 1; head >= 0; ) {
        const next = this.#words[this.#entry(head) + 3] - 1
        this.#reach(head + 1)
        if (this.#words[(this.base + head * at.granuleBytes) / 4 + at.slabUsed] === 0) {
          this.#breakSlab(k, head)
          any = true
        }
        head = next
      }
    }
    return any
  }

  // Spans.

  /** First granule of a span of `length`, at a multiple of `align` granules from address 0; -1 when there is no room. */
  #takeSpan(length: number, align: number): number {
    const found = this.#findSpan(length, align)
    if (found >= 0 || !this.#trim()) return found
    return this.#findSpan(length, align)
  }

  #findSpan(length: number, align: number): number {
    // With an alignment beyond a granule's, a longer span is taken and both ends are given back.
    const asked = length + align - 1
    const words = this.#words
    let granule = this.#bestFit(asked)
    let got = asked
    if (granule >= 0) {
      got = words[this.#entry(granule) + 1]
      this.#takeOut(granule, got)
    } else {
      granule = words[at.top]
      if (asked > words[at.granuleLimit] - granule || !this.#commit(granule + asked)) return -1
      this.#words[at.top] = granule + asked
      if (this.#words[at.clean] < granule + asked) this.#words[at.clean] = granule + asked
    }
    const start = align === 1 ? granule : this.#alignUp(granule, align)
    this.#words[this.#entry(start)] = at.large
    this.#words[this.#entry(start) + 1] = length
    if (start > granule) this.#giveSpan(granule, start - granule)
    const rest = granule + got - start - length
    if (rest > 0) this.#giveSpan(start + length, rest)
    return start
  }

  #alignUp(granule: number, align: number): number {
    const first = this.base / at.granuleBytes
    return Math.ceil((granule + first) / align) * align - first
  }

  /** The shortest free span of at least `length`: its own bin is searched, of a higher bin every span fits. */
  #bestFit(length: number): number {
    const words = this.#words
    for (let bin = at.binOf(length); bin < at.binCount; bin++) {
      const bits = words[at.binBits + (bin >>> 5)] >>> (bin & 31)
      if (bits === 0) {
        bin |= 31
        continue
      }
      bin += 31 - Math.clz32(bits & -bits)
      let best = -1
      let bestLength = 0x7fffffff
      for (let g = words[at.binHeads + bin] - 1; g >= 0; g = words[this.#entry(g) + 3] - 1) {
        const found = words[this.#entry(g) + 1]
        if (found >= length && found < bestLength) {
          best = g
          bestLength = found
          if (found === length) break
        }
      }
      if (best >= 0) return best
    }
    return -1
  }

  /** Returns a span whose head is not free, joined with its free neighbours, or to what lies above `top`. */
  #giveSpan(granule: number, length: number): void {
    const words = this.#words
    words[this.#entry(granule)] = at.inside
    let start = granule
    let end = granule + length
    if (end < words[at.top] && (words[this.#entry(end)] & 7) === at.freeHead) {
      const next = end
      end += words[this.#entry(next) + 1]
      this.#takeOut(next, end - next)
    }
    if (start > 0) {
      const before = this.#entry(start - 1)
      const kind = words[before] & 7
      if (kind === at.freeTail || kind === at.freeHead) {
        const head = kind === at.freeTail ? words[before + 1] : start - 1
        this.#takeOut(head, start - head)
        start = head
      }
    }
    if (end === words[at.top]) {
      words[at.top] = start
      return
    }
    const bin = at.binOf(end - start)
    if (end - start > 1) {
      words[this.#entry(end - 1)] = at.freeTail
      words[this.#entry(end - 1) + 1] = start
    }
    words[this.#entry(start)] = at.freeHead
    words[this.#entry(start) + 1] = end - start
    this.#link(at.binHeads + bin, start)
    words[at.binBits + (bin >>> 5)] |= 1 << (bin & 31)
  }

  /** Takes a free span out of its bin. */
  #takeOut(granule: number, length: number): void {
    const words = this.#words
    const bin = at.binOf(length)
    this.#unlink(at.binHeads + bin, granule)
    if (words[at.binHeads + bin] === 0) words[at.binBits + (bin >>> 5)] &= ~(1 << (bin & 31))
    words[this.#entry(granule + length - 1)] = at.inside
    words[this.#entry(granule)] = at.inside
  }

  /** Grows the memory so that granules up to `end` exist: by an eighth, at least 16 MiB, so that growing is rare. */
  #commit(end: number): boolean {
    const needed = this.base + end * at.granuleBytes
    this.#reach(end)
    const have = this.#words.byteLength
    if (needed <= have) return true
    const most = this.base + this.#words[at.granuleLimit] * at.granuleBytes
    const eager = Math.min(Math.max(needed, have + Math.max(have / 8, 2 ** 24)), most)
    const pagesFor = (bytes: number) => Math.ceil((bytes - have) / pageBytes)
    const grown =
      growMemory(this.memory, this.memory64, pagesFor(eager)) ||
      growMemory(this.memory, this.memory64, pagesFor(needed))
    this.#look()
    return grown && this.#words.byteLength >= needed
  }

  // Lists through the granule table: entry + 2 is the previous granule + 1, entry + 3 the next + 1.

  #link(list: number, granule: number): void {
    const words = this.#words
    const first = words[list]
    words[this.#entry(granule) + 2] = 0
    words[this.#entry(granule) + 3] = first
    if (first !== 0) words[this.#entry(first - 1) + 2] = granule + 1
    words[list] = granule + 1
  }

  #unlink(list: number, granule: number): void {
    const words = this.#words
    const previous = words[this.#entry(granule) + 2]
    const next = words[this.#entry(granule) + 3]
    if (previous === 0) words[list] = next
    else words[this.#entry(previous - 1) + 3] = next
    if (next !== 0) words[this.#entry(next - 1) + 2] = previous
  }

  #isAlone(list: number, granule: number): boolean {
    return this.#words[list] === granule + 1 && this.#words[this.#entry(granule) + 3] === 0
  }

  // Counters.

  get inUseBytes(): number {
    return this.#doubles[at.inUseBytes]
  }

  get limitBytes(): number {
    return this.limit * at.granuleBytes
  }

  /** The counters as they are, and a walk over the free spans; under the lock. */
  survey(): { inUse: number; peak: number; allocations: number; total: number; slack: number; largestFree: number } {
    acquire(this.#words, at.lock, this.#owner)
    try {
      const d = this.#doubles
      const words = this.#words
      let largest = words[at.granuleLimit] - words[at.top]
      for (let bin = 0; bin < at.binCount; bin++) {
        for (let g = words[at.binHeads + bin] - 1; g >= 0; g = words[this.#entry(g) + 3] - 1) {
          largest = Math.max(largest, words[this.#entry(g) + 1])
        }
      }
      return {
        inUse: d[at.inUseBytes],
        peak: d[at.peakBytes],
        allocations: d[at.allocationCount],
        total: d[at.totalCount],
        slack: words[at.top] * at.granuleBytes - d[at.inUseBytes],
        largestFree: largest * at.granuleBytes,
      }
    } finally {
      unlock(this.#words, at.lock)
    }
  }

  /** The number of a label, made on first use; 0 once 1023 are in use. */
  labelNumber(name: string): number {
    const bytes = new Uint8Array(at.labelNameBytes - 1)
    const { written } = new TextEncoder().encodeInto(name, bytes)
    const wanted = bytes.subarray(0, written)
    acquire(this.#words, at.lock, this.#owner)
    try {
      const all = new Uint8Array(this.#words.buffer, at.labelNames, at.mostLabels * at.labelNameBytes)
      const count = this.#words[at.labelCount]
      for (let i = 1; i < count; i++) {
        const from = i * at.labelNameBytes
        if (all[from] === written && wanted.every((byte, j) => byte === all[from + 1 + j])) return i
      }
      if (count === at.mostLabels) return 0
      all[count * at.labelNameBytes] = written
      all.set(wanted, count * at.labelNameBytes + 1)
      this.#words[at.labelCount] = count + 1
      return count
    } finally {
      unlock(this.#words, at.lock)
    }
  }

  /** Labels that hold something: name ('' for none), bytes, blocks. */
  labels(): { label: string; bytes: number; blocks: number }[] {
    const count = this.#words[at.labelCount]
    // A copy, since a decoder need not accept shared memory.
    const names = new Uint8Array(new Uint8Array(this.#words.buffer, at.labelNames, count * at.labelNameBytes))
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
    if (buffer.byteLength < this.base || buffer.byteLength % pageBytes !== 0) return false
    const other = new Int32Array(buffer, 0, 16)
    for (let i = 0; i < 4; i++) if (other[at.magic + i] !== this.#words[at.magic + i]) return false
    acquire(this.#words, at.lock, this.#owner)
    try {
      const before = Atomics.load(other, at.probe)
      Atomics.store(this.#words, at.probe, ~before)
      return Atomics.load(other, at.probe) === ~before
    } finally {
      unlock(this.#words, at.lock)
    }
  }
}
