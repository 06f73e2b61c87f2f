/** Analog low-pass filters with a cutoff of 1 rad/s: Butterworth's, Chebyshev's two, and elliptic ones. */

import type { Complex } from '../../dtypes.ts'
import { add, complex, conj, div, mul, scale, type Zpk } from './zpk.ts'

const odd = (n: number): number[] => Array.from({ length: n }, (_, k) => 2 * k + 1 - n)
const ratio = (decibels: number) => Math.sqrt(10 ** (decibels / 10) - 1)
const productOf = (list: readonly Complex[]) => list.reduce((a, x) => mul(a, complex(-x.re, -x.im)), complex(1)).re

export const butterworth = (n: number): Zpk => ({
  z: [],
  p: odd(n).map(m => complex(-Math.cos((Math.PI * m) / (2 * n)), -Math.sin((Math.PI * m) / (2 * n)))),
  k: 1,
})

export function chebyshev1(n: number, ripple: number): Zpk {
  const eps = ratio(ripple)
  const mu = Math.asinh(1 / eps) / n
  const p = odd(n).map(m => {
    const angle = (Math.PI * m) / (2 * n)
    return complex(-Math.sinh(mu) * Math.cos(angle), -Math.cosh(mu) * Math.sin(angle))
  })
  return { z: [], p, k: productOf(p) / (n % 2 === 0 ? Math.sqrt(1 + eps * eps) : 1) }
}

export function chebyshev2(n: number, attenuation: number): Zpk {
  const mu = Math.asinh(ratio(attenuation)) / n
  const z = odd(n)
    .filter(m => m !== 0)
    .map(m => complex(0, 1 / Math.sin((m * Math.PI) / (2 * n))))
  const p = odd(n).map(m => {
    const angle = (Math.PI * m) / (2 * n)
    return div(complex(1), complex(-Math.sinh(mu) * Math.cos(angle), -Math.cosh(mu) * Math.sin(angle)))
  })
  return { z, p, k: productOf(p) / productOf(z) }
}

/** The arithmetic-geometric mean. */
function agm(a: number, b: number): number {
  let [x, y] = [a, b]
  for (let k = 0; k < 40 && Math.abs(x - y) > 1e-16 * x; k++) [x, y] = [(x + y) / 2, Math.sqrt(x * y)]
  return x
}

/** Moduli by Landen's transformation, down to nothing. */
function landen(k: number): number[] {
  const found: number[] = []
  for (let v = k; v > 1e-20; ) {
    v = (v / (1 + Math.sqrt((1 - v) * (1 + v)))) ** 2
    found.push(v)
  }
  return found
}

/** cd(uK, k), u complex. */
function cde(u: Complex, moduli: readonly number[]): Complex {
  const [x, y] = [(u.re * Math.PI) / 2, (u.im * Math.PI) / 2]
  let w = complex(Math.cos(x) * Math.cosh(y), -Math.sin(x) * Math.sinh(y))
  for (const v of moduli.toReversed()) w = div(scale(w, 1 + v), add(complex(1), scale(mul(w, w), v)))
  return w
}

/** S. Orfanidis, Lecture notes on elliptic filter design (2006). */
export function elliptic(n: number, ripple: number, attenuation: number): Zpk {
  const [ep, es] = [ratio(ripple), ratio(attenuation)]
  const k1 = ep / es
  // The modulus whose nome is the n-th root of that of k1.
  const q = Math.exp((-Math.PI * agm(1, Math.sqrt((1 - k1) * (1 + k1)))) / agm(1, k1) / n)
  let [above, below] = [1, 1]
  for (let m = 1; m < 30; m++) {
    above += q ** (m * (m + 1))
    below += 2 * q ** (m * m)
  }
  const k = 4 * Math.sqrt(q) * (above / below) ** 2
  const moduli = landen(k)
  // v0 = −j·asn(j/ε, k1)/n
  let y = 1 / ep
  let before = k1
  for (const v of landen(k1)) {
    y = ((y / (1 + Math.sqrt(1 + (y * before) ** 2))) * 2) / (1 + v)
    before = v
  }
  const v0 = (2 / Math.PI) * (Math.asinh(y) / n)
  const [z, p]: [Complex[], Complex[]] = [[], []]
  for (let i = 1; i <= n; i++) {
    const u = (2 * i - 1) / n
    if (2 * i - 1 === n) {
      const real = mul(complex(0, 1), cde(complex(1, -v0), moduli)).re
      p.push(complex(-Math.abs(real)))
    } else if (2 * i - 1 < n) {
      const zero = complex(0, 1 / (k * cde(complex(u), moduli).re))
      const pole = mul(complex(0, 1), cde(complex(u, -v0), moduli))
      z.push(zero, conj(zero))
      p.push(pole, conj(pole))
    }
  }
  const left = p.map(x => complex(-Math.abs(x.re), x.im))
  const gain = productOf(left) / productOf(z)
  return { z, p: left, k: n % 2 === 0 ? gain / Math.sqrt(1 + ep * ep) : gain }
}
