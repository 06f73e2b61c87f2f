/**
 * `nd.linalg`: systems of equations and factorisations of matrices, the last two axes of arrays; the axes in front are a batch. Of float32 and float64; integers
 * become float64.
 */

import { ArgumentError } from '@skein/base'
import { isComplex, isFloat } from '../dtypes.ts'
import { LinearAlgebraError, ShapeError, shapeText } from '../errors.ts'
import type { Matrix } from '../linalg/matrix.ts'
import { factorCholesky } from '../linalg/own/cholesky.ts'
import { factorLU, solveLU } from '../linalg/own/lu.ts'
import { factorQR, formQ, upperOf } from '../linalg/own/qr.ts'
import { solveTriangular as solveTriangle } from '../linalg/own/triangular.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { promote } from '../promotion.ts'
import { broadcastShapes, sizeOf } from '../shape.ts'
import { astype, copyOf } from './astype.ts'
import { eye } from './creation.ts'
import * as elementwise from './elementwise.ts'
import { computedIn, made, overElements, type Real, reshapeOf, Stack, squares } from './matrices.ts'
import { type Operand, toArray } from './operands.ts'
import { tensordot as dotOfTensors, vecdot as dotOfVectors, matmul, outer as outerProduct } from './products.ts'
import * as reductions from './reductions.ts'
import { broadcastTo, reshape, matrixTranspose as transposed } from './shaping.ts'

export { matrixTranspose } from './shaping.ts'
export { type EighOptions, eigh, eigvalsh, type SvdOptions, svd, svdvals } from './spectra.ts'
export { dotOfTensors as tensordot, dotOfVectors as vecdot, matmul, outerProduct as outer }

const singular = (call: string, column: number): LinearAlgebraError =>
  new LinearAlgebraError(
    call,
    `the matrix is singular: there is no pivot in column ${column}.`,
    column,
    'nd.linalg.lstsq takes it.',
  )

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
    const { pivots, singular: column } = factorLU(matrix)
    if (column >= 0) throw singular('solve', column)
    solveLU(matrix, pivots, columns.next().value as Matrix)
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
    const { pivots, singular: column } = factorLU(matrix)
    if (column >= 0) throw singular('inv', column)
    solveLU(matrix, pivots, columns.next().value as Matrix)
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
  for (const matrix of stack) {
    const { pivots } = factorLU(matrix)
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
  for (const matrix of stack) {
    const { pivots } = factorLU(matrix)
    let product = 1
    for (const [i, pivot] of pivots.entries())
      product *= (pivot === i ? 1 : -1) * matrix.array[matrix.at + i * (matrix.stride + 1)]
    found[k++] = product
  }
  return reshapeOf(found, stack.batch, stack.dtype)
}

/** L of A = L·Lᵀ, or with `upper` U of A = Uᵀ·U. Only that triangle of A is read. @throws LinearAlgebraError if a pivot is not positive */
export function cholesky(x: Operand, { upper = false }: { upper?: boolean } = {}): NDArray {
  const array = toArray(x, 'cholesky')
  if (array.ndim < 2)
    throw new ShapeError('cholesky', `x must have two axes or more, not the shape ${shapeText(array.shape)}.`, [
      array.shape,
    ])
  const stack = squares(upper ? array : transposed(array), 'cholesky')
  for (const matrix of stack) {
    const row = factorCholesky(matrix)
    if (row >= 0)
      throw new LinearAlgebraError(
        'cholesky',
        `the matrix is not positive definite: the pivot of row ${row} is not positive.`,
        row,
      )
    const { array: elements, at, rows: n } = matrix
    for (let i = 1; i < n; i++) elements.fill(0, at + i * n, at + i * n + i)
  }
  const found = overElements(stack)
  return upper ? found : transposed(found)
}

export interface QROptions {
  /** `reduced`: Q has as many columns as A, at most its rows; `complete`: it is square. */
  mode?: 'reduced' | 'complete'
}

/** Q with orthonormal columns and R, upper triangular, of A = Q·R. */
export function qr(x: Operand, { mode = 'reduced' }: QROptions = {}): { q: NDArray; r: NDArray } {
  if (mode !== 'reduced' && mode !== 'complete') throw new ArgumentError('qr', 'mode', "'reduced' or 'complete'", mode)
  const stack = new Stack(toArray(x, 'qr'), 'qr')
  const { rows, columns, batch, dtype } = stack
  const rank = mode === 'complete' ? rows : Math.min(rows, columns)
  const [q, r] = [made(dtype, batch, rows, rank), made(dtype, batch, rank, columns)]
  let k = 0
  for (const matrix of stack) {
    const reflections = factorQR(matrix)
    q.matrices[k].array.set(formQ(reflections, rank).array, q.matrices[k].at)
    r.matrices[k].array.set(upperOf(matrix, rank).array, r.matrices[k].at)
    k++
  }
  return { q: q.array, r: r.array }
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
      if (matrix.array[matrix.at + i * (matrix.stride + 1)] === 0) throw singular('solveTriangular', i)
    solveTriangle({ matrix, upper, unit, transposed: isTransposed }, columns.next().value as Matrix)
  }
  const found = overElements(solutions)
  return isVector ? reshape(found, [...triangles.batch, triangles.rows]) : found
}

/** The elements of a diagonal of the last two axes, the k-th above the main one. A view. */
export function diagonal(x: Operand, { offset = 0 }: { offset?: number } = {}): NDArray {
  const array = toArray(x, 'diagonal')
  if (array.ndim < 2)
    throw new ShapeError('diagonal', `takes arrays of two axes or more, not of shape ${shapeText(array.shape)}.`, [
      array.shape,
    ])
  const { view } = array
  const [rows, columns] = view.shape.slice(-2)
  const [down, along] = view.strides.slice(-2)
  const [i, j] = offset < 0 ? [-offset, 0] : [0, offset]
  const length = Math.max(0, Math.min(rows - i, columns - j))
  return arrayOf({
    ...view,
    shape: [...view.shape.slice(0, -2), length],
    strides: [...view.strides.slice(0, -2), down + along],
    offset: view.offset + (length > 0 ? i * down + j * along : 0),
  })
}

/** The sum of a diagonal. */
export const trace = (x: Operand, options: { offset?: number } = {}): NDArray =>
  reductions.sum(diagonal(x, options), { axis: -1 })

/** A to a whole power, by squaring; to a negative one of its inverse. */
export function matrixPower(x: Operand, n: number): NDArray {
  const array = toArray(x, 'matrixPower')
  if (!Number.isSafeInteger(n)) throw new ArgumentError('matrixPower', 'n', 'a whole number', n)
  const rows = array.shape[array.ndim - 1]
  if (array.ndim < 2 || array.shape[array.ndim - 2] !== rows)
    throw new ShapeError('matrixPower', `x must be square, not of shape ${shapeText(array.shape)}.`, [array.shape])
  let base = n < 0 ? inv(array) : array
  let power: NDArray | undefined
  for (let left = Math.abs(n); left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power = power === undefined ? base : matmul(power, base).eval()
    if (left > 1) base = matmul(base, base).eval()
  }
  return power ?? copyOf(broadcastTo(eye(rows, rows, { dtype: array.dtype }), array.shape))
}

export interface VectorNormOptions extends reductions.ReductionOptions {
  /** The sum of |x|^ord, to the power 1/ord; Infinity and −Infinity: the largest and smallest |x|; 0: how many are not 0. Default 2 */
  ord?: number
}

/** The norm of vectors along axes. */
export function vectorNorm(x: Operand, { ord = 2, ...options }: VectorNormOptions = {}): NDArray {
  if (typeof ord !== 'number') throw new ArgumentError('vectorNorm', 'ord', 'a number', ord)
  const array = toArray(x, 'vectorNorm')
  const size = elementwise.abs(isFloat(array.dtype) || isComplex(array.dtype) ? array : astype(array, 'float64'))
  if (ord === Infinity) return reductions.max(size, options)
  if (ord === -Infinity) return reductions.min(size, options)
  if (ord === 0) return reductions.sum(astype(elementwise.notEqual(size, 0), size.dtype), options)
  if (ord === 1) return reductions.sum(size, options)
  if (ord === 2) return elementwise.sqrt(reductions.sum(elementwise.square(size), options))
  return elementwise.pow(reductions.sum(elementwise.pow(size, ord), options), 1 / ord)
}
