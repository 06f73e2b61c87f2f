/**
 * H = Z·T·Zᵀ of a real Hessenberg matrix by QR steps with two shifts (J. Francis, The QR Transformation, 1961), with the tests for small elements of M. Ahues and F. Tisseur, as LAPACK's dlahqr takes
 * them. T has blocks of one and two rows on its diagonal; those of two rows have equal elements on the diagonal and a pair of complex eigenvalues.
 */

import { standardise } from './standard-block.ts'

const ulp = 2 ** -52
const smallest = 2 ** -1022

export interface Hessenberg {
  readonly n: number
  /** Rows of n numbers; becomes T. */
  readonly h: Float64Array
  /** What is multiplied by Z from the right; without it T is right on its diagonal blocks alone. */
  readonly z?: Float64Array
  /** Rows and columns that are worked on; the others are triangular. */
  readonly low: number
  readonly high: number
}

/** @returns whether it came to an end */
export function realSchur(form: Hessenberg): boolean {
  const { n, h, low, high } = form
  const most = 30 * Math.max(10, n)
  let bottom = high
  while (bottom >= low) {
    let top = low
    let steps = 0
    for (; ; steps++) {
      top = lastSmall(form, bottom)
      if (top > low) h[top * n + top - 1] = 0
      if (top >= bottom - 1) break
      if (steps > most) return false
      const shifts = shiftsOf(form, top, bottom, steps + 1)
      sweep(form, top, bottom, shifts)
    }
    if (top === bottom - 1) split(form, top)
    bottom = top - 1
  }
  return true
}

/** The first row of the block that ends with row `bottom`: the element before it is negligible. */
function lastSmall({ n, h, low, high }: Hessenberg, bottom: number): number {
  const floor = (smallest / ulp) * n
  for (let k = bottom; k > low; k--) {
    const own = k * n + k
    const below = Math.abs(h[own - 1])
    if (below <= floor) return k
    let sum = Math.abs(h[own - n - 1]) + Math.abs(h[own])
    if (sum === 0) {
      if (k - 2 >= low) sum += Math.abs(h[own - n - 2])
      if (k + 1 <= high) sum += Math.abs(h[own + n])
    }
    if (below > ulp * sum) continue
    const above = Math.abs(h[own - n])
    const apart = Math.abs(h[own - n - 1] - h[own])
    const [aa, bb] = [Math.max(Math.abs(h[own]), apart), Math.min(Math.abs(h[own]), apart)]
    const [ab, ba] = [Math.max(below, above), Math.min(below, above)]
    const s = aa + ab
    if (ba * (ab / s) <= Math.max(floor, ulp * (bb * (aa / s)))) return k
  }
  return low
}

interface Shifts {
  readonly re1: number
  readonly im1: number
  readonly re2: number
  readonly im2: number
}

/** Eigenvalues of the last two rows; every tenth time others, for matrices that these do not change. */
function shiftsOf({ n, h }: Hessenberg, top: number, bottom: number, step: number): Shifts {
  const end = bottom * n + bottom
  let [h11, h21, h12, h22] = [h[end - n - 1], h[end - 1], h[end - n], h[end]]
  if (step % 10 === 0) {
    const isLast = step % 20 === 0
    const s = isLast
      ? Math.abs(h[end - 1]) + Math.abs(h[end - n - 2])
      : Math.abs(h[(top + 1) * n + top]) + Math.abs(h[(top + 2) * n + top + 1])
    h11 = 0.75 * s + (isLast ? h[end] : h[top * n + top])
    ;[h12, h21, h22] = [-0.4375 * s, s, h11]
  }
  const s = Math.abs(h11) + Math.abs(h12) + Math.abs(h21) + Math.abs(h22)
  if (s === 0) return { re1: 0, im1: 0, re2: 0, im2: 0 }
  ;[h11, h12, h21, h22] = [h11 / s, h12 / s, h21 / s, h22 / s]
  const mean = (h11 + h22) / 2
  const determinant = (h11 - mean) * (h22 - mean) - h12 * h21
  const root = Math.sqrt(Math.abs(determinant))
  if (determinant >= 0) return { re1: mean * s, im1: root * s, re2: mean * s, im2: -root * s }
  const [a, b] = [mean + root, mean - root]
  const near = (Math.abs(a - h22) <= Math.abs(b - h22) ? a : b) * s
  return { re1: near, im1: 0, re2: near, im2: 0 }
}

const v = new Float64Array(3)

/** The first column of (H − s₁)·(H − s₂), from the row on where elements before it are so small that the step can begin there. */
function beginning({ n, h }: Hessenberg, top: number, bottom: number, { re1, im1, re2, im2 }: Shifts): number {
  for (let m = bottom - 2; ; m--) {
    const own = m * n + m
    const next = own + n + 1
    const s = Math.abs(h[own] - re2) + Math.abs(im2) + Math.abs(h[own + n])
    const below = h[own + n] / s
    v[0] = below * h[own + 1] + (h[own] - re1) * ((h[own] - re2) / s) - im1 * (im2 / s)
    v[1] = below * (h[own] + h[next] - re1 - re2)
    v[2] = below * h[next + n]
    const size = Math.abs(v[0]) + Math.abs(v[1]) + Math.abs(v[2])
    for (let i = 0; i < 3; i++) v[i] /= size
    if (m === top) return m
    const around = Math.abs(h[own - n - 1]) + Math.abs(h[own]) + Math.abs(h[next])
    if (Math.abs(h[own - 1]) * (Math.abs(v[1]) + Math.abs(v[2])) <= ulp * Math.abs(v[0]) * around) return m
  }
}

/** Chases the bulge that two shifts make from top to bottom. */
function sweep(form: Hessenberg, top: number, bottom: number, shifts: Shifts): void {
  const { n, h, z } = form
  const [from, to] = z === undefined ? [top, bottom] : [0, n - 1]
  const first = beginning(form, top, bottom, shifts)
  for (let k = first; k < bottom; k++) {
    const count = Math.min(3, bottom - k + 1)
    if (k > first) for (let i = 0; i < count; i++) v[i] = h[(k + i) * n + k - 1]
    const tau = reflection(count)
    if (k > first) {
      h[k * n + k - 1] = v[0]
      for (let i = 1; i < count; i++) h[(k + i) * n + k - 1] = 0
    } else if (first > top) h[k * n + k - 1] *= 1 - tau
    const [v1, v2] = [v[1], count === 3 ? v[2] : 0]
    turnRows(h, n, k, count, to, tau, v1, v2)
    turnColumns(h, n, k, count, from, Math.min(k + 3, bottom), tau, v1, v2)
    if (z !== undefined) turnColumns(z, n, k, count, 0, n - 1, tau, v1, v2)
  }
}

/** Makes the reflection that leaves of v its first element. @returns τ */
function reflection(count: number): number {
  const most = Math.max(Math.abs(v[1]), count === 3 ? Math.abs(v[2]) : 0)
  if (most === 0) return 0
  const scale = Math.max(most, Math.abs(v[0]))
  let squares = 0
  for (let i = 0; i < count; i++) squares += (v[i] / scale) ** 2
  const norm = scale * Math.sqrt(squares)
  const alpha = v[0]
  const beta = alpha > 0 ? -norm : norm
  for (let i = 1; i < count; i++) v[i] /= alpha - beta
  v[0] = beta
  return (beta - alpha) / beta
}

function turnRows(
  h: Float64Array,
  n: number,
  k: number,
  count: number,
  to: number,
  tau: number,
  v1: number,
  v2: number,
) {
  const [t1, t2] = [tau * v1, tau * v2]
  for (let a = k * n + k, end = k * n + to; a <= end; a++) {
    const b = a + n
    const c = b + n
    if (count === 3) {
      const sum = h[a] + v1 * h[b] + v2 * h[c]
      h[a] -= sum * tau
      h[b] -= sum * t1
      h[c] -= sum * t2
    } else {
      const sum = h[a] + v1 * h[b]
      h[a] -= sum * tau
      h[b] -= sum * t1
    }
  }
}

function turnColumns(
  h: Float64Array,
  n: number,
  k: number,
  count: number,
  from: number,
  to: number,
  tau: number,
  v1: number,
  v2: number,
): void {
  const [t1, t2] = [tau * v1, tau * v2]
  for (let a = from * n + k, end = to * n + k; a <= end; a += n) {
    if (count === 3) {
      const sum = h[a] + v1 * h[a + 1] + v2 * h[a + 2]
      h[a] -= sum * tau
      h[a + 1] -= sum * t1
      h[a + 2] -= sum * t2
    } else {
      const sum = h[a] + v1 * h[a + 1]
      h[a] -= sum * tau
      h[a + 1] -= sum * t1
    }
  }
}

/** A block of two rows: triangular if its eigenvalues are real, else with equal elements on the diagonal. */
export function split({ n, h, z }: Hessenberg, k: number): void {
  const own = k * n + k
  const { a, b, c, d, cosine, sine } = standardise(h[own], h[own + 1], h[own + n], h[own + n + 1])
  h[own] = a
  h[own + 1] = b
  h[own + n] = c
  h[own + n + 1] = d
  if (z === undefined) return
  for (let j = own + 2; j < (k + 1) * n; j++) {
    const [x, y] = [h[j], h[j + n]]
    h[j] = cosine * x + sine * y
    h[j + n] = cosine * y - sine * x
  }
  rotateColumns(h, n, k, k, cosine, sine)
  rotateColumns(z, n, k, n, cosine, sine)
}

function rotateColumns(h: Float64Array, n: number, k: number, rows: number, cosine: number, sine: number): void {
  for (let i = 0, at = k; i < rows; i++, at += n) {
    const [x, y] = [h[at], h[at + 1]]
    h[at] = cosine * x + sine * y
    h[at + 1] = cosine * y - sine * x
  }
}
