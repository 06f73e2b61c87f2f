/** A few elements, by a loop of JavaScript: a kernel takes longer to be called. */

import { type DType, infoOf } from '../dtypes.ts'
import { allocate } from '../memory.ts'
import { isContiguous, type Shape, sameShape, sizeOf, stridesOf } from '../shape.ts'
import { asLeaf, type Leaf, type Node, type View } from './node.ts'
import type { Operation, Signature } from './operation.ts'

/** Up to so many. */
const most = 64

export const areFew = (shape: Shape): boolean => sizeOf(shape) <= most

/**
 * The result of an operation on elements that are there and lie one behind the other; undefined: something is otherwise.
 * @param signature of the operands' dtypes @param shape of few elements
 */
export function computeFew(
  { js }: Operation,
  signature: Signature,
  operands: readonly Node[],
  shape: Shape,
): View | undefined {
  const dtype = signature.result
  if (js === undefined || dtype === 'bool' || infoOf(dtype).kind === 'complex') return undefined
  for (let k = 0; k < operands.length; k++)
    if (signature.operands[k] !== dtype || operands[k].dtype !== dtype) return undefined
  const [x, y] = operands
  const a = asLeaf(x)
  const b = y && asLeaf(y)
  if (!fits(x, a, shape) || (y && !fits(y, b, shape))) return undefined
  const size = sizeOf(shape)
  const memory = allocate(dtype, size, 'array', 'unset')
  const out = memory.elements
  const [p, q] = [number(x, dtype), y ? number(y, dtype) : 0]
  const [left, right] = [a?.box.elements, b?.box.elements]
  const [from, fromY] = [a?.view.offset ?? 0, b?.view.offset ?? 0]
  for (let k = 0; k < size; k++) out[k] = js(left ? left[from + k] : p, right ? right[fromY + k] : q)
  return { dtype, shape, strides: stridesOf(shape), offset: 0, memory }
}

const fits = (x: Node, leaf: Leaf | undefined, shape: Shape): boolean =>
  leaf === undefined ? x.is === 'scalar' : sameShape(leaf.shape, shape) && isContiguous(shape, leaf.view.strides)

/** Rounded before it meets elements, as a kernel does. */
const number = (x: Node, dtype: DType): number | bigint =>
  x.is !== 'scalar' ? 0 : dtype === 'float32' ? Math.fround(x.value as number) : x.value
