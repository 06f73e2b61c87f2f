/** Distributions that reject some of what they draw, and draw again for the same element. */

import type { Uniform } from './uniform.ts'
import type { Variate } from './variate.ts'

/** Stands for what is compiled in, of the generator: `uniform.ts`. */
declare const uniform: Uniform

const drawn = (name: string, make: Variate['make'], use: Variate['use'] = () => ({})): Variate => ({
  name,
  takes: 'draws',
  make,
  use,
})

/**
 * The logarithm of a gamma variate (G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", 2000): below a = 1 that of a + 1, times
 * the a-th root of a uniform number. As a logarithm it does not vanish for small a. Takes draws from `first` on, each `step`-th.
 */
const logGamma = (key: bigint, index: bigint, a: number, first: number, step: number) => {
  const boosted = a < 1 ? a + 1 : a
  const d = boosted - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  let draw = first
  let logarithm = 0
  if (a < 1) {
    logarithm = Math.log1p(-uniform(key, index, draw)) / a
    draw += step
  }
  let isFound = false
  let cube = 1
  while (!isFound) {
    const r = Math.sqrt(-2 * Math.log1p(-uniform(key, index, draw)))
    const x = r * Math.cos(6.283185307179586 * uniform(key, index, draw + step))
    const w = 1 - uniform(key, index, draw + 2 * step)
    draw += 3 * step
    const t = 1 + c * x
    cube = t * t * t
    isFound = t > 0 && Math.log(w) < 0.5 * x * x + d - d * cube + d * Math.log(cube)
  }
  return logarithm + Math.log(d * cube)
}

export const gamma = drawn(
  'gamma',
  (key: bigint, index: bigint, a: number, scale: number) =>
    a === 0 ? 0 : scale * Math.exp(logGamma(key, index, a, 0, 1)),
  () => ({ logGamma }),
)
export const chiSquare = drawn(
  'chiSquare',
  (key: bigint, index: bigint, df: number) => 2 * Math.exp(logGamma(key, index, df / 2, 0, 1)),
  () => ({ logGamma }),
)
export const beta = drawn(
  'beta',
  (key: bigint, index: bigint, a: number, b: number) => {
    const x = logGamma(key, index, a, 0, 2)
    const y = logGamma(key, index, b, 1, 2)
    return 1 / (1 + Math.exp(y - x))
  },
  () => ({ logGamma }),
)
export const logOfGamma = drawn(
  'logOfGamma',
  (key: bigint, index: bigint, a: number) => logGamma(key, index, a, 0, 1),
  () => ({ logGamma }),
)
export const studentT = drawn(
  'studentT',
  (key: bigint, index: bigint, df: number) => {
    const r = Math.sqrt(-2 * Math.log1p(-uniform(key, index, 0)))
    const z = r * Math.cos(6.283185307179586 * uniform(key, index, 1))
    return z * Math.exp(0.5 * (Math.log(df / 2) - logGamma(key, index, df / 2, 2, 1)))
  },
  () => ({ logGamma }),
)

/** Of ln k! what Stirling's formula leaves: ln k! = (k + ½)·ln(k + 1) − (k + 1) + ½·ln 2π + rest(k). */
const rest = (k: number) => {
  // By the next ones' series, for which k is large enough: rest(k) = rest(k + 1) + (k + 3/2)·ln((k + 2)/(k + 1)) − 1.
  let sum = 0
  let at = k
  while (at < 9) {
    sum += (at + 1.5) * Math.log((at + 2) / (at + 1)) - 1
    at += 1
  }
  const n = at + 1
  const s = 1 / (n * n)
  return sum + (1 / 12 - (1 / 360 - (1 / 1260 - s / 1680) * s) * s) / n
}

/**
 * By inverting the distribution below a mean of 10, above by PTRS (W. Hörmann, "The transformed rejection method for generating Poisson random variables",
 * 1993).
 */
export const poisson = drawn(
  'poisson',
  (key: bigint, index: bigint, lam: number) => {
    let k = 0
    if (lam < 10) {
      let p = Math.exp(-lam)
      let u = uniform(key, index, 0)
      while (u >= p && k < 1000) {
        u -= p
        k += 1
        p *= lam / k
      }
    } else {
      const root = Math.sqrt(lam)
      const b = 0.931 + 2.53 * root
      const a = -0.059 + 0.02483 * b
      const inverse = 1.1239 + 1.1328 / (b - 3.4)
      const quick = 0.9277 - 3.6224 / (b - 2)
      let draw = 0
      let isFound = false
      while (!isFound) {
        const u = uniform(key, index, draw) - 0.5
        const v = 1 - uniform(key, index, draw + 1)
        draw += 2
        const s = 0.5 - Math.abs(u)
        k = Math.floor(((2 * a) / s + b) * u + lam + 0.43)
        if (s >= 0.07 && v <= quick) isFound = true
        else if (k >= 0 && (s >= 0.013 || v <= s)) {
          const factorial = (k + 0.5) * Math.log(k + 1) - (k + 1) + 0.9189385332046727 + rest(k)
          isFound = Math.log((v * inverse) / (a / (s * s) + b)) <= k * Math.log(lam) - lam - factorial
        }
      }
    }
    return k
  },
  () => ({ rest }),
)

/**
 * Successes among n trials, from the draw `first` on: below a mean of 10 by inverting the distribution, above by BTRS (W. Hörmann, "The generation of
 * binomial random variates", 1993).
 */
const successes = (key: bigint, index: bigint, n: number, chance: number) => {
  const p = chance > 0.5 ? 1 - chance : chance
  let k = 0
  if (n * p < 10) {
    let q = Math.exp(n * Math.log1p(-p))
    let u = uniform(key, index, 0)
    while (u >= q && k < n) {
      u -= q
      k += 1
      q *= ((n - k + 1) * p) / (k * (1 - p))
    }
  } else {
    const deviation = Math.sqrt(n * p * (1 - p))
    const b = 1.15 + 2.53 * deviation
    const a = -0.0873 + 0.0248 * b + 0.01 * p
    const quick = 0.92 - 4.2 / b
    const odds = p / (1 - p)
    const alpha = (2.83 + 5.1 / b) * deviation
    const m = Math.floor((n + 1) * p)
    let draw = 0
    let isFound = false
    while (!isFound) {
      const u = uniform(key, index, draw) - 0.5
      const v = 1 - uniform(key, index, draw + 1)
      draw += 2
      const s = 0.5 - Math.abs(u)
      k = Math.floor(((2 * a) / s + b) * u + n * p + 0.5)
      if (s >= 0.07 && v <= quick) isFound = true
      else if (k >= 0 && k <= n) {
        const most =
          (m + 0.5) * Math.log((m + 1) / (odds * (n - m + 1))) +
          (n + 1) * Math.log((n - m + 1) / (n - k + 1)) +
          (k + 0.5) * Math.log((odds * (n - k + 1)) / (k + 1)) +
          (rest(m) + rest(n - m) - rest(k) - rest(n - k))
        isFound = Math.log((v * alpha) / (a / (s * s) + b)) <= most
      }
    }
  }
  return chance > 0.5 ? n - k : k
}
export const binomial = drawn(
  'binomial',
  (key: bigint, index: bigint, n: number, p: number) => successes(key, index, n, p),
  () => ({ successes, rest }),
)

/**
 * A whole number from `low` on, of `width` ones up to 2^53, each as likely as any other: of 53 bits what lies beyond the largest multiple of the width is drawn
 * again. `kept` is that multiple.
 */
export const integer = drawn('integer', (key: bigint, index: bigint, low: number, width: number, kept: number) => {
  let bits = uniform(key, index, 0) * 9007199254740992
  let draw = 1
  while (bits >= kept) {
    bits = uniform(key, index, draw) * 9007199254740992
    draw += 1
  }
  const whole = bits - Math.floor(bits / width) * width
  // The quotient may have been rounded up to the next whole number.
  return low + (whole < 0 ? whole + width : whole)
})

/** The same for ranges beyond 2^53, from 0: 64 bits, of which those that the last number has are kept; `high` and `lower` are the words of that number. */
export const integer64 = drawn(
  'integer64',
  (key: bigint, index: bigint, high: number, lower: number, shift: number) => {
    let top = 0
    let low = 0
    let draw = 0
    let isFound = false
    while (!isFound) {
      top = Math.floor(uniform(key, index, draw) * 4294967296 * shift)
      low = Math.floor(uniform(key, index, draw + 1) * 4294967296)
      draw += 2
      isFound = top < high || (top === high && low <= lower)
    }
    return BigInt.asIntN(64, (BigInt(top) << 32n) | BigInt(low))
  },
)
