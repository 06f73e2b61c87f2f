/** Floats of 16 bits inside the front end: `Math.f16round`, and what an array of them keeps of an f64. */
import type { Builder } from '../ir/builder.ts'
import type { Value } from '../ir/ir.ts'

/** Bits behind the point, the least exponent of a normal number, and what is rounded to infinity. */
const FORMATS = {
  f16: { fraction: 10, least: -14, tooLarge: 65520 },
  bf16: { fraction: 7, least: -126, tooLarge: 2 ** 128 - 2 ** 119 },
} as const

/** Rounding to IEEE binary16 or bfloat16, to nearest even, on f64: scale so that the last bit kept is the unit, round, scale back. */
export function roundToHalf(b: Builder, x: Value, format: keyof typeof FORMATS = 'f16'): Value {
  const { fraction, least, tooLarge } = FORMATS[format]
  const f = (n: number) => b.const('f64', n)
  const a = b.abs(x)
  // The power of two of |x| (from its bits), not below the one where numbers become denormal.
  const bits = b.op('and', 'i64', [b.bitcast(a, 'i64'), b.const('i64', 0x7ff0000000000000n)])
  const power = b.op('max', 'f64', [b.bitcast(bits, 'f64'), f(2 ** least)])
  const unit = b.mul(power, f(2 ** -fraction))
  const rounded = b.mul(b.nearest(b.div(a, unit)), unit)
  const over = b.le(f(tooLarge), a)
  const result = b.select(over, b.select(b.eq(a, a), f(Infinity), a), rounded)
  const signed = b.bitcast(
    b.op('or', 'i64', [
      b.bitcast(result, 'i64'),
      b.op('and', 'i64', [b.bitcast(x, 'i64'), b.const('i64', -(2n ** 63n))]),
    ]),
    'f64',
  )
  return b.cvt('demote', b.select(b.eq(x, x), signed, x), 'f32')
}
