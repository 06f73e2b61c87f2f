/**
 * Values on disk: a file each, in a folder of this program's under the system's temporary one. The folder is made when it is first
 * needed and removed when the program ends, by a signal too; one that a killed program left behind is removed by the next that needs one.
 */

import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atEnd, describeBytes } from '@skein/base'
import { SpillError } from '../errors.ts'

const prefix = 'skein-spill-'
/** Systems read and write less than 2 GiB at once. */
const mostAtOnce = 2 ** 30

export interface SpillOptions {
  /** Where: the system's temporary folder, unless said otherwise. */
  readonly folder?: string
  /** Most bytes of all files together. Default: half of what is free there when the first is written. */
  readonly bytes?: number
}

export class SpillFolder {
  readonly #parent: string
  #limitBytes: number | undefined
  #path: string | undefined
  #files = 0
  /** Of all files now. */
  bytes = 0
  /** Ends the wait for the program's end. */
  #leave: (() => void) | undefined

  constructor({ folder = tmpdir(), bytes }: SpillOptions) {
    this.#parent = folder
    this.#limitBytes = bytes
  }

  #open(): string {
    if (this.#path !== undefined) return this.#path
    removeAbandoned(this.#parent)
    this.#path = mkdtempSync(join(this.#parent, `${prefix}${process.pid}-`))
    this.#leave = atEnd(() => this.close())
    return this.#path
  }

  /** Writes a new file; returns its path. @throws SpillError when that cannot be, and nothing is left behind then */
  write(bytes: Uint8Array): string {
    let path = this.#parent
    try {
      const folder = this.#open()
      if (this.#limitBytes === undefined) {
        const { bavail, bsize } = statfsSync(folder)
        this.#limitBytes = Math.floor((bavail * bsize) / 2)
      }
      if (this.bytes + bytes.length > this.#limitBytes) {
        const limit = describeBytes(this.#limitBytes)
        throw new Error(`with ${describeBytes(this.bytes)} there it would be more than the limit of ${limit}`)
      }
      path = join(folder, String(++this.#files))
      const file = openSync(path, 'wx', 0o600)
      try {
        forPieces(bytes, (piece, at) => writeSync(file, piece, 0, piece.length, at))
      } finally {
        closeSync(file)
      }
    } catch (error) {
      if (path !== this.#parent) rmSync(path, { force: true })
      throw new SpillError(path, bytes.length, error)
    }
    this.bytes += bytes.length
    return path
  }

  /** Reads a file back. @throws whatever is wrong with it, also when it is shorter than that */
  read(path: string, to: Uint8Array): void {
    const file = openSync(path, 'r')
    try {
      const { size } = fstatSync(file)
      if (size !== to.length) throw new Error(`the file has ${size} bytes, not ${to.length}`)
      forPieces(to, (piece, at) => readSync(file, piece, 0, piece.length, at))
    } finally {
      closeSync(file)
    }
  }

  remove(path: string, bytes: number): void {
    this.bytes -= bytes
    try {
      unlinkSync(path)
    } catch {
      // Somebody else has removed it.
    }
  }

  close(): void {
    this.#leave?.()
    if (this.#path !== undefined) rmSync(this.#path, { recursive: true, force: true })
    this.#path = undefined
    this.bytes = 0
  }
}

function forPieces(bytes: Uint8Array, move: (piece: Uint8Array, at: number) => number): void {
  for (let at = 0; at < bytes.length; ) {
    const moved = move(bytes.subarray(at, at + mostAtOnce), at)
    if (moved === 0) throw new Error(`only ${at} of ${bytes.length} bytes could be moved`)
    at += moved
  }
}

/** Folders of processes that are no more. */
function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1])
    if (!(pid > 0) || isAlive(pid)) continue
    try {
      rmSync(join(parent, name), { recursive: true, force: true })
    } catch {
      // It is another user's.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Another user's process may not be asked, but is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
