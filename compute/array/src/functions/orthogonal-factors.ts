/** Factors of which one has orthonormal rows or columns and one is a triangle: QR, LQ and RQ. The last two axes are matrices, those in front a batch. */

import { ArgumentError } from '@skein/base'
import { providerOf } from '../linalg/choose.ts'
import type { NDArray } from '../ndarray.ts'
import { adjoint } from './adjoint.ts'
import { made, Stack } from './matrices.ts'
import { type Operand, toArray } from './operands.ts'
import { flip } from './shaping.ts'
import { pivoted } from './subspaces.ts'

export interface OrthogonalOptions {
  /** `reduced`: Q has as many columns, or rows of LQ and RQ, as the smaller side of A; `complete`: it is square. Default: reduced */
  mode?: 'reduced' | 'complete'
}

export interface QROptions extends OrthogonalOptions {
  /** Columns are taken in such an order that the diagonal of R does not grow: A·P = Q·R. Default false */
  pivoting?: boolean
}

/** Q with orthonormal columns and R, upper triangular, of A = Q·R; with `pivoting` of columns in another order, which is p: column k is column p[k] of A. */
export function qr(x: Operand, options: QROptions & { pivoting: true }): { q: NDArray; r: NDArray; p: NDArray }
export function qr(x: Operand, options?: QROptions): { q: NDArray; r: NDArray }
export function qr(x: Operand, { mode = 'reduced', pivoting = false }: QROptions = {}) {
  checkMode(mode, 'qr')
  return pivoting ? pivoted(x, mode === 'complete') : factors(new Stack(toArray(x, 'qr'), 'qr'), mode)
}

/**
 * A = L·Q, L lower triangular, Q with orthonormal rows.
 * @param x of shape [..., m, n]; k is the smaller of m and n
 * @returns `l` [..., m, k] and `q` [..., k, n]; of `complete` [..., m, n] and [..., n, n]
 * @throws ShapeError; ArgumentError
 */
export function lq(x: Operand, { mode = 'reduced' }: OrthogonalOptions = {}): { l: NDArray; q: NDArray } {
  checkMode(mode, 'lq')
  const { rows, q } = adjointFactors(toArray(x, 'lq'), mode, 'lq')
  return { l: rows, q }
}

/**
 * A = R·Q, R upper triangular in its last columns, Q with orthonormal rows.
 * @param x of shape [..., m, n]; k is the smaller of m and n
 * @returns `r` [..., m, k] and `q` [..., k, n]; of `complete` [..., m, n] and [..., n, n]
 * @throws ShapeError; ArgumentError
 */
export function rq(x: Operand, { mode = 'reduced' }: OrthogonalOptions = {}): { r: NDArray; q: NDArray } {
  checkMode(mode, 'rq')
  // Rows from the last to the first have the factors L and Q.
  const array = toArray(x, 'rq')
  const { rows, q } = adjointFactors(array.ndim < 2 ? array : flip(array, -2), mode, 'rq')
  return { r: flip(rows, [-2, -1]), q: flip(q, -2) }
}

function checkMode(mode: unknown, call: string): void {
  if (mode !== 'reduced' && mode !== 'complete') throw new ArgumentError(call, 'mode', "'reduced' or 'complete'", mode)
}

/** L and Q, which are Rᴴ and Qᴴ of Aᴴ. */
function adjointFactors(x: NDArray, mode: OrthogonalOptions['mode'], call: string): { rows: NDArray; q: NDArray } {
  const { q, r } = factors(new Stack(x.ndim < 2 ? x : adjoint(x), call), mode)
  return { rows: adjoint(r), q: adjoint(q) }
}

function factors(stack: Stack, mode: OrthogonalOptions['mode']): { q: NDArray; r: NDArray } {
  const { rows, columns, batch, dtype } = stack
  const rank = mode === 'complete' ? rows : Math.min(rows, columns)
  const [q, r] = [made(dtype, batch, rows, rank), made(dtype, batch, rank, columns)]
  let k = 0
  for (const matrix of stack) {
    const found = providerOf('qr', Math.min(rows, columns), matrix.parts).qr(matrix)
    found.writeR(r.matrices[k])
    found.writeQ(q.matrices[k++])
  }
  stack.release()
  return { q: q.array, r: r.array }
}
