/**
 * What the code that multiplies reads: a job, its units and its panels, written by the host for each block of k. Slots of 8 bytes; addresses are the system's.
 *
 * C is cut into tiles: rows into panels of `tall` and of one row less, columns into panels of some vectors of B. A unit is what a thread takes: some panels of rows, all or some of the columns.
 * Every panel of columns is packed by whoever needs it first; its state says so.
 */

export const job = {
  /** Columns of A and rows of B in this block, as tiles read them. */
  k: 0,
  /** Strides in bytes as tiles want them (`tileRegisters`). */
  aStride: 8,
  bStride: 16,
  cStride: 24,
  /** From a tall panel of rows to the next, in A and in C; the same of a short one. */
  aTall: 32,
  cTall: 40,
  aShort: 48,
  cShort: 56,
  /** 1: sums go on from what is in C. */
  start: 64,
  /** Where units lie. */
  units: 72,
  /** Bytes from row to row of B, and from column to column, where it is packed from. */
  sourceRow: 80,
  sourceColumn: 88,
  /** Code that copies a unit's part of A, or 0: it is read where it is. Then the strides in A by row and column of the copy, and where the copies of all places are. */
  copyCode: 96,
  copyRow: 104,
  copyColumn: 112,
  copies: 128,
  copyBytes: 136,
  /** Of `scale`, as an element of C. */
  alpha: 144,
  beta: 160,
  /** Rows of B in this block, as they are stored: k counts those that tiles read. */
  sourceRows: 176,
  /** From a place's copy of A to memory in which what is packed is put in order. */
  scratch: 184,
  bytes: 192,
} as const

export const unit = {
  /** Of its first row. */
  a: 0,
  c: 8,
  /** Panels of rows: tall ones, then short ones. Words. */
  tall: 16,
  short: 20,
  /** Its panels of columns: the first, where to begin, the end. After the last comes the first. */
  first: 24,
  begin: 32,
  end: 40,
  /** Rows and columns of its copy of A. */
  copyRows: 48,
  copyColumns: 56,
  bytes: 64,
} as const

export const panel = {
  /** A word: nobody has packed it, someone is packing it, it is packed. */
  state: 0,
  /** Columns that are in the matrix. A word. */
  columns: 4,
  /** Where tiles find it, and where it is packed from. */
  b: 8,
  source: 16,
  /** From C's first column of the unit's rows. */
  cOffset: 24,
  /** The tiles' code, for tall panels of rows and for short ones. */
  tallCode: 32,
  shortCode: 40,
  packCode: 48,
  /** The bits of the last vector's lanes, or, with AVX2, the address of the mask. */
  mask: 56,
  bytes: 64,
} as const

export const state = { empty: 0, taken: 1, packed: 2 } as const
