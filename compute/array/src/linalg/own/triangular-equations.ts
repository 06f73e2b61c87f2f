/** Linear equations for matrices, with triangular coefficients, column by column (R. Bartels, G. Stewart, Solution of the Matrix Equation AX + XB = C, 1972). Matrices are rows of pairs. */

import { divide } from './complex.ts'

const ulp = 2 ** -52
const smallest = 2 ** -1022

const largest = (h: Float64Array): number => {
  let most = 0
  for (const x of h) most = Math.max(most, Math.abs(x))
  return most
}

const q = { re: 0, im: 0 }

/** Column k of Y, of n rows and `columns` columns, becomes (α·T + β·I)⁻¹ times it. @returns the first row where the sum is nothing beside `least`, −1: none */
function solveColumn(
  t: Float64Array,
  n: number,
  [ar, ai, br, bi]: readonly [number, number, number, number],
  y: Float64Array,
  columns: number,
  k: number,
  least: number,
): number {
  for (let i = n - 1; i >= 0; i--) {
    let [sr, si] = [0, 0]
    for (let j = i + 1; j < n; j++) {
      const [tr, ti] = [t[2 * (i * n + j)], t[2 * (i * n + j) + 1]]
      const [yr, yi] = [y[2 * (j * columns + k)], y[2 * (j * columns + k) + 1]]
      sr += tr * yr - ti * yi
      si += tr * yi + ti * yr
    }
    const own = 2 * (i * n + i)
    const dr = ar * t[own] - ai * t[own + 1] + br
    const di = ar * t[own + 1] + ai * t[own] + bi
    if (Math.abs(dr) + Math.abs(di) <= least) return i
    const at = 2 * (i * columns + k)
    divide(y[at] - (ar * sr - ai * si), y[at + 1] - (ar * si + ai * sr), dr, di, q)
    y[at] = q.re
    y[at + 1] = q.im
  }
  return -1
}

/** Y of R·Y + Y·S = F, in place of F. R has m rows, S n. @returns a row of R whose eigenvalue is that of −S, but for rounding; −1: there is none */
export function solveTriangularSylvester(
  r: Float64Array,
  m: number,
  s: Float64Array,
  n: number,
  f: Float64Array,
): number {
  const least = Math.max(smallest, ulp * Math.max(largest(r), largest(s)))
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < k; j++) subtractColumn(f, m, n, k, j, s[2 * (j * n + k)], s[2 * (j * n + k) + 1])
    const own = 2 * (k * n + k)
    const failed = solveColumn(r, m, [1, 0, s[own], s[own + 1]], f, n, k, least)
    if (failed >= 0) return failed
  }
  return -1
}

/** Column k loses a multiple of column j. */
function subtractColumn(f: Float64Array, m: number, n: number, k: number, j: number, re: number, im: number): void {
  if (re === 0 && im === 0) return
  for (let i = 0; i < m; i++) {
    const [at, from] = [2 * (i * n + k), 2 * (i * n + j)]
    f[at] -= re * f[from] - im * f[from + 1]
    f[at + 1] -= re * f[from + 1] + im * f[from]
  }
}

/** Y of Y − T·Y·Tᴴ = F, in place of F (G. Kitagawa, An Algorithm for Solving the Matrix Equation X = FXF' + S, 1977). @returns as `solveTriangularSylvester`, of eigenvalues whose product with a conjugate is 1 */
export function solveTriangularStein(t: Float64Array, n: number, f: Float64Array): number {
  const least = ulp * Math.max(1, largest(t) ** 2)
  const sums = new Float64Array(2 * n)
  for (let k = n - 1; k >= 0; k--) {
    // f + T·Σ y(j)·conj(t(k, j)), j > k
    sums.fill(0)
    for (let j = k + 1; j < n; j++) {
      const [re, im] = [t[2 * (k * n + j)], -t[2 * (k * n + j) + 1]]
      for (let i = 0; i < n; i++) {
        const [x, y] = [f[2 * (i * n + j)], f[2 * (i * n + j) + 1]]
        sums[2 * i] += re * x - im * y
        sums[2 * i + 1] += re * y + im * x
      }
    }
    for (let i = 0; i < n; i++) {
      const at = 2 * (i * n + k)
      for (let j = i; j < n; j++) {
        const [re, im] = [t[2 * (i * n + j)], t[2 * (i * n + j) + 1]]
        f[at] += re * sums[2 * j] - im * sums[2 * j + 1]
        f[at + 1] += re * sums[2 * j + 1] + im * sums[2 * j]
      }
    }
    const own = 2 * (k * n + k)
    const failed = solveColumn(t, n, [-t[own], t[own + 1], 1, 0], f, n, k, least)
    if (failed >= 0) return failed
  }
  return -1
}
