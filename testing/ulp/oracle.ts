/**
 * The functions of `Math` to 256 bits and more, by series and one Newton step from `Math`'s own answer. Operands are
 * finite numbers inside the function's domain and away from its zeros and poles' special cases.
 */
import {
  abs,
  add,
  type Big,
  big,
  div,
  magnitude,
  mul,
  nearestInteger,
  neg,
  ONE,
  PRECISION,
  shift,
  sqrt,
  sub,
  toNumber,
  ZERO,
} from './bigfloat.ts'

/** Below 2^-TINY a short series is as good as everything. */
const TINY = 40

/** 2^bits times arctan(1/n), artanh(1/n). */
function inverseSeries(bits: number, n: bigint, alternating: boolean): bigint {
  let term = (1n << BigInt(bits)) / n
  let sum = 0n
  for (let k = 1n; term !== 0n; k += 2n) {
    sum += alternating && k % 4n === 3n ? -(term / k) : term / k
    term /= n * n
  }
  return sum
}

/** Bits of π and ln 2: the largest double less a multiple of π needs 1024 more than the precision. */
const LONG = 1200 + PRECISION

/** Machin: π/4 = 4 arctan(1/5) - arctan(1/239). */
const longPi = 4n * (4n * inverseSeries(LONG + 20, 5n, true) - inverseSeries(LONG + 20, 239n, true))
const cut = (m: bigint, bits: number): Big => mul({ m, e: -bits }, ONE)
export const PI: Big = cut(longPi, LONG + 20)
/** ln 2 = 2 artanh(1/3). */
export const LN2: Big = cut(2n * inverseSeries(PRECISION + 40, 3n, false), PRECISION + 40)
/** ln 10 = 3 ln 2 + 2 artanh(1/9). */
export const LN10: Big = add(mul(big(3), LN2), cut(2n * inverseSeries(PRECISION + 40, 9n, false), PRECISION + 40))

/** x + c3 x³ + c5 x⁵ … for |x| < 2^-TINY; coefficients as quotients. */
function tinySeries(x: Big, coefficients: [number, number][]): Big {
  const square = mul(x, x)
  let power = x
  let sum = x
  for (const [top, bottom] of coefficients) {
    power = mul(power, square)
    sum = add(sum, div(mul(power, big(top)), big(bottom)))
  }
  return sum
}

const isTiny = (x: Big): boolean => magnitude(x) < -TINY

/** e^x - 1 = sum of x^k / k!, for |x| < 1. */
function expm1Series(x: Big): Big {
  let term = x
  let sum = x
  for (let k = 2; magnitude(term) > magnitude(sum) - PRECISION; k++) {
    term = div(mul(term, x), big(k))
    sum = add(sum, term)
  }
  return sum
}

export function expBig(x: Big): Big {
  if (x.m === 0n) return ONE
  // Beyond every format's range; what matters is that it is tiny, or huge.
  if (magnitude(x) > 20) return shift(ONE, x.m < 0n ? -(2 ** 21) : 2 ** 21)
  const n = nearestInteger(div(x, LN2))
  const r = sub(x, mul({ m: n, e: 0 }, LN2))
  // e^r = (e^(r/2^16))^(2^16), as e - 1 so that no bits are lost: (1 + u)² - 1 = u (2 + u).
  let u = expm1Series(shift(r, -16))
  for (let i = 0; i < 16; i++) u = mul(u, add(u, big(2)))
  return shift(add(u, ONE), Number(n))
}

function expm1Big(x: Big): Big {
  return magnitude(x) < -1 ? expm1Series(x) : sub(expBig(x), ONE)
}

/** log(1 + d) for small d. */
function log1pSeries(d: Big): Big {
  let power = d
  let sum = d
  for (let k = 2; magnitude(power) > magnitude(sum) - PRECISION; k++) {
    power = neg(mul(power, d))
    sum = add(sum, div(power, big(k)))
  }
  return sum
}

/** The logarithm of a positive number: from y near log x, log x = y + log(x e^-y). */
export function logBig(x: Big): Big {
  const k = magnitude(x)
  const m = shift(x, -k)
  const y = big(Math.log(toNumber(m)))
  const rest = sub(mul(m, expBig(neg(y))), ONE)
  const log = rest.m === 0n ? y : add(y, log1pSeries(rest))
  return k === 0 ? log : add(log, mul(big(k), LN2))
}

function log1pBig(x: Big): Big {
  return isTiny(x) ? log1pSeries(x) : logBig(add(ONE, x))
}

/** x less the nearest multiple of π/2, and that multiple modulo 4; π to as many bits as it takes. */
function quadrant(x: Big): { r: Big; n: number } {
  const value = x.e >= 0 ? x.m << BigInt(x.e + LONG) : (x.m << BigInt(LONG)) >> BigInt(-x.e)
  const half = longPi >> 21n
  const n = nearestInteger({ m: (value << 64n) / half, e: -64 })
  return { r: cut(value - n * half, LONG), n: Number(BigInt.asUintN(2, n)) }
}

function sineSeries(r: Big): Big {
  const square = neg(mul(r, r))
  let term = r
  let sum = r
  for (let k = 2; term.m !== 0n && magnitude(term) > magnitude(sum) - PRECISION; k += 2) {
    term = div(mul(term, square), big(k * (k + 1)))
    sum = add(sum, term)
  }
  return sum
}

function cosineSeries(r: Big): Big {
  const square = neg(mul(r, r))
  let term = ONE
  let sum = ONE
  for (let k = 1; term.m !== 0n && magnitude(term) > -PRECISION; k += 2) {
    term = div(mul(term, square), big(k * (k + 1)))
    sum = add(sum, term)
  }
  return sum
}

function sincos(x: Big): { sin: Big; cos: Big } {
  if (isTiny(x)) return { sin: sineSeries(x), cos: cosineSeries(x) }
  const { r, n } = quadrant(x)
  const s = sineSeries(r)
  const c = cosineSeries(r)
  return [
    { sin: s, cos: c },
    { sin: c, cos: neg(s) },
    { sin: neg(s), cos: neg(c) },
    { sin: neg(c), cos: s },
  ][n]
}

/** The angle of (x, y), not on an axis: from θ near it, θ + arctan of what is left. */
function atan2Big(y: Big, x: Big): Big {
  // Of one scale, so that the first guess has numbers to work with.
  const scale = -Math.max(magnitude(x), magnitude(y))
  const ratio = magnitude(y) - magnitude(x)
  if (x.m > 0n && ratio < -TINY)
    return tinySeries(div(y, x), [
      [-1, 3],
      [1, 5],
      [-1, 7],
      [1, 9],
    ])
  const guess = big(Math.atan2(toNumber(shift(y, scale)), toNumber(shift(x, scale))))
  const { sin, cos } = sincos(guess)
  const t = div(sub(mul(y, cos), mul(x, sin)), add(mul(x, cos), mul(y, sin)))
  return add(
    guess,
    tinySeries(t, [
      [-1, 3],
      [1, 5],
      [-1, 7],
      [1, 9],
    ]),
  )
}

/** √(1 - x²) without loss near 1. */
const leg = (x: Big): Big => sqrt(mul(sub(ONE, x), add(ONE, x)))

function sinhBig(x: Big): Big {
  const m = expm1Big(abs(x))
  const y = shift(add(m, div(m, add(m, ONE))), -1)
  return x.m < 0n ? neg(y) : y
}

function tanhBig(x: Big): Big {
  const m = expm1Big(shift(abs(x), 1))
  const y = div(m, add(m, big(2)))
  return x.m < 0n ? neg(y) : y
}

function asinhBig(x: Big): Big {
  const a = abs(x)
  const square = mul(a, a)
  const y = log1pBig(add(a, div(square, add(ONE, sqrt(add(square, ONE))))))
  return x.m < 0n ? neg(y) : y
}

function cbrtBig(x: Big): Big {
  const third = Math.trunc(magnitude(x) / 3)
  const m = shift(x, -3 * third)
  let y = big(Math.cbrt(toNumber(m)))
  for (let i = 0; i < 3; i++) y = sub(y, div(sub(mul(y, mul(y, y)), m), mul(big(3), mul(y, y))))
  return shift(y, third)
}

/** `Math.round` and `Math.sign` are exact and not here. */
export const ORACLE: Record<string, (...x: number[]) => Big> = {
  sin: x => sincos(big(x)).sin,
  cos: x => sincos(big(x)).cos,
  tan: x => {
    const { sin, cos } = sincos(big(x))
    return div(sin, cos)
  },
  asin: x => (Math.abs(x) === 1 ? mul(big(x), shift(PI, -1)) : atan2Big(big(x), leg(big(x)))),
  acos: x => (x === 0 ? shift(PI, -1) : x === 1 ? ZERO : x === -1 ? PI : atan2Big(leg(big(x)), big(x))),
  atan: x => atan2Big(big(x), ONE),
  // On the axis the sign of zero counts; only the left half is not zero.
  atan2: (y, x) => (y === 0 ? (Object.is(y, 0) ? PI : neg(PI)) : atan2Big(big(y), big(x))),
  exp: x => expBig(big(x)),
  exp2: x => expBig(mul(big(x), LN2)),
  expm1: x => expm1Big(big(x)),
  log: x => logBig(big(x)),
  log2: x => div(logBig(big(x)), LN2),
  log10: x => div(logBig(big(x)), LN10),
  log1p: x => log1pBig(big(x)),
  sinh: x => sinhBig(big(x)),
  cosh: x => {
    const e = expBig(abs(big(x)))
    return shift(add(e, div(ONE, e)), -1)
  },
  tanh: x => tanhBig(big(x)),
  asinh: x => asinhBig(big(x)),
  acosh: x => {
    const t = sub(big(x), ONE)
    return log1pBig(add(t, sqrt(mul(t, add(t, big(2))))))
  },
  atanh: x => shift(log1pBig(div(shift(big(x), 1), sub(ONE, big(x)))), -1),
  pow: (x, y) => {
    if (y === 0) return ONE
    const magnitude = expBig(mul(big(y), logBig(big(Math.abs(x)))))
    return x < 0 && Math.abs(y % 2) === 1 ? neg(magnitude) : magnitude
  },
  cbrt: x => cbrtBig(big(x)),
  rsqrt: x => div(ONE, sqrt(big(x))),
  hypot: (...xs) => sqrt(xs.map(x => mul(big(x), big(x))).reduce((p, q) => add(p, q))),
}
