/** Columns of Apache Arrow (https://arrow.apache.org/docs/format/Columnar.html), as its JavaScript library holds them, in and out. */

import { ArgumentError, NotSupportedError } from '@skein/base'
import { type DType, type Elements, infoOf, isFloat } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import { Memory } from '../memory.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { type Shape, sizeOf, stridesOf } from '../shape.ts'
import { fresh } from './creation.ts'
import { type Operand, toArray } from './operands.ts'
import { elementsOf } from './placing.ts'

/** What is read of a type of Arrow's. */
export interface ArrowType {
  readonly typeId: number
  readonly bitWidth?: number
  readonly isSigned?: boolean
  readonly precision?: number
  readonly listSize?: number
  readonly children?: readonly { readonly type: ArrowType }[] | null
}

/** A chunk of a column: what the library calls `Data`. */
export interface ArrowChunk {
  readonly type: ArrowType
  readonly length: number
  readonly offset: number
  readonly nullCount: number
  readonly nullBitmap?: Uint8Array
  readonly values?: unknown
  readonly children?: readonly ArrowChunk[]
}

/** A column: what the library calls `Vector`. */
export interface ArrowColumn {
  readonly type: ArrowType
  readonly length: number
  readonly data: readonly ArrowChunk[]
}

export interface FromArrowOptions {
  /** What becomes of nulls: `error` (default), or `nan`, for which integers and booleans become float64. */
  nulls?: 'error' | 'nan'
}

/** Numbers of types in the format. */
const typeIds = { int: 2, float: 3, bool: 6, fixedSizeList: 16 } as const
const floats: readonly DType[] = ['float16', 'float32', 'float64']

/** The dtype of a column's numbers, and the axes that lists of one length add. */
function kindOf(type: ArrowType, column: ArrowType): { dtype: DType; axes: number[] } {
  switch (type.typeId) {
    case typeIds.int:
      return { dtype: `${type.isSigned ? '' : 'u'}int${type.bitWidth}` as DType, axes: [] }
    case typeIds.float:
      return { dtype: floats[type.precision!], axes: [] }
    case typeIds.bool:
      return { dtype: 'bool', axes: [] }
    case typeIds.fixedSizeList: {
      const { dtype, axes } = kindOf(type.children![0].type, column)
      return { dtype, axes: [type.listSize!, ...axes] }
    }
  }
  throw new DTypeError(
    'fromArrow',
    'columns of integers, floats and booleans, and lists of them of one length',
    [String(column)],
    'Convert the column first.',
  )
}

const bitOf = (bits: Uint8Array, at: number): number => (bits[at >> 3] >> (at & 7)) & 1

/** The chunk that has the numbers: that of the innermost list. */
function numbersIn(chunk: ArrowChunk): ArrowChunk {
  if (chunk.type.typeId !== typeIds.fixedSizeList) return chunk
  if (chunk.nullCount > 0)
    throw new ArgumentError(
      'fromArrow',
      'column',
      'one whose lists are all there',
      `one with ${chunk.nullCount} nulls for lists`,
    )
  return numbersIn(chunk.children![0])
}

/** A chunk's numbers as they lie; undefined for booleans, which are bits. */
function elementsIn({ values, length }: ArrowChunk, dtype: DType): Elements | undefined {
  if (dtype === 'bool') return undefined
  const { Elements } = infoOf(dtype)
  const given = values as Elements
  const own = given.constructor === Elements ? given : new Elements(given.buffer, given.byteOffset, given.length)
  return own.subarray(0, length)
}

/**
 * The array of a column: of integers, floats or booleans along one axis; lists of one length add an axis. A column in one chunk, without nulls, shares its memory with
 * the array and is not copied; booleans, which are bits there, and several chunks are.
 * @throws DTypeError for other columns; ArgumentError for nulls, unless they are to be NaN
 */
export function fromArrow(column: ArrowColumn, { nulls = 'error' }: FromArrowOptions = {}): NDArray {
  const call = 'fromArrow'
  if (typeof column !== 'object' || column === null || !Array.isArray(column.data) || typeof column.type !== 'object')
    throw new ArgumentError(
      call,
      'column',
      'a column (Vector) of apache-arrow',
      column,
      'Of a table: table.getChild(name).',
    )
  if (nulls !== 'error' && nulls !== 'nan') throw new ArgumentError(call, 'nulls', "'error' or 'nan'", nulls)
  const { dtype: held, axes } = kindOf(column.type, column.type)
  const shape: Shape = [column.length, ...axes]
  const chunks = column.data.map(numbersIn).filter(({ length }) => length > 0)
  const missing = chunks.reduce((sum, { nullCount }) => sum + nullCount, 0)
  if (missing > 0 && nulls === 'error')
    throw new ArgumentError(
      call,
      'column',
      'one without nulls',
      `one with ${missing} of them among ${sizeOf(shape)} elements`,
      "With { nulls: 'nan' } they become NaN.",
    )
  const dtype = missing > 0 && !isFloat(held) ? 'float64' : held
  const only = chunks.length === 1 && missing === 0 ? elementsIn(chunks[0], held) : undefined
  if (only) return arrayOf({ dtype, shape, strides: stridesOf(shape), offset: 0, memory: new Memory(only) })
  const { array, memory } = fresh(dtype, shape, call)
  const to = memory.elements
  let at = 0
  for (const chunk of chunks) {
    const from = elementsIn(chunk, held)
    if (!from) for (let k = 0; k < chunk.length; k++) to[at + k] = bitOf(chunk.values as Uint8Array, chunk.offset + k)
    else if (dtype === held) to.set(from as ArrayLike<number>, at)
    else for (let k = 0; k < chunk.length; k++) to[at + k] = Number(from[k])
    if (chunk.nullCount > 0) {
      for (let k = 0; k < chunk.length; k++) if (!bitOf(chunk.nullBitmap!, chunk.offset + k)) to[at + k] = Number.NaN
    }
    at += chunk.length
  }
  return array
}

type Arrow = typeof import('apache-arrow')

async function library(): Promise<Arrow> {
  try {
    return await import('apache-arrow')
  } catch (cause) {
    throw new NotSupportedError(
      'array',
      'toArrow',
      'it makes columns by the package apache-arrow, which is not installed',
      'Type: npm install apache-arrow',
      { cause },
    )
  }
}

function packed(elements: Elements): Uint8Array {
  const bits = new Uint8Array((elements.length + 7) >> 3)
  for (let k = 0; k < elements.length; k++) if (elements[k] !== 0) bits[k >> 3] |= 1 << (k & 7)
  return bits
}

function numbersOut(arrow: Arrow, dtype: DType, elements: Elements) {
  const length = elements.length
  if (dtype === 'bool') return arrow.makeData({ type: new arrow.Bool(), length, nullCount: 0, data: packed(elements) })
  if (dtype === 'float16') {
    const data = new Uint16Array(elements.buffer as ArrayBuffer, elements.byteOffset, length)
    return arrow.makeData({ type: new arrow.Float16(), length, nullCount: 0, data })
  }
  return arrow.makeVector(elements as unknown as Float64Array).data[0]
}

/**
 * An array as a column of apache-arrow, which has to be installed. The first axis becomes the column's, each further one lists of one length. An array whose elements lie in C order
 * shares them with the column; others are copied, and booleans, which become bits.
 * @returns a `Vector` of the library
 * @throws DTypeError for complex numbers; ShapeError for an array without axes; NotSupportedError without the package
 */
export async function toArrow(x: Operand): Promise<ArrowColumn> {
  const array = await toArray(x, 'toArrow').evalAsync()
  const { dtype, shape } = array
  if (infoOf(dtype).kind === 'complex')
    throw new DTypeError('toArrow', 'real numbers', [dtype], 'Arrow has no complex ones: take nd.real and nd.imag.')
  if (shape.length === 0)
    throw new ShapeError('toArrow', `a column has an axis, and the array is of shape ${shapeText(shape)}.`, [shape])
  const arrow = await library()
  // The column reads them when the array may have been released.
  array.view.memory.share()
  let data: ReturnType<typeof arrow.makeData> = numbersOut(arrow, dtype, elementsOf(array)) as never
  for (let axis = shape.length - 1; axis > 0; axis--) {
    const type = new arrow.FixedSizeList(shape[axis], new arrow.Field('item', data.type, false))
    const length = sizeOf(shape.slice(0, axis))
    data = arrow.makeData({ type, length, nullCount: 0, child: data }) as never
  }
  return arrow.makeVector(data) as unknown as ArrowColumn
}
