/** Grids of coordinates, and the triangles of matrices. */

import { ArgumentError } from '@skein/base'
import type { DType } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import { NDArray } from '../ndarray.ts'
import { copyOf } from './astype.ts'
import { arange } from './creation.ts'
import { add, greaterEqual, lessEqual, where } from './elementwise.ts'
import { toArray } from './operands.ts'
import { broadcastTo, reshape } from './shaping.ts'

export interface MeshgridOptions {
  /** `xy` (the default): the first two axes are exchanged, as in plots; `ij`: axes are in the order of the arrays. */
  indexing?: 'xy' | 'ij'
}

/**
 * Coordinates of all points of a grid: one array for each axis, all of the grid's shape.
 * @param given arrays of one axis (or none); then options
 */
export function meshgrid(...given: [...NDArray[], NDArray | MeshgridOptions] | []): NDArray[] {
  const last = given[given.length - 1]
  const hasOptions = last !== undefined && !(last instanceof NDArray) && !ArrayBuffer.isView(last)
  const { indexing = 'xy' } = (hasOptions ? last : {}) as MeshgridOptions
  if (indexing !== 'xy' && indexing !== 'ij') throw new ArgumentError('meshgrid', 'indexing', "'xy' or 'ij'", indexing)
  const arrays = (hasOptions ? given.slice(0, -1) : given).map((x, k) => toArray(x, 'meshgrid', `arrays[${k}]`))
  for (const { shape } of arrays)
    if (shape.length > 1)
      throw new ShapeError('meshgrid', `takes arrays of one axis, not of ${shapeText(shape)}.`, [shape])
  const rank = arrays.length
  const axisOf = (k: number) => (indexing === 'xy' && rank > 1 && k < 2 ? 1 - k : k)
  const shape = new Array<number>(rank)
  for (const [k, x] of arrays.entries()) shape[axisOf(k)] = x.size
  return arrays.map((x, k) => {
    const line = shape.map((n, d) => (d === axisOf(k) ? n : 1))
    return copyOf(broadcastTo(reshape(x, line), shape))
  })
}

const triangle =
  (call: string, isKept: typeof lessEqual) =>
  <D extends DType>(x: NDArray<D>, { k = 0 }: { k?: number } = {}): NDArray<D> => {
    const array = toArray(x, call)
    if (array.ndim < 2)
      throw new ShapeError(call, `takes arrays of two axes or more, not of shape ${shapeText(array.shape)}.`, [
        array.shape,
      ])
    if (!Number.isSafeInteger(k) || Math.abs(k) >= 2 ** 30)
      throw new ArgumentError(call, 'k', 'a whole number below 2^30', k)
    const [rows, columns] = array.shape.slice(-2)
    const row = reshape(arange(0, rows, 1, { dtype: 'int32' }), [-1, 1])
    const column = arange(0, columns, 1, { dtype: 'int32' })
    return where(isKept(column, add(row, k)), array, array.dtype === 'bool' ? false : 0) as NDArray<D>
  }

/** Matrices with zeros above the k-th diagonal, counted upwards from the main one. */
export const tril = triangle('tril', lessEqual)
/** Matrices with zeros below the k-th diagonal. */
export const triu = triangle('triu', greaterEqual)
