/** How subspaces and sets of points lie to each other. The last two axes are matrices. */

import { ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { adjoint } from './adjoint.ts'
import { clip } from './clip.ts'
import { acos, asin, greaterEqual, square, subtract, where } from './elementwise.ts'
import { type Operand, toArray } from './operands.ts'
import { matmul } from './products.ts'
import { sum } from './reductions.ts'
import { flip } from './shaping.ts'
import { svd, svdvals } from './spectra.ts'
import { orth } from './subspaces.ts'

function sameRows(x1: Operand, x2: Operand, call: string): [NDArray, NDArray] {
  const [a, b] = [toArray(x1, call, 'x1'), toArray(x2, call, 'x2')]
  if (a.ndim !== 2 || b.ndim !== 2 || a.shape[0] !== b.shape[0])
    throw new ShapeError(
      call,
      `takes two matrices of as many rows, not arrays of shapes ${shapeText(a.shape)} and ${shapeText(b.shape)}.`,
      [a.shape, b.shape],
    )
  return [a, b]
}

/**
 * The principal angles between what the columns of A and of B span, the largest first; small ones by their sines, which cosines do not tell apart (A. Knyazev, M. Argentati, Principal Angles between Subspaces in an
 * A-Based Scalar Product, 2002).
 * @param x1 A, of shape [m, k] @param x2 B, [m, l]
 * @returns as many as the smaller rank, in radians, from 0 to π/2
 * @throws ShapeError; LinearAlgebraError as `svd`
 */
export function subspaceAngles(x1: Operand, x2: Operand): NDArray {
  const [a, b] = sameRows(x1, x2, 'subspaceAngles').map(x => orth(x))
  const [large, small] = a.shape[1] < b.shape[1] ? [b, a] : [a, b]
  const inside = matmul(adjoint(large), small).eval()
  const cosines = flip(svdvals(inside), -1)
  const sines = clip(svdvals(subtract(small, matmul(large, inside))), -1, 1)
  return where(greaterEqual(square(cosines), 0.5), asin(sines), acos(clip(cosines, -1, 1))).eval()
}

/**
 * The unitary R for which A·R is as near as can be to B, in the norm that sums squares of all elements (P. Schönemann, A Generalized Solution of the Orthogonal Procrustes Problem, 1966).
 * @param x1 A, of shape [m, n] @param x2 B, of the same
 * @returns `r` [n, n]; `scale`, the sum of singular values of Aᴴ·B, with which scale / ‖A‖² · A·R is nearest
 * @throws ShapeError; LinearAlgebraError as `svd`
 */
export function orthogonalProcrustes(x1: Operand, x2: Operand): { r: NDArray; scale: NDArray } {
  const call = 'orthogonalProcrustes'
  const [a, b] = sameRows(x1, x2, call)
  if (a.shape[1] !== b.shape[1])
    throw new ShapeError(call, `A and B must be of one shape: ${shapeText(a.shape)} and ${shapeText(b.shape)}.`, [
      a.shape,
      b.shape,
    ])
  const { u, s, vh } = svd(matmul(adjoint(a), b))
  return { r: matmul(u, vh).eval(), scale: sum(s).eval() }
}
