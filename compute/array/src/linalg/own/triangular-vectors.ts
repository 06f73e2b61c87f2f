/** Eigenvectors of triangular matrices, and of those of Schur's real form, by back-substitution, scaled where they grow, as LAPACK's dtrevc. */

import { divide, size } from './complex.ts'

const ulp = 2 ** -52
const smallest = 2 ** -1022
/** A vector whose elements pass this is scaled. */
const large = 1e100

/** Eigenvalues of the diagonal blocks, as pairs. */
export function eigenvaluesOf(t: Float64Array, n: number): Float64Array {
  const values = new Float64Array(2 * n)
  for (let k = 0; k < n; k++) {
    const own = 2 * (k * n + k)
    values[2 * k] = t[own]
    values[2 * k + 1] = t[own + 1]
    if (k + 1 >= n || !hasBlock(t, n, k)) continue
    const im = Math.sqrt(Math.abs(t[own + 2])) * Math.sqrt(Math.abs(t[own + 2 * n]))
    values.set([t[own], im, t[own], -im], 2 * k)
    k++
  }
  return values
}

/** Whether rows k and k + 1 are a block. */
const hasBlock = (t: Float64Array, n: number, k: number): boolean => t[2 * ((k + 1) * n + k)] !== 0

/** A vector in work. */
interface Vector {
  readonly n: number
  readonly t: Float64Array
  readonly x: Float64Array
  /** Its last element that is not 0. */
  readonly last: number
  readonly re: number
  readonly im: number
  /** What is taken for a difference of eigenvalues that is less. */
  readonly least: number
}

/** @param t rows of n pairs @returns a matrix like it, whose columns are the vectors, not scaled to one length */
export function triangularVectors(t: Float64Array, values: Float64Array, n: number): Float64Array {
  const vectors = new Float64Array(2 * n * n)
  const floor = smallest * (n / ulp)
  for (let k = 0; k < n; k++) {
    const isPair = k + 1 < n && hasBlock(t, n, k)
    const [re, im] = [values[2 * k], values[2 * k + 1]]
    const x = new Float64Array(2 * n)
    const least = Math.max(ulp * (Math.abs(re) + Math.abs(im)), floor)
    const last = isPair ? k + 1 : k
    if (isPair) beginPair(t, n, k, im, x)
    else x[2 * k] = 1
    solve({ n, t, x, last, re, im, least }, k - 1)
    for (let i = 0; i <= last; i++) {
      const place = 2 * (i * n + k)
      vectors[place] = x[2 * i]
      vectors[place + 1] = x[2 * i + 1]
      if (!isPair) continue
      vectors[place + 2] = x[2 * i]
      vectors[place + 3] = -x[2 * i + 1]
    }
    if (isPair) k++
  }
  return vectors
}

/** Of a block and its eigenvalue a + i·ω. */
function beginPair(t: Float64Array, n: number, k: number, omega: number, x: Float64Array): void {
  const [above, below] = [t[2 * (k * n + k + 1)], t[2 * ((k + 1) * n + k)]]
  if (Math.abs(above) >= Math.abs(below)) {
    x[2 * k] = 1
    x[2 * k + 3] = omega / above
  } else {
    x[2 * k] = -omega / below
    x[2 * k + 3] = 1
  }
}

const sum = { re: 0, im: 0 }
const q = { re: 0, im: 0 }

/** Elements from row `from` upwards. */
function solve(vector: Vector, from: number): void {
  const { n, t, x, last, re, im } = vector
  for (let j = from; j >= 0; j--) {
    if (j > 0 && hasBlock(t, n, j - 1)) {
      solveBlock(vector, j - 1)
      j--
    } else {
      addUp(vector, j, j + 1)
      const own = 2 * (j * n + j)
      divideScaled(vector, sum.re, sum.im, t[own] - re, t[own + 1] - im)
      x[2 * j] = q.re
      x[2 * j + 1] = q.im
    }
    const most = Math.max(Math.abs(x[2 * j]), Math.abs(x[2 * j + 1]), Math.abs(x[2 * j + 2]), Math.abs(x[2 * j + 3]))
    if (most > large) for (let i = 2 * j; i < 2 * (last + 1); i++) x[i] /= most
  }
}

/** −Σ t(row, k)·x(k), k from `from` on. */
function addUp({ n, t, x, last }: Vector, row: number, from: number): void {
  let [re, im] = [0, 0]
  for (let k = 2 * from, at = 2 * row * n + k; k <= 2 * last; k += 2, at += 2) {
    re -= t[at] * x[k] - t[at + 1] * x[k + 1]
    im -= t[at] * x[k + 1] + t[at + 1] * x[k]
  }
  sum.re = re
  sum.im = im
}

/** a / b in `q`; where that were too large, all that is known of the vector is scaled before. @returns by what */
function divideScaled({ x, least, last }: Vector, ar: number, ai: number, br: number, bi: number): number {
  if (Math.abs(br) + Math.abs(bi) < least) {
    br = least
    bi = 0
  }
  const [a, b] = [size(ar, ai), size(br, bi)]
  const scale = a > b * large ? (b * large) / a : 1
  if (scale < 1) for (let i = 0; i < 2 * (last + 1); i++) x[i] *= scale
  divide(ar * scale, ai * scale, br, bi, q)
  return scale
}

/** Elements j and j + 1, which are found together: elimination with the larger pivot. */
function solveBlock(vector: Vector, j: number): void {
  const { n, t, x, re, im, least } = vector
  const own = 2 * (j * n + j)
  addUp(vector, j, j + 2)
  const first = [sum.re, sum.im]
  addUp(vector, j + 1, j + 2)
  const second = [sum.re, sum.im]
  const [a, b, c, d] = [t[own] - re, t[own + 2], t[own + 2 * n], t[own + 2 * n + 2] - re]
  // Rows (a − iω, b) and (c, d − iω): the one with the larger first element eliminates the other's.
  const isFirst = size(a, im) >= Math.abs(c)
  const pivot = isFirst
    ? { re: a, im: -im, next: [b, 0], right: first }
    : { re: c, im: 0, next: [d, -im], right: second }
  const other = isFirst
    ? { re: c, im: 0, next: [d, -im], right: second }
    : { re: a, im: -im, next: [b, 0], right: first }
  if (Math.abs(pivot.re) + Math.abs(pivot.im) < least) pivot.re = least
  divide(other.re, other.im, pivot.re, pivot.im, q)
  const [fr, fi] = [q.re, q.im]
  const ur = other.next[0] - (fr * pivot.next[0] - fi * pivot.next[1])
  const ui = other.next[1] - (fr * pivot.next[1] + fi * pivot.next[0])
  const rr = other.right[0] - (fr * pivot.right[0] - fi * pivot.right[1])
  const ri = other.right[1] - (fr * pivot.right[1] + fi * pivot.right[0])
  const scale = divideScaled(vector, rr, ri, ur, ui)
  const [yr, yi] = [q.re, q.im]
  x[2 * j + 2] = yr
  x[2 * j + 3] = yi
  // If the vector was scaled, so is what the pivot's row says.
  const pr = pivot.right[0] * scale - (pivot.next[0] * yr - pivot.next[1] * yi)
  const pi = pivot.right[1] * scale - (pivot.next[0] * yi + pivot.next[1] * yr)
  divideScaled(vector, pr, pi, pivot.re, pivot.im)
  x[2 * j] = q.re
  x[2 * j + 1] = q.im
}
