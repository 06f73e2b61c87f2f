/**
 * Writing together (two-phase I/O: Thakur, Gropp and Lusk, 1999). When the short runs of all ranks fill a stretch of the file without a gap, none has to be
 * written by itself, and nothing has to be read first: round by round the ranks copy them into windows of the heap, one for each rank, which it
 * then writes in one piece. There are two sets of windows, so that those of a round are written while the next is copied.
 */

import { HeapOutOfMemoryError, heap } from '@skein/heap'
import { copy } from '../../copy.ts'
import { float64 } from '../../datatype/basic.ts'
import type { Port } from '../../engine.ts'
import type { FileMap } from '../../file/view.ts'
import { Elements } from '../../message/part.ts'
import type { RunFile } from './runs.ts'

const mostWindowBytes = 2 ** 20
/** Of all windows of a set. */
const setBytes = 2 ** 24
/** Longer runs, on the average, are as well written by themselves; of shorter ones it takes longer to see whether they leave no gap. */
const shortestBytes = 32
const longestBytes = 8192
/** Less than that is one call of the system in any case. */
const leastBytes = 65_536

/** What a rank says of its share: from which byte to which it reaches, how much it is, and how much of that would gain. */
const words = { from: 0, to: 1, bytes: 2, gaining: 3 } as const
const wordCount = 4

export class Together {
  readonly #port: Port
  readonly #file: RunFile
  readonly #windowBytes: number
  #address = 0
  /** By set, then rank. */
  #windows: Uint8Array[][] | undefined

  constructor(port: Port, file: RunFile) {
    this.#port = port
    this.#file = file
    this.#windowBytes = Math.min(mostWindowBytes, 2 ** Math.floor(Math.log2(setBytes / port.size)))
  }

  /**
   * Writes `flat` from byte `at` of the data on; all ranks call it.
   *
   * @returns false: it does not pay, and nothing was written; the same on all ranks
   * @throws what the system says to this rank, or OtherFailed
   */
  write(map: FileMap, at: number, flat: Uint8Array): boolean {
    const stretch = this.#agree(map, at, flat.length)
    if (stretch === undefined) return false
    const { rank, size } = this.#port
    const windows = (this.#windows ??= this.#open())
    // The heap is full.
    if (windows.length === 0) return false
    const windowBytes = this.#windowBytes
    const [from, to] = stretch
    const end = at + flat.length
    let done = Math.min(end, Math.max(at, map.bytesBefore(from)))
    let error: unknown
    for (let round = 0, low = from; low < to; round++, low += size * windowBytes) {
      const high = Math.min(low + size * windowBytes, to)
      const set = windows[round & 1]
      const upTo = Math.min(end, map.bytesBefore(high))
      if (upTo > done) {
        let taken = done - at
        map.each(done, upTo - done, (byte, length) => {
          taken = spread(set, windowBytes, byte - low, flat, taken, length)
        })
        done = upTo
      }
      this.#port.run({ is: 'barrier' })
      const mine = low + rank * windowBytes
      if (mine >= high || error !== undefined) continue
      try {
        this.#file.writePiece(set[rank], Math.min(windowBytes, high - mine), mine)
      } catch (thrown) {
        // The others still count on it.
        error = thrown
      }
    }
    const failed = this.#everyone([error === undefined ? 0 : 1]).includes(1)
    if (error !== undefined) throw error
    if (failed) throw new OtherFailed()
    return true
  }

  close(): void {
    if (this.#address !== 0 && this.#port.rank === 0) heap.free(this.#address)
  }

  /** The stretch that all runs fill, if they do so without a gap and without an overlap. */
  #agree(map: FileMap, at: number, bytes: number): readonly [number, number] | undefined {
    const isEmpty = bytes === 0
    const from = isEmpty ? Infinity : map.byteOf(at)
    const to = isEmpty ? -Infinity : map.byteOf(at + bytes - 1) + 1
    const gains = map.runBytes >= shortestBytes && map.runBytes <= longestBytes
    // NaN spoils the sum of bytes: tiles that reach into each other have no order.
    const all = this.#everyone([from, to, map.isOrdered ? bytes : Number.NaN, gains ? bytes : 0])
    let [low, high, sum, gaining] = [Infinity, -Infinity, 0, 0]
    for (let word = 0; word < all.length; word += wordCount) {
      low = Math.min(low, all[word + words.from])
      high = Math.max(high, all[word + words.to])
      sum += all[word + words.bytes]
      gaining += all[word + words.gaining]
    }
    if (sum !== high - low || gaining < sum / 2 || sum < leastBytes) return undefined
    // As many begin at each byte as end there, but for the first and the last: each byte between is in exactly one run.
    let ends = 0
    map.each(at, bytes, (byte, length) => {
      ends = (ends + mixed(byte + length) - mixed(byte)) | 0
    })
    const whole = this.#everyone([ends]).reduce((a, b) => (a + b) | 0, 0)
    return whole === ((mixed(high) - mixed(low)) | 0) ? [low, high] : undefined
  }

  #everyone(said: readonly number[]): Float64Array {
    const all = new Float64Array(said.length * this.#port.size)
    const send = new Elements(Float64Array.from(said), said.length, float64)
    this.#port.run({ is: 'allgather', send, recv: new Elements(all, said.length, float64) })
    return all
  }

  #open(): Uint8Array[][] {
    const { size, rank } = this.#port
    const windowBytes = this.#windowBytes
    const bytes = 2 * size * windowBytes
    const address = Float64Array.of(rank === 0 ? allocate(bytes) : 0)
    this.#port.run({ is: 'bcast', part: new Elements(address, 1, float64), root: 0 })
    this.#address = address[0]
    if (address[0] === 0) return []
    const all = heap.view(Uint8Array, this.#address, bytes)
    return [0, 1].map(set =>
      Array.from({ length: size }, (_, r) => {
        const begin = (set * size + r) * windowBytes
        return all.subarray(begin, begin + windowBytes)
      }),
    )
  }
}

/** 0: there is no room. */
function allocate(bytes: number): number {
  try {
    return heap.allocate(bytes, { label: 'mpi' })
  } catch (error) {
    if (error instanceof HeapOutOfMemoryError) return 0
    throw error
  }
}

/** Another rank could not write its window. */
export class OtherFailed extends Error {}

/** Copies a run into the windows that it lies in. @returns where the next begins in `flat` */
function spread(
  set: readonly Uint8Array[],
  windowBytes: number,
  at: number,
  flat: Uint8Array,
  from: number,
  length: number,
): number {
  let window = Math.floor(at / windowBytes)
  let within = at - window * windowBytes
  const end = from + length
  while (from < end) {
    const n = Math.min(end - from, windowBytes - within)
    copy(set[window], within, flat, from, n)
    from += n
    window++
    within = 0
  }
  return end
}

/** A byte of the file as a number that says nothing about it (the finalizer of MurmurHash3). */
function mixed(byte: number): number {
  let h = (byte | 0) ^ Math.imul(Math.floor(byte / 2 ** 32) + 1, 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
