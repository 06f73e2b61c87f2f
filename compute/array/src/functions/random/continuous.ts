/** Distributions of real numbers. Each function throws ArgumentError for a parameter out of range, ShapeError for one that does not fit the shape. */

import type { NDArray } from '../../ndarray.ts'
import * as closed from '../../random/closed.ts'
import * as drawn from '../../random/drawn.ts'
import type { Variate } from '../../random/variate.ts'
import type { Shape } from '../../shape.ts'
import {
  atLeast0,
  type Demand,
  dtypeAmong,
  type FloatOptions,
  finite,
  make,
  type Numbers,
  positive,
  type RealType,
  realTypes,
} from './source.ts'

type Asked = Parameters<typeof make>[5]

const floats = <D extends RealType>(
  variate: Variate,
  shape: number | Shape,
  options: FloatOptions<D>,
  asked: Asked,
  call = `random.${variate.name}`,
): NDArray<D> =>
  make<D>(variate, shape, dtypeAmong<RealType>(options?.dtype, 'float64', realTypes, call) as D, options, call, asked)

/** Between `low` (0) and `high` (1), which is not among them but by rounding: 53 random bits, 24 of a float32. */
export function uniform<D extends RealType = 'float64'>(
  shape: number | Shape,
  options: FloatOptions<D> & { low?: Numbers; high?: Numbers } = {},
): NDArray<D> {
  const { low = 0, high = 1 } = options
  const variate = options.dtype === 'float32' ? closed.uniform24 : closed.uniform
  const asked: Asked = [
    ['low', low, finite],
    ['high', high, finite],
  ]
  return floats(variate, shape, options, asked, 'random.uniform')
}

/** The normal distribution, by Box and Muller's formula: element k of seed s is what `new Random(s).normalAt(k)` is, to rounding. */
export function normal<D extends RealType = 'float64'>(
  shape: number | Shape,
  options: FloatOptions<D> & { mean?: Numbers; std?: Numbers } = {},
): NDArray<D> {
  const { mean = 0, std = 1 } = options
  return floats(closed.normal, shape, options, [
    ['mean', mean, finite],
    ['std', std, atLeast0],
  ])
}

/** exp of a normal number of this mean and deviation. */
export function lognormal<D extends RealType = 'float64'>(
  shape: number | Shape,
  options: FloatOptions<D> & { mean?: Numbers; std?: Numbers } = {},
): NDArray<D> {
  const { mean = 0, std = 1 } = options
  return floats(closed.lognormal, shape, options, [
    ['mean', mean, finite],
    ['std', std, atLeast0],
  ])
}

/** With mean `scale` (1): the inverse of the rate. */
export function exponential<D extends RealType = 'float64'>(
  shape: number | Shape,
  options: FloatOptions<D> & { scale?: Numbers } = {},
): NDArray<D> {
  return floats(closed.exponential, shape, options, [['scale', options.scale ?? 1, atLeast0]])
}

/** Of shape parameter `a`, whose mean is a · `scale`. By Marsaglia and Tsang's method. */
export function gamma<D extends RealType = 'float64'>(
  shape: number | Shape,
  options: FloatOptions<D> & { a: Numbers; scale?: Numbers },
): NDArray<D> {
  return floats(drawn.gamma, shape, options, [
    ['a', options?.a, atLeast0],
    ['scale', options?.scale ?? 1, atLeast0],
  ])
}

/** The distribution on [0, 1] with the density xᵃ⁻¹·(1 − x)ᵇ⁻¹, of two gamma numbers; in logarithms, so that small a and b do no harm. */
export function beta<D extends RealType = 'float64'>(
  shape: number | Shape,
  options: FloatOptions<D> & { a: Numbers; b: Numbers },
): NDArray<D> {
  return floats(drawn.beta, shape, options, [
    ['a', options?.a, positive],
    ['b', options?.b, positive],
  ])
}

/** The sum of `df` squares of normal numbers; `df` need not be whole. */
export function chiSquare<D extends RealType = 'float64'>(
  shape: number | Shape,
  options: FloatOptions<D> & { df: Numbers },
): NDArray<D> {
  return floats(drawn.chiSquare, shape, options, [['df', options?.df, positive]])
}

/** Student's distribution of `df` degrees of freedom. */
export function studentT<D extends RealType = 'float64'>(
  shape: number | Shape,
  options: FloatOptions<D> & { df: Numbers },
): NDArray<D> {
  return floats(drawn.studentT, shape, options, [['df', options?.df, positive]])
}

/** scale · (−ln(1 − u))^(1/a): an exponential number for a = 1. */
export function weibull<D extends RealType = 'float64'>(
  shape: number | Shape,
  options: FloatOptions<D> & { a: Numbers; scale?: Numbers },
): NDArray<D> {
  return floats(closed.weibull, shape, options, [
    ['a', options?.a, positive],
    ['scale', options?.scale ?? 1, atLeast0],
  ])
}

export interface Located {
  /** Where its middle (of gumbel: its mode) is. Default 0. */
  loc?: Numbers
  /** Default 1. */
  scale?: Numbers
}

const located =
  (variate: Variate, demand: Demand = atLeast0) =>
  <D extends RealType = 'float64'>(shape: number | Shape, options: FloatOptions<D> & Located = {}): NDArray<D> =>
    floats(variate, shape, options, [
      ['loc', options.loc ?? 0, finite],
      ['scale', options.scale ?? 1, demand],
    ])

/** loc + scale · ln(u / (1 − u)). */
export const logistic = located(closed.logistic)
/** Exponential to both sides of `loc`, with mean distance `scale`. */
export const laplace = located(closed.laplace)
/** loc − scale · ln(−ln u): the limit of maxima. */
export const gumbel = located(closed.gumbel)
/** loc + scale · tan(π·(u − ½)). It has neither mean nor deviation. */
export const cauchy = located(closed.cauchy)
