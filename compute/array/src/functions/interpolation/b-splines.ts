/** Splines of any degree through points, by B-splines (C. de Boor, A practical guide to splines). */

import { ArgumentError } from '@skein/base'
import type { Nested } from '../creation.ts'
import type { Operand } from '../operands.ts'
import { PiecewisePolynomial, type Points, pointsOf } from './pieces.ts'
import type { CurveOptions } from './splines.ts'

/** Knots: the first and last point k + 1 times, between them points (odd k) or their middles (even k) but for those next to the ends. */
function knotsOf(x: Float64Array, k: number): Float64Array {
  const n = x.length
  const middles = k % 2 === 1 ? Array.from(x) : Array.from({ length: n - 1 }, (_, i) => (x[i] + x[i + 1]) / 2)
  const cut = k % 2 === 1 ? (k + 1) / 2 : k / 2
  const end = (v: number) => new Array<number>(k + 1).fill(v)
  return Float64Array.from([...end(x[0]), ...middles.slice(cut, middles.length - cut), ...end(x[n - 1])])
}

/** The k + 1 B-splines that are not 0 in [t[at], t[at + 1]), at v. */
function basisAt(t: Float64Array, k: number, at: number, v: number): Float64Array {
  const b = new Float64Array(k + 1)
  b[0] = 1
  for (let j = 1; j <= k; j++) {
    let saved = 0
    for (let r = 0; r < j; r++) {
      const [right, left] = [t[at + r + 1] - v, v - t[at + 1 - j + r]]
      const part = b[r] / (right + left)
      b[r] = saved + right * part
      saved = left * part
    }
    b[j] = saved
  }
  return b
}

/** Coefficients of the spline through the points: a banded system, which needs no pivots, since no minor of it is negative. */
function coefficientsOf({ x, y, n, lines }: Points, t: Float64Array, k: number): Float64Array {
  const width = 2 * k + 1
  const rows = new Float64Array(n * width)
  for (let i = 0, at = k; i < n; i++) {
    while (at < n - 1 && t[at + 1] <= x[i]) at++
    const b = basisAt(t, k, at, x[i])
    for (let j = 0; j <= k; j++) rows[i * width + (at - k + j) - i + k] = b[j]
  }
  const c = y.slice()
  for (let i = 0; i < n; i++) {
    for (let r = i + 1; r < Math.min(n, i + k + 1); r++) {
      const factor = rows[r * width + i - r + k] / rows[i * width + k]
      if (factor === 0) continue
      for (let j = i; j < Math.min(n, i + k + 1); j++)
        rows[r * width + j - r + k] -= factor * rows[i * width + j - i + k]
      for (let l = 0; l < lines; l++) c[r * lines + l] -= factor * c[i * lines + l]
    }
  }
  for (let i = n - 1; i >= 0; i--)
    for (let l = 0; l < lines; l++) {
      let s = c[i * lines + l]
      for (let j = i + 1; j < Math.min(n, i + k + 1); j++) s -= rows[i * width + j - i + k] * c[j * lines + l]
      c[i * lines + l] = s / rows[i * width + k]
    }
  return c
}

/**
 * The spline of degree k through points, with knots at them but for those next to the ends.
 * @param options.k its degree, up to 9. Default 3. Others are those of `CubicSpline`
 * @throws ShapeError for fewer than k + 1 points; ArgumentError
 */
export function makeInterpSpline(
  x: Operand | Nested,
  y: Operand | Nested,
  { k = 3, axis = 0, extrapolate = true }: CurveOptions & { k?: number } = {},
): PiecewisePolynomial {
  const call = 'makeInterpSpline'
  if (!Number.isSafeInteger(k) || k < 1 || k > 9) throw new ArgumentError(call, 'k', 'a whole number from 1 to 9', k)
  const points = pointsOf(x, y, axis, k + 1, call)
  const { lines, n, shape } = points
  const t = knotsOf(points.x, k)
  const c = coefficientsOf(points, t, k)
  // As polynomials: derivatives at the left end of each piece, of differences of coefficients.
  const breaks = t.slice(k, n + 1)
  const pieces = breaks.length - 1
  const made = new Float64Array((k + 1) * pieces * lines)
  let now = c
  let factorial = 1
  for (let d = 0; d <= k; d++) {
    if (d > 0) {
      factorial *= d
      const degree = k - d + 1
      const next = new Float64Array(now.length)
      for (let i = d; i < n; i++) {
        const reach = t[i + degree] - t[i]
        for (let l = 0; l < lines; l++)
          next[i * lines + l] = reach === 0 ? 0 : (degree * (now[i * lines + l] - now[(i - 1) * lines + l])) / reach
      }
      now = next
    }
    for (let p = 0; p < pieces; p++) {
      const b = basisAt(t, k - d, p + k, t[p + k])
      for (let l = 0; l < lines; l++) {
        let s = 0
        for (let j = 0; j <= k - d; j++) s += b[j] * now[(p + d + j) * lines + l]
        made[((k - d) * pieces + p) * lines + l] = s / factorial
      }
    }
  }
  return new PiecewisePolynomial(breaks, made, k, shape, extrapolate, points.axis)
}
