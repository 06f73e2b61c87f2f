/**
 * Buffers of the campaign: what they hold at first, what a part of them packs to, and what they hold when a message has come. Bytes are
 * copied one by one along type maps, which know nothing of the engine's packing.
 */

import type { Datatype, Kind } from '../../src/datatype/datatype.ts'
import { kinds } from '../../src/datatype/kinds.ts'
import { boundsOf, typeMapOf } from '../type-map.ts'

/** A type of a program: its place in the program's table, and where the bytes of one element lie, in the order of its map. */
export interface Entry {
  readonly index: number
  readonly type: Datatype
  readonly positions: readonly number[]
  readonly extent: number
  /** Bytes that elements reach, from the first one's origin. */
  readonly end: number
  /** Of all its basic elements; undefined: of several. */
  readonly kind: Kind | undefined
  readonly basics: number
  /** Elements after which the next would overlap the first. */
  readonly most: number
}

export function entryOf(index: number, type: Datatype, most = Number.POSITIVE_INFINITY): Entry {
  const map = typeMapOf(type)
  const data = map.filter(({ is }) => is !== 'lb' && is !== 'ub') as { is: Kind; displ: number }[]
  const positions = data.flatMap(({ is, displ }) => Array.from({ length: kinds[is].size }, (_, b) => displ + b))
  const same = data.every(({ is }) => is === data[0].is)
  const { extent } = boundsOf(map)
  const end = positions.reduce((a, b) => Math.max(a, b + 1), 0)
  return { index, type, positions, extent, end, kind: same ? data[0]?.is : undefined, basics: data.length, most }
}

/** Elements of a buffer of so many bytes that begins as `fill(bytes, seed)`. */
export interface Part {
  readonly bytes: number
  readonly seed: number
  readonly from: number
  readonly count: number
  readonly entry: Entry
  /** How TypeScript names it: 0 array, 1 slice of an array, 2 bytes with a type, 3 and 4 the first and last in the heap, 5 shared memory. */
  readonly form: number
}

/** What a buffer holds at first. */
export function fill(bytes: number, seed: number): Uint8Array {
  const memory = new Uint8Array(bytes)
  for (let i = 0; i < bytes; i++) {
    let x = Math.imul(i ^ seed, 0x9e3779b1)
    x ^= x >>> 15
    memory[i] = Math.imul(x, 0x85ebca6b) >>> 24
  }
  return memory
}

/** 64 bits of a run of bytes, in hexadecimal. */
export function hash(bytes: Uint8Array): string {
  let a = 0x811c9dc5
  let b = 0x9747b28c
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193)
    b = Math.imul(b ^ byte, 0x5bd1e995)
    b ^= b >>> 15
  }
  return `${(a >>> 0).toString(16)}.${(b >>> 0).toString(16)}`
}

/** The elements of a part, packed. `at`: of the first, in bytes of the buffer. */
export function packed(memory: Uint8Array, at: number, count: number, { positions, extent }: Entry): Uint8Array {
  const bytes = new Uint8Array(count * positions.length)
  let k = 0
  for (let e = 0; e < count; e++) for (const p of positions) bytes[k++] = memory[at + e * extent + p]
  return bytes
}

/** Puts packed bytes where the elements of a part lie; fewer than it has are its first ones. */
export function unpack(bytes: Uint8Array, memory: Uint8Array, at: number, { positions, extent }: Entry): void {
  for (let k = 0; k < bytes.length; k++) {
    const e = Math.floor(k / positions.length)
    memory[at + e * extent + positions[k % positions.length]] = bytes[k]
  }
}

export const sent = ({ bytes, seed, from, count, entry }: Part): Uint8Array =>
  packed(fill(bytes, seed), from, count, entry)

/** The whole buffer once packed bytes have come into the part. */
export function received({ bytes, seed, from, entry }: Part, came: Uint8Array): Uint8Array {
  const memory = fill(bytes, seed)
  unpack(came, memory, from, entry)
  return memory
}
