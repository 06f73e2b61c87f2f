/** Reductions that leave NaN out. Of arrays that cannot have one they are the reductions themselves. */

import { isComplex, isInexact, partOf } from '../dtypes.ts'
import { ShapeError } from '../errors.ts'
import {
  type Fold,
  nanmaxFold,
  nanminFold,
  nanprodFold,
  nansquaresFold,
  nansumFold,
  numbersFold,
} from '../expression/fold.ts'
import { reduceAtOnce } from '../expression/reduce-direct.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { combinedIn } from '../promotion.ts'
import { astype } from './astype.ts'
import { type CumulativeOptions, cumulativeProd, cumulativeSum } from './cumulative.ts'
import * as e from './elementwise.ts'
import { argmax, argmin, type PlaceOptions } from './extreme-places.ts'
import { type Operand, toArray } from './operands.ts'
import { checkOptions, dividedBy, fewOf, keptIn, needElements, reduced, settled } from './reducing.ts'
import * as r from './reductions.ts'

/** The array with another element where it has NaN. */
const without = (x: NDArray, value: number): NDArray => (isInexact(x.dtype) ? e.where(e.isnan(x), value, x) : x)

const replacing =
  <O>(call: string, f: (x: NDArray, options: O) => NDArray, value: number) =>
  (x: Operand, options: O = {} as O): NDArray =>
    f(without(toArray(x, call), value), options)

function total(call: string, f: typeof r.sum, fold: Fold, value: number) {
  const otherwise = replacing<r.SumOptions>(call, f, value)
  return (x: Operand, options: r.SumOptions = {}): NDArray => {
    const { array, axes, keepdims } = checkOptions(x, options, call)
    const { dtype } = array
    if (!isInexact(dtype) || options.dtype !== undefined) return otherwise(array, options)
    return settled(reduced(array, axes, fold, combinedIn(dtype), keepdims), dtype)
  }
}

/** As `sum`, with NaN as 0. */
export const nansum = total('nansum', r.sum, nansumFold, 0)
/** As `prod`, with NaN as 1. */
export const nanprod = total('nanprod', r.prod, nanprodFold, 1)
/** As `cumulativeSum`, with NaN as 0. */
export const nancumulativeSum = replacing<CumulativeOptions>('nancumulativeSum', cumulativeSum, 0)
/** As `cumulativeProd`, with NaN as 1. */
export const nancumulativeProd = replacing<CumulativeOptions>('nancumulativeProd', cumulativeProd, 1)

const extreme =
  (call: string, f: typeof r.max, fold: Fold) =>
  (x: Operand, options: r.ReductionOptions = {}): NDArray => {
    const { array, axes, keepdims } = checkOptions(x, options, call)
    const { dtype } = array
    if (!isInexact(dtype) || isComplex(dtype)) return f(array, options)
    needElements(array.shape, axes, call)
    const found = settled(reduced(array, axes, fold, combinedIn(dtype), keepdims), dtype)
    // What comes out where there is no number comes out of infinities, too.
    const none = fold.init(dtype)
    if (fewOf(found)?.includes(none as number) === false) return found
    return e.where(r.all(e.isnan(array), options), Number.NaN, found)
  }

/** The largest element that is not NaN; NaN where there is none. */
export const nanmax = extreme('nanmax', r.max, nanmaxFold)
/** The smallest element that is not NaN; NaN where there is none. */
export const nanmin = extreme('nanmin', r.min, nanminFold)

/** The mean of the elements that are not NaN; NaN where there is none. */
export function nanmean(x: Operand, options: r.ReductionOptions = {}): NDArray {
  const { array, axes, keepdims } = checkOptions(x, options, 'nanmean')
  const { dtype } = array
  if (!isInexact(dtype)) return r.mean(array, options)
  const sums = reduced(array, axes, nansumFold, combinedIn(dtype), keepdims)
  return settled(dividedBy(sums, reduced(array, axes, numbersFold, 'int32', keepdims)), dtype)
}

/** The variance of the elements that are not NaN; NaN where there are not more than `correction`. */
export function nanvar(x: Operand, options: r.VarianceOptions = {}): NDArray {
  const { array, axes, keepdims } = checkOptions(x, options, 'nanvar')
  const { correction = 0 } = options
  if (!isInexact(array.dtype)) return r.variance(array, options)
  const squares = squaresAtOnce(array, axes, keepdims) ?? squaresOf(array, options)
  const count = e.subtract(reduced(array, axes, numbersFold, 'int32', keepdims), correction)
  const dtype = isComplex(array.dtype) ? partOf(array.dtype) : array.dtype
  return astype(e.where(e.greater(count, 0), e.divide(squares, count), Number.NaN), dtype, { copy: false })
}

/** Squares of what numbers are off their mean, summed. */
function squaresOf(array: NDArray, { axis, keepdims }: r.VarianceOptions): NDArray {
  const off = e.subtract(array, nanmean(array, { axis, keepdims: true }))
  const squares = isComplex(array.dtype) ? e.add(e.square(e.real(off)), e.square(e.imag(off))) : e.square(off)
  // What an infinity is off the mean is NaN, and counts.
  return r.sum(e.where(e.isnan(array), 0, squares), { axis, keepdims })
}

/** The same of an array that is there and small. */
function squaresAtOnce(array: NDArray, axes: readonly number[], keepdims: boolean): NDArray | undefined {
  const { node, dtype } = array
  if (isComplex(dtype) || dtype === 'float16') return undefined
  const means = nanmean(array, { axis: axes }).node
  if (means.is !== 'leaf') return undefined
  const squares = reduceAtOnce(node, axes, nansquaresFold, dtype, means)
  return squares && arrayOf(keepdims ? keptIn(array.shape, axes, squares) : squares)
}

/** The root of `nanvar`. */
export const nanstd = (x: Operand, options: r.VarianceOptions = {}): NDArray => e.sqrt(nanvar(x, options))

const place =
  (call: string, f: typeof argmax, value: number) =>
  (x: Operand, options: PlaceOptions = {}): NDArray<'int32'> => {
    const array = toArray(x, call)
    if (!isInexact(array.dtype)) return f(array, options)
    const isEmpty = r.all(e.isnan(array), { axis: options.axis })
    if (array.size > 0 && r.any(isEmpty).item())
      throw new ShapeError(call, 'there is no place: all elements along the axis are NaN.', [array.shape])
    return f(without(array, value), options)
  }

/** Where the largest element that is not NaN is. @throws ShapeError where all are */
export const nanargmax = place('nanargmax', argmax, -Infinity)
/** Where the smallest element that is not NaN is. @throws ShapeError where all are */
export const nanargmin = place('nanargmin', argmin, Infinity)
