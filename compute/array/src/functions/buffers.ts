/** Arrays over bytes, and as plain data that structured clone takes. */

import { ArgumentError } from '@skein/base'
import { type DType, dtypeOfElements, type Elements, infoOf } from '../dtypes.ts'
import { ArrayFileError, ShapeError, shapeText } from '../errors.ts'
import { settle } from '../io/npy.ts'
import { Memory } from '../memory.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { isSmallPiece } from '../pieces.ts'
import { checkShape, reach, type Shape } from '../shape.ts'
import { checkDType, fresh } from './creation.ts'
import { bytesOf, givenBytes } from './files.ts'
import { type Operand, toArray } from './operands.ts'
import { elementsOf } from './placing.ts'

export interface BufferOptions<D extends DType> {
  /** Default float64. */
  dtype?: D
  /** Elements; default as many as there are. */
  count?: number
  /** Bytes in front of them. */
  offset?: number
  /** Default little. */
  byteOrder?: 'little' | 'big'
}

/**
 * An array of one axis over bytes: over those themselves, where they are little-endian and begin at a multiple of the element's size, else over a copy.
 * @throws ArrayFileError where there are fewer bytes, or, without a count, a part of an element
 */
export function frombuffer<D extends DType = 'float64'>(
  buffer: ArrayBufferLike | ArrayBufferView,
  { dtype = 'float64' as D, count, offset = 0, byteOrder = 'little' }: BufferOptions<D> = {},
): NDArray<D> {
  const isView = ArrayBuffer.isView(buffer)
  const given = isView
    ? new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength)
    : givenBytes(buffer, 'frombuffer')
  if (!given) throw new ArgumentError('frombuffer', 'buffer', 'a buffer or a view of one', buffer)
  checkDType(dtype, 'frombuffer')
  const { bytes, bits, parts, Elements } = infoOf(dtype)
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > given.length)
    throw new ArgumentError('frombuffer', 'offset', `a whole number from 0 to ${given.length}`, offset)
  const there = given.length - offset
  const size = count ?? there / bytes
  if (byteOrder !== 'little' && byteOrder !== 'big')
    throw new ArgumentError('frombuffer', 'byteOrder', "'little' or 'big'", byteOrder)
  if (count !== undefined && (!Number.isSafeInteger(count) || count < 0))
    throw new ArgumentError('frombuffer', 'count', 'a whole number from 0', count)
  if (!Number.isInteger(size) || size * bytes > there) {
    const expected = count === undefined ? `a multiple of ${bytes} bytes, for ${dtype}` : `${count * bytes} bytes`
    throw new ArrayFileError('frombuffer', 'the buffer', expected, String(there))
  }
  const begin = given.byteOffset + offset
  const part = bits / 8
  const isShared = byteOrder === 'little' && begin % part === 0 && dtype !== 'bool' && Elements !== undefined
  if (isShared) {
    const elements = new Elements(given.buffer, begin, size * parts)
    return arrayOf<D>({ dtype, shape: [size], strides: [1], offset: 0, memory: new Memory(elements) })
  }
  const { array, memory } = fresh(dtype, [size], 'frombuffer')
  bytesOf(memory.elements).set(given.subarray(offset, offset + size * bytes))
  settle(memory.elements, { dtype, isBigEndian: byteOrder === 'big' })
  return array
}

/** The elements' bytes in C order, little-endian, of their own: the inverse of `frombuffer`. */
export const tobytes = (x: Operand): Uint8Array<ArrayBuffer> =>
  new Uint8Array(bytesOf(elementsOf(toArray(x, 'tobytes')))) as Uint8Array<ArrayBuffer>

/** An array as plain data: what `postMessage`, `structuredClone` and tasks take. */
export interface Parts<D extends DType = DType> {
  readonly dtype: D
  readonly shape: readonly number[]
  /** In elements. */
  readonly strides: readonly number[]
  /** The first element's place. */
  readonly offset: number
  /** Complex numbers in pairs. */
  readonly elements: ArrayBufferView
}

/**
 * What an array consists of, its elements computed. They are the array's own: in the shared heap, where large arrays lie, another thread sees the same ones, and
 * nothing is copied. Of small ones, and of elements in memory that is not shared, and most of which are not the array's, there is a copy, so that no more is sent than that.
 */
export function toParts<D extends DType>(x: NDArray<D>): Parts<D> {
  const { dtype, view } = toArray(x, 'toParts') as NDArray<D>
  const { shape, strides, offset, memory } = view
  const { parts } = infoOf(dtype)
  const elements = memory.share() as Elements & ArrayBufferView
  const own = { dtype, shape: [...shape], strides: [...strides] }
  if (elements.buffer instanceof SharedArrayBuffer && !isSmallPiece(elements)) return { ...own, offset, elements }
  const { least, most } = shape.includes(0) ? { least: 0, most: -1 } : reach(shape, strides)
  const [begin, end] = [offset + least, offset + most + 1]
  const { bytes } = infoOf(dtype)
  // Structured clone copies the whole buffer behind a typed array.
  if ((end - begin) * bytes * 2 > elements.buffer.byteLength) return { ...own, offset, elements }
  return { ...own, offset: offset - begin, elements: elements.slice(begin * parts, end * parts) as typeof elements }
}

/** The array of such parts, over their elements. @throws ArgumentError, ShapeError where it would reach outside of them */
export const fromParts = <D extends DType>(given: Parts<D>): NDArray<D> =>
  arrayOfParts(given, elements => new Memory(elements))

/** @param memoryOf of elements that have been looked at */
export function arrayOfParts<D extends DType>(given: Parts<D>, memoryOf: (elements: Elements) => Memory): NDArray<D> {
  const call = 'fromParts'
  if (typeof given !== 'object' || given === null) throw new ArgumentError(call, 'parts', 'what toParts gave', given)
  const { dtype, strides, offset, elements } = given
  checkDType(dtype, call)
  const shape: Shape = checkShape(given.shape, call)
  const { Elements, parts } = infoOf(dtype)
  if (dtypeOfElements(elements) === undefined || elements.constructor !== Elements)
    throw new ArgumentError(call, 'elements', `a ${Elements.name}, for ${dtype}`, elements)
  const isWhole = (n: unknown) => Number.isSafeInteger(n)
  if (!Array.isArray(strides) || strides.length !== shape.length || !strides.every(isWhole))
    throw new ArgumentError(call, 'strides', `a list of ${shape.length} whole numbers`, strides)
  const { least, most } = shape.includes(0) ? { least: 0, most: -1 } : reach(shape, strides)
  const length = (elements as unknown as Elements).length / parts
  if (!isWhole(offset) || offset < 0 || offset + least < 0 || offset + most >= length)
    throw new ShapeError(
      call,
      `${shapeText(shape)} with strides ${shapeText(strides)} from ${offset} reaches outside of ${length} elements.`,
      [shape],
    )
  const memory = memoryOf(elements as unknown as Elements)
  return arrayOf<D>({ dtype, shape, strides: [...strides], offset, memory })
}
