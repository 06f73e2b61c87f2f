/** Passes over a whole matrix, from which reductions to two diagonals are made: a change of rank two and a product with a vector in one, so that elements are read once. */

import { kernel } from '@skein/kernel'
import { onBackend } from '../../expression/plain.ts'
import { type Matrix, matrixOf, numbersOf, type Reals, zerosLike } from '../matrix.ts'

/** Up to so many rows and columns are passed by plain loops: the kernel takes longer to be called. */
const few = 64

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
  if (n <= few && parts === 1) return changeFew(n, k, a, p, q, r, t, v, out)
  const work = onBackend(parts === 2 ? changeAndMultiplyComplex : changeAndMultiply)
  if (n > 0) work(n, k, n, array, at + k * (stride + 1), stride, p, q, r, t, v, out)
}

/** What `changeAndMultiply` does, two rows at a time. */
function changeFew(
  n: number,
  from: number,
  { array: a, at, stride }: Matrix,
  p: Reals,
  q: Reals,
  r: Reals,
  t: Reals,
  v: Reals,
  out: Reals,
): void {
  const end = from + n
  out.fill(0, from, end)
  let i = from
  for (; i < end - 1; i += 2) {
    const row = at + i * stride
    const next = row + stride
    const p0 = p[i]
    const p1 = p[i + 1]
    const r0 = r[i]
    const r1 = r[i + 1]
    const v0 = v[i]
    const v1 = v[i + 1]
    for (let j = from; j < end; j++) {
      const qj = q[j]
      const tj = t[j]
      const x = a[row + j] - p0 * qj - r0 * tj
      const y = a[next + j] - p1 * qj - r1 * tj
      a[row + j] = x
      a[next + j] = y
      out[j] += x * v0 + y * v1
    }
  }
  if (i === end) return
  const row = at + i * stride
  for (let j = from; j < end; j++) {
    const x = a[row + j] - p[i] * q[j] - r[i] * t[j]
    a[row + j] = x
    out[j] += x * v[i]
  }
}

/** What `multiply` does, two rows at a time. */
function multiplyFew(n: number, from: number, { array: a, at, stride }: Matrix, u: Reals, out: Reals): void {
  const end = from + n
  for (let i = from; i < end; i += 2) {
    const row = at + i * stride
    // The last row may be by itself: it is summed twice then.
    const next = i + 1 < end ? row + stride : row
    let s0 = 0
    let s1 = 0
    let s2 = 0
    let s3 = 0
    let j = from
    for (; j < end - 1; j += 2) {
      const x = u[j]
      const y = u[j + 1]
      s0 += a[row + j] * x
      s1 += a[row + j + 1] * y
      s2 += a[next + j] * x
      s3 += a[next + j + 1] * y
    }
    if (j < end) {
      s0 += a[row + j] * u[j]
      s2 += a[next + j] * u[j]
    }
    if (i + 1 < end) out[i + 1] = s2 + s3
    out[i] = s0 + s1
  }
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
export function multiply(a: Matrix, k: number, u: Reals, out: Reals, sums: Reals): void {
  const n = a.rows - k
  if (n <= few) return multiplyFew(n, k, a, u, out)
  const { array, at, stride, rows } = a
  const from = k & ~(wide - 1)
  const parts = Math.ceil((rows - from) / wide)
  onBackend(partialSums)([n, wide], parts, array, at + k * stride + from, stride, u, from, sums)
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
