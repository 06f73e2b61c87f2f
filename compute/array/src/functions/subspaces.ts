/** Subspaces that belong to a matrix, by its singular values, and LU and QR with what was exchanged. */

import { ShapeError, shapeText } from '../errors.ts'
import { factorLU } from '../linalg/own/lu.ts'
import { factorPivotedQR } from '../linalg/own/pivoted-qr.ts'
import { formQ, upperOf } from '../linalg/own/qr.ts'
import type { NDArray } from '../ndarray.ts'
import { sizeOf } from '../shape.ts'
import { adjoint } from './adjoint.ts'
import { fromTypedArray } from './creation.ts'
import * as elementwise from './elementwise.ts'
import { matrixRank, type RankOptions } from './least-squares.ts'
import { made, overElements, put, Stack } from './matrices.ts'
import { type Operand, toArray } from './operands.ts'
import { matmul } from './products.ts'
import { svd } from './spectra.ts'
import { tril, triu } from './triangles.ts'

function single(x: Operand, call: string): NDArray {
  const array = toArray(x, call)
  if (array.ndim !== 2)
    throw new ShapeError(
      call,
      `takes one matrix, not an array of shape ${shapeText(array.shape)}: of others the ranks might differ.`,
      [array.shape],
    )
  return array
}

/** How many columns of V, or U, belong to singular values that count. */
const rankOf = (x: NDArray, options: RankOptions): number => Number(matrixRank(x, options).item())

/**
 * An orthonormal basis of all x with A·x = 0.
 * @param x of shape [m, n]
 * @returns [n, n − rank]
 * @throws ShapeError; LinearAlgebraError as `svd`
 */
export function nullSpace(x: Operand, options: RankOptions = {}): NDArray {
  const array = single(x, 'nullSpace')
  const { vh } = svd(array)
  return adjoint(vh.at({ begin: rankOf(array, options) }))
}

/**
 * An orthonormal basis of what the columns of A span.
 * @param x of shape [m, n]
 * @returns [m, rank]
 * @throws ShapeError; LinearAlgebraError as `svd`
 */
export function orth(x: Operand, options: RankOptions = {}): NDArray {
  const array = single(x, 'orth')
  const { u } = svd(array, { fullMatrices: false })
  return u.at(':', { begin: 0, end: rankOf(array, options) })
}

/**
 * A = U·P, or with `side: 'left'` P·U: U with orthonormal columns, or rows, P symmetric or Hermitian with eigenvalues that are not negative.
 * @param x of shape [..., m, n]
 * @returns `u` [..., m, n], `p` [..., n, n], or [..., m, m] on the left
 * @throws ShapeError; LinearAlgebraError as `svd`
 */
export function polar(x: Operand, { side = 'right' }: { side?: 'left' | 'right' } = {}): { u: NDArray; p: NDArray } {
  const { u, s, vh } = svd(x, { fullMatrices: false })
  const unitary = matmul(u, vh).eval()
  const [left, right] = side === 'left' ? [u, adjoint(u)] : [adjoint(vh), vh]
  return { u: unitary, p: matmul(elementwise.multiply(left, s.expandDims(-2)), right).eval() }
}

/**
 * A = P·L·U: P exchanges rows, L has ones on its diagonal, U is upper triangular. Singular matrices too: U has a zero on its diagonal, then.
 * @param x of shape [..., m, n]; k is the smaller of m and n
 * @returns `p` [..., m, m], `l` [..., m, k], `u` [..., k, n]
 * @throws ShapeError
 */
export function lu(x: Operand): { p: NDArray; l: NDArray; u: NDArray } {
  const stack = new Stack(toArray(x, 'lu'), 'lu')
  const { rows: m, columns: n, batch, dtype } = stack
  const k = Math.min(m, n)
  const p = made(dtype, batch, m, m)
  let count = 0
  for (const matrix of stack) {
    const { pivots } = factorLU(matrix)
    const order = Array.from({ length: m }, (_, i) => i)
    for (const [i, pivot] of pivots.entries()) [order[i], order[pivot]] = [order[pivot], order[i]]
    const { array, at, parts } = p.matrices[count++]
    for (const [i, row] of order.entries()) array[(at + row * m + i) * parts] = 1
  }
  const both = overElements(stack)
  const l = tril(both.at('...', { begin: 0, end: k }), { k: -1 })
  const ones = made(dtype, [], m, k)
  for (let i = 0; i < k; i++) ones.matrices[0].array[i * (k + 1) * ones.matrices[0].parts] = 1
  return {
    p: p.array,
    l: elementwise.add(l, ones.array),
    u: triu(both.at('...', { begin: 0, end: k }, { begin: 0, end: n })),
  }
}

/** A·P = Q·R; of `qr` with `pivoting`. */
export function pivoted(x: Operand, isComplete: boolean): { q: NDArray; r: NDArray; p: NDArray } {
  const stack = new Stack(toArray(x, 'qr'), 'qr')
  const { rows, columns, batch, dtype } = stack
  const rank = isComplete ? rows : Math.min(rows, columns)
  const [q, r] = [made(dtype, batch, rows, rank), made(dtype, batch, rank, columns)]
  const order = new Int32Array(sizeOf(batch) * columns)
  let k = 0
  for (const matrix of stack) {
    const found = factorPivotedQR(matrix)
    put(upperOf(matrix, rank), r.matrices[k])
    put(formQ(found.reflections, rank), q.matrices[k])
    order.set(found.order, k++ * columns)
  }
  return { q: q.array, r: r.array, p: fromTypedArray(order, [...batch, columns]) }
}
