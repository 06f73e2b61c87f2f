/** Conversion to another dtype, as an operation. */

import { type DType, isComplex } from '../../dtypes.ts'
import { DTypeError } from '../../errors.ts'
import type { Operation } from '../operation.ts'

const made = new Map<DType, Operation>()

export function astype(dtype: DType): Operation {
  const known = made.get(dtype)
  if (known) return known
  const signature = { operands: [dtype], result: dtype }
  const operation: Operation = {
    name: `astype-${dtype}`,
    signature(dtypes) {
      if (isComplex(dtypes[0]) && !isComplex(dtype) && dtype !== 'bool')
        throw new DTypeError('astype', `real numbers to ${dtype}`, dtypes, 'Take nd.real(x) or nd.abs(x).')
      return signature
    },
    lower: (_, [x]) => x,
  }
  made.set(dtype, operation)
  return operation
}
