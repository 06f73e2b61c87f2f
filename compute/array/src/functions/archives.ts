/** Several arrays in one `.npz` file: a zip archive of `.npy` files, stored or deflated. */

import { ArgumentError } from '@skein/base'
import { ArrayFileError } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { type ArrayFile, fromNpy, givenBytes, nameOf, npyParts } from './files.ts'
import { type Operand, toArray } from './operands.ts'

/** Loaded when an archive is read or written. Its own workers would be slower for what is here, and keep the process. */
async function library(): Promise<typeof import('@zip.js/zip.js')> {
  const zip = (await import('@zip.js/zip.js/lib/zip-core-native.js')) as typeof import('@zip.js/zip.js')
  zip.configure({ useWebWorkers: false })
  return zip
}

/** Deflate makes no more of a byte. */
const mostExpansion = 1032

export interface LoadzOptions {
  /** Read these alone. */
  names?: readonly string[]
}

/**
 * Reads the arrays of a `.npz` file by name; what `savez` of NumPy was given without names is `arr_0`, `arr_1`, and so on. What else is in the archive is left alone.
 * @throws ArrayFileError where it is no archive, is cut off, or does not have the checksums that it says; where an array that is asked for is not there
 */
export async function loadz(file: ArrayFile, { names }: LoadzOptions = {}): Promise<Record<string, NDArray>> {
  const name = nameOf(file)
  const bytes = givenBytes(file, 'loadz') ?? (await (await import('node:fs/promises')).readFile(file as string))
  if (bytes[0] === 0x93)
    throw new ArrayFileError('loadz', name, 'an archive, zip', "one array's file, .npy", 'It is read by load.')
  const zip = await library()
  const reader = new zip.ZipReader(new zip.Uint8ArrayReader(bytes), {
    checkSignature: true,
    checkOverlappingEntry: true,
  })
  const arrays: Record<string, NDArray> = Object.create(null)
  const broken = (what: string, cause: unknown) =>
    new ArrayFileError('loadz', what, 'a zip archive that is whole', (cause as Error).message, '', { cause })
  try {
    const entries = await reader.getEntries().catch(cause => {
      throw broken(name, cause)
    })
    for (const entry of entries) {
      if (entry.directory || !entry.filename.endsWith('.npy')) continue
      const key = entry.filename.slice(0, -'.npy'.length)
      if (names && !names.includes(key)) continue
      const inside = `${entry.filename} in ${name}`
      const { compressedSize, uncompressedSize } = entry
      if (compressedSize > bytes.length || uncompressedSize > compressedSize * mostExpansion + 64)
        throw new ArrayFileError(
          'loadz',
          inside,
          'sizes that can be',
          `${compressedSize} bytes that give ${uncompressedSize}`,
        )
      const writer = new zip.Uint8ArrayWriter()
      const content = await entry.getData(writer).catch((cause: unknown) => {
        throw broken(inside, cause)
      })
      arrays[key] = fromNpy(content, inside)
    }
  } finally {
    await reader.close()
  }
  const absent = names?.filter(key => !(key in arrays))
  if (absent && absent.length > 0)
    throw new ArrayFileError('loadz', name, `the arrays ${absent.join(', ')}`, Object.keys(arrays).join(', ') || 'none')
  return arrays
}

type Named = Readonly<Record<string, Operand>> | readonly Operand[]

/** The bytes of an archive of arrays by name; of a list they are called `arr_0`, `arr_1`, and so on, as NumPy calls them. */
export async function toNpz(arrays: Named, { compressed = false }: { compressed?: boolean } = {}): Promise<Uint8Array> {
  return archive(arrays, compressed, 'toNpz')
}

async function archive(arrays: Named, compressed: boolean, call: string): Promise<Uint8Array> {
  if (typeof arrays !== 'object' || arrays === null)
    throw new ArgumentError(call, 'arrays', 'an object of arrays, or a list of them', arrays)
  const named: [string, NDArray][] = Object.entries(arrays).map(([name, x]) => {
    const key = Array.isArray(arrays) ? `arr_${name}` : name
    return [key, toArray(x, call, key)]
  })
  const zip = await library()
  const writer = new zip.ZipWriter(new zip.Uint8ArrayWriter(), { level: compressed ? 6 : 0 })
  for (const [name, x] of named) {
    const parts = npyParts(await x.evalAsync())
    await writer.add(`${name}.npy`, new zip.BlobReader(new Blob(parts as Uint8Array<ArrayBuffer>[])))
  }
  return writer.close()
}

/** Writes arrays by name, or a list of them, to a `.npz` file that NumPy's `load` reads; not compressed. */
export async function savez(file: string | URL, arrays: Named): Promise<void> {
  await (await import('node:fs/promises')).writeFile(file, await archive(arrays, false, 'savez'))
}

/** The same, deflated. */
export async function savezCompressed(file: string | URL, arrays: Named): Promise<void> {
  await (await import('node:fs/promises')).writeFile(file, await archive(arrays, true, 'savezCompressed'))
}
