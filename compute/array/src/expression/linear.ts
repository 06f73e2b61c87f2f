/** A tree as a list: what it reads, and its operations in order, those met twice once. */

import { InternalError } from '@skein/base'
import { sameShape } from '../shape.ts'
import type { Apply, Leaf, Node, Scalar } from './node.ts'

/** What an operation takes: an earlier step, a leaf, a scalar, by number. */
export interface Step {
  readonly node: Apply
  readonly operands: readonly Operand[]
}

export interface Operand {
  readonly of: 'leaf' | 'scalar' | 'step'
  readonly at: number
}

export interface Linear {
  readonly leaves: readonly Leaf[]
  readonly scalars: readonly Scalar[]
  readonly steps: readonly Step[]
  /** Trees of one form are computed by one kernel. */
  readonly form: string
  /** Steps whose values are to be kept: the last one, and those that another tree still uses. */
  readonly kept: readonly number[]
}

/** @param root of whose tree all that is not computed element by element has been evaluated */
export function linearize(root: Apply, asLeaf: (node: Node) => Leaf | undefined): Linear {
  const leaves: Leaf[] = []
  const scalars: Scalar[] = []
  const steps: Step[] = []
  const places = new Map<Node, Operand>()
  const uses = new Map<Apply, number>()
  let form = ''

  const add = (of: Operand['of'], list: unknown[], item: unknown): Operand => ({ of, at: list.push(item) - 1 })

  const visit = (node: Node): Operand => {
    const known = places.get(node)
    if (known !== undefined) {
      if (node.is === 'apply') uses.set(node, (uses.get(node) ?? 0) + 1)
      return known
    }
    const place = place1(node)
    places.set(node, place)
    return place
  }

  const place1 = (node: Node): Operand => {
    const leaf = asLeaf(node)
    if (leaf !== undefined) {
      form += `${leaf.dtype}.`
      return add('leaf', leaves, leaf)
    }
    if (node.is === 'scalar') {
      form += `=${node.dtype}.`
      return add('scalar', scalars, node)
    }
    if (node.is !== 'apply') throw new InternalError('what is left of a tree is computed element by element', [node.is])
    const operands = node.operands.map(visit)
    uses.set(node, 1)
    form += `${node.operation.name}:${node.dtype}(${operands.map(o => `${o.of[1]}${o.at}`).join()})`
    return add('step', steps, { node, operands })
  }

  visit(root)
  // Of another shape it is computed again where it is needed.
  const isKept = (node: Apply) => node === root || (node.uses > uses.get(node)! && sameShape(node.shape, root.shape))
  const kept = steps.flatMap(({ node }, k) => (isKept(node) ? [k] : []))
  return { leaves, scalars, steps, form, kept }
}
