/** What a reduction combines elements with. Associative and commutative but for rounding. */

import { Builder, type Combination, type Value } from '@skein/kernel/compiler'
import { type DType, infoOf } from '../dtypes.ts'
import { constant, convert, type Lane, pair, real } from './lanes.ts'
import { multiplyPairs } from './operations/complex.ts'
import { isUnsigned } from './operations/define.ts'

export interface Fold {
  readonly name: string
  /** What combines with any element to that element. */
  readonly init: (dtype: DType) => number | bigint
  readonly combine: (b: Builder, x: Lane, y: Lane) => Lane
  /** What of an element is combined; by default itself. @param beside a value that all elements have in common that are combined, where one is given */
  readonly of?: (b: Builder, x: Lane, beside: Lane | undefined) => Lane
}

/** What is combined of a tree's value, in the dtype in which it is. */
export const combinedOf = (b: Builder, fold: Fold, x: Lane, dtype: DType, beside?: Lane): Lane =>
  convert(b, fold.of ? fold.of(b, x, beside) : x, dtype)

/** The same for values that have been combined of elements. */
export const combinedAgain = (fold: Fold): Fold => {
  if (fold.of === undefined) return fold
  const { of: _, ...rest } = fold
  return { ...rest, name: `${fold.name}-again` }
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

const truthOf = (b: Builder, x: Lane): Lane => convert(b, x, 'bool')

/** Of truths, as numbers 0 and 1. */
export const anyFold: Fold = { ...maxFold, name: 'any', init: () => 0, of: truthOf }
export const allFold: Fold = { ...minFold, name: 'all', init: () => 1, of: truthOf }
/** How many are not 0. */
export const countFold: Fold = { ...sumFold, name: 'countNonzero', of: truthOf }

/** Squares of what real numbers are off the one beside. */
export const squaresFold: Fold = {
  ...sumFold,
  name: 'squares',
  of(b, x, mean) {
    const off = b.sub(convert(b, x, mean!.dtype).v, mean!.v)
    return real(mean!.dtype, b.mul(off, off))
  },
}

const isNone = (b: Builder, x: Lane): Value => (x.im ? b.or(b.ne(x.v, x.v), b.ne(x.im, x.im)) : b.ne(x.v, x.v))

/** The same, of floats and complex numbers that are not NaN; the others are taken for one that changes nothing. */
function withoutNaN(fold: Fold): Fold {
  return {
    ...fold,
    name: `nan${fold.name}`,
    of(b, x) {
      const { v, im } = constant(b, x.dtype, fold.init(x.dtype))
      const isOut = isNone(b, x)
      const kept = b.select(isOut, v, x.v)
      return x.im && im ? pair(x.dtype, kept, b.select(isOut, im, x.im)) : real(x.dtype, kept)
    },
  }
}

export const nansumFold = withoutNaN(sumFold)
export const nanprodFold = withoutNaN(prodFold)
export const nanmaxFold = withoutNaN(maxFold)
export const nanminFold = withoutNaN(minFold)
/** As `squaresFold`, of floats. */
export const nansquaresFold: Fold = {
  ...squaresFold,
  name: 'nansquares',
  of(b, x, mean) {
    const square = squaresFold.of!(b, x, mean)
    return real(square.dtype, b.select(isNone(b, x), b.const(square.v.type, 0), square.v))
  },
}
/** How many are not NaN. */
export const numbersFold: Fold = { ...sumFold, name: 'numbers', of: (b, x) => real('bool', b.not(isNone(b, x))) }

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
