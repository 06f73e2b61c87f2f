/**
 * Householder reflections of complex vectors, H = I − τ·v·vᴴ, as LAPACK's zlarfg makes them: Hᴴ·x is a real multiple of the first unit vector. Vectors lie one behind the other,
 * as pairs; places count elements.
 */

import type { Reals } from '../matrix.ts'
import { divide } from './complex.ts'

const inverse = { re: 0, im: 0 }

/** Makes the reflection that leaves of a vector only its element j, a real number. τ is written into `tau`; v lies below, its first element 1 unsaid. */
export function reflectComplex(t: Reals, own: number, j: number, m: number, tau: Float64Array): void {
  const first = 2 * (own + j)
  let below = 0
  for (let i = first + 2; i < 2 * (own + m); i++) below = Math.max(below, Math.abs(t[i]))
  const [re, im] = [t[first], t[first + 1]]
  if (below === 0 && im === 0) {
    tau.fill(0)
    return
  }
  // Scaled, so that squares neither overflow nor vanish.
  const most = Math.max(below, Math.abs(re), Math.abs(im))
  let squares = 0
  for (let i = first; i < 2 * (own + m); i++) squares += (t[i] / most) ** 2
  const norm = most * Math.sqrt(squares)
  const beta = re > 0 ? -norm : norm
  tau[0] = (beta - re) / beta
  tau[1] = -im / beta
  // v is x / (α − β): both divided by the largest, of which the inverse could overflow.
  divide(1, 0, (re - beta) / most, im / most, inverse)
  for (let i = first + 2; i < 2 * (own + m); i += 2) {
    const [x, y] = [t[i] / most, t[i + 1] / most]
    t[i] = x * inverse.re - y * inverse.im
    t[i + 1] = x * inverse.im + y * inverse.re
  }
  t[first] = beta
  t[first + 1] = 0
}

/** Another vector becomes Hᴴ times it. */
export function applyComplexReflection(
  t: Reals,
  own: number,
  other: number,
  j: number,
  m: number,
  tau: Float64Array,
): void {
  const by = 2 * (other - own)
  const first = 2 * (own + j)
  let [re, im] = [t[first + by], t[first + by + 1]]
  for (let i = first + 2; i < 2 * (own + m); i += 2) {
    re += t[i] * t[i + by] + t[i + 1] * t[i + by + 1]
    im += t[i] * t[i + by + 1] - t[i + 1] * t[i + by]
  }
  ;[re, im] = [tau[0] * re + tau[1] * im, tau[0] * im - tau[1] * re]
  t[first + by] -= re
  t[first + by + 1] -= im
  for (let i = first + 2; i < 2 * (own + m); i += 2) {
    t[i + by] -= t[i] * re - t[i + 1] * im
    t[i + by + 1] -= t[i] * im + t[i + 1] * re
  }
}

/** The column of T that a reflection adds: −τ·T·Vᴴ·v. */
export function extendComplex(triangle: Reals, t: Reals, j: number, n: number, m: number, tau: Float64Array): void {
  const dots = new Float64Array(2 * j)
  const own = 2 * j * m
  for (let c = 0; c < j; c++) {
    const other = 2 * c * m
    let [re, im] = [t[other + 2 * j], -t[other + 2 * j + 1]]
    for (let i = 2 * (j + 1); i < 2 * m; i += 2) {
      re += t[other + i] * t[own + i] + t[other + i + 1] * t[own + i + 1]
      im += t[other + i] * t[own + i + 1] - t[other + i + 1] * t[own + i]
    }
    dots[2 * c] = re
    dots[2 * c + 1] = im
  }
  for (let r = 0; r < j; r++) {
    let [re, im] = [0, 0]
    for (let c = r; c < j; c++) {
      const [x, y] = [triangle[2 * (r * n + c)], triangle[2 * (r * n + c) + 1]]
      re += x * dots[2 * c] - y * dots[2 * c + 1]
      im += x * dots[2 * c + 1] + y * dots[2 * c]
    }
    triangle[2 * (r * n + j)] = tau[1] * im - tau[0] * re
    triangle[2 * (r * n + j) + 1] = -(tau[0] * im + tau[1] * re)
  }
  triangle[2 * j * (n + 1)] = tau[0]
  triangle[2 * j * (n + 1) + 1] = tau[1]
}
