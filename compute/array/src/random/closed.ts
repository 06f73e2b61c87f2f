/** Distributions with one formula for each element. u and v are uniform in [0, 1), multiples of 2^-53. */

import type { Variate } from './variate.ts'

const closed = (name: string, make: Variate['make'], use: Variate['use'] = () => ({})): Variate => ({
  name,
  takes: 'uniforms',
  make,
  use,
})

/** In (0, 1), neither end: an odd multiple of 2^-53. */
const open = (u: number) => Math.floor(u * 4503599627370496) * 2.220446049250313e-16 + 1.1102230246251565e-16

/** Normal with mean 0 and deviation 1 (G. E. P. Box and M. E. Muller, 1958), as `Random.normalAt` of `@skein/base`; never beyond 8.6 deviations. */
const standard = (u: number, v: number) => Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(6.283185307179586 * v)

export const uniform = closed('uniform', (u: number, _v: number, low: number, high: number) => low + (high - low) * u)
/** Of 24 bits: what a float32 has, so that it is below `high` there too. */
export const uniform24 = closed(
  'uniform24',
  (u: number, _v: number, low: number, high: number) => low + (high - low) * (Math.floor(u * 16777216) / 16777216),
)
export const normal = closed(
  'normal',
  (u: number, v: number, mean: number, std: number) => mean + std * standard(u, v),
  () => ({ standard }),
)
export const lognormal = closed(
  'lognormal',
  (u: number, v: number, mean: number, std: number) => Math.exp(mean + std * standard(u, v)),
  () => ({ standard }),
)
export const exponential = closed('exponential', (u: number, _v: number, scale: number) => -scale * Math.log1p(-u))
export const weibull = closed(
  'weibull',
  (u: number, _v: number, a: number, scale: number) => scale * (-Math.log1p(-u)) ** (1 / a),
)
export const logistic = closed(
  'logistic',
  (u: number, _v: number, loc: number, scale: number) => {
    const p = open(u)
    return loc + scale * Math.log(p / (1 - p))
  },
  () => ({ open }),
)
export const laplace = closed(
  'laplace',
  (u: number, _v: number, loc: number, scale: number) => {
    const p = open(u)
    return p < 0.5 ? loc + scale * Math.log(2 * p) : loc - scale * Math.log(2 * (1 - p))
  },
  () => ({ open }),
)
export const gumbel = closed(
  'gumbel',
  (u: number, _v: number, loc: number, scale: number) => loc - scale * Math.log(-Math.log(open(u))),
  () => ({ open }),
)
export const cauchy = closed(
  'cauchy',
  (u: number, _v: number, loc: number, scale: number) => {
    // Around 0, where the tangent keeps its precision; the tails are those of the other half turn.
    const t = open(u) - 0.5
    return loc + scale * Math.tan(Math.PI * t)
  },
  () => ({ open }),
)
/** Trials up to the first success. No more than `most`. */
export const geometric = closed('geometric', (u: number, _v: number, p: number, most: number) =>
  Math.min(Math.max(Math.ceil(Math.log1p(-u) / Math.log1p(-p)), 1), most),
)
