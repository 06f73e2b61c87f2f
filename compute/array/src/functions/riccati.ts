/** Riccati's equations with a matrix unknown, as regulators and filters of linear systems need them. They are computed in float64 and complex128. The last two axes are matrices, those in front a batch. */

import { isComplex } from '../dtypes.ts'
import { LinearAlgebraError, ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { broadcastShapes } from '../shape.ts'
import { adjoint } from './adjoint.ts'
import { astype } from './astype.ts'
import { eye } from './creation.ts'
import { schur } from './eigen.ts'
import {
  abs,
  add,
  divide,
  equal,
  isfinite,
  lessEqual,
  logicalAnd,
  multiply,
  negative,
  subtract,
} from './elementwise.ts'
import { concat } from './joining.ts'
import { met } from './matrices.ts'
import { type Operand, toArray } from './operands.ts'
import { matmul } from './products.ts'
import * as reductions from './reductions.ts'
import { broadcastTo } from './shaping.ts'
import { solve } from './systems.ts'

/**
 * X of Aᴴ·X + X·A − X·B·R⁻¹·Bᴴ·X + Q = 0 with which A − B·R⁻¹·Bᴴ·X is stable, all its eigenvalues to the left of the imaginary axis: by Schur's form of the Hamiltonian matrix (A. Laub, A Schur Method for Solving Algebraic
 * Riccati Equations, 1979).
 * @param x1 A, of shape [..., n, n] @param x2 B, [..., n, m] @param x3 Q, [..., n, n], symmetric or Hermitian @param x4 R, [..., m, m], the same, not singular
 * @returns [..., n, n], of the dtype in which all meet
 * @throws ShapeError; LinearAlgebraError for NaN or infinity, a singular R, and where there is no such X
 */
export function solveContinuousAre(x1: Operand, x2: Operand, x3: Operand, x4: Operand): NDArray {
  const call = 'solveContinuousAre'
  const { a, q, g, dtype } = given([x1, x2, x3, x4], call)
  const n = a.shape[a.ndim - 1]
  const rows = [concat([a, negative(g)], { axis: -1 }), concat([negative(q), negative(adjoint(a))], { axis: -1 })]
  const { z, selected } = schur(concat(rows, { axis: -2 }), { sort: 'lhp' })
  const [upper, lower] = [{ begin: 0, end: n }, { begin: n }].map(part => z.at('...', part, { begin: 0, end: n }))
  // Of a subspace that belongs to a solution this is Hermitian.
  const form = matmul(adjoint(upper), lower).eval()
  if (!reductions.all(equal(selected, n)).item() || !isNear(form, adjoint(form), 0.1)) throw unsolved(call)
  return settled(adjoint(solve(adjoint(upper), adjoint(lower))), dtype)
}

/** So many doublings of time reach every X that there is. */
const mostDoublings = 60

/**
 * X of Aᴴ·X·A − X − Aᴴ·X·B·(R + Bᴴ·X·B)⁻¹·Bᴴ·X·A + Q = 0 with which A − B·(R + Bᴴ·X·B)⁻¹·Bᴴ·X·A is stable, all its eigenvalues within the unit circle: by doubling (E. Chu, H. Fan, W. Lin, C. Wang, Structure-Preserving
 * Algorithms for Periodic Discrete-Time Algebraic Riccati Equations, 2004). A may be singular.
 * @param x1 A, of shape [..., n, n] @param x2 B, [..., n, m] @param x3 Q, [..., n, n], symmetric or Hermitian, with no negative eigenvalue @param x4 R, [..., m, m], symmetric or Hermitian and positive definite
 * @returns [..., n, n], of the dtype in which all meet
 * @throws ShapeError; LinearAlgebraError for a singular R, and where there is no such X, as with NaN
 */
export function solveDiscreteAre(x1: Operand, x2: Operand, x3: Operand, x4: Operand): NDArray {
  const call = 'solveDiscreteAre'
  const { q, g: first, a: step, dtype } = given([x1, x2, x3, x4], call)
  const identity = eye(step.shape[step.ndim - 1], null, { dtype: step.dtype })
  let [a, g, x]: NDArray[] = [step, first, q]
  for (let k = 0; k < mostDoublings; k++) {
    const w = add(identity, matmul(g, x)).eval()
    const [wa, wg] = [solve(w, a), solve(w, g)]
    const next = add(x, matmul(matmul(adjoint(a), x), wa)).eval()
    g = add(g, matmul(matmul(a, wg), adjoint(a))).eval()
    a = matmul(a, wa).eval()
    const isSettled = isNear(next, x, 2 ** -50)
    x = next
    if (isSettled) return settled(x, dtype)
  }
  throw unsolved(call)
}

const unsolved = (call: string) =>
  new LinearAlgebraError(
    call,
    'there is no X that makes the system stable: eigenvalues on the border cannot be moved, or are not seen.',
  )

/** Whether the difference of matrices is small beside them; not if one is NaN or infinite. */
function isNear(x: NDArray, y: NDArray, ratio: number): boolean {
  if (x.size === 0) return true
  const [off, size] = [subtract(x, y), x].map(m => reductions.max(abs(m), { axis: [-2, -1] }))
  return Boolean(reductions.all(logicalAnd(isfinite(size), lessEqual(off, multiply(size, ratio)))).item())
}

/** The matrices in one wide dtype, with one batch; B·R⁻¹·Bᴴ is `g`. */
function given(operands: readonly Operand[], call: string) {
  const [a, b, q, r] = operands.map((x, k) => toArray(x, call, `x${k + 1}`))
  const [n, m] = [a.shape[a.ndim - 1], b.shape[b.ndim - 1]]
  const wanted = [`${n},${n}`, `${n},${m}`, `${n},${n}`, `${m},${m}`]
  for (const [k, x] of [a, b, q, r].entries())
    if (x.ndim < 2 || String(x.shape.slice(-2)) !== wanted[k])
      throw new ShapeError(
        call,
        `A, B, Q and R must have matrices of n × n, n × m, n × n and m × m, not the shapes ${[a, b, q, r].map(x => shapeText(x.shape)).join(', ')}.`,
        [a, b, q, r].map(x => x.shape),
      )
  const dtype = [b, q, r].reduce((found, x) => met(found, x.dtype, call), met(a.dtype, a.dtype, call))
  const batch = broadcastShapes(
    [a, b, q, r].map(x => x.shape.slice(0, -2)),
    call,
  )
  const [wideA, wideB, wideQ, wideR] = [a, b, q, r].map(x =>
    broadcastTo(astype(x, isComplex(dtype) ? 'complex128' : 'float64', { copy: false }), [
      ...batch,
      ...x.shape.slice(-2),
    ]),
  )
  return { a: wideA, q: wideQ, g: matmul(wideB, solve(wideR, adjoint(wideB))).eval(), dtype }
}

/** Hermitian, as X is but for rounding. */
const settled = (x: NDArray, dtype: ReturnType<typeof met>): NDArray =>
  astype(divide(add(x, adjoint(x)), 2), dtype, { copy: false }).eval()
