/**
 * Balancing before eigenvalues are sought, as LAPACK's dgebal does it: rows and columns that show an eigenvalue already are moved to the ends, the others scaled by powers of two until rows and
 * columns are of like size (R. James, J. Langou, B. Lowery, On Matrix Balancing and Eigenvector Computation, 2014).
 */

import { type Matrix, numbersOf } from '../matrix.ts'

export interface Balance {
  /** Rows and columns from `low` to `high` are left to be worked on. */
  readonly low: number
  readonly high: number
  /** With which row each row outside was exchanged; what each row inside is multiplied by to undo it. */
  readonly scale: Float64Array
}

/** Elements of A lie without gaps. It is overwritten. */
export function balance(a: Matrix): Balance {
  const n = a.rows
  const scale = new Float64Array(n).fill(1)
  let [low, high] = [0, n - 1]
  const isZero = (i: number, j: number) => {
    const place = (a.at + i * a.stride + j) * a.parts
    return a.array[place] === 0 && a.array[place + a.parts - 1] === 0
  }
  /** Whether row i, or column i, has zeros from `low` to `high`, but for its place on the diagonal. */
  const isAlone = (i: number, isRow: boolean) => {
    for (let j = low; j <= high; j++) if (j !== i && !(isRow ? isZero(i, j) : isZero(j, i))) return false
    return true
  }
  // After each exchange the search begins anew, among those that are left.
  for (let i = high; i >= 0 && high > 0; i--) {
    if (!isAlone(i, true)) continue
    scale[high] = i
    exchange(a, i, high)
    i = high--
  }
  for (let i = low; i <= high && low < high; i++) {
    if (!isAlone(i, false)) continue
    scale[low] = i
    exchange(a, i, low)
    i = low++
  }
  equalise(a, low, high, scale)
  return { low, high, scale }
}

function exchange(a: Matrix, i: number, j: number): void {
  if (i === j) return
  const { array, at, stride, rows: n, parts } = a
  for (let k = 0; k < n; k++) {
    for (let p = 0; p < parts; p++) {
      const [x, y] = [(at + k * stride + i) * parts + p, (at + k * stride + j) * parts + p]
      ;[array[x], array[y]] = [array[y], array[x]]
    }
  }
  for (let k = 0; k < n; k++) {
    for (let p = 0; p < parts; p++) {
      const [x, y] = [(at + i * stride + k) * parts + p, (at + j * stride + k) * parts + p]
      ;[array[x], array[y]] = [array[y], array[x]]
    }
  }
}

const least = 2 ** -900
const most = 2 ** 900

function equalise(a: Matrix, low: number, high: number, scale: Float64Array): void {
  const { array, at, stride, rows: n, parts } = a
  for (let isDone = false; !isDone; ) {
    isDone = true
    for (let i = low; i <= high; i++) {
      let [c, r] = [0, 0]
      for (let j = low; j <= high; j++) {
        for (let p = 0; p < parts; p++) {
          c = Math.hypot(c, array[(at + j * stride + i) * parts + p])
          r = Math.hypot(r, array[(at + i * stride + j) * parts + p])
        }
      }
      if (!(c > 0 && r > 0 && c < most && r < most)) continue
      const sum = c + r
      let f = 1
      while (c < r / 2 && f < most && c > least) {
        f *= 2
        c *= 2
        r /= 2
      }
      while (c / 2 >= r && f > least && c < most && r > least) {
        f /= 2
        c /= 2
        r *= 2
      }
      if (c + r >= 0.95 * sum || (f < 1 && scale[i] < 1 && f * scale[i] <= least)) continue
      if (f > 1 && scale[i] > 1 && scale[i] >= most / f) continue
      scale[i] *= f
      isDone = false
      for (let j = 0; j < n * parts; j++) array[(at + i * stride) * parts + j] /= f
      for (let j = 0; j < n; j++) for (let p = 0; p < parts; p++) array[(at + j * stride + i) * parts + p] *= f
    }
  }
}

/** Rows of vectors of the balanced matrix become those of the given one. */
export function undoBalance({ low, high, scale }: Balance, vectors: Matrix): void {
  const { array, at, rows: n, columns, stride } = numbersOf(vectors)
  for (let i = low; i <= high; i++) for (let j = 0; j < columns; j++) array[at + i * stride + j] *= scale[i]
  const exchangeRows = (i: number) => {
    const k = scale[i]
    if (k === i) return
    for (let j = 0; j < columns; j++) {
      const [x, y] = [at + i * stride + j, at + k * stride + j]
      ;[array[x], array[y]] = [array[y], array[x]]
    }
  }
  for (let i = low - 1; i >= 0; i--) exchangeRows(i)
  for (let i = high + 1; i < n; i++) exchangeRows(i)
}
