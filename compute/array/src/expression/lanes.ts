/** Values of elements in IR: one for each element, two for complex numbers; and what dtypes ask of them. */

import { type Builder, roundToHalf, type Value } from '@skein/kernel/compiler'
import { type DType, type DTypeInfo, infoOf } from '../dtypes.ts'

/** An element's value. Integers of 8 and 16 bits are as they would be read from memory, a float16 as a float32 that one can hold. */
export interface Lane {
  readonly dtype: DType
  readonly v: Value
  /** The imaginary part. */
  readonly im?: Value
}

export const real = (dtype: DType, v: Value): Lane => ({ dtype, v })
export const pair = (dtype: DType, v: Value, im: Value): Lane => ({ dtype, v, im })

/** A constant of a dtype. */
export function constant(b: Builder, dtype: DType, value: number | bigint | boolean): Lane {
  const { type, kind } = infoOf(dtype)
  const v = b.const(type, type === 'i64' ? BigInt(value) : Number(value))
  return kind === 'complex' ? pair(dtype, v, b.const(type, 0)) : real(dtype, v)
}

/** Brings what an operation computed into the range of its dtype, as storing it and reading it again would. */
export function fit(b: Builder, dtype: DType, v: Value): Lane {
  const { kind, bits, type } = infoOf(dtype)
  if (dtype === 'float16') return real(dtype, roundToHalf(b, b.cvt('promote', v, 'f64')))
  if (type !== 'i32' || bits === 32) return real(dtype, v)
  if (kind === 'unsigned') return real(dtype, b.and(v, 2 ** bits - 1))
  return real(dtype, b.sshr(b.shl(v, 32 - bits), 32 - bits))
}

/** The same for all dtypes: what `compute` does to a number, done to both parts of complex ones. */
export const fitted = (b: Builder, dtype: DType, v: Value, im?: Value): Lane =>
  im ? pair(dtype, v, im) : fit(b, dtype, v)

const isSigned = ({ kind }: DTypeInfo) => kind !== 'unsigned'

/** A value as the same number in another dtype, as `astype` converts: fractions are cut off, integers taken modulo 2^bits. */
export function convert(b: Builder, x: Lane, to: DType): Lane {
  if (x.dtype === to) return x
  const [from, info] = [infoOf(x.dtype), infoOf(to)]
  if (to === 'bool') {
    const differs = (v: Value) => (v.type === 'i1' ? v : b.ne(v, b.const(v.type, v.type === 'i64' ? 0n : 0)))
    return real(to, x.im ? b.or(differs(x.v), differs(x.im)) : differs(x.v))
  }
  if (info.kind === 'complex') {
    const part = to === 'complex64' ? 'float32' : 'float64'
    const partFrom = x.dtype === 'complex64' ? 'float32' : x.dtype === 'complex128' ? 'float64' : x.dtype
    const v = convert(b, real(partFrom, x.v), part).v
    return pair(to, v, x.im ? convert(b, real(partFrom, x.im), part).v : b.const(info.type, 0))
  }
  const v = x.v.type === 'i1' ? b.cvt('booltoint', x.v, 'i32') : x.v
  // Rounded once: through a float32 it would be twice.
  if (to === 'float16') return real(to, roundToHalf(b, toType(b, v, from, infoOf('float64'))))
  return fit(b, to, toType(b, v, from, info))
}

function toType(b: Builder, v: Value, from: DTypeInfo, to: DTypeInfo): Value {
  const isFrom = v.type
  switch (to.type) {
    case 'i32':
      return isFrom === 'i32' ? v : isFrom === 'i64' ? b.cvt('wrap', v, 'i32') : b.cvt('toint32', v, 'i32')
    case 'i64':
      if (isFrom === 'i64') return v
      if (isFrom === 'i32') return b.cvt(isSigned(from) ? 'sext' : 'zext', v, 'i64')
      return isSigned(to) ? b.cvt('ftosi', v, 'i64') : toUnsigned64(b, v)
    case 'f32':
    case 'f64': {
      if (isFrom === to.type) return v
      if (isFrom === 'f32') return b.cvt('promote', v, 'f64')
      if (isFrom === 'f64') return b.cvt('demote', v, 'f32')
      return b.cvt(isSigned(from) ? 'sitof' : 'uitof', v, to.type)
    }
    default:
      return v
  }
}

/** Floats from 2^63 on are beyond what a signed conversion reaches; negative ones wrap. */
function toUnsigned64(b: Builder, v: Value): Value {
  const half = b.const(v.type, 2 ** 63)
  const isHigh = b.ge(v, half)
  const low = b.cvt('ftosi', b.select(isHigh, b.sub(v, half), v), 'i64')
  return b.select(isHigh, b.xor(low, b.const('i64', -(2n ** 63n))), low)
}
