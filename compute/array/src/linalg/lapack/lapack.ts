/**
 * Factorisations and spectra by LAPACK, which takes columns one behind the other. To it a matrix of rows is the transposed one, so it is asked for what is the same of that: the lower factor instead of the upper,
 * the LQ factorisation instead of QR, right vectors instead of left ones. Nothing is turned round.
 */

import { conjugate, type Matrix, matrixOf } from '../matrix.ts'
import { exchangeRows } from '../own/lu.ts'
import { own } from '../own/own.ts'
import type { Eigen, Extent, LU, Provider, QR, Singular, Triangle, Vectors } from '../provider.ts'
import { call, letter, oneOf, solveBy, solveWithRoom } from './calls.ts'
import { eigen, hessenberg, schur } from './eigen.ts'
import type { Library } from './library.ts'
import { multiplierOf } from './products.ts'

export const lapackOf = (library: Library): Provider => ({
  // What is not said below.
  ...own,
  name: 'lapack',
  multiplier: () => multiplierOf(library),
  cholesky: a => cholesky(library, a),
  lu: a => (a.rows === 0 ? own.lu(a) : factorLU(library, a)),
  solveTriangular: (triangle, b) => solveTriangular(library, triangle, b),
  qr: a => (a.rows === 0 || a.columns === 0 ? own.qr(a) : factorQR(library, a)),
  symmetricEigen: (a, withVectors) =>
    a.rows === 0 ? own.symmetricEigen(a, withVectors) : symmetricEigen(library, a, withVectors),
  singularValues: (a, extent, room) =>
    a.rows === 0 || a.columns === 0 ? own.singularValues(a, extent) : singularValues(library, a, extent, room),
  eigen: (a, withVectors) => (a.rows === 0 ? own.eigen(a, withVectors) : eigen(library, a, withVectors)),
  schur: a => (a.rows === 0 ? own.schur(a) : schur(library, a)),
  hessenberg: a => (a.rows === 0 ? own.hessenberg(a) : hessenberg(library, a)),
})

const nameOf = (m: Matrix, name: string) => letter(m.array, m.parts) + name
/** From the first element on. */
const from = ({ array, at, parts }: Matrix) => array.subarray(at * parts)
const ofKind = ({ array, parts }: Matrix, length: number) =>
  new (array.constructor as Float64ArrayConstructor)(length * parts)

function cholesky(library: Library, a: Matrix): number {
  const { array, at, rows: n, stride, parts } = a
  if (n === 0) return -1
  const failed = solveBy(library, nameOf(a, 'potrf'), 'L', n, from(a), stride)
  if (failed > 0) return failed - 1
  // OpenBLAS compares pivots with 0, and goes on with NaN.
  for (let i = 0; i < n; i++) if (!(array[(at + i * (stride + 1)) * parts] > 0)) return i
  return -1
}

function factorLU(library: Library, a: Matrix): LU {
  const { rows: n, stride } = a
  const words = new Int32Array((n * library.integerBits) / 32)
  const failed = solveBy(library, nameOf(a, 'getrf'), n, n, from(a), stride, words)
  // Counted from 1.
  const pivots = Int32Array.from({ length: n }, (_, k) => words[(k * library.integerBits) / 32] - 1)
  const solve = (b: Matrix): void => {
    if (b.columns === 1 && b.stride === 1)
      return void solveBy(library, nameOf(a, 'getrs'), 'T', n, 1, from(a), stride, words, from(b), n)
    // X·Aᵀ = B with all three transposed, and Aᵀ = P·L·U.
    const triangle = { matrix: a, transposed: false }
    solveTriangular(library, { ...triangle, upper: false }, b)
    solveTriangular(library, { ...triangle, upper: true, unit: true }, b)
    exchangeRows(b, pivots, true)
  }
  return { matrix: a, pivots, singular: failed > 0 ? zeroOnDiagonal(a, failed - 1) : -1, line: 'row', solve }
}

/** Newer OpenBLAS counts a pivot that is NaN as none. */
function zeroOnDiagonal({ array, at, rows, stride, parts }: Matrix, begin: number): number {
  for (let i = begin; i < rows; i++) {
    const own = (at + i * (stride + 1)) * parts
    if (array[own] === 0 && (parts === 1 || array[own + 1] === 0)) return i
  }
  return -1
}

function solveTriangular(library: Library, { matrix: t, upper, transposed, unit }: Triangle, b: Matrix): void {
  if (t.rows === 0 || b.columns === 0) return
  // Both sides are transposed: X·op(T)ᵀ = B.
  const [half, turned, diagonal] = [upper ? 'L' : 'U', transposed ? 'C' : 'N', unit ? 'U' : 'N']
  const [n, matrix] = [t.rows, from(t)]
  if (b.columns === 1 && t.parts === 1)
    call(library, nameOf(t, 'trsv'), half, transposed ? 'N' : 'T', diagonal, n, matrix, t.stride, from(b), b.stride)
  else {
    const sizes = [b.columns, n, oneOf(t.array)] as const
    call(library, nameOf(t, 'trsm'), 'R', half, turned, diagonal, ...sizes, matrix, t.stride, from(b), b.stride)
  }
}

function factorQR(library: Library, a: Matrix): QR {
  const { rows: m, columns: n, stride, parts, array } = a
  const rank = Math.min(m, n)
  const tau = ofKind(a, rank)
  const room = { like: array, parts }
  solveWithRoom(library, nameOf(a, 'gelqf'), [n, m, from(a), stride, tau], room)
  return {
    writeR(r) {
      for (let i = 0; i < Math.min(r.rows, rank); i++) {
        const row = (a.at + i * stride) * parts
        r.array.set(array.subarray(row + i * parts, row + n * parts), (r.at + i * (r.stride + 1)) * parts)
      }
    },
    writeQ(q) {
      const width = Math.min(rank, q.columns) * parts
      for (let i = 0; i < m; i++) {
        const row = (a.at + i * stride) * parts
        q.array.set(array.subarray(row, row + width), (q.at + i * q.stride) * parts)
      }
      const name = nameOf(a, parts === 2 ? 'unglq' : 'orglq')
      solveWithRoom(library, name, [q.columns, m, rank, from(q), q.stride, tau], room)
    },
  }
}

function symmetricEigen(library: Library, a: Matrix, withVectors: boolean): Eigen | undefined {
  const { rows: n, stride, parts, array } = a
  const values = new (array.constructor as Float64ArrayConstructor)(n)
  const name = nameOf(a, parts === 2 ? 'heevd' : 'syevd')
  const failed = solveWithRoom(library, name, [withVectors ? 'V' : 'N', 'U', n, from(a), stride, values], {
    like: array,
    parts,
    ...(parts === 2 && { real: 'asked' }),
    whole: 'asked',
  })
  if (failed > 0) return undefined
  // They are those of the transposed matrix.
  if (withVectors) conjugate(a)
  return { values: Float64Array.from(values), ...(withVectors && { vectors: a }) }
}

const jobs = { values: 'N', reduced: 'S', full: 'A' } as const

function singularValues(library: Library, a: Matrix, extent: Extent, room?: Vectors): Singular | undefined {
  const { rows: m, columns: n, stride, parts, array } = a
  const rank = Math.min(m, n)
  const most = Math.max(m, n)
  const values = new (array.constructor as Float64ArrayConstructor)(rank)
  const [width, height] = extent === 'full' ? [m, n] : extent === 'reduced' ? [rank, rank] : [1, 1]
  const ldvt = extent === 'values' ? 1 : n
  const { u, vt } = room ?? {
    u: matrixOf(ofKind(a, m * width), m, width, 0, width, parts),
    vt: matrixOf(ofKind(a, height * ldvt), height, n, 0, n, parts),
  }
  const failed = solveWithRoom(
    library,
    nameOf(a, 'gesdd'),
    [jobs[extent], n, m, from(a), stride, values, from(vt), ldvt, from(u), width],
    {
      like: array,
      parts,
      // What its documentation asks for at most.
      ...(parts === 2 && { real: Math.max(5 * rank * rank + 5 * rank, 2 * most * rank + 2 * rank * rank + rank) }),
      whole: 8 * rank,
    },
  )
  if (failed > 0) return undefined
  const found = Float64Array.from(values)
  if (extent === 'values') return { values: found }
  return { values: found, u, vt }
}
