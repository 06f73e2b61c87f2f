/** Grids of coordinates. */

import { ArgumentError } from '@skein/base'
import { ShapeError, shapeText } from '../errors.ts'
import { NDArray } from '../ndarray.ts'
import { copyOf } from './astype.ts'
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
