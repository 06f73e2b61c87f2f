/**
 * sinh, cosh, tanh and their inverses, from e^x - 1 and log(1 + x).
 */
import type { Builder } from '../ir/builder.ts'
import type { Value } from '../ir/ir.ts'
import { expm1Core, halfExp, normalLimit } from './exponential.ts'
import { beyond, constant, type Format, withSignOf } from './format.ts'
import { log, log1p } from './logarithm.ts'

/** Beyond this tanh is 1 to within one unit of the last place, and e^2a so large that adding 2 is no longer exact. */
const TANH_ONE = { f32: 8.66, f64: 18.7 }
/** From here on √(x² ± 1) is x. */
const FAR = { f32: 2 ** 14, f64: 2 ** 28 }

/** With m = e^2a - 1: tanh a = m / (m + 2). */
export function tanh(b: Builder, f: Format, x: Value): Value {
  const a = b.abs(x)
  const m = expm1Core(b, f, b.add(a, a)).value
  const d = b.add(m, 2)
  const q = b.div(m, d)
  // What m + 2 lost by rounding, over d; 1 / d is (1 - q) / 2.
  const lost = b.sub(m, b.sub(d, 2))
  const inverse = b.sub(0.5, b.mul(q, 0.5))
  const y = b.sub(q, b.mul(b.mul(q, lost), inverse))
  return withSignOf(b, f, b.select(b.lt(constant(b, f, TANH_ONE[f.type]), a), constant(b, f, 1), y), x)
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
