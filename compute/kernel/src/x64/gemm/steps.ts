/**
 * What is done for a product, or a batch of them, one after the other: the jobs of its plan, and before and behind them, where C has no two elements side by side, copies of it that have.
 */

import { placeOf } from '../run/addresses.ts'
import type { Isa } from '../run/cpu.ts'
import { smallStep } from './batches.ts'
import type { Checked, Placed } from './check.ts'
import { copy, type ElementBytes, emitCopyRows } from './copy.ts'
import { emitMultiply } from './multiply.ts'
import { type Arranged, type Place, planOf } from './plan.ts'
import type { MatrixProduct } from './product.ts'
import { bodyOf } from './routines.ts'
import type { Step } from './step.ts'
import { elementBytes } from './tile.ts'
import { giveBackWorkspace, lendWorkspace } from './workspace.ts'

/** Rows of a copy that a thread takes at a time hold so many elements. */
const elementsAtATime = 4096

export function* stepsOf(product: MatrixProduct, checked: Checked, isa: Isa, threads: number): Generator<Step> {
  const { dtype, m, n, k, start, scale, contract = false } = product
  const type = dtype as 'f32' | 'f64'
  const [a, b, c] = [checked.a, checked.b, checked.c].map(placeOfOperand)
  const strides = { a: checked.a.batchStride, b: checked.b.batchStride, c: checked.c.batchStride }
  const asked: Arranged = { type, m, n, k, a, b, c, start: start === 'c', scale, contract }
  const bytes = elementBytes[type]
  const isTurned = c.columnStride !== bytes && n > 1 && (c.rowStride === bytes || m === 1)
  // Cᵀ = BᵀAᵀ, with the same sums.
  const first = isTurned ? { ...asked, m: n, n: m, a: transposed(b), b: transposed(a), c: transposed(c) } : asked
  const { a: ofA, b: ofB, c: ofC } = isTurned ? { ...strides, a: strides.b, b: strides.a } : strides
  const small = smallStep(first, checked.batch, { a: ofA, b: ofB, c: ofC }, isa, threads)
  if (small !== undefined) {
    yield small
    return
  }
  const moved = (place: Place, distance: number): Place => ({ ...place, address: place.address + distance })
  for (let p = 0; p < checked.batch; p++) {
    const one =
      p === 0 ? first : { ...first, a: moved(first.a, p * ofA), b: moved(first.b, p * ofB), c: moved(first.c, p * ofC) }
    yield* stepsOfOne(one, isa, threads)
  }
}

const placeOfOperand = ({ array, offset, rowStride, columnStride }: Placed): Place => ({
  address: placeOf(array) + offset,
  rowStride,
  columnStride,
})

const transposed = ({ address, rowStride, columnStride }: Place): Place => ({
  address,
  rowStride: columnStride,
  columnStride: rowStride,
})

function* stepsOfOne(one: Arranged, isa: Isa, threads: number): Generator<Step> {
  const { type, m, n, c, start, scale } = one
  const bytes = elementBytes[type]
  if (c.columnStride === bytes || n === 1) {
    yield* stepsOfPlan(one, isa, threads)
    return
  }
  const dense = lendWorkspace()
  try {
    const rowStride = (n * bytes + 63) & -64
    dense.reset(m * rowStride)
    const place: Place = { address: dense.addressOf(0), rowStride, columnStride: bytes }
    if (start || scale?.beta !== undefined) yield copyStep(c, place, m, n, bytes, threads)
    yield* stepsOfPlan({ ...one, c: place }, isa, threads)
    yield copyStep(place, c, m, n, bytes, threads)
  } finally {
    giveBackWorkspace(dense)
  }
}

function* stepsOfPlan(arranged: Arranged, isa: Isa, most: number): Generator<Step> {
  const element = elementBytes[arranged.type]
  const body = bodyOf(`multiply ${isa} ${element}`, code => emitMultiply(code, isa, element))
  const { threads, bytes, jobs, write } = planOf(arranged, isa, most)
  for (let number = 0; number < jobs; number++)
    yield { body, threads, bytes, write: workspace => write(workspace, number) }
}

function copyStep(from: Place, to: Place, rows: number, columns: number, element: ElementBytes, threads: number): Step {
  const body = bodyOf(`copy rows of ${element}`, code => emitCopyRows(code, element))
  return {
    body,
    threads: rows * columns <= elementsAtATime * 4 ? 1 : threads,
    bytes: copy.bytes,
    write(workspace) {
      const at = workspace.take(copy.bytes)
      workspace.long(at + copy.source, from.address)
      workspace.long(at + copy.target, to.address)
      workspace.long(at + copy.columns, columns)
      workspace.long(at + copy.sourceRow, from.rowStride)
      workspace.long(at + copy.sourceColumn, from.columnStride)
      workspace.long(at + copy.targetRow, to.rowStride)
      workspace.long(at + copy.targetColumn, to.columnStride)
      return { address: workspace.addressOf(at), units: rows }
    },
  }
}
