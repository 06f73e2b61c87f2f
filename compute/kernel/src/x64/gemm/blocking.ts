/** How a product is cut: into tiles that fit the registers, blocks of k and of columns that fit the caches, units for threads. */

import { isComplex } from '../../gemm/stored.ts'
import type { Isa } from '../run/cpu.ts'
import { elements, type TileType } from './format.ts'

/** So many pieces, the first `larger` of them of `size`, the others of one less. */
export interface Cut {
  readonly pieces: number
  readonly size: number
  readonly larger: number
}

/** Pieces of at most so much each, as even as they can be. */
export function cut(total: number, most: number): Cut {
  const pieces = Math.max(1, Math.ceil(total / most))
  const size = Math.ceil(total / pieces)
  return { pieces, size, larger: pieces - (pieces * size - total) }
}

/** Where a piece begins. */
export const startOf = ({ size, larger }: Cut, piece: number): number => piece * size - Math.max(0, piece - larger)

export const sizeOf = ({ size, larger }: Cut, piece: number): number => (piece < larger ? size : size - 1)

export interface Panels {
  /** Vectors of each panel. */
  readonly vectors: readonly number[]
  /** Which panels a part has. */
  readonly parts: readonly { readonly first: number; readonly count: number }[]
}

/** Columns into parts of at most so many vectors, as even as they can be, and each part into panels. */
export function panelsOf(total: number, mostOfPart: number, mostOfPanel: number): Panels {
  const cutParts = cut(total, mostOfPart)
  const vectors: number[] = []
  const parts: { first: number; count: number }[] = []
  for (let part = 0; part < cutParts.pieces; part++) {
    const panels = cut(sizeOf(cutParts, part), mostOfPanel)
    parts.push({ first: vectors.length, count: panels.pieces })
    for (let p = 0; p < panels.pieces; p++) vectors.push(sizeOf(panels, p))
  }
  return { vectors, parts }
}

interface TileSize {
  readonly rows: number
  readonly vectors: number
}

/** The largest tiles: rows, and vectors of columns, or pairs of them. With these, and what B's row and A's element take, registers are full. */
const largestTiles: { readonly [isa in Isa]: { readonly real: TileSize; readonly complex: TileSize } } = {
  avx512: { real: { rows: 8, vectors: 3 }, complex: { rows: 6, vectors: 2 } },
  avx2: { real: { rows: 6, vectors: 2 }, complex: { rows: 6, vectors: 1 } },
}

export const largestTile = (isa: Isa, type: TileType): TileSize =>
  largestTiles[isa][isComplex(type) ? 'complex' : 'real']

export interface Blocking {
  /** Columns of A and rows of B that are gone through before the next. */
  readonly depth: Cut
  /** Columns of B that are packed at a time. */
  readonly width: Cut
}

/** Bytes of k in a row of A that are gone through at a time. */
const depthBytes = 4096
/** Of packed B, and columns of it at least. */
const packedBytes = 2 ** 22
const leastWidth = 48

/** @param k as tiles read it @param isWhole all of k goes at once */
export function blockingOf(type: TileType, n: number, k: number, isWhole: boolean): Blocking {
  const { bytes } = elements[type]
  const depth = cut(k, isWhole ? k : depthBytes / bytes)
  return { depth, width: cut(n, Math.max(leastWidth, Math.floor(packedBytes / (depth.size * bytes)))) }
}
