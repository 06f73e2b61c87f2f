/** Whether arrays agree. */

import { ArgumentError } from '@skein/base'
import { isInexact } from '../dtypes.ts'
import type { NDArray } from '../ndarray.ts'
import { sameShape } from '../shape.ts'
import { astype } from './astype.ts'
import { asarray, type Nested } from './creation.ts'
import * as e from './elementwise.ts'
import { type Operand, toArray } from './operands.ts'
import { all } from './reductions.ts'

export interface CloseOptions {
  /** Relative to |x2|. Default 1e-5. */
  rtol?: number
  /** Default 1e-8. */
  atol?: number
  /** NaN is close to NaN. */
  equalNaN?: boolean
}

/** Where |x1 − x2| ≤ atol + rtol·|x2|. Infinities are close to themselves. */
export function isclose(x1: Operand, x2: Operand, options: CloseOptions = {}): NDArray<'bool'> {
  const { rtol = 1e-5, atol = 1e-8, equalNaN = false } = options
  for (const [name, x] of [
    ['rtol', rtol],
    ['atol', atol],
  ] as const)
    if (typeof x !== 'number' || !(x >= 0)) throw new ArgumentError('isclose', name, 'a number from 0', x)
  const [a, b] = [x1, x2].map(x => inexact(x))
  const near = e.lessEqual(e.abs(e.subtract(a, b)), e.add(e.multiply(e.abs(b), rtol), atol))
  const close = e.logicalOr(e.logicalAnd(near, e.isfinite(b)), e.equal(a, b))
  return equalNaN ? e.logicalOr(close, e.logicalAnd(e.isnan(a), e.isnan(b))) : close
}

const inexact = (x: Operand): NDArray => {
  const array = toArray(x, 'isclose')
  return isInexact(array.dtype) && array.dtype !== 'float16' ? array : astype(array, 'float64')
}

/** Whether all elements are close, of arrays that are broadcast. They are computed at once. */
export const allclose = (x1: Operand, x2: Operand, options: CloseOptions = {}): boolean =>
  all(isclose(x1, x2, options)).item()

/** Whether two arrays have one shape and equal elements. They are computed at once. */
export function arrayEqual(
  x1: Operand | Nested,
  x2: Operand | Nested,
  { equalNaN = false }: { equalNaN?: boolean } = {},
): boolean {
  const [a, b] = [asarray(x1 as Nested), asarray(x2 as Nested)]
  if (!sameShape(a.shape, b.shape)) return false
  const same = e.equal(a, b)
  return all(equalNaN ? e.logicalOr(same, e.logicalAnd(e.isnan(a), e.isnan(b))) : same).item()
}
