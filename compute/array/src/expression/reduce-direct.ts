/**
 * Reductions of arrays that lie in C order, along axes that are neighbours: of most. The program is found by what is combined and how the axes lie, without what it takes to look
 * at a tree. What it computes has the same bits.
 */

import type { Program } from '@skein/kernel/compiler'
import { type DType, dtypes, numberOfDType } from '../dtypes.ts'
import { allocate } from '../memory.ts'
import { isContiguous, type Lines, linesAlong, type Shape, sizeOf, stridesOf } from '../shape.ts'
import type { Access } from './compose.ts'
import { combinationOf, type Fold } from './fold.ts'
import { launchOf, type Run } from './launch.ts'
import { asLeaf, type Leaf, type Node, type View } from './node.ts'
import { counts, type Known, knownOf, type Made, programNow, programOf } from './programs.ts'
import {
  bare,
  canCombineRows,
  composeColumns,
  composeRows,
  leastPieces,
  pieceLength,
  shortRow,
} from './reduction-kernels.ts'

/** Up to so many elements are combined at once, when somebody asks for it: it takes some microseconds. */
const mostAtOnce = 1 << 16

/** How the elements that are combined lie. @param axes in order */
function linesOf(shape: Shape, axes: readonly number[]): Lines | undefined {
  if (axes.length === 0) return undefined
  const first = axes[0]
  const last = axes[axes.length - 1]
  return last - first === axes.length - 1 ? linesAlong(shape, first, last) : undefined
}

export interface Direct {
  readonly run: Run
  /** In C order of the axes that stay. */
  readonly view: View
}

/**
 * The launch of a reduction; undefined: something is otherwise.
 * @param axes in order @param beside in C order of the axes that stay
 */
export function reduceDirectly(
  node: Node,
  axes: readonly number[],
  fold: Fold,
  dtype: DType,
  beside?: Leaf,
): Direct | undefined {
  const leaf = asLeaf(node)
  if (leaf === undefined || sizeOf(leaf.shape) === 0 || !isContiguous(leaf.shape, leaf.view.strides)) return undefined
  const lines = linesOf(leaf.shape, axes)
  if (lines === undefined) return undefined
  const { before, length, after } = lines
  const alongRows = canCombineRows(dtype, after === 1 && (before === 1 || length >= shortRow))
  if (!alongRows && length > pieceLength * (leastPieces - 1)) return undefined
  const shape = leaf.shape.filter((_, d) => d < axes[0] || d > axes[axes.length - 1])
  const memory = allocate(dtype, before * after, fold.name, 'unset')
  const program = programFor(leaf, lines, alongRows, fold, dtype, beside)
  const arrays = beside ? [leaf.box.elements, beside.box.elements] : [leaf.box.elements]
  const run = alongRows
    ? launchOf(program, [before, length], arrays, rowScalars(lines, leaf.view.offset), memory.elements as never)
    : launchOf(
        program,
        areBoth(lines) ? [before, after] : [before * after],
        [memory.elements, ...arrays],
        columnScalars(lines, leaf.view.offset, beside !== undefined),
      )
  return { run, view: { dtype, shape, strides: stridesOf(shape), offset: 0, memory } }
}

/** The same, run; undefined also for many elements. */
export function reduceAtOnce(
  node: Node,
  axes: readonly number[],
  fold: Fold,
  dtype: DType,
  beside?: Leaf,
): View | undefined {
  if (sizeOf(node.shape) > mostAtOnce) return undefined
  const direct = reduceDirectly(node, axes, fold, dtype, beside)
  if (direct === undefined) return undefined
  direct.run.now()
  counts.launched++
  return direct.view
}

const areBoth = ({ before, after }: Lines): boolean => before > 1 && after > 1

function rowScalars({ before, length }: Lines, offset: number): number[] {
  const given = offset === 0 ? [] : [offset]
  if (before > 1) given.push(length)
  return given
}

/** The accesses of columns: of the result, of the array, of what is beside. A step along the combined axis is their last. */
function columnAccesses(lines: Lines, dtype: DType, leaf: Leaf, beside: Leaf | undefined): [Access, ...Access[]] {
  const { before, after } = lines
  const kept: Access['steps'] = areBoth(lines) ? ['s', '1'] : ['1']
  const lanes: Access['steps'] = [...(before > 1 ? ['s' as const] : []), ...(after > 1 ? ['1' as const] : [])]
  const steps: Access['steps'] = [...(lanes.length === 0 ? ['0' as const] : lanes), 's']
  const array: Access = { dtype: leaf.dtype, steps, hasOffset: leaf.view.offset !== 0 }
  const others: Access[] = beside ? [{ dtype: beside.dtype, steps: [...kept, '0'], hasOffset: false }] : []
  return [{ dtype, steps: kept, hasOffset: false }, array, ...others]
}

function columnScalars(lines: Lines, offset: number, hasBeside: boolean): number[] {
  const { before, length, after } = lines
  const given = [length]
  if (areBoth(lines)) given.push(after)
  if (offset !== 0) given.push(offset)
  if (before > 1) given.push(length * after)
  given.push(after)
  if (hasBeside && areBoth(lines)) given.push(after)
  return given
}

/** By what is combined, then by kinds of arrays and lines. */
const byFold = new WeakMap<Fold, Map<number, Known>>()

function programFor(
  leaf: Leaf,
  lines: Lines,
  alongRows: boolean,
  fold: Fold,
  dtype: DType,
  beside: Leaf | undefined,
): Program {
  let known = byFold.get(fold)
  if (known === undefined) byFold.set(fold, (known = new Map()))
  let key = numberOfDType(dtype) * dtypes.length + numberOfDType(leaf.dtype)
  key = 2 * key + (alongRows ? 1 : 0)
  key = 2 * key + (leaf.view.offset === 0 ? 0 : 1)
  key = 2 * key + (lines.before > 1 ? 1 : 0)
  key = 2 * key + (lines.after > 1 ? 1 : 0)
  key = 2 * key + (beside ? 1 : 0)
  const found = programNow(known.get(key))
  if (found !== undefined) return found
  const make = () =>
    alongRows ? ofRows(leaf, lines, fold, dtype, beside) : ofColumns(leaf, lines, fold, dtype, beside)
  const program = programOf(`${fold.name}-direct-${key}`, make)
  known.set(key, knownOf(program))
  return program
}

function ofRows(leaf: Leaf, { before }: Lines, fold: Fold, dtype: DType, beside: Leaf | undefined): Made {
  const accesses: Access[] = [
    { dtype: leaf.dtype, steps: [before > 1 ? 's' : '0', '1'], hasOffset: leaf.view.offset !== 0 },
  ]
  if (beside) accesses.push({ dtype: beside.dtype, steps: ['1', '0'], hasOffset: false })
  return { ir: composeRows(bare(leaf, beside), 2, accesses, dtype, fold), combination: combinationOf(fold, dtype) }
}

function ofColumns(leaf: Leaf, lines: Lines, fold: Fold, dtype: DType, beside: Leaf | undefined): Made {
  const [out, ...inputs] = columnAccesses(lines, dtype, leaf, beside)
  return { ir: composeColumns(bare(leaf, beside), out.steps.length, out, inputs, fold, false) }
}
