/**
 * Systems with a triangular matrix, T·X = B, solved in place. Halves of the matrix are solved one after the other, with a product between them; small ones
 * by a kernel whose lanes are columns of B.
 */

import { kernel } from '@skein/kernel'
import { onBackend } from '../../expression/plain.ts'
import { block, type Matrix, type Reals } from '../matrix.ts'
import type { Triangle } from '../provider.ts'
import { subtractProduct } from './products.ts'

/** Up to so many rows one column is solved for by plain loops. */
const mostOfColumn = 512
/** Rows that a kernel solves by itself. */
const fewRows = 64

const forward = kernel(
  (
    j,
    n: number,
    t: Reals,
    at: number,
    row: number,
    column: number,
    unit: boolean,
    b: Reals,
    bAt: number,
    bRow: number,
  ) => {
    for (let i = 0; i < n; i++) {
      let s = b[bAt + i * bRow + j]
      for (let k = 0; k < i; k++) s -= t[at + i * row + k * column] * b[bAt + k * bRow + j]
      b[bAt + i * bRow + j] = unit ? s : s / t[at + i * (row + column)]
    }
  },
  { name: 'solveLower' },
)

const backward = kernel(
  (
    j,
    n: number,
    t: Reals,
    at: number,
    row: number,
    column: number,
    unit: boolean,
    b: Reals,
    bAt: number,
    bRow: number,
  ) => {
    for (let r = 0; r < n; r++) {
      const i = n - 1 - r
      let s = b[bAt + i * bRow + j]
      for (let k = i + 1; k < n; k++) s -= t[at + i * row + k * column] * b[bAt + k * bRow + j]
      b[bAt + i * bRow + j] = unit ? s : s / t[at + i * (row + column)]
    }
  },
  { name: 'solveUpper' },
)

/** Both of them, of complex numbers. */
const solveComplex = kernel(
  (
    j,
    n: number,
    isUp: boolean,
    t: Reals,
    at: number,
    row: number,
    column: number,
    conjugated: boolean,
    unit: boolean,
    b: Reals,
    bAt: number,
    bRow: number,
  ) => {
    for (let r = 0; r < n; r++) {
      const i = isUp ? n - 1 - r : r
      const own = 2 * (bAt + i * bRow + j)
      let re = b[own]
      let im = b[own + 1]
      const end = isUp ? n : i
      for (let k = isUp ? i + 1 : 0; k < end; k++) {
        const x = 2 * (at + i * row + k * column)
        const y = 2 * (bAt + k * bRow + j)
        const xi = conjugated ? -t[x + 1] : t[x + 1]
        re -= t[x] * b[y] - xi * b[y + 1]
        im -= t[x] * b[y + 1] + xi * b[y]
      }
      const d = 2 * (at + i * (row + column))
      const c = t[d]
      const s = conjugated ? -t[d + 1] : t[d + 1]
      // Divided as by `divide`.
      const isReal = Math.abs(c) >= Math.abs(s)
      const large = isReal ? c : s
      const small = isReal ? s : c
      const ratio = small / large
      const scale = large + small * ratio
      b[own] = unit ? re : (isReal ? re + im * ratio : re * ratio + im) / scale
      b[own + 1] = unit ? im : (isReal ? im - re * ratio : im * ratio - re) / scale
    }
  },
  { name: 'solveComplexTriangle' },
)

/** One column, by plain loops. */
function solveColumn(
  { array: t, at, rows: n }: Matrix,
  row: number,
  column: number,
  isLower: boolean,
  unit: boolean,
  b: Matrix,
): void {
  const { array: x, at: first, stride } = b
  for (let r = 0; r < n; r++) {
    const i = isLower ? r : n - 1 - r
    const end = isLower ? i : n
    const own = at + i * row
    let s = x[first + i * stride]
    for (let k = isLower ? 0 : i + 1; k < end; k++) s -= t[own + k * column] * x[first + k * stride]
    x[first + i * stride] = unit ? s : s / t[own + i * column]
  }
}

/** B becomes T⁻¹·B. A zero on the diagonal gives infinities, as division does. */
export function solveTriangular(triangle: Triangle, b: Matrix): void {
  const { matrix: t, upper, transposed = false, unit = false } = triangle
  const n = t.rows
  if (n === 0 || b.columns === 0) return
  const isLower = upper === transposed
  const [row, column] = transposed ? [1, t.stride] : [t.stride, 1]
  if (b.columns === 1 && t.parts === 1 && n <= mostOfColumn) return solveColumn(t, row, column, isLower, unit, b)
  if (n <= fewRows) {
    if (t.parts === 2) {
      onBackend(solveComplex)(
        b.columns,
        n,
        !isLower,
        t.array,
        t.at,
        row,
        column,
        transposed,
        unit,
        b.array,
        b.at,
        b.stride,
      )
      return
    }
    const solve = onBackend(isLower ? forward : backward)
    solve(b.columns, n, t.array, t.at, row, column, unit, b.array, b.at, b.stride)
    return
  }
  const half = (n / 2) & ~7
  const rest = n - half
  const [first, last] = [block(t, 0, 0, half, half), block(t, half, half, rest, rest)]
  const [top, bottom] = [block(b, 0, 0, half, b.columns), block(b, half, 0, rest, b.columns)]
  // What joins the halves: below the diagonal of a lower triangle, above that of an upper one.
  const beside = upper ? block(t, 0, half, half, rest) : block(t, half, 0, rest, half)
  if (isLower) {
    solveTriangular({ ...triangle, matrix: first }, top)
    subtractProduct(bottom, { matrix: beside, transposed }, { matrix: top })
    solveTriangular({ ...triangle, matrix: last }, bottom)
  } else {
    solveTriangular({ ...triangle, matrix: last }, bottom)
    subtractProduct(top, { matrix: beside, transposed }, { matrix: bottom })
    solveTriangular({ ...triangle, matrix: first }, top)
  }
}
