/** Curves of cubics whose slopes depend on neighbours alone: they do not overshoot as splines do. */

import { ArgumentError } from '@skein/base'
import type { Nested } from '../creation.ts'
import type { Operand } from '../operands.ts'
import { hermite, PiecewisePolynomial, type Points, pointsOf } from './pieces.ts'
import type { CurveOptions } from './splines.ts'

/** Slopes of a line, given its steps and the slopes between points. */
type Slopes = (h: Float64Array, m: Float64Array) => Float64Array

function slopesBy({ x, y, n, lines }: Points, rule: Slopes): Float64Array {
  const found = new Float64Array(n * lines)
  const h = Float64Array.from({ length: n - 1 }, (_, k) => x[k + 1] - x[k])
  for (let l = 0; l < lines; l++) {
    const m = h.map((step, k) => (y[(k + 1) * lines + l] - y[k * lines + l]) / step)
    const s = n === 2 ? [m[0], m[0]] : rule(h, m)
    for (let k = 0; k < n; k++) found[k * lines + l] = s[k]
  }
  return found
}

/** By three points, kept from overshooting (C. Moler, Numerical computing with MATLAB, 2004). */
function edgeSlope(h0: number, h1: number, m0: number, m1: number): number {
  const d = ((2 * h0 + h1) * m0 - h0 * m1) / (h0 + h1)
  if (Math.sign(d) !== Math.sign(m0)) return 0
  return Math.sign(m0) !== Math.sign(m1) && Math.abs(d) > 3 * Math.abs(m0) ? 3 * m0 : d
}

const pchip: Slopes = (h, m) => {
  const n = h.length
  const s = new Float64Array(n + 1)
  for (let k = 1; k < n; k++) {
    if (m[k - 1] === 0 || m[k] === 0 || Math.sign(m[k - 1]) !== Math.sign(m[k])) continue
    const [w1, w2] = [2 * h[k] + h[k - 1], h[k] + 2 * h[k - 1]]
    s[k] = (w1 + w2) / (w1 / m[k - 1] + w2 / m[k])
  }
  s[0] = edgeSlope(h[0], h[1], m[0], m[1])
  s[n] = edgeSlope(h[n - 1], h[n - 2], m[n - 1], m[n - 2])
  return s
}

const akima =
  (modified: boolean): Slopes =>
  (h, between) => {
    const n = h.length
    // Two slopes more at each end, on parabolas.
    const m = new Float64Array(n + 4)
    m.set(between, 2)
    m[1] = 2 * m[2] - m[3]
    m[0] = 2 * m[1] - m[2]
    m[n + 2] = 2 * m[n + 1] - m[n]
    m[n + 3] = 2 * m[n + 2] - m[n + 1]
    const s = new Float64Array(n + 1)
    const weight = (a: number, b: number) => Math.abs(b - a) + (modified ? Math.abs(a + b) / 2 : 0)
    const weights = s.map((_, k) => weight(m[k], m[k + 1]) + weight(m[k + 2], m[k + 3]))
    const most = weights.reduce((a, b) => Math.max(a, b), 0)
    for (let k = 0; k <= n; k++) {
      const [f1, f2] = [weight(m[k + 2], m[k + 3]), weight(m[k], m[k + 1])]
      if (weights[k] > 1e-9 * most) s[k] = (f1 * m[k + 1] + f2 * m[k + 2]) / weights[k]
      else s[k] = modified ? 0 : (m[k] + m[k + 3]) / 2
    }
    return s
  }

/** Cubics that rise where points rise and fall where they fall (F. Fritsch, J. Butland, 1984). Parameters are those of `CubicSpline`. */
export class PchipInterpolator extends PiecewisePolynomial {
  constructor(x: Operand | Nested, y: Operand | Nested, { axis = 0, extrapolate = true }: CurveOptions = {}) {
    const points = pointsOf(x, y, axis, 2, 'PchipInterpolator')
    super(...hermite(points, slopesBy(points, pchip), extrapolate))
  }
}

/** H. Akima's cubics (1970), whose slopes depend on five points; `makima` changes them less where points are level. Beyond the points NaN unless `extrapolate` says otherwise. */
export class Akima1DInterpolator extends PiecewisePolynomial {
  constructor(
    x: Operand | Nested,
    y: Operand | Nested,
    { axis = 0, extrapolate = false, method = 'akima' }: CurveOptions & { method?: 'akima' | 'makima' } = {},
  ) {
    if (method !== 'akima' && method !== 'makima')
      throw new ArgumentError('Akima1DInterpolator', 'method', "'akima' or 'makima'", method)
    const points = pointsOf(x, y, axis, 2, 'Akima1DInterpolator')
    super(...hermite(points, slopesBy(points, akima(method === 'makima')), extrapolate))
  }
}
