/** Elements where loops of plain code want them: in C order, or as a part of a new array. */

import type { DType, Elements } from '../dtypes.ts'
import { infoOf } from '../dtypes.ts'
import { evaluateInto } from '../expression/evaluate.ts'
import { apply, type Leaf, leafOf, type View } from '../expression/node.ts'
import { astype as conversion } from '../expression/operations/astype.ts'
import { copyRuns } from '../expression/runs.ts'
import { broadcastView, type NDArray } from '../ndarray.ts'
import { isContiguous } from '../shape.ts'
import { copyOf } from './astype.ts'

/** Elements in C order, to be read: the array's own where they lie so, or copied. */
export function elementsOf(x: NDArray): Elements {
  const { view, size } = x
  const { parts } = infoOf(x.dtype)
  if (!isContiguous(view.shape, view.strides)) return copyOf(x).view.memory.elements
  return view.memory.elements.subarray(view.offset * parts, (view.offset + size) * parts)
}

/** Computes an array's elements into a part of a new one, broadcast and converted. No other array may share that one's memory. */
export function placeInto(x: NDArray, target: View): void {
  const { node } = x
  if (node.is === 'leaf' && copyRuns(node.view, target)) return
  const source = node.is === 'leaf' && node.shape !== target.shape ? repeated(node, target) : node
  if (source.is === 'leaf') source.box.readers++
  evaluateInto(apply(conversion(target.dtype as DType), [source], target.dtype, target.shape), target)
  if (source.is === 'leaf') source.box.readers--
}

const repeated = ({ view }: Leaf, { shape }: View): Leaf => leafOf(broadcastView(view, shape))
