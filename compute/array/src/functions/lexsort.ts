/** Order by several keys. */

import { ArgumentError } from '@skein/base'
import { ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { sameShape } from '../shape.ts'
import { takeAlongAxis } from './along.ts'
import { asarray, type Nested } from './creation.ts'
import type { Operand } from './operands.ts'
import { argsort } from './sorting.ts'

/**
 * Where each element stands in the order by the last key; where that is equal, by the one before it, and so on.
 * @param keys arrays of one shape, or one array whose rows along its first axis they are
 * @throws ArgumentError if there is none; ShapeError if they differ in shape
 */
export function lexsort(
  keys: NDArray | readonly (Operand | Nested)[],
  { axis = -1 }: { axis?: number } = {},
): NDArray<'int32'> {
  const each = [...keys].map(key => asarray(key as Nested))
  if (each.length === 0) throw new ArgumentError('lexsort', 'keys', 'one key or more', 'none')
  for (const key of each)
    if (!sameShape(key.shape, each[0].shape))
      throw new ShapeError(
        'lexsort',
        `keys have one shape, not ${shapeText(each[0].shape)} and ${shapeText(key.shape)}.`,
        [each[0].shape, key.shape],
      )
  let order = argsort(each[0], { axis })
  for (const key of each.slice(1))
    order = takeAlongAxis(order, argsort(takeAlongAxis(key, order, { axis }), { axis }), { axis })
  return order
}
