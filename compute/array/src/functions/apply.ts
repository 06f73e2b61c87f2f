/** Makes the node of an operation, or computes it at once where arrays are so small that a kernel would take longer. */

import type { DType } from '../dtypes.ts'
import { evaluate } from '../expression/evaluate.ts'
import { areFew, computeFew } from '../expression/few.ts'
import { apply, leafOf, mostOperations, type Node } from '../expression/node.ts'
import type { Operation } from '../expression/operation.ts'
import { NDArray } from '../ndarray.ts'
import { broadcastShapes } from '../shape.ts'
import { nodesOf } from './operands.ts'

/** @throws DTypeError, ShapeError, ArgumentError */
export function applyTo<D extends DType = DType>(
  operation: Operation,
  given: readonly unknown[],
  names: readonly string[],
): NDArray<D> {
  return new NDArray<D>(applyNodes(operation, nodesOf(given, operation.name, names)))
}

export function applyNodes(operation: Operation, nodes: readonly Node[]): Node {
  const signature = operation.signature(nodes.map(x => x.dtype))
  const shape =
    nodes.length === 1
      ? nodes[0].shape
      : broadcastShapes(
          nodes.map(x => x.shape),
          operation.name,
        )
  if (areFew(shape)) {
    const found = computeFew(operation, signature, nodes, shape)
    if (found) return leafOf(found)
  }
  for (const x of nodes) if (x.is === 'leaf') x.box.readers++
  const made = apply(operation, nodes, signature.result, shape)
  if (made.operations > mostOperations) {
    for (const x of nodes) if (x.is === 'apply') evaluate(x)
  }
  return made
}
