/**
 * Transforms of a few points as straight IR: what a pass does to the points of a lane. Primes sum points symmetrically, other numbers are products of two, with
 * twiddles between them that are constants (J. W. Cooley and J. W. Tukey, 1965).
 */

import type { Builder, Value } from '@skein/kernel/compiler'
import { rootOf } from './roots.ts'

export interface Point {
  readonly re: Value
  readonly im: Value
}

const plus = (b: Builder, x: Point, y: Point): Point => ({ re: b.add(x.re, y.re), im: b.add(x.im, y.im) })
const minus = (b: Builder, x: Point, y: Point): Point => ({ re: b.sub(x.re, y.re), im: b.sub(x.im, y.im) })
const constant = (b: Builder, like: Value, value: number): Value =>
  b.const(like.type, like.type === 'f32' ? Math.fround(value) : value)

/** x · y */
export const times = (b: Builder, x: Point, y: Point): Point => ({
  re: b.sub(b.mul(x.re, y.re), b.mul(x.im, y.im)),
  im: b.add(b.mul(x.re, y.im), b.mul(x.im, y.re)),
})

/** x · e^(−2πi·k/n) */
function turned(b: Builder, x: Point, k: number, n: number): Point {
  if (k === 0) return x
  if (4 * k === n) return { re: x.im, im: b.neg(x.re) }
  if (8 * k === n || 8 * k === 3 * n) {
    const half = constant(b, x.re, Math.SQRT1_2)
    const [sum, difference] = [b.add(x.re, x.im), b.sub(x.im, x.re)]
    return 8 * k === n
      ? { re: b.mul(sum, half), im: b.mul(difference, half) }
      : { re: b.mul(difference, half), im: b.neg(b.mul(sum, half)) }
  }
  const [re, im] = rootOf(k, n)
  return times(b, x, { re: constant(b, x.re, re), im: constant(b, x.re, im) })
}

/** The transform of points, forward: Σ x[j]·e^(−2πi·jk/n). */
export function transformOf(b: Builder, x: readonly Point[]): Point[] {
  const n = x.length
  if (n === 1) return [...x]
  if (n === 2) return [plus(b, x[0], x[1]), minus(b, x[0], x[1])]
  let inner = n % 4 === 0 && n > 4 ? 4 : 2
  while (n % inner !== 0) inner++
  return inner === n ? ofPrime(b, x) : ofProduct(b, x, inner)
}

/** As `parts` transforms of every `parts`-th point, and transforms across them. */
function ofProduct(b: Builder, x: readonly Point[], parts: number): Point[] {
  const n = x.length
  const length = n / parts
  const apart = Array.from({ length: parts }, (_, s) =>
    transformOf(
      b,
      Array.from({ length }, (_, j) => x[parts * j + s]),
    ),
  )
  const found: Point[] = []
  for (let k = 0; k < length; k++) {
    const across = transformOf(
      b,
      apart.map((points, s) => turned(b, points[k], s * k, n)),
    )
    for (const [t, point] of across.entries()) found[k + length * t] = point
  }
  return found
}

/** Points k and n − k go with the same cosines, and with sines of opposite signs. */
function ofPrime(b: Builder, x: readonly Point[]): Point[] {
  const n = x.length
  const half = (n - 1) / 2
  const sums = Array.from({ length: half }, (_, k) => plus(b, x[k + 1], x[n - 1 - k]))
  const differences = Array.from({ length: half }, (_, k) => minus(b, x[k + 1], x[n - 1 - k]))
  const found: Point[] = [sums.reduce((sum, point) => plus(b, sum, point), x[0])]
  for (let j = 1; j <= half; j++) {
    let { re, im } = x[0]
    let turn: Point | undefined
    for (let k = 1; k <= half; k++) {
      const [c, s] = rootOf((j * k) % n, n).map(value => constant(b, re, value))
      re = b.add(re, b.mul(sums[k - 1].re, c))
      im = b.add(im, b.mul(sums[k - 1].im, c))
      const term = { re: b.mul(differences[k - 1].re, s), im: b.mul(differences[k - 1].im, s) }
      turn = turn === undefined ? term : plus(b, turn, term)
    }
    // i·s·d, added for j and subtracted for n − j.
    found[j] = { re: b.sub(re, turn!.im), im: b.add(im, turn!.re) }
    found[n - j] = { re: b.add(re, turn!.im), im: b.sub(im, turn!.re) }
  }
  return found
}
