/**
 * Where the memory of a window's ranks lies. What lies in the heap every rank reaches by itself; what lies elsewhere, its owner alone. A dynamic window has pieces: those
 * of the heap are where they are, and others have displacements beyond all addresses, which their owner gives out.
 */

import { heap } from '@skein/heap'
import { type Guarded, hold, letGo } from '../../window/combine.ts'
import * as at from './block.ts'

/** Memory from a displacement (in bytes) on. */
export interface Reached extends Guarded {
  readonly from: number
}

/** Displacements of memory outside of the heap begin here: above all addresses, and with room for 2^50 bytes. */
const elsewhere = 2 ** 50
const tableRow = 3

interface Piece {
  readonly from: number
  readonly length: number
  /** Undefined: its owner serves it. */
  readonly memory: Reached | undefined
}

export class WindowMemory {
  readonly #block: at.WindowBlock
  readonly #rank: number
  readonly #isDynamic: boolean
  readonly #reached: (Reached | undefined)[] = []
  /** By rank, what was last read of its table, and the version of that. */
  readonly #pieces: { version: number; list: readonly Piece[] }[] = []
  /** Of this rank, all of them. */
  #own: { readonly view: ArrayBufferView; readonly from: number; readonly isInHeap: boolean }[] = []
  #next = elsewhere
  #room = 0

  /** @param own memory of this rank that is not in the heap, for itself */
  constructor(block: at.WindowBlock, rank: number, isDynamic: boolean, own: ArrayBufferView | undefined) {
    this.#block = block
    this.#rank = rank
    this.#isDynamic = isDynamic
    if (own !== undefined) this.#reached[rank] = this.#guarded(rank, 0, own)
  }

  #guarded(rank: number, from: number, view: ArrayBufferView): Reached {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    return { from, bytes, words: this.#block.c, mutex: this.#block.placeOf(rank) + at.mutex, numbers: {} }
  }

  /**
   * The memory of a rank that holds these bytes. Undefined: its owner must be asked; null: there is none.
   *
   * @param low, high in bytes of displacement
   */
  find(rank: number, low: number, high: number): Reached | undefined | null {
    if (this.#isDynamic) return this.#findPiece(rank, low, high)
    const known = this.#reached[rank]
    if (known !== undefined) return known
    const { f } = this.#block
    const floats = this.#block.floatsOf(rank)
    const address = f[floats + at.addressAt]
    const length = f[floats + at.sizeAt]
    if (address === 0 && length > 0) return undefined
    const view = length === 0 ? new Uint8Array(0) : heap.view(Uint8Array, address, length)
    return (this.#reached[rank] = this.#guarded(rank, 0, view))
  }

  #findPiece(rank: number, low: number, high: number): Reached | undefined | null {
    const piece = this.#table(rank).find(({ from, length }) => low >= from && high <= from + length)
    return piece === undefined ? null : piece.memory
  }

  #table(rank: number): readonly Piece[] {
    const { c, f } = this.#block
    const place = this.#block.placeOf(rank)
    const known = this.#pieces[rank]
    if (known !== undefined && known.version === Atomics.load(c, place + at.version)) return known.list
    hold(c, place + at.tableMutex)
    const version = Atomics.load(c, place + at.version)
    const rows = c[place + at.pieces]
    const table = heap.view(Float64Array, f[this.#block.floatsOf(rank) + at.tableAt] || 64, tableRow * rows).slice()
    letGo(c, place + at.tableMutex)
    const list = Array.from({ length: rows }, (_, row): Piece => {
      const [from, length, address] = table.subarray(row * tableRow)
      const own = rank === this.#rank ? this.#own.find(piece => piece.from === from)!.view : undefined
      const view = own ?? (address > 0 ? heap.view(Uint8Array, address, length) : undefined)
      return { from, length, memory: view && this.#guarded(rank, from, view) }
    })
    this.#pieces[rank] = { version, list }
    return list
  }

  /** @returns its displacement; undefined: it overlaps a piece that is there */
  attach(view: ArrayBufferView): number | undefined {
    const isInHeap = heap.owns(view)
    const { byteLength } = view
    let from = this.#next
    if (isInHeap) from = heap.addressOf(view)
    else this.#next += Math.ceil(byteLength / 64 + 1) * 64
    const isApart = (piece: { view: ArrayBufferView; from: number }) =>
      isInHeap
        ? piece.from + piece.view.byteLength <= from || piece.from >= from + byteLength
        : piece.view.buffer !== view.buffer ||
          piece.view.byteOffset + piece.view.byteLength <= view.byteOffset ||
          piece.view.byteOffset >= view.byteOffset + byteLength
    if (!this.#own.every(isApart)) return undefined
    this.#own.push({ view, from, isInHeap })
    this.#tell()
    return from
  }

  /** False: there is no such piece. */
  detach(view: ArrayBufferView, from: number): boolean {
    const left = this.#own.filter(piece => piece.from !== from || piece.view.byteLength !== view.byteLength)
    if (left.length === this.#own.length) return false
    this.#own = left
    this.#tell()
    return true
  }

  /** Memory of this rank that others cannot reach. */
  get isServed(): boolean {
    return this.#isDynamic
      ? this.#own.some(piece => !piece.isInHeap)
      : this.#block.f[this.#block.floatsOf(this.#rank) + at.addressAt] === 0
  }

  /** Writes the table of this rank's pieces anew. */
  #tell(): void {
    const { c, f } = this.#block
    const place = this.#block.placeOf(this.#rank)
    const tableAt = this.#block.floatsOf(this.#rank) + at.tableAt
    hold(c, place + at.tableMutex)
    if (this.#own.length > this.#room) {
      if (this.#room > 0) heap.free(f[tableAt])
      this.#room = Math.max(8, 2 * this.#own.length)
      f[tableAt] = heap.allocate(8 * tableRow * this.#room, { label: 'mpi' })
    }
    const table = this.#room === 0 ? undefined : heap.view(Float64Array, f[tableAt], tableRow * this.#room)
    for (const [row, { view, from, isInHeap }] of this.#own.entries()) {
      table!.set([from, view.byteLength, isInHeap ? from : 0], row * tableRow)
    }
    c[place + at.pieces] = this.#own.length
    Atomics.add(c, place + at.version, 1)
    letGo(c, place + at.tableMutex)
  }

  /** Nobody looks at it any more. */
  free(): void {
    if (this.#room > 0) heap.free(this.#block.f[this.#block.floatsOf(this.#rank) + at.tableAt])
    this.#room = 0
    this.#own = []
  }
}
