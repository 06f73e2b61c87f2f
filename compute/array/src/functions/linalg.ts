/**
 * `nd.linalg`: systems of equations and factorisations of matrices, the last two axes of arrays; the axes in front are a batch. Of float32, float64, complex64 and
 * complex128; integers become float64.
 */

import { ArgumentError } from '@skein/base'
import { isComplex, isFloat } from '../dtypes.ts'
import { LinearAlgebraError, ShapeError, shapeText } from '../errors.ts'
import { providerOf } from '../linalg/choose.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { astype, copyOf } from './astype.ts'
import { lengthAtOnce, traceAtOnce } from './at-once.ts'
import { eye } from './creation.ts'
import * as elementwise from './elementwise.ts'
import { overElements, squares } from './matrices.ts'
import { type Operand, toArray } from './operands.ts'
import { tensordot as dotOfTensors, vecdot as dotOfVectors, matmul, outer as outerProduct } from './products.ts'
import * as reductions from './reductions.ts'
import { broadcastTo, matrixTranspose as transposed } from './shaping.ts'
import { inv } from './systems.ts'

export {
  type BandedOptions,
  choleskyBanded,
  choSolveBanded,
  eighTridiagonal,
  solveBanded,
  solvehBanded,
  solveTridiagonal,
} from './bands.ts'
export { orthogonalProcrustes, subspaceAngles } from './between-subspaces.ts'
export { hessenberg, type SchurOptions, type SchurSort, schur } from './eigen.ts'
export { expm } from './expm.ts'
export { choleskySolve, type FactoredOptions, type LUFactors, luFactor, luSolve } from './factored-systems.ts'
export { eig, eigh, eigvals, eigvalsh, type PencilOptions, qz, type SymmetricOptions } from './generalised.ts'
export { type LDLOptions, ldl } from './ldl.ts'
export {
  cond,
  type LeastSquares,
  lstsq,
  type MatrixNormOptions,
  type MatrixOrder,
  matrixNorm,
  matrixRank,
  pinv,
  type RankOptions,
} from './least-squares.ts'
export { solveContinuousLyapunov, solveDiscreteLyapunov, solveSylvester } from './matrix-equations.ts'
export {
  coshm,
  cosm,
  fractionalMatrixPower,
  funm,
  logm,
  sinhm,
  sinm,
  sqrtm,
  tanhm,
  tanm,
} from './matrix-functions.ts'
export { multiDot } from './multi-dot.ts'
export { lq, type OrthogonalOptions, type QROptions, qr, rq } from './orthogonal-factors.ts'
export { type LapackLibrary, lapackLibrary, type ProviderChoice, provider } from './provider.ts'
export { solveContinuousAre, solveDiscreteAre } from './riccati.ts'
export { matrixTranspose } from './shaping.ts'
export {
  blockDiag,
  circulant,
  companion,
  dft,
  hadamard,
  hankel,
  hilbert,
  invhilbert,
  leslie,
  pascal,
  toeplitz,
} from './special-matrices.ts'
export { type SvdOptions, svd, svdvals } from './spectra.ts'
export { lu, nullSpace, orth, polar } from './subspaces.ts'
export { det, inv, slogdet, solve, solveTriangular, type TriangularOptions } from './systems.ts'
export { tensorinv, tensorsolve } from './tensor-equations.ts'
export { cross } from './vector-products.ts'
export { dotOfTensors as tensordot, dotOfVectors as vecdot, matmul, outerProduct as outer }

/** L of A = L·Lᵀ, or with `upper` U of A = Uᵀ·U; of complex numbers Lᴴ and Uᴴ. Only that triangle of A is read. @throws LinearAlgebraError if a pivot is not positive */
export function cholesky(x: Operand, { upper = false }: { upper?: boolean } = {}): NDArray {
  const array = toArray(x, 'cholesky')
  const [rows, columns] = array.shape.slice(-2)
  if (array.ndim < 2 || rows !== columns)
    throw new ShapeError('cholesky', `x must be square, not of shape ${shapeText(array.shape)}.`, [array.shape])
  const stack = squares(upper ? array : transposed(array), 'cholesky')
  for (const matrix of stack) {
    const row = providerOf('cholesky', matrix.rows, matrix.parts).cholesky(matrix)
    if (row >= 0)
      throw new LinearAlgebraError(
        'cholesky',
        `the matrix is not positive definite: the pivot of row ${row} is not positive.`,
        row,
      )
    const { array: elements, at, rows: n, parts } = matrix
    for (let i = 1; i < n; i++) elements.fill(0, (at + i * n) * parts, (at + i * n + i) * parts)
  }
  const found = overElements(stack)
  return upper ? found : transposed(found)
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
export function trace(x: Operand, options: { offset?: number } = {}): NDArray {
  const elements = diagonal(x, options)
  return traceAtOnce(elements) ?? reductions.sum(elements, { axis: -1 })
}

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

/** The norm of vectors along axes. Of order 2 also where squares leave the range of floats, of all of a real array that is there and has up to 8192 elements; of others it is infinite or 0 there, as in NumPy. */
export function vectorNorm(x: Operand, { ord = 2, ...options }: VectorNormOptions = {}): NDArray {
  if (typeof ord !== 'number') throw new ArgumentError('vectorNorm', 'ord', 'a number', ord)
  const array = toArray(x, 'vectorNorm')
  const small = ord === 2 && isOfAll(options, array.ndim) ? lengthAtOnce(array) : undefined
  if (small) return small
  const size = elementwise.abs(isFloat(array.dtype) || isComplex(array.dtype) ? array : astype(array, 'float64'))
  if (ord === Infinity) return reductions.max(size, options)
  if (ord === -Infinity) return reductions.min(size, options)
  if (ord === 0) return reductions.sum(astype(elementwise.notEqual(size, 0), size.dtype), options)
  if (ord === 1) return reductions.sum(size, options)
  if (ord === 2) return elementwise.sqrt(reductions.sum(elementwise.square(size), options))
  return elementwise.pow(reductions.sum(elementwise.pow(size, ord), options), 1 / ord)
}

const isOfAll = ({ axis, keepdims }: reductions.ReductionOptions, ndim: number): boolean =>
  !keepdims && (axis === undefined || axis === null || (ndim === 1 && (axis === 0 || axis === -1)))
