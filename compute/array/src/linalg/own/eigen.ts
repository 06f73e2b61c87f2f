/** Eigenvalues and eigenvectors of any square matrix, and its Schur form: balanced, made a Hessenberg matrix, then QR steps, then back-substitution. In float64. */

import { type Matrix, matrixOf, numbersOf, zerosLike } from '../matrix.ts'
import type { GeneralEigen } from '../provider.ts'
import { balance, undoBalance } from './balance.ts'
import { size } from './complex.ts'
import { complexSchur } from './complex-schur.ts'
import { formHessenbergQ, reduceToHessenberg } from './hessenberg.ts'
import { subtractProduct } from './products.ts'
import { realSchur } from './real-schur.ts'
import { eigenvaluesOf, triangularVectors } from './triangular-vectors.ts'

type Form = Parameters<typeof realSchur>[0]

const iterate = (a: Matrix, form: Omit<Form, 'h' | 'n'>): boolean =>
  (a.parts === 2 ? complexSchur : realSchur)({ ...form, n: a.rows, h: a.array as Float64Array })

/** The same numbers as pairs. */
function pairsOf({ array, parts }: Matrix): Float64Array {
  if (parts === 2) return array as Float64Array
  const pairs = new Float64Array(2 * array.length)
  for (let k = 0; k < array.length; k++) pairs[2 * k] = array[k]
  return pairs
}

export function eigen(a: Matrix, withVectors: boolean): GeneralEigen | undefined {
  const n = a.rows
  const balanced = balance(a)
  const { low, high } = balanced
  const reflections = reduceToHessenberg(a, low, high)
  if (!withVectors) {
    if (!iterate(a, { low, high })) return undefined
    return { values: eigenvaluesOf(pairsOf(a), n) }
  }
  const z = formHessenbergQ(reflections, n)
  if (!iterate(a, { z: z.array as Float64Array, low, high })) return undefined
  const t = pairsOf(a)
  const values = eigenvaluesOf(t, n)
  // Products are subtracted from zeros.
  const inside = matrixOf(
    triangularVectors(t, values, n).map(x => -x),
    n,
    n,
    0,
    n,
    2,
  )
  const vectors = zerosLike(inside, n, n)
  if (a.parts === 2) subtractProduct(vectors, { matrix: z }, { matrix: inside })
  else subtractProduct(numbersOf(vectors), { matrix: z }, { matrix: numbersOf(inside) })
  undoBalance(balanced, vectors)
  for (let k = 0; k < n; k++) normalise(vectors, k, a.parts === 1 && values[2 * k + 1] === 0)
  return { values, vectors }
}

/** Makes a column one of length 1, and its largest element real. */
export function normalise({ array, rows: n }: Matrix, k: number, isReal: boolean): void {
  let most = 0
  for (let i = 0; i < n; i++) {
    const at = 2 * (i * n + k)
    most = Math.max(most, Math.abs(array[at]), Math.abs(array[at + 1]))
  }
  if (most === 0) return
  let squares = 0
  let largest = 0
  let place = 0
  for (let i = 0; i < n; i++) {
    const at = 2 * (i * n + k)
    const [re, im] = [array[at] / most, array[at + 1] / most]
    const square = re * re + im * im
    squares += square
    if (square > largest) [largest, place] = [square, at]
  }
  const norm = most * Math.sqrt(squares)
  const length = size(array[place], array[place + 1])
  const [c, s] = isReal ? [1, 0] : [array[place] / length, -array[place + 1] / length]
  for (let i = 0; i < n; i++) {
    const at = 2 * (i * n + k)
    const [re, im] = [array[at] / norm, array[at + 1] / norm]
    array[at] = c * re - s * im
    array[at + 1] = isReal || at === place ? 0 : c * im + s * re
  }
}

export function schur(a: Matrix): Matrix | undefined {
  const z = hessenberg(a)
  const isDone = iterate(a, { z: z.array as Float64Array, low: 0, high: a.rows - 1 })
  return isDone ? z : undefined
}

export const hessenberg = (a: Matrix): Matrix => formHessenbergQ(reduceToHessenberg(a), a.rows)
