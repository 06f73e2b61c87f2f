/** What a product's code finds where: the argument block in the heap, and packed factors in the memory that each thread's module has for itself. */

/** Bytes from the block's first. An operand has four addresses behind one another, of 8 bytes each: element (0, 0), and the steps from row to row, column to column, product to product. */
export const A = 0
export const B = 32
export const C = 64
/** What sums begin with, if they do not begin with 0. */
export const FROM = 96
export const M = 128
export const N = 136
export const K = 144
export const ROW_BLOCKS = 152
export const COLUMN_BLOCKS = 160
/** Rows and columns of a block of C, multiples of the tile's. */
export const BLOCK_ROWS = 168
export const BLOCK_COLUMNS = 176
/** 1: the first sums begin with what stands in `FROM`. */
export const BEGINS = 184
/** 0: C = S; 1: C = α·S; 2: C = α·S + β·C. */
export const SCALED = 192
/** 1: tiles read and write C itself. */
export const DIRECT = 200
/** As floats of 64 bits: ±1, the sign of imaginary parts; then α and β, real and imaginary part. */
export const A_SIGN = 208
export const B_SIGN = 216
export const ALPHA = 224
export const BETA = 240
export const BLOCK_BYTES = 256

/** Of an operand. */
export const ROW = 8
export const COLUMN = 16
export const PRODUCT = 24

export type WasmType = 'f32' | 'f64' | 'c64' | 'c128'

/** How elements of a type lie in vectors, and how much is packed at once. */
export interface Format {
  readonly type: WasmType
  /** 2: a complex number. */
  readonly parts: 1 | 2
  readonly realBytes: 4 | 8
  readonly elementBytes: number
  /** Numbers of a vector. */
  readonly lanes: 2 | 4
  /** Columns of C in a tile. */
  readonly columns: number
  /** Elements along k that are packed at once. */
  readonly depth: number
}

/** Of a tile: 6 × 2 sums, two vectors of B and one number of A are 15 registers, of which an engine has 16 and keeps one to itself. */
export const tileRows = 6
export const tileVectors = 2
export const vectorBytes = 16
export const stepBytes = tileVectors * vectorBytes
/** Tiles side by side whose columns of B are packed at once. */
export const panelTiles = 64

export function formatOf(type: WasmType): Format {
  const parts = type[0] === 'c' ? 2 : 1
  const realBytes = type === 'f32' || type === 'c64' ? 4 : 8
  const lanes = realBytes === 4 ? 4 : 2
  return {
    type,
    parts,
    realBytes,
    elementBytes: realBytes * parts,
    lanes,
    columns: (tileVectors * lanes) / parts,
    // With six rows of A and two vectors of B it stays in a first cache of 32 KiB, or nearly so.
    depth: (realBytes === 4 ? 384 : 256) / parts,
  }
}

/** In a thread's own memory: rows of A, a tile of C, columns of B. */
export function placesOf({ depth, elementBytes, parts }: Format) {
  const tile = tileRows * depth * elementBytes
  const panel = tile + tileRows * stepBytes
  const bytes = panel + panelTiles * depth * parts * stepBytes
  return { strip: 0, tile, panel, pages: Math.ceil(bytes / 65536) }
}
