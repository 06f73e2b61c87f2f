/**
 * sinh, cosh, tanh and their inverses, from e^x - 1 and log(1 + x).
 */
import type { Builder } from '../ir/builder.ts'
import type { Value } from '../ir/ir.ts'
import { expCore, expm1Core, halfExp, normalLimit } from './exponential.ts'
import { beyond, constant, type Format, horner, withSignOf } from './format.ts'
import { log, log1p } from './logarithm.ts'

/** Below this tanh has its own series. */
const TANH_SERIES = 0.55
/** (tanh(a) / a - 1) / a² in a²: a polynomial for f32, a quotient for f64. */
const TANH32 = [-0.333329439163208, 0.13320690393447876, -0.052669525146484375, 0.016433093696832657]
const TANH64_TOP = [-0.3333333333333333, -0.020500373949163736, -0.00019924783252579618]
const TANH64_BOTTOM = [1, 0.46150112184748693, 0.0232934303319043, 0.00020660848877105238]
/** From here on tanh is 1. */
const TANH_ONE = { f32: 10, f64: 20 }
/** From here on √(x² ± 1) is x. */
const FAR = { f32: 2 ** 14, f64: 2 ** 28 }

/** tanh a = 1 - 2 / (e^2a + 1); small a by a series. The two share the division. */
export function tanh(b: Builder, f: Format, x: Value): Value {
  const a = b.abs(x)
  const z = b.mul(a, a)
  const cube = b.mul(a, z)
  const e = expCore(b, f, b.op('pmin', f.type, [b.add(a, a), constant(b, f, 2 * TANH_ONE[f.type])]))
  const bottom = b.add(e, 1)
  // Not `small`: NaN must take the series, for the integer tricks of exp need not keep it.
  const far = b.le(constant(b, f, TANH_SERIES), a)
  if (f.type === 'f32') {
    const near = b.add(a, b.mul(cube, horner(b, z, TANH32)))
    return withSignOf(b, f, b.select(far, b.sub(1, b.div(constant(b, f, 2), bottom)), near), x)
  }
  const top = b.select(far, constant(b, f, -2), b.mul(cube, horner(b, z, TANH64_TOP)))
  const ratio = b.div(top, b.select(far, bottom, horner(b, z, TANH64_BOTTOM)))
  return withSignOf(b, f, b.add(b.select(far, constant(b, f, 1), a), ratio), x)
}

/** With m = e^a - 1: sinh a = (m + m / (m + 1)) / 2. */
export function sinh(b: Builder, f: Format, x: Value): Value {
  const a = b.abs(x)
  const { value: m, p, t } = expm1Core(b, f, a)
  const fast = withSignOf(b, f, b.mul(b.add(m, b.div(m, b.add(m, 1))), 0.5), x)
  return b.if(
    beyond(b, f, x, normalLimit(f)),
    () => [withSignOf(b, f, halfExp(b, f, a, p, t), x)],
    () => [fast],
  )[0]
}

export function cosh(b: Builder, f: Format, x: Value): Value {
  const a = b.abs(x)
  const { value: m, p, t } = expm1Core(b, f, a)
  const e = b.add(m, 1)
  const fast = b.add(b.mul(e, 0.5), b.div(constant(b, f, 0.5), e))
  return b.if(
    beyond(b, f, x, normalLimit(f)),
    () => [halfExp(b, f, a, p, t)],
    () => [fast],
  )[0]
}

/** log(a + √(a² + 1)) = log1p(a + a² / (1 + √(a² + 1))). */
export function asinh(b: Builder, f: Format, x: Value): Value {
  const a = b.abs(x)
  const z = b.mul(a, a)
  const near = log1p(b, f, b.add(a, b.div(z, b.add(b.sqrt(b.add(z, 1)), 1))))
  const y = b.if(
    beyond(b, f, x, FAR[f.type]),
    () => [b.add(log(b, f, a), Math.LN2)],
    () => [near],
  )[0]
  return withSignOf(b, f, y, x)
}

/** With t = x - 1: log(x + √(x² - 1)) = log1p(t + √(2t + t²)). */
export function acosh(b: Builder, f: Format, x: Value): Value {
  const t = b.sub(x, 1)
  const value = log1p(b, f, b.add(t, b.sqrt(b.mul(t, b.add(t, 2)))))
  const near = b.select(b.lt(x, 1), constant(b, f, NaN), value)
  return b.if(
    beyond(b, f, x, FAR[f.type]),
    () => [b.add(log(b, f, x), Math.LN2)],
    () => [near],
  )[0]
}

/** ½ log((1 + a) / (1 - a)) = ½ log1p(2a + 2a · a / (1 - a)). */
export function atanh(b: Builder, f: Format, x: Value): Value {
  const a = b.abs(x)
  const t = b.add(a, a)
  const y = b.mul(log1p(b, f, b.add(t, b.div(b.mul(t, a), b.sub(1, a)))), 0.5)
  return withSignOf(b, f, b.select(b.lt(constant(b, f, 1), a), constant(b, f, NaN), y), x)
}
