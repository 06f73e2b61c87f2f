/** Elements brought between bounds. */

import type { DType } from '../dtypes.ts'
import { infoOf, isInteger } from '../dtypes.ts'
import type { NDArray } from '../ndarray.ts'
import { astype } from './astype.ts'
import { maximum, minimum } from './elementwise.ts'
import { type Operand, toArray } from './operands.ts'

/**
 * Elements below `min` become `min`, those above `max` become `max`; a bound that is null or left out is none. Where `min` is above `max` it is `max`. Bounds may be arrays, which are broadcast;
 * numbers beyond what integers of the array's dtype hold are its ends. NaN stays, and where a bound is NaN so is the result.
 */
export function clip(x: Operand, min?: Operand | null, max?: Operand | null): NDArray {
  const array = toArray(x, 'clip')
  let found: NDArray = array
  if (min !== undefined && min !== null) found = maximum(found, held(min, array.dtype))
  if (max !== undefined && max !== null) found = minimum(found, held(max, array.dtype))
  return found === array ? astype(array, array.dtype) : found
}

/** A whole number as the dtype holds it. */
function held(bound: Operand, dtype: DType): Operand {
  const isWhole =
    typeof bound === 'bigint' ||
    (typeof bound === 'number' && (Number.isInteger(bound) || Math.abs(bound) === Infinity))
  if (!isWhole || !isInteger(dtype)) return bound
  const { kind, bits } = infoOf(dtype)
  const [least, most] =
    kind === 'signed' ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n] : [0n, 2n ** BigInt(bits) - 1n]
  if (bound <= least) return least
  return bound >= most ? most : bound
}
