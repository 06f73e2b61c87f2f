/** A·P = Q·R with columns in the order of their lengths (P. Businger, G. Golub, Linear Least Squares Solutions by Householder Transformations, 1965), as LAPACK's dgeqpf. */

import { block, epsilonOf, type Matrix, zerosLike } from '../matrix.ts'
import { applyBlock, type Reflections, reflectionsOf, reflectPanel } from './qr.ts'

/** R in place of A. @returns the order of columns too: column k of A·P is column `order[k]` of A */
export function factorPivotedQR(a: Matrix): { reflections: Reflections; order: Int32Array } {
  const { rows: m, columns: n, parts } = a
  const rank = Math.min(m, n)
  const order = Int32Array.from({ length: n }, (_, k) => k)
  const taus = new Float64Array(rank * parts)
  const lengths = Float64Array.from(order, k => lengthOf(a, k, 0))
  const measured = lengths.slice()
  // Where less than this is left of a squared length, half the digits are lost: it is measured anew.
  const threshold = Math.sqrt(epsilonOf(a.array))
  for (let k = 0; k < rank; k++) {
    let pivot = k
    for (let j = k + 1; j < n; j++) if (lengths[j] > lengths[pivot]) pivot = j
    if (pivot !== k) {
      exchangeColumns(a, k, pivot)
      for (const list of [order, lengths, measured]) [list[k], list[pivot]] = [list[pivot], list[k]]
    }
    const panel = block(a, k, k, m - k, 1)
    const triangle = reflectPanel(panel)
    taus.set(triangle.array, k * parts)
    applyBlock(panel, triangle, block(a, k, k + 1, m - k, n - k - 1), true)
    for (let j = k + 1; j < n; j++) {
      if (lengths[j] === 0) continue
      const place = (a.at + k * a.stride + j) * parts
      const gone = Math.hypot(a.array[place], parts === 2 ? a.array[place + 1] : 0) / lengths[j]
      const left = Math.max(0, (1 - gone) * (1 + gone))
      if (left * (lengths[j] / measured[j]) ** 2 > threshold) lengths[j] *= Math.sqrt(left)
      else {
        lengths[j] = lengthOf(a, j, k + 1)
        measured[j] = lengths[j]
      }
    }
  }
  return { reflections: reflectionsOf(copied(block(a, 0, 0, m, rank)), taus), order }
}

/** Of column j, from row i on. */
function lengthOf({ array, at, rows, stride, parts }: Matrix, j: number, from: number): number {
  let most = 0
  for (let i = from; i < rows; i++)
    for (let p = 0; p < parts; p++) most = Math.max(most, Math.abs(array[(at + i * stride + j) * parts + p]))
  if (!(most > 0)) return most
  let squares = 0
  for (let i = from; i < rows; i++)
    for (let p = 0; p < parts; p++) squares += (array[(at + i * stride + j) * parts + p] / most) ** 2
  return most * Math.sqrt(squares)
}

function exchangeColumns({ array, at, rows, stride, parts }: Matrix, j: number, k: number): void {
  for (let i = 0; i < rows; i++) {
    for (let p = 0; p < parts; p++) {
      const [x, y] = [(at + i * stride + j) * parts + p, (at + i * stride + k) * parts + p]
      ;[array[x], array[y]] = [array[y], array[x]]
    }
  }
}

function copied(a: Matrix): Matrix {
  const found = zerosLike(a, a.rows, a.columns)
  const { array, at, rows, columns, stride, parts } = a
  for (let i = 0; i < rows; i++)
    found.array.set(array.subarray((at + i * stride) * parts, (at + i * stride + columns) * parts), i * columns * parts)
  return found
}
