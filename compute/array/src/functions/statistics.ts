/** Averages with weights, spreads, and how variables go together. */

import { ArgumentError } from '@skein/base'
import { type DType, isComplex, isFloat } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { promote } from '../promotion.ts'
import { checkAxis, sameShape } from '../shape.ts'
import { astype, floated } from './astype.ts'
import { asarray, type Nested } from './creation.ts'
import * as e from './elementwise.ts'
import { concat } from './joining.ts'
import { diagonal } from './linalg.ts'
import { type Operand, toArray } from './operands.ts'
import { matmul } from './products.ts'
import { any, max, mean, min, type ReductionOptions, sum } from './reductions.ts'
import { broadcastTo, expandDims, matrixTranspose, reshape } from './shaping.ts'

export interface AverageOptions extends ReductionOptions {
  /** What each element counts for: of the array's shape, or one for each place of one axis. Without them the average is the mean. */
  weights?: Operand | readonly number[]
}

/** The sum of elements times their weights, over the sum of the weights: NaN or infinite where that is 0. @throws ShapeError */
export function average(x: Operand, { weights, ...options }: AverageOptions = {}): NDArray {
  const array = toArray(x, 'average')
  if (weights === undefined) return mean(array, options)
  const given = asarray(weights as Nested)
  const through = promote(floated(array).dtype, floated(given).dtype)
  const w = astype(alongAxis(given, array, options.axis), through, { copy: false })
  const total = sum<DType>(broadcastTo(w, array.shape), options)
  return e.divide(sum<DType>(e.multiply(astype(array, through, { copy: false }), w), options), total)
}

function alongAxis(weights: NDArray, x: NDArray, axis: ReductionOptions['axis']): NDArray {
  if (sameShape(weights.shape, x.shape)) return weights
  const d = typeof axis === 'number' ? checkAxis(axis, x.shape, 'average') : undefined
  if (d === undefined || !sameShape(weights.shape, [x.shape[d]]))
    throw new ShapeError(
      'average',
      `weights of shape ${shapeText(weights.shape)} do not go with elements of shape ${shapeText(x.shape)}.`,
      [x.shape, weights.shape],
      'They have that shape, or are one for each place of the one axis that is named.',
    )
  return reshape(
    weights,
    x.shape.map((n, k) => (k === d ? n : 1)),
  )
}

/** The largest element less the smallest. @throws ShapeError where there are no elements; DTypeError for booleans and complex numbers */
export function ptp(x: Operand, options: ReductionOptions = {}): NDArray {
  const array = toArray(x, 'ptp')
  if (array.dtype === 'bool' || isComplex(array.dtype)) throw new DTypeError('ptp', 'real numbers', [array.dtype])
  return e.subtract(max(array, options), min(array, options))
}

export interface CovOptions {
  /** More variables, as x has them. */
  y?: Operand
  /** Rows are variables (the default), columns what was observed; or the other way round. */
  rowvar?: boolean
  /** Taken off the number of observations by which is divided; default 1, as for a sample. */
  correction?: number
  /** How often each observation was made: whole numbers. */
  fweights?: Operand | readonly number[]
  /** How much each observation counts. */
  aweights?: Operand | readonly number[]
  /** Default float64, or complex128. */
  dtype?: 'float32' | 'float64' | 'complex64' | 'complex128'
}

/** Covariances of variables, as a matrix; of one variable an array without axes. @param x variables and observations, or one variable @throws ShapeError, ArgumentError */
export function cov(x: Operand, options: CovOptions = {}): NDArray {
  const { correction = 1, fweights, aweights } = options
  if (typeof correction !== 'number') throw new ArgumentError('cov', 'correction', 'a number', correction)
  const rows = variablesOf(x, options, 'cov')
  const frequencies = weightsFor(fweights, rows, 'fweights')
  const importance = weightsFor(aweights, rows, 'aweights')
  const w = frequencies && importance ? e.multiply(frequencies, importance) : (frequencies ?? importance)
  const count = rows.shape[1]
  const total = w ? Number(sum(w).item()) : count
  // By how much weights differ among each other counts, not how large they are.
  const lost =
    importance && correction !== 0 ? (correction * Number(sum(e.multiply(w!, importance)).item())) / total : correction
  const off = e.subtract(rows, average(rows, { axis: 1, keepdims: true, ...(w && { weights: w }) }))
  const other = isComplex(off.dtype) ? e.conj(off) : off
  const found = e.divide(
    matmul(off, matrixTranspose((w ? e.multiply(other, w) : other).eval())),
    Math.max(0, total - lost),
  )
  return rows.shape[0] === 1 ? reshape(found, []) : found
}

/** Correlation coefficients of variables: covariances over the roots of the variances, from −1 to 1. NaN for a variable that does not vary. @throws as `cov` */
export function corrcoef(x: Operand, options: Pick<CovOptions, 'y' | 'rowvar' | 'dtype'> = {}): NDArray {
  const c = cov(x, options)
  if (c.ndim === 0) return e.divide(c, c)
  const deviation = e.sqrt(e.real(diagonal(c)))
  const found = e.divide(e.divide(c, expandDims(deviation.eval(), 1)), deviation)
  return isComplex(c.dtype) ? found : e.maximum(e.minimum(found, 1), -1)
}

function variablesOf(x: Operand, { y, rowvar = true, dtype }: CovOptions, call: string): NDArray {
  const rows = (given: Operand, name: string): NDArray => {
    const array = toArray(given, call, name)
    if (array.ndim > 2)
      throw new ShapeError(call, `${name} has one axis or two, not the shape ${shapeText(array.shape)}.`, [array.shape])
    const matrix = array.ndim < 2 ? reshape(array, [1, -1]) : array
    return rowvar || array.ndim < 2 ? matrix : matrixTranspose(matrix)
  }
  const all = y === undefined ? rows(x, 'x') : concat([rows(x, 'x'), rows(y, 'y')])
  return astype(all, dtype ?? promote(all.dtype, 'float64'), { copy: false })
}

function weightsFor(weights: unknown, rows: NDArray, name: string): NDArray | undefined {
  if (weights === undefined) return undefined
  const array = asarray(weights as Nested)
  if (!sameShape(array.shape, [rows.shape[1]]))
    throw new ShapeError(
      'cov',
      `${name} of shape ${shapeText(array.shape)} are not one for each of ${rows.shape[1]}.`,
      [rows.shape, array.shape],
    )
  if (any(e.less(array, 0)).item()) throw new ArgumentError('cov', name, 'numbers from 0', String(array))
  return astype(array, isFloat(rows.dtype) ? rows.dtype : 'float64', { copy: false })
}
