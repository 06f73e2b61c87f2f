/** Makes the node of an operation, or computes it at once where arrays are so small that a kernel would take longer. */

import type { DType } from '../dtypes.ts'
import { infoOf } from '../dtypes.ts'
import { evaluate } from '../expression/evaluate.ts'
import { apply, leafOf, mostOperations, type Node } from '../expression/node.ts'
import type { Operation } from '../expression/operation.ts'
import { allocate } from '../memory.ts'
import { NDArray } from '../ndarray.ts'
import { broadcastShapes, isContiguous, sameShape, sizeOf, stridesOf } from '../shape.ts'
import { nodesOf } from './operands.ts'

/** Up to so many elements are computed at once, if they are there. */
const atOnce = 64

/** @throws DTypeError, ShapeError, ArgumentError */
export function applyTo<D extends DType = DType>(
  operation: Operation,
  given: readonly unknown[],
  names: readonly string[],
): NDArray<D> {
  return new NDArray<D>(applyNodes(operation, nodesOf(given, operation.name, names)))
}

export function applyNodes(operation: Operation, nodes: readonly Node[]): Node {
  const { operands, result } = operation.signature(nodes.map(x => x.dtype))
  const shape =
    nodes.length === 1
      ? nodes[0].shape
      : broadcastShapes(
          nodes.map(x => x.shape),
          operation.name,
        )
  if (operation.js && operands.every(d => d === result)) {
    const found = computeNow(operation.js, nodes, result, shape)
    if (found) return found
  }
  for (const x of nodes) if (x.is === 'leaf') x.box.readers++
  const made = apply(operation, nodes, result, shape)
  if (made.operations > mostOperations) {
    for (const x of nodes) if (x.is === 'apply') evaluate(x)
  }
  return made
}

/** A few elements that lie one behind the other, by a loop of JavaScript; undefined: something is otherwise. */
function computeNow(
  js: NonNullable<Operation['js']>,
  nodes: readonly Node[],
  dtype: DType,
  shape: readonly number[],
): Node | undefined {
  const size = sizeOf(shape)
  if (size > atOnce || dtype === 'bool' || infoOf(dtype).kind === 'complex') return undefined
  for (const x of nodes) {
    if (x.dtype !== dtype) return undefined
    if (x.is === 'scalar') continue
    if (x.is !== 'leaf' || !sameShape(x.shape, shape) || !isContiguous(shape, x.view.strides)) return undefined
  }
  const memory = allocate(dtype, size, 'array', 'unset')
  const out = memory.elements
  const [x, y] = nodes
  const a = x.is === 'leaf' ? x.box.elements : undefined
  const b = y?.is === 'leaf' ? y.box.elements : undefined
  const from = x.is === 'leaf' ? x.view.offset : 0
  const fromY = y?.is === 'leaf' ? y.view.offset : 0
  const single = dtype === 'float32'
  // A number is rounded before it meets elements, as a kernel does.
  const number = (n: Node | undefined): any =>
    n?.is === 'scalar' ? (single ? Math.fround(n.value as number) : n.value) : 0
  const [p, q] = [number(x), number(y)]
  for (let k = 0; k < size; k++) out[k] = js(a ? a[from + k] : p, b ? b[fromY + k] : q)
  return leafOf({ dtype, shape, strides: stridesOf(shape), offset: 0, memory })
}
