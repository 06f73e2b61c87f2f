/** What transposition is for complex matrices. */

import { isComplex } from '../dtypes.ts'
import type { NDArray } from '../ndarray.ts'
import { conj } from './elementwise.ts'
import { matrixTranspose } from './shaping.ts'

/** Aᴴ: the last two axes exchanged, complex elements conjugated. */
export function adjoint(x: NDArray): NDArray {
  const t = matrixTranspose(x)
  return isComplex(t.dtype) ? conj(t) : t
}
