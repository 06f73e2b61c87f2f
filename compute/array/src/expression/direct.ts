/**
 * One operation on arrays that lie in C order: the tree that is most often evaluated, and whose arrays are often small. Its program is found by the operation and what kinds
 * of operands there are, without what it takes to look at a larger tree.
 */

import type { Program } from '@skein/kernel/compiler'
import { type DType, dtypes, infoOf } from '../dtypes.ts'
import { allocate } from '../memory.ts'
import { isContiguous, sameShape, sizeOf, stridesOf } from '../shape.ts'
import { accessOf, programOfTree } from './compose.ts'
import { areFew, computeFew } from './few.ts'
import { launchOf } from './launch.ts'
import { linearize } from './linear.ts'
import { type Apply, asLeaf, type Leaf, type Node, type View } from './node.ts'
import { backendNow, isKept } from './programs.ts'

interface Known {
  readonly program: Program
  readonly backend: object
}

/** By the operation's name, then by kinds of operands. */
const byName = new Map<string, Map<number, Known>>()
const numberOf = new Map<DType, number>(dtypes.map((dtype, k) => [dtype, k]))

/** No operation has more. */
const mostOperands = 3

const oneStep = [1]

/**
 * The result of such a tree; undefined: it is another.
 * @param evaluate what gives the elements of an operand
 * @param target of the tree's shape: where the result is to be; else in memory of its own, and the tree keeps it
 */
export function evaluateDirectly(root: Node, evaluate: (node: Node) => View, target?: View): View | undefined {
  if (root.is !== 'apply' || root.operands.length > mostOperands) return undefined
  const { operation, operands, shape, dtype } = root
  if (target !== undefined && !isContiguous(shape, target.strides)) return undefined
  for (const x of operands) {
    if (x.is === 'apply' && x.result === undefined) return undefined
    if (x.is === 'whole') evaluate(x)
  }
  if (target === undefined && areFew(shape)) {
    const signature = operation.signature(operands.map(x => x.dtype))
    const few = computeFew(operation, signature, operands, shape)
    if (few) return settle(root, few)
  }
  const offset = target?.offset ?? 0
  let kinds = offset === 0 ? 0 : 1
  const leaves: Leaf[] = []
  const scalars: (number | bigint)[] = offset === 0 ? [] : [offset]
  const values: (number | bigint)[] = []
  for (const [k, x] of operands.entries()) {
    let kind: number
    if (x.is === 'scalar') {
      kind = 0
      values.push(x.value)
      if (infoOf(x.dtype).kind === 'complex') values.push(x.imaginary)
    } else {
      const leaf = asLeaf(x)
      if (leaf === undefined) return undefined
      const { view } = leaf
      if (!sameShape(view.shape, shape) || !isContiguous(shape, view.strides)) return undefined
      // What is met twice is read once.
      if (operands.indexOf(x) < k) kind = 3
      else {
        kind = view.offset === 0 ? 1 : 2
        if (kind === 2) scalars.push(view.offset)
        leaves.push(leaf)
      }
    }
    kinds = (kinds * dtypes.length + numberOf.get(x.dtype)!) * 4 + kind
  }
  const size = sizeOf(shape)
  const memory = target?.memory ?? allocate(dtype, size, operation.name, 'unset')
  if (size > 0) {
    const program = programOf(root, kinds, offset)
    const elements = memory.forWriting()
    const arrays = [elements, ...leaves.map(leaf => leaf.box.elements)]
    launchOf(program, [size], arrays, [...scalars, ...values]).now()
  }
  return target ?? settle(root, { dtype, shape, strides: stridesOf(shape), offset: 0, memory })
}

function settle(root: Apply, view: View): View {
  root.result = view
  for (const x of root.operands) if (x.is === 'leaf') x.box.readers--
  root.operands = []
  return view
}

function programOf(root: Apply, kinds: number, offset: number): Program {
  const { name } = root.operation
  let known = byName.get(name)
  if (known === undefined) byName.set(name, (known = new Map()))
  const backend = backendNow()
  const found = known.get(kinds)
  if (found !== undefined && found.backend === backend && isKept(found.program)) return found.program
  const linear = linearize(root, asLeaf)
  const accesses = linear.leaves.map(({ view }) => accessOf(view.dtype, oneStep, view.offset))
  const program = programOfTree(linear, 1, [accessOf(root.dtype, oneStep, offset), ...accesses])
  known.set(kinds, { program, backend })
  return program
}
