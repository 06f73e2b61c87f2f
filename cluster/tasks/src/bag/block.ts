/**
 * Items between two stages: one array of the heap with a bucket for each reader, which is handed from thread to thread by its address.
 *
 *     number of buckets; for each, where its bytes end; the bytes
 *
 * The numbers are float64, little-endian. Lists of strings or of numbers, which most keys and counts are, are packed as one string
 * or one array, which takes a tenth of the time that its parts would.
 */

import { heap } from '@skein/heap'
import { pack, unpack } from '../values/pack.ts'

/** Values of one bucket: items; or keys and, in another list, what belongs to them. */
export type Lists = readonly (readonly unknown[])[]

/** @throws NotCloneableError */
export function toBlock(buckets: readonly Lists[]): Uint8Array {
  const parts = buckets.map(lists => pack(lists.map(folded), 'bag', 'items', true).bytes.slice())
  const head = 8 * (1 + buckets.length)
  const bytes = parts.reduce((sum, part) => sum + part.length, head)
  const block = heap.u8(bytes, { label: 'bag', zero: false })
  const view = new DataView(block.buffer, block.byteOffset, head)
  view.setFloat64(0, buckets.length, true)
  let end = head
  parts.forEach((part, i) => {
    block.set(part, end)
    end += part.length
    view.setFloat64(8 * (1 + i), end, true)
  })
  return block
}

export function listsIn(block: unknown, bucket: number): Lists {
  const bytes = block as Uint8Array
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const from = bucket === 0 ? 8 * (1 + view.getFloat64(0, true)) : view.getFloat64(8 * bucket, true)
  const packed = bytes.subarray(from, view.getFloat64(8 * (1 + bucket), true))
  return (unpack(packed) as Folded[]).map(unfolded)
}

/** A list as it is packed: strings as one text with their ends in it, numbers as an array. */
type Folded = { readonly text: string; readonly ends: Uint32Array } | Float64Array | readonly unknown[]

const leastFolded = 8

function folded(list: readonly unknown[]): Folded {
  if (list.length < leastFolded) return list
  if (list.every(value => typeof value === 'number')) return Float64Array.from(list)
  if (!list.every(value => typeof value === 'string')) return list
  const ends = new Uint32Array(list.length)
  let end = 0
  for (let i = 0; i < list.length; i++) ends[i] = end += list[i].length
  // Beyond, a string may be longer than the engine allows.
  return end < 1 << 28 ? { text: list.join(''), ends } : list
}

function unfolded(list: Folded): readonly unknown[] {
  if (Array.isArray(list)) return list
  if (list instanceof Float64Array) return Array.from(list)
  const { text, ends } = list as Extract<Folded, { text: string }>
  const strings: string[] = []
  let from = 0
  for (const end of ends) {
    strings.push(text.slice(from, end))
    from = end
  }
  return strings
}
