/** Arrays in NumPy's files: `.npy`, one array, and `.npz`, a zip archive of several by name. */

import { ArgumentError } from '@skein/base'
import type { Elements } from '../dtypes.ts'
import { ArrayFileError } from '../errors.ts'
import {
  checkLength,
  type Header,
  headerEnd,
  prefixBytes,
  readHeader,
  type Source,
  settle,
  writeHeader,
} from '../io/npy.ts'
import type { NDArray } from '../ndarray.ts'
import { isContiguous } from '../shape.ts'
import { fresh } from './creation.ts'
import { type Operand, toArray } from './operands.ts'
import { elementsOf } from './placing.ts'
import { permuteDims } from './shaping.ts'

/** A path, or what stands in the file. */
export type ArrayFile = string | URL | ArrayBuffer | Uint8Array

/** The most bytes that are read or written by one call of the system. */
const pieceBytes = 1 << 28

export const bytesOf = ({ buffer, byteOffset, byteLength }: Elements): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)

/** The path in words, or what stands for it. */
export const nameOf = (file: ArrayFile): string =>
  typeof file === 'string' ? file : file instanceof URL ? file.pathname : 'the buffer'

/** Bytes that are given, as they are; undefined: a path is. @throws ArgumentError */
export function givenBytes(file: unknown, call: string): Uint8Array | undefined {
  if (typeof file === 'string' || file instanceof URL) return undefined
  if (file instanceof ArrayBuffer || file instanceof SharedArrayBuffer) return new Uint8Array(file as ArrayBuffer)
  if (file instanceof Uint8Array) return file
  throw new ArgumentError(call, 'file', 'a path, a URL, an ArrayBuffer or a Uint8Array', file)
}

/** An array of a header's dtype and shape, and its bytes in the order of the file. */
function made({ dtype, shape, isFortran }: Header, call: string): { array: NDArray; elements: Elements } {
  const axes = isFortran ? [...shape].reverse() : shape
  const { array, memory } = fresh(dtype, axes, call, 'unset')
  return { array: isFortran ? permuteDims(array) : array, elements: memory.elements }
}

function parse(bytes: Uint8Array, source: Source): NDArray {
  const header = readHeader(bytes, headerEnd(bytes, source), source)
  const length = checkLength(header, bytes.length, source)
  const { array, elements } = made(header, source.call)
  bytesOf(elements).set(bytes.subarray(header.begin, header.begin + length))
  settle(elements, header)
  return array
}

/** The array whose `.npy` file these bytes are; what follows behind its elements is left alone. @throws ArrayFileError */
export function fromNpy(bytes: ArrayBuffer | Uint8Array, file = 'the buffer'): NDArray {
  return parse(givenBytes(bytes, 'fromNpy') ?? missing(bytes), { call: 'fromNpy', file })
}

const missing = (found: unknown): never => {
  throw new ArgumentError('fromNpy', 'bytes', 'an ArrayBuffer or a Uint8Array', found, 'Files are read by load.')
}

/** Header and elements of the `.npy` file of an array. Elements in Fortran order stay in it, as NumPy has it. */
export function npyParts(x: NDArray): [Uint8Array, Uint8Array] {
  const { shape, strides } = x.view
  const isFortran = !isContiguous(shape, strides) && isContiguous([...shape].reverse(), [...strides].reverse())
  const elements = elementsOf(isFortran ? permuteDims(x) : x)
  return [writeHeader(x.dtype, shape, isFortran), bytesOf(elements)]
}

/** The bytes of an array's `.npy` file: version 1.0, little-endian. */
export function toNpy(x: Operand): Uint8Array<ArrayBuffer> {
  const [header, elements] = npyParts(toArray(x, 'toNpy'))
  const { buffer } = Buffer.allocUnsafeSlow(header.length + elements.length)
  const bytes = new Uint8Array(buffer)
  bytes.set(header)
  bytes.set(elements, header.length)
  return bytes
}

/**
 * Reads a `.npy` file of any version, byte order and order of axes, straight into the array's memory.
 * @throws ArrayFileError where it is none, is cut off, or has elements that arrays have not. Nothing is allocated for elements that are not there.
 */
export async function load(file: ArrayFile): Promise<NDArray> {
  const source = { call: 'load', file: nameOf(file) }
  const given = givenBytes(file, 'load')
  if (given) return parse(given, source)
  const { open } = await import('node:fs/promises')
  const handle = await open(file as string)
  try {
    const read = async (into: Uint8Array, from: number): Promise<number> => {
      let done = 0
      while (done < into.length) {
        const length = Math.min(pieceBytes, into.length - done)
        const { bytesRead } = await handle.read(into, done, length, from + done)
        if (bytesRead === 0) break
        done += bytesRead
      }
      return done
    }
    const prefix = new Uint8Array(prefixBytes)
    const end = headerEnd(prefix.subarray(0, await read(prefix, 0)), source)
    const head = new Uint8Array(end)
    const header = readHeader(head.subarray(0, await read(head, 0)), end, source)
    const length = checkLength(header, (await handle.stat()).size, source)
    const { array, elements } = made(header, 'load')
    const found = await read(bytesOf(elements), header.begin)
    if (found < length)
      throw new ArrayFileError('load', source.file, `${length} bytes of elements`, `${found}`, 'It became shorter.')
    settle(elements, header)
    return array
  } finally {
    await handle.close()
  }
}

/** Writes an array to a `.npy` file, which NumPy's `load` reads; the event loop stays free. */
export async function save(file: string | URL, x: Operand): Promise<void> {
  if (givenBytes(file, 'save'))
    throw new ArgumentError('save', 'file', 'a path or a URL', file, 'The bytes alone are made by toNpy.')
  const array = await toArray(x, 'save').evalAsync()
  const { open } = await import('node:fs/promises')
  const parts = npyParts(array)
  const handle = await open(file, 'w')
  try {
    for (const part of parts)
      for (let k = 0; k < part.length; ) {
        const { bytesWritten } = await handle.write(part, k, Math.min(pieceBytes, part.length - k))
        k += bytesWritten
      }
  } finally {
    await handle.close()
  }
}
