/**
 * Which bytes of a file a view shows. Its data is a sequence of bytes, those of the filetype laid end to end (MPI-4.0, 14.3); byte `at` of it lies in
 * the tile `at / filetype.size`, in the run of that tile that prefix sums of the runs' lengths tell.
 */

import type { FileView } from './port.ts'

export class FileMap {
  readonly displacement: number
  /** Bytes of data in a tile, and from one tile to the next. */
  readonly tileBytes: number
  readonly extent: number
  readonly etypeBytes: number
  /** Data lies in one piece from the displacement on. */
  readonly isContiguous: boolean
  /** No run reaches into the next, nor a tile: data lies in the file in its order. */
  readonly isOrdered: boolean
  /** Of a run, on the average. */
  readonly runBytes: number
  readonly #offsets: Float64Array
  readonly #lengths: Float64Array
  /** Bytes of data in a tile before each run. */
  readonly #before: Float64Array
  /** Up to where a tile reaches with each run: those of a view that is read may overlap. */
  readonly #reach: Float64Array

  constructor({ displacement, etype, filetype }: FileView) {
    this.displacement = displacement
    this.tileBytes = filetype.size
    this.extent = filetype.extent
    this.etypeBytes = etype.size
    this.isContiguous = filetype.isContiguous
    const { offsets, lengths } = filetype
    this.#offsets = offsets
    this.#lengths = lengths
    this.runBytes = this.isContiguous ? Infinity : filetype.size / Math.max(1, lengths.length)
    this.#before = new Float64Array(lengths.length)
    this.#reach = new Float64Array(lengths.length)
    let before = 0
    let reach = 0
    let overlaps = false
    for (let r = 0; r < lengths.length; r++) {
      overlaps ||= offsets[r] < reach
      this.#before[r] = before
      before += lengths[r]
      reach = Math.max(reach, offsets[r] + lengths[r])
      this.#reach[r] = reach
    }
    this.isOrdered = !overlaps && reach - (offsets[0] ?? 0) <= filetype.extent
  }

  /** The byte of the file that byte `at` of the data is. */
  byteOf(at: number): number {
    if (this.isContiguous) return this.displacement + at
    if (this.tileBytes === 0) return this.displacement
    const tile = Math.floor(at / this.tileBytes)
    const within = at - tile * this.tileBytes
    const r = last(this.#before, within)
    return this.displacement + tile * this.extent + this.#offsets[r] + within - this.#before[r]
  }

  /** Calls `visit` with the runs of the file that `bytes` bytes of data from byte `at` on are: touching ones are joined. */
  each(at: number, bytes: number, visit: (byte: number, length: number) => void): void {
    if (bytes === 0) return
    if (this.isContiguous) return visit(this.displacement + at, bytes)
    const lengths = this.#lengths
    let tile = Math.floor(at / this.tileBytes)
    const within = at - tile * this.tileBytes
    let run = last(this.#before, within)
    let skipped = within - this.#before[run]
    let left = bytes
    let from = 0
    let length = 0
    while (left > 0) {
      const byte = this.displacement + tile * this.extent + this.#offsets[run] + skipped
      const n = Math.min(lengths[run] - skipped, left)
      if (byte === from + length) length += n
      else {
        if (length > 0) visit(from, length)
        from = byte
        length = n
      }
      left -= n
      skipped = 0
      if (++run === lengths.length) {
        run = 0
        tile++
      }
    }
    visit(from, length)
  }

  /** Etypes that begin before byte `end` of the file: where the end of a file is in its view. */
  etypesBefore(end: number): number {
    return Math.ceil(this.bytesBefore(end) / this.etypeBytes)
  }

  /** Bytes of data up to the first that does not lie before byte `end` of the file. */
  bytesBefore(end: number): number {
    const bytes = end - this.displacement
    if (bytes <= 0 || this.tileBytes === 0) return 0
    if (this.isContiguous) return bytes
    const tile = Math.max(0, Math.floor((bytes - this.#reach[this.#reach.length - 1]) / this.extent) + 1)
    const inTile = bytes - tile * this.extent
    const r = last(this.#reach, inTile) + 1
    return tile * this.tileBytes + this.#before[r] + Math.max(0, inTile - this.#offsets[r])
  }
}

/** The last of rising numbers that is not above another; -1: all are. */
function last(numbers: Float64Array, most: number): number {
  let low = -1
  let high = numbers.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (numbers[middle] <= most) low = middle
    else high = middle - 1
  }
  return low
}
