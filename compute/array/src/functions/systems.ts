/** Systems of equations, inverses and determinants, by LU with partial pivoting. */

import { LinearAlgebraError, ShapeError, shapeText } from '../errors.ts'
import { providerOf } from '../linalg/choose.ts'
import type { Matrix } from '../linalg/matrix.ts'
import type { LU } from '../linalg/provider.ts'
import type { NDArray } from '../ndarray.ts'
import { promote } from '../promotion.ts'
import { broadcastShapes, sizeOf } from '../shape.ts'
import { astype } from './astype.ts'
import { eye } from './creation.ts'
import { computedIn, overElements, type Real, reshapeOf, Stack, squares } from './matrices.ts'
import { type Operand, toArray } from './operands.ts'
import { broadcastTo, reshape } from './shaping.ts'

const singular = (call: string, { singular: at, line }: Pick<LU, 'singular' | 'line'>): LinearAlgebraError =>
  new LinearAlgebraError(
    call,
    `the matrix is singular: there is no pivot in ${line} ${at}.`,
    at,
    'nd.linalg.lstsq takes it.',
  )

const factored = (a: Matrix): LU => providerOf('lu', a.rows).lu(a)

/**
 * X of A·X = B. B is one column if it has one axis, else a matrix of columns; axes in front are broadcast.
 * @throws ShapeError; LinearAlgebraError for a singular matrix
 */
export function solve(x1: Operand, x2: Operand): NDArray {
  const [a, b] = [toArray(x1, 'solve', 'x1'), toArray(x2, 'solve', 'x2')]
  const dtype = promote(computedIn(a.dtype, 'solve'), computedIn(b.dtype, 'solve')) as Real
  const isVector = b.ndim === 1
  const right = isVector ? reshape(b, [-1, 1]) : b
  const n = a.shape[a.ndim - 1]
  if (a.ndim >= 2 && right.shape[right.ndim - 2] !== n)
    throw new ShapeError(
      'solve',
      `${shapeText(a.shape)} has ${n} columns, ${shapeText(b.shape)} has ${right.shape[right.ndim - 2]} rows.`,
      [a.shape, b.shape],
    )
  const batch = broadcastShapes([a.shape.slice(0, -2), right.shape.slice(0, -2)], 'solve')
  const factors = squares(
    astype(broadcastTo(a, [...batch, ...a.shape.slice(-2)]), dtype, { copy: false }),
    'solve',
    'x1',
  )
  const solutions = new Stack(
    astype(broadcastTo(right, [...batch, ...right.shape.slice(-2)]), dtype, { copy: false }),
    'solve',
  )
  const columns = solutions[Symbol.iterator]()
  for (const matrix of factors) {
    const lu = factored(matrix)
    if (lu.singular >= 0) throw singular('solve', lu)
    lu.solve(columns.next().value as Matrix)
  }
  const found = overElements(solutions)
  return isVector ? reshape(found, [...batch, n]) : found
}

/** A⁻¹. @throws ShapeError; LinearAlgebraError for a singular matrix */
export function inv(x: Operand): NDArray {
  const array = toArray(x, 'inv')
  const stack = squares(array, 'inv')
  const inverse = new Stack(broadcastTo(eye(stack.rows, stack.rows, { dtype: stack.dtype }), array.shape), 'inv')
  const columns = inverse[Symbol.iterator]()
  for (const matrix of stack) {
    const lu = factored(matrix)
    if (lu.singular >= 0) throw singular('inv', lu)
    lu.solve(columns.next().value as Matrix)
  }
  return overElements(inverse)
}

/** Sign and logarithm of the size of determinants; of a singular matrix 0 and −∞. */
export function slogdet(x: Operand): { sign: NDArray; logabsdet: NDArray } {
  const stack = squares(x, 'slogdet')
  const count = sizeOf(stack.batch)
  const Reals = stack.elements.constructor as Float64ArrayConstructor
  const [signs, logs] = [new Reals(count), new Reals(count)]
  let k = 0
  for (const a of stack) {
    const { matrix, pivots } = factored(a)
    let sign = 1
    let log = 0
    for (const [i, pivot] of pivots.entries()) {
      const d = matrix.array[matrix.at + i * (matrix.stride + 1)]
      if (pivot !== i) sign = -sign
      sign *= Math.sign(d)
      log += Math.log(Math.abs(d))
    }
    signs[k] = sign
    logs[k++] = log
  }
  return { sign: reshapeOf(signs, stack.batch, stack.dtype), logabsdet: reshapeOf(logs, stack.batch, stack.dtype) }
}

/** Determinants. */
export function det(x: Operand): NDArray {
  const stack = squares(x, 'det')
  const Reals = stack.elements.constructor as Float64ArrayConstructor
  const found = new Reals(sizeOf(stack.batch))
  let k = 0
  for (const a of stack) {
    const { matrix, pivots } = factored(a)
    let product = 1
    for (const [i, pivot] of pivots.entries())
      product *= (pivot === i ? 1 : -1) * matrix.array[matrix.at + i * (matrix.stride + 1)]
    found[k++] = product
  }
  return reshapeOf(found, stack.batch, stack.dtype)
}

export interface TriangularOptions {
  /** The triangle above the diagonal is that of A; else the one below. Default false */
  upper?: boolean
  /** Ones stand for the diagonal. Default false */
  unit?: boolean
  /** Aᵀ·X = B is solved. Default false */
  transposed?: boolean
}

/** X of A·X = B, for a triangle of A. @throws ShapeError; LinearAlgebraError for a zero on the diagonal */
export function solveTriangular(x1: Operand, x2: Operand, options: TriangularOptions = {}): NDArray {
  const [a, b] = [toArray(x1, 'solveTriangular', 'x1'), toArray(x2, 'solveTriangular', 'x2')]
  const dtype = promote(computedIn(a.dtype, 'solveTriangular'), computedIn(b.dtype, 'solveTriangular')) as Real
  const isVector = b.ndim === 1
  const right = isVector ? reshape(b, [-1, 1]) : b
  const triangles = squares(astype(a, dtype, { copy: false }), 'solveTriangular', 'x1')
  const solutions = new Stack(astype(right, dtype, { copy: false }), 'solveTriangular', 'x2')
  if (solutions.rows !== triangles.rows || String(triangles.batch) !== String(solutions.batch))
    throw new ShapeError(
      'solveTriangular',
      `the shapes ${shapeText(a.shape)} and ${shapeText(b.shape)} do not go together.`,
      [a.shape, b.shape],
    )
  const columns = solutions[Symbol.iterator]()
  for (const matrix of triangles) {
    const { upper = false, unit = false, transposed: isTransposed = false } = options
    for (let i = 0; !unit && i < matrix.rows; i++)
      if (matrix.array[matrix.at + i * (matrix.stride + 1)] === 0)
        throw singular('solveTriangular', { singular: i, line: 'column' })
    const triangle = { matrix, upper, unit, transposed: isTransposed }
    providerOf('solveTriangular', matrix.rows).solveTriangular(triangle, columns.next().value as Matrix)
  }
  const found = overElements(solutions)
  return isVector ? reshape(found, [...triangles.batch, triangles.rows]) : found
}
