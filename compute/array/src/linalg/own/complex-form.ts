/** Schur's complex form of his real one: blocks of two rows are rotated until they are triangular. Real eigenvalues stay as they are. */

import { size } from './complex.ts'
import { rotate } from './complex-rotations.ts'

/** Of T and Z, both rows of n pairs, in place. */
export function toComplexForm(t: Float64Array, z: Float64Array, n: number): void {
  for (let k = n - 2; k >= 0; k--) {
    const own = 2 * (k * n + k)
    const below = t[own + 2 * n]
    if (below === 0) continue
    // The eigenvalue is the element of the diagonal, and so much times i.
    const omega = Math.sqrt(Math.abs(t[own + 2])) * Math.sqrt(Math.abs(below))
    const length = size(omega, below)
    const [c, s] = [omega / length, below / length]
    rotate(t, own, 2 * n, 2, n - k, c, 0, s)
    rotate(t, 2 * k, 2, 2 * n, k + 2, c, 0, -s)
    rotate(z, 2 * k, 2, 2 * n, n, c, 0, -s)
    t[own + 2 * n] = 0
    t[own + 2 * n + 1] = 0
  }
}
