/**
 * Spans: runs of 16 KiB granules, which tile the data from its base to `top`. A free span stands in a bin by its length (exact up
 * to 16 granules, eight bins per doubling above, as in TLSF); the best fit is taken and what it leaves over goes back.
 * Free neighbours are always joined, and a free span that reaches `top` lowers it. Lengths and places here are in granules.
 *
 * Called under the heap's lock. Words change in an order that `repair` can make sense of whatever call was the last:
 * a span not marked as in use is free.
 */

import * as at from './layout.ts'
import { growMemory, pageBytes } from './memory.ts'

export class Spans {
  readonly memory: WebAssembly.Memory
  readonly memory64: boolean
  /** Address of granule 0. */
  readonly base: number
  /** Granules the reservation has room for. */
  readonly limit: number
  /** The whole memory as it was when last looked at; an older one stays valid for what lies in it. */
  words: Int32Array<SharedArrayBuffer>

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory
    this.words = new Int32Array(memory.buffer as unknown as SharedArrayBuffer)
    this.memory64 = this.words[at.is64] === 1
    this.base = this.words[at.baseWord] * 4
    this.limit = this.words[at.granuleLimit]
  }

  /** Makes sure that granules up to `end` can be reached: another thread may have grown the memory. */
  reach(end: number): void {
    const bytes = this.base + end * at.granuleBytes
    if (bytes <= this.words.byteLength) return
    // Growing by nothing makes the engine look at what others have grown.
    if (this.memory.buffer.byteLength < bytes) growMemory(this.memory, this.memory64, 0)
    this.words = new Int32Array(this.memory.buffer as unknown as SharedArrayBuffer)
  }

  /** A granule's entry in the table, as a word. */
  entry(granule: number): number {
    return at.tableByte / 4 + granule * at.tableWords
  }

  kind(granule: number): number {
    return this.words[this.entry(granule)] & 7
  }

  length(granule: number): number {
    return this.words[this.entry(granule) + 1]
  }

  address(granule: number): number {
    return this.base + granule * at.granuleBytes
  }

  /**
   * Takes a span whose address is a multiple of `align` granules, marked `large`; -1 when there is no room. Its
   * granules from `clean` (as it was before) on are zero.
   */
  take(length: number, align: number): number {
    // With an alignment beyond a granule's, a longer span is taken and both ends are given back.
    const asked = length + align - 1
    if (asked > this.limit) return -1
    const words = this.words
    let granule = this.#bestFit(asked)
    let got = asked
    if (granule >= 0) {
      got = this.length(granule)
      this.#takeOut(granule, got)
    } else {
      granule = words[at.top]
      if (asked > this.limit - granule || !this.#commit(granule + asked)) return -1
      words[at.top] = granule + asked
      if (words[at.clean] < granule + asked) words[at.clean] = granule + asked
    }
    const first = this.base / at.granuleBytes
    const start = Math.ceil((granule + first) / align) * align - first
    words[this.entry(start)] = at.large
    words[this.entry(start) + 1] = length
    if (start > granule) this.give(granule, start - granule)
    const rest = granule + got - start - length
    if (rest > 0) this.give(start + length, rest)
    return start
  }

  /** The shortest free span of at least `length`: its own bin is searched; of a higher bin every span fits. */
  #bestFit(length: number): number {
    const words = this.words
    for (let bin = at.binOf(length); bin < at.binCount; bin++) {
      const bits = words[at.binBits + (bin >>> 5)] >>> (bin & 31)
      if (bits === 0) {
        bin |= 31
        continue
      }
      bin += 31 - Math.clz32(bits & -bits)
      let best = -1
      let bestLength = 0x7fffffff
      for (let g = words[at.binHeads + bin] - 1; g >= 0; g = this.nextOf(g)) {
        const found = this.length(g)
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

  /** Gives a span back, joined with its free neighbours, or to what lies above `top`. */
  give(granule: number, length: number): void {
    const words = this.words
    words[this.entry(granule)] = at.inside
    let start = granule
    let end = granule + length
    if (end < words[at.top] && this.kind(end) === at.freeHead) {
      const next = end
      end += this.length(next)
      this.#takeOut(next, end - next)
    }
    if (start > 0) {
      const kind = this.kind(start - 1)
      if (kind === at.freeTail || kind === at.freeHead) {
        const head = kind === at.freeTail ? this.length(start - 1) : start - 1
        this.#takeOut(head, start - head)
        start = head
      }
    }
    if (end === words[at.top]) words[at.top] = start
    else this.#putIn(start, end - start)
  }

  /** A span in a bin: its head knows its length, its tail its head. */
  #putIn(granule: number, length: number): void {
    const words = this.words
    const bin = at.binOf(length)
    if (length > 1) {
      words[this.entry(granule + length - 1)] = at.freeTail
      words[this.entry(granule + length - 1) + 1] = granule
    }
    words[this.entry(granule)] = at.freeHead
    words[this.entry(granule) + 1] = length
    this.link(at.binHeads + bin, granule)
    words[at.binBits + (bin >>> 5)] |= 1 << (bin & 31)
  }

  #takeOut(granule: number, length: number): void {
    const words = this.words
    const bin = at.binOf(length)
    this.unlink(at.binHeads + bin, granule)
    if (words[at.binHeads + bin] === 0) words[at.binBits + (bin >>> 5)] &= ~(1 << (bin & 31))
    words[this.entry(granule + length - 1)] = at.inside
    words[this.entry(granule)] = at.inside
  }

  /** Grows the memory so that granules up to `end` exist: by an eighth, at least 16 MiB, so that growing is rare. */
  #commit(end: number): boolean {
    this.reach(end)
    const needed = this.address(end)
    const have = this.words.byteLength
    if (needed <= have) return true
    const eager = Math.min(Math.max(needed, have + Math.max(have / 8, 2 ** 24)), this.address(this.limit))
    const grow = (bytes: number): boolean =>
      growMemory(this.memory, this.memory64, Math.ceil((bytes - have) / pageBytes))
    // Another thread can have grown it meanwhile, so what counts is the outcome.
    if (!grow(eager)) grow(needed)
    this.reach(end)
    return this.words.byteLength >= needed
  }

  /** Length of the longest span that could be taken now. */
  longest(): number {
    let longest = this.limit - this.words[at.top]
    for (let bin = 0; bin < at.binCount; bin++) {
      for (let g = this.words[at.binHeads + bin] - 1; g >= 0; g = this.nextOf(g)) {
        longest = Math.max(longest, this.length(g))
      }
    }
    return longest
  }

  /** Forgets which spans are free. */
  emptyBins(): void {
    this.words.fill(0, at.binHeads, at.binHeads + at.binCount)
    this.words.fill(0, at.binBits, at.binBits + Math.ceil(at.binCount / 32))
  }

  // Lists through the table, of free spans and of slabs: entry + 2 is the previous granule + 1, entry + 3 the next + 1.

  link(list: number, granule: number): void {
    const words = this.words
    const first = words[list]
    words[this.entry(granule) + 2] = 0
    words[this.entry(granule) + 3] = first
    if (first !== 0) words[this.entry(first - 1) + 2] = granule + 1
    words[list] = granule + 1
  }

  unlink(list: number, granule: number): void {
    const words = this.words
    const previous = words[this.entry(granule) + 2]
    const next = words[this.entry(granule) + 3]
    if (previous === 0) words[list] = next
    else words[this.entry(previous - 1) + 3] = next
    if (next !== 0) words[this.entry(next - 1) + 2] = previous
  }

  nextOf(granule: number): number {
    return this.words[this.entry(granule) + 3] - 1
  }

  isAlone(list: number, granule: number): boolean {
    return this.words[list] === granule + 1 && this.nextOf(granule) < 0
  }
}
