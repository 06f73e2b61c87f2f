/** What a reduction combines elements with. Associative and commutative but for rounding. */

import { Builder, type Combination } from '@skein/kernel/compiler'
import { type DType, infoOf } from '../dtypes.ts'
import { constant, type Lane, pair, real } from './lanes.ts'
import { multiplyPairs } from './operations/complex.ts'
import { isUnsigned } from './operations/define.ts'

export interface Fold {
  readonly name: string
  /** What combines with any element to that element. */
  readonly init: (dtype: DType) => number | bigint
  readonly combine: (b: Builder, x: Lane, y: Lane) => Lane
}

export const sumFold: Fold = {
  name: 'sum',
  init: dtype => (infoOf(dtype).type === 'i64' ? 0n : 0),
  combine: (b, x, y) =>
    x.im && y.im ? pair(x.dtype, b.add(x.v, y.v), b.add(x.im, y.im)) : real(x.dtype, b.add(x.v, y.v)),
}

export const prodFold: Fold = {
  name: 'prod',
  init: dtype => (infoOf(dtype).type === 'i64' ? 1n : 1),
  combine(b, x, y) {
    if (!x.im || !y.im) return real(x.dtype, b.mul(x.v, y.v))
    const { v, im } = multiplyPairs(b, { v: x.v, im: x.im }, { v: y.v, im: y.im })
    return pair(x.dtype, v, im)
  },
}

/** The largest and smallest numbers of a dtype; infinities of floats. */
function extreme(dtype: DType, isLargest: boolean): number | bigint {
  const { kind, bits, type } = infoOf(dtype)
  if (kind === 'float') return isLargest ? Infinity : -Infinity
  const size = BigInt(bits)
  const most = kind === 'unsigned' ? 2n ** size - 1n : 2n ** (size - 1n) - 1n
  const value = isLargest ? most : kind === 'unsigned' ? 0n : -(2n ** (size - 1n))
  return type === 'i64' ? BigInt.asIntN(64, value) : Number(BigInt.asIntN(32, value))
}

const extremeFold = (name: 'max' | 'min'): Fold => ({
  name,
  init: dtype => extreme(dtype, name === 'min'),
  combine: (b, x, y) => {
    const op = x.v.type[0] === 'f' ? name : `${isUnsigned(x.dtype) ? 'u' : 's'}${name}`
    return real(x.dtype, b.op(op, x.v.type, [x.v, y.v]))
  },
})

/** NaN wins. */
export const maxFold = extremeFold('max')
export const minFold = extremeFold('min')

export const initialLane = (b: Builder, fold: Fold, dtype: DType): Lane => constant(b, dtype, fold.init(dtype))

/** The same for a kernel that reduces a row: of values in one variable, so not of complex ones. */
export function combinationOf(fold: Fold, dtype: DType): Combination {
  const { type } = infoOf(dtype)
  const b = new Builder()
  const scalar = (at: number): Lane => real(dtype, b.op('scalar', type, [], at))
  const result = fold.combine(b, scalar(0), scalar(1)).v
  const { body } = b
  body.results = [result]
  const scalars = [
    { name: 'a', type },
    { name: 'b', type },
  ]
  return {
    kind: 'reduce',
    type,
    init: fold.init(dtype),
    combine: { name: fold.name, rank: 0, buffers: [], scalars, sites: [], body, yields: type },
  }
}
