/** Kernels of reductions: rows, by the kernel's own way of combining them, and columns, of which each lane combines one. */

import type { KernelIR, Value } from '@skein/kernel/compiler'
import { type DType, infoOf } from '../dtypes.ts'
import { type Access, Composer, computeSteps } from './compose.ts'
import { combinedOf, type Fold, initialLane } from './fold.ts'
import { type Lane, pair, real } from './lanes.ts'
import type { Linear } from './linear.ts'
import type { Leaf } from './node.ts'

/** Elements of a column that one lane combines. */
export const pieceLength = 1024
/** Columns are cut if they have so many pieces. */
export const leastPieces = 4
/** A row shorter than this is combined by one lane. */
export const shortRow = 64

export const canCombineRows = (dtype: DType, alongRows: boolean): boolean =>
  alongRows && infoOf(dtype).kind !== 'complex'

/** A leaf is a tree without operations. @param beside a value that goes with all elements that are combined */
export const bare = (leaf: Leaf, beside?: Leaf): Linear => {
  const leaves = beside ? [leaf, beside] : [leaf]
  return { leaves, scalars: [], steps: [], form: leaves.map(x => `${x.dtype}.`).join(''), kept: [] }
}

/** A kernel that reduces rows, which its last axis runs through. @param linear has a value beside as a second leaf, if there is one */
export function composeRows(
  linear: Linear,
  rank: number,
  inputs: readonly Access[],
  dtype: DType,
  fold: Fold,
): KernelIR {
  const c = new Composer()
  const indices = Array.from({ length: rank }, (_, d) => c.index(d))
  const buffers = inputs.map(access => c.buffer(infoOf(access.dtype).element))
  const places = inputs.map(access => c.place(access, indices))
  const leaves = inputs.map((access, k) => c.load(access.dtype, buffers[k], places[k]))
  const scalars = linear.scalars.map(x => c.value(x.dtype))
  const value = valueBefore(c, linear, leaves, scalars, dtype, fold)
  return { ...c.finish(fold.name, rank, value.v), yields: infoOf(dtype).type }
}

/** What a tree's value becomes before it is combined. */
function valueBefore(
  { b }: Composer,
  linear: Linear,
  leaves: readonly Lane[],
  scalars: readonly Lane[],
  dtype: DType,
  fold: Fold,
): Lane {
  const steps = computeSteps(b, linear, leaves, scalars)
  if (steps.length > 0) return combinedOf(b, fold, steps[steps.length - 1], dtype)
  return combinedOf(b, fold, leaves[0] ?? scalars[0], dtype, leaves[1])
}

/**
 * A kernel whose lanes are columns, the last of an access' steps being along them. Scalars: how many elements are combined; then those of the accesses, and of the tree.
 */
export function composeColumns(
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
      const value = valueBefore(c, linear, leaves, scalars, dtype, fold)
      const next = fold.combine(b, lane(sofar), value)
      return [b.add(k, 1), next.v, ...(next.im ? [next.im] : [])]
    },
  )
  c.store(lane(result), target, place)
  return c.finish(fold.name, isCut ? rank + 1 : rank)
}
