/**
 * Reading and writing the runs of a file that a view shows. A call of the system costs as much as copying some thousand bytes, so short runs that lie
 * near each other are read in one piece together with what is between them, and picked out (data sieving: Thakur, Gropp and Lusk, Data sieving and
 * collective I/O in ROMIO, 1999); and written in one piece after what is between them was read, while nobody else writes to the file.
 */

import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { copy } from '../../copy.ts'
import type { FileMap } from '../../file/view.ts'
import type { FileLock } from './lock.ts'

/** Runs so near to each other, and shorter than this, go together; up to so many bytes at once. */
const nearBytes = 8192
const shortBytes = 32_768
const windowBytes = 2 ** 20
const windowRuns = 2 ** 15
/** What one call of the system is asked for. */
const mostBytes = 2 ** 30

export class RunFile {
  readonly path: string
  readonly fd: number
  readonly #lock: FileLock
  /** A pipe or a terminal has no positions. */
  readonly #isSeekable: boolean
  readonly #isReadable: boolean
  /** To read from a file that was opened for writing alone; -1: that is not allowed. */
  #readFd: number | undefined
  #window: Window | undefined

  constructor(path: string, fd: number, lock: FileLock, isSeekable: boolean, isReadable: boolean) {
    this.path = path
    this.fd = fd
    this.#lock = lock
    this.#isSeekable = isSeekable
    this.#isReadable = isReadable
  }

  close(): void {
    if (this.#readFd !== undefined && this.#readFd >= 0) closeSync(this.#readFd)
    closeSync(this.fd)
  }

  /** Fills `flat` with the data of a view from byte `at` on. @returns how many bytes there were before the file's end */
  read(map: FileMap, at: number, flat: Uint8Array): number {
    if (map.isContiguous) return this.readRun(flat, 0, flat.length, map.displacement + at)
    let done = 0
    let isAtEnd = false
    const read = (window: Window) => {
      if (isAtEnd) return
      const { from, to, count, bytes, starts, lengths } = window
      if (count === 1) {
        const n = this.readRun(flat, done, lengths[0], from)
        done += n
        isAtEnd = n < lengths[0]
        return
      }
      const n = this.readRun(bytes, 0, to - from, from)
      for (let r = 0; r < count && !isAtEnd; r++) {
        const length = Math.min(lengths[r], Math.max(0, n - starts[r]))
        copy(flat, done, bytes, starts[r], length)
        done += length
        isAtEnd = length < lengths[r]
      }
    }
    this.#each(map, at, flat.length, read)
    return done
  }

  write(map: FileMap, at: number, flat: Uint8Array): void {
    if (map.isContiguous) return this.#lock.shared(() => this.writeRun(flat, 0, flat.length, map.displacement + at))
    let done = 0
    const write = (window: Window) => {
      const { from, to, count, bytes, starts, lengths } = window
      const canPatch = count > 1 && this.#patchFd >= 0
      if (!canPatch) {
        this.#lock.shared(() => {
          for (let r = 0; r < count; r++) {
            this.writeRun(flat, done, lengths[r], from + starts[r])
            done += lengths[r]
          }
        })
        return
      }
      this.#lock.alone(() => {
        const n = this.readRun(bytes, 0, to - from, from, this.#patchFd)
        bytes.fill(0, n, to - from)
        for (let r = 0; r < count; r++) {
          copy(bytes, starts[r], flat, done, lengths[r])
          done += lengths[r]
        }
        this.writeRun(bytes, 0, to - from, from)
      })
    }
    this.#each(map, at, flat.length, write)
  }

  /** One run, whoever its data is of. */
  writePiece(from: Uint8Array, length: number, position: number): void {
    this.#lock.shared(() => this.writeRun(from, 0, length, position))
  }

  /** The runs of some data, by windows of those that go together. */
  #each(map: FileMap, at: number, bytes: number, visit: (window: Window) => void): void {
    const window = (this.#window ??= new Window())
    window.clear()
    map.each(at, bytes, (byte, length) => {
      if (!window.takes(byte, length)) {
        visit(window)
        window.clear()
      }
      window.add(byte, length)
    })
    if (window.count > 0) visit(window)
  }

  get #patchFd(): number {
    if (this.#isReadable) return this.fd
    if (this.#readFd === undefined) {
      try {
        this.#readFd = openSync(this.path, 'r')
      } catch {
        this.#readFd = -1
      }
    }
    return this.#readFd
  }

  /** @returns how many bytes there were */
  readRun(into: Uint8Array, at: number, length: number, position: number, fd = this.fd): number {
    let done = 0
    while (done < length) {
      const n = readSync(fd, into, at + done, Math.min(length - done, mostBytes), this.#at(position + done))
      if (n === 0) break
      done += n
    }
    return done
  }

  writeRun(from: Uint8Array, at: number, length: number, position: number): void {
    for (let done = 0; done < length; ) {
      done += writeSync(this.fd, from, at + done, Math.min(length - done, mostBytes), this.#at(position + done))
    }
  }

  #at(position: number): number | null {
    return this.#isSeekable ? position : null
  }
}

/** Runs of a file that go together. */
class Window {
  /** Bytes of the file. */
  from = 0
  to = 0
  count = 0
  /** Of each run, from `from` on. */
  readonly starts = new Float64Array(windowRuns)
  readonly lengths = new Float64Array(windowRuns)
  #bytes: Uint8Array | undefined

  get bytes(): Uint8Array {
    return (this.#bytes ??= new Uint8Array(windowBytes))
  }

  clear(): void {
    this.count = 0
  }

  takes(byte: number, length: number): boolean {
    if (this.count === 0) return true
    return (
      this.count < windowRuns &&
      length < shortBytes &&
      byte >= this.to &&
      byte - this.to <= nearBytes &&
      byte + length - this.from <= windowBytes
    )
  }

  add(byte: number, length: number): void {
    if (this.count === 0) this.from = byte
    this.starts[this.count] = byte - this.from
    this.lengths[this.count++] = length
    this.to = byte + length
  }
}
