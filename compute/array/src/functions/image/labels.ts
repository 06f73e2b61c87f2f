/** Connected parts of images. */

import { ArgumentError } from '@skein/base'
import type { NDArray } from '../../ndarray.ts'
import { astype } from '../astype.ts'
import { fresh } from '../creation.ts'
import type { Operand } from '../operands.ts'
import { elementsOf } from '../placing.ts'
import { checkPlane, pixelsOf } from './pixels.ts'

export interface LabelOptions {
  /** 1: neighbours share an edge (4 of them); 2: a corner is enough (8). Default 1. */
  connectivity?: 1 | 2
}

export interface Labels {
  /** int32: 0 where the image is 0, else the number of the part, from 1 in the order in which parts are met row by row. */
  readonly labels: NDArray<'int32'>
  readonly count: number
}

/** The tree of a label; on the way places are halved. */
function rootOf(parents: Int32Array, k: number): number {
  while (parents[k] !== k) {
    parents[k] = parents[parents[k]]
    k = parents[k]
  }
  return k
}

function join(parents: Int32Array, a: number, b: number): number {
  const [x, y] = [rootOf(parents, a), rootOf(parents, b)]
  if (x < y) return (parents[y] = x)
  return (parents[x] = y)
}

/**
 * Numbers the connected parts of what is not 0, by two passes and a forest of labels (A. Rosenfeld, J. Pfaltz, 1966). Computed at once, on one thread.
 * @param x of two axes
 * @throws ShapeError, DTypeError, ArgumentError
 */
export function label(x: Operand, { connectivity = 1 }: LabelOptions = {}): Labels {
  if (connectivity !== 1 && connectivity !== 2)
    throw new ArgumentError('label', 'connectivity', '1 (edges) or 2 (corners as well)', connectivity)
  const pixels = pixelsOf(x, 'label')
  checkPlane(pixels, 'label')
  const from = elementsOf(astype(pixels.array, 'bool', { copy: false }))
  const { array, memory } = fresh('int32', pixels.shape, 'label')
  return {
    labels: array,
    count: labelInto(
      memory.elements as unknown as Int32Array,
      from as unknown as Uint8Array,
      pixels.columns,
      connectivity === 2,
    ),
  }
}

/** @returns how many parts there are */
export function labelInto(to: Int32Array, from: Uint8Array, width: number, corners: boolean): number {
  // Two neighbours in a row have one label: no more than half of all places begin one, and 0.
  const parents = new Int32Array((from.length >> 1) + Math.ceil(from.length / Math.max(width, 1)) + 2)
  let made = 0
  for (let at = 0; at < from.length; at++) {
    if (from[at] === 0) continue
    const column = at % width
    let found = column > 0 ? to[at - 1] : 0
    const meet = (other: number) => {
      if (other > 0) found = found > 0 && found !== other ? join(parents, found, other) : other
    }
    if (at >= width) {
      meet(to[at - width])
      if (corners && column > 0) meet(to[at - width - 1])
      if (corners && column + 1 < width) meet(to[at - width + 1])
    }
    if (found === 0) {
      found = ++made
      parents[made] = made
    }
    to[at] = found
  }
  // Roots are the least of their trees, so they are met in order.
  const numbers = new Int32Array(made + 1)
  let count = 0
  for (let k = 1; k <= made; k++) numbers[k] = parents[k] === k ? ++count : numbers[rootOf(parents, k)]
  for (let at = 0; at < to.length; at++) to[at] = numbers[to[at]]
  return count
}
