/** Systems with matrices of which only a band of diagonals is not zero. The diagonals are the rows of an array, as SciPy has them; axes in front of the last two are a batch. */

import { ArgumentError } from '@skein/base'
import { isComplex } from '../dtypes.ts'
import { DTypeError, LinearAlgebraError, ShapeError, shapeText } from '../errors.ts'
import { type Matrix, matrixOf } from '../linalg/matrix.ts'
import { factorBand, mirrorBand, solveBand, solveFactoredBand } from '../linalg/own/band.ts'
import { Rotations } from '../linalg/own/rotations.ts'
import { diagonalise } from '../linalg/own/symmetric-eigen.ts'
import type { NDArray } from '../ndarray.ts'
import { broadcastShapes } from '../shape.ts'
import { astype } from './astype.ts'
import { zeros } from './creation.ts'
import { concat, stack as stackOf } from './joining.ts'
import { endless, met, overElements, put, reshapeOf, Stack } from './matrices.ts'
import { type Operand, toArray } from './operands.ts'
import { broadcastTo, matrixTranspose, reshape } from './shaping.ts'

/** Bands and right sides in one dtype and batch, both copied; b may be one column. */
function together(x1: Operand, x2: Operand, call: string) {
  const [ab, b] = [toArray(x1, call, 'ab'), toArray(x2, call, 'b')]
  const dtype = met(ab.dtype, b.dtype, call)
  const isVector = b.ndim === 1
  const right = isVector ? reshape(b, [-1, 1]) : b
  if (ab.ndim < 2 || right.ndim < 2 || right.shape[right.ndim - 2] !== ab.shape[ab.ndim - 1])
    throw new ShapeError(
      call,
      `ab must have a column for each row of b: ${shapeText(ab.shape)} and ${shapeText(b.shape)}.`,
      [ab.shape, b.shape],
    )
  const batch = broadcastShapes([ab.shape.slice(0, -2), right.shape.slice(0, -2)], call)
  const [bands, solutions] = [ab, right].map(
    x => new Stack(broadcastTo(astype(x, dtype, { copy: false }), [...batch, ...x.shape.slice(-2)]), call),
  )
  const found = () => {
    const array = overElements(solutions)
    return isVector ? reshape(array, array.shape.slice(0, -1)) : array
  }
  return { bands, columns: solutions[Symbol.iterator](), found }
}

const noPivot = (call: string, column: number) =>
  new LinearAlgebraError(call, `the matrix is singular: there is no pivot in column ${column}.`, column)

/**
 * X of A·X = B, by elimination with partial pivoting.
 * @param bandwidths how many diagonals there are below the main one, and above it
 * @param x1 of shape [..., lower + upper + 1, n], the diagonals from the highest down: element (i, j) of A stands in row upper + i − j, column j
 * @param x2 [n], or [..., n, k]
 * @throws ShapeError; ArgumentError; LinearAlgebraError for a singular matrix
 */
export function solveBanded(bandwidths: readonly [lower: number, upper: number], x1: Operand, x2: Operand): NDArray {
  const call = 'solveBanded'
  const isCount = (x: unknown) => Number.isSafeInteger(x) && (x as number) >= 0
  if (!Array.isArray(bandwidths) || bandwidths.length !== 2 || !bandwidths.every(isCount))
    throw new ArgumentError(call, 'bandwidths', 'two whole numbers from 0', bandwidths)
  const [lower, upper] = bandwidths
  const { bands, columns, found } = together(x1, x2, call)
  if (bands.rows !== lower + upper + 1)
    throw new ShapeError(
      call,
      `ab must have ${lower + upper + 1} rows for ${lower} diagonals below and ${upper} above, not ${bands.rows}.`,
      [[bands.rows, bands.columns]],
    )
  for (const band of bands) {
    const failed = solveBand(band, lower, upper, columns.next().value as Matrix)
    if (failed >= 0) throw noPivot(call, failed)
  }
  return found()
}

/**
 * X of A·X = B where A has three diagonals.
 * @param lower below the main diagonal, of shape [n − 1] @param diagonal [n] @param upper above it, [n − 1] @param b [n], or [n, k]
 * @throws ShapeError; LinearAlgebraError for a singular matrix
 */
export function solveTridiagonal(lower: Operand, diagonal: Operand, upper: Operand, b: Operand): NDArray {
  const call = 'solveTridiagonal'
  const [l, d, u] = [lower, diagonal, upper].map((x, k) => toArray(x, call, ['lower', 'diagonal', 'upper'][k]))
  const n = d.size
  const beside = Math.max(0, n - 1)
  if (d.ndim !== 1 || l.ndim !== 1 || u.ndim !== 1 || l.size !== beside || u.size !== beside)
    throw new ShapeError(
      call,
      `takes diagonals of ${beside}, ${n} and ${beside} elements, not of shapes ${shapeText(l.shape)}, ${shapeText(d.shape)} and ${shapeText(u.shape)}.`,
      [l.shape, d.shape, u.shape],
    )
  const dtype = met(met(l.dtype, d.dtype, call), u.dtype, call)
  const gap = zeros([n > 0 ? 1 : 0], { dtype })
  const rows = [concat([gap, astype(u, dtype)]), astype(d, dtype), concat([astype(l, dtype), gap])]
  return solveBanded([1, 1], stackOf(rows), b)
}

export interface BandedOptions {
  /** The rows are the main diagonal and those below it, from it down; else those above it, the highest first. Default false */
  lower?: boolean
}

function factored(bands: Stack, call: string, lower: boolean, take: (l: Matrix, from: Matrix) => void): void {
  for (const band of bands) {
    const l = lower ? band : mirrorBand(band, true)
    const row = factorBand(l)
    if (row >= 0)
      throw new LinearAlgebraError(
        call,
        `the matrix is not positive definite: the pivot of row ${row} is not positive.`,
        row,
      )
    take(l, band)
  }
}

/**
 * L of A = L·Lᴴ, or U of A = Uᴴ·U, of a symmetric or Hermitian matrix, as bands like the one that is given.
 * @param x of shape [..., diagonals, n]; without `lower` element (i, j) stands in row diagonals − 1 + i − j, column j, else in row i − j
 * @throws ShapeError; LinearAlgebraError if a pivot is not positive
 */
export function choleskyBanded(x: Operand, { lower = false }: BandedOptions = {}): NDArray {
  const bands = new Stack(toArray(x, 'choleskyBanded'), 'choleskyBanded')
  factored(bands, 'choleskyBanded', lower, (l, band) => {
    if (!lower) put(mirrorBand(l, false), band)
  })
  return overElements(bands)
}

/**
 * X of A·X = B where A is symmetric or Hermitian, and positive definite.
 * @param x1 the diagonals of A, as `choleskyBanded` takes them @param x2 [n], or [..., n, k]
 * @throws ShapeError; LinearAlgebraError if a pivot is not positive
 */
export function solvehBanded(x1: Operand, x2: Operand, { lower = false }: BandedOptions = {}): NDArray {
  const { bands, columns, found } = together(x1, x2, 'solvehBanded')
  factored(bands, 'solvehBanded', lower, l => solveFactoredBand(l, columns.next().value as Matrix))
  return found()
}

/**
 * X of A·X = B for the factor that `choleskyBanded` gave.
 * @throws ShapeError
 */
export function choSolveBanded(factor: Operand, x2: Operand, { lower = false }: BandedOptions = {}): NDArray {
  const { bands, columns, found } = together(factor, x2, 'choSolveBanded')
  for (const band of bands) solveFactoredBand(lower ? band : mirrorBand(band, true), columns.next().value as Matrix)
  return found()
}

/**
 * Eigenvalues of a symmetric matrix of three diagonals, ascending, and orthonormal eigenvectors, the columns of a matrix.
 * @param diagonal of shape [n], real @param beside [n − 1], above and below it
 * @throws ShapeError; LinearAlgebraError for NaN or infinity, or if the iteration does not end
 */
export function eighTridiagonal(diagonal: Operand, beside: Operand): { eigenvalues: NDArray; eigenvectors: NDArray } {
  const call = 'eighTridiagonal'
  const [d, e] = [toArray(diagonal, call, 'diagonal'), toArray(beside, call, 'beside')]
  const n = d.size
  if (d.ndim !== 1 || e.ndim !== 1 || e.size !== Math.max(0, n - 1))
    throw new ShapeError(
      call,
      `beside must have one element less than the diagonal: ${shapeText(e.shape)} and ${shapeText(d.shape)}.`,
      [d.shape, e.shape],
    )
  const dtype = met(d.dtype, e.dtype, call)
  if (isComplex(dtype)) throw new DTypeError(call, 'real numbers', [d.dtype, e.dtype], '')
  const [main, off] = [d, e].map(x => astype(x, 'float64').toTypedArray() as Float64Array)
  const bad = [...main, ...off].find(x => !Number.isFinite(x))
  if (bad !== undefined) throw new LinearAlgebraError(call, `the matrix has an element that is ${bad}.`)
  const rows = matrixOf(new Float64Array(n * n), n, n)
  for (let k = 0; k < n; k++) rows.array[k * (n + 1)] = 1
  const rotations = new Rotations(rows)
  if (!diagonalise(main, off, rotations)) throw endless(call)
  rotations.apply()
  const order = [...main.keys()].sort((i, j) => main[i] - main[j])
  const vectors = new Float64Array(n * n)
  for (const [k, i] of order.entries()) vectors.set(rows.array.subarray(i * n, (i + 1) * n), k * n)
  return {
    eigenvalues: astype(reshapeOf(main.sort(), [n], 'float64'), dtype, { copy: false }),
    eigenvectors: matrixTranspose(astype(reshapeOf(vectors, [n, n], 'float64'), dtype, { copy: false })),
  }
}
