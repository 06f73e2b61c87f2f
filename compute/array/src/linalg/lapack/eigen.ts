/** Eigenvalues of any square matrix, and its forms of Schur and Hessenberg, by LAPACK. To it the matrix is the transposed one. */

import { type Matrix, matrixOf, transposed, zerosLike } from '../matrix.ts'
import type { GeneralEigen } from '../provider.ts'
import { letter, solveWithRoom } from './calls.ts'
import type { Library } from './library.ts'

const nameOf = (m: Matrix, name: string) => letter(m.array, m.parts) + name

/** Of the transposed matrix left vectors are asked for: their conjugates are the right ones of the matrix. */
export function eigen(library: Library, a: Matrix, withVectors: boolean): GeneralEigen | undefined {
  const { array, rows: n, parts } = a
  const left = zerosLike(a, withVectors ? n : 1, withVectors ? n : 1)
  const none = zerosLike(a, 1, 1)
  const [re, im] = [new Float64Array(n * parts), new Float64Array(n)]
  const args = [withVectors ? 'V' : 'N', 'N', n, array, n, re, ...(parts === 1 ? [im] : [])]
  const failed = solveWithRoom(library, nameOf(a, 'geev'), [...args, left.array, withVectors ? n : 1, none.array, 1], {
    like: array,
    parts,
    ...(parts === 2 && { real: 2 * n }),
  })
  if (failed > 0) return undefined
  const values = parts === 2 ? re : Float64Array.from({ length: 2 * n }, (_, k) => (k % 2 === 0 ? re : im)[k >> 1])
  return { values, ...(withVectors && { vectors: parts === 2 ? conjugateColumns(left) : columnsOf(left, im) }) }
}

/** Rows become columns, and are conjugated. */
function conjugateColumns(rows: Matrix): Matrix {
  const vectors = transposed(rows)
  for (let k = 1; k < vectors.array.length; k += 2) vectors.array[k] = -vectors.array[k]
  return vectors
}

/** Of a real matrix a vector that is not real is two rows, real and imaginary parts, for it and its conjugate, the next one. */
function columnsOf({ array, rows: n }: Matrix, im: Float64Array): Matrix {
  const vectors = new Float64Array(2 * n * n)
  for (let k = 0; k < n; k++) {
    const isPair = im[k] !== 0
    for (let i = 0; i < n; i++) {
      const at = 2 * (i * n + k)
      vectors[at] = array[k * n + i]
      if (!isPair) continue
      vectors[at + 1] = -array[(k + 1) * n + i]
      vectors[at + 2] = array[k * n + i]
      vectors[at + 3] = array[(k + 1) * n + i]
    }
    if (isPair) k++
  }
  return matrixOf(vectors, n, n, 0, n, 2)
}

/** The form of a matrix is not that of its transpose: it is turned round, and back. */
export function schur(library: Library, a: Matrix): Matrix | undefined {
  const { rows: n, parts } = a
  const t = transposed(a)
  const z = zerosLike(a, n, n)
  const counted = new Int32Array(2)
  const values = Array.from({ length: parts === 1 ? 2 : 1 }, () => new Float64Array(n * parts))
  const room = { like: a.array, parts, ...(parts === 2 && { real: n }), after: [null] }
  const args = ['V', 'N', null, n, t.array, n, counted, ...values, z.array, n]
  if (solveWithRoom(library, nameOf(a, 'gees'), args, room) > 0) return undefined
  a.array.set(transposed(t).array)
  return transposed(z)
}

export function hessenberg(library: Library, a: Matrix): Matrix {
  const { rows: n, parts } = a
  const q = transposed(a)
  const tau = new Float64Array(n * parts)
  const room = { like: a.array, parts }
  solveWithRoom(library, nameOf(a, 'gehrd'), [n, 1, n, q.array, n, tau], room)
  const h = transposed(q)
  for (let i = 2; i < n; i++) h.array.fill(0, i * n * parts, (i * n + i - 1) * parts)
  a.array.set(h.array)
  solveWithRoom(library, nameOf(a, parts === 2 ? 'unghr' : 'orghr'), [n, 1, n, q.array, n, tau], room)
  return transposed(q)
}
