/** Floats taken apart and put together by their bits; common divisors and multiples of integers. */

import type { Builder, Value } from '@skein/kernel/compiler'
import type { DType } from '../../dtypes.ts'
import { DTypeError } from '../../errors.ts'
import { convert, fit, real } from '../lanes.ts'
import type { Operation } from '../operation.ts'
import { binary, isUnsigned, unary } from './define.ts'
import { inexact, integersOnly, meeting, type Rule } from './rules.ts'

/** Of a float's type: bits of its fraction, what is added to exponents, and the power of two that makes subnormal numbers normal ones. */
interface Layout {
  readonly type: 'i32' | 'i64'
  readonly fraction: number
  readonly bias: number
  readonly lift: number
}

const layoutOf = (x: Value): Layout =>
  x.type === 'f32'
    ? { type: 'i32', fraction: 23, bias: 127, lift: 24 }
    : { type: 'i64', fraction: 52, bias: 1023, lift: 54 }

const integer = (b: Builder, { type }: Layout, value: bigint): Value =>
  b.const(type, type === 'i64' ? value : Number(value))

interface Apart {
  readonly mantissa: Value
  /** i32. */
  readonly exponent: Value
}

/** x = mantissa · 2^exponent, 0.5 ≤ |mantissa| < 1; 0, infinities and NaN are their own mantissa. */
function takenApart(b: Builder, x: Value): Apart {
  const layout = layoutOf(x)
  const { type, fraction, bias, lift } = layout
  const n = (value: bigint) => integer(b, layout, value)
  const isSmall = b.lt(b.abs(x), b.const(x.type, 2 ** (1 - bias)))
  const normal = b.select(isSmall, b.mul(x, b.const(x.type, 2 ** lift)), x)
  const bits = b.bitcast(normal, type)
  const mask = BigInt(2 * bias + 1)
  const raised = b.and(b.ushr(bits, n(BigInt(fraction))), n(mask))
  const field = type === 'i64' ? b.cvt('wrap', raised, 'i32') : raised
  const half = n(BigInt(bias - 1) << BigInt(fraction))
  const others = b.and(bits, n(~(mask << BigInt(fraction))))
  const isPlain = b.and(b.lt(b.abs(x), Infinity), b.ne(x, 0))
  const exponent = b.sub(field, b.select(isSmall, b.const('i32', bias - 1 + lift), b.const('i32', bias - 1)))
  return {
    mantissa: b.select(isPlain, b.bitcast(b.or(others, half), x.type), x),
    exponent: b.select(isPlain, exponent, b.const('i32', 0)),
  }
}

export const mantissa = unary('frexp', inexact(['float']), { real: (b, x) => takenApart(b, x).mantissa })

export const exponent = unary(
  'frexp exponent',
  inexact(['float'], () => 'int32'),
  { real: (b, x) => takenApart(b, x).exponent },
)

/** 2^n for n of normal numbers. */
function powerOfTwo(b: Builder, n: Value, like: Value): Value {
  const layout = layoutOf(like)
  const wide = layout.type === 'i64' ? b.cvt('sext', n, 'i64') : n
  const field = b.add(wide, integer(b, layout, BigInt(layout.bias)))
  return b.bitcast(b.shl(field, integer(b, layout, BigInt(layout.fraction))), like.type)
}

/** In steps, so that what becomes subnormal is rounded once (musl's scalbn). */
function scaledBy(b: Builder, x: Value, n: Value): Value {
  const { bias, fraction } = layoutOf(x)
  const [up, down] = [bias, bias - 1 - (fraction + 1)]
  let [y, left] = [x, n]
  for (let step = 0; step < 2; step++) {
    const isHigh = b.slt(b.const('i32', up), left)
    const isLow = b.slt(left, b.const('i32', 1 - bias))
    const [high, low, one] = [2 ** up, 2 ** -down, 1].map(value => b.const(x.type, value))
    y = b.mul(y, b.select(isHigh, high, b.select(isLow, low, one)))
    const by = b.select(isHigh, b.const('i32', -up), b.select(isLow, b.const('i32', down), b.const('i32', 0)))
    left = b.add(left, by)
  }
  const last = b.op('smin', 'i32', [b.op('smax', 'i32', [left, b.const('i32', 1 - bias)]), b.const('i32', bias)])
  return b.mul(y, powerOfTwo(b, last, x))
}

/** A float and an integer that int64 holds. */
const scaling: Rule = name => dtypes => {
  const [x, n] = dtypes
  const { result } = inexact(['float'])(name)([x])
  if (n === 'uint64') throw new DTypeError(name, 'powers that int64 holds', dtypes)
  meeting(integersOnly)(name)([n])
  return { operands: [result, 'int64'], result }
}

export const ldexp: Operation = {
  name: 'ldexp',
  signature: scaling('ldexp'),
  lower(b, [x, n], { result }) {
    // Beyond these nothing changes any more.
    const [low, high] = [b.const('i64', -5000n), b.const('i64', 5000n)]
    const bounded = b.op('smin', 'i64', [b.op('smax', 'i64', [n.v, low]), high])
    // A float16 is scaled as the float64 that holds all of its products, and rounded once.
    const wide = result === 'float16' ? convert(b, x, 'float64').v : x.v
    const found = scaledBy(b, wide, b.cvt('wrap', bounded, 'i32'))
    return result === 'float16' ? convert(b, real('float64', found), result) : fit(b, result, found)
  },
}

const zeroOf = (b: Builder, x: Value): Value => b.const(x.type, x.type === 'i64' ? 0n : 0)
/** |x|; of the least number its bits, which are right as those of an unsigned one. */
const sizeOf = (b: Builder, x: Value, dtype: DType): Value =>
  isUnsigned(dtype) ? x : b.select(b.slt(x, zeroOf(b, x)), b.sub(zeroOf(b, x), x), x)

/** Euclid's algorithm. */
function divisor(b: Builder, x: Value, y: Value): Value {
  const [found] = b.loop(
    [x, y],
    ([, rest]) => b.ne(rest, zeroOf(b, x)),
    ([large, rest]) => [rest, b.op('urem', x.type, [large, rest])],
  )
  return found
}

export const gcd = binary('gcd', meeting(integersOnly), {
  real: (b, x, y, dtype) => divisor(b, sizeOf(b, x, dtype), sizeOf(b, y, dtype)),
})

export const lcm = binary('lcm', meeting(integersOnly), {
  real: (b, x, y, dtype) => {
    const [p, q] = [sizeOf(b, x, dtype), sizeOf(b, y, dtype)]
    const common = divisor(b, p, q)
    return b.mul(b.op('udiv', x.type, [p, common]), q)
  },
})
