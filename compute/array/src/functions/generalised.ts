/** Eigenvalues of two matrices, A·x = λ·B·x, and of one where no other is given. The last two axes are matrices, those in front a batch. */

import { complexOf } from '../dtypes.ts'
import { LinearAlgebraError, ShapeError, shapeText } from '../errors.ts'
import { providerOf } from '../linalg/choose.ts'
import { matrixOf, zerosLike } from '../linalg/matrix.ts'
import { size } from '../linalg/own/complex.ts'
import { normalise } from '../linalg/own/eigen.ts'
import { pencilVectors } from '../linalg/own/pencil-vectors.ts'
import { subtractProduct } from '../linalg/own/products.ts'
import type { NDArray } from '../ndarray.ts'
import { broadcastShapes, sizeOf } from '../shape.ts'
import { adjoint } from './adjoint.ts'
import { astype } from './astype.ts'
import { copied, eig as eigOfOne, scaled, eigvals as valuesOfOne, widened } from './eigen.ts'
import { bringNearOne, endless, made, met, mirror, overElements, put, reshapeOf, squares } from './matrices.ts'
import { type Operand, toArray } from './operands.ts'
import { broadcastTo } from './shaping.ts'
import { type EighOptions, eigh as symmetricEigen, eigvalsh as symmetricValues } from './spectra.ts'
import { solveTriangular } from './systems.ts'

export interface PencilOptions {
  /** B of A·x = λ·B·x, of the shape of A. Default: the identity */
  b?: Operand
}

export interface SymmetricOptions extends EighOptions {
  /** B of A·x = λ·B·x, symmetric or Hermitian and positive definite; one triangle is read, as of A. Default: the identity */
  b?: Operand
}

/**
 * Eigenvalues of symmetric matrices, or Hermitian ones, ascending, and eigenvectors, the columns of a matrix: A·Z = Z·diag(w), ZᴴZ = I; with `b` A·Z = B·Z·diag(w), Zᴴ·B·Z = I. Only one triangle of A, and of B, is read.
 * @param x of shape [..., n, n]
 * @returns `eigenvalues` [..., n], real; `eigenvectors` [..., n, n], of the dtype of A and B
 * @throws ShapeError if it is not square; LinearAlgebraError for NaN or infinity, if B is not positive definite, or if the iteration does not end
 */
export function eigh(x: Operand, options: SymmetricOptions = {}): { eigenvalues: NDArray; eigenvectors: NDArray } {
  if (options.b === undefined) return symmetricEigen(x, options)
  const { c, l } = reduced(x, options.b, options, 'eigh')
  const { eigenvalues, eigenvectors } = symmetricEigen(c)
  return { eigenvalues, eigenvectors: solveTriangular(l, eigenvectors, { adjoint: true }) }
}

/**
 * Eigenvalues alone.
 * @param x of shape [..., n, n]
 * @returns [..., n], ascending
 * @throws as `eigh`
 */
export const eigvalsh = (x: Operand, options: SymmetricOptions = {}): NDArray =>
  options.b === undefined ? symmetricValues(x, options) : symmetricValues(reduced(x, options.b, options, 'eigvalsh').c)

/** L of B = L·Lᴴ, and L⁻¹·A·L⁻ᴴ, which has the same eigenvalues (G. Golub, C. Van Loan, Matrix Computations, 4th ed., 8.7.2). */
function reduced(x: Operand, y: Operand, { upper = false }: EighOptions, call: string): { c: NDArray; l: NDArray } {
  const [a, b] = together(x, y, call)
  const [whole, other] = [squares(a, call), squares(b, call, 'b')]
  for (const matrix of whole) mirror(matrix, upper)
  for (const matrix of other) {
    mirror(matrix, upper)
    const row = providerOf('cholesky', matrix.rows, matrix.parts).cholesky(matrix)
    if (row >= 0)
      throw new LinearAlgebraError(call, `b is not positive definite: the pivot of row ${row} is not positive.`, row)
  }
  const l = adjoint(overElements(other))
  const half = solveTriangular(l, overElements(whole))
  return { c: adjoint(solveTriangular(l, adjoint(half))), l }
}

/** Both in one dtype, with one batch. */
function together(x: Operand, y: Operand, call: string): [NDArray, NDArray] {
  const [a, b] = [toArray(x, call), toArray(y, call, 'b')]
  if (a.ndim < 2 || b.ndim < 2 || String(a.shape.slice(-2)) !== String(b.shape.slice(-2)))
    throw new ShapeError(
      call,
      `b must have matrices of the shape of x's: ${shapeText(a.shape)} and ${shapeText(b.shape)}.`,
      [a.shape, b.shape],
    )
  const dtype = met(a.dtype, b.dtype, call)
  const batch = broadcastShapes([a.shape.slice(0, -2), b.shape.slice(0, -2)], call)
  const [p, q] = [a, b].map(m => broadcastTo(astype(m, dtype, { copy: false }), [...batch, ...m.shape.slice(-2)]))
  return [p, q]
}

/**
 * Eigenvalues and eigenvectors, the columns of a matrix: A·V = V·diag(w), with `b` A·V = B·V·diag(w). Vectors have length 1 and a real element of largest size; those of a matrix that has fewer than n are nearly parallel.
 * With `b` they are found by QZ in complex numbers, of real matrices too, so that conjugates are such but for rounding; where B is singular an eigenvalue is infinite, and where A is, too, in the same direction, NaN.
 * @param x of shape [..., n, n]
 * @returns `eigenvalues` [..., n] in no order, those of one real matrix that are not real beside their conjugates; `eigenvectors` [..., n, n]; complex128, or complex64 of float32 and complex64
 * @throws ShapeError if it is not square; LinearAlgebraError for NaN or infinity, or if the iteration does not end
 */
export function eig(x: Operand, { b }: PencilOptions = {}): { eigenvalues: NDArray; eigenvectors: NDArray } {
  if (b === undefined) return eigOfOne(x)
  const { s, p, z, ratio } = pencil(x, b, 'eig')
  const [batch, n] = [s.batch, s.rows]
  const vectors = made('complex128', batch, n, n)
  const [left, right, basis] = [[...s], [...p], [...z]]
  for (const [k, into] of vectors.matrices.entries()) {
    const [a, other] = [copied(left[k]), copied(right[k])].map(m => m.array as Float64Array)
    const inside = matrixOf(
      pencilVectors(a, other, n).map(v => -v),
      n,
      n,
      0,
      n,
      2,
    )
    // Products are subtracted from zeros.
    const found = zerosLike(inside, n, n)
    subtractProduct(found, { matrix: basis[k] }, { matrix: inside })
    for (let j = 0; j < n; j++) normalise(found, j, false)
    put(found, into)
  }
  const dtype = complexOf(together(x, b, 'eig')[0].dtype)
  return {
    eigenvalues: astype(quotients(s, p, ratio), dtype, { copy: false }),
    eigenvectors: astype(vectors.array, dtype, { copy: false }),
  }
}

/**
 * Eigenvalues alone.
 * @param x of shape [..., n, n]
 * @returns [..., n], as `eig`
 * @throws as `eig`
 */
export function eigvals(x: Operand, { b }: PencilOptions = {}): NDArray {
  if (b === undefined) return valuesOfOne(x)
  const { s, p, ratio } = pencil(x, b, 'eigvals')
  return astype(quotients(s, p, ratio), complexOf(together(x, b, 'eigvals')[0].dtype), { copy: false })
}

/**
 * A = Q·S·Zᴴ and B = Q·P·Zᴴ, Q and Z unitary, S and P triangular, P with a diagonal that is real and not negative. All four are complex, of real matrices too, as SciPy's `qz` with `output='complex'`.
 * @param x A, of shape [..., n, n] @param y B, of the same
 * @returns `aa`, which is S, `bb`, which is P, `q` and `z`; complex128, or complex64 of float32 and complex64
 * @throws ShapeError if it is not square; LinearAlgebraError as `eig`
 */
export function qz(x: Operand, y: Operand): { aa: NDArray; bb: NDArray; q: NDArray; z: NDArray } {
  const { s, p, q, z, scales } = pencil(x, y, 'qz')
  const dtype = complexOf(together(x, y, 'qz')[0].dtype)
  for (const [k, matrix] of [...s].entries()) put(scaled(copied(matrix), scales[k][0]), matrix)
  for (const [k, matrix] of [...p].entries()) put(scaled(copied(matrix), scales[k][1]), matrix)
  const [aa, bb, left, right] = [s, p, q, z].map(stack => astype(overElements(stack), dtype, { copy: false }))
  return { aa, bb, q: left, z: right }
}

/** The forms of each pair of matrices, scaled near 1; by what eigenvalues are to be multiplied then, and both forms. */
function pencil(x: Operand, y: Operand, call: string) {
  const [a, b] = together(x, y, call)
  const [s, p, q, z] = [a, b, a, a].map((m, k) => widened(m, call, k === 1 ? 'b' : 'x', true))
  const [right, left, basis] = [p, q, z].map(stack => [...stack])
  const ratio: number[] = []
  const scales: [number, number][] = []
  for (const [k, matrix] of [...s].entries()) {
    const [m, other] = [copied(matrix), copied(right[k])]
    const [byA, byB] = [bringNearOne(m, call), bringNearOne(other, call)]
    const found = providerOf('qz', m.rows, m.parts).qz(m, other)
    if (found === undefined) throw endless(call)
    put(m, matrix)
    put(other, right[k])
    put(found.q, left[k])
    put(found.z, basis[k])
    ratio.push(byA / byB)
    scales.push([byA, byB])
  }
  return { s, p, q, z, ratio, scales }
}

type Forms = ReturnType<typeof pencil>

function quotients(s: Forms['s'], p: Forms['p'], ratio: readonly number[]): NDArray {
  const n = s.rows
  const values = new Float64Array(2 * n * sizeOf(s.batch))
  const below = [...p]
  let at = 0
  for (const [k, { array, at: from }] of [...s].entries()) {
    for (let i = 0; i < n; i++) {
      const place = 2 * (from + i * (n + 1))
      const beta = below[k].array[2 * (below[k].at + i * (n + 1))]
      const isInfinite = beta === 0
      const isOpen = isInfinite && size(array[place], array[place + 1]) === 0
      values[at++] = isOpen ? Number.NaN : isInfinite ? Infinity : (array[place] / beta) * ratio[k]
      values[at++] = isOpen ? Number.NaN : isInfinite ? 0 : (array[place + 1] / beta) * ratio[k]
    }
  }
  return reshapeOf(values, [...s.batch, n], 'complex128')
}
