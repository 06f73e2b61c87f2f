/**
 * The transcendental functions of `Math` as IR. The same expansion runs on every backend, so their results are equal
 * bit for bit; docs/math-accuracy.md has the largest error of each.
 */
import type { Builder } from '../ir/builder.ts'
import type { Value } from '../ir/ir.ts'
import { exp, exp2, expm1 } from './exponential.ts'
import { type Format, formatOf } from './format.ts'
import { acosh, asinh, atanh, cosh, sinh, tanh } from './hyperbolic.ts'
import { acos, asin, atan, atan2 } from './inverse.ts'
import { log, log1p, log2, log10 } from './logarithm.ts'
import { pow } from './power.ts'
import { cbrt, hypot } from './root.ts'
import { round, sign } from './rounding.ts'
import { cos, sin, tan } from './trigonometric.ts'

type Unary = (b: Builder, f: Format, x: Value) => Value

const UNARY: Record<string, Unary> = {
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  exp,
  exp2,
  expm1,
  log,
  log2,
  log10,
  log1p,
  cbrt,
  round,
  sign,
}

/** Functions of `Math` that {@link expand} knows, with their number of operands; -1: any number. */
export const MATH_ARITY: ReadonlyMap<string, number> = new Map([
  ...Object.keys(UNARY).map(name => [name, 1] as const),
  ['pow', 2],
  ['atan2', 2],
  ['hypot', -1],
])

/**
 * The value of a function as IR of plain operations.
 * @param args operands, all f32 or all f64; the result has their type
 */
export function expand(b: Builder, name: string, args: Value[]): Value {
  const unary = UNARY[name]
  if (unary) return unary(b, formatOf(args[0]), args[0])
  switch (name) {
    case 'pow':
      return pow(b, args[0], args[1])
    case 'atan2':
      return atan2(b, formatOf(args[0]), args[0], args[1])
    case 'hypot':
      return hypot(b, formatOf(args[0]), args)
  }
  throw new Error(`math: no function '${name}'; there are ${[...MATH_ARITY.keys()].join(', ')}`)
}
