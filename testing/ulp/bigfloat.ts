/**
 * Binary floating point of {@link PRECISION} bits on BigInt: m 2^e. Slow and plain: what the math functions are measured
 * against. Operations round toward zero at about that many bits; nothing overflows.
 */
export interface Big {
  readonly m: bigint
  readonly e: number
}

export const PRECISION = 320

const bitLength = (m: bigint): number => {
  const hex = (m < 0n ? -m : m).toString(16)
  return hex === '0' ? 0 : 4 * (hex.length - 1) + (32 - Math.clz32(Number.parseInt(hex[0], 16)))
}

/** Cuts the significand to the precision. */
function rounded(m: bigint, e: number): Big {
  const extra = bitLength(m) - PRECISION
  return extra > 0 ? { m: m >> BigInt(extra), e: e + extra } : { m, e }
}

export const ZERO: Big = { m: 0n, e: 0 }
export const ONE: Big = { m: 1n, e: 0 }

const view = new DataView(new ArrayBuffer(8))

/** The exact value of a finite number. */
export function big(x: number): Big {
  if (!Number.isFinite(x)) throw new Error(`big: ${x} is not a finite number`)
  view.setFloat64(0, x)
  const bits = view.getBigUint64(0)
  const exponent = Number((bits >> 52n) & 2047n)
  const fraction = bits & ((1n << 52n) - 1n)
  const m = exponent === 0 ? fraction : fraction | (1n << 52n)
  return { m: bits >> 63n ? -m : m, e: Math.max(exponent, 1) - 1075 }
}

export const neg = (a: Big): Big => ({ m: -a.m, e: a.e })
export const abs = (a: Big): Big => (a.m < 0n ? neg(a) : a)
export const sign = (a: Big): number => (a.m > 0n ? 1 : a.m < 0n ? -1 : 0)
/** a 2^k */
export const shift = (a: Big, k: number): Big => ({ m: a.m, e: a.e + k })

/** Exponent of the leading bit: 2^n <= |a| < 2^(n+1). */
export const magnitude = (a: Big): number => (a.m === 0n ? Number.NEGATIVE_INFINITY : bitLength(a.m) - 1 + a.e)

export function add(a: Big, b: Big): Big {
  if (a.m === 0n) return b
  if (b.m === 0n) return a
  if (a.e < b.e) [a, b] = [b, a]
  // Terms too far apart to meet are left out.
  if (magnitude(a) - magnitude(b) > 2 * PRECISION) return a
  if (magnitude(b) - magnitude(a) > 2 * PRECISION) return b
  return rounded((a.m << BigInt(a.e - b.e)) + b.m, b.e)
}

export const sub = (a: Big, b: Big): Big => add(a, neg(b))
export const mul = (a: Big, b: Big): Big => rounded(a.m * b.m, a.e + b.e)

export function div(a: Big, b: Big): Big {
  if (b.m === 0n) throw new Error('div: the divisor is zero')
  const up = PRECISION + Math.max(0, bitLength(b.m) - bitLength(a.m)) + 2
  return rounded((a.m << BigInt(up)) / b.m, a.e - b.e - up)
}

export const compare = (a: Big, b: Big): number => sign(sub(a, b))

/** The nearest integer, halves away from zero. */
export function nearestInteger(a: Big): bigint {
  if (a.e >= 0) return a.m << BigInt(a.e)
  const k = BigInt(-a.e)
  const half = 1n << (k - 1n)
  return a.m < 0n ? -((-a.m + half) >> k) : (a.m + half) >> k
}

export function sqrt(a: Big): Big {
  if (a.m < 0n) throw new Error('sqrt: the operand is negative')
  if (a.m === 0n) return ZERO
  let up = Math.max(0, 2 * PRECISION - bitLength(a.m))
  if ((a.e - up) % 2 !== 0) up++
  const n = a.m << BigInt(up)
  let x = 1n << BigInt((bitLength(n) + 1) >> 1)
  for (;;) {
    const y = (x + n / x) >> 1n
    if (y >= x) return rounded(x, (a.e - up) / 2)
    x = y
  }
}

/** The nearest number, to within one unit of the last place. */
export function toNumber(a: Big): number {
  const extra = Math.max(0, bitLength(a.m) - 64)
  const exponent = a.e + extra
  const m = Number(a.m >> BigInt(extra))
  // In two steps, so that neither factor overflows.
  const half = Math.trunc(exponent / 2)
  return m * 2 ** half * 2 ** (exponent - half)
}
