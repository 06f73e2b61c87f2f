/** Functions of triangular complex matrices, rows of n pairs. */

import { divide, root, size } from './complex.ts'

const q = { re: 0, im: 0 }
const w = { re: 0, im: 0 }

/** The principal square root (Å. Björck, S. Hammarling, A Schur Method for the Square Root of a Matrix, 1983). @returns undefined if there is none: two eigenvalues are 0, and what joins them is not */
export function triangularRoot(t: Float64Array, n: number): Float64Array | undefined {
  const r = new Float64Array(2 * n * n)
  // Column j of R, one behind the other.
  const column = new Float64Array(2 * n)
  for (let j = 0; j < n; j++) {
    const own = 2 * (j * n + j)
    root(t[own], t[own + 1], q)
    r[own] = q.re
    r[own + 1] = q.im
    for (let i = j - 1; i >= 0; i--) {
      const at = 2 * (i * n + j)
      let re = t[at]
      let im = t[at + 1]
      const row = 2 * i * n
      for (let k = 2 * (i + 1); k < 2 * j; k += 2) {
        re -= r[row + k] * column[k] - r[row + k + 1] * column[k + 1]
        im -= r[row + k] * column[k + 1] + r[row + k + 1] * column[k]
      }
      column[2 * i] = 0
      column[2 * i + 1] = 0
      if (re === 0 && im === 0) continue
      const first = 2 * (i * n + i)
      const [dr, di] = [r[first] + r[own], r[first + 1] + r[own + 1]]
      if (dr === 0 && di === 0) return undefined
      divide(re, im, dr, di, q)
      r[at] = q.re
      r[at + 1] = q.im
      column[2 * i] = q.re
      column[2 * i + 1] = q.im
    }
  }
  return r
}

/** f of a matrix whose eigenvalues differ (B. Parlett, A Recurrence among the Elements of Functions of Triangular Matrices, 1976). @returns the values, and the smallest difference that was divided by */
export function triangularFunction(
  t: Float64Array,
  n: number,
  f: (z: { re: number; im: number }) => number | { re: number; im: number },
): { values: Float64Array; apart: number } {
  const values = new Float64Array(2 * n * n)
  let apart = Infinity
  for (let k = 0; k < n; k++) {
    const own = 2 * (k * n + k)
    const found = f({ re: t[own], im: t[own + 1] })
    values[own] = typeof found === 'number' ? found : found.re
    values[own + 1] = typeof found === 'number' ? 0 : found.im
  }
  for (let d = 1; d < n; d++) {
    for (let i = 0; i + d < n; i++) {
      const j = i + d
      const at = 2 * (i * n + j)
      const [x, y] = [2 * (i * n + i), 2 * (j * n + j)]
      let [re, im] = product(t, at, values[y] - values[x], values[y + 1] - values[x + 1])
      let isJoined = t[at] !== 0 || t[at + 1] !== 0
      for (let k = i + 1; k < j; k++) {
        const [a, b] = [2 * (i * n + k), 2 * (k * n + j)]
        const [pr, pi] = product(t, a, values[b], values[b + 1])
        const [mr, mi] = product(values, a, t[b], t[b + 1])
        re += pr - mr
        im += pi - mi
        isJoined ||= pr !== 0 || pi !== 0 || mr !== 0 || mi !== 0
      }
      // What nothing joins may have equal eigenvalues.
      if (!isJoined) continue
      const [dr, di] = [t[y] - t[x], t[y + 1] - t[x + 1]]
      apart = Math.min(apart, size(dr, di))
      divide(re, im, dr, di, q)
      values[at] = q.re
      values[at + 1] = q.im
    }
  }
  return { values, apart }
}

const product = (h: Float64Array, at: number, re: number, im: number): [number, number] => [
  h[at] * re - h[at + 1] * im,
  h[at] * im + h[at + 1] * re,
]

/** Up to this norm of T − I the approximant below is exact to a rounding (N. Higham, Functions of Matrices, 2008, table 11.1, m = 7). */
const near = 0.264
/** Points and weights of Gauss and Legendre from 0 to 1, of which the partial fractions of the approximant of order 7 are made. */
const points = [0.9491079123427585, 0.7415311855993945, 0.4058451513773972]
const weights = [0.1294849661688697, 0.2797053914892767, 0.3818300505051189]
const nodes = [
  ...points.flatMap((x, k) => [
    { at: (1 - x) / 2, weight: weights[k] / 2 },
    { at: (1 + x) / 2, weight: weights[k] / 2 },
  ]),
  { at: 0.5, weight: 0.4179591836734694 / 2 },
]

/**
 * The principal logarithm of a matrix without a zero on its diagonal, by square roots until it is near the identity (N. Higham, Functions of Matrices, 2008, algorithm 11.9); what is on the diagonal and above it
 * is exact (N. Higham, L. Lin, An Improved Schur–Padé Algorithm for Fractional Powers of a Matrix, 2013).
 */
export function triangularLog(t: Float64Array, n: number): Float64Array {
  let power = t
  let roots = 0
  while (roots < 100 && distance(power, n) > near) {
    power = triangularRoot(power, n) ?? power
    roots++
  }
  const x = power.slice()
  for (let k = 0; k < n; k++) {
    const own = 2 * (k * n + k)
    rootLessOne(t[own], t[own + 1], roots)
    x[own] = q.re
    x[own + 1] = q.im
  }
  const log = new Float64Array(2 * n * n)
  for (const { at, weight } of nodes) addFraction(x, n, at, weight * 2 ** roots, log)
  for (let k = 0; k < n; k++) {
    const own = 2 * (k * n + k)
    log[own] = Math.log(size(t[own], t[own + 1]))
    log[own + 1] = Math.atan2(t[own + 1], t[own])
  }
  for (let k = 0; k + 1 < n; k++) putAbove(t, n, k, log)
  return log
}

/** The 1-norm of T − I. */
function distance(t: Float64Array, n: number): number {
  let most = 0
  for (let j = 0; j < n; j++) {
    let sum = 0
    for (let i = 0; i <= j; i++) sum += size(t[2 * (i * n + j)] - (i === j ? 1 : 0), t[2 * (i * n + j) + 1])
    most = Math.max(most, sum)
  }
  return most
}

/** z^(1/2^roots) − 1 in `q`, without cancellation (A. Al-Mohy, A More Accurate Briggs Method for the Logarithm, 2012). */
function rootLessOne(re: number, im: number, roots: number): void {
  w.re = re
  w.im = im
  let left = roots
  if (left > 0 && (re < 0 || (re === 0 && im !== 0))) {
    root(w.re, w.im, w)
    left--
  }
  const [dr, di] = [w.re - 1, w.im]
  let [pr, pi] = [1, 0]
  for (; left > 0; left--) {
    root(w.re, w.im, w)
    ;[pr, pi] = [pr * (1 + w.re) - pi * w.im, pr * w.im + pi * (1 + w.re)]
  }
  divide(dr, di, pr, pi, q)
}

/** Adds weight·X·(I + at·X)⁻¹. */
function addFraction(x: Float64Array, n: number, at: number, weight: number, sum: Float64Array): void {
  // Y of (I + at·X)·Y = X, row by row from below.
  const y = x.slice()
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) {
      const [re, im] = [at * x[2 * (i * n + k)], at * x[2 * (i * n + k) + 1]]
      for (let j = k; j < n; j++) {
        const from = 2 * (k * n + j)
        const to = 2 * (i * n + j)
        y[to] -= re * y[from] - im * y[from + 1]
        y[to + 1] -= re * y[from + 1] + im * y[from]
      }
    }
    const own = 2 * (i * n + i)
    for (let j = i; j < n; j++) {
      const to = 2 * (i * n + j)
      divide(y[to], y[to + 1], 1 + at * x[own], at * x[own + 1], w)
      y[to] = w.re
      y[to + 1] = w.im
      sum[to] += weight * w.re
      sum[to + 1] += weight * w.im
    }
  }
}

/** The element behind the diagonal of row k: t·(log λ₂ − log λ₁) / (λ₂ − λ₁). */
function putAbove(t: Float64Array, n: number, k: number, log: Float64Array): void {
  const [x, y] = [2 * (k * n + k), 2 * ((k + 1) * n + k + 1)]
  const at = x + 2
  const [dr, di] = [t[y] - t[x], t[y + 1] - t[x + 1]]
  const [sr, si] = [t[y] + t[x], t[y + 1] + t[x + 1]]
  if (dr === 0 && di === 0) divide(t[at], t[at + 1], t[x], t[x + 1], q)
  else {
    let [re, im] = [log[y] - log[x], log[y + 1] - log[x + 1]]
    if (2 * size(dr, di) < size(sr, si)) {
      // 2·artanh(z), z = (λ₂ − λ₁) / (λ₂ + λ₁), and as many turns as logarithms are apart.
      const turns = Math.ceil((im - Math.PI) / (2 * Math.PI))
      divide(dr, di, sr, si, q)
      const [zr, zi] = [q.re, q.im]
      re = 0.5 * Math.log1p((4 * zr) / ((1 - zr) ** 2 + zi * zi))
      im = Math.atan2(2 * zi, 1 - zr * zr - zi * zi) + 2 * Math.PI * turns
    }
    divide(re, im, dr, di, q)
    const [a, b] = [q.re, q.im]
    q.re = t[at] * a - t[at + 1] * b
    q.im = t[at] * b + t[at + 1] * a
  }
  log[at] = q.re
  log[at + 1] = q.im
}
