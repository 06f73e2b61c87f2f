/** Ratios of residuals to what rounding may do, as LAPACK's own tests have them. */

import assert from 'node:assert/strict'
import * as nd from '../src/index.ts'

/** Always the same numbers between −1 and 1, in both parts if they are complex. */
export function random(m: number, n: number, seed: number, dtype: nd.DType = 'float64'): nd.NDArray {
  const next = (k: number) => (Math.sin((seed + 1) * 12.9898 + k * 78.233) * 43758.5453) % 1
  const list = Array.from({ length: m * n }, (_, k) =>
    dtype.startsWith('complex') ? { re: next(2 * k), im: next(2 * k + 1) } : next(k),
  )
  const wide = dtype.startsWith('complex') ? 'complex128' : 'float64'
  return nd.astype(nd.asarray(list, { dtype: wide }).reshape([m, n]), dtype)
}

export const identity = (n: number, dtype: nd.DType): nd.NDArray => nd.eye(n, null, { dtype })

/** Aᴴ */
export const adjoint = (x: nd.NDArray): nd.NDArray => (nd.isdtype(x.dtype, 'complex floating') ? nd.conj(x.mT) : x.mT)

/** Of a dtype's parts, if it is complex. */
export const epsilon = (x: nd.NDArray): number =>
  x.dtype === 'float32' || x.dtype === 'complex64' ? 2 ** -23 : 2 ** -52

/** The 1-norm: the largest sum of a column. */
export const norm = (x: nd.NDArray): number =>
  x.size === 0 ? 0 : Number(nd.max(nd.sum(nd.abs(x), { axis: -2 })).item())

/** Fails unless a matrix is small beside a size, for what rounding does to matrices like another. */
export function isSmall(what: string, off: nd.NDArray, size: number, like: nd.NDArray): void {
  const n = Math.max(...like.shape, 1)
  const ratio = norm(off) / ((size === 0 ? 1 : size) * n * epsilon(like))
  assert.ok(ratio < 30, `${what} of [${like.shape}] ${like.dtype}: ${ratio}`)
}

/** Columns, or rows if there are fewer of them, are orthonormal. */
export function isUnitary(what: string, x: nd.NDArray): void {
  const [m, n] = x.shape
  const product = m < n ? nd.matmul(x, adjoint(x)) : nd.matmul(adjoint(x), x)
  isSmall(`${what}: not orthonormal,`, nd.subtract(product, identity(Math.min(m, n), x.dtype)), 1, x)
}
