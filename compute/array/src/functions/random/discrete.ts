/** Distributions of whole numbers. Each function throws ArgumentError for a parameter out of range, ShapeError for one that does not fit the shape. */

import { ArgumentError } from '@skein/base'
import { type DType, dtypes, type IntegerType, infoOf, isInteger } from '../../dtypes.ts'
import type { NDArray } from '../../ndarray.ts'
import * as closed from '../../random/closed.ts'
import * as drawn from '../../random/drawn.ts'
import { checkShape, type Shape } from '../../shape.ts'
import { add } from '../elementwise.ts'
import {
  type CountOptions,
  type CountType,
  countTypes,
  type Demand,
  dtypeAmong,
  make,
  type Numbers,
  placed,
  probability,
  type Source,
} from './source.ts'

/** The largest count that a dtype holds; of int64 and float64, the largest that is exact as a number. */
const mostOf = (dtype: CountType): number =>
  ({ int32: 2 ** 31 - 1, int64: 2 ** 53 - 1, float32: 2 ** 24, float64: 2 ** 53 - 1 })[dtype]

const countsUpTo = (dtype: CountType): Demand => ({
  is: n => Number.isInteger(n) && n >= 0 && n <= mostOf(dtype),
  expected: `a whole number from 0 to ${mostOf(dtype)}, which ${dtype} holds`,
})

export interface IntegersOptions<D extends IntegerType = IntegerType> extends Source {
  /** The least. Default 0. */
  low?: number | bigint
  /** None reaches it, unless `endpoint` is true. */
  high: number | bigint
  endpoint?: boolean
  /** Default int32. */
  dtype?: D
}

/** Whole numbers from `low` to `high`, each exactly as likely as any other. @throws ArgumentError for an empty range, or one that the dtype has not */
export function integers<D extends IntegerType = 'int32'>(
  givenShape: number | Shape,
  options: IntegersOptions<D>,
): NDArray<D> {
  const call = 'random.integers'
  const shape = checkShape(givenShape, call)
  const { low = 0, high, endpoint = false } = options ?? {}
  const dtype = dtypeAmong<DType>(options?.dtype, 'int32', dtypes.filter(isInteger), call) as IntegerType
  const first = wholeOf(low, call, 'low')
  const last = wholeOf(high, call, 'high') - (endpoint ? 0n : 1n)
  if (last < first)
    throw new ArgumentError(call, 'high', `${endpoint ? 'at least' : 'more than'} low, which is ${low}`, high)
  const { bits, kind } = infoOf(dtype)
  const [least, most] =
    kind === 'unsigned' ? [0n, 2n ** BigInt(bits) - 1n] : [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]
  for (const [name, found, x] of [
    ['low', low, first],
    ['high', high, last],
  ] as const)
    if (x < least || x > most)
      throw new ArgumentError(call, name, `in the range of ${dtype}, from ${least} to ${most}`, found)
  const width = last - first + 1n
  // Bounds beyond what a float64 has exactly are added afterwards.
  const isExact = first >= -(2n ** 52n) && last < 2n ** 52n
  if (width <= 2n ** 53n) {
    const n = Number(width)
    const given = [isExact ? Number(first) : 0, n, 2 ** 53 - (2 ** 53 % n)]
    const made = placed(drawn.integer, shape, dtype as D, options, call, given)
    return isExact ? made : (add(made, first) as NDArray<D>)
  }
  const range = width - 1n
  const high32 = Number(range >> 32n)
  const shift = 2 ** (Math.floor(Math.log2(high32)) - 31)
  const from0 = placed(drawn.integer64, shape, dtype as D, options, call, [high32, Number(range & 0xffffffffn), shift])
  return first === 0n ? from0 : (add(from0, first) as NDArray<D>)
}

function wholeOf(x: unknown, call: string, name: string): bigint {
  if (typeof x === 'bigint') return x
  if (Number.isSafeInteger(x)) return BigInt(x as number)
  throw new ArgumentError(call, name, 'a whole number, beyond 2^53 a BigInt', x)
}

/** Successes among `n` trials of probability `p`. */
export function binomial<D extends CountType = 'int32'>(
  shape: number | Shape,
  options: CountOptions<D> & { n: Numbers; p: Numbers },
): NDArray<D> {
  const dtype = dtypeAmong<CountType>(options?.dtype, 'int32', countTypes, 'random.binomial')
  return make<D>(drawn.binomial, shape, dtype as D, options, 'random.binomial', [
    ['n', options?.n, countsUpTo(dtype)],
    ['p', options?.p, probability],
  ])
}

/** Events where `lam` are expected. */
export function poisson<D extends CountType = 'int32'>(
  shape: number | Shape,
  options: CountOptions<D> & { lam?: Numbers } = {},
): NDArray<D> {
  const dtype = dtypeAmong<CountType>(options.dtype, 'int32', countTypes, 'random.poisson')
  // Twelve deviations below what the dtype holds.
  const most = mostOf(dtype) - 12 * Math.ceil(Math.sqrt(mostOf(dtype)))
  const demand = { is: (x: number) => x >= 0 && x <= most, expected: `a number from 0 to ${most}, for ${dtype}` }
  return make<D>(drawn.poisson, shape, dtype as D, options, 'random.poisson', [['lam', options.lam ?? 1, demand]])
}

/** Trials up to the first success, of probability `p`; the most that the dtype holds where there would be more. */
export function geometric<D extends CountType = 'int32'>(
  shape: number | Shape,
  options: CountOptions<D> & { p: Numbers },
): NDArray<D> {
  const dtype = dtypeAmong<CountType>(options?.dtype, 'int32', countTypes, 'random.geometric')
  const demand = { is: (x: number) => x > 0 && x <= 1, expected: 'a number above 0, to 1' }
  return make<D>(
    closed.geometric,
    shape,
    dtype as D,
    options,
    'random.geometric',
    [['p', options?.p, demand]],
    [mostOf(dtype)],
  )
}
