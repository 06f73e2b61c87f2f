/** Products that change a matrix in place: what factorisations spend most of their time on. */

import { kernel } from '@skein/kernel'
import { type Gemm, gemm } from '@skein/kernel/gemm'
import { backendNow } from '../../expression/programs.ts'
import type { Matrix, Reals } from '../matrix.ts'

/** A factor: rows and columns may be exchanged. */
export interface Factor {
  readonly matrix: Matrix
  readonly transposed?: boolean
}

const subtract = kernel(
  (
    [i, j],
    depth: number,
    a: Reals,
    aAt: number,
    aRow: number,
    aColumn: number,
    b: Reals,
    bAt: number,
    bRow: number,
    bColumn: number,
    c: Reals,
    cAt: number,
    cRow: number,
  ) => {
    let s = c[cAt + i * cRow + j]
    for (let k = 0; k < depth; k++) s -= a[aAt + i * aRow + k * aColumn] * b[bAt + k * bRow + j * bColumn]
    c[cAt + i * cRow + j] = s
  },
  { name: 'subtractProduct' },
)

const stridesOf = ({ matrix, transposed }: Factor): readonly [row: number, column: number] =>
  transposed ? [1, matrix.stride] : [matrix.stride, 1]

/** C = C − A·B. C shares no elements with A or B. */
export function subtractProduct(c: Matrix, a: Factor, b: Factor): void {
  const { rows: m, columns: n } = c
  const k = a.transposed ? a.matrix.rows : a.matrix.columns
  if (m === 0 || n === 0 || k === 0) return
  const [aRow, aColumn] = stridesOf(a)
  const [bRow, bColumn] = stridesOf(b)
  const [x, y] = [a.matrix, b.matrix]
  if (backendNow().name !== 'x64') {
    subtract([m, n], k, x.array, x.at, aRow, aColumn, y.array, y.at, bRow, bColumn, c.array, c.at, c.stride)
    return
  }
  const product: Parameters<Gemm>[0] = {
    dtype: c.array instanceof Float32Array ? 'f32' : 'f64',
    m,
    n,
    k,
    a: { array: x.array, offset: x.at, rowStride: aRow, columnStride: aColumn },
    b: { array: y.array, offset: y.at, rowStride: bRow, columnStride: bColumn },
    c: { array: c.array, offset: c.at, rowStride: c.stride, columnStride: 1 },
    scale: { alpha: -1, beta: 1 },
    contract: true,
  }
  gemm(product)
}
