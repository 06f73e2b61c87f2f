/** Trees of what is to be computed. */

import type { DType } from '../dtypes.ts'
import { type Box, checkPresent, holding, type Memory } from '../memory.ts'
import type { Shape } from '../shape.ts'
import type { Runs } from './launch.ts'
import type { Operation } from './operation.ts'

/** Elements that are there: a typed array, and how an array runs through it. Counted in elements, of which a complex one is two numbers. */
export interface View {
  readonly dtype: DType
  readonly shape: Shape
  readonly strides: readonly number[]
  readonly offset: number
  readonly memory: Memory
}

/** An array whose elements are there. */
export interface Leaf {
  readonly is: 'leaf'
  readonly view: View
  /** Where the elements are, also when the array has changed since. */
  readonly box: Box
  readonly dtype: DType
  readonly shape: Shape
}

/** A number, BigInt or boolean; of complex numbers both parts. The same for all elements, and no part of the kernel. */
export interface Scalar {
  readonly is: 'scalar'
  readonly dtype: DType
  readonly shape: Shape
  readonly value: number | bigint
  readonly imaginary: number
}

/** An operation on all elements, each for itself. */
export interface Apply {
  readonly is: 'apply'
  readonly operation: Operation
  readonly dtype: DType
  readonly shape: Shape
  /** Emptied when it has been evaluated. */
  operands: readonly Node[]
  /** Operations in the tree, those that are met twice counted twice. */
  readonly operations: number
  /** Something in the tree is not computed element by element, and had not been evaluated when the tree was made. */
  readonly hasWholes: boolean
  /** How many trees it is an operand of. */
  uses: number
  /** What it gave. */
  result: View | undefined
}

/** What is not computed element by element: a reduction, a product. It is evaluated by itself, then a leaf. */
export interface Whole {
  readonly is: 'whole'
  readonly dtype: DType
  readonly shape: Shape
  result: View | undefined
  /** The launches that compute it. */
  readonly evaluating: () => Runs<View>
}

export type Node = Leaf | Scalar | Apply | Whole

const none: Shape = []

export function leafOf(view: View): Leaf {
  const { box } = view.memory
  return { is: 'leaf', view, box, dtype: view.dtype, shape: view.shape }
}

/** A node whose elements are there, as a leaf. @throws ReleasedArrayError */
export function asLeaf(node: Node): Leaf | undefined {
  if (node.is === 'leaf') {
    checkPresent(node.box)
    return node
  }
  return node.is !== 'scalar' && node.result !== undefined ? leafOf(node.result) : undefined
}

/** What a node's elements are, or are computed of where that is element by element. */
function boxesOf(node: Node): Box[] {
  if (node.is === 'leaf') return [node.box]
  if (node.is === 'scalar') return []
  if (node.result !== undefined) return node.result.memory.isReleased ? [] : [node.result.memory.box]
  return node.is === 'apply' ? node.operands.flatMap(boxesOf) : []
}

/**
 * A node that is computed as a whole of others. The elements that those have now are the ones it is computed of, whatever happens to them until then.
 * @param reads the nodes it is computed of
 */
export function wholeOf(dtype: DType, shape: Shape, reads: readonly Node[], evaluating: () => Runs<View>): Whole {
  for (const x of reads) if (x.is === 'leaf') x.box.readers++
  let areHeld = true
  return {
    is: 'whole',
    dtype,
    shape,
    result: undefined,
    *evaluating() {
      const view = yield* holding(() => reads.flatMap(boxesOf), evaluating())
      // Two may evaluate it beside each other.
      if (areHeld) for (const x of reads) if (x.is === 'leaf') x.box.readers--
      areHeld = false
      return view
    },
  }
}

export const scalarOf = (dtype: DType, value: number | bigint, imaginary = 0): Scalar => ({
  is: 'scalar',
  dtype,
  shape: none,
  value,
  imaginary,
})

/** Beyond so many operations a tree's operands are evaluated first: kernels stay small enough to be compiled in a few milliseconds. */
export const mostOperations = 64

export function apply(operation: Operation, operands: readonly Node[], dtype: DType, shape: Shape): Apply {
  let operations = 1
  let hasWholes = false
  for (const x of operands) {
    if (x.is === 'whole') hasWholes ||= x.result === undefined
    if (x.is !== 'apply' || x.result !== undefined) continue
    operations += x.operations
    hasWholes ||= x.hasWholes
    x.uses++
  }
  return { is: 'apply', operation, dtype, shape, operands, operations, hasWholes, uses: 0, result: undefined }
}

/** A node whose elements somebody will read beside those of a tree that it is part of: both are computed at once. */
export function wanted(node: Node): Node {
  if (node.is === 'apply') node.uses++
  return node
}
