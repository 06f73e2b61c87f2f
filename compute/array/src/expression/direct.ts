/**
 * Small trees, which are most often evaluated, on arrays that are often small. Their program is found by the tree's form, without what it takes to look at a larger one. Arrays in C order are passed as one axis;
 * others, and those that are broadcast, along the axes that are left when they are put together.
 */

import type { Program } from '@skein/kernel/compiler'
import { allocate } from '../memory.ts'
import { broadcastStrides, isContiguous, sizeOf, stridesOf } from '../shape.ts'
import { type Access, accessOf, addLaunchScalars, programOfTree } from './compose.ts'
import { areFew, computeFew } from './few.ts'
import { type Form, formWith, type Walked, walk } from './forms.ts'
import { launchOf, runNow } from './launch.ts'
import { axisOrder, layoutOf, mostAxes, stridesIn } from './layout.ts'
import { linearize } from './linear.ts'
import { type Apply, asLeaf, type Node, type View } from './node.ts'
import { knownOf, programNow } from './programs.ts'

const oneStep = [1]
const noStep = [0]
const atBegin: readonly Access[] = []

/**
 * The result of such a tree; undefined: it is another.
 * @param evaluate what gives the elements of an operand
 * @param target of the tree's shape: where the result is to be; else in memory of its own, and the tree keeps it
 */
export function evaluateDirectly(root: Node, evaluate: (node: Node) => View, target?: View): View | undefined {
  if (root.is !== 'apply') return undefined
  const { operation, operands, shape } = root
  if (root.hasWholes) for (const x of operands) if (x.is === 'whole') evaluate(x)
  if (target === undefined && areFew(shape)) {
    const signature = operation.signature(operands.map(x => x.dtype))
    const few = computeFew(operation, signature, operands, shape)
    if (few) return settle(root, few)
  }
  const walked = walk(root)
  if (walked === undefined) return undefined
  const isEven = walked.isEven && (target === undefined || isContiguous(shape, target.strides))
  const results = isEven ? computeEvenly(root, walked, target) : computeAlongAxes(root, walked, target)
  if (results === undefined) return undefined
  const { kept } = walked
  for (let k = 0; k < kept.length; k++) if (kept[k] !== root || !target) settle(kept[k], results[k])
  return results[kept.length - 1]
}

function settle(root: Apply, view: View): View {
  root.result = view
  for (const x of root.operands) if (x.is === 'leaf') x.box.readers--
  root.operands = []
  return view
}

/** Everything as one axis. */
function computeEvenly(root: Apply, walked: Walked, target: View | undefined): View[] {
  const { form, kept, leaves, isSingle, offsets, scalars } = walked
  const size = sizeOf(root.shape)
  const results = resultsOf(root, kept, size, stridesOf(root.shape), target)
  if (size === 0) return results
  const offset = target?.offset ?? 0
  // Leaves have told how they are passed.
  const written = offset === 0 ? atBegin : [accessOf(root.dtype, oneStep, offset)]
  const program = programOf(root, offset === 0 ? form : formWith(form, written), () => [
    ...kept.map(({ dtype }, k) => accessOf(dtype, oneStep, k === kept.length - 1 ? offset : 0)),
    ...leaves.map(({ view }, k) => accessOf(view.dtype, isSingle[k] ? noStep : oneStep, view.offset)),
  ])
  const given: (number | bigint)[] = offset === 0 ? [] : [offset]
  for (const x of offsets) given.push(x)
  for (const x of scalars) given.push(x)
  launch(program, [size], results, walked, given)
  return results
}

/** Along the axes that are left; undefined: they are too many for a kernel. */
function computeAlongAxes(root: Apply, walked: Walked, target: View | undefined): View[] | undefined {
  const { form, kept, leaves, scalars } = walked
  const { shape } = root
  const size = sizeOf(shape)
  const inputs = leaves.map(({ view }) => broadcastStrides(view.shape, view.strides, shape))
  const order = axisOrder(shape, target ? [target.strides, ...inputs] : inputs)
  const own = order.every((d, k) => d === k) ? stridesOf(shape) : stridesIn(order, shape)
  const outputs = kept.map(node => (node === root && target ? target.strides : own))
  const { lengths, strides } = layoutOf(shape, [...outputs, ...inputs], order)
  if (lengths.length > mostAxes) return undefined
  const results = resultsOf(root, kept, size, own, target)
  if (size === 0) return results
  const views = [...results, ...leaves.map(({ view }) => view)]
  const accesses = views.map(({ dtype, offset }, k) => accessOf(dtype, strides[k], offset))
  const program = programOf(root, formWith(form, accesses), () => accesses)
  const given: (number | bigint)[] = []
  for (let k = 0; k < views.length; k++) addLaunchScalars(accesses[k], strides[k], views[k].offset, given)
  for (const x of scalars) given.push(x)
  launch(program, lengths, results, walked, given)
  return results
}

/** Where what is kept will be. */
function resultsOf(
  root: Apply,
  kept: readonly Apply[],
  size: number,
  strides: readonly number[],
  target: View | undefined,
): View[] {
  const { shape } = root
  const results: View[] = []
  for (const node of kept) {
    const { dtype, operation } = node
    if (node === root && target) results.push(target)
    else results.push({ dtype, shape, strides, offset: 0, memory: allocate(dtype, size, operation.name, 'unset') })
  }
  return results
}

function launch(
  program: Program,
  lengths: readonly number[],
  results: readonly View[],
  { leaves }: Walked,
  scalars: (number | bigint)[],
): void {
  const arrays: unknown[] = []
  for (const { memory } of results) arrays.push(memory.forWriting())
  for (const { box } of leaves) arrays.push(box.elements)
  runNow(launchOf(program, lengths, arrays, scalars))
}

/** @param accesses of what is written, then of the leaves */
function programOf(root: Apply, form: Form, accesses: () => readonly Access[]): Program {
  const found = programNow(form.known)
  if (found !== undefined) return found
  const all = accesses()
  const program = programOfTree(linearize(root, asLeaf), all[0].steps.length, all)
  form.known = knownOf(program)
  return program
}
