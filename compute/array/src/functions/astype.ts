/** Conversion to another dtype. */

import { ArgumentError } from '@skein/base'
import { type DType, dtypes, isDType, isInexact } from '../dtypes.ts'
import { evaluateInto } from '../expression/evaluate.ts'
import { apply, leafOf } from '../expression/node.ts'
import { astype as operation } from '../expression/operations/astype.ts'
import { copyRuns } from '../expression/runs.ts'
import { allocate } from '../memory.ts'
import { arrayOf, NDArray } from '../ndarray.ts'
import { stridesOf } from '../shape.ts'
import { applyNodes } from './apply.ts'
import { type Operand, toArray } from './operands.ts'

/**
 * The same numbers in another dtype. Fractions are cut off, integers taken modulo 2^bits. Without `copy`, an array that has
 * the dtype is returned as it is.
 * @throws DTypeError for complex numbers to real ones
 */
export function astype<D extends DType>(x: Operand, dtype: D, { copy = true }: { copy?: boolean } = {}): NDArray<D> {
  const array = toArray(x, 'astype')
  if (!isDType(dtype)) throw new ArgumentError('astype', 'dtype', `one of ${dtypes.join(', ')}`, dtype)
  if (array.dtype !== (dtype as DType)) return new NDArray<D>(applyNodes(operation(dtype), [array.node]))
  return (copy ? copyOf(array) : array) as NDArray<D>
}

/** An array of its own, its elements in C order. */
export function copyOf<D extends DType>(x: NDArray<D>): NDArray<D> {
  const { dtype, shape, size } = x
  const memory = allocate(dtype, size, 'copy', 'unset')
  const target = { dtype, shape, strides: stridesOf(shape), offset: 0, memory }
  const { view } = x
  if (copyRuns(view, target)) return arrayOf<D>(target)
  const leaf = leafOf(view)
  leaf.box.readers++
  const copying = apply(operation(dtype), [leaf], dtype, shape)
  evaluateInto(copying, target)
  leaf.box.readers--
  return arrayOf<D>(target)
}

/** A float; of whole numbers and booleans float64. */
export const floated = (x: NDArray): NDArray => (isInexact(x.dtype) ? x : astype(x, 'float64'))
