/**
 * Where the elements of a long row stood, in order, on all threads. Each element becomes a word of 64 bits: above its key, below its place. No two are alike, so that sorting them is stable.
 *
 * Where key and place have more than 64 bits together the key's last ones are left out. What was put behind each other so, and is not in order, is found by one look at neighbours, and is little unless keys
 * are near each other compared with the range that they have.
 */

import { heap } from '@skein/heap'
import { kernel, reduce } from '@skein/kernel'
import { type DType, type Elements, infoOf } from '../dtypes.ts'
import { onBackend } from '../expression/plain.ts'
import { longRow, sortLong, wordsIn } from './buckets.ts'
import { keyWords, type Order, toKeys, withPlaces } from './keys.ts'
import { sortRecords } from './radix.ts'
import { type Coding, codingOf, turnedIn, type Words } from './words.ts'

type Word = any

// What kernels are compiled with.
declare const keyOf: Coding['keyOf']
declare const toKey: Coding['keyOf']
declare const isZero: (w: Word) => boolean

const isZero32 = (w: number) => (w & 0x7fffffff) === 0
const isZero64 = (w: bigint) => (w & 0x7fffffffffffffffn) === 0n
/** Zeros of either sign have one key. */
const keyOfFloat: Coding['keyOf'] = (w, sign, flip) => keyOf(isZero(w) ? w ^ w : w, sign, flip)
const keyOfWhole: Coding['keyOf'] = (w, sign, flip) => keyOf(w, sign, flip)

/** Ranks that a thread looks at in one go. */
const stretch = 4096
/** So many words that differ in places alone are put in order by moving one after the other. */
const mostMoved = 24

/** Places of words, and in order where the keys of neighbours are. */
const placesOf = kernel(
  (k, words: BigUint64Array, mask: bigint, places: Int32Array) => {
    places[k] = Number(words[k] & mask) | 0
  },
  { name: 'placesOf', unsafe: true },
)

/** `out[k] = x[places[k]]` */
const gather = kernel(
  (k, x: Words | Int32Array, places: Int32Array, out: Words | Int32Array) => {
    out[k] = x[places[k]]
  },
  { name: 'gather', unsafe: true },
)

function kernelsOf(dtype: DType) {
  const isFloat = infoOf(dtype).kind === 'float'
  const isWide = keyWords(dtype) === 2
  const use = {
    ...{ keyOf: codingOf(dtype).keyOf, isZero: isWide ? isZero64 : isZero32 },
    ...{ toKey: isFloat ? keyOfFloat : keyOfWhole, stretch, mostMoved },
  }
  const options = { unsafe: true, use }
  return {
    least: reduce(
      'min',
      (k, x: BigUint64Array, sign: bigint, flip: bigint): bigint => toKey(x[k], sign, flip),
      options,
    ),
    most: reduce('max', (k, x: BigUint64Array, sign: bigint, flip: bigint): bigint => toKey(x[k], sign, flip), options),
    /** But for the largest key that there can be, that of NaN. */
    mostNumber: reduce(
      'max',
      (k, x: BigUint64Array, sign: bigint, flip: bigint): bigint => {
        const key = toKey(x[k], sign, flip)
        return key === 0xffffffffffffffffn ? 0n : key
      },
      options,
    ),
    compose: kernel(
      (
        k,
        x: Words,
        words: BigUint64Array,
        sign: Word,
        flip: Word,
        low: bigint,
        top: bigint,
        shift: number,
        placeBits: number,
      ) => {
        const key = BigInt.asUintN(64, BigInt(toKey(x[k], sign, flip)))
        const more = BigInt.asUintN(64, (key < top ? key : top) - low) >> BigInt(shift)
        words[k] = BigInt.asUintN(64, (more << BigInt(placeBits)) | BigInt(k))
      },
      { name: 'compose', ...options },
    ),
    /** Of runs of words that differ in places alone: those that begin in a stretch. */
    settle: kernel(
      (
        s,
        words: BigUint64Array,
        x: Words,
        sign: Word,
        flip: Word,
        placeBits: number,
        places: Int32Array,
        isLong: Uint8Array,
      ) => {
        const { length } = words
        const begin = s * stretch
        const end = Math.min(begin + stretch, length)
        let last = begin > 0 ? words[begin - 1] : words[0] ^ -1n
        for (let k = begin; k < end; k++) {
          const word = words[k]
          const isFirst = BigInt.asUintN(64, word ^ last) >> BigInt(placeBits) !== 0n
          last = word
          if (isFirst) {
            let to = k + 1
            while (
              to < length &&
              to - k <= mostMoved &&
              BigInt.asUintN(64, words[to] ^ word) >> BigInt(placeBits) === 0n
            )
              to++
            if (to - k > mostMoved) isLong[s] = 1
            else {
              for (let at = k + 1; at < to; at++) {
                const place = places[at]
                const key = toKey(x[place], sign, flip)
                let free = at
                while (free > k && toKey(x[places[free - 1]], sign, flip) > key) {
                  places[free] = places[free - 1]
                  free--
                }
                places[free] = place
              }
            }
          }
        }
      },
      { name: 'settle', ...options },
    ),
  }
}

const made = new Map<DType, ReturnType<typeof kernelsOf>>()

function kernelsFor(dtype: DType) {
  let found = made.get(dtype)
  if (!found) made.set(dtype, (found = kernelsOf(dtype)))
  return found
}

const bitsOf = (n: bigint): number => (n === 0n ? 0 : n.toString(2).length)

/** Whether threads find the places of a row together. */
export const hasLongPlaces = (length: number): boolean => length >= longRow

/**
 * Where the elements of a row stood, in order: equal ones in the order in which they stood, NaN last.
 * @param elements of real numbers
 * @param places where they are written
 */
export function longPlaces(elements: Elements, order: Order, places: Int32Array): void {
  const isShort = infoOf(order.dtype).bits < 32
  // Short types have keys as numbers of 32 bits.
  const dtype = isShort ? 'uint32' : order.dtype
  const keys = isShort ? toKeys(elements, order, 'equal') : elements
  placesByWords(wordsIn(keys as Elements, dtype), isShort ? { dtype, descending: false } : order, places)
}

function placesByWords(x: Words, order: Order, places: Int32Array): void {
  const { length } = x
  const { least, most, mostNumber, compose, settle } = kernelsFor(order.dtype)
  const { sign, flip } = turnedIn(order)
  let [low, top] = [0n, 0xffffffffn]
  if (x instanceof BigUint64Array) {
    low = onBackend(least)(length, x, sign as bigint, flip as bigint)
    top = onBackend(most)(length, x, sign as bigint, flip as bigint)
    if (low === top) {
      for (let k = 0; k < length; k++) places[k] = k
      return
    }
    // NaN is far away from all others, and may be nearer.
    if (top === 2n ** 64n - 1n) top = onBackend(mostNumber)(length, x, sign as bigint, flip as bigint) + 1n
  }
  const placeBits = 32 - Math.clz32(length - 1)
  const shift = Math.max(0, bitsOf(top - low) + placeBits - 64)
  const words = heap.array(BigUint64Array, length, { zero: false })
  onBackend(compose)(length, x, words, sign, flip, low, top, shift, placeBits)
  sortLong(words as never, words as never, { dtype: 'uint64', descending: false })
  onBackend(placesOf)(length, words, 2n ** BigInt(placeBits) - 1n, places)
  if (shift > 0) {
    const isLong = heap.array(Uint8Array, Math.ceil(length / stretch))
    onBackend(settle)(isLong.length, words, x, sign, flip, placeBits, places, isLong)
    for (let s = isLong.indexOf(1); s >= 0; s = isLong.indexOf(1, s + 1))
      settleLong(s, words, placeBits, x, order, places)
    heap.release(isLong)
  }
  heap.release(words)
}

/** Runs that begin in a stretch and are long: their keys are near each other, and differ in fewer bits. */
function settleLong(
  s: number,
  words: BigUint64Array,
  placeBits: number,
  x: Words,
  order: Order,
  places: Int32Array,
): void {
  const halves = new Uint32Array(words.buffer, words.byteOffset, 2 * words.length)
  const differ = (a: number, b: number) =>
    halves[2 * a + 1] !== halves[2 * b + 1] || (halves[2 * a] ^ halves[2 * b]) >>> placeBits !== 0
  const end = Math.min((s + 1) * stretch, words.length)
  for (let k = s * stretch; k < end; ) {
    let to = k + 1
    while (to < words.length && !differ(k, to)) to++
    if (to - k > mostMoved && (k === 0 || differ(k - 1, k))) {
      const own = places.slice(k, to)
      const [run, found] = [like(x, own.length), heap.array(Int32Array, own.length, { zero: false })]
      onBackend(gather)(own.length, x, own, run)
      if (own.length < longRow) placesByRecords(run, order, found)
      else placesByWords(run, order, found)
      onBackend(gather)(own.length, own, found, places.subarray(k, to))
      heap.release(run)
      heap.release(found)
    }
    k = to
  }
}

/** By this thread alone; the words become keys. */
function placesByRecords(x: Words, order: Order, places: Int32Array): void {
  const words = keyWords(order.dtype)
  const { Elements } = infoOf(order.dtype)
  const keys = toKeys(new Elements(x.buffer as ArrayBuffer, x.byteOffset, x.length) as Elements, order, 'equal')
  const records = withPlaces(keys, words, x.length)
  const width = words + 1
  sortRecords(records, words, width, 0, x.length, new Uint32Array(records.length))
  for (let k = 0, at = words; k < x.length; k++, at += width) places[k] = records[at]
}

const like = ({ BYTES_PER_ELEMENT }: Words, length: number): Words =>
  BYTES_PER_ELEMENT === 4
    ? heap.array(Uint32Array, length, { zero: false })
    : heap.array(BigUint64Array, length, { zero: false })
