/** Windows over neighbours: rectangles, disks, diamonds, or of any form. */

import { ArgumentError } from '@skein/base'
import { ShapeError, shapeText } from '../../errors.ts'
import type { NDArray } from '../../ndarray.ts'
import { astype } from '../astype.ts'
import { asarray, fresh, type Nested } from '../creation.ts'
import type { Operand } from '../operands.ts'
import type { Window } from './correlation.ts'
import { isCount, pairOf } from './pixels.ts'

export interface WindowSize {
  /** Of a rectangle, or its rows and columns. Default 3. */
  size?: number | readonly [number, number]
  /** Which neighbours take part, instead of a rectangle: an array of two axes whose middle is at the pixel. */
  footprint?: Operand | Nested
}

/** Neighbours, and the rectangle they are all of, if they are. */
export interface Neighbours extends Window {
  readonly rectangle: readonly [number, number] | undefined
}

const mostNeighbours = 2 ** 22

/** @throws ArgumentError, ShapeError */
export function neighboursOf({ size = 3, footprint }: WindowSize, call: string): Neighbours {
  const [rows, columns] =
    footprint === undefined ? pairOf(size, call, 'size', isCount, 'a whole number from 1') : [0, 0]
  if (rows * columns > mostNeighbours)
    throw new ArgumentError(call, 'size', `a window of at most ${mostNeighbours} neighbours`, [rows, columns])
  if (footprint === undefined) {
    const all = Array.from({ length: rows }, (_, r) =>
      Array.from({ length: columns }, (_, c) => [r, c] as const),
    ).flat()
    return { places: centred(all, rows, columns), rectangle: [rows, columns] }
  }
  const array = asarray(footprint as Nested)
  if (array.ndim !== 2)
    throw new ShapeError(call, `the footprint must have two axes, not the shape ${shapeText(array.shape)}.`, [
      array.shape,
    ])
  const truth = astype(array, 'bool').toList() as boolean[][]
  const places = truth.flatMap((row, r) => row.flatMap((is, c) => (is ? [[r, c] as const] : [])))
  if (places.length === 0)
    throw new ArgumentError(call, 'footprint', 'one with a neighbour that takes part', String(array))
  const [m, n] = array.shape
  return { places: centred(places, m, n), rectangle: places.length === m * n ? [m, n] : undefined }
}

const centred = (places: readonly (readonly [number, number])[], rows: number, columns: number) =>
  places.map(([r, c]) => [r - Math.floor(rows / 2), c - Math.floor(columns / 2)] as const)

/** The same seen from the other side. */
export const mirrored = ({ places, rectangle }: Neighbours): Neighbours => ({
  places: places.map(([r, c]) => [0 - r, 0 - c] as const),
  rectangle,
})

function shapeOf(call: string, radius: number, isIn: (r: number, c: number) => boolean): NDArray<'bool'> {
  if (!Number.isSafeInteger(radius) || radius < 0)
    throw new ArgumentError(call, 'radius', 'a whole number from 0', radius)
  const n = 2 * radius + 1
  const { array, memory } = fresh('bool', [n, n], call)
  for (let k = 0; k < n * n; k++) memory.elements[k] = isIn(Math.floor(k / n) - radius, (k % n) - radius) ? 1 : 0
  return array
}

/** A footprint: neighbours whose distance is at most `radius`. Of shape [2·radius + 1, 2·radius + 1] */
export const disk = (radius: number): NDArray<'bool'> =>
  shapeOf('disk', radius, (r, c) => r * r + c * c <= radius * radius)

/** A footprint: neighbours that are reached by at most `radius` steps to the next row or column. */
export const diamond = (radius: number): NDArray<'bool'> =>
  shapeOf('diamond', radius, (r, c) => Math.abs(r) + Math.abs(c) <= radius)
