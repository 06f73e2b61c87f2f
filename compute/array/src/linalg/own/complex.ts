/** Arithmetic of complex numbers that lie in typed arrays as pairs. */

/** Where a result is written, so that loops make no objects. */
export interface Parts {
  re: number
  im: number
}

/** (a + bi) / (c + di), without overflow where the quotient has none (R. Smith, Algorithm 116: Complex Division, 1962). */
export function divide(a: number, b: number, c: number, d: number, into: Parts): void {
  if (d === 0) {
    into.re = a / c
    into.im = b / c
  } else if (Math.abs(c) >= Math.abs(d)) {
    const ratio = d / c
    const scale = c + d * ratio
    into.re = (a + b * ratio) / scale
    into.im = (b - a * ratio) / scale
  } else {
    const ratio = c / d
    const scale = c * ratio + d
    into.re = (a * ratio + b) / scale
    into.im = (b * ratio - a) / scale
  }
}

/** √((a² + b²), where neither is squared if that overflowed or vanished. */
export function size(a: number, b: number): number {
  const squares = a * a + b * b
  return squares > 1e-280 && squares < 1e280 ? Math.sqrt(squares) : Math.hypot(a, b)
}

/** The root whose real part is not negative. */
export function root(a: number, b: number, into: Parts): void {
  if (b === 0) {
    into.re = a > 0 ? Math.sqrt(a) : 0
    into.im = a < 0 ? (Object.is(b, -0) ? -Math.sqrt(-a) : Math.sqrt(-a)) : b
    return
  }
  // Of a quarter of the number, so that sums do not overflow.
  const half = Math.sqrt(Math.abs(a) / 4 + size(a / 4, b / 4)) * Math.SQRT2
  if (a >= 0) {
    into.re = half
    into.im = b / (2 * half)
  } else {
    into.re = Math.abs(b) / (2 * half)
    into.im = b < 0 ? -half : half
  }
}
