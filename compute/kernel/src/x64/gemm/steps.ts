/**
 * What is done for a product, or a batch of them, one after the other: the jobs of its plan, and before and behind them, where C has no two elements side by side, copies of it that have.
 */

import type { Body } from '@skein/team'
import { placeOf } from '../run/addresses.ts'
import type { Isa } from '../run/cpu.ts'
import type { Checked, Placed } from './check.ts'
import { copy, type ElementBytes, emitCopyRows } from './copy.ts'
import { emitMultiply } from './multiply.ts'
import { type Arranged, type Place, planOf } from './plan.ts'
import type { MatrixProduct } from './product.ts'
import { bodyOf } from './routines.ts'
import { elementBytes } from './tile.ts'
import { giveBackWorkspace, lendWorkspace, type Workspace } from './workspace.ts'

export interface Step {
  readonly body: Body
  readonly threads: number
  /** Of the workspace that it writes into. */
  readonly bytes: number
  write(workspace: Workspace): { readonly address: number; readonly units: number }
}

/** Rows of a copy that a thread takes at a time hold so many elements. */
const elementsAtATime = 4096

export function* stepsOf(product: MatrixProduct, checked: Checked, isa: Isa, threads: number): Generator<Step> {
  const [a, b, c] = [checked.a, checked.b, checked.c].map(placeOfOperand)
  for (let p = 0; p < checked.batch; p++) {
    const shift = (place: Place, { batchStride }: Placed): Place =>
      p === 0 ? place : { ...place, address: place.address + p * batchStride }
    yield* stepsOfOne(product, shift(a, checked.a), shift(b, checked.b), shift(c, checked.c), isa, threads)
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

function* stepsOfOne(
  { dtype, m, n, k, start, scale, contract = false }: MatrixProduct,
  a: Place,
  b: Place,
  c: Place,
  isa: Isa,
  threads: number,
): Generator<Step> {
  const type = dtype as 'f32' | 'f64'
  const bytes = elementBytes[type]
  const asked: Arranged = { type, m, n, k, a, b, c, start: start === 'c', scale, contract }
  // Cᵀ = BᵀAᵀ, with the same sums.
  const turned: Arranged = { ...asked, m: n, n: m, a: transposed(b), b: transposed(a), c: transposed(c) }
  if (c.columnStride === bytes || n === 1) yield* stepsOfPlan(asked, isa, threads)
  else if (c.rowStride === bytes || m === 1) yield* stepsOfPlan(turned, isa, threads)
  else {
    const dense = lendWorkspace()
    try {
      const rowStride = (n * bytes + 63) & -64
      dense.reset(m * rowStride)
      const place: Place = { address: dense.addressOf(0), rowStride, columnStride: bytes }
      if (asked.start || scale?.beta !== undefined) yield copyStep(c, place, m, n, bytes, threads)
      yield* stepsOfPlan({ ...asked, c: place }, isa, threads)
      yield copyStep(place, c, m, n, bytes, threads)
    } finally {
      giveBackWorkspace(dense)
    }
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
