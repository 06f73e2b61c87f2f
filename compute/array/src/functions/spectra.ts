/** Eigenvalues of symmetric and Hermitian matrices, and singular values: the last two axes are matrices, those in front a batch. Of float32, float64, complex64 and complex128; integers become float64. */

import { providerOf } from '../linalg/choose.ts'
import type { Matrix } from '../linalg/matrix.ts'
import type { Extent, Vectors } from '../linalg/provider.ts'
import type { NDArray } from '../ndarray.ts'
import { sizeOf } from '../shape.ts'
import { bringNearOne, endless, made, mirror, put, realOf, reshapeOf, Stack, squares } from './matrices.ts'
import { type Operand, toArray } from './operands.ts'
import { matrixTranspose } from './shaping.ts'

export interface EighOptions {
  /** The triangle above the diagonal is read; else the one below. Default false */
  upper?: boolean
}

/**
 * Eigenvalues of symmetric matrices, or Hermitian ones, ascending, and orthonormal eigenvectors, the columns of a matrix: A·Z = Z·diag(w). Only one triangle of A is read.
 * @param x of shape [..., n, n]
 * @returns `eigenvalues` [..., n], real; `eigenvectors` [..., n, n], of the dtype of A
 * @throws ShapeError if it is not square; LinearAlgebraError for NaN or infinity, or if the iteration does not end
 */
export function eigh(x: Operand, options: EighOptions = {}): { eigenvalues: NDArray; eigenvectors: NDArray } {
  const stack = squares(x, 'eigh')
  const vectors = made(stack.dtype, stack.batch, stack.rows, stack.rows)
  const eigenvalues = symmetric(stack, 'eigh', options, vectors.matrices)
  // Each row is a vector.
  return { eigenvalues, eigenvectors: matrixTranspose(vectors.array) }
}

/**
 * Eigenvalues alone.
 * @param x of shape [..., n, n]
 * @returns [..., n], ascending
 * @throws as `eigh`
 */
export const eigvalsh = (x: Operand, options: EighOptions = {}): NDArray =>
  symmetric(squares(x, 'eigvalsh'), 'eigvalsh', options)

function symmetric(stack: Stack, call: string, { upper = false }: EighOptions, vectors?: Matrix[]): NDArray {
  const n = stack.rows
  const Reals = stack.elements.constructor as Float64ArrayConstructor
  const values = new Reals(sizeOf(stack.batch) * n)
  let k = 0
  for (const matrix of stack) {
    mirror(matrix, upper)
    const scale = bringNearOne(matrix, call)
    const found = providerOf('symmetricEigen', n, matrix.parts).symmetricEigen(matrix, vectors !== undefined)
    if (found === undefined) throw endless(call)
    for (let i = 0; i < n; i++) values[k * n + i] = found.values[i] * scale
    if (vectors !== undefined && found.vectors !== undefined) put(found.vectors, vectors[k])
    k++
  }
  stack.release()
  return reshapeOf(values, [...stack.batch, n], realOf(stack.dtype))
}

export interface SvdOptions {
  /** U and Vᵀ are square; else they have as many columns and rows as there are singular values. Default true */
  fullMatrices?: boolean
}

/**
 * A = U·diag(s)·Vᵀ, of complex numbers Vᴴ, with orthonormal columns of U, and rows of Vᵀ, and singular values in descending order.
 * @param x of shape [..., m, n]; k is the smaller of m and n
 * @returns `u` [..., m, m] or [..., m, k], `s` [..., k], which is real, `vh` [..., n, n] or [..., k, n], of the dtype of A
 * @throws LinearAlgebraError for NaN or infinity, or if the iteration does not end
 */
export function svd(x: Operand, { fullMatrices = true }: SvdOptions = {}): { u: NDArray; s: NDArray; vh: NDArray } {
  const stack = new Stack(toArray(x, 'svd'), 'svd')
  const { rows: m, columns: n, dtype, batch } = stack
  const rank = Math.min(m, n)
  const u = made(dtype, batch, m, fullMatrices ? m : rank, 'unset')
  const vh = made(dtype, batch, fullMatrices ? n : rank, n, 'unset')
  const rooms = u.matrices.map((matrix, k) => ({ u: matrix, vt: vh.matrices[k] }))
  const s = singular(stack, 'svd', fullMatrices ? 'full' : 'reduced', rooms)
  return { u: u.array, s, vh: vh.array }
}

/**
 * Singular values alone.
 * @param x of shape [..., m, n]
 * @returns [..., min(m, n)], descending
 * @throws as `svd`
 */
export const svdvals = (x: Operand): NDArray =>
  singular(new Stack(toArray(x, 'svdvals'), 'svdvals'), 'svdvals', 'values')

function singular(stack: Stack, call: string, extent: Extent, rooms?: readonly Vectors[]): NDArray {
  const rank = Math.min(stack.rows, stack.columns)
  const Reals = stack.elements.constructor as Float64ArrayConstructor
  const values = new Reals(sizeOf(stack.batch) * rank)
  let k = 0
  for (const matrix of stack) {
    const scale = bringNearOne(matrix, call)
    const found = providerOf('singularValues', rank, matrix.parts).singularValues(matrix, extent, rooms?.[k])
    if (found === undefined) throw endless(call)
    for (let i = 0; i < rank; i++) values[k * rank + i] = found.values[i] * scale
    const room = rooms?.[k]
    if (room !== undefined && found.u !== undefined && found.vt !== undefined && found.u !== room.u) {
      put(found.u, room.u)
      put(found.vt, room.vt)
    }
    k++
  }
  stack.release()
  return reshapeOf(values, [...stack.batch, rank], realOf(stack.dtype))
}
