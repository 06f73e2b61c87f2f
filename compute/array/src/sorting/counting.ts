/** Short elements in order: there are so few different ones that they are counted and written anew. */

import { type DType, type Elements, infoOf } from '../dtypes.ts'

/** From so many elements in a row on this is the fastest way, for the bits that one has. */
const enough = { 8: 64, 16: 16384 }

export function canCount(dtype: DType, length: number): boolean {
  const { bits } = infoOf(dtype)
  return bits <= 16 && length >= enough[bits as 8 | 16]
}

/** Sorts rows in place: NaN last, −0 before 0. */
export function countRows(elements: Elements, dtype: DType, length: number, descending: boolean): void {
  const { kind, bits } = infoOf(dtype)
  const { buffer, byteOffset } = elements
  const words =
    bits === 8
      ? new Uint8Array(buffer, byteOffset, elements.length)
      : new Uint16Array(buffer, byteOffset, elements.length)
  const order = wordsInOrder(
    kind === 'float' ? 'float' : kind === 'signed' ? 'signed' : 'unsigned',
    2 ** bits,
    descending,
  )
  const counts = new Uint32Array(2 ** bits)
  for (let begin = 0; begin < words.length; begin += length) {
    counts.fill(0)
    for (let k = begin; k < begin + length; k++) counts[words[k]]++
    let at = begin
    for (let k = 0; k < order.length; k++) {
      const count = counts[order[k]]
      if (count > 0) words.fill(order[k], at, (at += count))
    }
  }
}

/** All words, in the order of what they stand for. */
function wordsInOrder(kind: 'float' | 'signed' | 'unsigned', count: number, descending: boolean): Uint16Array {
  const words = Uint16Array.from({ length: count }, (_, k) => k)
  if (kind === 'unsigned') return descending ? words.reverse() : words
  const half = count / 2
  if (kind === 'signed') {
    const inOrder = words.map(k => (k + half) % count)
    return descending ? inOrder.reverse() : inOrder
  }
  const isNone = (w: number) => (w & 0x7fff) > 0x7c00
  const numbers = words.map(k => (k < half ? count - 1 - k : k - half)).filter(w => !isNone(w))
  if (descending) numbers.reverse()
  return Uint16Array.from([...numbers, ...words.filter(isNone)])
}
