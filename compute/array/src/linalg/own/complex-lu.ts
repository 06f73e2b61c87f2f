/** Elimination of a few columns of a complex matrix, as `eliminateColumns` does it with real ones. */

import type { Matrix } from '../matrix.ts'
import { divide } from './complex.ts'

/** @returns the first column without a pivot, −1 if each has one */
export function eliminateComplexColumns(
  { array, at, rows: m, columns: n, stride }: Matrix,
  pivots: Int32Array,
): number {
  const Reals = array.constructor as Float64ArrayConstructor
  const t = new Reals(2 * m * n)
  for (let i = 0; i < m; i++) {
    const row = 2 * (at + i * stride)
    for (let j = 0; j < n; j++) {
      t[2 * (j * m + i)] = array[row + 2 * j]
      t[2 * (j * m + i) + 1] = array[row + 2 * j + 1]
    }
  }
  const q = { re: 0, im: 0 }
  let singular = -1
  for (let j = 0; j < pivots.length; j++) {
    const own = 2 * j * m
    let pivot = j
    let most = Math.abs(t[own + 2 * j]) + Math.abs(t[own + 2 * j + 1])
    for (let i = j + 1; i < m; i++) {
      const size = Math.abs(t[own + 2 * i]) + Math.abs(t[own + 2 * i + 1])
      // NaN is a pivot, too: it must reach the result.
      if (size > most || (size !== size && most === most)) {
        most = size
        pivot = i
      }
    }
    pivots[j] = pivot
    if (pivot !== j) {
      for (let c = 0; c < n; c++) {
        for (let p = 0; p < 2; p++) {
          const [x, y] = [2 * (c * m + j) + p, 2 * (c * m + pivot) + p]
          const kept = t[x]
          t[x] = t[y]
          t[y] = kept
        }
      }
    }
    const [re, im] = [t[own + 2 * j], t[own + 2 * j + 1]]
    if (re === 0 && im === 0) {
      if (singular < 0) singular = j
      continue
    }
    for (let i = j + 1; i < m; i++) {
      divide(t[own + 2 * i], t[own + 2 * i + 1], re, im, q)
      t[own + 2 * i] = q.re
      t[own + 2 * i + 1] = q.im
    }
    for (let c = j + 1; c < n; c++) {
      const other = 2 * c * m
      const [x, y] = [t[other + 2 * j], t[other + 2 * j + 1]]
      if (x === 0 && y === 0) continue
      for (let i = 2 * (j + 1); i < 2 * m; i += 2) {
        const [a, b] = [t[own + i], t[own + i + 1]]
        t[other + i] -= a * x - b * y
        t[other + i + 1] -= a * y + b * x
      }
    }
  }
  for (let i = 0; i < m; i++) {
    const row = 2 * (at + i * stride)
    for (let j = 0; j < n; j++) {
      array[row + 2 * j] = t[2 * (j * m + i)]
      array[row + 2 * j + 1] = t[2 * (j * m + i) + 1]
    }
  }
  return singular
}
