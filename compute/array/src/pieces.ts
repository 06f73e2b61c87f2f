/**
 * Where elements lie: in the heap, where kernels of every backend reach them. To take a block of it takes longer than to compute some thousand elements, so arrays that are not large are pieces of one. What was
 * released is taken again first, while the cache still has it.
 */

import { heap } from '@skein/heap'
import type { Elements, ElementsClass } from './dtypes.ts'

/** Smaller ones are cut at lines of the cache, and each thread and task has its own; larger ones at pages. */
const smallBytes = 16384
/** Up to so many bytes they are a piece of a buffer, above they have one of their own. */
const mostPieceBytes = 1 << 18
/** Of each kind, what was released and is kept. */
const mostReleasedBytes = 1 << 24

/** Cuts buffers into pieces, one behind the other. A buffer lives as long as the last of its pieces. */
class Pieces {
  /** The length of a piece is a multiple of this: of a line of the cache, or of a page. */
  readonly #unit: number
  readonly #make: () => Uint8Array
  /** What is left of the last buffer. */
  #rest: Uint8Array = new Uint8Array(0)
  readonly #released = new Map<number, { buffer: ArrayBufferLike; begin: number }[]>()
  #releasedBytes = 0

  constructor(unit: number, make: () => Uint8Array) {
    this.#unit = unit
    this.#make = make
  }

  #round(bytes: number): number {
    return Math.ceil(bytes / this.#unit) * this.#unit
  }

  take(Class: ElementsClass, length: number, areZeros: boolean): Elements {
    const bytes = this.#round(length * Class.BYTES_PER_ELEMENT)
    const elements = this.#again(Class, bytes, length) ?? this.#cut(Class, bytes, length)
    return areZeros && length > 0 ? elements.fill(typeof elements[0] === 'bigint' ? 0n : 0) : elements
  }

  /** A piece that was released. */
  #again(Class: ElementsClass, bytes: number, length: number): Elements | undefined {
    const again = this.#released.get(bytes)?.pop()
    if (again === undefined) return undefined
    this.#releasedBytes -= bytes
    return new Class(again.buffer, again.begin, length)
  }

  #cut(Class: ElementsClass, bytes: number, length: number): Elements {
    if (this.#rest.length < bytes) this.#rest = this.#make()
    const { buffer, byteOffset } = this.#rest
    this.#rest = this.#rest.subarray(bytes)
    return new Class(buffer, byteOffset, length)
  }

  giveBack({ buffer, byteOffset, byteLength }: Elements): void {
    const bytes = this.#round(byteLength)
    if (bytes === 0 || this.#releasedBytes + bytes > mostReleasedBytes) return
    this.#releasedBytes += bytes
    const piece = { buffer, begin: byteOffset }
    const list = this.#released.get(bytes)
    if (list === undefined) this.#released.set(bytes, [piece])
    else list.push(piece)
  }
}

/** Buffers of small pieces. */
const buffersOfSmall = new WeakSet<ArrayBufferLike>()

const small = new Pieces(64, () => {
  const made = heap.array(Uint8Array, 1 << 17, { zero: false })
  buffersOfSmall.add(made.buffer)
  return made
})
const middling = new Pieces(4096, () => heap.array(Uint8Array, 1 << 20, { zero: false }))

/** Whether elements are a small piece: what is beside them is others'. */
export const isSmallPiece = ({ buffer }: Elements): boolean => buffersOfSmall.has(buffer)

const piecesOf = (bytes: number): Pieces | undefined =>
  bytes < smallBytes ? small : bytes <= mostPieceBytes ? middling : undefined

/** Memory for elements: zeros, or what somebody else has left there. @throws HeapOutOfMemoryError */
export function take(Class: ElementsClass, length: number, areZeros: boolean): Elements {
  const pieces = piecesOf(length * Class.BYTES_PER_ELEMENT)
  if (pieces !== undefined) return pieces.take(Class, length, areZeros)
  return heap.array(Class as never, length, { zero: areZeros }) as unknown as Elements
}

/** What `take` gave: nobody reads or writes it any more. */
export function giveBack(elements: Elements): void {
  const pieces = piecesOf(elements.byteLength)
  if (pieces !== undefined) pieces.giveBack(elements)
  else heap.release(elements as unknown as ArrayBufferView)
}
