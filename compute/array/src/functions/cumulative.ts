/** Sums and products of what came before, along an axis. */

import { ArgumentError } from '@skein/base'
import { type DType, isComplex } from '../dtypes.ts'
import { DTypeError } from '../errors.ts'
import { type Fold, prodFold, sumFold } from '../expression/fold.ts'
import type { NDArray } from '../ndarray.ts'
import { combinedIn, sumType } from '../promotion.ts'
import { checkAxis } from '../shape.ts'
import { accumulated } from './accumulated.ts'
import { astype } from './astype.ts'
import { checkDType } from './creation.ts'
import { type Operand, toArray } from './operands.ts'

export interface CumulativeOptions<D extends DType = DType> {
  /** May be left out for an array of one axis. */
  axis?: number
  /** In which values are combined, and what comes out. */
  dtype?: D
  /** The sum (or product) of nothing comes first: the axis is longer by one. */
  includeInitial?: boolean
}

function accumulation(call: string, fold: Fold) {
  return <D extends DType = DType>(x: Operand, options: CumulativeOptions<D> = {}): NDArray<D> => {
    const array = toArray(x, call)
    if (options.axis === undefined && array.ndim !== 1)
      throw new ArgumentError(call, 'axis', `named for an array of ${array.ndim} axes`, options.axis)
    const axis = checkAxis(options.axis ?? 0, array.shape, call)
    if (options.dtype !== undefined) checkDType(options.dtype, call)
    const dtype = options.dtype ?? sumType(array.dtype)
    if (isComplex(array.dtype) && !isComplex(dtype))
      throw new DTypeError(call, `real numbers for ${dtype}`, [array.dtype])
    const through = dtype === 'bool' ? 'uint8' : combinedIn(dtype)
    return astype(accumulated(array, axis, fold, through, options.includeInitial === true), dtype, {
      copy: false,
    }) as NDArray<D>
  }
}

/**
 * Sums of the elements up to each one along an axis. Floats of long rows are added in groups before they are added to what is before them, in an order that depends on the row's length alone. Of integers and
 * booleans int64 (uint64 of unsigned ones), unless a dtype is named.
 * @throws ArgumentError where the axis is left out for an array of several
 */
export const cumulativeSum = accumulation('cumulativeSum', sumFold)

/** Products of the elements up to each one, one after the other; else as `cumulativeSum`. */
export const cumulativeProd = accumulation('cumulativeProd', prodFold)
