/**
 * Reductions: a tree's values are combined along axes, as they are computed.
 *
 * One pass reduces axes that lie in memory as one. If they are the innermost, each row becomes a value (the kernel's own reduction: blocks of
 * 16,384, many accumulators, pairwise). If others lie within, lanes are columns, and each combines its elements one after the other; long columns
 * are cut into pieces of `pieceLength`, whose values are combined by a second pass.
 */

import type { DType } from '../dtypes.ts'
import { allocate, type Memory } from '../memory.ts'
import { broadcastStrides, type Shape, sizeOf, stridesOf } from '../shape.ts'
import { type Access, accessOf, accessText } from './compose.ts'
import { evaluating, launchScalars, wholesIn } from './evaluate.ts'
import { combinationOf, combinedAgain, type Fold } from './fold.ts'
import { launchOf, outerPlaces, type Runs } from './launch.ts'
import { axisOrder, layoutOf, mostAxes } from './layout.ts'
import { type Linear, linearize } from './linear.ts'
import { type Apply, asLeaf, leafOf, type Node, type View } from './node.ts'
import { programOf } from './programs.ts'
import { reduceDirectly } from './reduce-direct.ts'
import {
  bare,
  canCombineRows,
  composeColumns,
  composeRows,
  leastPieces,
  pieceLength,
  shortRow,
} from './reduction-kernels.ts'

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
  const direct = inOrder ? undefined : reduceDirectly(node, axes, fold, dtype)
  if (direct !== undefined) {
    yield direct.run
    return direct.view
  }
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

function linearOf(node: Node): Linear {
  if (node.is === 'scalar') return { leaves: [], scalars: [node], steps: [], form: `=${node.dtype}.`, kept: [] }
  const leaf = asLeaf(node)
  return leaf ? bare(leaf) : linearize(node as Apply, asLeaf)
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
  return yield* passes(bare(leafOf(view)), next, combinedAgain(fold), dtype)
}

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
    ir: composeRows(linear, rank, accesses, dtype, fold),
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
