/**
 * Many short rows, sorted by a network (image/networks.ts) whose lanes are rows: every row takes the same steps, whatever stands in it. Elements become keys that are in order as
 * signed integers, column by column, so that neighbouring lanes have neighbouring keys.
 */

import { kernel } from '@skein/kernel'
import { type DType, type Elements, infoOf } from '../dtypes.ts'
import { onBackend } from '../expression/plain.ts'
import { mergeExchange } from '../image/networks.ts'
import { allocate } from '../memory.ts'
import type { Order } from './keys.ts'

/** Of longer rows a network has more steps than other ways take. */
const mostLength = 128
/** Fewer rows leave lanes empty. */
const leastRows = 8

export const areShortRows = (dtype: DType, length: number, rows: number): boolean =>
  infoOf(dtype).bits >= 32 && length > 1 && length <= mostLength && rows >= leastRows

/** Words, and numbers that go with them: of 32 bits, or BigInts of 64. */
type Words = Int32Array

/** Keys of elements' bits: of floats those of a negative number are turned, and NaN is the largest, whatever the direction. @param infinity 0 for integers @param isOne zeros of either sign have one key */
const keysByColumn = kernel(
  (
    [column, row],
    bits: Words,
    rows: number,
    length: number,
    isFloat: boolean,
    isOne: boolean,
    top: number,
    magnitude: number,
    infinity: number,
    zero: number,
    sign: number,
    flip: number,
    keys: Words,
  ) => {
    const b = bits[row * length + column]
    const size = b & magnitude
    const turned = isFloat ? b ^ ((b >> top) & magnitude) : b ^ sign
    const key = (isOne && size === zero ? zero : turned) ^ flip
    keys[column * rows + row] = isFloat && size > infinity ? magnitude : key
  },
  { name: 'keysByColumn' },
)

const bitsByRow = kernel(
  (
    [row, column],
    keys: Words,
    rows: number,
    length: number,
    isFloat: boolean,
    top: number,
    magnitude: number,
    none: number,
    sign: number,
    flip: number,
    bits: Words,
  ) => {
    const key = keys[column * rows + row]
    const k = key ^ flip
    const b = isFloat ? k ^ ((k >> top) & magnitude) : k ^ sign
    bits[row * length + column] = isFloat && key === magnitude ? none : b
  },
  { name: 'bitsByRow' },
)

const sortColumns = kernel(
  (row, rows: number, count: number, pairs: Int32Array, keys: Words) => {
    for (let p = 0; p < count; p++) {
      const i = pairs[2 * p] * rows + row
      const j = pairs[2 * p + 1] * rows + row
      const a = keys[i]
      const b = keys[j]
      keys[i] = a < b ? a : b
      keys[j] = a < b ? b : a
    }
  },
  { name: 'sortShortRows' },
)

/** The same with places, by which equal keys are told apart. */
const sortColumnsWithPlaces = kernel(
  (row, rows: number, length: number, count: number, pairs: Int32Array, keys: Words, places: Int32Array) => {
    for (let k = 0; k < length; k++) places[k * rows + row] = k
    for (let p = 0; p < count; p++) {
      const i = pairs[2 * p] * rows + row
      const j = pairs[2 * p + 1] * rows + row
      const a = keys[i]
      const b = keys[j]
      const m = places[i]
      const n = places[j]
      const stay = a < b || (a === b && m < n)
      keys[i] = stay ? a : b
      keys[j] = stay ? b : a
      places[i] = stay ? m : n
      places[j] = stay ? n : m
    }
  },
  { name: 'placesInShortRows' },
)

const placesByRow = kernel(
  ([row, column], from: Int32Array, rows: number, length: number, to: Int32Array) => {
    to[row * length + column] = from[column * rows + row]
  },
  { name: 'placesByRow' },
)

const networks = new Map<number, Int32Array>()

function networkOf(length: number): Int32Array {
  let pairs = networks.get(length)
  if (!pairs) networks.set(length, (pairs = Int32Array.from([...mergeExchange(length)].flat())))
  return pairs
}

/** What kernels are told of a dtype. */
interface Bits {
  readonly isFloat: boolean
  readonly top: number
  readonly magnitude: number
  readonly infinity: number
  readonly zero: number
  readonly sign: number
  readonly flip: number
  /** NaN. */
  readonly none: number
}

/** Kernels take BigInts where they take words of 64 bits. */
const numbers = (isLong: boolean, x: bigint): number => (isLong ? x : Number(x)) as number

function bitsOf({ dtype, descending }: Order): Bits {
  const { kind, bits } = infoOf(dtype)
  const isLong = bits === 64
  const of = (x: bigint) => numbers(isLong, x)
  const magnitude = isLong ? 2n ** 63n - 1n : 2n ** 31n - 1n
  const infinity = isLong ? 0x7ff0000000000000n : 0x7f800000n
  return {
    isFloat: kind === 'float',
    top: of(BigInt(bits - 1)),
    magnitude: of(magnitude),
    infinity: of(infinity),
    zero: of(0n),
    sign: of(kind === 'unsigned' ? -magnitude - 1n : 0n),
    flip: of(descending ? -1n : 0n),
    none: of(isLong ? 0x7ff8000000000000n : 0x7fc00000n),
  }
}

function wordsIn(elements: Elements, dtype: DType): Words {
  const { buffer, byteOffset, byteLength } = elements
  return infoOf(dtype).bits === 64
    ? (new BigInt64Array(buffer, byteOffset, byteLength / 8) as unknown as Words)
    : new Int32Array(buffer, byteOffset, byteLength / 4)
}

function keysOf(words: Words, length: number, order: Order, zeros: 'equal' | 'apart') {
  const rows = words.length / length
  const { isFloat, top, magnitude, infinity, zero, sign, flip } = bitsOf(order)
  const memory = allocate(infoOf(order.dtype).bits === 64 ? 'int64' : 'int32', words.length, 'sort', 'unset')
  const keys = memory.elements as unknown as Words
  const isOne = isFloat && zeros === 'equal'
  const range = [length, rows]
  onBackend(keysByColumn)(range, words, rows, length, isFloat, isOne, top, magnitude, infinity, zero, sign, flip, keys)
  return { rows, keys, memory }
}

/** Sorts rows in place: NaN last, −0 before 0. @param elements of a dtype and length that `areShortRows` takes */
export function sortShortRows(elements: Elements, length: number, order: Order): void {
  const words = wordsIn(elements, order.dtype)
  const { rows, keys, memory } = keysOf(words, length, order, 'apart')
  const pairs = networkOf(length)
  onBackend(sortColumns)(rows, rows, pairs.length / 2, pairs, keys)
  const { isFloat, top, magnitude, none, sign, flip } = bitsOf(order)
  onBackend(bitsByRow)([rows, length], keys, rows, length, isFloat, top, magnitude, none, sign, flip, words)
  memory.release()
}

/** Where in its row each element of the sorted rows stood; equal ones in the order in which they stood, NaN last. */
export function placesInShortRows(elements: Elements, length: number, order: Order): Int32Array {
  const { rows, keys, memory } = keysOf(wordsIn(elements, order.dtype), length, order, 'equal')
  const pairs = networkOf(length)
  const held = allocate('int32', keys.length, 'argsort', 'unset')
  const byColumn = held.elements as unknown as Int32Array
  onBackend(sortColumnsWithPlaces)(rows, rows, length, pairs.length / 2, pairs, keys, byColumn)
  const places = allocate('int32', keys.length, 'argsort', 'unset').elements as unknown as Int32Array
  onBackend(placesByRow)([rows, length], byColumn, rows, length, places)
  for (const m of [memory, held]) m.release()
  return places
}
