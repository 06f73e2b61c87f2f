/** A = Q·T·Qᵀ of a symmetric matrix, T tridiagonal, by Householder reflections (G. Golub, C. Van Loan, Matrix Computations, 4th ed., 8.3.1). */

import { block, type Matrix, transposed, zerosLike } from '../matrix.ts'
import { type Reflections, reflect, reflectionsOf } from './qr.ts'
import { change } from './rank-two.ts'

export interface Tridiagonal {
  readonly diagonal: Float64Array
  /** One fewer. */
  readonly beside: Float64Array
  /** Q without its first row and column, which are those of the identity. */
  readonly reflections: Reflections
}

/** A, all of whose elements count, is overwritten. */
export function reduceToTridiagonal(a: Matrix): Tridiagonal {
  const { array, at, stride, rows: n } = a
  const diagonal = new Float64Array(n)
  const beside = new Float64Array(Math.max(0, n - 1))
  const taus = new Float64Array(Math.max(0, n - 1))
  const product = zerosLike(a, 1, n).array
  const vectors = zerosLike(a, n, n)
  // What a reflection changes is subtracted when the next one passes: A − v·wᵀ − w·vᵀ.
  const pairs = Array.from({ length: 2 }, () => ({ v: zerosLike(a, 1, n).array, w: zerosLike(a, 1, n).array }))
  for (let k = 0; k < n; k++) {
    const row = at + k * stride
    const [last, { v, w }] = k % 2 === 0 ? [pairs[1], pairs[0]] : pairs
    diagonal[k] = array[row + k] - 2 * last.v[k] * last.w[k]
    if (k === n - 1) break
    for (let j = k + 1; j < n; j++) v[j] = array[row + j] - last.v[k] * last.w[j] - last.w[k] * last.v[j]
    const tau = reflect(v, 0, k + 1, n)
    taus[k] = tau
    beside[k] = v[k + 1]
    vectors.array.set(v.subarray(k + 2, n), k * n + k + 2)
    v[k + 1] = 1
    if (tau === 0) v.fill(0, k + 1)
    change(a, k + 1, { p: last.v, q: last.w, r: last.w, t: last.v }, v, product)
    // w = τ·A·v − ½·τ²·(vᵀ·A·v)·v
    let s = 0
    for (let i = k + 1; i < n; i++) s += product[i] * v[i]
    const half = 0.5 * tau * tau * s
    for (let i = k + 1; i < n; i++) w[i] = tau * product[i] - half * v[i]
  }
  const below = block(transposed(vectors), 1, 0, Math.max(0, n - 1), Math.max(0, n - 1))
  return { diagonal, beside, reflections: reflectionsOf(below, taus) }
}
