/** Systems of equations whose unknowns, or equations, have several axes. */

import { ArgumentError } from '@skein/base'
import { ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { checkAxes, sameShape, sizeOf } from '../shape.ts'
import { type Operand, toArray } from './operands.ts'
import { permuteDims, reshape } from './shaping.ts'
import { inv, solve } from './systems.ts'

/**
 * x with tensordot(A, x, x.ndim) = b.
 * @param a of shape [...b.shape, ...x.shape], whose parts have as many elements
 * @param options `axes` of a that are moved to its end before
 * @throws ShapeError; LinearAlgebraError if it is singular
 */
export function tensorsolve(a: Operand, b: Operand, { axes = [] }: { axes?: readonly number[] } = {}): NDArray {
  const call = 'tensorsolve'
  const [given, right] = [toArray(a, call, 'a'), toArray(b, call, 'b')]
  const behind = checkAxes([...axes], given.shape, call, 'axes')
  const front = given.shape.map((_, d) => d).filter(d => !behind.includes(d))
  const moved = permuteDims(given, [...front, ...axes.map(d => (d < 0 ? d + given.ndim : d))])
  const shape = moved.shape.slice(right.ndim)
  if (!sameShape(moved.shape.slice(0, right.ndim), right.shape) || sizeOf(shape) !== right.size)
    throw new ShapeError(
      call,
      `a of shape ${shapeText(moved.shape)} is not one of b's shape ${shapeText(right.shape)} and of as many unknowns.`,
      [given.shape, right.shape],
    )
  const n = right.size
  return reshape(solve(reshape(moved, [n, n]), reshape(right, [n])), shape)
}

/**
 * The inverse of A as `tensordot` with `ind` axes sees it: tensordot(tensorinv(A), b, ind) is tensorsolve(A, b).
 * @param a of shape [...p, ...q], p its first `ind` axes, both parts of as many elements
 * @returns of shape [...q, ...p]
 * @throws ShapeError; LinearAlgebraError if it is singular
 */
export function tensorinv(a: Operand, { ind = 2 }: { ind?: number } = {}): NDArray {
  const given = toArray(a, 'tensorinv', 'a')
  if (!Number.isSafeInteger(ind) || ind < 1) throw new ArgumentError('tensorinv', 'ind', 'a whole number from 1', ind)
  const [p, q] = [given.shape.slice(0, ind), given.shape.slice(ind)]
  if (sizeOf(p) !== sizeOf(q))
    throw new ShapeError(
      'tensorinv',
      `the first ${ind} axes of ${shapeText(given.shape)} have ${sizeOf(p)} elements, the others ${sizeOf(q)}.`,
      [given.shape],
      'They must be as many.',
    )
  const n = sizeOf(p)
  return reshape(inv(reshape(given, [n, n])), [...q, ...p])
}
