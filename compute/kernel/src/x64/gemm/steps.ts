/**
 * What is done for a product, or a batch of them, one after the other: the jobs of its plan, and before and behind them, where C has no two elements side by side, copies of it that have.
 */

import type { Checked, Placed } from '../../gemm/check.ts'
import type { MatrixProduct, Operand } from '../../gemm/product.ts'
import { placeOf } from '../run/addresses.ts'
import type { Isa } from '../run/cpu.ts'
import { bodyOf } from '../run/routines.ts'
import { smallStep } from './batches.ts'
import { copy, type ElementBytes, emitCopyRows } from './copy.ts'
import { elements, type Machine, type TileType, tileTypeOf } from './format.ts'
import { emitMultiply } from './multiply.ts'
import { type Arranged, type Factor, type Place, planOf } from './plan.ts'
import type { Step } from './step.ts'
import { type Line, type VectorArrangement, vectorArrangement, vectorStep } from './vector-steps.ts'
import { giveBackWorkspace, lendWorkspace, taken } from './workspace.ts'

/** Rows of a copy that a thread takes at a time hold so many elements. */
const elementsAtATime = 4096

export function* stepsOf(product: MatrixProduct, checked: Checked, machine: Machine, threads: number): Generator<Step> {
  const { m, n, k, start, scale, fast = false, contract = fast } = product
  const type = tileTypeOf(product, checked.b.stored, machine)
  const [a, b] = [factorOf(checked.a, product.a), factorOf(checked.b, product.b)]
  const c = placeOfOperand(checked.c)
  const strides = { a: checked.a.batchStride, b: checked.b.batchStride, c: checked.c.batchStride }
  const asked: Arranged = { type, m, n, k, a, b, c, isTurned: false, start: start === 'c', scale, contract }
  const { bytes } = elements[type]
  const isTurned = c.columnStride !== bytes && n > 1 && (c.rowStride === bytes || m === 1)
  // Cᵀ = BᵀAᵀ, with the same sums.
  const first = isTurned ? turned(asked, tileTypeOf(product, checked.a.stored, machine)) : asked
  const { a: ofA, b: ofB, c: ofC } = isTurned ? { ...strides, a: strides.b, b: strides.a } : strides
  const vector = checked.batch === 1 ? vectorArrangement(first, machine.isa) : undefined
  if (vector !== undefined) {
    for (const step of stepsOfVector(vector, first, machine.isa, threads)) yield isTurned ? asTurned(step) : step
    return
  }
  const small = smallStep(first, checked.batch, { a: ofA, b: ofB, c: ofC }, machine.isa, threads)
  if (small !== undefined) {
    yield isTurned ? asTurned(small) : small
    return
  }
  const moved = <P extends Place>(place: P, distance: number): P => ({ ...place, address: place.address + distance })
  for (let p = 0; p < checked.batch; p++) {
    const one =
      p === 0 ? first : { ...first, a: moved(first.a, p * ofA), b: moved(first.b, p * ofB), c: moved(first.c, p * ofC) }
    for (const step of stepsOfOne(one, machine, threads)) yield isTurned ? asTurned(step) : step
  }
}

const placeOfOperand = ({ array, offset, rowStride, columnStride }: Placed): Place => ({
  address: placeOf(array) + offset,
  rowStride,
  columnStride,
})

const factorOf = (placed: Placed, { conjugate = false }: Operand): Factor => ({
  ...placeOfOperand(placed),
  stored: placed.stored,
  isConjugate: conjugate,
})

/** What it calls A is B. */
const asTurned = (step: Step): Step => (step.again ? { ...step, again: 'turned' } : step)

const transposed = <P extends Place>(place: P): P => ({
  ...place,
  rowStride: place.columnStride,
  columnStride: place.rowStride,
})

const turned = (asked: Arranged, type: TileType): Arranged => ({
  ...asked,
  type,
  m: asked.n,
  n: asked.m,
  a: transposed(asked.b),
  b: transposed(asked.a),
  c: transposed(asked.c),
  isTurned: true,
})

function* stepsOfOne(one: Arranged, machine: Machine, threads: number): Generator<Step> {
  const { type, m, n, c, start, scale } = one
  const { bytes } = elements[type]
  if (c.columnStride === bytes || n === 1) {
    yield* stepsOfPlan(one, machine, threads)
    return
  }
  const dense = lendWorkspace()
  try {
    const rowStride = (n * bytes + 63) & -64
    dense.reset(m * rowStride)
    const place: Place = { address: dense.addressOf(0), rowStride, columnStride: bytes }
    if (start || scale?.beta !== undefined) yield copyStep(c, place, m, n, bytes, threads)
    yield* stepsOfPlan({ ...one, c: place }, machine, threads)
    yield copyStep(place, c, m, n, bytes, threads)
  } finally {
    giveBackWorkspace(dense)
  }
}

function* stepsOfPlan(arranged: Arranged, machine: Machine, most: number): Generator<Step> {
  const { isa } = machine
  const element = elements[arranged.type].bytes
  const body = bodyOf(`gemm multiply ${isa} ${element}`, code => emitMultiply(code, isa, element))
  const { threads, bytes, jobs, write } = planOf(arranged, machine, most)
  for (let number = 0; number < jobs; number++)
    yield {
      body,
      threads,
      bytes,
      write: workspace => write(workspace, number),
      ...(jobs === 1 && { again: 'as asked' }),
    }
}

/** Vectors that do not lie in a row are copied. */
function* stepsOfVector(
  { type, rows, m, x, y }: VectorArrangement,
  product: Arranged,
  isa: Isa,
  threads: number,
): Generator<Step> {
  const { k, start } = product
  const { bytes } = elements[type]
  const column = ({ address, stride }: Line): Place => ({ address, rowStride: stride, columnStride: bytes })
  const [isCopiedX, isCopiedY] = [x.stride !== bytes, y.stride !== bytes]
  const dense = lendWorkspace()
  try {
    dense.reset(taken(k * bytes) + taken(rows * bytes))
    const line = (isCopied: boolean, of: Line, length: number): Line =>
      isCopied ? { address: dense.addressOf(dense.take(length * bytes)), stride: bytes } : of
    const [ofX, ofY] = [line(isCopiedX, x, k), line(isCopiedY, y, rows)]
    if (isCopiedX) yield copyStep(column(x), column(ofX), k, 1, bytes, threads)
    if (isCopiedY && start) yield copyStep(column(y), column(ofY), rows, 1, bytes, threads)
    yield vectorStep({ type, rows, m, x: ofX, y: ofY }, product, isa, threads)
    if (isCopiedY) yield copyStep(column(ofY), column(y), rows, 1, bytes, threads)
  } finally {
    giveBackWorkspace(dense)
  }
}

function copyStep(from: Place, to: Place, rows: number, columns: number, element: ElementBytes, threads: number): Step {
  const body = bodyOf(`gemm copy rows of ${element}`, code => emitCopyRows(code, element))
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
