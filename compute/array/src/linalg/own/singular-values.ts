/** A = U·S·Vᵀ, of complex numbers U·S·Vᴴ. A matrix with more rows than columns goes through a QR first (T. Chan, An Improved Algorithm for Computing the Singular Value Decomposition, 1982). */

import { conjugate, type Matrix, numbersOf, transposed, zerosLike } from '../matrix.ts'
import type { Extent, Singular } from '../provider.ts'
import { reduceToBidiagonal } from './bidiagonal.ts'
import { diagonaliseBidiagonal } from './bidiagonal-qr.ts'
import { reduceComplexToBidiagonal } from './complex-bidiagonal.ts'
import { applyQ, factorQR, formQ, upperOf } from './qr.ts'
import { padded, paddedTranspose, rowsInOrder } from './rank-two.ts'
import { Rotations } from './rotations.ts'

/** Of a matrix that is overwritten. @returns undefined if the iteration did not end */
export function singularValues(a: Matrix, extent: Extent): Singular | undefined {
  if (a.rows < a.columns) {
    // Of Aᵀ, not conjugated: its U is V there, conjugated.
    const found = singularValues(transposed(a), extent)
    if (found === undefined || found.u === undefined || found.vt === undefined) return found
    return { values: found.values, u: transposed(found.vt), vt: transposed(found.u) }
  }
  const { rows: m, columns: n, parts } = a
  if (m === n) return ofSquare(a, extent !== 'values')
  const reflections = factorQR(a)
  const found = ofSquare(upperOf(a, n), extent !== 'values')
  if (found?.u === undefined) return found
  const u = zerosLike(a, m, extent === 'full' ? m : n)
  for (let i = 0; i < n; i++)
    u.array.set(found.u.array.subarray(i * n * parts, (i + 1) * n * parts), i * u.columns * parts)
  for (let i = n; i < u.columns; i++) u.array[i * (u.columns + 1) * parts] = 1
  applyQ(reflections, u, false)
  return { ...found, u }
}

function ofSquare(a: Matrix, withVectors: boolean): Singular | undefined {
  const n = a.rows
  const work = padded(a, n, n)
  const numbers = numbersOf(a)
  for (let i = 0; i < n; i++)
    work.array.set(
      numbers.array.subarray(numbers.at + i * numbers.stride, numbers.at + i * numbers.stride + numbers.columns),
      i * work.stride * a.parts,
    )
  const { diagonal: d, above: e, q, p } = a.parts === 2 ? reduceComplexToBidiagonal(work) : reduceToBidiagonal(work)
  if (!withVectors) {
    if (!diagonaliseBidiagonal(d, e, {})) return undefined
    return { values: d.map(Math.abs).sort().reverse() }
  }
  const ut = paddedTranspose(formQ(q(), n))
  const vt = paddedTranspose(formQ(p(), Math.max(0, n - 1)), n > 0 ? 1 : 0)
  conjugate(vt)
  const rows = numbersOf(vt)
  const [left, right] = [new Rotations(numbersOf(ut)), new Rotations(rows)]
  if (!diagonaliseBidiagonal(d, e, { left, right })) return undefined
  left.apply()
  right.apply()
  for (let k = 0; k < n; k++) {
    if (d[k] >= 0 && !Object.is(d[k], -0)) continue
    d[k] = Math.abs(d[k])
    for (let j = 0; j < rows.columns; j++) rows.array[k * rows.stride + j] *= -1
  }
  const order = [...d.keys()].sort((i, j) => d[j] - d[i])
  return { values: d.sort().reverse(), u: transposed(rowsInOrder(ut, order)), vt: rowsInOrder(vt, order) }
}
