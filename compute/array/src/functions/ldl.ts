/** L·D·Lᴴ of symmetric and Hermitian matrices that need not be definite; the last two axes are matrices, those in front a batch. */

import type { Matrix } from '../linalg/matrix.ts'
import { factorLDL, type LDL } from '../linalg/own/ldl.ts'
import type { NDArray } from '../ndarray.ts'
import { sizeOf } from '../shape.ts'
import { fromTypedArray } from './creation.ts'
import { bringNearOne, made, mirror, squares } from './matrices.ts'
import type { Operand } from './operands.ts'

export interface LDLOptions {
  /** The upper triangle of A is read, and A = U·D·Uᴴ; else the lower one, and A = L·D·Lᴴ. Default false */
  upper?: boolean
  /** A = Aᴴ; else A = Aᵀ, and A = L·D·Lᵀ. Of real matrices that is the same. Default true */
  hermitian?: boolean
}

/**
 * A = L·D·Lᴴ with the pivots of Bunch and Kaufman: rows of L in the order p are a triangle with ones on its diagonal, below it, or with `upper` above; D has blocks of one and two rows on its diagonal. Matrices that are not
 * definite, and singular ones, too; D has as many positive and negative eigenvalues as A. Only one triangle of A is read.
 * @param x of shape [..., n, n]
 * @returns `l` [..., n, n], `d` [..., n, n] and `p` [..., n], int32: row k of the triangle is row p[k] of L
 * @throws ShapeError if it is not square; LinearAlgebraError for NaN or infinity
 */
export function ldl(
  x: Operand,
  { upper = false, hermitian = true }: LDLOptions = {},
): { l: NDArray; d: NDArray; p: NDArray } {
  const stack = squares(x, 'ldl')
  const { batch, dtype, rows: n } = stack
  const [l, d] = [made(dtype, batch, n, n), made(dtype, batch, n, n)]
  const order = new Int32Array(sizeOf(batch) * n)
  let k = 0
  for (const matrix of stack) {
    mirror(matrix, upper, hermitian)
    const scale = bringNearOne(matrix, 'ldl')
    if (upper) reverse(matrix)
    writeFactors(factorLDL(matrix, hermitian), l.matrices[k], d.matrices[k], scale, upper, order.subarray(k * n))
    k++
  }
  stack.release()
  return { l: l.array, d: d.array, p: fromTypedArray(order, [...batch, n]) }
}

/** Rows and columns from the last to the first: so an upper triangle is a lower one. */
function reverse({ array, at, rows: n, parts }: Matrix): void {
  const numbers = array.subarray(at * parts, (at + n * n) * parts).reverse()
  if (parts === 1) return
  for (let k = 0; k < numbers.length; k += 2) [numbers[k], numbers[k + 1]] = [numbers[k + 1], numbers[k]]
}

function writeFactors(found: LDL, l: Matrix, d: Matrix, scale: number, isReversed: boolean, order: Int32Array): void {
  const n = l.rows
  const { parts } = l
  const place = (i: number) => (isReversed ? n - 1 - i : i)
  for (let i = 0; i < n; i++) {
    const row = place(found.order[i])
    order[place(i)] = row
    for (let j = 0; j < n; j++) {
      const inL = (l.at + row * n + place(j)) * parts
      const inD = (d.at + place(i) * n + place(j)) * parts
      for (let part = 0; part < parts; part++) {
        l.array[inL + part] = found.columns.array[(j * n + i) * parts + part]
        d.array[inD + part] = found.d.array[(i * n + j) * parts + part] * scale
      }
    }
  }
}
