/** Files as sources of bags. */

import { globSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { ArgumentError } from '@skein/base'
import type { Input } from './plan.ts'

export interface ReadLinesOptions {
  /**
   * Bytes of a partition. Default: a 16th of all, from 64 KiB to 4 MiB; beyond 256 MiB a 64th, to 32 MiB. So it follows from the
   * files, not from the machine.
   */
  readonly blockBytes?: number
  readonly encoding?: 'utf8' | 'latin1'
}

/**
 * Of few bytes there are no more than 16 partitions, since each has keys of its own, which a shuffle must bring together again; a block
 * of 4 MiB takes so long that this matters no more, and then many cores are served better by more of them.
 */
function usualBlock(bytes: number): number {
  const usual = Math.max(Math.min(bytes / 16, 1 << 22), bytes / 64)
  return Math.ceil(Math.min(1 << 25, Math.max(1 << 16, usual)))
}

/** Files as a source of partitions: ranges that are read where they are worked on. */
export class FileLines {
  readonly #files: readonly { readonly path: string; readonly bytes: number }[]
  readonly #encoding: string
  readonly #blockBytes: number | undefined

  constructor(
    files: readonly { readonly path: string; readonly bytes: number }[],
    encoding: string,
    blockBytes: number | undefined,
  ) {
    this.#files = files
    this.#encoding = encoding
    this.#blockBytes = blockBytes
  }

  /** @param partitions about so many */
  inputs(partitions?: number): Input[] {
    const all = this.#files.reduce((sum, { bytes }) => sum + bytes, 0)
    const size =
      partitions === undefined ? (this.#blockBytes ?? usualBlock(all)) : Math.max(1, Math.ceil(all / partitions))
    return this.#files.flatMap(({ path, bytes }) =>
      Array.from({ length: Math.ceil(bytes / size) }, (_, i): Input => {
        return { is: 'lines', path, from: i * size, to: Math.min(bytes, (i + 1) * size), encoding: this.#encoding }
      }),
    )
  }
}

/**
 * The lines of text files, without their ends. Nothing is read here: each task reads its range of bytes, a MiB at a time, so a
 * file may be larger than the memory.
 *
 * @param paths a path, a pattern (`logs/*.txt`), or an array of these; files of a pattern come in the order of their names
 * @throws ArgumentError for a file that cannot be found or read
 */
export function readLines(paths: string | readonly string[], options: ReadLinesOptions = {}): FileLines {
  const { blockBytes, encoding = 'utf8' } = options
  if (blockBytes !== undefined && !(Number.isInteger(blockBytes) && blockBytes >= 1)) {
    throw new ArgumentError('readLines', 'blockBytes', 'a whole number from 1', blockBytes)
  }
  if (encoding !== 'utf8' && encoding !== 'latin1') {
    throw new ArgumentError('readLines', 'encoding', "'utf8' or 'latin1'", encoding)
  }
  const all = (typeof paths === 'string' ? [paths] : filesOf(paths)).flatMap(matching)
  const files = all.map(path => ({ path, bytes: sizeOf(path) }))
  return new FileLines(files, encoding, blockBytes)
}

function filesOf(paths: unknown): readonly string[] {
  if (Array.isArray(paths) && paths.every(path => typeof path === 'string')) return paths
  throw new ArgumentError('readLines', 'paths', 'a path, a pattern, or an array of these', paths)
}

function matching(path: string): string[] {
  if (!/[*?[{]/.test(path) || statSync(path, { throwIfNoEntry: false })) return [resolve(path)]
  const found = globSync(path).sort()
  if (found.length > 0) return found.map(file => resolve(file))
  throw new ArgumentError('readLines', 'paths', 'a pattern of existing files', path)
}

function sizeOf(path: string): number {
  let cause: unknown
  try {
    const stat = statSync(path)
    if (stat.isFile()) return stat.size
  } catch (error) {
    cause = error
  }
  throw new ArgumentError('readLines', 'paths', 'a file that exists', path, undefined, cause ? { cause } : undefined)
}
