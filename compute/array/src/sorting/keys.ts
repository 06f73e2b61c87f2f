/**
 * Elements as unsigned words in whose order they are sorted: one of 32 bits, or two for types of 64, the low one first. Floats' bits are turned so
 * that they count as integers; NaN is the largest key of all, for either direction; of what is sorted descending other keys are inverted.
 *
 * A record is a key, and behind it, if it is asked for, the place the element stood at.
 */

import { type DType, type Elements, infoOf } from '../dtypes.ts'

export interface Order {
  readonly dtype: DType
  readonly descending: boolean
}

export const keyWords = (dtype: DType): 1 | 2 => (infoOf(dtype).bits === 64 ? 2 : 1)

/** Bits of elements as words; those of shorter types as the number they are. In place where that can be. */
function wordsOf(elements: Elements, dtype: DType): Uint32Array<ArrayBufferLike> {
  const { kind, bits } = infoOf(dtype)
  if (bits >= 32) return new Uint32Array(elements.buffer, elements.byteOffset, elements.byteLength / 4)
  const wide = kind === 'float' ? Float32Array : kind === 'signed' ? Int32Array : Uint32Array
  return new Uint32Array(new wide(elements as unknown as ArrayLike<number>).buffer)
}

/**
 * Keys of elements, in their own memory if the type has 32 bits or more.
 * @param zeros that differ in sign: 'apart' for those that are to be read from their keys again
 */
export function toKeys(elements: Elements, { dtype, descending }: Order, zeros: 'equal' | 'apart'): Uint32Array {
  const keys = wordsOf(elements, dtype) as Uint32Array
  const { kind } = infoOf(dtype)
  const flip = descending ? -1 : 0
  const sign = kind === 'signed' ? 0x80000000 : 0
  if (kind !== 'float') {
    if (keyWords(dtype) === 1) for (let k = 0; k < keys.length; k++) keys[k] ^= sign ^ flip
    else {
      for (let k = 0; k < keys.length; k += 2) {
        keys[k] ^= flip
        keys[k + 1] ^= sign ^ flip
      }
    }
    return keys
  }
  const isOne = zeros === 'equal'
  if (keyWords(dtype) === 1) {
    for (let k = 0; k < keys.length; k++) {
      const w = keys[k] | 0
      const magnitude = w & 0x7fffffff
      if (magnitude > 0x7f800000) keys[k] = -1
      else keys[k] = (isOne && magnitude === 0 ? 0x80000000 : w ^ ((w >> 31) | 0x80000000)) ^ flip
    }
    return keys
  }
  for (let k = 0; k < keys.length; k += 2) {
    const lo = keys[k] | 0
    const hi = keys[k + 1] | 0
    const magnitude = hi & 0x7fffffff
    if (magnitude > 0x7ff00000 || (magnitude === 0x7ff00000 && lo !== 0)) {
      keys[k] = -1
      keys[k + 1] = -1
    } else if (isOne && (magnitude | lo) === 0) {
      keys[k] = flip
      keys[k + 1] = 0x80000000 ^ flip
    } else {
      const s = hi >> 31
      keys[k] = lo ^ s ^ flip
      keys[k + 1] = hi ^ (s | 0x80000000) ^ flip
    }
  }
  return keys
}

/** The elements that keys stand for, into their array: that whose memory `toKeys` took, or was given. */
export function fromKeys(keys: Uint32Array, { dtype, descending }: Order, elements: Elements): void {
  const { kind, bits } = infoOf(dtype)
  const flip = descending ? -1 : 0
  const sign = kind === 'signed' ? 0x80000000 : 0
  if (kind !== 'float') {
    if (keyWords(dtype) === 1) for (let k = 0; k < keys.length; k++) keys[k] ^= sign ^ flip
    else {
      for (let k = 0; k < keys.length; k += 2) {
        keys[k] ^= flip
        keys[k + 1] ^= sign ^ flip
      }
    }
    if (bits < 32) elements.set(keys)
    return
  }
  if (keyWords(dtype) === 1) {
    for (let k = 0; k < keys.length; k++) {
      const w = keys[k] | 0
      const key = w ^ flip
      keys[k] = w === -1 ? 0x7fc00000 : key < 0 ? key ^ 0x80000000 : ~key
    }
    if (bits < 32) elements.set(new Float32Array(keys.buffer, keys.byteOffset, keys.length))
    return
  }
  for (let k = 0; k < keys.length; k += 2) {
    const lo = keys[k] | 0
    const hi = keys[k + 1] | 0
    if ((lo & hi) === -1) {
      keys[k] = 0
      keys[k + 1] = 0x7ff80000
      continue
    }
    const s = (hi ^ flip) >> 31
    keys[k] = lo ^ flip ^ ~s
    keys[k + 1] = hi ^ flip ^ (~s | 0x80000000)
  }
}

/** The element that one key stands for. */
export function elementOf(keys: Uint32Array, at: number, order: Order): number | bigint {
  const { Elements, bits } = infoOf(order.dtype)
  const own = keys.slice(at, at + keyWords(order.dtype))
  const one = bits < 32 ? new Elements(1) : new Elements(own.buffer)
  fromKeys(own, order, one)
  return one[0]
}

/** Keys with the places they stand at in a row behind them. */
export function withPlaces(keys: Uint32Array, words: 1 | 2, length: number): Uint32Array {
  const count = keys.length / words
  const records = new Uint32Array(count * (words + 1))
  let place = 0
  for (let k = 0, r = 0, w = 0; k < count; k++) {
    records[r++] = keys[w++]
    if (words === 2) records[r++] = keys[w++]
    records[r++] = place
    if (++place === length) place = 0
  }
  return records
}
