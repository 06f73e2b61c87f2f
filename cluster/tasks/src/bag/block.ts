/**
 * Items between two stages: one array of the heap with a bucket for each reader, which is handed from thread to thread by its address.
 *
 *     how many buckets; where each list begins; the lists
 *     a list: its kind, how long it is; where each bucket of it begins, and where the last ends; its values, bucket after bucket
 *
 * A list of numbers or of strings, which most keys and counts are, lies there as one array, or as one text with the ends of its strings
 * before it, and is written and read as a whole. Numbers are float64, ends uint32, little-endian.
 */

import { heap } from '@skein/heap'
import { isLatin1 } from '@skein/values'
import { pack, unpack } from '../values/pack.ts'

export type Lists = readonly (readonly unknown[])[]

/** Items in the order of their buckets; or keys and, in another list, what belongs to them. */
export interface Bucketed {
  readonly lists: Lists
  /** Where each bucket begins, and where the last ends. */
  readonly borders: readonly number[]
}

const kinds = { any: 0, numbers: 1, latin1: 2, utf16: 3 } as const

/** A longer text may be more than the engine allows. */
const longestText = 1 << 28

/** @throws NotCloneableError */
export function toBlock({ lists, borders }: Bucketed): Uint8Array {
  const written = lists.map(list => numbers(list, borders) ?? strings(list, borders) ?? values(list, borders))
  const head = [borders.length - 1]
  let end = 8 * (1 + lists.length)
  for (const parts of written) {
    head.push(end)
    for (const part of parts) end += part.byteLength
  }
  const block = heap.u8(end, { label: 'bag', zero: false })
  let at = 0
  for (const { buffer, byteOffset, byteLength } of [Float64Array.from(head), ...written.flat()]) {
    block.set(new Uint8Array(buffer, byteOffset, byteLength), at)
    at += byteLength
  }
  return block
}

type Parts = readonly (Float64Array | Uint32Array | Uint8Array)[]

function numbers(list: readonly unknown[], borders: readonly number[]): Parts | undefined {
  if (!list.every(value => typeof value === 'number')) return
  return [Float64Array.from([kinds.numbers, list.length, ...borders]), Float64Array.from(list)]
}

function strings(list: readonly unknown[], borders: readonly number[]): Parts | undefined {
  if (!list.every(value => typeof value === 'string')) return
  const ends = new Uint32Array(list.length)
  let end = 0
  for (let i = 0; i < list.length; i++) ends[i] = end += list[i].length
  if (end > longestText) return
  const text = list.join('')
  const encoding = isLatin1(text) ? 'latin1' : 'utf16le'
  const kind = encoding === 'latin1' ? kinds.latin1 : kinds.utf16
  return [Float64Array.from([kind, list.length, ...borders]), ends, Buffer.from(text, encoding)]
}

/** Here the borders are those of bytes. */
function values(list: readonly unknown[], borders: readonly number[]): Parts {
  const ends = [0]
  const buckets = borders.slice(1).map((to, bucket) => {
    const { bytes } = pack(list.slice(borders[bucket], to), 'bag', 'items', true)
    ends.push(ends[bucket] + bytes.length)
    return bytes.slice()
  })
  return [Float64Array.from([kinds.any, list.length, ...ends]), ...buckets]
}

/** The lists of one bucket. */
export function listsIn(block: unknown, bucket: number): Lists {
  const bytes = block as Uint8Array
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const number = (at: number) => view.getFloat64(at, true)
  const [buckets, first] = [number(0), number(8)]
  return Array.from({ length: first / 8 - 1 }, (_, i) => {
    const at = number(8 * (1 + i))
    const [kind, length] = [number(at), number(at + 8)]
    const [from, to] = [number(at + 16 + 8 * bucket), number(at + 24 + 8 * bucket)]
    // Copies: values live longer than the block.
    const part = (size: number) => bytes.slice(begin + size * from, begin + size * to)
    const begin = at + 16 + 8 * (buckets + 1)
    if (kind === kinds.any) return unpack(part(1)) as unknown[]
    if (kind === kinds.numbers) return Array.from(new Float64Array(part(8).buffer))
    if (from === to) return []
    const ends = new Uint32Array(part(4).buffer)
    const start = from === 0 ? 0 : view.getUint32(begin + 4 * (from - 1), true)
    const [encoding, size] = kind === kinds.latin1 ? (['latin1', 1] as const) : (['utf16le', 2] as const)
    const texts = Buffer.from(bytes.buffer, bytes.byteOffset + begin + 4 * length)
    return cut(texts.toString(encoding, size * start, size * ends[ends.length - 1]), start, ends)
  })
}

function cut(text: string, start: number, ends: Uint32Array): string[] {
  const strings = new Array<string>(ends.length)
  let from = 0
  for (let i = 0; i < ends.length; i++) {
    strings[i] = text.slice(from, ends[i] - start)
    from = ends[i] - start
  }
  return strings
}
