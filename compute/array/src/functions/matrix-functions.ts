/** Functions of square matrices, by Schur's form; they are computed in complex128. The last two axes are matrices, those in front a batch. What is real of real matrices is real. */

import { ArgumentError } from '@skein/base'
import { type Complex, isComplex } from '../dtypes.ts'
import { LinearAlgebraError } from '../errors.ts'
import type { Matrix } from '../linalg/matrix.ts'
import { toComplexForm } from '../linalg/own/complex-form.ts'
import { triangularFunction, triangularLog, triangularRoot } from '../linalg/own/triangular-functions.ts'
import type { NDArray } from '../ndarray.ts'
import { adjoint } from './adjoint.ts'
import { astype } from './astype.ts'
import { copied, narrowed, schur, widened } from './eigen.ts'
import * as elementwise from './elementwise.ts'
import { expm } from './expm.ts'
import { overElements, put, squares } from './matrices.ts'
import { type Operand, toArray } from './operands.ts'
import { matmul } from './products.ts'
import { solve } from './systems.ts'

/**
 * Z·f(T)·Zᴴ of A = Z·T·Zᴴ; f is given rows of n pairs.
 * @returns and whether A is real and has no eigenvalue on the negative half of the real axis: its roots and logarithms are real, then
 */
function throughSchur(x: Operand, call: string, f: (t: Float64Array, n: number) => Float64Array) {
  // Of a real matrix the real form, so that real eigenvalues are exactly real, and on one side of the cut.
  const { t, z } = schur(overElements(widened(x, call)))
  let isReal = !isComplex(t.dtype)
  const [forms, bases] = [t, z].map(m => squares(astype(m, 'complex128', { copy: false }), call))
  const basis = bases[Symbol.iterator]()
  for (const matrix of forms) {
    const form = copied(matrix)
    const right: Matrix = basis.next().value
    const own = copied(right)
    const [a, n] = [form.array as Float64Array, form.rows]
    toComplexForm(a, own.array as Float64Array, n)
    for (let k = 0; k < n; k++) if (a[2 * k * (n + 1)] < 0 && a[2 * k * (n + 1) + 1] === 0) isReal = false
    put({ ...form, array: f(a, n) }, matrix)
    put(own, right)
  }
  const basisOf = overElements(bases)
  return { found: matmul(matmul(basisOf, overElements(forms)), adjoint(basisOf)).eval(), isReal }
}

const settled = (found: NDArray, x: Operand, isReal: boolean, call: string): NDArray =>
  narrowed(isReal ? elementwise.real(found) : found, x, call)

/**
 * The principal square root: R·R = A, with eigenvalues whose real parts are not negative.
 * @param x of shape [..., n, n]
 * @returns the same shape; real if A is and has no negative eigenvalue, else complex
 * @throws ShapeError; LinearAlgebraError for NaN or infinity, and for a singular matrix that has none
 */
export function sqrtm(x: Operand): NDArray {
  const { found, isReal } = throughSchur(x, 'sqrtm', (t, n) => {
    const r = triangularRoot(t, n)
    if (r !== undefined) return r
    throw new LinearAlgebraError('sqrtm', 'the matrix has the eigenvalue 0 more than once, and no square root.')
  })
  return settled(found, x, isReal, 'sqrtm')
}

/**
 * The principal logarithm: exp(L) = A, with eigenvalues whose imaginary parts are above −π, up to π.
 * @param x of shape [..., n, n]
 * @returns the same shape; real if A is and has no negative eigenvalue, else complex
 * @throws ShapeError; LinearAlgebraError for NaN or infinity, and for a singular matrix
 */
export function logm(x: Operand): NDArray {
  const { found, isReal } = throughSchur(x, 'logm', (t, n) => {
    for (let k = 0; k < n; k++)
      if (t[2 * k * (n + 1)] === 0 && t[2 * k * (n + 1) + 1] === 0)
        throw new LinearAlgebraError('logm', 'the matrix is singular: it has no logarithm.', k)
    return triangularLog(t, n)
  })
  return settled(found, x, isReal, 'logm')
}

/**
 * A function of numbers, of matrices: f(A) = V·diag(f(w))·V⁻¹ where A has n eigenvectors. Its values at the eigenvalues are taken, so these have to differ.
 * @param x of shape [..., n, n]
 * @param f of a complex number; its result is one, or a number
 * @returns the same shape; real if A is, and so is what was found but for rounding
 * @throws ShapeError; ArgumentError; LinearAlgebraError for NaN or infinity, and where eigenvalues are so close that half the digits were lost
 */
export function funm(x: Operand, f: (z: Complex) => number | Complex): NDArray {
  if (typeof f !== 'function') throw new ArgumentError('funm', 'f', 'a function of a complex number', f)
  const { found } = throughSchur(x, 'funm', (t, n) => {
    const { values, apart } = triangularFunction(t, n, f)
    let [above, most] = [0, 0]
    for (let i = 0; i < n; i++) {
      for (let j = i; j < n; j++) {
        const length = Math.hypot(t[2 * (i * n + j)], t[2 * (i * n + j) + 1])
        most = Math.max(most, length)
        if (j > i) above = Math.max(above, length)
      }
    }
    // What rounding makes of eigenvalues, over their distance.
    if (2 ** -52 * most * Math.max(1, above / most) > apart * 2 ** -26)
      throw new LinearAlgebraError(
        'funm',
        `two eigenvalues are ${apart} apart, of a matrix with elements up to ${most}: its function would be wrong.`,
        -1,
        'expm, logm, sqrtm and their like take it.',
      )
    return values
  })
  const size = (part: NDArray) => {
    let most = 0
    for (const v of part.toTypedArray() as Float64Array) most = Math.max(most, Math.abs(v))
    return most
  }
  const isReal =
    !isComplex(toArray(x, 'funm').dtype) && size(elementwise.imag(found)) <= 2 ** -42 * size(elementwise.real(found))
  return settled(found, x, isReal, 'funm')
}

/**
 * A to a power that need not be whole, exp(power·log A) of the principal logarithm.
 * @param x of shape [..., n, n]
 * @returns the same shape; real if A is and has no negative eigenvalue, else complex
 * @throws as `logm`; ArgumentError
 */
export function fractionalMatrixPower(x: Operand, power: number): NDArray {
  if (typeof power !== 'number' || !Number.isFinite(power))
    throw new ArgumentError('fractionalMatrixPower', 'power', 'a finite number', power)
  return expm(elementwise.multiply(logm(x), power))
}

/** e to the powers iA and −iA, in complex numbers. */
function turns(x: Operand, call: string): [NDArray, NDArray] {
  const array = toArray(x, call)
  const narrow = array.dtype === 'float32' || array.dtype === 'complex64'
  const turned = elementwise.multiply(narrowedTo(overElements(widened(x, call, 'x', true)), narrow), { re: 0, im: 1 })
  return [expm(turned), isComplex(array.dtype) ? expm(elementwise.negative(turned)) : turned]
}

const narrowedTo = (x: NDArray, isSingle: boolean): NDArray => (isSingle ? astype(x, 'complex64') : x)

/**
 * The cosine of matrices, (exp(iA) + exp(−iA)) / 2.
 * @param x of shape [..., n, n]
 * @returns the same shape and dtype
 * @throws ShapeError
 */
export function cosm(x: Operand): NDArray {
  const [e, back] = turns(x, 'cosm')
  return isComplex(toArray(x, 'cosm').dtype) ? elementwise.multiply(elementwise.add(e, back), 0.5) : elementwise.real(e)
}

/**
 * The sine of matrices, (exp(iA) − exp(−iA)) / 2i.
 * @param x of shape [..., n, n]
 * @returns the same shape and dtype
 * @throws ShapeError
 */
export function sinm(x: Operand): NDArray {
  const [e, back] = turns(x, 'sinm')
  if (!isComplex(toArray(x, 'sinm').dtype)) return elementwise.imag(e)
  return elementwise.multiply(elementwise.subtract(e, back), { re: 0, im: -0.5 })
}

/** The tangent of matrices, cos(A)⁻¹·sin(A). @throws ShapeError; LinearAlgebraError where the cosine is singular */
export const tanm = (x: Operand): NDArray => solve(cosm(x), sinm(x))

const halves = (x: Operand, call: string, combine: typeof elementwise.add): NDArray => {
  const array = overElements(squares(x, call))
  return elementwise.multiply(combine(expm(array), expm(elementwise.negative(array))), 0.5)
}

/** The hyperbolic cosine of matrices. @throws ShapeError */
export const coshm = (x: Operand): NDArray => halves(x, 'coshm', elementwise.add)
/** The hyperbolic sine of matrices. @throws ShapeError */
export const sinhm = (x: Operand): NDArray => halves(x, 'sinhm', elementwise.subtract)
/** The hyperbolic tangent of matrices. @throws ShapeError; LinearAlgebraError where the cosine is singular */
export const tanhm = (x: Operand): NDArray => solve(coshm(x), sinhm(x))
