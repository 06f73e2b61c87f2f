/** Passes over a whole matrix, from which reductions to two diagonals are made: a change of rank two and a product with a vector in one, so that elements are read once. */

import { kernel } from '@skein/kernel'
import { type Matrix, matrixOf, numbersOf, type Reals, zerosLike } from '../matrix.ts'

const changeAndMultiply = kernel(
  (
    j,
    from: number,
    rows: number,
    a: Reals,
    at: number,
    stride: number,
    p: Reals,
    q: Reals,
    r: Reals,
    t: Reals,
    v: Reals,
    out: Reals,
  ) => {
    const qj = q[from + j]
    const tj = t[from + j]
    let s = 0
    for (let i = 0; i < rows; i++) {
      const x = a[at + i * stride + j] - p[from + i] * qj - r[from + i] * tj
      a[at + i * stride + j] = x
      s += x * v[from + i]
    }
    out[from + j] = s
  },
  { name: 'changeAndMultiply' },
)

const changeAndMultiplyComplex = kernel(
  (
    j,
    from: number,
    rows: number,
    a: Reals,
    at: number,
    stride: number,
    p: Reals,
    q: Reals,
    r: Reals,
    t: Reals,
    v: Reals,
    out: Reals,
  ) => {
    const column = 2 * (from + j)
    const [qr, qi, tr, ti] = [q[column], q[column + 1], t[column], t[column + 1]]
    let re = 0
    let im = 0
    for (let i = 0; i < rows; i++) {
      const row = 2 * (from + i)
      const place = 2 * (at + i * stride + j)
      const x = a[place] - (p[row] * qr + p[row + 1] * qi) - (r[row] * tr + r[row + 1] * ti)
      const y = a[place + 1] - (p[row + 1] * qr - p[row] * qi) - (r[row + 1] * tr - r[row] * ti)
      a[place] = x
      a[place + 1] = y
      re += x * v[row] + y * v[row + 1]
      im += x * v[row + 1] - y * v[row]
    }
    out[column] = re
    out[column + 1] = im
  },
  { name: 'changeAndMultiplyComplex' },
)

/** p·qᵀ + r·tᵀ; of complex numbers p·qᴴ + r·tᴴ */
export interface RankTwo {
  readonly p: Reals
  readonly q: Reals
  readonly r: Reals
  readonly t: Reals
}

/** Rows and columns of A from k on become A − p·qᵀ − r·tᵀ, and `out` Aᵀ·v; of complex numbers conjugated. Vectors are those of the whole matrix, of which elements from k on count. */
export function change(a: Matrix, k: number, { p, q, r, t }: RankTwo, v: Reals, out: Reals) {
  const { array, at, stride, rows, parts } = a
  const n = rows - k
  const work = parts === 2 ? changeAndMultiplyComplex : changeAndMultiply
  if (n > 0) work(n, k, n, array, at + k * (stride + 1), stride, p, q, r, t, v, out)
}

/** Columns that are summed by themselves: lanes. */
const wide = 16

const partialSums = kernel(
  ([i, l], parts: number, a: Reals, at: number, stride: number, u: Reals, from: number, sums: Reals) => {
    let s = 0
    for (let k = 0; k < parts; k++) s += a[at + i * stride + k * 16 + l] * u[from + k * 16 + l]
    sums[i * 16 + l] = s
  },
  { name: 'partialSums' },
)

/** `out` is A·u, of rows from k on, and columns from k on; in A and u zeros follow, up to `paddedStride`. `sums` is room for 16 numbers a row. */
export function multiply({ array, at, stride, rows }: Matrix, k: number, u: Reals, out: Reals, sums: Reals): void {
  const n = rows - k
  if (n <= 0) return
  const from = k & ~(wide - 1)
  const parts = Math.ceil((rows - from) / wide)
  partialSums([n, wide], parts, array, at + k * stride + from, stride, u, from, sums)
  for (let i = 0; i < n; i++) {
    let s = 0
    for (let l = 0; l < wide; l++) s += sums[i * wide + l]
    out[k + i] = s
  }
}

/** The matrix of zeros, its rows as far apart as `multiply` needs them: whole lanes, and a distance that does not send all of them to one place of a cache. */
export const padded = (like: Matrix, rows: number, columns: number): Matrix => {
  const stride = (Math.ceil(columns / wide) * 2 + 1) * 8
  return matrixOf(zerosLike(like, rows, stride).array, rows, columns, 0, stride, like.parts)
}

/** The transpose of what a matrix is when so many rows and columns of the identity are put before it; rows padded. */
export function paddedTranspose(m: Matrix, before = 0): Matrix {
  const { parts } = m
  const t = padded(m, m.columns + before, m.rows + before)
  for (let k = 0; k < before; k++) t.array[k * (t.stride + 1) * parts] = 1
  for (let i = 0; i < m.rows; i++)
    for (let j = 0; j < m.columns; j++)
      for (let p = 0; p < parts; p++)
        t.array[((j + before) * t.stride + i + before) * parts + p] = m.array[(m.at + i * m.stride + j) * parts + p]
  return t
}

/** Rows in another order, without padding. */
export function rowsInOrder(m: Matrix, order: readonly number[]): Matrix {
  const sorted = zerosLike(m, order.length, m.columns)
  const { array, at, columns, stride } = numbersOf(m)
  for (const [k, i] of order.entries())
    sorted.array.set(array.subarray(at + i * stride, at + i * stride + columns), k * columns)
  return sorted
}
