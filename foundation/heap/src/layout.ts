/**
 * Where things lie in the heap's memory. Everything the allocator knows is in the memory itself, so that any thread that
 * has the memory can allocate and free:
 *
 *     0        header: identity, lock, counters, list heads               64 KiB, so address 0 is never valid
 *     64 Ki    labels: 1024 names of up to 63 bytes, then their counters  80 KiB, rounded to 128 KiB
 *     192 Ki   granule table: 16 bytes for each 16 KiB of the data        0.1 % of the reservation
 *     base     data: granules
 *
 * Memory that no one has touched costs nothing, so the tables may be as long as the reservation asks.
 */

export const granuleBytes = 16384
export const granuleWords = granuleBytes / 4

/** Header, in 32-bit words. */
export const magic = 0 // 4 words: 'SKHP', version, two random words that tell one heap from another
export const probe = 4 // flipped by a thread that wants to know whether two buffers are the same memory
export const lock = 16
export const damaged = 18 // 1: an action ended by an error half-way
export const granuleLimit = 32 // granules the reservation has room for
export const baseWord = 33 // base / 4
export const top = 34 // granules below are in spans, those above have never been, or are no longer, in use
export const clean = 35 // granules from here on have never been in use, and are zero
export const is64 = 36
export const labelCount = 37
export const threadCount = 38 // threads numbered so far
export const classHeads = 64 // a slab with room per size class, else 0
export const binHeads = 256 // first free span per bin, else 0
export const binBits = 448 // a bit per bin

/** Header, in 64-bit floats: exact to 2^53 bytes. */
export const inUseBytes = 256
export const peakBytes = 257
export const allocationCount = 258
export const totalCount = 259

export const labelNames = 65536
export const labelNameBytes = 64
export const mostLabels = 1024
/** In 64-bit floats: bytes, allocations of each label. */
export const labelCounters = (labelNames + mostLabels * labelNameBytes) / 8

export const tableByte = 3 * 65536
/** In words, per granule: kind and label or class, length or head, previous (of a large span, its owner), next. */
export const tableWords = 4

/** Kinds of granule, the low three bits of its first word. */
export const inside = 0 // of a large span, or never in use
export const freeHead = 1
export const freeTail = 2
export const large = 3
export const slab = 4
export const slabInside = 5

export const tablePages = (pages: number): number =>
  Math.ceil((pages * 65536) / granuleBytes / (65536 / (tableWords * 4)))

/** The pages a memory of `pages` starts with: header, labels, tables, and the first megabyte of data. */
export const initialPages = (pages: number): number => Math.min(pages, tableByte / 65536 + tablePages(pages) + 16)

/** Size classes: multiples of 64 up to 512, then four per doubling, up to 64 KiB: at most a fifth is lost. */
export const classBytes: readonly number[] = (() => {
  const sizes: number[] = []
  for (let size = 64; size <= 512; size += 64) sizes.push(size)
  for (let base = 512; base < 65536; base *= 2) for (let k = 5; k <= 8; k++) sizes.push((base * k) / 4)
  return sizes
})()

export const mostClassBytes = 65536

/** The class of a size, by its number of 64-byte lines, rounded up. */
export const classOfLines = (() => {
  const table = new Uint8Array(mostClassBytes / 64 + 1)
  for (let lines = 1, k = 0; lines < table.length; lines++) {
    if (classBytes[k] < lines * 64) k++
    table[lines] = k
  }
  return table
})()

/** Granules of a slab: long enough for at least seven slots. */
export const slabGranules = (size: number): number => (size <= 2048 ? 4 : size <= 16384 ? 16 : 32)

/** A slab's head, in words from its start; the slot table follows: 0 or next free slot + 1, or `taken` with owner and label. */
export const slabUsed = 0
export const slabFree = 1 // first free slot + 1
export const slabFresh = 2 // slots from here on have never been given
export const slabSlots = 3
export const slabSlotBytes = 4
export const slabData = 5 // where slots start, in bytes from the slab's start
export const slabTable = 16
export const taken = 1 << 31
/** Of a slot in use: the label in the low bits, the owner above. */
export const labelBits = 10
export const labelMask = mostLabels - 1
/** Threads are numbered up to here; those that come later own nothing, and leave what they had. */
export const mostThreads = (1 << (31 - labelBits)) - 1
export const ownerOf = (state: number): number => (state & ~taken) >>> labelBits

/** Bins for free spans: exact up to 16 granules, then eight per doubling. */
export const binCount = 192
export const binOf = (granules: number): number => {
  if (granules < 16) return granules
  const level = 31 - Math.clz32(granules)
  return (level - 2) * 8 + ((granules >>> (level - 3)) & 7)
}
