/**
 * Kernels that sort words on all threads. One index is one piece of work, done by one thread in arrays of its own, which stay in its caches; memory itself is only read and written
 * in order. That is the point: words that are scattered over memory take three times as long, since each line has to be fetched before it can be written.
 */

import { kernel } from '@skein/kernel'
import type { DType } from '../dtypes.ts'
import { keyWords } from './keys.ts'
import { type Coding, codingOf, type Words } from './words.ts'

/** Words that a thread puts into buckets at a time. */
export const chunkLength = 16384
/** Words that a thread sorts in its caches. */
export const bucketRoom = 16384
export const mostBuckets = 2048
const digits = 256
const digitBits = 8

// What the functions below are compiled with.
declare const keyOf: Coding['keyOf']
declare const wordOf: Coding['wordOf']
declare const digitOf: Coding['digitOf']

/** Words as kernels take them: arithmetic on their elements is that of their width. */
type Any = any

/** Keys of a chunk of `x`, bucket by bucket, to `out`; and where each bucket begins in the chunk. The buckets are those of `table`, by cells of keys. */
function partitionChunk(
  c: number,
  ids: Int32Array,
  keys: Any,
  x: Any,
  out: Any,
  sign: Any,
  flip: Any,
  edges: Any,
  shift: number,
  table: Uint16Array,
  buckets: number,
  starts: Int32Array,
): void {
  const begin = c * chunkLength
  const size = Math.min(x.length - begin, chunkLength)
  const counts = new Int32Array(mostBuckets)
  const low = edges[0]
  const high = edges[1]
  for (let k = 0; k < size; k++) {
    const key = keyOf(x[begin + k], sign, flip)
    const cell = key < low ? 0 : key > high ? table.length - 1 : digitOf(key, low, shift, 8191) + 1
    const id = table[cell]
    ids[k] = id
    counts[id] = counts[id] + 1
  }
  let sum = 0
  const row = c * (buckets + 1)
  for (let d = 0; d < buckets; d++) {
    const count = counts[d]
    counts[d] = sum
    starts[row + d] = sum
    sum += count
  }
  starts[row + buckets] = sum
  for (let k = 0; k < size; k++) {
    const id = ids[k]
    const at = counts[id]
    counts[id] = at + 1
    keys[at] = keyOf(x[begin + k], sign, flip)
  }
  for (let k = 0; k < size; k++) out[begin + k] = keys[k]
}

/** Sorts `n` keys in `p` by two digits, from bits `lower` and `upper` on, of how much larger they are than `low`. */
function sortByDigits(p: Any, q: Any, n: number, low: Any, lower: number, upper: number): void {
  const first = new Int32Array(digits)
  const second = new Int32Array(digits)
  for (let k = 0; k < n; k++) {
    const key = p[k]
    const i = digitOf(key, low, lower, digits - 1)
    const j = digitOf(key, low, upper, digits - 1)
    first[i] = first[i] + 1
    second[j] = second[j] + 1
  }
  let a = 0
  let b = 0
  for (let d = 0; d < digits; d++) {
    const u = first[d]
    const v = second[d]
    first[d] = a
    second[d] = b
    a += u
    b += v
  }
  for (let k = 0; k < n; k++) {
    const key = p[k]
    const d = digitOf(key, low, lower, digits - 1)
    const at = first[d]
    first[d] = at + 1
    q[at] = key
  }
  for (let k = 0; k < n; k++) {
    const key = q[k]
    const d = digitOf(key, low, upper, digits - 1)
    const at = second[d]
    second[d] = at + 1
    p[at] = key
  }
}

/** Sorts `n` keys in `p` that are `low` or more, by `bits` bits. */
function sortKeys(p: Any, q: Any, n: number, low: Any, bits: number): void {
  sortByDigits(p, q, n, low, Math.max(bits - 2 * digitBits, 0), Math.max(bits - digitBits, 0))
  if (bits > 2 * digitBits) {
    // Keys that share both digits are few as a rule, and moved one by one.
    let left = 8 * n
    let last = p[0]
    for (let k = 1; k < n && left > 0; k++) {
      const key = p[k]
      if (key >= last) last = key
      else {
        let to = k
        while (to > 0 && p[to - 1] > key) {
          p[to] = p[to - 1]
          to--
        }
        p[to] = key
        left -= k - to
      }
    }
    // Else by all digits, the lowest first.
    if (left <= 0) for (let s = 0; s < bits; s += 2 * digitBits) sortByDigits(p, q, n, low, s, s + digitBits)
  }
}

/** Collects a bucket out of all chunks, sorts it, and writes it where it belongs. One that has no room is left to others. */
function sortBucket(
  b: number,
  p: Any,
  q: Any,
  x: Any,
  out: Any,
  sign: Any,
  flip: Any,
  chunks: number,
  buckets: number,
  starts: Int32Array,
  begins: Int32Array,
  lows: Any,
  widths: Int32Array,
): void {
  const begin = begins[b]
  const size = begins[b + 1] - begin
  if (size > 0 && size <= bucketRoom) {
    let n = 0
    for (let c = 0; c < chunks; c++) {
      const row = c * (buckets + 1) + b
      const from = c * chunkLength + starts[row]
      const count = starts[row + 1] - starts[row]
      for (let k = 0; k < count; k++) p[n + k] = x[from + k]
      n += count
    }
    sortKeys(p, q, n, lows[b], widths[b])
    for (let k = 0; k < n; k++) out[begin + k] = wordOf(p[k], sign, flip)
  }
}

const constants = { chunkLength, bucketRoom, mostBuckets, digits, digitBits }

/** The arrays of a thread have the width of a word: so there are two of each kernel. */
function partitionOf(words: 1 | 2, use: object) {
  const options = { name: 'partition', use: { ...constants, ...use, partitionChunk }, unsafe: true }
  return words === 1
    ? kernel(
        (
          c,
          x: Words,
          out: Words,
          sign: Any,
          flip: Any,
          edges: Words,
          shift: number,
          table: Uint16Array,
          buckets: number,
          starts: Int32Array,
        ) => {
          const ids = new Int32Array(chunkLength)
          const keys = new Uint32Array(chunkLength)
          partitionChunk(c, ids, keys, x, out, sign, flip, edges, shift, table, buckets, starts)
        },
        options,
      )
    : kernel(
        (
          c,
          x: Words,
          out: Words,
          sign: Any,
          flip: Any,
          edges: Words,
          shift: number,
          table: Uint16Array,
          buckets: number,
          starts: Int32Array,
        ) => {
          const ids = new Int32Array(chunkLength)
          const keys = new BigUint64Array(chunkLength)
          partitionChunk(c, ids, keys, x, out, sign, flip, edges, shift, table, buckets, starts)
        },
        options,
      )
}

function collectOf(words: 1 | 2, use: object) {
  const options = { name: 'collect', use: { ...constants, ...use, sortByDigits, sortKeys, sortBucket }, unsafe: true }
  return words === 1
    ? kernel(
        (
          b,
          x: Words,
          out: Words,
          sign: Any,
          flip: Any,
          chunks: number,
          buckets: number,
          starts: Int32Array,
          begins: Int32Array,
          lows: Words,
          widths: Int32Array,
        ) => {
          const p = new Uint32Array(bucketRoom)
          const q = new Uint32Array(bucketRoom)
          sortBucket(b, p, q, x, out, sign, flip, chunks, buckets, starts, begins, lows, widths)
        },
        options,
      )
    : kernel(
        (
          b,
          x: Words,
          out: Words,
          sign: Any,
          flip: Any,
          chunks: number,
          buckets: number,
          starts: Int32Array,
          begins: Int32Array,
          lows: Words,
          widths: Int32Array,
        ) => {
          const p = new BigUint64Array(bucketRoom)
          const q = new BigUint64Array(bucketRoom)
          sortBucket(b, p, q, x, out, sign, flip, chunks, buckets, starts, begins, lows, widths)
        },
        options,
      )
}

export interface BucketKernels {
  readonly partition: ReturnType<typeof partitionOf>
  readonly collect: ReturnType<typeof collectOf>
}

const made = new Map<Coding, BucketKernels>()

export function bucketKernels(dtype: DType): BucketKernels {
  const coding = codingOf(dtype)
  let found = made.get(coding)
  if (!found) {
    const words = keyWords(dtype)
    made.set(coding, (found = { partition: partitionOf(words, coding), collect: collectOf(words, coding) }))
  }
  return found
}
