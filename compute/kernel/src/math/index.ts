/**
 * The transcendental functions of `Math` as IR. The same expansion runs on every backend, so their results are equal
 * bit for bit; docs/math-accuracy.md has the largest error of each.
 */
import { Builder } from '../ir/builder.ts'
import type { KernelIR, Type, Value } from '../ir/ir.ts'
import { rewrite } from '../ir/rewrite.ts'
import { exp, exp2, expm1 } from './exponential.ts'
import { type Format, formatOf } from './format.ts'
import { acosh, asinh, atanh, cosh, sinh, tanh } from './hyperbolic.ts'
import { acos, asin, atan, atan2 } from './inverse.ts'
import { log, log1p, log2, log10 } from './logarithm.ts'
import { pow } from './power.ts'
import { cbrt, hypot } from './root.ts'
import { round, sign } from './rounding.ts'
import { cos, farCos, farSin, farTan, sin, tan } from './trigonometric.ts'

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

/**
 * Rare cases, as functions of their own: operations `math` that expansions leave behind a branch. A backend calls them, on
 * SIMD one active lane after the other: they are long, and would be compiled wherever they might be needed.
 */
const ROUTINES: Record<string, Unary> = { farSin, farCos, farTan }

export const isRoutine = (name: string): boolean => Object.hasOwn(ROUTINES, name)

const made = new Map<string, KernelIR>()

/** The IR of such a function: of its operand as a scalar, yielding its value. */
export function routine(name: string, type: Type): KernelIR {
  const full = `${name}_${type}`
  const known = made.get(full)
  if (known) return known
  const b = new Builder()
  const x = b.op('scalar', type, [], 0)
  const value = ROUTINES[name](b, formatOf(x), x)
  b.body.results = [value]
  const scalars = [{ name: 'x', type }]
  const ir = rewrite({ name: full, rank: 0, buffers: [], scalars, sites: [], body: b.body, yields: type })
  made.set(full, ir)
  return ir
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
