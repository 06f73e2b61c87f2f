/** How elements along an axis are combined with all before them: which way is taken for which lines. */

import { type DType, infoOf } from '../dtypes.ts'
import { type Fold, prodFold } from '../expression/fold.ts'
import { counts } from '../expression/programs.ts'
import { isScanned, type Lying, runAlong, scanRows } from '../expression/scan.ts'
import type { NDArray } from '../ndarray.ts'
import { linesAlong } from '../shape.ts'
import { fresh } from './creation.ts'
import { elementsOf } from './placing.ts'
import { moveaxis } from './shaping.ts'

/** Rows from this length on are scanned. */
const longRow = 64
/** With fewer columns than this most lanes would have none. */
const leastColumns = 16

/** @param dtype in which elements are combined @param hasInitial what is combined of nothing comes first */
export function accumulated(x: NDArray, axis: number, fold: Fold, dtype: DType, hasInitial: boolean): NDArray {
  const lines = linesAlong(x.shape, axis)
  const { before, length, after } = lines
  if (after > 1 && before * after < leastColumns && length >= longRow && isGrouped(fold, dtype)) {
    const rows = accumulated(moveaxis(x, axis, -1), x.ndim - 1, fold, dtype, hasInitial)
    return moveaxis(rows, -1, axis)
  }
  const { array, memory } = fresh(dtype, hasInitial ? x.shape.with(axis, length + 1) : x.shape, fold.name, 'unset')
  if (array.size === 0) return array
  const from: Lying = { dtype: x.dtype, elements: elementsOf(x) }
  const to: Lying = { dtype, elements: memory.elements }
  if (before * after === 1 && multiplied(fold, from, to, hasInitial)) return array
  const isRow = after === 1 && length >= longRow && isGrouped(fold, dtype) && (!hasInitial || before === 1)
  const run = isRow
    ? scanRows(fold, from, hasInitial ? behindFirst(to, fold) : to, before, length)
    : runAlong(fold, from, to, lines, hasInitial)
  run.now()
  counts.launched++
  return array
}

/** One line of products, each of which waits for the one before: the engine's loop is as fast as a kernel's. */
function multiplied(fold: Fold, { dtype, elements }: Lying, into: Lying, hasInitial: boolean): boolean {
  if (fold !== prodFold || dtype !== 'float64' || into.dtype !== 'float64') return false
  const [from, to] = [elements as Float64Array, into.elements as Float64Array]
  const more = hasInitial ? 1 : 0
  to[0] = 1
  let product = 1
  for (let k = 0; k < from.length; k++) to[k + more] = product *= from[k]
  return true
}

/** Whether neighbours may be combined before they meet what is before them. Products of floats would leave the range where the line does not. */
const isGrouped = (fold: Fold, dtype: DType): boolean =>
  isScanned(dtype) && (fold !== prodFold || infoOf(dtype).kind !== 'float')

function behindFirst({ dtype, elements }: Lying, fold: Fold): Lying {
  elements[0] = fold.init(dtype)
  return { dtype, elements: elements.subarray(1) }
}
