/** A = Q·B·Pᵀ of a square matrix, B upper bidiagonal, by Householder reflections from both sides (G. Golub, W. Kahan, Calculating the Singular Values and Pseudo-Inverse of a Matrix, 1965). */

import { block, type Matrix, transposed, zerosLike } from '../matrix.ts'
import { type Reflections, reflect, reflectionsOf } from './qr.ts'
import { change, multiply } from './rank-two.ts'

export interface Bidiagonal {
  readonly diagonal: Float64Array
  /** Above the diagonal, one fewer. */
  readonly above: Float64Array
  readonly q: () => Reflections
  /** P without its first row and column, which are those of the identity. */
  readonly p: () => Reflections
}

/** A, whose rows are padded, is overwritten. */
export function reduceToBidiagonal(a: Matrix): Bidiagonal {
  const { array, at, stride, rows: n } = a
  const diagonal = new Float64Array(n)
  const above = new Float64Array(Math.max(0, n - 1))
  const tausOfQ = new Float64Array(n)
  const tausOfP = new Float64Array(Math.max(0, n - 1))
  const [left, right] = [zerosLike(a, n, n), zerosLike(a, n, n)]
  const vector = () => zerosLike(a, 1, stride).array
  const sums = zerosLike(a, n, 16).array
  // What two reflections change is subtracted when the next ones pass: A − v·yᵀ − x·uᵀ.
  const steps = Array.from({ length: 2 }, () => ({ v: vector(), y: vector(), x: vector(), u: vector() }))
  for (let k = 0; k < n; k++) {
    const [last, { v, y, x, u }] = k % 2 === 0 ? [steps[1], steps[0]] : steps
    for (let i = k; i < n; i++) v[i] = array[at + i * stride + k] - last.v[i] * last.y[k] - last.x[i] * last.u[k]
    const tau = reflect(v, 0, k, n)
    tausOfQ[k] = tau
    diagonal[k] = v[k]
    if (k === n - 1) break
    left.array.set(v.subarray(k + 1, n), k * n + k + 1)
    v[k] = 1
    if (tau === 0) v.fill(0, k)
    change(a, k, { p: last.v, q: last.y, r: last.x, t: last.u }, v, y)
    u.fill(0, 0, k + 1)
    for (let j = k + 1; j < n; j++) {
      y[j] *= tau
      u[j] = array[at + k * stride + j] - v[k] * y[j]
    }
    const tauOfRow = reflect(u, 0, k + 1, n)
    tausOfP[k] = tauOfRow
    above[k] = u[k + 1]
    right.array.set(u.subarray(k + 2, n), k * n + k + 2)
    u[k + 1] = 1
    if (tauOfRow === 0) u.fill(0)
    let inner = 0
    for (let j = k + 1; j < n; j++) inner += y[j] * u[j]
    multiply(a, k + 1, u, x, sums)
    for (let i = k + 1; i < n; i++) x[i] = tauOfRow * (x[i] - v[i] * inner)
  }
  const inside = Math.max(0, n - 1)
  return {
    diagonal,
    above,
    q: () => reflectionsOf(transposed(left), tausOfQ),
    p: () => reflectionsOf(block(transposed(right), 1, 0, inside, inside), tausOfP),
  }
}
