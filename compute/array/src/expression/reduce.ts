/**
 * Reductions: a tree's values are combined along axes, as they are computed.
 *
 * One pass reduces axes that lie in memory as one. If they are the innermost, each row becomes a value (the kernel's own reduction: blocks of
 * 16,384, many accumulators, pairwise). If others lie within, lanes are columns, and each combines its elements one after the other; long columns
 * are cut into pieces of `pieceLength`, whose values are combined by a second pass.
 */

import type { KernelIR, Value } from '@skein/kernel/compiler'
import { type DType, infoOf } from '../dtypes.ts'
import { allocate, type Memory } from '../memory.ts'
import { broadcastStrides, isContiguous, type Shape, sizeOf, stridesOf } from '../shape.ts'
import { type Access, accessOf, accessText, Composer, computeSteps } from './compose.ts'
import { evaluating, launchScalars, mostAxes, wholesIn } from './evaluate.ts'
import { combinationOf, type Fold, initialLane } from './fold.ts'
import { convert, type Lane, pair, real } from './lanes.ts'
import { launchOf, outerPlaces, type Runs } from './launch.ts'
import { axisOrder, layoutOf } from './layout.ts'
import { type Linear, linearize } from './linear.ts'
import { type Apply, asLeaf, type Leaf, leafOf, type Node, type View } from './node.ts'
import { programOf } from './programs.ts'

/** Elements of a column that one lane combines. */
const pieceLength = 1024
/** Columns are cut if they have so many pieces. */
const leastPieces = 4
/** A row shorter than this is combined by one lane. */
const shortRow = 64

/** What a pass runs through: axes that stay, slowest first, then those that are combined, put together where they lie so. */
interface Extents {
  readonly kept: readonly number[]
  readonly combined: readonly number[]
  /** Of each operand, of all of them. */
  readonly strides: readonly (readonly number[])[]
}

/**
 * The values of a node combined along axes.
 * @param axes that are combined, in order
 * @param dtype in which values are combined; what comes out has it
 * @param inOrder along one axis, of which each lane combines all elements one after the other
 * @returns a view in C order of the axes that stay
 */
export function* reducing(node: Node, axes: readonly number[], fold: Fold, dtype: DType, inOrder = false): Runs<View> {
  for (const x of [...wholesIn(node)]) yield* evaluating(x)
  const { shape } = node
  const whole = inOrder ? undefined : wholeRow(node, axes, dtype)
  if (whole !== undefined) return yield* reducingRow(whole, fold, dtype)
  const keptAxes = shape.map((_, d) => d).filter(d => !axes.includes(d))
  const keptShape = keptAxes.map(d => shape[d])
  const linear = linearOf(node)
  const inputs = linear.leaves.map(({ view }) => broadcastStrides(view.shape, view.strides, shape))
  const combinedOrder = axisOrder(shape, inputs).filter(d => axes.includes(d))
  const kept = layoutOf(shape, inputs, keptAxes)
  const combined = layoutOf(shape, inputs, combinedOrder)
  const extents: Extents = {
    kept: kept.lengths,
    combined: combined.lengths,
    strides: inputs.map((_, k) => [...kept.strides[k], ...combined.strides[k]]),
  }
  const memory = yield* passes(linear, extents, fold, dtype, inOrder)
  return { dtype, shape: keptShape, strides: stridesOf(keptShape), offset: 0, memory }
}

/** An array in C order of which all elements are combined: one row, whose program is found without what it takes to look at a tree. */
function wholeRow(node: Node, axes: readonly number[], dtype: DType): Leaf | undefined {
  const { shape } = node
  const leaf = asLeaf(node)
  if (leaf === undefined || axes.length < shape.length || sizeOf(shape) === 0) return undefined
  return canCombineRows(dtype, true) && isContiguous(shape, leaf.view.strides) ? leaf : undefined
}

function* reducingRow(leaf: Leaf, fold: Fold, dtype: DType): Runs<View> {
  const { offset, dtype: from, shape } = leaf.view
  const memory = allocate(dtype, 1, fold.name, 'unset')
  const key = `${fold.name}-row-${dtype}-${from}${offset === 0 ? '' : '+'}`
  const program = programOf(key, () => ({
    ir: composeRows(bare(leaf)!, 2, [{ dtype: from, steps: ['0', '1'], hasOffset: offset !== 0 }], dtype, fold.name),
    combination: combinationOf(fold, dtype),
  }))
  const scalars = offset === 0 ? [] : [offset]
  yield launchOf(program, [1, sizeOf(shape)], [leaf.box.elements], scalars, memory.elements as never)
  return { dtype, shape: [], strides: [], offset: 0, memory }
}

/** A leaf is a tree without operations. */
const bare = (node: Node): Linear | undefined => {
  const leaf = asLeaf(node)
  return leaf && { leaves: [leaf], scalars: [], steps: [], form: `${leaf.dtype}.`, kept: [] }
}

function linearOf(node: Node): Linear {
  if (node.is === 'scalar') return { leaves: [], scalars: [node], steps: [], form: `=${node.dtype}.`, kept: [] }
  return bare(node) ?? linearize(node as Apply, asLeaf)
}

/** Combines the innermost of the combined axes, then what is left. @returns elements in the order of the axes that stay */
function* passes(linear: Linear, extents: Extents, fold: Fold, dtype: DType, inOrder = false): Runs<Memory> {
  const { kept, combined, strides } = extents
  // All combined axes but the innermost stay, in this pass.
  const staying = [...kept, ...combined.slice(0, -1)]
  const length = combined[combined.length - 1]
  const pieces = Math.ceil(length / pieceLength)
  const alongRows = !inOrder && isInnermost(strides, staying.length) && (length >= shortRow || sizeOf(staying) === 1)
  const isCut = !inOrder && !canCombineRows(dtype, alongRows) && pieces >= leastPieces
  const lengths = isCut ? [pieces, ...staying] : staying
  const memory = allocate(dtype, sizeOf(lengths), fold.name, 'unset')
  if (sizeOf(lengths) > 0) {
    if (canCombineRows(dtype, alongRows)) yield* rows(linear, staying, length, strides, fold, dtype, memory)
    else yield* columns(linear, staying, length, strides, fold, dtype, memory, isCut)
  }
  if (!isCut && combined.length === 1) return memory
  // What came out is an array whose axes are those that stayed, with the pieces in front.
  const rest = isCut ? [pieces, ...combined.slice(0, -1)] : combined.slice(0, -1)
  const view: View = { dtype, shape: lengths, strides: stridesOf(lengths), offset: 0, memory }
  const [piece, inner] = isCut ? [[view.strides[0]], view.strides.slice(1)] : [[], view.strides]
  const next: Extents = {
    kept,
    combined: rest,
    strides: [[...inner.slice(0, kept.length), ...piece, ...inner.slice(kept.length)]],
  }
  return yield* passes(bare(leafOf(view))!, next, fold, dtype)
}

const canCombineRows = (dtype: DType, alongRows: boolean): boolean => alongRows && infoOf(dtype).kind !== 'complex'

/** Whether the last axis is the one along which elements lie closest, for the operands that have it. */
function isInnermost(strides: readonly (readonly number[])[], staying: number): boolean {
  for (const s of strides) {
    const own = Math.abs(s[staying])
    if (own === 0) continue
    for (let d = 0; d < staying; d++) if (s[d] !== 0 && Math.abs(s[d]) < own) return false
    return true
  }
  return true
}

/** What a kernel reads, for its last axes. */
function accessesOf(linear: Linear, strides: readonly (readonly number[])[], outer: number): Access[] {
  return linear.leaves.map(({ view }, k) => accessOf(view.dtype, strides[k].slice(outer), outer > 0 ? 1 : view.offset))
}

function* rows(
  linear: Linear,
  staying: Shape,
  length: number,
  strides: readonly (readonly number[])[],
  fold: Fold,
  dtype: DType,
  memory: Memory,
): Runs<void> {
  const outer = Math.max(0, staying.length + 1 - mostAxes)
  const inner = strides.map(s => s.slice(outer))
  const accesses = accessesOf(linear, strides, outer)
  const rank = staying.length + 1 - outer
  const key = `${fold.name}-rows-${dtype}:${linear.form};${accesses.map(accessText).join()};${rank}`
  const program = programOf(key, () => ({
    ir: composeRows(linear, rank, accesses, dtype, fold.name),
    combination: combinationOf(fold, dtype),
  }))
  const views = linear.leaves.map(l => l.view)
  const elements = memory.forWriting()
  const each = sizeOf(staying.slice(outer))
  let done = 0
  for (const shifts of outerPlaces(staying.slice(0, outer), strides)) {
    const scalars = launchScalars(accesses, inner, views, shifts, linear)
    const arrays = linear.leaves.map(l => l.box.elements)
    const out = elements.subarray(done, (done += each)) as unknown as ArrayBufferView
    yield launchOf(program, [...staying.slice(outer), length], arrays, scalars, out)
  }
}

function composeRows(linear: Linear, rank: number, inputs: readonly Access[], dtype: DType, name: string) {
  const c = new Composer()
  const value = valueAt(
    c,
    linear,
    inputs,
    Array.from({ length: rank }, (_, d) => c.index(d)),
  )
  return { ...c.finish(name, rank, convert(c.b, value, dtype).v), yields: infoOf(dtype).type }
}

/** The tree's value, given the index of each axis. */
function valueAt(
  c: Composer,
  linear: Linear,
  inputs: readonly Access[],
  indices: Parameters<Composer['place']>[1],
): ReturnType<Composer['load']> {
  const buffers = inputs.map(access => c.buffer(infoOf(access.dtype).element))
  const places = inputs.map(access => c.place(access, indices))
  const leaves = inputs.map((access, k) => c.load(access.dtype, buffers[k], places[k]))
  const scalars = linear.scalars.map(({ dtype }) => c.value(dtype))
  const steps = computeSteps(c.b, linear, leaves, scalars)
  return steps[steps.length - 1] ?? leaves[0] ?? scalars[0]
}

function* columns(
  linear: Linear,
  staying: Shape,
  length: number,
  strides: readonly (readonly number[])[],
  fold: Fold,
  dtype: DType,
  memory: Memory,
  isCut: boolean,
): Runs<void> {
  const most = isCut ? mostAxes - 1 : mostAxes
  const lanes = staying.length === 0 ? [1] : staying
  const all = staying.length === 0 ? strides.map(s => [0, ...s]) : strides
  const outer = Math.max(0, lanes.length - most)
  const inner = all.map(s => s.slice(outer))
  // The axis that is combined is the last of an access, but not of the lanes; the one before may go on by one.
  const accesses = linear.leaves.map(({ view }, k): Access => {
    const own = inner[k]
    const among = accessOf(view.dtype, own.slice(0, -1), outer > 0 ? 1 : view.offset)
    return { ...among, steps: [...among.steps, own[own.length - 1] === 0 ? '0' : 's'] }
  })
  const result: View = { dtype, shape: lanes, strides: stridesOf(lanes), offset: 0, memory }
  const whole = isCut ? [sizeOf(lanes)] : []
  const outStrides = [...whole, ...result.strides.slice(outer)]
  const out = accessOf(dtype, outStrides, outer > 0 ? 1 : 0)
  const rank = lanes.length - outer
  const key = `${fold.name}-columns-${dtype}${isCut ? '-cut' : ''}:${linear.form};${[out, ...accesses].map(accessText).join()}`
  const program = programOf(key, () => ({ ir: composeColumns(linear, rank, out, accesses, fold, isCut) }))
  const views = [result, ...linear.leaves.map(l => l.view)]
  const pieces = isCut ? [Math.ceil(length / pieceLength)] : []
  const arrays = [memory.forWriting(), ...linear.leaves.map(l => l.box.elements)]
  for (const shifts of outerPlaces(lanes.slice(0, outer), [result.strides, ...all])) {
    const scalars = launchScalars([out, ...accesses], [outStrides, ...inner], views, shifts, linear, length)
    yield launchOf(program, [...pieces, ...lanes.slice(outer)], arrays, scalars)
  }
}

/** Scalars: how many elements are combined; then those of the accesses, and of the tree. */
function composeColumns(
  linear: Linear,
  rank: number,
  out: Access,
  inputs: readonly Access[],
  fold: Fold,
  isCut: boolean,
): KernelIR {
  const { dtype } = out
  const c = new Composer()
  const { b } = c
  const length = c.whole()
  const axes = Array.from({ length: rank }, (_, d) => c.index(isCut ? d + 1 : d))
  const target = c.buffer(infoOf(dtype).element)
  const place = c.place(out, isCut ? [c.index(0), ...axes] : axes)
  // Where each lane begins in an operand, and its steps along the axis that is combined.
  const placed = inputs.map(access => ({
    dtype: access.dtype,
    buffer: c.buffer(infoOf(access.dtype).element),
    at: c.place({ ...access, steps: access.steps.slice(0, rank) }, axes),
    step: access.steps[rank] === '0' ? undefined : c.whole(),
  }))
  const scalars = linear.scalars.map(x => c.value(x.dtype))
  const first = isCut ? b.mul(c.index(0), pieceLength) : b.const('i32', 0)
  const end = isCut ? b.op('smin', 'i32', [length, b.add(first, pieceLength)]) : length
  const start = initialLane(b, fold, dtype)
  const lane = ([v, im]: Value[]): Lane => (im ? pair(dtype, v, im) : real(dtype, v))
  const [, ...result] = b.loop(
    [first, start.v, ...(start.im ? [start.im] : [])],
    ([k]) => b.slt(k, end),
    ([k, ...sofar]) => {
      const leaves = placed.map(x => c.load(x.dtype, x.buffer, x.step ? b.add(x.at, b.mul(k, x.step)) : x.at))
      const steps = computeSteps(b, linear, leaves, scalars)
      const value = convert(b, steps[steps.length - 1] ?? leaves[0] ?? scalars[0], dtype)
      const next = fold.combine(b, lane(sofar), value)
      return [b.add(k, 1), next.v, ...(next.im ? [next.im] : [])]
    },
  )
  c.store(lane(result), target, place)
  return c.finish(fold.name, isCut ? rank + 1 : rank)
}
