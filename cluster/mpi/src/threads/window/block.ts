/**
 * The block of the shared heap through which the ranks of a window meet. The first rank makes it, and the last one to leave gives it back.
 *
 *     header    words: the context of requests, who has left; the queue before locks (`locks.ts`)
 *     ranks     two lines each: words of its fences and locks; then, as floats, where its memory lies
 *     posts, completes, served     a word for each pair of ranks, from row to column
 *     holds     a byte for each pair: which lock the column has of the row
 *     doors     a byte for each rank: whether it has exclusive locks, or locks of all
 */

import { heap } from '@skein/heap'
import { line, lineBytes } from '../world-block.ts'

// Of the header, a line each for what changes often.
export const context = 0
export const left = 1
/** Where the memory of all ranks of a shared window lies: a float. */
export const sharedAt = 1
/** Tickets given out and called up, and who is in: more than 0 have exclusive locks, less than 0 have locks of all. */
export const [nextEntry, calledEntry, inside] = [line, line + 1, line + 2]

// Of a rank, in words.
export const fences = 0
/** Tickets for its lock: given out, called up for readers, and for writers. */
export const [nextTicket, readersTicket, writersTicket] = [1, 2, 3]
/** Held while elements are combined that no single instruction can: 0 free, 1 held, 2 held and waited for. */
export const mutex = 4
/** Of a dynamic window: changes whenever the table of its pieces does; how many there are; held while the table is read or written. */
export const [version, pieces, tableMutex] = [5, 6, 7]
/** Floats: where its memory lies in the heap (0: elsewhere), its bytes, what displacements to it count, where the table of its pieces lies. */
export const [addressAt, sizeAt, unitAt, tableAt] = [8, 9, 10, 11]

export class WindowBlock {
  readonly size: number
  readonly address: number
  readonly c: Int32Array
  readonly f: Float64Array
  readonly b: Uint8Array
  readonly posts: number
  readonly completes: number
  readonly served: number
  /** In bytes. */
  readonly holds: number
  readonly doors: number

  constructor(address: number, size: number) {
    const bytes = WindowBlock.bytesFor(size)
    this.size = size
    this.address = address
    this.c = heap.view(Int32Array, address, bytes / 4)
    this.f = heap.view(Float64Array, address, bytes / 8)
    this.b = heap.view(Uint8Array, address, bytes)
    const pairs = size * size
    this.posts = (2 + 2 * size) * line
    this.completes = this.posts + pairs
    this.served = this.completes + pairs
    this.holds = 4 * (this.served + pairs)
    this.doors = this.holds + pairs
  }

  static bytesFor(size: number): number {
    return Math.ceil(((2 + 2 * size) * lineBytes + 13 * size * size + size) / lineBytes) * lineBytes
  }

  /** @returns its address */
  static make(size: number, contextNumber: number): number {
    const bytes = WindowBlock.bytesFor(size)
    const address = heap.allocate(bytes, { align: lineBytes, label: 'mpi', zero: true })
    heap.view(Int32Array, address, bytes / 4)[context] = contextNumber
    return address
  }

  /** The place of a rank, in words. */
  placeOf(rank: number): number {
    return (2 + 2 * rank) * line
  }

  /** The same in floats. */
  floatsOf(rank: number): number {
    return ((2 + 2 * rank) * line) / 2
  }
}
