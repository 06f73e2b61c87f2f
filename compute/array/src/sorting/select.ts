/** Keys by their rank: which would stand at a place if all were sorted, without sorting them. */

import { sortRecords } from './radix.ts'

const counts = new Uint32Array(2048)
/** Digits of a word, the highest first. */
const shifts = [21, 10, 0]

export interface Found {
  /** Where the key begins. */
  readonly at: number
  /** The key behind it is equal. */
  readonly isRepeated: boolean
}

/**
 * The key that would stand at `rank` among those of a row: by their digits, the highest first; only those that share the digits so far are looked at
 * again.
 */
export function keyOfRank(keys: Uint32Array, words: 1 | 2, begin: number, length: number, rank: number): Found {
  let among: Int32Array | undefined
  let count = length
  let left = rank
  for (let word = words - 1; word >= 0; word--) {
    for (const shift of shifts) {
      const mask = shift === 0 ? 1023 : 2047
      counts.fill(0)
      if (among) for (let k = 0; k < count; k++) counts[(keys[among[k] + word] >>> shift) & mask]++
      else {
        for (let at = begin * words + word, end = at + length * words; at < end; at += words)
          counts[(keys[at] >>> shift) & mask]++
      }
      let digit = 0
      while (counts[digit] <= left) left -= counts[digit++]
      if (counts[digit] === count) continue
      among = sharing(keys, words, begin, count, among, word, shift, mask, digit)
      count = among.length
    }
  }
  return { at: among ? among[left] : begin * words, isRepeated: left + 1 < count }
}

/** Where the least key begins that is larger than another; that itself if there is none. */
export function keyAfter(keys: Uint32Array, words: 1 | 2, begin: number, length: number, found: number): number {
  const top = words - 1
  const [high, low] = [keys[found + top], keys[found]]
  let next = found
  // How much larger the high word is, modulo 2^32: of smaller ones that is very much, so that one comparison, which is seldom true, sorts them out.
  let [least, nextLow] = [0xffffffff, 0xffffffff]
  for (let at = begin * words, end = at + length * words; at < end; at += words) {
    const more = (keys[at + top] - high) >>> 0
    if (more > least) continue
    const isSmaller = more + high > 0xffffffff
    const isEqual = more === 0 && (words === 1 || keys[at] <= low)
    if (isSmaller || isEqual) continue
    if (more < least || next === found || keys[at] < nextLow) {
      next = at
      least = more
      nextLow = keys[at]
    }
  }
  return next
}

/** Of the keys looked at those that have a digit. */
function sharing(
  keys: Uint32Array,
  words: 1 | 2,
  begin: number,
  count: number,
  among: Int32Array | undefined,
  word: number,
  shift: number,
  mask: number,
  digit: number,
): Int32Array {
  // Every key is written, and the next one over it if it does not count: nobody can tell beforehand which do, and a wrong guess takes longer.
  const found = new Int32Array(counts[digit] + 1)
  let n = 0
  for (let k = 0, next = begin * words; k < count; k++, next += words) {
    const at = among ? among[k] : next
    found[n] = at
    n += ((((keys[at + word] >>> shift) & mask) ^ digit) - 1) >>> 31
  }
  return found.subarray(0, n)
}

/** The places in a row of its `wanted` first keys, in order; of equal ones those that stand first. */
export function firstOfRow(keys: Uint32Array, words: 1 | 2, begin: number, length: number, wanted: number): Int32Array {
  const { at: last } = keyOfRank(keys, words, begin, length, wanted - 1)
  const [high, low] = [keys[last + words - 1], keys[last]]
  const width = words + 1
  const records = new Uint32Array(wanted * width)
  // Those before the last one, then as many that are equal to it as there is room for: these are sorted by their places anyway.
  let count = 0
  const add = (at: number, place: number): void => {
    records[count * width] = keys[at]
    if (words === 2) records[count * width + 1] = keys[at + 1]
    records[count++ * width + words] = place
  }
  for (let k = 0, at = begin * words; k < length; k++, at += words) {
    const top = keys[at + words - 1]
    if (top < high || (top === high && keys[at] < low)) add(at, k)
  }
  for (let k = 0, at = begin * words; count < wanted; k++, at += words)
    if (keys[at] === low && keys[at + words - 1] === high) add(at, k)
  sortRecords(records, words, width, 0, wanted, new Uint32Array(records.length))
  return Int32Array.from({ length: wanted }, (_, k) => records[k * width + words])
}
