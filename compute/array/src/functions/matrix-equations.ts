/** Linear equations whose unknown is a matrix, by Schur's forms of their coefficients; they are computed in complex128. The last two axes are matrices, those in front a batch. */

import { isComplex } from '../dtypes.ts'
import { LinearAlgebraError, ShapeError, shapeText } from '../errors.ts'
import type { Matrix } from '../linalg/matrix.ts'
import { solveTriangularStein, solveTriangularSylvester } from '../linalg/own/triangular-equations.ts'
import type { NDArray } from '../ndarray.ts'
import { broadcastShapes } from '../shape.ts'
import { adjoint } from './adjoint.ts'
import { astype } from './astype.ts'
import { copied, schur, widened } from './eigen.ts'
import * as elementwise from './elementwise.ts'
import { met, overElements, put, Stack } from './matrices.ts'
import { type Operand, toArray } from './operands.ts'
import { matmul } from './products.ts'
import { broadcastTo } from './shaping.ts'

/** The numbers of a matrix, its own. */
const pairs = (m: Matrix): Float64Array => copied(m).array as Float64Array

/**
 * X of A·X + X·B = Q.
 * @param x1 A, of shape [..., m, m] @param x2 B, [..., n, n] @param x3 Q, [..., m, n]
 * @returns [..., m, n], of the dtype in which all meet
 * @throws ShapeError; LinearAlgebraError for NaN or infinity in A or B, and if an eigenvalue of A is that of −B, so that there is no solution, or not one alone
 */
export const solveSylvester = (x1: Operand, x2: Operand, x3: Operand): NDArray =>
  sylvester(x1, x2, x3, 'solveSylvester')

/**
 * X of A·X + X·Aᴴ = Q.
 * @param x1 A, of shape [..., n, n] @param x2 Q, of the same
 * @returns [..., n, n]
 * @throws as `solveSylvester`: no eigenvalue of A may be that of another, mirrored at the imaginary axis
 */
export const solveContinuousLyapunov = (x1: Operand, x2: Operand): NDArray =>
  sylvester(x1, adjoint(toArray(x1, 'solveContinuousLyapunov', 'x1')), x2, 'solveContinuousLyapunov')

function sylvester(x1: Operand, x2: Operand, x3: Operand, call: string): NDArray {
  const [a, b, q] = [toArray(x1, call, 'x1'), toArray(x2, call, 'x2'), toArray(x3, call, 'x3')]
  const [left, right] = [schur(square(a, call, 'x1')), schur(square(b, call, 'x2'))]
  check(a, b, q, call)
  const dtype = met(met(a.dtype, b.dtype, call), q.dtype, call)
  const batch = broadcastShapes(
    [a, b, q].map(m => m.shape.slice(0, -2)),
    call,
  )
  const f = new Stack(over(batch, transformed(left.z, q, right.z)), call)
  const [r, s] = [left.t, right.t].map(t => [...new Stack(over(batch, t), call)])
  let k = 0
  for (const matrix of f) {
    const y = copied(matrix)
    const failed = solveTriangularSylvester(pairs(r[k]), y.rows, pairs(s[k]), y.columns, y.array as Float64Array)
    if (failed >= 0)
      throw new LinearAlgebraError(
        call,
        'an eigenvalue of A is that of −B, so that there is no solution, or not one alone.',
      )
    put(y, matrix)
    k++
  }
  return settled(matmul(matmul(left.z, overElements(f)), adjoint(right.z)), dtype)
}

/**
 * X of A·X·Aᴴ − X + Q = 0.
 * @param x1 A, of shape [..., n, n] @param x2 Q, of the same
 * @returns [..., n, n]
 * @throws ShapeError; LinearAlgebraError for NaN or infinity in A, and if an eigenvalue of A times the conjugate of one is 1
 */
export function solveDiscreteLyapunov(x1: Operand, x2: Operand): NDArray {
  const call = 'solveDiscreteLyapunov'
  const [a, q] = [toArray(x1, call, 'x1'), toArray(x2, call, 'x2')]
  const { t, z } = schur(square(a, call, 'x1'))
  check(a, a, q, call)
  const dtype = met(a.dtype, q.dtype, call)
  const batch = broadcastShapes(
    [a, q].map(m => m.shape.slice(0, -2)),
    call,
  )
  const f = new Stack(over(batch, transformed(z, q, z)), call)
  const forms = [...new Stack(over(batch, t), call)]
  let k = 0
  for (const matrix of f) {
    const y = copied(matrix)
    if (solveTriangularStein(pairs(forms[k]), y.rows, y.array as Float64Array) >= 0)
      throw new LinearAlgebraError(
        call,
        'the product of an eigenvalue and the conjugate of one is 1: there is no solution, or not one alone.',
      )
    put(y, matrix)
    k++
  }
  return settled(matmul(matmul(z, overElements(f)), adjoint(z)), dtype)
}

const square = (a: NDArray, call: string, argument: string): NDArray => overElements(widened(a, call, argument, true))

function check(a: NDArray, b: NDArray, q: NDArray, call: string): void {
  const wanted = [a.shape[a.ndim - 1], b.shape[b.ndim - 1]]
  if (q.ndim >= 2 && String(q.shape.slice(-2)) === String(wanted)) return
  throw new ShapeError(
    call,
    `the right side must have matrices of shape ${shapeText(wanted)}, not ${shapeText(q.shape)}.`,
    [a.shape, b.shape, q.shape],
  )
}

/** Uᴴ·Q·V */
const transformed = (u: NDArray, q: NDArray, v: NDArray): NDArray =>
  matmul(matmul(adjoint(u), astype(q, 'complex128', { copy: false })), v).eval()

const over = (batch: readonly number[], x: NDArray): NDArray => broadcastTo(x, [...batch, ...x.shape.slice(-2)])

const settled = (found: NDArray, dtype: ReturnType<typeof met>): NDArray =>
  astype(isComplex(dtype) ? found : elementwise.real(found), dtype, { copy: false })
