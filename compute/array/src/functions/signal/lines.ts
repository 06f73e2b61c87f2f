/** Signals along an axis of an array: what is in front of it and behind it are other signals. */

import { isComplex, isFloat } from '../../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../../errors.ts'
import { viewAt } from '../../indexing/basic.ts'
import { arrayOf, type NDArray } from '../../ndarray.ts'
import { checkAxis, sizeOf } from '../../shape.ts'
import { astype } from '../astype.ts'
import { asarray, type Nested } from '../creation.ts'
import { type Operand, toArray } from '../operands.ts'
import { elementsOf } from '../placing.ts'

export interface Signals {
  /** float32 or float64. */
  readonly array: NDArray
  readonly axis: number
  readonly n: number
  readonly outer: number
  readonly inner: number
}

/** @throws DTypeError for complex numbers; ShapeError for an axis that is not there */
export function signalsOf(x: Operand | Nested, axis: number, call: string): Signals {
  const array = Array.isArray(x) ? asarray(x as Nested) : toArray(x, call)
  if (isComplex(array.dtype)) throw new DTypeError(call, 'real numbers', [array.dtype], 'Take nd.real and nd.imag.')
  const d = checkAxis(axis, array.shape, call)
  const dtype = isFloat(array.dtype) && array.dtype !== 'float64' ? 'float32' : 'float64'
  const { shape } = array
  return {
    array: astype(array, dtype, { copy: false }),
    axis: d,
    n: shape[d],
    outer: sizeOf(shape.slice(0, d)),
    inner: sizeOf(shape.slice(d + 1)),
  }
}

/** Elements along an axis, a view. */
export const spanOf = (x: NDArray, axis: number, begin: number, end: number): NDArray =>
  arrayOf(viewAt(x.view, [...Array.from({ length: axis }, () => ({})), { begin, end }], 'signal'))

/** A list of real numbers. @throws ShapeError */
export function listOf(x: Operand | Nested, call: string, name: string): Float64Array {
  const array = Array.isArray(x) ? asarray(x as Nested) : toArray(x, call, name)
  if (isComplex(array.dtype)) throw new DTypeError(call, `real numbers as ${name}`, [array.dtype])
  if (array.ndim !== 1 || array.size === 0)
    throw new ShapeError(call, `${name} must be a list of numbers, not of shape ${shapeText(array.shape)}.`, [
      array.shape,
    ])
  return (elementsOf(astype(array, 'float64')) as unknown as Float64Array).slice()
}
