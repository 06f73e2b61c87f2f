/** Products that NumPy has beside those of the standard: of vectors, and by blocks. */

import { isComplex } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { broadcastShapes, checkAxis, checkShape } from '../shape.ts'
import { crossAtOnce, dotAtOnce, dotsOfRowsAtOnce, kronAtOnce } from './at-once.ts'
import * as elementwise from './elementwise.ts'
import { at } from './indexing.ts'
import { stack } from './joining.ts'
import { type Operand, toArray } from './operands.ts'
import { matmul, met, tensordot } from './products.ts'
import { sum } from './reductions.ts'
import { expandDims, moveaxis, reshape, squeeze } from './shaping.ts'

/** The sum of products over the last axis of both; of a number the product. @throws ShapeError */
export function inner(x1: Operand, x2: Operand): NDArray {
  const [a, b] = met(x1, x2, 'inner')
  if (a.ndim === 0 || b.ndim === 0) return elementwise.multiply(a, b)
  return ofVectors(a, b) ?? tensordot(a, b, { axes: [[a.ndim - 1], [b.ndim - 1]] })
}

/** The sum of products over the last axis of x1 and the last but one of x2, or its only one; of a number the product. @throws ShapeError */
export function dot(x1: Operand, x2: Operand): NDArray {
  const [a, b] = met(x1, x2, 'dot')
  if (a.ndim === 0 || b.ndim === 0) return elementwise.multiply(a, b)
  return ofVectors(a, b) ?? tensordot(a, b, { axes: [[a.ndim - 1], [Math.max(0, b.ndim - 2)]] })
}

const ofVectors = (a: NDArray, b: NDArray): NDArray | undefined =>
  a.ndim === 1 && b.ndim === 1 && a.size === b.size ? dotAtOnce(a, b) : undefined

/** The sum of products of all elements, those of x1 conjugated. @throws ShapeError unless both have as many elements */
export function vdot(x1: Operand, x2: Operand): NDArray {
  const [a, b] = met(x1, x2, 'vdot')
  if (a.size !== b.size)
    throw new ShapeError('vdot', `${shapeText(a.shape)} and ${shapeText(b.shape)} have not as many elements.`, [
      a.shape,
      b.shape,
    ])
  const left = isComplex(a.dtype) ? elementwise.conj(a) : a
  return sum(elementwise.multiply(reshape(left, [-1]), reshape(b, [-1])), { dtype: a.dtype })
}

/** Matrices times vectors: the last two axes of x1, the last of x2; those in front are broadcast. @throws ShapeError */
export function matvec(x1: Operand, x2: Operand): NDArray {
  const [a, v] = [toArray(x1, 'matvec', 'x1'), withAxis(x2, 'matvec', 'x2')]
  const small = v.ndim === 1 && a.shape[1] === v.shape[0] ? dotsOfRowsAtOnce(a, v) : undefined
  return small ?? squeeze(matmul(a, expandDims(v, -1)), -1)
}

/** Vectors, conjugated, times matrices: the last axis of x1, the last two of x2; those in front are broadcast. @throws ShapeError */
export function vecmat(x1: Operand, x2: Operand): NDArray {
  const row = withAxis(x1, 'vecmat', 'x1')
  return squeeze(matmul(expandDims(isComplex(row.dtype) ? elementwise.conj(row) : row, -2), x2), -2)
}

function withAxis(x: Operand, call: string, name: string): NDArray {
  const array = toArray(x, call, name)
  if (array.ndim === 0) throw new ShapeError(call, `${name} must have an axis, not the shape [].`, [[]])
  return array
}

export interface CrossOptions {
  /** Along which vectors lie, of 3 elements; default −1. */
  axis?: number
}

/** The vector product of vectors of 3 elements along an axis; the others are broadcast. @throws ShapeError, DTypeError for booleans */
export function cross(x1: Operand, x2: Operand, { axis = -1 }: CrossOptions = {}): NDArray {
  const [a, b] = met(x1, x2, 'cross').map(x => {
    const d = checkAxis(axis, x.shape, 'cross')
    if (x.shape[d] !== 3)
      throw new ShapeError('cross', `axis ${axis} of ${shapeText(x.shape)} has ${x.shape[d]} elements, not 3.`, [
        x.shape,
      ])
    return moveaxis(x, d, -1)
  })
  broadcastShapes([a.shape, b.shape], 'cross')
  const small = checkAxis(axis, a.shape, 'cross') === a.ndim - 1 ? crossAtOnce(a, b) : undefined
  if (small) return small
  const part = (x: NDArray, k: number) => at(x, '...', k)
  const element = (i: number, j: number) =>
    elementwise.subtract(elementwise.multiply(part(a, i), part(b, j)), elementwise.multiply(part(a, j), part(b, i)))
  const found = stack([element(1, 2), element(2, 0), element(0, 1)], { axis: -1 })
  return moveaxis(found, -1, axis)
}

/** The Kronecker product: each element of x1 times the whole of x2, as a block. Axes that the one has not have length 1. */
export function kron(x1: Operand, x2: Operand): NDArray {
  const [a, b] = met(x1, x2, 'kron')
  const small = kronAtOnce(a, b)
  if (small) return small
  const rank = Math.max(a.ndim, b.ndim)
  const wide = ({ shape }: NDArray) => [...new Array<number>(rank - shape.length).fill(1), ...shape]
  const [m, n] = [wide(a), wide(b)]
  const blocks = reshape(
    a,
    m.flatMap(length => [length, 1]),
  )
  const inside = reshape(
    b,
    n.flatMap(length => [1, length]),
  )
  const shape = checkShape(
    m.map((length, d) => length * n[d]),
    'kron',
  )
  return reshape(elementwise.multiply(blocks, inside), shape)
}
