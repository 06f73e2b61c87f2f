/** What a rank can ask of where it runs, and how it ends. */

import { ArgumentError } from '@skein/base'
import type { TypedArray, TypedArrayClass } from '@skein/heap'
import { pathToDelete } from './file/file.ts'
import { hintsOf, type Info } from './info.ts'
import { isArrayClass } from './message/part.ts'
import { engine, world } from './world.ts'

/** Seconds from some time on. */
export const wtime = (): number => engine.wtime()

/** The resolution of `wtime`, in seconds. */
export const wtick = (): number => engine.wtick

export const processorName = (): string => engine.processorName

/** The largest tag. */
export const tagUb = (): number => engine.tagUb

/** Which engine it is, what it calls itself, and whose MPI it follows. */
export const version = () => ({
  engine: engine.name,
  library: engine.version,
  standard: engine.standard,
  threadLevel: engine.threadLevel,
})

/** A new array of zeros in memory from which messages go with the fewest copies. */
export function allocate<T extends TypedArray>(kind: TypedArrayClass<T>, length: number): T {
  if (!isArrayClass(kind)) throw new ArgumentError('allocate', 'kind', 'a class of typed arrays', kind)
  if (!Number.isSafeInteger(length) || length < 0)
    throw new ArgumentError('allocate', 'length', 'a whole number from 0 on', length)
  const made = kind as unknown as new (buffer: ArrayBufferLike, from: number, length: number) => T
  const { buffer, byteOffset } = engine.allocate(length * kind.BYTES_PER_ELEMENT)
  return new made(buffer, byteOffset, length)
}

/** All ranks call it last. A rank that ends without it has it called. */
export const finalize = (): void => engine.finalize()
export const isFinalized = (): boolean => engine.isFinalized

/** Ends all ranks. */
export const abort = (code = 1): never => world.abort(code)

/**
 * Deletes a file; one rank calls it.
 *
 * @throws MpiError MPI_ERR_NO_SUCH_FILE, MPI_ERR_ACCESS
 */
export function deleteFile(path: string | URL, options: { readonly info?: Info } = {}): void {
  engine.deleteFile(pathToDelete(world, path), hintsOf(world, 'deleteFile', options.info))
}
