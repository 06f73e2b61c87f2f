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
  /** No tile reaches into the next: data lies in the file in its order. */
  readonly isOrdered: boolean
  /** Of a run, on the average. */
  readonly runBytes: number
  readonly #offsets: Float64Array
  readonly #lengths: Float64Array
  /** Bytes of data in a tile before each run. */
  readonly #before: Float64Array

  constructor({ displacement, etype, filetype }: FileView) {
    this.displacement = displacement
    this.tileBytes = filetype.size
    this.extent = filetype.extent
    this.etypeBytes = etype.size
    this.isContiguous = filetype.isContiguous
    this.isOrdered = filetype.trueLb + filetype.trueExtent <= filetype.extent
    this.#offsets = filetype.offsets
    this.#lengths = filetype.lengths
    this.runBytes = this.isContiguous ? Infinity : filetype.size / Math.max(1, this.#lengths.length)
    this.#before = new Float64Array(this.#lengths.length)
    for (let r = 1; r < this.#before.length; r++) this.#before[r] = this.#before[r - 1] + this.#lengths[r - 1]
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

  /** Bytes of data that lie before byte `end` of the file, when tiles lie in order. */
  bytesBefore(end: number): number {
    const bytes = end - this.displacement
    if (bytes <= 0 || this.tileBytes === 0) return 0
    if (this.isContiguous) return bytes
    const tile = Math.floor(bytes / this.extent)
    const inTile = bytes - tile * this.extent
    const r = last(this.#offsets, inTile)
    if (r < 0) return tile * this.tileBytes
    return tile * this.tileBytes + this.#before[r] + Math.min(this.#lengths[r], inTile - this.#offsets[r])
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
