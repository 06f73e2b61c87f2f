/** Arrays as PNG files: rows, columns and channels. The library that knows the format is loaded when it is first used. */

import { ArgumentError } from '@skein/base'
import { ArrayFileError, ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { mostElements } from '../shape.ts'
import { astype } from './astype.ts'
import { fresh } from './creation.ts'
import { multiply } from './elementwise.ts'
import { type ArrayFile, givenBytes, nameOf } from './files.ts'
import { imgAsUbyte } from './image/colours.ts'
import { type Operand, toArray } from './operands.ts'
import { elementsOf } from './placing.ts'

const signature = [137, 80, 78, 71, 13, 10, 26, 10]
/** Of its signature and first chunk. */
const headBytes = 33
/** Deflate makes no more of a byte. */
const mostInflated = 1032

/** Compares what the file promises with its length, before memory is taken. */
function checkHead(bytes: Uint8Array, call: string, file: string): void {
  if (bytes.length < headBytes || signature.some((b, k) => bytes[k] !== b))
    throw new ArrayFileError(call, file, 'a PNG file', `${bytes.length} bytes of something else`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [width, height] = [view.getUint32(16), view.getUint32(20)]
  const bits = view.getUint8(24) * ([1, 0, 3, 1, 2, 0, 4][view.getUint8(25)] ?? 0)
  const size = height * Math.ceil((width * bits) / 8)
  if (width * height * 4 > mostElements || size > mostInflated * bytes.length)
    throw new ArrayFileError(
      call,
      file,
      `compressed rows of ${height} × ${width} pixels of ${bits} bits`,
      `${bytes.length} bytes`,
      'It is broken, or has been cut off.',
    )
}

/** Pixels of fewer than 8 bits, packed in rows, each in a byte. @param scale what 1 is */
function unpacked(data: ArrayLike<number>, width: number, height: number, depth: number, scale: number): Uint8Array {
  const to = new Uint8Array(width * height)
  const rowBytes = Math.ceil((width * depth) / 8)
  for (let r = 0; r < height; r++)
    for (let c = 0; c < width; c++) {
      const bit = c * depth
      const byte = data[r * rowBytes + (bit >> 3)]
      to[r * width + c] = ((byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1)) * scale
    }
  return to
}

/**
 * Reads a PNG file of any kind: grey, colours, a palette (as the colours it stands for), with or without opacity, interlaced or not.
 * @param file a path, or the bytes of a file
 * @returns [rows, columns] for grey, else [rows, columns, channels], 2 with opacity, 3 or 4; uint8, or uint16 where the file has 16 bits. Fewer than 8 bits of grey are stretched to 0 to 255
 * @throws ArrayFileError where it is none, is broken (checksums are compared) or cut off. Nothing is allocated for pixels that cannot be there.
 */
export async function readPng(file: ArrayFile): Promise<NDArray<'uint8' | 'uint16'>> {
  const call = 'readPng'
  const name = nameOf(file)
  const bytes = givenBytes(file, call) ?? (await (await import('node:fs/promises')).readFile(file as string))
  checkHead(bytes, call, name)
  const { convertIndexedToRgb, decode } = await import('fast-png')
  try {
    const { width, height, depth, channels, data, palette, ...found } = decode(bytes, { checkCrc: true })
    const given = palette
      ? convertIndexedToRgb({ width, height, depth, channels, data, palette, ...found })
      : depth < 8
        ? unpacked(data, width, height, depth, 255 / (2 ** depth - 1))
        : data
    const count = given.length / (width * height)
    const shape = count === 1 ? [height, width] : [height, width, count]
    const { array, memory } = fresh(given instanceof Uint16Array ? 'uint16' : 'uint8', shape, call)
    memory.elements.set(given)
    return array
  } catch (error) {
    if (error instanceof ArgumentError) throw error
    throw new ArrayFileError(call, name, 'a whole PNG file', (error as Error).message, '', { cause: error })
  }
}

/**
 * The bytes of a PNG file.
 * @param x of shape [rows, columns], or [rows, columns, channels]: 1 grey, 2 with opacity, 3 colours, 4 with opacity. uint8 and uint16 as they are; floats from 0 to 1 become bytes, booleans 0 and 255
 * @throws ShapeError for other shapes, and images without pixels; DTypeError for what `nd.image.imgAsUbyte` does not take
 */
export async function toPng(x: Operand): Promise<Uint8Array<ArrayBuffer>> {
  const array = await toArray(x, 'toPng').evalAsync()
  const [height, width, channels = 1] = array.shape
  if (![2, 3].includes(array.ndim) || channels < 1 || channels > 4 || height * width === 0)
    throw new ShapeError(
      'toPng',
      `an image has rows, columns and perhaps 1 to 4 channels, at least one pixel, and not the shape ${shapeText(array.shape)}.`,
      [array.shape],
    )
  const { dtype } = array
  const pixels =
    dtype === 'uint16' ? array : dtype === 'bool' ? multiply(astype(array, 'uint8'), 255) : imgAsUbyte(array)
  const data = elementsOf(pixels) as unknown as Uint8Array | Uint16Array
  const { encode } = await import('fast-png')
  // The library takes no arrays of shared memory.
  return new Uint8Array(encode({ width, height, channels, depth: dtype === 'uint16' ? 16 : 8, data: data.slice() }))
}

/** Writes an image to a PNG file; the event loop stays free but for compressing. Shapes and dtypes are those of `toPng`. */
export async function writePng(file: string | URL, x: Operand): Promise<void> {
  if (givenBytes(file, 'writePng'))
    throw new ArgumentError('writePng', 'file', 'a path or a URL', file, 'The bytes alone are made by toPng.')
  const { writeFile } = await import('node:fs/promises')
  await writeFile(file, await toPng(x))
}
