/** A matrix times a vector, or a vector times a matrix, by code of its own (`vector-product.ts`): which are, and how they are shared out. */

import type { Isa } from '../run/cpu.ts'
import { bodyOf } from '../run/routines.ts'
import type { Arranged, Place } from './plan.ts'
import type { Step } from './step.ts'
import {
  elementBytes,
  emitVectorProduct,
  lanesOf,
  leastColumns,
  rowsAtATime,
  type VectorProduct,
  vectorArgs,
} from './vector-product.ts'

/** y = Mx. */
export interface VectorArrangement {
  readonly type: 'f32' | 'f64'
  readonly rows: number
  readonly m: Place
  readonly x: Line
  readonly y: Line
}

/** Where a vector's elements lie: the first one's address, and bytes from one to the next. */
export interface Line {
  readonly address: number
  readonly stride: number
}

/** Fewer elements of M are read before a second thread has come. */
const worthThreads = 100_000
/** Units for each thread. */
const unitsEach = 4
/** Bytes of y that stay in the first cache while columns are added to them. */
const unitBytes = 2 ** 14

/** @returns undefined where it is to be done as other products are */
export function vectorArrangement(product: Arranged, isa: Isa): VectorArrangement | undefined {
  const { type, k, scale, a, b } = product
  if ((type !== 'f32' && type !== 'f64') || a.stored !== type || b.stored !== type) return undefined
  if (scale !== undefined || k < leastColumns) return undefined
  const found = arranged(product, type)
  const bytes = elementBytes[type]
  if (found === undefined || found.rows < lanesOf(isa, type)) return undefined
  return found.m.rowStride === bytes || found.m.columnStride === bytes ? found : undefined
}

function arranged({ m, n, a, b, c }: Arranged, type: 'f32' | 'f64'): VectorArrangement | undefined {
  if (n === 1) {
    const [x, y] = [b, c].map(({ address, rowStride }) => ({ address, stride: rowStride }))
    return { type, rows: m, m: a, x, y }
  }
  if (m !== 1) return undefined
  const [x, y] = [a, c].map(({ address, columnStride }) => ({ address, stride: columnStride }))
  return { type, rows: n, m: { address: b.address, rowStride: b.columnStride, columnStride: b.rowStride }, x, y }
}

/** @param arrangement x and y lie in a row */
export function vectorStep(
  { type, rows, m, x, y }: VectorArrangement,
  product: Arranged,
  isa: Isa,
  most: number,
): Step {
  const { k, start, contract } = product
  const bytes = elementBytes[type]
  const lanes = lanesOf(isa, type)
  const order = m.rowStride === bytes ? 'columns' : 'rows'
  const [ofM, ofX] = product.n === 1 ? (['a', 'b'] as const) : (['b', 'a'] as const)
  const rest = order === 'rows' ? rows % lanes : 0
  const made: VectorProduct = { isa, type, order, rest, contract }
  const threads = rows * k < worthThreads ? 1 : most
  const atATime = rowsAtATime(isa, type, order)
  const share = threads === 1 ? rows : Math.ceil(rows / (threads * unitsEach))
  const unit = Math.ceil((order === 'columns' ? Math.min(share, unitBytes / bytes) : share) / atATime) * atATime
  return {
    body: bodyOf(`gemm vector ${Object.values(made).join(' ')}`, code => emitVectorProduct(code, made)),
    again: 'as asked',
    threads,
    bytes: vectorArgs.bytes,
    write(workspace) {
      const at = workspace.take(vectorArgs.bytes)
      workspace.address(ofM, at + vectorArgs.m, m.address)
      workspace.long(at + vectorArgs.stride, order === 'columns' ? m.columnStride : m.rowStride)
      workspace.address(ofX, at + vectorArgs.x, x.address)
      workspace.address('c', at + vectorArgs.y, y.address)
      workspace.long(at + vectorArgs.k, k)
      workspace.long(at + vectorArgs.rows, rows)
      workspace.long(at + vectorArgs.unit, unit)
      workspace.long(at + vectorArgs.start, start ? 1 : 0)
      return { address: workspace.addressOf(at), units: Math.ceil(rows / unit) }
    },
  }
}
