/**
 * How far a result is from the truth, in units of the last place (ULP): the distance between neighbouring numbers of the
 * format at the true value, the smallest denormal at least.
 */
import { abs, type Big, big, magnitude, shift, sub, toNumber } from './bigfloat.ts'
import { ORACLE } from './oracle.ts'

export type FloatType = 'f32' | 'f64'

const FORMAT = {
  f32: { mantissa: 23, lowest: -126, highest: 127, largest: 3.4028234663852886e38 },
  f64: { mantissa: 52, lowest: -1022, highest: 1023, largest: Number.MAX_VALUE },
}

/** What each function is held to, in ULP: the campaign's largest error, rounded up. */
export const BOUNDS: Record<string, Record<FloatType, number>> = {
  exp: { f32: 1, f64: 1.1 },
  exp2: { f32: 1, f64: 1.2 },
  expm1: { f32: 1.8, f64: 2.1 },
  log: { f32: 1, f64: 1.3 },
  log2: { f32: 2, f64: 1.95 },
  log10: { f32: 2.2, f64: 1.95 },
  log1p: { f32: 1.7, f64: 1.95 },
  sin: { f32: 2, f64: 2 },
  cos: { f32: 2, f64: 2 },
  tan: { f32: 1.9, f64: 1.8 },
  asin: { f32: 1.7, f64: 1.7 },
  acos: { f32: 1.6, f64: 1.3 },
  atan: { f32: 1.6, f64: 2 },
  atan2: { f32: 1.9, f64: 2 },
  sinh: { f32: 2.5, f64: 2.5 },
  cosh: { f32: 1.6, f64: 1.6 },
  tanh: { f32: 1.6, f64: 1.5 },
  asinh: { f32: 2, f64: 2.3 },
  acosh: { f32: 2.5, f64: 2.4 },
  atanh: { f32: 2, f64: 2.3 },
  cbrt: { f32: 1, f64: 1 },
  hypot: { f32: 0.501, f64: 1.3 },
  pow: { f32: 0.6, f64: 1.5 },
  round: { f32: 0, f64: 0 },
  sign: { f32: 0, f64: 0 },
  rsqrt: { f32: 1.5, f64: 1.5 },
}

/** Where `fast` is held to something else. */
const FAST_BOUNDS: Record<string, Partial<Record<FloatType, number>>> = {
  exp: { f32: 1.1 },
  exp2: { f32: 1.1 },
  sin: { f32: 2.1 },
  cos: { f32: 2.1 },
}

export const boundOf = (name: string, type: FloatType, fast: boolean): number =>
  (fast ? FAST_BOUNDS[name]?.[type] : undefined) ?? BOUNDS[name][type]

/** What `Math` lacks: 2^x, and 1/√x. */
const OTHERS: Record<string, (x: number) => number> = { exp2: x => 2 ** x, rsqrt: x => 1 / Math.sqrt(x) }

export const native = (name: string): ((...x: number[]) => number) =>
  OTHERS[name] ?? (Math as unknown as Record<string, (...x: number[]) => number>)[name]

const scratch = new Float64Array(1)
const scratchBits = new Int32Array(scratch.buffer)
/** By a double's exponent field: units of the last place in 1, of an f32 with that exponent. */
const unitsBy = Float64Array.from({ length: 2048 }, (_, e) => 2 ** (23 - Math.max(-126, Math.min(127, e - 1023))))

/** How many units of the last place of an f32 near w, |w| finite, make 1. */
export function unitsIn1(w: number): number {
  scratch[0] = w
  return unitsBy[(scratchBits[1] >>> 20) & 2047]
}

/**
 * The error of a result in ULP; infinite where no rounding explains it: NaN against a number, a zero of the wrong sign,
 * an infinity where the truth is not at the end of the range.
 * @param rough the result of `Math`, which decides about NaN, zeros and infinities
 * @param truth called only where the result is an ordinary number
 */
export function errorOf(type: FloatType, got: number, rough: number, truth: () => Big): number {
  const { mantissa, lowest, highest, largest } = FORMAT[type]
  if (rough !== rough || got !== got) return rough !== rough && got !== got ? 0 : Number.POSITIVE_INFINITY
  if (rough === 0) {
    if (Object.is(got, rough)) return 0
    // Not a true zero, but too small for `Math`.
    if (Math.abs(got) > (type === 'f32' ? 1.5e-45 : 5e-324) || got === 0) return Number.POSITIVE_INFINITY
    return 1
  }
  if (Math.abs(rough) === Number.POSITIVE_INFINITY) return got === rough ? 0 : Math.abs(got) === largest ? 1 : Infinity
  if (Math.sign(got) !== Math.sign(rough) && got !== 0) return Number.POSITIVE_INFINITY
  if (got === 0 && Object.is(got, -0) !== rough < 0) return Number.POSITIVE_INFINITY
  const want = truth()
  const place = Math.max(lowest, Math.min(highest, magnitude(want))) - mantissa
  if (Math.abs(got) === Number.POSITIVE_INFINITY) {
    // Counted as the first number beyond the range.
    const end = Math.sign(got) * 2 ** highest
    return toNumber(shift(abs(sub(shift(big(end), 1), want)), -place))
  }
  return toNumber(shift(abs(sub(big(got), want)), -place))
}

/** The error of `Math.name(...x)` = got by the oracle. */
export function errorByOracle(type: FloatType, name: string, x: number[], got: number): number {
  const rough = native(name)(...x)
  if (name === 'round' || name === 'sign') return Object.is(got, rough) ? 0 : Number.POSITIVE_INFINITY
  // At infinity `Math` has the nearest number.
  return errorOf(type, got, rough, () => (x.every(Number.isFinite) ? ORACLE[name](...x) : big(rough)))
}

/** The error of an f32 result by `Math` in f64, whose own error is some 2^-29 of an f32's unit. Fast. */
export function errorByMath(name: string, x: number[], got: number): number {
  const want = native(name)(...x)
  const nearest = Math.fround(want)
  if (nearest !== nearest || got !== got) return nearest !== nearest && got !== got ? 0 : Number.POSITIVE_INFINITY
  if (nearest === 0 || got === 0) {
    if (Object.is(nearest, -0) !== Object.is(got, -0) && nearest === got) return Number.POSITIVE_INFINITY
    if (want === 0) return got === 0 ? 0 : Number.POSITIVE_INFINITY
  }
  if (Math.abs(nearest) === Number.POSITIVE_INFINITY && Math.abs(want) >= 2 ** 128)
    return got === nearest ? 0 : Math.abs(got) === FORMAT.f32.largest ? 1 : Number.POSITIVE_INFINITY
  const finite = Math.abs(got) === Number.POSITIVE_INFINITY ? Math.sign(got) * 2 ** 128 : got
  return Math.abs(finite - want) * unitsIn1(want)
}
