/** Sums, products, extremes, means: values combined along axes. Without `axis` along all of them. */

import { ArgumentError } from '@skein/base'
import { type DType, inexactOf, infoOf, isComplex, partOf } from '../dtypes.ts'
import { DTypeError } from '../errors.ts'
import {
  allFold,
  anyFold,
  countFold,
  type Fold,
  maxFold,
  minFold,
  prodFold,
  squaresFold,
  sumFold,
} from '../expression/fold.ts'
import { leafOf } from '../expression/node.ts'
import { reduceAtOnce } from '../expression/reduce-direct.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { combinedIn, sumType } from '../promotion.ts'
import { isContiguous, sizeOf } from '../shape.ts'
import { floated } from './astype.ts'
import { checkDType, full } from './creation.ts'
import * as elementwise from './elementwise.ts'
import type { Operand } from './operands.ts'
import {
  checkOptions,
  countOf,
  dividedBy,
  keptIn,
  needElements,
  type ReductionOptions,
  reduced,
  rootOf,
  settled,
} from './reducing.ts'

export type { ReductionOptions } from './reducing.ts'

export interface SumOptions<D extends DType = DType> extends ReductionOptions {
  /** In which values are combined, and what comes out. */
  dtype?: D
}

/** @param ofTruths the same for booleans */
function total(fold: Fold, call: string, ofTruths: () => ReturnType<typeof truth>) {
  return <D extends DType = DType>(x: Operand, options: SumOptions<D> = {}): NDArray<D> => {
    const { array, axes, keepdims } = checkOptions(x, options, call)
    if (options.dtype !== undefined) checkDType(options.dtype, call)
    const dtype = options.dtype ?? sumType(array.dtype)
    if (isComplex(array.dtype) && !isComplex(dtype))
      throw new DTypeError(call, `real numbers for ${dtype}`, [array.dtype])
    if (dtype === 'bool') return ofTruths()(array, options) as NDArray<DType> as NDArray<D>
    const found = reduced(array, axes, fold, combinedIn(dtype), keepdims)
    return settled(found, dtype) as NDArray<D>
  }
}

/** Of integers and booleans an int64 (uint64 of unsigned ones), unless a dtype is named. Of nothing 0. */
export const sum = total(sumFold, 'sum', () => any)
/** As `sum`; of nothing 1. */
export const prod = total(prodFold, 'prod', () => all)

function extreme(fold: Fold) {
  return (x: Operand, options: ReductionOptions = {}): NDArray => {
    const { array, axes, keepdims } = checkOptions(x, options, fold.name)
    const { kind } = infoOf(array.dtype)
    if (kind === 'complex') throw new DTypeError(fold.name, 'real numbers, which have an order', [array.dtype], '')
    needElements(array.shape, axes, fold.name)
    const through = kind === 'bool' ? 'uint8' : combinedIn(array.dtype)
    return settled(reduced(array, axes, fold, through, keepdims), array.dtype)
  }
}

/** The largest element; NaN if there is one. */
export const max = extreme(maxFold)
/** The smallest element; NaN if there is one. */
export const min = extreme(minFold)

function truth(fold: Fold) {
  return (x: Operand, options: ReductionOptions = {}): NDArray<'bool'> => {
    const { array, axes, keepdims } = checkOptions(x, options, fold.name)
    const found = axes.length === array.ndim ? amongFirst(array, fold === anyFold) : undefined
    if (found !== undefined) return full(keepdims ? array.shape.map(() => 1) : [], found, { dtype: 'bool' })
    return settled(reduced(array, axes, fold, 'uint8', keepdims), 'bool') as NDArray<'bool'>
  }
}

/** So many elements are looked at before a kernel looks at all. */
const firstElements = 32

/** What decides about all elements, if it is among the first ones. @param decisive what decides: a number other than 0, or 0 */
function amongFirst({ node }: NDArray, decisive: boolean): boolean | undefined {
  if (node.is !== 'leaf' || infoOf(node.dtype).parts === 2) return undefined
  const { shape, strides, offset } = node.view
  if (!isContiguous(shape, strides)) return undefined
  const { elements } = node.box
  const end = offset + Math.min(firstElements, sizeOf(shape))
  for (let k = offset; k < end; k++) if ((Number(elements[k]) !== 0) === decisive) return decisive
  return undefined
}

/** Whether no element is 0; true of nothing. */
export const all = truth(allFold)
/** Whether an element is not 0; false of nothing. */
export const any = truth(anyFold)

/** How many elements are not 0. */
export function countNonzero(x: Operand, options: ReductionOptions = {}): NDArray<'int64'> {
  const { array, axes, keepdims } = checkOptions(x, options, 'countNonzero')
  return settled(reduced(array, axes, countFold, 'int32', keepdims), 'int64') as NDArray<'int64'>
}

/** The sum over the number of elements; NaN of nothing. */
export function mean(x: Operand, options: ReductionOptions = {}): NDArray {
  const { array, axes, keepdims } = checkOptions(x, options, 'mean')
  const dtype = inexactOf(array.dtype)
  const sums = reduced(array, axes, sumFold, combinedIn(dtype), keepdims)
  return settled(dividedBy(sums, countOf(array, axes)), dtype)
}

export interface VarianceOptions extends ReductionOptions {
  /** Taken off the number of elements by which is divided: 1 for the variance of a sample. Default 0. */
  correction?: number
}

/** The mean square of what elements are off their mean, in two passes. */
export function variance(x: Operand, options: VarianceOptions = {}): NDArray {
  const { array, axes, keepdims } = checkOptions(x, options, 'var')
  const { correction = 0 } = options
  if (typeof correction !== 'number') throw new ArgumentError('var', 'correction', 'a number', correction)
  const dtype = isComplex(array.dtype) ? partOf(array.dtype) : inexactOf(array.dtype)
  const squares = squaresAtOnce(array, axes, dtype, keepdims) ?? squaresOf(array, axes, dtype, keepdims)
  return settled(dividedBy(squares, Math.max(0, countOf(array, axes) - correction)), dtype)
}

/** Squares of what elements are off their mean, summed. */
function squaresOf(array: NDArray, axes: readonly number[], dtype: DType, keepdims: boolean): NDArray {
  const from = floated(array)
  const off = elementwise.subtract(from, mean(from, { axis: axes, keepdims: true }))
  const square = isComplex(from.dtype)
    ? elementwise.add(elementwise.square(elementwise.real(off)), elementwise.square(elementwise.imag(off)))
    : elementwise.square(off)
  return reduced(square, axes, sumFold, combinedIn(dtype), keepdims)
}

/** The same of an array that is there and small. */
function squaresAtOnce(array: NDArray, axes: readonly number[], dtype: DType, keepdims: boolean): NDArray | undefined {
  if (isComplex(array.dtype) || dtype === 'float16') return undefined
  const { node } = array
  const sums = reduceAtOnce(node, axes, sumFold, dtype)
  if (sums === undefined) return undefined
  const means = dividedBy(arrayOf(sums), countOf(array, axes)).view
  const squares = reduceAtOnce(node, axes, squaresFold, dtype, leafOf(means))!
  means.memory.release()
  return arrayOf(keepdims ? keptIn(array.shape, axes, squares) : squares)
}

/** The root of the variance. */
export const std = (x: Operand, options: VarianceOptions = {}): NDArray => rootOf(variance(x, options))
