/** Systems of equations whose matrix is factored once, for right sides that come one after the other. The last two axes are matrices, those in front a batch, which are broadcast. */

import { ArgumentError } from '@skein/base'
import { isComplex } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import { providerOf } from '../linalg/choose.ts'
import { conjugate, type Matrix } from '../linalg/matrix.ts'
import { exchangeRows } from '../linalg/own/lu.ts'
import { own } from '../linalg/own/own.ts'
import type { NDArray } from '../ndarray.ts'
import { sizeOf } from '../shape.ts'
import { fromTypedArray } from './creation.ts'
import { overElements, Stack } from './matrices.ts'
import { type Operand, toArray } from './operands.ts'
import { broadcastTo, matrixTranspose } from './shaping.ts'
import { sides, singular, type TriangularOptions, zeroOnDiagonal } from './systems.ts'

/** P·A = L·U. */
export interface LUFactors {
  /** L below the diagonal, without its ones, and U: [..., m, n] */
  readonly lu: NDArray
  /** With which row row k was exchanged, one after the other: [..., min(m, n)], int32 */
  readonly pivots: NDArray
}

/**
 * P·A = L·U with partial pivoting, as `luSolve` takes it. Singular matrices too: U has a zero on its diagonal, then. `lu` gives the three matrices.
 * @param x of shape [..., m, n]
 * @throws ShapeError
 */
export function luFactor(x: Operand): LUFactors {
  const array = toArray(x, 'luFactor')
  const [rows, columns] = array.shape.slice(-2)
  const rank = Math.min(rows, columns)
  const provider = array.ndim > 1 && rows === columns ? providerOf('lu', rank, isComplex(array.dtype) ? 2 : 1) : own
  // LAPACK takes rows for columns.
  const isTurned = provider.name === 'lapack'
  const stack = new Stack(isTurned ? matrixTranspose(array) : array, 'luFactor')
  const pivots = new Int32Array(sizeOf(stack.batch) * rank)
  let k = 0
  for (const matrix of stack) pivots.set(provider.lu(matrix).pivots, rank * k++)
  const lu = overElements(stack)
  return { lu: isTurned ? matrixTranspose(lu) : lu, pivots: fromTypedArray(pivots, [...stack.batch, rank]) }
}

export type FactoredOptions = Pick<TriangularOptions, 'transposed' | 'adjoint'>

/**
 * X of A·X = B, with `transposed` of Aᵀ·X = B, with `adjoint` of Aᴴ·X = B, for what `luFactor` gave of A.
 * @param factors of shapes [..., n, n] and [..., n] @param x2 B: [n], or [..., n, k]
 * @throws ShapeError; DTypeError, ArgumentError for pivots that are no rows; LinearAlgebraError for a singular matrix
 */
export function luSolve(factors: LUFactors, x2: Operand, options: FactoredOptions = {}): NDArray {
  const call = 'luSolve'
  if (typeof factors !== 'object' || factors === null || !('lu' in factors) || !('pivots' in factors))
    throw new ArgumentError(call, 'factors', 'what luFactor gives, { lu, pivots }', factors)
  const { factors: stack, solutions, batch, found } = sides(factors.lu, x2, call, 'factors.lu')
  const exchanges = [...pivotsOf(factors, [...batch, stack.rows])]
  const columns = [...solutions]
  for (const [k, matrix] of [...stack].entries()) {
    const zero = zeroOnDiagonal(matrix)
    if (zero >= 0) throw singular(call, { singular: zero, line: 'column' })
    solveFactored(matrix, exchanges[k], columns[k], options)
  }
  return found()
}

/** Of each matrix of a batch. */
function* pivotsOf({ lu, pivots }: LUFactors, shape: readonly number[]): Generator<Int32Array> {
  const call = 'luSolve'
  const given = toArray(pivots, call, 'factors.pivots')
  if (given.dtype !== 'int32') throw new DTypeError(call, 'pivots of int32', [given.dtype])
  if (String(given.shape) !== String(toArray(lu, call).shape.slice(0, -1)))
    throw new ShapeError(
      call,
      `factors.pivots must have a row for each of factors.lu: ${shapeText(given.shape)} and ${shapeText(lu.shape)}.`,
      [given.shape, lu.shape],
    )
  const n = shape[shape.length - 1]
  const all = broadcastTo(given, shape).toTypedArray() as Int32Array
  const bad = all.find(row => !(row >= 0 && row < n))
  if (bad !== undefined) throw new ArgumentError(call, 'factors.pivots', `rows from 0 to ${n - 1}`, bad)
  for (let k = 0; k < sizeOf(shape.slice(0, -1)); k++) yield all.subarray(k * n, (k + 1) * n)
}

function solveFactored(lu: Matrix, pivots: Int32Array, b: Matrix, { transposed, adjoint }: FactoredOptions): void {
  const { solveTriangular } = providerOf('solveTriangular', lu.rows, lu.parts)
  const isTurned = Boolean(transposed || adjoint)
  if (!isTurned) exchangeRows(b, pivots)
  // The transpose of a triangle is taken conjugated.
  else if (!adjoint) conjugate(lu)
  const l = { matrix: lu, upper: false, unit: true, transposed: isTurned }
  const u = { matrix: lu, upper: true, transposed: isTurned }
  for (const triangle of isTurned ? [u, l] : [l, u]) solveTriangular(triangle, b)
  if (isTurned) exchangeRows(b, pivots, true)
}

/**
 * X of A·X = B for what `cholesky` gave of A, with the same `upper`.
 * @param factor L of A = L·Lᴴ, or with `upper` U of A = Uᴴ·U, of shape [..., n, n]; only that triangle is read @param x2 B: [n], or [..., n, k]
 * @throws ShapeError; LinearAlgebraError for a zero on the diagonal
 */
export function choleskySolve(factor: Operand, x2: Operand, { upper = false }: { upper?: boolean } = {}): NDArray {
  const { factors, solutions, found } = sides(factor, x2, 'choleskySolve', 'factor')
  const columns = [...solutions]
  for (const [k, matrix] of [...factors].entries()) {
    const zero = zeroOnDiagonal(matrix)
    if (zero >= 0) throw singular('choleskySolve', { singular: zero, line: 'column' })
    const { solveTriangular } = providerOf('solveTriangular', matrix.rows, matrix.parts)
    for (const transposed of upper ? [true, false] : [false, true])
      solveTriangular({ matrix, upper, transposed }, columns[k])
  }
  return found()
}
