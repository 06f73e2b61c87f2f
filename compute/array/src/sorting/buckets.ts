/**
 * One long row of words sorted on all threads. A sample tells how keys are spread; from it come buckets of about equal size. Chunks of the row are put in order of buckets, each by one thread
 * in its caches; then each bucket is collected out of all chunks and sorted, likewise. A bucket that has become too large for that, as where few keys are different, is sorted in
 * the same way again: by then its keys differ in fewer bits, or not at all.
 */

import { heap } from '@skein/heap'
import { sortWords, type WordKind } from '@skein/kernel/order'
import { type DType, type Elements, infoOf } from '../dtypes.ts'
import { onBackend } from '../expression/plain.ts'
import { bucketKernels, bucketRoom, chunkLength, mostBuckets } from './bucket-kernels.ts'
import { fromKeys, keyWords, type Order, toKeys } from './keys.ts'
import { sortRecords } from './radix.ts'
import { isByVectors } from './vectors.ts'
import { turnedIn, type Words } from './words.ts'

/** From so many words on threads sort a row together. */
export const longRow = 1 << 16

export const isLong = (dtype: DType, length: number): boolean => infoOf(dtype).bits >= 32 && length >= longRow

/** What a bucket is to have, so that hardly any has no room. */
const usualBucket = bucketRoom / 2.5
/** Keys of the sample for each bucket. */
const perBucket = 12
/** Cells that a sample's range is cut into: so many bits of a key. */
const cellBits = 12

/** How keys come to buckets. */
interface Plan {
  /** The least and the largest key of the sample. */
  readonly edges: Words
  /** A cell has 2^shift keys. */
  readonly shift: number
  /** The bucket of each cell; the first is for keys below the sample's, the last for those above. */
  readonly table: Uint16Array
  readonly buckets: number
  /** The least key of each bucket, and in how many bits its keys differ. */
  readonly lows: Words
  readonly widths: Int32Array
}

/** To be written before it is read. */
const arrayOf = (words: 1 | 2, length: number): Words =>
  words === 1 ? heap.array(Uint32Array, length, { zero: false }) : heap.array(BigUint64Array, length, { zero: false })

export const wordsIn = (elements: Elements, dtype: DType): Words => {
  const { buffer, byteOffset, byteLength } = elements
  return keyWords(dtype) === 1
    ? new Uint32Array(buffer, byteOffset, byteLength / 4)
    : new BigUint64Array(buffer, byteOffset, byteLength / 8)
}

/** Keys of some elements, in order. */
function sampleOf(elements: Elements, order: Order, count: number): bigint[] {
  const words = keyWords(order.dtype)
  const sample = elements.slice(0, count)
  const step = elements.length / count
  // At places that follow no pattern that the row may have.
  for (let k = 0; k < count; k++) {
    const within = (Math.imul(k + 1, 0x9e3779b1) >>> 0) / 2 ** 32
    sample[k] = elements[Math.floor((k + within) * step)] as never
  }
  const keys = toKeys(sample, order, 'apart')
  sortRecords(keys, words, words, 0, count, new Uint32Array(keys.length))
  const isLong = words === 2
  return Array.from({ length: count }, (_, k) =>
    isLong ? (BigInt(keys[2 * k + 1]) << 32n) | BigInt(keys[2 * k]) : BigInt(keys[k]),
  )
}

const bitsOf = (key: bigint): number => (key === 0n ? 0 : key.toString(2).length)

function planOf(sample: readonly bigint[], words: 1 | 2, wanted: number): Plan {
  const [low, high] = [sample[0], sample[sample.length - 1]]
  const shift = Math.max(0, bitsOf(high - low) - cellBits)
  const cells = Number((high - low) >> BigInt(shift)) + 1
  const counts = new Int32Array(cells)
  for (const key of sample) counts[Number((key - low) >> BigInt(shift))]++
  const table = new Uint16Array(cells + 2)
  const lows = [0n]
  const share = sample.length / wanted
  let count = Infinity
  for (let cell = 0; cell < cells; cell++) {
    // A cell that is much by itself shares with none, so that its keys differ in fewer bits.
    if (count + counts[cell] > share) {
      lows.push(low + (BigInt(cell) << BigInt(shift)))
      count = 0
    }
    count = counts[cell] > share ? Infinity : count + counts[cell]
    table[cell + 1] = lows.length - 1
  }
  lows.push(high + 1n)
  table[cells + 1] = lows.length - 1
  const largest = (1n << (words === 1 ? 32n : 64n)) - 1n
  const edges = arrayOf(words, 2)
  const least = arrayOf(words, lows.length)
  const put = (to: Words, k: number, key: bigint) => {
    to[k] = (words === 1 ? Number(key) : key) as never
  }
  put(edges, 0, low)
  put(edges, 1, high)
  const widths = heap.i32(lows.length)
  for (const [k, key] of lows.entries()) {
    const end = k + 1 < lows.length ? lows[k + 1] - 1n : largest
    put(least, k, key)
    widths[k] = end > key ? bitsOf(end - key) : 0
  }
  const shared = heap.array(Uint16Array, table)
  return { edges, shift, table: shared, buckets: lows.length, lows: least, widths }
}

/** Elements of 32 or 64 bits in order: NaN last, −0 before 0. @param to where they are written, which may be where they are */
export function sortLong(from: Elements, to: Elements, order: Order): void {
  const { dtype, descending } = order
  const words = keyWords(dtype)
  const [x, sorted] = [wordsIn(from, dtype), wordsIn(to, dtype)]
  if (isByVectors()) {
    sortWords(x, sorted, { kind: infoOf(dtype).kind as WordKind, descending })
    return
  }
  const n = x.length
  // Below the sample, above it, and one more where a cell shares with none.
  const wanted = Math.min(mostBuckets / 2 - 3, Math.ceil(n / usualBucket))
  const plan = planOf(sampleOf(from, order, wanted * perBucket), words, wanted)
  const { edges, shift, table, buckets, lows, widths } = plan
  const { sign, flip } = turnedIn(order)
  const { partition, collect } = bucketKernels(dtype)
  const chunks = Math.ceil(n / chunkLength)
  const keys = arrayOf(words, n)
  const starts = heap.i32(chunks * (buckets + 1))
  onBackend(partition)(chunks, x, keys, sign, flip, edges, shift, table, buckets, starts)
  const begins = heap.i32(buckets + 1)
  for (let row = 0; row < starts.length; row += buckets + 1)
    for (let b = 0; b < buckets; b++) begins[b] += starts[row + b + 1] - starts[row + b]
  for (let b = 0, sum = 0; b <= buckets; b++) {
    const count = begins[b]
    begins[b] = sum
    sum += count
  }
  onBackend(collect)(buckets, keys, sorted, sign, flip, chunks, buckets, starts, begins, lows, widths)
  for (let b = 0; b < buckets; b++) {
    const [begin, end] = [begins[b], begins[b + 1]]
    if (end - begin > bucketRoom) sortLarge(b, keys, sorted.subarray(begin, end) as Words, plan, starts, order)
  }
  for (const array of [keys, edges, table, lows, widths, starts, begins]) heap.release(array)
}

/** A bucket that `collect` had no room for, to its place. */
function sortLarge(b: number, keys: Words, target: Words, plan: Plan, starts: Int32Array, order: Order): void {
  const { buckets, lows, widths } = plan
  let n = 0
  for (let c = 0, row = b; row < starts.length; c++, row += buckets + 1) {
    const piece = keys.subarray(c * chunkLength + starts[row], c * chunkLength + starts[row + 1])
    target.set(piece as never, n)
    n += piece.length
  }
  const asKeys = target instanceof BigUint64Array ? 'uint64' : 'uint32'
  if (widths[b] === 0) target.fill(lows[b] as never)
  else if (n >= longRow) sortLong(target, target, { dtype: asKeys, descending: false })
  else target.sort()
  fromKeys(new Uint32Array(target.buffer, target.byteOffset, target.byteLength / 4), order, target)
}
