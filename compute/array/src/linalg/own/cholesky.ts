/** A = Uᵀ·U of a symmetric positive definite matrix, Uᴴ·U of a Hermitian one, in place of its upper triangle, by blocks of rows. */

import { block, type Matrix } from '../matrix.ts'
import { subtractProduct } from './products.ts'
import { solveTriangular } from './triangular.ts'

/** Rows of a block. */
const blockRows = 64

/** @returns the first row whose pivot is not positive, −1 if there is none */
export function factorCholesky(a: Matrix): number {
  const n = a.rows
  for (let k = 0; k < n; k += blockRows) {
    const rows = Math.min(blockRows, n - k)
    const diagonal = block(a, k, k, rows, rows)
    const failed = a.parts === 2 ? factorComplexBlock(diagonal) : factorBlock(diagonal)
    if (failed >= 0) return k + failed
    const after = k + rows
    const beside = block(a, k, after, rows, n - after)
    solveTriangular({ matrix: diagonal, upper: true, transposed: true }, beside)
    // Of what is left the upper triangle alone, in strips.
    const strip = Math.max(blockRows, Math.ceil((n - after) / 8))
    for (let i = after; i < n; i += strip) {
      const height = Math.min(strip, n - i)
      subtractProduct(
        block(a, i, i, height, n - i),
        { matrix: block(a, k, i, rows, height), transposed: true },
        { matrix: block(a, k, i, rows, n - i) },
      )
    }
  }
  return -1
}

function factorBlock({ array, at, rows: n, stride }: Matrix): number {
  for (let k = 0; k < n; k++) {
    const own = at + k * stride
    const pivot = array[own + k]
    if (!(pivot > 0)) return k
    const root = Math.sqrt(pivot)
    for (let j = k; j < n; j++) array[own + j] /= root
    for (let i = k + 1; i < n; i++) {
      const factor = array[own + i]
      const row = at + i * stride
      for (let j = i; j < n; j++) array[row + j] -= factor * array[own + j]
    }
  }
  return -1
}

/** Imaginary parts of the diagonal are not read. */
function factorComplexBlock({ array, at, rows: n, stride }: Matrix): number {
  for (let k = 0; k < n; k++) {
    const own = 2 * (at + k * stride)
    const pivot = array[own + 2 * k]
    if (!(pivot > 0)) return k
    const root = Math.sqrt(pivot)
    array[own + 2 * k + 1] = 0
    for (let j = 2 * k; j < 2 * n; j++) array[own + j] /= root
    for (let i = k + 1; i < n; i++) {
      const [re, im] = [array[own + 2 * i], array[own + 2 * i + 1]]
      const row = 2 * (at + i * stride)
      for (let j = 2 * i; j < 2 * n; j += 2) {
        const [x, y] = [array[own + j], array[own + j + 1]]
        array[row + j] -= re * x + im * y
        array[row + j + 1] -= re * y - im * x
      }
    }
  }
  return -1
}
