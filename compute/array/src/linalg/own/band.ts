/** Systems with matrices that are zero but for a band of diagonals (G. Golub, C. Van Loan, Matrix Computations, 4th ed., 4.3). */

import { type Matrix, matrixOf, numbersOf, zerosLike } from '../matrix.ts'
import { divide } from './complex.ts'

const q = { re: 0, im: 0 }

/** So many elements lose a multiple of others. */
function subtract(
  x: Matrix['array'],
  to: number,
  from: number,
  count: number,
  parts: 1 | 2,
  re: number,
  im: number,
): void {
  if (parts === 1) for (let j = 0; j < count; j++) x[to + j] -= re * x[from + j]
  else {
    for (let j = 0; j < 2 * count; j += 2) {
      const [a, b] = [x[from + j], x[from + j + 1]]
      x[to + j] -= re * a - im * b
      x[to + j + 1] -= re * b + im * a
    }
  }
}

function quotient(x: Matrix['array'], at: number, by: number, parts: 1 | 2): void {
  if (parts === 1) [q.re, q.im] = [x[at] / x[by], 0]
  else divide(x[at], x[at + 1], x[by], x[by + 1], q)
}

/**
 * B becomes A⁻¹·B, by elimination with partial pivoting. `ab` has the diagonals of A as rows, the highest first: element (i, j) stands in row upper + i − j, column j.
 * @returns the first column without a pivot, −1 if each has one
 */
export function solveBand(ab: Matrix, lower: number, upper: number, b: Matrix): number {
  const { columns: n, parts } = ab
  // Row i has the columns from i − lower on, and room for what exchanges bring.
  const width = 2 * lower + upper + 1
  const rows = zerosLike(ab, n, width).array
  for (let i = 0; i < n; i++) {
    for (let j = Math.max(0, i - lower); j <= Math.min(n - 1, i + upper); j++)
      for (let p = 0; p < parts; p++)
        rows[(i * width + j - i + lower) * parts + p] = ab.array[(ab.at + (upper + i - j) * ab.stride + j) * parts + p]
  }
  const at = (i: number, j: number) => (i * width + j - i + lower) * parts
  const sizeAt = (k: number) => Math.abs(rows[k]) + (parts === 2 ? Math.abs(rows[k + 1]) : 0)
  const right = numbersOf(b)
  const rowOf = (i: number) => right.at + i * right.stride
  for (let k = 0; k < n; k++) {
    const last = Math.min(n - 1, k + lower)
    let pivot = k
    for (let i = k + 1; i <= last; i++) if (sizeAt(at(i, k)) > sizeAt(at(pivot, k))) pivot = i
    const count = Math.min(n, k + lower + upper + 1) - k
    if (sizeAt(at(pivot, k)) === 0) return k
    if (pivot !== k) {
      exchange(rows, at(k, k), at(pivot, k), count * parts)
      exchange(right.array, rowOf(k), rowOf(pivot), right.columns)
    }
    for (let i = k + 1; i <= last; i++) {
      quotient(rows, at(i, k), at(k, k), parts)
      subtract(rows, at(i, k), at(k, k), count, parts, q.re, q.im)
      subtract(right.array, rowOf(i), rowOf(k), b.columns, parts, q.re, q.im)
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j <= Math.min(n - 1, i + lower + upper); j++)
      subtract(right.array, rowOf(i), rowOf(j), b.columns, parts, rows[at(i, j)], parts === 2 ? rows[at(i, j) + 1] : 0)
    for (let c = 0; c < right.columns; c += parts) {
      // Divided by the diagonal.
      const place = rowOf(i) + c
      if (parts === 1) right.array[place] /= rows[at(i, i)]
      else {
        divide(right.array[place], right.array[place + 1], rows[at(i, i)], rows[at(i, i) + 1], q)
        right.array[place] = q.re
        right.array[place + 1] = q.im
      }
    }
  }
  return -1
}

function exchange(x: Matrix['array'], a: number, b: number, count: number): void {
  for (let j = 0; j < count; j++) [x[a + j], x[b + j]] = [x[b + j], x[a + j]]
}

/**
 * L of A = L·Lᴴ in place of the lower triangle of A, whose diagonals are the rows, the main one first: element (i, j) stands in row i − j, column j.
 * @returns the first row whose pivot is not positive, −1 if there is none
 */
export function factorBand({ array, at, rows, columns: n, stride, parts }: Matrix): number {
  const place = (i: number, j: number) => (at + (i - j) * stride + j) * parts
  for (let j = 0; j < n; j++) {
    for (let i = j; i < Math.min(n, j + rows); i++) {
      let re = array[place(i, j)]
      let im = parts === 2 && i > j ? array[place(i, j) + 1] : 0
      for (let k = Math.max(0, i - rows + 1); k < j; k++) {
        const [x, y] = [place(i, k), place(j, k)]
        const [xi, yi] = parts === 2 ? [array[x + 1], -array[y + 1]] : [0, 0]
        re -= array[x] * array[y] - xi * yi
        im -= array[x] * yi + xi * array[y]
      }
      if (i === j) {
        if (!(re > 0)) return j
        re = Math.sqrt(re)
      } else {
        re /= array[place(j, j)]
        im /= array[place(j, j)]
      }
      array[place(i, j)] = re
      if (parts === 2) array[place(i, j) + 1] = im
    }
  }
  return -1
}

/** B becomes (L·Lᴴ)⁻¹·B. */
export function solveFactoredBand(l: Matrix, b: Matrix): void {
  const { array, at, rows, columns: n, stride, parts } = l
  const place = (i: number, j: number) => (at + (i - j) * stride + j) * parts
  const right = numbersOf(b)
  const rowOf = (i: number) => right.at + i * right.stride
  const imaginary = (k: number) => (parts === 2 ? array[k + 1] : 0)
  const scale = (i: number) => {
    for (let c = 0; c < right.columns; c++) right.array[rowOf(i) + c] /= array[place(i, i)]
  }
  for (let i = 0; i < n; i++) {
    for (let j = Math.max(0, i - rows + 1); j < i; j++)
      subtract(right.array, rowOf(i), rowOf(j), b.columns, parts, array[place(i, j)], imaginary(place(i, j)))
    scale(i)
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < Math.min(n, i + rows); j++)
      subtract(right.array, rowOf(i), rowOf(j), b.columns, parts, array[place(j, i)], -imaginary(place(j, i)))
    scale(i)
  }
}

/** The lower triangle's diagonals of a Hermitian matrix of which the upper one's are given, the highest first, and back. */
export function mirrorBand({ array, at, rows, columns: n, stride, parts }: Matrix, toLower: boolean): Matrix {
  const found = matrixOf(new (array.constructor as Float64ArrayConstructor)(rows * n * parts), rows, n, 0, n, parts)
  for (let d = 0; d < rows; d++) {
    for (let j = 0; j + d < n; j++) {
      // Element (j + d, j) below the diagonal, (j, j + d) above it.
      const [below, above] = [d * stride + j, (rows - 1 - d) * stride + j + d]
      const from = (at + (toLower ? above : below)) * parts
      const to = (toLower ? d * n + j : (rows - 1 - d) * n + j + d) * parts
      found.array[to] = array[from]
      if (parts === 2) found.array[to + 1] = -array[from + 1]
    }
  }
  return found
}
