/**
 * Eigenvalues and eigenvectors of symmetric and Hermitian matrices: a real tridiagonal matrix, then implicit QL or QR steps with Wilkinson's shift, as LAPACK's dsteqr takes them. The
 * tridiagonal matrix is kept in float64 whatever the elements are.
 */

import { type Matrix, numbersOf } from '../matrix.ts'
import type { Eigen } from '../provider.ts'
import { reduceHermitian } from './complex-tridiagonal.ts'
import { formQ } from './qr.ts'
import { paddedTranspose, rowsInOrder } from './rank-two.ts'
import { makeRotation, Rotations } from './rotations.ts'
import { reduceToTridiagonal } from './tridiagonal.ts'

/** Steps for each eigenvalue after which there is no hope. */
const mostSteps = 30
const epsilon = 2 ** -53
const smallest = 2 ** -1022

/** Of a matrix all of whose elements count; it is overwritten. @returns undefined if the iteration did not end */
export function symmetricEigen(a: Matrix, withVectors: boolean): Eigen | undefined {
  const n = a.rows
  const { diagonal, beside, reflections } = a.parts === 2 ? reduceHermitian(a) : reduceToTridiagonal(a)
  if (!withVectors) return diagonalise(diagonal, beside) ? { values: diagonal.sort() } : undefined
  const rows = paddedTranspose(formQ(reflections, Math.max(0, n - 1)), n > 0 ? 1 : 0)
  const rotations = new Rotations(numbersOf(rows))
  if (!diagonalise(diagonal, beside, rotations)) return undefined
  rotations.apply()
  const order = [...diagonal.keys()].sort((i, j) => diagonal[i] - diagonal[j])
  const vectors = rowsInOrder(rows, order)
  return { values: diagonal.sort(), vectors }
}

/** Eigenvalues of the tridiagonal matrix in place of d. @returns whether it came to an end */
export function diagonalise(d: Float64Array, e: Float64Array, rotations?: Rotations): boolean {
  const n = d.length
  let [first, last] = [n, -1]
  let isDown = true
  let bottom = n - 1
  let steps = 0
  while (bottom > 0) {
    if (isNegligible(d, e, bottom - 1)) {
      bottom--
      continue
    }
    if (++steps > mostSteps * n) return false
    let top = bottom - 1
    while (top > 0 && !isNegligible(d, e, top - 1)) top--
    // From the larger end to the smaller one; a part of what was in work goes on as before.
    if (top > last || bottom < first) isDown = Math.abs(d[bottom]) < Math.abs(d[top])
    ;[first, last] = [top, bottom]
    step(d, e, top, bottom, isDown, rotations)
  }
  return true
}

function isNegligible(d: Float64Array, e: Float64Array, k: number): boolean {
  const size = Math.abs(e[k])
  if (size === 0) return true
  return size * size <= epsilon * epsilon * Math.abs(d[k]) * Math.abs(d[k + 1]) + smallest
}

const turn = { c: 1, s: 0, r: 0 }

/** One QR step, which goes down, or QL step, which goes up; the eigenvalue that is wanted comes out at its end. */
function step(
  d: Float64Array,
  e: Float64Array,
  top: number,
  bottom: number,
  isDown: boolean,
  rotations: Rotations | undefined,
): void {
  // Rows in the order of the step, and where what joins row i with the next one stands.
  const [from, to, way, toNext] = isDown ? [top, bottom, 1, 0] : [bottom, top, -1, -1]
  const joint = to - way + toNext
  const p0 = d[to]
  const g0 = (d[to - way] - p0) / (2 * e[joint])
  const r0 = Math.abs(g0) < 1e150 ? Math.sqrt(g0 * g0 + 1) : Math.abs(g0)
  let g = d[from] - p0 + e[joint] / (g0 + (g0 < 0 ? -r0 : r0))
  let [c, s, p] = [1, 1, 0]
  rotations?.begin(from, isDown)
  for (let i = from; i !== to; i += way) {
    const own = i + toNext
    const f = s * e[own]
    const b = c * e[own]
    makeRotation(g, f, turn)
    c = turn.c
    s = turn.s
    if (i !== from) e[own - way] = turn.r
    g = d[i] - p
    const r = (d[i + way] - g) * s + 2 * c * b
    p = s * r
    d[i] = g + p
    g = c * r - b
    rotations?.add(c, s)
  }
  d[to] -= p
  e[joint] = g
}
