/** Lists of whole numbers: places, counts. */

import { ArgumentError } from '@skein/base'
import type { NDArray } from '../ndarray.ts'
import { astype } from './astype.ts'
import { asarray, type Nested } from './creation.ts'
import type { Operand } from './operands.ts'

/**
 * Arrays as they are; a number, or a list of whole ones, as integers, truths as truths.
 * @throws ArgumentError for a number that is not whole
 */
export function wholeNumbers(x: Operand | Nested | readonly number[], call: string, argument = 'indices'): NDArray {
  if (Array.isArray(x) && x.every(n => typeof n === 'number' && n === (n | 0)))
    return asarray(x as Nested, { dtype: 'int32' })
  const array = asarray(x as Nested)
  if ((!Array.isArray(x) && typeof x !== 'number') || array.dtype !== 'float64') return array
  const elements = array.view.memory.elements as unknown as Float64Array
  let isWide = false
  for (const n of elements) {
    if (!Number.isSafeInteger(n)) throw new ArgumentError(call, argument, 'whole numbers', n)
    isWide ||= n !== (n | 0)
  }
  return astype(array, isWide ? 'int64' : 'int32')
}
