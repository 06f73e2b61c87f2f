/** Products of vectors and matrices. */

import { ArgumentError } from '@skein/base'
import { isComplex } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import { multiplying } from '../expression/multiply.ts'
import { wholeOf } from '../expression/node.ts'
import { NDArray } from '../ndarray.ts'
import { combinedIn, promote } from '../promotion.ts'
import { broadcastShapes, checkAxis, type Shape } from '../shape.ts'
import { astype } from './astype.ts'
import { dotAtOnce, dotsOfRowsAtOnce, outerAtOnce } from './at-once.ts'
import * as elementwise from './elementwise.ts'
import { type Operand, toArray } from './operands.ts'
import { sum } from './reductions.ts'
import { expandDims, moveaxis, reshape, squeeze } from './shaping.ts'

/** Both in the dtype where they meet. */
export function met(x1: Operand, x2: Operand, call: string): [NDArray, NDArray] {
  const [a, b] = [toArray(x1, call, 'x1'), toArray(x2, call, 'x2')]
  const dtype = promote(a.dtype, b.dtype)
  return [astype(a, dtype, { copy: false }), astype(b, dtype, { copy: false })]
}

/**
 * The product of matrices: of the last two axes, those in front are broadcast. An array of one axis is a row on the left, a column on the
 * right, and has no such axis in the result. Each element is the sum over k in order; on
 * processors that have it by fused multiply-adds, so last bits may differ between machines.
 * @throws ShapeError
 */
export function matmul(x1: Operand, x2: Operand): NDArray {
  const [a, b] = met(x1, x2, 'matmul')
  if (a.ndim === 0 || b.ndim === 0)
    throw new ShapeError('matmul', `takes arrays with axes, not ${shapeText(a.shape)} and ${shapeText(b.shape)}.`, [
      a.shape,
      b.shape,
    ])
  const left = a.ndim === 1 ? expandDims(a, 0) : a
  const right = b.ndim === 1 ? expandDims(b, 1) : b
  const [m, k] = left.shape.slice(-2)
  const [rows, n] = right.shape.slice(-2)
  if (k !== rows)
    throw new ShapeError(
      'matmul',
      `the shapes ${shapeText(a.shape)} and ${shapeText(b.shape)} do not go together: the first has ${k} columns, the second ${rows} rows.`,
      [a.shape, b.shape],
    )
  const batch = broadcastShapes([left.shape.slice(0, -2), right.shape.slice(0, -2)], 'matmul')
  const { dtype } = a
  const [x, y] = [left.node, right.node]
  const through = combinedIn(dtype)
  const product = new NDArray(wholeOf(through, [...batch, m, n], [x, y], () => multiplying(x, y, batch)))
  const found = astype(product, dtype, { copy: false })
  if (a.ndim > 1 && b.ndim > 1) return found
  const gone = [...(a.ndim === 1 ? [-2] : []), ...(b.ndim === 1 ? [-1] : [])]
  return squeeze(found, gone)
}

/** The sum of products along an axis, of which the first factor is conjugated. @throws ShapeError */
export function vecdot(x1: Operand, x2: Operand, { axis = -1 }: { axis?: number } = {}): NDArray {
  const [a, b] = met(x1, x2, 'vecdot')
  const [d, e] = [checkAxis(axis, a.shape, 'vecdot'), checkAxis(axis, b.shape, 'vecdot')]
  if (a.shape[d] !== b.shape[e])
    throw new ShapeError(
      'vecdot',
      `along the axis ${shapeText(a.shape)} has ${a.shape[d]} elements and ${shapeText(b.shape)} has ${b.shape[e]}.`,
      [a.shape, b.shape],
    )
  const small =
    a.ndim === 1 && b.ndim === 1 ? dotAtOnce(a, b) : areRows(a, d, b, e) ? dotsOfRowsAtOnce(a, b) : undefined
  if (small) return small
  const left = isComplex(a.dtype) ? elementwise.conj(a) : a
  return sum(elementwise.multiply(left, b), { axis, dtype: a.dtype })
}

/** Matrices whose rows are multiplied. */
const areRows = (a: NDArray, d: number, b: NDArray, e: number): boolean =>
  a.ndim === 2 && d === 1 && (b.ndim === 1 || (b.ndim === 2 && e === 1 && b.shape[0] === a.shape[0]))

export interface TensordotOptions {
  /** How many axes are summed over, the last of x1 and the first of x2; or the axes of each. Default 2. */
  axes?: number | readonly [readonly number[], readonly number[]]
}

/** The sum of products over axes of both; the others stay, those of x1 first. @throws ShapeError, ArgumentError */
export function tensordot(x1: Operand, x2: Operand, { axes = 2 }: TensordotOptions = {}): NDArray {
  const [a, b] = met(x1, x2, 'tensordot')
  const [from, to] = axesOf(axes, a, b)
  for (const [k, d] of from.entries()) {
    if (a.shape[d] !== b.shape[to[k]])
      throw new ShapeError(
        'tensordot',
        `axis ${d} of ${shapeText(a.shape)} has ${a.shape[d]} elements, axis ${to[k]} of ${shapeText(b.shape)} has ${b.shape[to[k]]}.`,
        [a.shape, b.shape],
      )
  }
  const count = from.length
  const left = moveaxis(
    a,
    from,
    Array.from({ length: count }, (_, k) => a.ndim - count + k),
  )
  const right = moveaxis(
    b,
    to,
    Array.from({ length: count }, (_, k) => k),
  )
  const summed = from.reduce((size, d) => size * a.shape[d], 1)
  const [rows, columns] = [left.shape.slice(0, a.ndim - count), right.shape.slice(count)]
  const size = (shape: Shape) => shape.reduce((p, n) => p * n, 1)
  const product = matmul(reshape(left, [size(rows), summed]), reshape(right, [summed, size(columns)]))
  return reshape(product, [...rows, ...columns])
}

function axesOf(axes: unknown, a: NDArray, b: NDArray): [number[], number[]] {
  if (typeof axes === 'number') {
    if (!Number.isInteger(axes) || axes < 0 || axes > Math.min(a.ndim, b.ndim))
      throw new ArgumentError('tensordot', 'axes', `a whole number from 0 to ${Math.min(a.ndim, b.ndim)}`, axes)
    return [Array.from({ length: axes }, (_, k) => a.ndim - axes + k), Array.from({ length: axes }, (_, k) => k)]
  }
  if (!Array.isArray(axes) || axes.length !== 2 || axes[0].length !== axes[1].length)
    throw new ArgumentError('tensordot', 'axes', 'a number, or two lists of as many axes', axes)
  return [
    axes[0].map((d: number) => checkAxis(d, a.shape, 'tensordot', 'axes[0]')),
    axes[1].map((d: number) => checkAxis(d, b.shape, 'tensordot', 'axes[1]')),
  ]
}

/** All products of an element of the one with one of the other, as a matrix. */
export function outer(x1: Operand, x2: Operand): NDArray {
  const [a, b] = met(x1, x2, 'outer')
  return outerAtOnce(a, b) ?? elementwise.multiply(reshape(a, [-1, 1]), reshape(b, [1, -1]))
}
