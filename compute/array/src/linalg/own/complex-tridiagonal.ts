/** A = Q·T·Qᴴ of a Hermitian matrix, T tridiagonal and real, as `reduceToTridiagonal` does it with real ones. */

import { block, type Matrix, transposed, zerosLike } from '../matrix.ts'
import { reflectComplex } from './complex-reflections.ts'
import { reflectionsOf } from './qr.ts'
import { change } from './rank-two.ts'
import type { Tridiagonal } from './tridiagonal.ts'

/** A, all of whose elements count, is overwritten. */
export function reduceHermitian(a: Matrix): Tridiagonal {
  const { array, at, stride, rows: n } = a
  const diagonal = new Float64Array(n)
  const beside = new Float64Array(Math.max(0, n - 1))
  const taus = new Float64Array(2 * Math.max(0, n - 1))
  const product = zerosLike(a, 1, n).array
  const vectors = zerosLike(a, n, n)
  // What a reflection changes is subtracted when the next one passes: A − v·wᴴ − w·vᴴ.
  const pairs = Array.from({ length: 2 }, () => ({ v: zerosLike(a, 1, n).array, w: zerosLike(a, 1, n).array }))
  for (let k = 0; k < n; k++) {
    const row = 2 * (at + k * stride)
    const [last, { v, w }] = k % 2 === 0 ? [pairs[1], pairs[0]] : pairs
    const [vr, vi, wr, wi] = [last.v[2 * k], last.v[2 * k + 1], last.w[2 * k], last.w[2 * k + 1]]
    diagonal[k] = array[row + 2 * k] - 2 * (vr * wr + vi * wi)
    if (k === n - 1) break
    // The column below is the row, conjugated.
    for (let j = 2 * (k + 1); j < 2 * n; j += 2) {
      v[j] = array[row + j] - (last.v[j] * wr + last.v[j + 1] * wi) - (last.w[j] * vr + last.w[j + 1] * vi)
      v[j + 1] = -array[row + j + 1] - (last.v[j + 1] * wr - last.v[j] * wi) - (last.w[j + 1] * vr - last.w[j] * vi)
    }
    const tau = taus.subarray(2 * k, 2 * k + 2)
    reflectComplex(v, 0, k + 1, n, tau)
    beside[k] = v[2 * (k + 1)]
    vectors.array.set(v.subarray(2 * (k + 2), 2 * n), 2 * (k * n + k + 2))
    v[2 * (k + 1)] = 1
    if (tau[0] === 0 && tau[1] === 0) v.fill(0, 2 * (k + 1))
    change(a, k + 1, { p: last.v, q: last.w, r: last.w, t: last.v }, v, product)
    // w = τ·A·v − ½·|τ|²·(vᴴ·A·v)·v
    let s = 0
    for (let i = 2 * (k + 1); i < 2 * n; i++) s += product[i] * v[i]
    const half = 0.5 * (tau[0] ** 2 + tau[1] ** 2) * s
    for (let i = 2 * (k + 1); i < 2 * n; i += 2) {
      w[i] = tau[0] * product[i] - tau[1] * product[i + 1] - half * v[i]
      w[i + 1] = tau[0] * product[i + 1] + tau[1] * product[i] - half * v[i + 1]
    }
  }
  const below = block(transposed(vectors), 1, 0, Math.max(0, n - 1), Math.max(0, n - 1))
  return { diagonal, beside, reflections: reflectionsOf(below, taus) }
}
