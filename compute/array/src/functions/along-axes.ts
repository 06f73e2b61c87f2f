/** Functions of one's own, called with the lines of an array. */

import { ArgumentError } from '@skein/base'
import { ShapeError, shapeText } from '../errors.ts'
import { arrayOf, type NDArray, places } from '../ndarray.ts'
import { checkAxes, checkAxis, sameShape } from '../shape.ts'
import { asarray, type Nested } from './creation.ts'
import { stack } from './joining.ts'
import { type Operand, toArray } from './operands.ts'
import { expandDims, moveaxis, reshape } from './shaping.ts'

/**
 * What a function gives for each line along an axis, in place of the line: numbers, or arrays of one shape. It is called with views of one axis, line by line; for what is a kernel, or a function of this library, that one takes an axis itself and is much faster.
 * @throws ShapeError where there is no line, or results differ in shape
 */
export function applyAlongAxis(
  fn: (line: NDArray) => Operand | Nested,
  x: Operand,
  { axis = -1 }: { axis?: number } = {},
): NDArray {
  if (typeof fn !== 'function') throw new ArgumentError('applyAlongAxis', 'fn', 'a function', fn)
  const array = toArray(x, 'applyAlongAxis')
  const d = checkAxis(axis, array.shape, 'applyAlongAxis')
  const { view } = moveaxis(array, d, -1)
  const [before, last] = [view.shape.slice(0, -1), view.shape.length - 1]
  const starts = places({ shape: before, strides: view.strides.slice(0, -1), offset: view.offset })
  const made = [...starts].map(offset =>
    asarray(fn(arrayOf({ ...view, shape: [view.shape[last]], strides: [view.strides[last]], offset })) as Nested),
  )
  if (made.length === 0)
    throw new ShapeError('applyAlongAxis', `the shape ${shapeText(array.shape)} has no line to call with.`, [
      array.shape,
    ])
  for (const y of made)
    if (!sameShape(y.shape, made[0].shape))
      throw new ShapeError(
        'applyAlongAxis',
        `the function gave arrays of the shapes ${shapeText(made[0].shape)} and ${shapeText(y.shape)}.`,
        [made[0].shape, y.shape],
      )
  const inside = made[0].shape
  const whole = reshape(stack(made), [...before, ...inside])
  const from = inside.map((_, k) => before.length + k)
  return moveaxis(
    whole,
    from,
    from.map((_, k) => d + k),
  )
}

/** A function with an option `axis` called for one axis after the other; where it takes the axis away, it stays with length 1. */
export function applyOverAxes(
  fn: (x: NDArray, options: { axis: number }) => NDArray,
  x: Operand,
  { axis }: { axis?: number | readonly number[] } = {},
): NDArray {
  const array = toArray(x, 'applyOverAxes')
  return checkAxes(axis, array.shape, 'applyOverAxes').reduce((before, d) => {
    const found = fn(before, { axis: d })
    if (found.ndim === before.ndim) return found
    const kept = expandDims(found, d)
    if (kept.ndim !== before.ndim)
      throw new ShapeError(
        'applyOverAxes',
        `the function made ${shapeText(found.shape)} of ${shapeText(before.shape)}.`,
        [before.shape, found.shape],
      )
    return kept
  }, array)
}
