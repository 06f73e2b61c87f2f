/** Evaluates trees: what is computed element by element becomes one kernel. */

import { infoOf } from '../dtypes.ts'
import { allocate, holding, Memory } from '../memory.ts'
import { broadcastStrides, type Shape, sizeOf, stridesOf } from '../shape.ts'
import { type Access, accessOf, addLaunchScalars, programOfTree } from './compose.ts'
import { evaluateDirectly } from './direct.ts'
import { launchOf, outerPlaces, type Runs, runAll, runAllAsync } from './launch.ts'
import { axisOrder, layoutOf, mostAxes, stridesIn } from './layout.ts'
import { type Linear, linearize } from './linear.ts'
import { type Apply, asLeaf, type Node, type View } from './node.ts'

/** What in a tree is not computed element by element, and has not been evaluated. */
export function* wholesIn(node: Node, seen = new Set<Node>()): Generator<Node> {
  if (seen.has(node) || node.is === 'leaf' || node.is === 'scalar' || node.result !== undefined) return
  seen.add(node)
  if (node.is === 'whole') yield node
  else for (const x of node.operands) yield* wholesIn(x, seen)
}

/** The elements of a node. */
export const evaluate = (node: Node): View =>
  viewOf(node) ?? evaluateDirectly(node, evaluate) ?? runAll(evaluating(node))

/** The same; the event loop stays free. */
export async function evaluateAsync(node: Node): Promise<View> {
  const known = viewOf(node)
  if (known) return known
  const found = await runAllAsync(evaluating(node))
  return node.is === 'apply' || node.is === 'whole' ? (node.result ?? found) : found
}

/** Evaluates a tree into elements that are there. */
export function evaluateInto(node: Apply, target: View): void {
  if (evaluateDirectly(node, evaluate, target) === undefined) runAll(applying(node, target))
}

/** The launches that evaluate a node. What somebody else made of it meanwhile, and has changed since, is not what comes out. */
export function* evaluating(node: Node): Runs<View> {
  const known = viewOf(node)
  if (known) return known
  if (node.is === 'whole') {
    const result = yield* node.evaluating()
    node.result ??= result
    return result
  }
  return yield* applying(node as Apply)
}

function* applying(root: Apply, target?: View): Runs<View> {
  if (root.hasWholes) for (const x of [...wholesIn(root)]) yield* evaluating(x)
  // Between two launches somebody else may have evaluated it.
  if (root.result !== undefined && target === undefined) return root.result
  const linear = linearize(root, asLeaf)
  const { shape } = root
  const inputs = linear.leaves.map(({ view }) => broadcastStrides(view.shape, view.strides, shape))
  const order = axisOrder(shape, target ? [target.strides, ...inputs] : inputs)
  const strides = order.every((d, k) => d === k) ? stridesOf(shape) : stridesIn(order, shape)
  const results = linear.kept.map((k): View => {
    const { node } = linear.steps[k]
    if (node === root && target) return target
    const memory = allocate(node.dtype, sizeOf(node.shape), node.operation.name, 'unset')
    return { dtype: node.dtype, shape, strides, offset: 0, memory }
  })
  if (sizeOf(shape) > 0) {
    const boxes = linear.leaves.map(leaf => leaf.box)
    yield* holding(() => boxes, launches(linear, shape, order, results, inputs))
  }
  for (const [k, step] of linear.kept.entries()) {
    const { node } = linear.steps[step]
    if (target && node === root) continue
    node.result ??= results[k]
    for (const x of node.operands) if (x.is === 'leaf') x.box.readers--
    node.operands = []
  }
  return target ?? results[results.length - 1]
}

function* launches(
  linear: Linear,
  shape: Shape,
  order: readonly number[],
  results: readonly View[],
  inputs: readonly (readonly number[])[],
): Runs<void> {
  const { lengths, strides } = layoutOf(shape, [...results.map(r => r.strides), ...inputs], order)
  const outer = Math.max(0, lengths.length - mostAxes)
  const inner = outer > 0 ? strides.map(s => s.slice(outer)) : strides
  const views = [...results, ...linear.leaves.map(l => l.view)]
  const accesses = views.map((v, k) => accessOf(v.dtype, inner[k], outer > 0 ? 1 : v.offset))
  const rank = lengths.length - outer
  const program = programOfTree(linear, rank, accesses)
  const arrays = [...results.map(r => r.memory.forWriting()), ...linear.leaves.map(l => l.box.elements)]
  if (outer === 0) {
    yield launchOf(program, lengths, arrays, launchScalars(accesses, inner, views, undefined, linear))
    return
  }
  for (const shifts of outerPlaces(lengths.slice(0, outer), strides))
    yield launchOf(program, lengths.slice(outer), arrays, launchScalars(accesses, inner, views, shifts, linear))
}

/** What a launch gives: for accesses, then for the numbers of a tree. @param first what comes before */
export function launchScalars(
  accesses: readonly Access[],
  strides: readonly (readonly number[])[],
  views: readonly View[],
  shifts: readonly number[] | undefined,
  { scalars }: Linear,
  ...first: number[]
): (number | bigint)[] {
  const given: (number | bigint)[] = first
  for (let k = 0; k < views.length; k++)
    addLaunchScalars(accesses[k], strides[k], views[k].offset + (shifts ? shifts[k] : 0), given)
  for (const s of scalars) {
    given.push(s.value)
    if (infoOf(s.dtype).kind === 'complex') given.push(s.imaginary)
  }
  return given
}

function viewOf(node: Node): View | undefined {
  if (node.is === 'leaf')
    return node.box === node.view.memory.box ? node.view : { ...node.view, memory: new Memory(node.box.elements) }
  if (node.is !== 'scalar') return node.result
  const memory = allocate(node.dtype, 1)
  const { elements } = memory
  elements[0] = node.value
  if (elements.length === 2) elements[1] = node.imaginary
  return { dtype: node.dtype, shape: [], strides: [], offset: 0, memory }
}
