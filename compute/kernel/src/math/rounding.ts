/** Math.round and Math.sign as JavaScript has them. */
import type { Builder } from '../ir/builder.ts'
import type { Value } from '../ir/ir.ts'
import { constant, type Format, withSignOf } from './format.ts'

/** Halves go up; x - floor(x) is exact, where floor(x + ½) would not be. The result keeps the sign, also as -0. */
export function round(b: Builder, f: Format, x: Value): Value {
  const down = b.floor(x)
  const up = b.select(b.le(constant(b, f, 0.5), b.sub(x, down)), constant(b, f, 1), constant(b, f, 0))
  return withSignOf(b, f, b.abs(b.add(down, up)), x)
}

/** ±1; zeros and NaN as they are. */
export function sign(b: Builder, f: Format, x: Value): Value {
  return b.select(b.lt(constant(b, f, 0), x), constant(b, f, 1), b.select(b.lt(x, 0), constant(b, f, -1), x))
}
