/** Products that change a matrix in place: what factorisations spend most of their time on. */

import { kernel } from '@skein/kernel'
import { type Gemm, gemm } from '@skein/kernel/gemm'
import { onBackend } from '../../expression/plain.ts'
import { backendNow } from '../../expression/programs.ts'
import type { Matrix, Reals } from '../matrix.ts'

/** A factor: a matrix, or its transpose, which is conjugated if it is complex. */
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

const subtractComplex = kernel(
  (
    [i, j],
    depth: number,
    a: Reals,
    aAt: number,
    aRow: number,
    aColumn: number,
    aConjugated: boolean,
    b: Reals,
    bAt: number,
    bRow: number,
    bColumn: number,
    bConjugated: boolean,
    c: Reals,
    cAt: number,
    cRow: number,
  ) => {
    const at = 2 * (cAt + i * cRow + j)
    let re = c[at]
    let im = c[at + 1]
    for (let k = 0; k < depth; k++) {
      const x = 2 * (aAt + i * aRow + k * aColumn)
      const y = 2 * (bAt + k * bRow + j * bColumn)
      const xi = aConjugated ? -a[x + 1] : a[x + 1]
      const yi = bConjugated ? -b[y + 1] : b[y + 1]
      re -= a[x] * b[y] - xi * yi
      im -= a[x] * yi + xi * b[y]
    }
    c[at] = re
    c[at + 1] = im
  },
  { name: 'subtractComplexProduct' },
)

const operandOf = ({ matrix, transposed = false }: Factor) => ({
  array: matrix.array,
  offset: matrix.at,
  rowStride: transposed ? 1 : matrix.stride,
  columnStride: transposed ? matrix.stride : 1,
  conjugate: transposed && matrix.parts === 2,
})

const typeOf = ({ array, parts }: Matrix) => {
  const isSingle = array instanceof Float32Array
  return parts === 2 ? (isSingle ? 'c64' : 'c128') : isSingle ? 'f32' : 'f64'
}

/** C = C − A·B. C shares no elements with A or B. */
export function subtractProduct(c: Matrix, a: Factor, b: Factor): void {
  const { rows: m, columns: n } = c
  const k = a.transposed ? a.matrix.rows : a.matrix.columns
  if (m === 0 || n === 0 || k === 0) return
  const [x, y] = [operandOf(a), operandOf(b)]
  const backend = backendNow().name
  if (backend !== 'x64' && backend !== 'wasm') {
    const left = [x.array, x.offset, x.rowStride, x.columnStride] as const
    const right = [y.array, y.offset, y.rowStride, y.columnStride] as const
    const to = [c.array, c.at, c.stride] as const
    if (c.parts === 2) onBackend(subtractComplex)([m, n], k, ...left, x.conjugate, ...right, y.conjugate, ...to)
    else onBackend(subtract)([m, n], k, ...left, ...right, ...to)
    return
  }
  const product: Parameters<Gemm>[0] = {
    dtype: typeOf(c),
    m,
    n,
    k,
    a: x,
    b: y,
    c: { array: c.array, offset: c.at, rowStride: c.stride, columnStride: 1 },
    scale: { alpha: -1, beta: 1 },
    contract: true,
  }
  gemm(product, { backend })
}
