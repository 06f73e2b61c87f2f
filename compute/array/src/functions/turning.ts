/** Views with axes turned round, and arrays brought to a rank. */

import { ArgumentError } from '@skein/base'
import type { DType } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { checkAxis, broadcastShapes as metShape, type Shape } from '../shape.ts'
import { concat } from './joining.ts'
import { type Operand, toArray } from './operands.ts'
import { flip, permuteDims, reshape } from './shaping.ts'

function withAxes<D extends DType>(x: NDArray<D>, least: number, call: string): NDArray<D> {
  const array = toArray(x, call) as NDArray<D>
  if (array.ndim < least)
    throw new ShapeError(call, `takes arrays of ${least} axes or more, not of shape ${shapeText(array.shape)}.`, [
      array.shape,
    ])
  return array
}

/** A view with columns from right to left: the second axis backwards. @throws ShapeError */
export const fliplr = <D extends DType>(x: NDArray<D>): NDArray<D> => flip(withAxes(x, 2, 'fliplr'), 1)
/** A view with rows from bottom to top: the first axis backwards. @throws ShapeError */
export const flipud = <D extends DType>(x: NDArray<D>): NDArray<D> => flip(withAxes(x, 1, 'flipud'), 0)

/** A view with two axes exchanged. @throws ShapeError */
export function swapaxes<D extends DType>(x: NDArray<D>, axis1: number, axis2: number): NDArray<D> {
  const array = toArray(x, 'swapaxes') as NDArray<D>
  const [a, b] = [checkAxis(axis1, array.shape, 'swapaxes'), checkAxis(axis2, array.shape, 'swapaxes')]
  const order = array.shape.map((_, d) => (d === a ? b : d === b ? a : d))
  return permuteDims(array, order)
}

export interface RotationOptions {
  /** How many times 90 degrees, from the first axis towards the second; default 1. */
  k?: number
  /** Of the plane that is turned; default [0, 1]. */
  axes?: readonly [number, number]
}

/** A view turned by 90 degrees, counter-clockwise as matrices are written. @throws ShapeError, ArgumentError */
export function rot90<D extends DType>(x: NDArray<D>, { k = 1, axes = [0, 1] }: RotationOptions = {}): NDArray<D> {
  const array = withAxes(x, 2, 'rot90')
  if (!Number.isSafeInteger(k)) throw new ArgumentError('rot90', 'k', 'a whole number', k)
  const [a, b] = axes.map(d => checkAxis(d, array.shape, 'rot90', 'axes'))
  if (axes.length !== 2 || a === b) throw new ArgumentError('rot90', 'axes', 'two different axes', axes)
  const quarters = ((k % 4) + 4) % 4
  if (quarters === 0) return array
  if (quarters === 2) return flip(array, [a, b])
  return quarters === 1 ? swapaxes(flip(array, b), a, b) : flip(swapaxes(array, a, b), b)
}

/** All elements along one axis, in C order: a view where they lie so. */
export const ravel = <D extends DType>(x: NDArray<D>): NDArray<D> => reshape(toArray(x, 'ravel') as NDArray<D>, [-1])

/** An array of one axis at least: a number gets one. */
export const atleast1d = (x: Operand): NDArray => {
  const array = toArray(x, 'atleast1d')
  return array.ndim === 0 ? reshape(array, [1]) : array
}

/** An array of two axes at least: what has one becomes a row. */
export const atleast2d = (x: Operand): NDArray => {
  const array = toArray(x, 'atleast2d')
  return array.ndim < 2 ? reshape(array, [1, -1]) : array
}

/** An array of three axes at least: [n] becomes [1, n, 1], [m, n] becomes [m, n, 1]. */
export const atleast3d = (x: Operand): NDArray => {
  const array = toArray(x, 'atleast3d')
  if (array.ndim > 2) return array
  return reshape(array, array.ndim === 2 ? [...array.shape, 1] : [1, array.size, 1])
}

/** Arrays one behind the other along the third axis, of which each has three at least. @throws ShapeError */
export const dstack = (arrays: readonly NDArray[]): NDArray => concat(arrays.map(atleast3d), { axis: 2 })

/** Arrays side by side as columns; those of two axes as they are. @throws ShapeError */
export const columnStack = (arrays: readonly NDArray[]): NDArray =>
  concat(
    arrays.map(x => (x.ndim < 2 ? reshape(x, [-1, 1]) : x)),
    { axis: 1 },
  )

/** The shape to which shapes are broadcast. @throws ShapeError */
export const broadcastShapes = (...shapes: Shape[]): Shape => [...metShape(shapes, 'broadcastShapes')]

/** Blocks, in nested lists as they stand: the innermost lists along the last axis. @throws ShapeError, ArgumentError */
export function block(blocks: Blocks): NDArray {
  const depth = depthOf(blocks)
  const leaves: NDArray[] = []
  const collect = (x: Blocks): void => {
    if (Array.isArray(x)) for (const y of x) collect(y)
    else leaves.push(toArray(x, 'block', 'blocks'))
  }
  collect(blocks)
  const rank = Math.max(depth, ...leaves.map(x => x.ndim))
  const put = (x: Blocks, level: number): NDArray => {
    if (!Array.isArray(x)) {
      const array = toArray(x, 'block', 'blocks')
      return reshape(array, [...new Array<number>(rank - array.ndim).fill(1), ...array.shape])
    }
    return concat(
      x.map((y: Blocks) => put(y, level + 1)),
      { axis: rank - depth + level },
    )
  }
  return put(blocks, 0)
}

export type Blocks = NDArray | number | readonly Blocks[]

function depthOf(x: Blocks): number {
  if (!Array.isArray(x)) return 0
  if (x.length === 0) throw new ArgumentError('block', 'blocks', 'lists that are not empty', x)
  const depths = x.map(depthOf)
  if (new Set(depths).size > 1) throw new ArgumentError('block', 'blocks', 'lists that are all as deep', x)
  return depths[0] + 1
}
