/** Polynomials and their zeros. */

import { complexOf, isComplex } from '../dtypes.ts'
import { ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { astype, floated } from './astype.ts'
import { asarray, type Nested, zeros } from './creation.ts'
import { trimZeros } from './editing.ts'
import * as e from './elementwise.ts'
import { eigvals } from './generalised.ts'
import { concat } from './joining.ts'
import type { Operand } from './operands.ts'
import { companion } from './special-matrices.ts'

/** The polynomial 1 of no zeros, of real numbers and complex ones. */
interface Product {
  readonly re: Float64Array
  readonly im: Float64Array
}

/** Each factor x − zero moves coefficients by one place. */
function multiplied(list: readonly { re: number; im: number }[]): Product {
  const re = new Float64Array(list.length + 1)
  const im = new Float64Array(list.length + 1)
  re[0] = 1
  for (const [k, zero] of list.entries()) {
    for (let j = k + 1; j > 0; j--) {
      const [x, y] = [re[j - 1], im[j - 1]]
      re[j] -= x * zero.re - y * zero.im
      im[j] -= x * zero.im + y * zero.re
    }
  }
  return { re, im }
}

/** Whether complex numbers stand beside their conjugates. */
function areConjugate(list: readonly { re: number; im: number }[]): boolean {
  const key = (sign: number) =>
    list
      .map(({ re, im }) => [re + 0, sign * im + 0])
      .sort(([a, b], [c, d]) => a - c || b - d)
      .join(';')
  return key(1) === key(-1)
}

/**
 * The coefficients of the polynomial with these zeros, the highest one 1 and first; or the characteristic polynomial of a matrix. Real where zeros are, or stand beside their conjugates.
 * @param x zeros of shape [n], or a matrix [n, n]
 * @throws ShapeError
 */
export function poly(x: Operand | Nested): NDArray {
  const array = asarray(x as Nested)
  if (array.ndim > 2 || (array.ndim === 2 && array.shape[0] !== array.shape[1]))
    throw new ShapeError('poly', `takes zeros, or a square matrix, not the shape ${shapeText(array.shape)}.`, [
      array.shape,
    ])
  const isMatrix = array.ndim === 2
  const found = astype(isMatrix && array.size > 0 ? eigvals(array) : array.reshape([-1]), 'complex128')
  const list = found.toList() as { re: number; im: number }[]
  const { re, im } = multiplied(list)
  const real = asarray(re)
  if (isMatrix ? !isComplex(array.dtype) : areConjugate(list)) return real
  return e.add(real, e.multiply(asarray(im), { re: 0, im: 1 }))
}

/**
 * The zeros of a polynomial, by the eigenvalues of its companion matrix, in no order.
 * @param p coefficients, the highest one first, of shape [n]
 * @returns complex128, or complex64 of float32 and complex64: as many as its degree
 * @throws ShapeError; LinearAlgebraError for coefficients that are NaN or infinite
 */
export function roots(p: Operand | Nested): NDArray {
  const given = floated(asarray(p as Nested))
  if (given.ndim !== 1)
    throw new ShapeError('roots', `takes coefficients of one axis, not the shape ${shapeText(given.shape)}.`, [
      given.shape,
    ])
  const dtype = complexOf(given.dtype === 'float16' ? 'float32' : given.dtype)
  const front = trimZeros(given, { trim: 'f' })
  const inner = trimZeros(front, { trim: 'b' })
  // Each coefficient behind the last one that is not 0 is a zero at 0.
  const atZero = zeros([front.size - inner.size], { dtype })
  if (inner.size < 2) return atZero
  const wide = inner.dtype === 'float16' ? astype(inner, 'float32') : inner
  return concat([astype(eigvals(companion(wide)), dtype, { copy: false }), atZero])
}
