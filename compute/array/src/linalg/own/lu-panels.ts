/**
 * P·A = L·U of a small real matrix, whose elements stay in the cache: eight columns at a time are eliminated by plain loops, and what they do to all columns behind them by one kernel, a lane a column.
 */

import { kernel } from '@skein/kernel'
import { onBackend } from '../../expression/plain.ts'
import type { Matrix, Reals } from '../matrix.ts'

/** Columns of a panel: the kernel below is written for so many. */
const panelColumns = 8
/** Columns of a panel that are eliminated before the others of it are changed. */
const half = 4

/** Exchanges rows as the panel from column k on did, solves with its triangle, and subtracts products from the rows below. Rows are counted from row k. */
const eliminateBehind = kernel(
  (lane, k: number, rows: number, a: Reals, at: number, stride: number, pivots: Int32Array, first: number) => {
    const j = lane + k + 8
    const top = at + k * stride
    for (let p = 0; p < 8; p++) {
      const own = top + p * stride + j
      const other = at + pivots[first + p] * stride + j
      const kept = a[own]
      a[own] = a[other]
      a[other] = kept
    }
    const l0 = top + k
    const l1 = l0 + stride
    const l2 = l1 + stride
    const l3 = l2 + stride
    const l4 = l3 + stride
    const l5 = l4 + stride
    const l6 = l5 + stride
    const l7 = l6 + stride
    const right = lane + 8
    const u0 = a[l0 + right]
    const u1 = a[l1 + right] - a[l1] * u0
    const u2 = a[l2 + right] - a[l2] * u0 - a[l2 + 1] * u1
    const u3 = a[l3 + right] - a[l3] * u0 - a[l3 + 1] * u1 - a[l3 + 2] * u2
    const u4 = a[l4 + right] - a[l4] * u0 - a[l4 + 1] * u1 - a[l4 + 2] * u2 - a[l4 + 3] * u3
    const u5 = a[l5 + right] - a[l5] * u0 - a[l5 + 1] * u1 - a[l5 + 2] * u2 - a[l5 + 3] * u3 - a[l5 + 4] * u4
    const u6 =
      a[l6 + right] - a[l6] * u0 - a[l6 + 1] * u1 - a[l6 + 2] * u2 - a[l6 + 3] * u3 - a[l6 + 4] * u4 - a[l6 + 5] * u5
    const u7 =
      a[l7 + right] -
      a[l7] * u0 -
      a[l7 + 1] * u1 -
      a[l7 + 2] * u2 -
      a[l7 + 3] * u3 -
      a[l7 + 4] * u4 -
      a[l7 + 5] * u5 -
      a[l7 + 6] * u6
    a[l1 + right] = u1
    a[l2 + right] = u2
    a[l3 + right] = u3
    a[l4 + right] = u4
    a[l5 + right] = u5
    a[l6 + right] = u6
    a[l7 + right] = u7
    for (let i = 8; i < rows; i++) {
      const l = l0 + i * stride
      a[l + right] =
        a[l + right] -
        a[l] * u0 -
        a[l + 1] * u1 -
        a[l + 2] * u2 -
        a[l + 3] * u3 -
        a[l + 4] * u4 -
        a[l + 5] * u5 -
        a[l + 6] * u6 -
        a[l + 7] * u7
    }
  },
  { name: 'eliminateBehind' },
)

/**
 * As `factorLU`, of a real matrix with at least as many rows as columns.
 * @returns the first column without a pivot, −1 if each has one
 */
export function eliminateByPanels(a: Matrix, pivots: Int32Array): number {
  const { array, at, rows, columns, stride } = a
  let singular = -1
  for (let k = 0; k < columns; k += panelColumns) {
    const width = Math.min(panelColumns, columns - k)
    const first = Math.min(half, width)
    let failed = eliminateFew(a, k, first, k, width, pivots)
    if (width > half) {
      changeSecondHalf(a, k, width - half)
      const later = eliminateFew(a, k + half, width - half, k, width, pivots)
      if (failed < 0) failed = later
    }
    if (singular < 0) singular = failed
    exchangeBefore(a, k, width, pivots)
    const behind = columns - k - width
    if (behind > 0) onBackend(eliminateBehind)(behind, k, rows - k, array, at, stride, pivots, k)
  }
  return singular
}

/** Columns from k on, one after the other. Rows are exchanged in all columns of the panel. */
function eliminateFew(a: Matrix, k: number, count: number, panel: number, width: number, pivots: Int32Array): number {
  const { array: t, at, rows: m, stride } = a
  const end = k + count
  let singular = -1
  for (let j = k; j < end; j++) {
    const own = at + j * stride
    let pivot = j
    let most = Math.abs(t[own + j])
    for (let i = j + 1, place = own + stride + j; i < m; i++, place += stride) {
      const size = Math.abs(t[place])
      // NaN is a pivot, too: it must reach the result.
      if (size > most || (size !== size && most === most)) {
        most = size
        pivot = i
      }
    }
    pivots[j] = pivot
    if (pivot !== j) {
      const other = at + pivot * stride
      for (let c = panel; c < panel + width; c++) {
        const kept = t[own + c]
        t[own + c] = t[other + c]
        t[other + c] = kept
      }
    }
    const top = t[own + j]
    if (top === 0) {
      if (singular < 0) singular = j
      continue
    }
    for (let row = own + stride; row < at + m * stride; row += stride) {
      const factor = t[row + j] / top
      t[row + j] = factor
      for (let c = j + 1; c < end; c++) t[row + c] -= factor * t[own + c]
    }
  }
  return singular
}

/** What the first four columns of a panel do to those that follow. */
function changeSecondHalf({ array: t, at, rows, stride }: Matrix, k: number, count: number): void {
  const r0 = at + k * stride + k
  const r1 = r0 + stride
  const r2 = r1 + stride
  const r3 = r2 + stride
  const end = at + rows * stride
  for (let c = half; c < half + count; c++) {
    const u0 = t[r0 + c]
    const u1 = t[r1 + c] - t[r1] * u0
    const u2 = t[r2 + c] - t[r2] * u0 - t[r2 + 1] * u1
    const u3 = t[r3 + c] - t[r3] * u0 - t[r3 + 1] * u1 - t[r3 + 2] * u2
    t[r1 + c] = u1
    t[r2 + c] = u2
    t[r3 + c] = u3
    for (let r = r3 + stride; r < end; r += stride)
      t[r + c] = t[r + c] - t[r] * u0 - t[r + 1] * u1 - t[r + 2] * u2 - t[r + 3] * u3
  }
}

/** Rows of the columns in front of a panel. */
function exchangeBefore({ array: t, at, stride }: Matrix, k: number, width: number, pivots: Int32Array): void {
  for (let j = k; j < k + width; j++) {
    const [own, other] = [at + j * stride, at + pivots[j] * stride]
    if (own === other) continue
    for (let c = 0; c < k; c++) {
      const kept = t[own + c]
      t[own + c] = t[other + c]
      t[other + c] = kept
    }
  }
}
