/** Elements by their places along an axis, line by line. */

import { type DType, infoOf, isInteger } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import type { View } from '../expression/node.ts'
import { placeOf } from '../indexing/basic.ts'
import { copyEach } from '../indexing/picking.ts'
import { takenAlong } from '../indexing/taking.ts'
import { arrayOf, type NDArray, places } from '../ndarray.ts'
import { broadcastShapes, checkAxis, type Shape } from '../shape.ts'
import { astype, copyOf } from './astype.ts'
import { asarray, fresh, type Nested } from './creation.ts'
import { type Operand, toArray } from './operands.ts'
import { broadcastTo, moveaxis } from './shaping.ts'
import { wholeNumbers } from './whole-numbers.ts'

/** Lines of an array and of the places in it, the axis last; of one shape but for its length. */
interface Lines {
  readonly of: View
  readonly at: View
}

/** @throws DTypeError, ShapeError */
function checkIndices(x: NDArray, indices: NDArray, call: string): void {
  if (!isInteger(indices.dtype)) throw new DTypeError(call, 'integers as indices', [indices.dtype])
  if (indices.ndim !== x.ndim)
    throw new ShapeError(
      call,
      `indices of shape ${shapeText(indices.shape)} have not as many axes as the shape ${shapeText(x.shape)}.`,
      [x.shape, indices.shape],
    )
}

function linesOf(x: NDArray, indices: NDArray, d: number, call: string): Lines {
  const [own, by] = [moveaxis(x, d, -1), moveaxis(indices, d, -1)]
  const lines = broadcastShapes([own.shape.slice(0, -1), by.shape.slice(0, -1)], call)
  const wide = (y: NDArray) => broadcastTo(y, [...lines, y.shape[y.ndim - 1]]).view
  return { of: wide(own), at: wide(by) }
}

/** Where each line begins, and its step. */
function line({ shape, strides, offset }: View): { starts: Generator<number>; step: number; length: number } {
  const last = shape.length - 1
  return {
    starts: places({ shape: shape.slice(0, last), strides: strides.slice(0, last), offset }),
    step: strides[last],
    length: shape[last],
  }
}

/** For each place in `at` where in memory the element is that it means. */
function meant({ of, at }: Lines, shape: Shape, axis: number, call: string): Int32Array {
  const [own, by] = [line(of), line(at)]
  const { elements } = at.memory
  const found = new Int32Array(at.shape.reduce((n, m) => n * m, 1))
  let k = 0
  for (const start of by.starts) {
    const begin = own.starts.next().value as number
    for (let i = 0; i < by.length; i++) {
      const given = Number(elements[start + i * by.step])
      const index = given >= 0 && given < own.length ? given : placeOf(given, shape, axis, call)
      found[k++] = begin + index * own.step
    }
  }
  return found
}

/**
 * Elements at places along an axis, each line by its own: what `argsort` and its like give goes in. Other axes are broadcast; negative places count from the end.
 * @throws ShapeError for a place out of range; DTypeError
 */
export function takeAlongAxis<D extends DType>(
  x: NDArray<D>,
  indices: Operand | Nested,
  { axis = -1 }: { axis?: number } = {},
): NDArray<D> {
  const array = toArray(x, 'takeAlongAxis') as NDArray<D>
  const by = wholeNumbers(indices as Nested, 'takeAlongAxis')
  checkIndices(array, by, 'takeAlongAxis')
  const d = checkAxis(axis, array.shape, 'takeAlongAxis')
  const straight = takenAlong(array.view, by.view, d, 'takeAlongAxis')
  if (straight) return arrayOf<D>(straight)
  const lines = linesOf(array, by, d, 'takeAlongAxis')
  const from = meant(lines, array.shape, d, 'takeAlongAxis')
  const made = fresh(array.dtype, lines.at.shape, 'takeAlongAxis')
  copyEach(lines.of.memory.elements, from, made.memory.elements, infoOf(array.dtype).parts)
  return moveaxis(made.array, -1, d)
}

/**
 * Writes values at places along an axis, each line by its own. They are broadcast to the indices, and converted as by `astype`; where a place is named twice the last one stays.
 * @throws ShapeError for a place out of range, before anything is written; DTypeError
 */
export function putAlongAxis<D extends DType>(
  x: NDArray<D>,
  indices: Operand | Nested,
  values: Operand | Nested,
  { axis = -1 }: { axis?: number } = {},
): NDArray<D> {
  const by = wholeNumbers(indices as Nested, 'putAlongAxis')
  checkIndices(x, by, 'putAlongAxis')
  const d = checkAxis(axis, x.shape, 'putAlongAxis')
  const lines = linesOf(x, by, d, 'putAlongAxis')
  const to = meant(lines, x.shape, d, 'putAlongAxis')
  const given = astype(asarray(values as Nested), x.dtype, { copy: false })
  const shape = lines.at.shape
  const unturned = shape.toSpliced(d, 0, shape[shape.length - 1]).slice(0, -1)
  const source = copyOf(moveaxis(broadcastTo(given, unturned), d, -1)).view.memory.elements
  const { parts } = infoOf(x.dtype)
  const target = lines.of.memory.forWriting()
  for (let k = 0; k < to.length; k++) for (let p = 0; p < parts; p++) target[to[k] * parts + p] = source[k * parts + p]
  return x
}
