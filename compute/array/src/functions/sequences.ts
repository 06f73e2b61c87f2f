/** Numbers in even ratios, and matrices that follow from a list. */

import { ArgumentError } from '@skein/base'
import { type DType, infoOf } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { promote } from '../promotion.ts'
import { checkShape } from '../shape.ts'
import { astype, copyOf } from './astype.ts'
import { type CreationOptions, fresh, linspace, ones, zeros } from './creation.ts'
import * as e from './elementwise.ts'
import { stack } from './joining.ts'
import { diagonal } from './linalg.ts'
import { type Operand, toArray } from './operands.ts'
import { elementsOf } from './placing.ts'
import { reshape } from './shaping.ts'

export interface LogspaceOptions<D extends DType = DType> extends CreationOptions<D> {
  /** Whether the last number is base^stop (the default), or would come next. */
  endpoint?: boolean
  /** Default 10. */
  base?: number
}

/** `count` numbers from base^start to base^stop, each in the same ratio to the one before. */
export function logspace<D extends DType = 'float64'>(
  start: number,
  stop: number,
  count = 50,
  { endpoint = true, base = 10, dtype, device }: LogspaceOptions<D> = {},
): NDArray<D> {
  const exponents = linspace(start, stop, count, { endpoint, device })
  return astype(e.pow(base, exponents), dtype ?? ('float64' as D), { copy: false })
}

/** `count` numbers from `start` to `stop`, each in the same ratio to the one before. @throws ArgumentError unless both have one sign */
export function geomspace<D extends DType = 'float64'>(
  start: number,
  stop: number,
  count = 50,
  { endpoint = true, dtype, device }: Omit<LogspaceOptions<D>, 'base'> = {},
): NDArray<D> {
  if (!Number.isFinite(start) || start === 0)
    throw new ArgumentError('geomspace', 'start', 'a finite number other than 0', start)
  if (!(start * stop > 0))
    throw new ArgumentError('geomspace', 'stop', `a number with the sign of start, ${start}, and not 0`, stop)
  const sign = Math.sign(start)
  const exponents = linspace(Math.log10(start * sign), Math.log10(stop * sign), count, { endpoint, device })
  const powers = e.pow(10, exponents)
  const found = (sign < 0 ? e.negative(powers) : powers).eval()
  const { elements } = found.view.memory
  // Rounding must not miss the ends.
  if (count > 0) elements[0] = start
  if (endpoint && count > 1) elements[count - 1] = stop
  return astype(found, dtype ?? ('float64' as D), { copy: false })
}

/** Of an array of one axis the matrix with it on its k-th diagonal; of one of two axes that diagonal, as a new array. @throws ShapeError */
export function diag<D extends DType>(x: NDArray<D>, { k = 0 }: { k?: number } = {}): NDArray<D> {
  const array = toArray(x, 'diag') as NDArray<D>
  if (array.ndim === 2) return copyOf(diagonal(array, { offset: k })) as NDArray<D>
  if (array.ndim !== 1)
    throw new ShapeError('diag', `takes arrays of one axis or two, not of shape ${shapeText(array.shape)}.`, [
      array.shape,
    ])
  const n = array.size + Math.abs(k)
  checkShape([n, n], 'diag')
  const { array: made, memory } = fresh(array.dtype, [n, n], 'diag')
  const { parts } = infoOf(array.dtype)
  const [from, to] = [elementsOf(array), memory.elements]
  let at = (k < 0 ? -k * n : k) * parts
  for (let i = 0; i < from.length; i += parts, at += (n + 1) * parts)
    for (let p = 0; p < parts; p++) to[at + p] = from[i + p]
  return made
}

/** The matrix with all elements in C order on its k-th diagonal. */
export const diagflat = <D extends DType>(x: NDArray<D>, options: { k?: number } = {}): NDArray<D> =>
  diag(reshape(toArray(x, 'diagflat') as NDArray<D>, [-1]), options)

/** Powers of the elements as columns, from the highest down, or with `increasing` from 0 up. Of integers int64, of others float64 or complex128. @throws ShapeError unless x has one axis */
export function vander(
  x: Operand,
  columns?: number | null,
  { increasing = false }: { increasing?: boolean } = {},
): NDArray {
  const array = toArray(x, 'vander')
  if (array.ndim !== 1)
    throw new ShapeError('vander', `takes arrays of one axis, not of shape ${shapeText(array.shape)}.`, [array.shape])
  const count = columns ?? array.size
  if (!Number.isSafeInteger(count) || count < 0)
    throw new ArgumentError('vander', 'columns', 'a whole number from 0', columns)
  checkShape([array.size, count], 'vander')
  const from = astype(array, promote(array.dtype, 'int64'), { copy: false })
  if (count === 0) return zeros([array.size, 0], { dtype: from.dtype })
  const powers: NDArray[] = [ones(array.shape, { dtype: from.dtype })]
  while (powers.length < count) powers.push(e.multiply(powers[powers.length - 1], from).eval())
  return stack(increasing ? powers : powers.reverse(), { axis: 1 })
}
