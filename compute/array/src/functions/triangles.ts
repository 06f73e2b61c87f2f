/** Triangles of matrices: their elements, and where those are. */

import { ArgumentError } from '@skein/base'
import { kernel } from '@skein/kernel'
import { type DType, infoOf } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import { onBackend } from '../expression/plain.ts'
import type { NDArray } from '../ndarray.ts'
import { checkShape, isContiguous, sizeOf } from '../shape.ts'
import { arange, type CreationOptions, checkDType, fresh, ones } from './creation.ts'
import { checkDevice } from './device.ts'
import { add, greaterEqual, lessEqual, where } from './elementwise.ts'
import { toArray } from './operands.ts'
import { reshape } from './shaping.ts'

type Reals = Float64Array

/** @param below whether elements up to the diagonal are kept, or those from it on; others are `zero` */
const keepTriangle = kernel(
  (
    [matrix, row, column],
    rows: number,
    columns: number,
    k: number,
    below: boolean,
    zero: number,
    from: Reals,
    begin: number,
    to: Reals,
  ) => {
    const at = (matrix * rows + row) * columns + column
    const isKept = below ? column <= row + k : column >= row + k
    to[at] = isKept ? from[begin + at] : zero
  },
  { name: 'triangle' },
)

const fillTriangle = kernel(
  ([row, column], columns: number, k: number, zero: number, one: number, to: Reals) => {
    to[row * columns + column] = column <= row + k ? one : zero
  },
  { name: 'tri' },
)

/** @param starts where places of each row begin */
const listTriangle = kernel(
  ([row, column], k: number, below: boolean, starts: Int32Array, rowOf: Int32Array, columnOf: Int32Array) => {
    const first = below ? 0 : Math.max(0, row + k)
    if (below ? column <= row + k : column >= first) {
      const at = starts[row] + column - first
      rowOf[at] = row
      columnOf[at] = column
    }
  },
  { name: 'triangleIndices' },
)

/** Up to so many elements a triangle is computed at once; of more it is a tree, which goes into the kernel of what is done with it. */
const mostAtOnce = 1 << 16

const checkDiagonal = (k: unknown, call: string): void => {
  if (!Number.isSafeInteger(k) || Math.abs(k as number) >= 2 ** 30)
    throw new ArgumentError(call, 'k', 'a whole number below 2^30', k)
}

const triangle =
  (call: string, below: boolean) =>
  <D extends DType>(x: NDArray<D>, { k = 0 }: { k?: number } = {}): NDArray<D> => {
    const array = toArray(x, call) as NDArray<D>
    const { dtype, shape, size } = array
    if (shape.length < 2)
      throw new ShapeError(call, `takes arrays of two axes or more, not of shape ${shapeText(shape)}.`, [shape])
    checkDiagonal(k, call)
    const [rows, columns] = shape.slice(-2)
    const { parts, type } = infoOf(dtype)
    if (array.isEvaluated && parts === 1 && size > 0 && size <= mostAtOnce) {
      const { strides, offset, memory } = array.view
      if (isContiguous(shape, strides)) {
        const made = fresh(dtype, shape, call, 'unset')
        const zero = (type === 'i64' ? 0n : 0) as number
        const [from, to] = [memory.elements, made.memory.elements] as unknown as [Reals, Reals]
        const range = [size / (rows * columns), rows, columns]
        onBackend(keepTriangle)(range, rows, columns, k, below, zero, from, offset, to)
        return made.array
      }
    }
    const row = reshape(arange(0, rows, 1, { dtype: 'int32' }), [-1, 1])
    const column = arange(0, columns, 1, { dtype: 'int32' })
    const isKept = (below ? lessEqual : greaterEqual)(column, add(row, k))
    return where(isKept, array, dtype === 'bool' ? false : 0) as NDArray<D>
  }

/** Matrices with zeros above the k-th diagonal, counted upwards from the main one. */
export const tril = triangle('tril', true)
/** Matrices with zeros below the k-th diagonal. */
export const triu = triangle('triu', false)

/** Ones on and below the k-th diagonal, counted upwards from the main one. */
export function tri<D extends DType = 'float64'>(
  rows: number,
  columns: number | null = rows,
  { k = 0, dtype = 'float64' as D, device }: CreationOptions<D> & { k?: number } = {},
): NDArray<D> {
  checkDType(dtype, 'tri')
  if (device !== undefined) checkDevice(device, 'tri')
  const { parts, type } = infoOf(dtype)
  const shape = checkShape([rows, columns ?? rows], 'tri')
  if (parts === 2 || sizeOf(shape) === 0) return tril(ones(shape, { dtype }), { k })
  checkDiagonal(k, 'tri')
  const { array, memory } = fresh(dtype, shape, 'tri', 'unset')
  const [zero, one] = (type === 'i64' ? [0n, 1n] : [0, 1]) as [number, number]
  onBackend(fillTriangle)(shape, shape[1], k, zero, one, memory.elements as unknown as Reals)
  return array
}

export interface TriangleOptions {
  /** The diagonal that bounds it, counted upwards from the main one. */
  k?: number
  /** Columns, where they are not as many as rows. */
  columns?: number
}

const triangleIndices =
  (call: string, below: boolean) =>
  (n: number, { k = 0, columns = n }: TriangleOptions = {}): NDArray<'int32'>[] => {
    const shape = checkShape([n, columns], call)
    checkDiagonal(k, call)
    const starts = new Int32Array(n)
    let count = 0
    for (let row = 0; row < n; row++) {
      starts[row] = count
      count += Math.min(Math.max(below ? row + k + 1 : columns - row - k, 0), columns)
    }
    const made = [0, 1].map(() => fresh('int32', [count], call, 'unset'))
    const [rowOf, columnOf] = made.map(({ memory }) => memory.elements as unknown as Int32Array)
    if (count > 0) onBackend(listTriangle)(shape, k, below, starts, rowOf, columnOf)
    return made.map(({ array }) => array)
  }

/** Indices of the elements on and below a diagonal of n rows. */
export const trilIndices = triangleIndices('trilIndices', true)
/** Indices of the elements on and above a diagonal of n rows. */
export const triuIndices = triangleIndices('triuIndices', false)
