/** Real matrices of two rows in the standard form of Schur's: as LAPACK's dlanv2. */

const epsilon = 2 ** -52

export interface StandardBlock {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
  readonly cosine: number
  readonly sine: number
}

const signOf = (x: number): number => (x < 0 || Object.is(x, -0) ? -1 : 1)

/**
 * The rotation that makes of [[a, b], [c, d]] one with c = 0, or with a = d and b·c < 0, whose eigenvalues are a ± √(b·c). Rows become cosine·row + sine·next and cosine·next − sine·row, columns too.
 */
export function standardise(a: number, b: number, c: number, d: number): StandardBlock {
  if (c === 0) return { a, b, c, d, cosine: 1, sine: 0 }
  if (b === 0) return { a: d, b: -c, c: 0, d: a, cosine: 0, sine: 1 }
  const apart = a - d
  if (apart === 0 && signOf(b) !== signOf(c)) return { a, b, c, d, cosine: 1, sine: 0 }
  const p = 0.5 * apart
  const larger = Math.max(Math.abs(b), Math.abs(c))
  const smaller = Math.min(Math.abs(b), Math.abs(c)) * signOf(b) * signOf(c)
  const scale = Math.max(Math.abs(p), larger)
  const discriminant = (p / scale) * p + (larger / scale) * smaller
  if (discriminant >= 4 * epsilon) {
    // Real eigenvalues.
    const root = Math.sqrt(scale) * Math.sqrt(discriminant)
    const z = p + (p < 0 ? -root : root)
    const tau = Math.hypot(c, z)
    return { a: d + z, b: b - c, c: 0, d: d - (larger / z) * smaller, cosine: z / tau, sine: c / tau }
  }
  // Complex ones, or real ones that are nearly equal: the diagonal is made equal.
  const sigma = b + c
  const tau = Math.hypot(sigma, apart)
  let cosine = Math.sqrt(0.5 * (1 + Math.abs(sigma) / tau))
  let sine = -(p / (tau * cosine)) * signOf(sigma)
  const [aa, bb] = [a * cosine + b * sine, b * cosine - a * sine]
  const [cc, dd] = [c * cosine + d * sine, d * cosine - c * sine]
  const mean = 0.5 * (aa * cosine + cc * sine + (dd * cosine - bb * sine))
  ;[b, c] = [bb * cosine + dd * sine, cc * cosine - aa * sine]
  if (c === 0) return { a: mean, b, c, d: mean, cosine, sine }
  if (b === 0) return { a: mean, b: -c, c: 0, d: mean, cosine: -sine, sine: cosine }
  if (signOf(b) !== signOf(c)) return { a: mean, b, c, d: mean, cosine, sine }
  const [rootOfB, rootOfC] = [Math.sqrt(Math.abs(b)), Math.sqrt(Math.abs(c))]
  const half = signOf(c) * rootOfB * rootOfC
  const inverse = 1 / Math.sqrt(Math.abs(b + c))
  const [turn, lean] = [rootOfB * inverse, rootOfC * inverse]
  ;[cosine, sine] = [cosine * turn - sine * lean, cosine * lean + sine * turn]
  return { a: mean + half, b: b - c, c: 0, d: mean - half, cosine, sine }
}
