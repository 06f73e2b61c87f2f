/**
 * Sums and products of floats without any rounding: m 2^e with m as long as it has to be. What results of floating
 * point are held to; quotients are rounded to 320 bits.
 */
import { type Big, big, div, ZERO } from './bigfloat.ts'

/** A complex number whose parts are exact; `im` is 0 of real numbers. */
export interface Exact {
  readonly re: Big
  readonly im: Big
}

export const none: Exact = { re: ZERO, im: ZERO }

/** The value of a finite float, or of a pair of them. */
export const exact = (x: number | { re: number; im: number }): Exact =>
  typeof x === 'number' ? { re: big(x), im: ZERO } : { re: big(x.re), im: big(x.im) }

function addBig(a: Big, b: Big): Big {
  if (a.m === 0n) return b
  if (b.m === 0n) return a
  const [high, low] = a.e < b.e ? [b, a] : [a, b]
  return { m: (high.m << BigInt(high.e - low.e)) + low.m, e: low.e }
}
const multiplyBig = (a: Big, b: Big): Big => (a.m === 0n || b.m === 0n ? ZERO : { m: a.m * b.m, e: a.e + b.e })
const negateBig = (a: Big): Big => ({ m: -a.m, e: a.e })

export const add = (a: Exact, b: Exact): Exact => ({ re: addBig(a.re, b.re), im: addBig(a.im, b.im) })
export const negate = (a: Exact): Exact => ({ re: negateBig(a.re), im: negateBig(a.im) })
export const conjugate = (a: Exact): Exact => ({ re: a.re, im: negateBig(a.im) })
export const subtract = (a: Exact, b: Exact): Exact => add(a, negate(b))
export const multiply = (a: Exact, b: Exact): Exact => ({
  re: addBig(multiplyBig(a.re, b.re), negateBig(multiplyBig(a.im, b.im))),
  im: addBig(multiplyBig(a.re, b.im), multiplyBig(a.im, b.re)),
})
export const sum = (list: readonly Exact[]): Exact => list.reduce(add, none)
export const product = (list: readonly Exact[]): Exact => list.reduce(multiply, exact(1))
export const isZero = (a: Exact): boolean => a.re.m === 0n && a.im.m === 0n

/** a / b, to 320 bits of each part. @throws Error where b is 0 */
export function divide(a: Exact, b: Exact): Exact {
  if (b.im.m === 0n) return { re: div(a.re, b.re), im: div(a.im, b.re) }
  const top = multiply(a, conjugate(b))
  const size = multiply(b, conjugate(b)).re
  return { re: div(top.re, size), im: div(top.im, size) }
}

/** |re| + |im|: the size of a number, to a factor of √2; of a real number its absolute value. */
export const size = (a: Exact): Exact => ({
  re: addBig(a.re.m < 0n ? negateBig(a.re) : a.re, a.im.m < 0n ? negateBig(a.im) : a.im),
  im: ZERO,
})

/** How often a real number goes into another: sizes may be beyond all floats, the ratio is one to 60 bits. 0 / 0 is 0. */
export function ratio(a: Exact, b: Exact): number {
  if (a.re.m === 0n) return 0
  if (b.re.m === 0n) return Infinity
  const { m, e } = div(a.re, b.re)
  const extra = Math.max(0, m.toString(2).length - 62)
  return Number(m >> BigInt(extra)) * 2 ** (e + extra)
}
