/** Reductions that leave NaN out. Of arrays that cannot have one they are the reductions themselves. */

import { type DType, isComplex, isInexact, partOf } from '../dtypes.ts'
import { ShapeError } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { astype } from './astype.ts'
import { type CumulativeOptions, cumulativeProd, cumulativeSum } from './cumulative.ts'
import * as e from './elementwise.ts'
import { type Operand, toArray } from './operands.ts'
import * as r from './reductions.ts'

/** The array with another element where it has NaN. */
const without = (x: NDArray, value: number): NDArray => (isInexact(x.dtype) ? e.where(e.isnan(x), value, x) : x)

const replacing =
  <O>(call: string, f: (x: NDArray, options: O) => NDArray, value: number) =>
  (x: Operand, options: O = {} as O): NDArray =>
    f(without(toArray(x, call), value), options)

/** As `sum`, with NaN as 0. */
export const nansum = replacing<r.SumOptions>('nansum', r.sum, 0)
/** As `prod`, with NaN as 1. */
export const nanprod = replacing<r.SumOptions>('nanprod', r.prod, 1)
/** As `cumulativeSum`, with NaN as 0. */
export const nancumulativeSum = replacing<CumulativeOptions>('nancumulativeSum', cumulativeSum, 0)
/** As `cumulativeProd`, with NaN as 1. */
export const nancumulativeProd = replacing<CumulativeOptions>('nancumulativeProd', cumulativeProd, 1)

const extreme =
  (call: string, f: typeof r.max, value: number) =>
  (x: Operand, options: r.ReductionOptions = {}): NDArray => {
    const array = toArray(x, call)
    if (!isInexact(array.dtype) || isComplex(array.dtype)) return f(array, options)
    const found = f(without(array, value), options)
    return e.where(r.all(e.isnan(array), options), Number.NaN, found)
  }

/** The largest element that is not NaN; NaN where there is none. */
export const nanmax = extreme('nanmax', r.max, -Infinity)
/** The smallest element that is not NaN; NaN where there is none. */
export const nanmin = extreme('nanmin', r.min, Infinity)

/** How many elements are not NaN, as floats. */
const counted = (x: NDArray, options: r.ReductionOptions): NDArray =>
  r.sum(e.logicalNot(e.isnan(x)), { ...options, dtype: 'float64' })

/** As the array, but for integers, which become float64. */
const typeOf = (x: NDArray): DType => (isInexact(x.dtype) ? x.dtype : 'float64')

/** The mean of the elements that are not NaN; NaN where there is none. */
export function nanmean(x: Operand, options: r.ReductionOptions = {}): NDArray {
  const array = toArray(x, 'nanmean')
  if (!isInexact(array.dtype)) return r.mean(array, options)
  const dtype = array.dtype === 'float16' ? 'float32' : array.dtype
  const sum = nansum(array, { axis: options.axis, keepdims: options.keepdims, dtype })
  return astype(e.divide(sum, counted(array, options)), typeOf(array), { copy: false })
}

/** The variance of the elements that are not NaN; NaN where there are not more than `correction`. */
export function nanvar(x: Operand, options: r.VarianceOptions = {}): NDArray {
  const array = toArray(x, 'nanvar')
  const { correction = 0 } = options
  if (!isInexact(array.dtype)) return r.variance(array, options)
  const off = e.subtract(array, nanmean(array, { axis: options.axis, keepdims: true }))
  const squares = isComplex(array.dtype) ? e.add(e.square(e.real(off)), e.square(e.imag(off))) : e.square(off)
  const count = e.subtract(counted(array, options), correction)
  const found = e.divide(nansum(squares, { axis: options.axis, keepdims: options.keepdims }), count)
  const dtype = isComplex(array.dtype) ? partOf(array.dtype) : array.dtype
  return astype(e.where(e.greater(count, 0), found, Number.NaN), dtype, { copy: false })
}

/** The root of `nanvar`. */
export const nanstd = (x: Operand, options: r.VarianceOptions = {}): NDArray => e.sqrt(nanvar(x, options))

const place =
  (call: string, f: typeof r.argmax, value: number) =>
  (x: Operand, options: r.PlaceOptions = {}): NDArray<'int32'> => {
    const array = toArray(x, call)
    if (!isInexact(array.dtype)) return f(array, options)
    const isEmpty = r.all(e.isnan(array), { axis: options.axis })
    if (array.size > 0 && r.any(isEmpty).item())
      throw new ShapeError(call, 'there is no place: all elements along the axis are NaN.', [array.shape])
    return f(without(array, value), options)
  }

/** Where the largest element that is not NaN is. @throws ShapeError where all are */
export const nanargmax = place('nanargmax', r.argmax, -Infinity)
/** Where the smallest element that is not NaN is. @throws ShapeError where all are */
export const nanargmin = place('nanargmin', r.argmin, Infinity)
