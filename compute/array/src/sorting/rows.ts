/** Rows of elements that lie one behind the other, sorted each for itself. */

import type { DType, Elements } from '../dtypes.ts'
import { infoOf, isComplex, partOf } from '../dtypes.ts'
import { isLong, sortLong } from './buckets.ts'
import { canCount, countRows } from './counting.ts'
import { elementOf, fromKeys, keyWords, toKeys, withPlaces } from './keys.ts'
import { hasLongPlaces, longPlaces } from './places.ts'
import { sortRecords } from './radix.ts'
import { firstOfRow, keyAfter, keyOfRank } from './select.ts'
import { areShortRows, placesInShortRows, sortShortRows } from './short-rows.ts'

/** Sorts rows in place: NaN last, −0 before 0. @param elements of real numbers */
export function sortRows(elements: Elements, dtype: DType, length: number, descending: boolean): void {
  const words = keyWords(dtype)
  const order = { dtype, descending }
  if (canCount(dtype, length)) return countRows(elements, dtype, length, descending)
  if (isLong(dtype, length)) {
    for (let begin = 0; begin < elements.length; begin += length) {
      const row = elements.subarray(begin, begin + length) as Elements
      sortLong(row, row, order)
    }
    return
  }
  if (areShortRows(dtype, length, elements.length / length)) return sortShortRows(elements, length, order)
  const keys = toKeys(elements, order, 'apart')
  sortAll(keys, words, words, length)
  fromKeys(keys, order, elements)
}

function sortAll(records: Uint32Array, words: 1 | 2, width: number, length: number): void {
  const scratch = new Uint32Array(length * width)
  const count = records.length / width
  for (let begin = 0; begin < count; begin += length) sortRecords(records, words, width, begin, begin + length, scratch)
}

/**
 * Where in its row each element of the sorted rows stood; equal ones in the order in which they stood, NaN last. Complex numbers go by their real parts, then by their imaginary
 * ones, those with a NaN behind all others.
 * @param elements its own: what they are afterwards is undefined
 */
export function placesInOrder(elements: Elements, dtype: DType, length: number, descending: boolean): Int32Array {
  if (isComplex(dtype)) return complexPlaces(elements, dtype, length, descending)
  if (hasLongPlaces(length)) {
    const places = new Int32Array(elements.length)
    for (let begin = 0; begin < elements.length; begin += length) {
      const row = elements.subarray(begin, begin + length) as Elements
      longPlaces(row, { dtype, descending }, places.subarray(begin, begin + length))
    }
    return places
  }
  if (areShortRows(dtype, length, elements.length / length))
    return placesInShortRows(elements, length, { dtype, descending })
  const words = keyWords(dtype)
  const width = words + 1
  const records = withPlaces(toKeys(elements, { dtype, descending }, 'equal'), words, length)
  if (length > 1) sortAll(records, words, width, length)
  const places = new Int32Array(records.length / width)
  for (let k = 0, at = words; k < places.length; k++, at += width) places[k] = records[at]
  return places
}

/** By the parts one after the other, the more important one last. */
function complexPlaces(
  elements: Elements,
  dtype: 'complex64' | 'complex128',
  length: number,
  descending: boolean,
): Int32Array {
  const count = elements.length / 2
  const part = partOf(dtype)
  const places = Int32Array.from({ length: count }, (_, k) => k % length)
  const sortBy = (type: DType, value: (k: number) => number, isDescending: boolean) => {
    const { Elements } = infoOf(type)
    const values = new Elements(count)
    const before = places.slice()
    const start = (k: number) => k - (k % length)
    for (let k = 0; k < count; k++) values[k] = value(start(k) + before[k])
    const found = placesInOrder(values, type, length, isDescending)
    for (let k = 0; k < count; k++) places[k] = before[start(k) + found[k]]
  }
  const [re, im] = [(k: number) => elements[2 * k] as number, (k: number) => elements[2 * k + 1] as number]
  sortBy(part, im, descending)
  sortBy(part, re, descending)
  sortBy('uint8', k => (Number.isNaN(re(k)) ? 2 : 0) + (Number.isNaN(im(k)) ? 1 : 0), false)
  return places
}

/** So few are kept in order in a list; for more the key at the end is found, and those before it are sorted. */
const fewWanted = 64

/**
 * Where the first `k` elements of sorted rows stood; the others are never sorted.
 * @param elements of real numbers, its own: what they are afterwards is undefined
 */
export function firstPlaces(
  elements: Elements,
  dtype: DType,
  length: number,
  k: number,
  descending: boolean,
): Int32Array {
  const words = keyWords(dtype)
  const keys = toKeys(elements, { dtype, descending }, 'equal')
  const rows = keys.length / words / length
  const places = new Int32Array(rows * k)
  for (let row = 0; row < rows; row++) {
    if (k > fewWanted) places.set(firstOfRow(keys, words, row * length, length, k), row * k)
    else fewOfRow(keys, words, row * length, length, places.subarray(row * k, (row + 1) * k))
  }
  return places
}

function fewOfRow(keys: Uint32Array, words: 1 | 2, begin: number, length: number, places: Int32Array): void {
  const { length: k } = places
  const [high, low] = [new Uint32Array(k), new Uint32Array(k)]
  let found = 0
  for (let place = 0, at = begin * words; place < length; place++, at += words) {
    const [hi, lo] = [keys[at + words - 1], keys[at]]
    // Equal ones stay behind those that stood before.
    if (found === k && (hi > high[k - 1] || (hi === high[k - 1] && lo >= low[k - 1]))) continue
    let to = found < k ? found++ : k - 1
    for (; to > 0 && (high[to - 1] > hi || (high[to - 1] === hi && low[to - 1] > lo)); to--) {
      high[to] = high[to - 1]
      low[to] = low[to - 1]
      places[to] = places[to - 1]
    }
    high[to] = hi
    low[to] = lo
    places[to] = place
  }
}

/** Elements of rows by the rank they have in their row; and how many come before those that are NaN. */
export interface Ranked {
  readonly numbers: (row: number) => number
  readonly at: (row: number, rank: number) => number
}

/** So few are found one by one, in rows that are not short. */
const fewRanks = 8
const shortRow = 4096

/**
 * @param elements of floats, its own: what they are afterwards is undefined
 * @param asked how many ranks of each row will be asked for
 */
export function rankedRows(elements: Elements, dtype: DType, length: number, asked: number): Ranked {
  const values = elements as unknown as ArrayLike<number>
  if (asked > fewRanks || length < shortRow) {
    if (length > 1 && elements.length > 0) sortRows(elements, dtype, length, false)
    return {
      numbers(row) {
        let count = length
        while (count > 0 && Number.isNaN(values[row * length + count - 1])) count--
        return count
      },
      at: (row, rank) => values[row * length + rank],
    }
  }
  const words = keyWords(dtype)
  const order = { dtype, descending: false }
  const keys = toKeys(elements, order, 'apart')
  // Behind the last one stands what is mixed with it.
  let last = { row: -1, rank: 0, at: 0, isRepeated: false }
  return {
    numbers(row) {
      let count = 0
      for (let at = row * length * words + words - 1, k = 0; k < length; k++, at += words)
        if (keys[at] !== 0xffffffff) count++
      return count
    },
    at(row, rank) {
      const begin = row * length
      const isNext = row === last.row && rank === last.rank + 1
      if (!isNext) last = { row, rank, ...keyOfRank(keys, words, begin, length, rank) }
      const { isRepeated, at } = last
      const found = isNext && !isRepeated ? keyAfter(keys, words, begin, length, at) : at
      return elementOf(keys, found, order) as number
    },
  }
}
