/** Sums, products, extremes, means: values combined along axes. Without `axis` along all of them. */

import { ArgumentError } from '@skein/base'
import { type DType, infoOf, isComplex, isInexact, partOf } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import { evaluating } from '../expression/evaluate.ts'
import { type Fold, maxFold, minFold, prodFold, sumFold } from '../expression/fold.ts'
import type { Runs } from '../expression/launch.ts'
import { type View, wholeOf } from '../expression/node.ts'
import { reducing } from '../expression/reduce.ts'
import { allocate } from '../memory.ts'
import { arrayOf, NDArray } from '../ndarray.ts'
import { combinedIn, sumType } from '../promotion.ts'
import { checkAxes, checkAxis, type Shape, sizeOf, stridesOf } from '../shape.ts'
import { astype, floated } from './astype.ts'
import { arange, checkDType } from './creation.ts'
import * as elementwise from './elementwise.ts'
import { type Operand, toArray } from './operands.ts'
import { elementsOf } from './placing.ts'
import { expandDims } from './shaping.ts'

export interface ReductionOptions {
  /** One axis, or several; negative ones are counted from the end. */
  axis?: number | readonly number[] | null
  /** Axes that were reduced stay, with length 1. */
  keepdims?: boolean
}
export interface SumOptions<D extends DType = DType> extends ReductionOptions {
  /** In which values are combined, and what comes out. */
  dtype?: D
}

/** A node that computes a reduction when it is asked for. */
function reduced(x: NDArray, axes: readonly number[], fold: Fold, dtype: DType, keepdims: boolean): NDArray {
  const { node } = x
  const isKept = (_: number, d: number) => !axes.includes(d)
  const shape = keepdims ? x.shape.map((n, d) => (axes.includes(d) ? 1 : n)) : x.shape.filter(isKept)
  function* computing(): Runs<View> {
    const view = yield* reducing(node, axes, fold, dtype)
    if (!keepdims) return view
    let k = 0
    const strides = x.shape.map((_, d) => (axes.includes(d) ? 0 : view.strides[k++]))
    return { ...view, shape, strides }
  }
  return new NDArray(wholeOf(dtype, shape, [node], computing))
}

function checkOptions(x: Operand, options: ReductionOptions, call: string) {
  const array = toArray(x, call)
  if (options === null || typeof options !== 'object') throw new ArgumentError(call, 'options', 'an object', options)
  return { array, axes: checkAxes(options.axis, array.shape, call), keepdims: options.keepdims === true }
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
    return astype(found, dtype, { copy: false }) as NDArray<D>
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
    return astype(reduced(array, axes, fold, through, keepdims), array.dtype, { copy: false })
  }
}

function needElements(shape: Shape, axes: readonly number[], call: string): void {
  if (axes.length === 0 ? sizeOf(shape) >= 0 : axes.every(d => shape[d] > 0)) return
  const rest = shape.filter((_, d) => !axes.includes(d))
  if (sizeOf(rest) === 0) return
  throw new ShapeError(call, `there is none of no elements: the shape ${shapeText(shape)} has none along the axes.`, [
    shape,
  ])
}

/** The largest element; NaN if there is one. */
export const max = extreme(maxFold)
/** The smallest element; NaN if there is one. */
export const min = extreme(minFold)

function truth(fold: Fold, call: string) {
  return (x: Operand, options: ReductionOptions = {}): NDArray<'bool'> => {
    const { array, axes, keepdims } = checkOptions(x, options, call)
    const truths = array.dtype === 'bool' ? array : astype(array, 'bool')
    return astype(reduced(truths, axes, fold, 'uint8', keepdims), 'bool')
  }
}

/** Whether no element is 0; true of nothing. */
export const all = truth({ ...minFold, init: () => 1 }, 'all')
/** Whether an element is not 0; false of nothing. */
export const any = truth({ ...maxFold, init: () => 0 }, 'any')

/** How many elements are not 0. */
export function countNonzero(x: Operand, options: ReductionOptions = {}): NDArray<'int64'> {
  return sum<'int64'>(astype(toArray(x, 'countNonzero'), 'bool', { copy: false }), options)
}

const countOf = ({ shape }: NDArray, axes: readonly number[]): number => axes.reduce((n, d) => n * shape[d], 1)

/** The sum over the number of elements; NaN of nothing. */
export function mean(x: Operand, options: ReductionOptions = {}): NDArray {
  const { array, axes, keepdims } = checkOptions(x, options, 'mean')
  const from = floated(array)
  const through = combinedIn(from.dtype)
  const found = elementwise.divide(reduced(from, axes, sumFold, through, keepdims), countOf(array, axes))
  return astype(found, from.dtype, { copy: false })
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
  const from = floated(array)
  const off = elementwise.subtract(from, mean(from, { axis: axes, keepdims: true }))
  const square = isComplex(from.dtype)
    ? elementwise.add(elementwise.square(elementwise.real(off)), elementwise.square(elementwise.imag(off)))
    : elementwise.square(off)
  const dtype = isComplex(from.dtype) ? partOf(from.dtype) : from.dtype
  const squares = reduced(square, axes, sumFold, combinedIn(dtype), keepdims)
  const found = elementwise.divide(squares, Math.max(0, countOf(array, axes) - correction))
  return astype(found, dtype, { copy: false })
}

/** The root of the variance. */
export const std = (x: Operand, options: VarianceOptions = {}): NDArray => elementwise.sqrt(variance(x, options))

export interface PlaceOptions {
  /** Along one axis; without it among all elements, in C order. */
  axis?: number | null
  keepdims?: boolean
}

/** The place of the first element that is the extreme one, NaN before all. */
function placeOf(extreme: (x: Operand, options: ReductionOptions) => NDArray, call: string) {
  return (x: Operand, options: PlaceOptions = {}): NDArray<'int32'> => {
    const given = toArray(x, call)
    const { keepdims = false } = options
    if (options.axis === undefined || options.axis === null) {
      needElements(given.shape, checkAxes(null, given.shape, call), call)
      return placeAmongAll(given, extreme(given, {}), keepdims)
    }
    const array = given
    const axis = checkAxis(options.axis, array.shape, call)
    if (array.shape[axis] === 0)
      throw new ShapeError(call, `there is none of no elements, in ${shapeText(given.shape)}.`, [given.shape])
    const top = extreme(array, { axis, keepdims: true })
    const length = array.shape[axis]
    let place = arange(0, length, 1, { dtype: 'int32' }) as NDArray
    for (let d = axis + 1; d < array.ndim; d++) place = expandDims(place, -1)
    const isThere = elementwise.equal(array, top)
    const isFound = isInexact(array.dtype) ? elementwise.logicalOr(isThere, elementwise.isnan(array)) : isThere
    const first = elementwise.where(isFound, place, length)
    return reduced(first, [axis], minFold, 'int32', keepdims) as NDArray<'int32'>
  }
}

/** The place in C order of the first element that is the extreme one. The engine looks for it faster than a kernel is called. */
function placeAmongAll(x: NDArray, top: NDArray, keepdims: boolean): NDArray<'int32'> {
  const { node } = x
  const shape = keepdims ? x.shape.map(() => 1) : []
  function* looking(): Runs<View> {
    const elements = elementsOf(arrayOf(yield* evaluating(node))) as unknown as Float64Array
    const view = yield* evaluating(top.node)
    const value = view.memory.elements[view.offset] as number
    const memory = allocate('int32', 1)
    memory.elements[0] = Number.isNaN(value) ? elements.findIndex(Number.isNaN) : elements.indexOf(value)
    return { dtype: 'int32', shape, strides: stridesOf(shape), offset: 0, memory }
  }
  return new NDArray<'int32'>(wholeOf('int32', shape, [node], looking))
}

export const argmax = placeOf(max, 'argmax')
export const argmin = placeOf(min, 'argmin')
