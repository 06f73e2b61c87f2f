/**
 * P·A = L·U with partial pivoting, in place, by halves of columns (S. Toledo, Locality of Reference in LU Decomposition with Partial Pivoting, 1997): the left half,
 * then what it does to the right one, which is a triangular solve and a product, then the rest.
 */

import { block, type Matrix, numbersOf } from '../matrix.ts'
import { eliminateComplexColumns } from './complex-lu.ts'
import { eliminateByPanels } from './lu-panels.ts'
import { subtractProduct } from './products.ts'
import { solveTriangular } from './triangular.ts'

/** Up to so many columns of a real matrix are eliminated by panels. */
const mostOfPanels = 128
/** Columns that are eliminated one by one. */
const fewColumns = 8

/**
 * L without its diagonal of ones, and U, in place of A.
 * @returns `pivots[k]`, the row with which row k was exchanged, one after the other; and the first column without a pivot, −1 if each has one
 */
export function factorLU(a: Matrix): { pivots: Int32Array; singular: number } {
  const pivots = new Int32Array(Math.min(a.rows, a.columns))
  const singular = eliminate(a, pivots)
  return { pivots, singular }
}

function eliminate(a: Matrix, pivots: Int32Array): number {
  const { rows: m, columns: n } = a
  const rank = Math.min(m, n)
  if (a.parts === 1 && m >= n && n <= mostOfPanels) return eliminateByPanels(a, pivots)
  if (n <= fewColumns) return a.parts === 2 ? eliminateComplexColumns(a, pivots) : eliminateColumns(a, pivots)
  const half = n <= 2 * fewColumns ? fewColumns : (Math.min(rank, n) / 2 + 7) & ~7
  const left = block(a, 0, 0, m, half)
  const right = block(a, 0, half, m, n - half)
  const first = pivots.subarray(0, Math.min(m, half))
  const singular = eliminate(left, first)
  exchangeRows(right, first)
  const solved = Math.min(m, half)
  solveTriangular(
    { matrix: block(a, 0, 0, solved, solved), upper: false, unit: true },
    block(right, 0, 0, solved, n - half),
  )
  if (m <= half) return singular
  const below = block(a, half, half, m - half, n - half)
  subtractProduct(below, { matrix: block(a, half, 0, m - half, half) }, { matrix: block(a, 0, half, half, n - half) })
  const second = pivots.subarray(half)
  const later = eliminate(below, second)
  exchangeRows(block(a, half, 0, m - half, half), second)
  for (const k of second.keys()) second[k] += half
  return singular >= 0 ? singular : later >= 0 ? later + half : -1
}

/** Columns lie one behind the other meanwhile, so that each is passed in order. */
function eliminateColumns(a: Matrix, pivots: Int32Array): number {
  const { array, at, rows: m, columns: n, stride } = a
  const Reals = array.constructor as Float64ArrayConstructor
  const t = new Reals(m * n)
  for (let i = 0; i < m; i++) {
    const row = at + i * stride
    for (let j = 0; j < n; j++) t[j * m + i] = array[row + j]
  }
  let singular = -1
  for (let j = 0; j < pivots.length; j++) {
    const own = j * m
    let pivot = j
    let most = Math.abs(t[own + j])
    for (let i = j + 1; i < m; i++) {
      const size = Math.abs(t[own + i])
      // NaN is a pivot, too: it must reach the result.
      if (size > most || (size !== size && most === most)) {
        most = size
        pivot = i
      }
    }
    pivots[j] = pivot
    if (pivot !== j) {
      for (let c = 0; c < n; c++) {
        const kept = t[c * m + j]
        t[c * m + j] = t[c * m + pivot]
        t[c * m + pivot] = kept
      }
    }
    const top = t[own + j]
    if (top === 0) {
      if (singular < 0) singular = j
      continue
    }
    for (let i = j + 1; i < m; i++) t[own + i] /= top
    for (let c = j + 1; c < n; c++) {
      const factor = t[c * m + j]
      if (factor === 0) continue
      const other = c * m
      for (let i = j + 1; i < m; i++) t[other + i] -= t[own + i] * factor
    }
  }
  for (let i = 0; i < m; i++) {
    const row = at + i * stride
    for (let j = 0; j < n; j++) array[row + j] = t[j * m + i]
  }
  return singular
}

/** From so many elements on a row is copied as one. */
const wideRow = 64

/** Exchanges rows as a factorisation did, or takes that back. */
export function exchangeRows(a: Matrix, pivots: Int32Array, isBack = false): void {
  const { array, at, columns, stride } = numbersOf(a)
  for (let step = 0; step < pivots.length; step++) {
    const k = isBack ? pivots.length - 1 - step : step
    const pivot = pivots[k]
    if (pivot === k) continue
    const [x, y] = [at + k * stride, at + pivot * stride]
    if (columns >= wideRow) {
      const kept = array.slice(x, x + columns)
      array.copyWithin(x, y, y + columns)
      array.set(kept, y)
      continue
    }
    for (let j = 0; j < columns; j++) {
      const kept = array[x + j]
      array[x + j] = array[y + j]
      array[y + j] = kept
    }
  }
}

/** B becomes A⁻¹·B, for the factors of A. */
export function solveLU(lu: Matrix, pivots: Int32Array, b: Matrix): void {
  exchangeRows(b, pivots)
  solveTriangular({ matrix: lu, upper: false, unit: true }, b)
  solveTriangular({ matrix: lu, upper: true }, b)
}
