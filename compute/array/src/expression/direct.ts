/**
 * Small trees on arrays that lie in C order: what is most often evaluated, of arrays that are often small. Their program is found by the tree's form, without what it takes to look at a larger one.
 */

import type { Program } from '@skein/kernel/compiler'
import { allocate } from '../memory.ts'
import { isContiguous, sizeOf, stridesOf } from '../shape.ts'
import { accessOf, programOfTree } from './compose.ts'
import { areFew, computeFew } from './few.ts'
import { type Walked, walk } from './forms.ts'
import { launchOf, runNow } from './launch.ts'
import { linearize } from './linear.ts'
import { type Apply, asLeaf, type Node, type View } from './node.ts'
import { backendNow, isKept } from './programs.ts'

const oneStep = [1]
const noStep = [0]

/**
 * The result of such a tree; undefined: it is another.
 * @param evaluate what gives the elements of an operand
 * @param target of the tree's shape: where the result is to be; else in memory of its own, and the tree keeps it
 */
export function evaluateDirectly(root: Node, evaluate: (node: Node) => View, target?: View): View | undefined {
  if (root.is !== 'apply') return undefined
  const { operation, operands, shape } = root
  if (target !== undefined && !isContiguous(shape, target.strides)) return undefined
  if (root.hasWholes) for (const x of operands) if (x.is === 'whole') evaluate(x)
  if (target === undefined && areFew(shape)) {
    const signature = operation.signature(operands.map(x => x.dtype))
    const few = computeFew(operation, signature, operands, shape)
    if (few) return settle(root, few)
  }
  const offset = target?.offset ?? 0
  const walked = walk(root, offset)
  if (walked === undefined) return undefined
  const size = sizeOf(shape)
  const { kept, leaves, offsets, scalars } = walked
  const results: View[] = []
  const arrays: unknown[] = []
  for (const node of kept) {
    const view = node === root && target ? target : viewFor(node, size)
    results.push(view)
    arrays.push(view.memory.forWriting())
  }
  if (size > 0) {
    const program = programOf(root, walked, offset)
    for (const { box } of leaves) arrays.push(box.elements)
    runNow(launchOf(program, [size], arrays, offsets.length === 0 ? scalars : [...offsets, ...scalars]))
  }
  for (let k = 0; k < kept.length; k++) if (kept[k] !== root || !target) settle(kept[k], results[k])
  return target ?? results[kept.length - 1]
}

function viewFor({ dtype, shape, operation }: Apply, size: number): View {
  const memory = allocate(dtype, size, operation.name, 'unset')
  return { dtype, shape, strides: stridesOf(shape), offset: 0, memory }
}

function settle(root: Apply, view: View): View {
  root.result = view
  for (const x of root.operands) if (x.is === 'leaf') x.box.readers--
  root.operands = []
  return view
}

function programOf(root: Apply, { form, kept, leaves, isSingle }: Walked, offset: number): Program {
  const backend = backendNow()
  const { known } = form
  if (known !== undefined && known.backend === backend && isKept(known.program)) return known.program
  const linear = linearize(root, asLeaf)
  const accesses = leaves.map(({ view }, k) => accessOf(view.dtype, isSingle[k] ? noStep : oneStep, view.offset))
  const written = kept.map(({ dtype }, k) => accessOf(dtype, oneStep, k === kept.length - 1 ? offset : 0))
  const program = programOfTree(linear, 1, [...written, ...accesses])
  form.known = { program, backend }
  return program
}
