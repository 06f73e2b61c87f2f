/** Eigenvalues of any square matrices, and the forms that they are found by: the last two axes are matrices, those in front a batch. They are computed in float64 and complex128, and rounded to float32 and complex64 at the end. */

import { ArgumentError } from '@skein/base'
import { type Complex, complexOf, isComplex } from '../dtypes.ts'
import { LinearAlgebraError } from '../errors.ts'
import { providerOf } from '../linalg/choose.ts'
import { type Matrix, matrixOf } from '../linalg/matrix.ts'
import { size } from '../linalg/own/complex.ts'
import { orderSchur } from '../linalg/own/schur-order.ts'
import type { NDArray } from '../ndarray.ts'
import { sizeOf } from '../shape.ts'
import { astype } from './astype.ts'
import { fromTypedArray } from './creation.ts'
import { bringNearOne, computedIn, endless, made, put, reshapeOf, type Stack, squares } from './matrices.ts'
import { type Operand, toArray } from './operands.ts'

/** Square matrices, copied, of float64 or complex128. */
export function widened(x: Operand, call: string, argument = 'x', asComplex = false): Stack {
  const array = toArray(x, call, argument)
  const dtype = computedIn(array.dtype, call)
  return squares(
    astype(array, asComplex || isComplex(dtype) ? 'complex128' : 'float64', { copy: false }),
    call,
    argument,
  )
}

/** A matrix without gaps, its own. */
export const copied = ({ array, at, rows, columns, parts }: Matrix): Matrix =>
  matrixOf(array.slice(at * parts, (at + rows * columns) * parts), rows, columns, 0, columns, parts)

export const scaled = (m: Matrix, by: number): Matrix => {
  if (by !== 1) for (let k = 0; k < m.array.length; k++) m.array[k] *= by
  return m
}

/**
 * Eigenvalues and eigenvectors, the columns of a matrix: A·V = V·diag(w). Vectors have length 1 and a real element of largest size; those of a matrix that has fewer than n are nearly parallel.
 * @param x of shape [..., n, n]
 * @returns `eigenvalues` [..., n] in no order, those of a real matrix that are not real beside their conjugates; `eigenvectors` [..., n, n]; complex128, or complex64 of float32 and complex64
 * @throws ShapeError if it is not square; LinearAlgebraError for NaN or infinity, or if the iteration does not end
 */
export function eig(x: Operand): { eigenvalues: NDArray; eigenvectors: NDArray } {
  const stack = widened(x, 'eig')
  const vectors = made('complex128', stack.batch, stack.rows, stack.rows)
  const dtype = complexOf(toArray(x, 'eig').dtype)
  const eigenvalues = astype(valuesOf(stack, 'eig', vectors.matrices), dtype, { copy: false })
  return { eigenvalues, eigenvectors: astype(vectors.array, dtype, { copy: false }) }
}

/**
 * Eigenvalues alone.
 * @param x of shape [..., n, n]
 * @returns [..., n], as `eig`
 * @throws as `eig`
 */
export const eigvals = (x: Operand): NDArray =>
  astype(valuesOf(widened(x, 'eigvals'), 'eigvals'), complexOf(toArray(x, 'eigvals').dtype), { copy: false })

function valuesOf(stack: Stack, call: string, vectors?: readonly Matrix[]): NDArray {
  const n = stack.rows
  const values = new Float64Array(2 * sizeOf(stack.batch) * n)
  let k = 0
  for (const matrix of stack) {
    const a = copied(matrix)
    const scale = bringNearOne(a, call)
    const found = providerOf('eigen', n, a.parts).eigen(a, vectors !== undefined)
    if (found === undefined) throw endless(call)
    for (let i = 0; i < 2 * n; i++) values[2 * k * n + i] = found.values[i] * scale
    if (vectors !== undefined && found.vectors !== undefined) put(found.vectors, vectors[k])
    k++
  }
  return reshapeOf(values, [...stack.batch, n], 'complex128')
}

/** Which eigenvalues come first: those to the left of the imaginary axis (re < 0), not to the left of it, within the unit circle or on it, outside of it; or of which a function says so, which has `{ re, im }`. */
export type SchurSort = 'lhp' | 'rhp' | 'iuc' | 'ouc' | ((value: Complex) => boolean)

export interface SchurOptions {
  /** `real`: T of a real matrix is real, with blocks of two rows for pairs of complex eigenvalues; `complex`: it is triangular. Default: real */
  output?: 'real' | 'complex'
  /** Which eigenvalues come first on the diagonal of T; of a pair of a real T both do if one does. The first so many columns of Z span what belongs to them. Default: in no order */
  sort?: SchurSort
}

const sides = new Map<unknown, (value: Complex) => boolean>([
  ['lhp', ({ re }) => re < 0],
  ['rhp', ({ re }) => re >= 0],
  ['iuc', ({ re, im }) => size(re, im) <= 1],
  ['ouc', ({ re, im }) => size(re, im) > 1],
])

/**
 * A = Z·T·Zᴴ, Z unitary, T triangular, of real matrices but for blocks of two rows on the diagonal, whose own diagonals are equal.
 * @param x of shape [..., n, n]
 * @returns `t` and `z`, of the shape of A; with `sort` also `selected`, how many eigenvalues come first, int32 of shape [...]
 * @throws ShapeError if it is not square; ArgumentError; LinearAlgebraError as `eig`, or for eigenvalues so near each other that they cannot change places
 */
export function schur(
  x: Operand,
  options: SchurOptions & { sort: SchurSort },
): { t: NDArray; z: NDArray; selected: NDArray }
export function schur(x: Operand, options?: SchurOptions): { t: NDArray; z: NDArray }
export function schur(x: Operand, { output = 'real', sort }: SchurOptions = {}) {
  if (output !== 'real' && output !== 'complex')
    throw new ArgumentError('schur', 'output', "'real' or 'complex'", output)
  const isFirst = typeof sort === 'function' ? sort : sides.get(sort)
  if (sort !== undefined && isFirst === undefined)
    throw new ArgumentError('schur', 'sort', "'lhp', 'rhp', 'iuc', 'ouc' or a function of eigenvalues", sort)
  const stack = widened(x, 'schur', 'x', output === 'complex')
  const [t, z] = [0, 1].map(() => made(stack.dtype, stack.batch, stack.rows, stack.rows))
  const selected = new Int32Array(sizeOf(stack.batch))
  let k = 0
  for (const matrix of stack) {
    const a = copied(matrix)
    const scale = bringNearOne(a, 'schur')
    const found = providerOf('schur', a.rows, a.parts).schur(a)
    if (found === undefined) throw endless('schur')
    if (isFirst) selected[k] = ordered(a, found, (re, im) => isFirst({ re: re * scale, im: im * scale }))
    put(scaled(a, scale), t.matrices[k])
    put(found, z.matrices[k++])
  }
  const forms = { t: narrowed(t.array, x, 'schur'), z: narrowed(z.array, x, 'schur') }
  return isFirst ? { ...forms, selected: fromTypedArray(selected, stack.batch) } : forms
}

function ordered(t: Matrix, z: Matrix, isFirst: (re: number, im: number) => boolean): number {
  const count = orderSchur(t, z, isFirst)
  if (count === undefined)
    throw new LinearAlgebraError('schur', 'eigenvalues are so near each other that they cannot change places.')
  return count
}

/**
 * A = Q·H·Qᴴ, Q unitary, H with zeros below the diagonal under the main one.
 * @param x of shape [..., n, n]
 * @returns `h` and `q`, of the shape of A
 * @throws ShapeError if it is not square; LinearAlgebraError for NaN or infinity
 */
export function hessenberg(x: Operand): { h: NDArray; q: NDArray } {
  const stack = widened(x, 'hessenberg')
  const [h, q] = [0, 1].map(() => made(stack.dtype, stack.batch, stack.rows, stack.rows))
  let k = 0
  for (const matrix of stack) {
    const a = copied(matrix)
    const scale = bringNearOne(a, 'hessenberg')
    put(providerOf('hessenberg', a.rows, a.parts).hessenberg(a), q.matrices[k])
    put(scaled(a, scale), h.matrices[k++])
  }
  return { h: narrowed(h.array, x, 'hessenberg'), q: narrowed(q.array, x, 'hessenberg') }
}

/** As exact as what was given. */
export function narrowed(found: NDArray, given: Operand, call: string): NDArray {
  const { dtype } = toArray(given, call)
  const isSingle = dtype === 'float32' || dtype === 'complex64'
  if (!isSingle) return found
  return astype(found, isComplex(found.dtype) ? 'complex64' : 'float32')
}
