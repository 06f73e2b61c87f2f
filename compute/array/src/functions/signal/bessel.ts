/** The analog low-pass filter that delays all frequencies alike: its poles are the zeros of the reverse Bessel polynomial (W. E. Thomson, 1949). */

import type { Complex } from '../../dtypes.ts'
import { add, complex, conj, div, mul, scale, size, sub, type Zpk } from './zpk.ts'

/** What is 1: how far low frequencies are delayed, the frequency where a filter of high order has half of its phase, or the one where it is 3 dB down. */
export type BesselNorm = 'phase' | 'delay' | 'mag'

/** Coefficients of θₙ(s), the constant first: (2n − k)! / (2ⁿ⁻ᵏ k! (n − k)!). */
function coefficientsOf(n: number): bigint[] {
  const factorial = (m: number) => Array.from({ length: m }, (_, i) => BigInt(i + 1)).reduce((a, b) => a * b, 1n)
  return Array.from(
    { length: n + 1 },
    (_, k) => factorial(2 * n - k) / (2n ** BigInt(n - k) * factorial(k) * factorial(n - k)),
  )
}

/** All zeros at once (O. Aberth, 1973), as far as floats go. */
function zerosNearly(coefficients: readonly number[]): Complex[] {
  const n = coefficients.length - 1
  const radius = coefficients[0] ** (1 / n)
  // In no symmetry that steps would keep.
  const zeros = Array.from({ length: n }, (_, i) => {
    const angle = (2 * Math.PI * i) / n + 0.4
    return complex(radius * Math.cos(angle), radius * Math.sin(angle))
  })
  for (let step = 0; step < 200; step++) {
    let moved = 0
    for (const [i, z] of zeros.entries()) {
      let [value, slope] = [complex(coefficients[n]), complex(0)]
      for (let k = n - 1; k >= 0; k--) {
        slope = add(mul(slope, z), value)
        value = add(mul(value, z), complex(coefficients[k]))
      }
      const ratio = div(value, slope)
      let others = complex(0)
      for (const [j, other] of zeros.entries()) if (j !== i) others = add(others, div(complex(1), sub(z, other)))
      const by = div(ratio, sub(complex(1), mul(ratio, others)))
      zeros[i] = sub(z, by)
      moved = Math.max(moved, size(by) / size(z))
    }
    if (moved < 1e-14) break
  }
  return zeros
}

/** Bits behind the point of whole numbers that stand for fractions. */
const point = 256n

/** Newton's steps in such numbers: the polynomial's terms cancel, more than floats have digits for. */
function refined(coefficients: readonly bigint[], z: Complex): Complex {
  const one = 1n << point
  const fixed = (x: number) => (BigInt(Math.round(x * 2 ** 40)) << point) >> 40n
  let [x, y] = [fixed(z.re), fixed(z.im)]
  for (let step = 0; step < 6; step++) {
    let [pr, pi, dr, di] = [coefficients[coefficients.length - 1] * one, 0n, 0n, 0n]
    for (let k = coefficients.length - 2; k >= 0; k--) {
      ;[dr, di] = [((dr * x - di * y) >> point) + pr, ((dr * y + di * x) >> point) + pi]
      ;[pr, pi] = [((pr * x - pi * y) >> point) + coefficients[k] * one, (pr * y + pi * x) >> point]
    }
    const length = dr * dr + di * di
    if (length === 0n) break
    x -= ((pr * dr + pi * di) << point) / length
    y -= ((pi * dr - pr * di) << point) / length
  }
  const float = (v: bigint) => Number(v >> (point - 120n)) / 2 ** 120
  return complex(float(x), float(y))
}

/** Where |H| is 1/√2. It falls all the way. */
function cutoffOf(poles: readonly Complex[], k: number): number {
  const gain = (w: number) => poles.reduce((g, p) => g / size(sub(complex(0, w), p)), k)
  let [low, high] = [0, 1]
  while (gain(high) > Math.SQRT1_2) high *= 2
  for (let step = 0; step < 200 && high - low > high * 2 ** -53; step++) {
    const middle = (low + high) / 2
    if (gain(middle) > Math.SQRT1_2) low = middle
    else high = middle
  }
  return (low + high) / 2
}

export function thomson(n: number, norm: BesselNorm): Zpk {
  const exact = coefficientsOf(n)
  const zeros = zerosNearly(exact.map(Number)).sort((a, b) => Math.abs(a.im) - Math.abs(b.im))
  const upper = zeros
    .slice(n % 2)
    .filter(z => z.im > 0)
    .map(z => refined(exact, z))
  // Of an odd number the one nearest to it is on the real axis.
  const real = zeros.slice(0, n % 2).map(z => complex(refined(exact, complex(z.re)).re))
  const p = [...upper, ...real, ...upper.map(conj)]
  const last = Number(exact[0])
  if (norm === 'delay') return { z: [], p, k: last }
  const by = norm === 'phase' ? last ** (-1 / n) : 1 / cutoffOf(p, last)
  return { z: [], p: p.map(x => scale(x, by)), k: norm === 'phase' ? 1 : last * by ** n }
}
