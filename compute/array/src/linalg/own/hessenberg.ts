/** A = Q·H·Qᴴ, H with zeros below the first diagonal under the main one, by Householder reflections (G. Golub, C. Van Loan, Matrix Computations, 4th ed., 7.4.3). */

import { block, type Matrix, zerosLike } from '../matrix.ts'
import { applyBlock, applyBlockFromRight, formQ, type Reflections, reflectionsOf, reflectPanel } from './qr.ts'

/** H in place of A, of rows and columns from `low` to `high`; the others have been zeros there already. @returns Q without its first row and column, which are those of the identity */
export function reduceToHessenberg(a: Matrix, low = 0, high = a.rows - 1): Reflections {
  const { rows: n, parts } = a
  const inside = Math.max(0, n - 1)
  const vectors = zerosLike(a, inside, inside)
  const taus = new Float64Array(inside * parts)
  for (let k = low; k < high - 1; k++) {
    const length = high - k
    const panel = block(a, k + 1, k, length, 1)
    const triangle = reflectPanel(panel)
    taus.set(triangle.array, k * parts)
    applyBlock(panel, triangle, block(a, k + 1, k + 1, length, n - k - 1), true)
    applyBlockFromRight(panel, triangle, block(a, 0, k + 1, high + 1, length))
    for (let i = 1; i < length; i++) {
      for (let p = 0; p < parts; p++) {
        const place = (panel.at + i * panel.stride) * parts + p
        vectors.array[((k + i) * inside + k) * parts + p] = a.array[place]
        a.array[place] = 0
      }
    }
  }
  return reflectionsOf(vectors, taus)
}

/** Q, of n rows and columns. */
export function formHessenbergQ(reflections: Reflections, n: number): Matrix {
  const inside = formQ(reflections, Math.max(0, n - 1))
  const q = zerosLike(inside, n, n)
  const { parts } = q
  if (n > 0) q.array[0] = 1
  for (let i = 1; i < n; i++)
    q.array.set(inside.array.subarray((i - 1) * (n - 1) * parts, i * (n - 1) * parts), (i * n + 1) * parts)
  return q
}
