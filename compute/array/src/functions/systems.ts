/** Systems of equations, inverses and determinants, by LU with partial pivoting. */

import { LinearAlgebraError, ShapeError, shapeText } from '../errors.ts'
import { providerOf } from '../linalg/choose.ts'
import { conjugate, type Matrix } from '../linalg/matrix.ts'
import { size } from '../linalg/own/complex.ts'
import type { LU } from '../linalg/provider.ts'
import type { NDArray } from '../ndarray.ts'
import { broadcastShapes, sizeOf } from '../shape.ts'
import { astype } from './astype.ts'
import { made, met, overElements, realOf, reshapeOf, Stack, squares } from './matrices.ts'
import { type Operand, toArray } from './operands.ts'
import { broadcastTo, reshape } from './shaping.ts'

export const singular = (call: string, { singular: at, line }: Pick<LU, 'singular' | 'line'>): LinearAlgebraError =>
  new LinearAlgebraError(
    call,
    `the matrix is singular: there is no pivot in ${line} ${at}.`,
    at,
    'nd.linalg.lstsq takes it.',
  )

const factored = (a: Matrix): LU => providerOf('lu', a.rows, a.parts).lu(a)

/**
 * The matrices of A·X = B, whose batches are broadcast, copied and in one dtype. B is one column if it has one axis.
 * @returns `factors` A, `solutions` B, `batch`, and what makes the array of what B has become
 */
export function sides(x1: Operand, x2: Operand, call: string, first = 'x1') {
  const [a, b] = [toArray(x1, call, first), toArray(x2, call, 'x2')]
  const dtype = met(a.dtype, b.dtype, call)
  const isVector = b.ndim === 1
  const right = isVector ? reshape(b, [-1, 1]) : b
  const n = a.shape[a.ndim - 1]
  if (a.ndim >= 2 && right.shape[right.ndim - 2] !== n)
    throw new ShapeError(
      call,
      `${shapeText(a.shape)} has ${n} columns, ${shapeText(b.shape)} has ${right.shape[right.ndim - 2]} rows.`,
      [a.shape, b.shape],
    )
  const batch = broadcastShapes([a.shape.slice(0, -2), right.shape.slice(0, -2)], call)
  const factors = squares(astype(broadcastTo(a, [...batch, ...a.shape.slice(-2)]), dtype, { copy: false }), call, first)
  const solutions = new Stack(
    astype(broadcastTo(right, [...batch, ...right.shape.slice(-2)]), dtype, { copy: false }),
    call,
    'x2',
  )
  const found = () => {
    factors.release()
    const all = overElements(solutions)
    return isVector ? reshape(all, [...batch, n]) : all
  }
  return { factors, solutions, batch, found }
}

/**
 * X of A·X = B. B is one column if it has one axis, else a matrix of columns; axes in front are broadcast. For many B, one after the other, `luFactor` keeps what is done with A.
 * @throws ShapeError; LinearAlgebraError for a singular matrix
 */
export function solve(x1: Operand, x2: Operand): NDArray {
  const { factors, solutions, found } = sides(x1, x2, 'solve')
  const columns = solutions[Symbol.iterator]()
  for (const matrix of factors) {
    const lu = factored(matrix)
    if (lu.singular >= 0) throw singular('solve', lu)
    lu.solve(columns.next().value as Matrix)
  }
  return found()
}

/** A⁻¹. @throws ShapeError; LinearAlgebraError for a singular matrix */
export function inv(x: Operand): NDArray {
  const array = toArray(x, 'inv')
  const stack = squares(array, 'inv')
  const inverse = made(stack.dtype, stack.batch, stack.rows, stack.rows)
  let k = 0
  for (const matrix of stack) {
    const lu = factored(matrix)
    if (lu.singular >= 0) throw singular('inv', lu)
    const columns = inverse.matrices[k++]
    for (let i = 0; i < stack.rows; i++) columns.array[(columns.at + i * (stack.rows + 1)) * columns.parts] = 1
    lu.solve(columns)
  }
  stack.release()
  return inverse.array
}

/** Of each matrix, which is given back then, its determinant, part by part: what `take` is given of a pivot has the sign of the exchange. */
function pivotsOf(stack: Stack, take: (k: number, re: number, im: number) => void): void {
  let k = 0
  for (const a of stack) {
    const { matrix, pivots } = factored(a)
    const { array, at, stride, parts } = matrix
    for (let i = 0; i < pivots.length; i++) {
      const place = (at + i * (stride + 1)) * parts
      const sign = pivots[i] === i ? 1 : -1
      take(k, sign * array[place], parts === 2 ? sign * array[place + 1] : 0)
    }
    k++
  }
  stack.release()
}

/** Complex products of many factors: pairs, times a power of two each, since they may be in the range of floats where what comes in between is not. */
interface Products {
  readonly pairs: Float64Array
  readonly exponents: Float64Array
}

function onesFor(stack: Stack): Products {
  const pairs = new Float64Array(2 * sizeOf(stack.batch))
  for (let k = 0; k < pairs.length; k += 2) pairs[k] = 1
  return { pairs, exponents: new Float64Array(pairs.length / 2) }
}

/** Sizes in between need no scaling: neither they nor their products with a float of such a size leave the range. */
const [smallest, largest] = [2 ** -500, 2 ** 500]

function multiply({ pairs, exponents }: Products, k: number, re: number, im: number): void {
  const most = Math.max(Math.abs(re), Math.abs(im))
  if ((most > largest && most < Infinity) || (most < smallest && most > 0)) {
    const up = most > largest ? -550 : 550
    exponents[k] -= up
    multiply({ pairs, exponents }, k, re * 2 ** up, im * 2 ** up)
    return
  }
  const x = pairs[2 * k]
  const y = pairs[2 * k + 1]
  const u = im === 0 ? x * re : x * re - y * im
  const v = im === 0 ? y * re : x * im + y * re
  const product = Math.max(Math.abs(u), Math.abs(v))
  const up = product > largest ? -500 : product < smallest && product > 0 ? 500 : 0
  exponents[k] -= up
  const scale = 2 ** up
  pairs[2 * k] = u * scale
  pairs[2 * k + 1] = v * scale
}

/** Products, which are pairs, in the dtype of the matrices. */
function productsOf({ pairs, exponents }: Products, { elements, batch, dtype }: Stack): NDArray {
  const Reals = elements.constructor as Float64ArrayConstructor
  const step = realOf(dtype) === dtype ? 2 : 1
  const found = new Reals(pairs.length / step)
  for (let k = 0; k < found.length; k++) {
    const place = k * step
    const exponent = exponents[place >> 1]
    // In two steps, so that no factor leaves the range before the product does.
    const half = Math.trunc(exponent / 2)
    found[k] = exponent === 0 ? pairs[place] : pairs[place] * 2 ** half * 2 ** (exponent - half)
  }
  return reshapeOf(found, batch, dtype)
}

/** Sign and logarithm of the size of determinants; of a singular matrix 0 and −∞. The sign of a complex one is the number of size 1 with its angle; logarithms are real. */
export function slogdet(x: Operand): { sign: NDArray; logabsdet: NDArray } {
  const stack = squares(x, 'slogdet')
  const logs = new Float64Array(sizeOf(stack.batch))
  const signs = onesFor(stack)
  pivotsOf(stack, (k, re, im) => {
    const length = size(re, im)
    logs[k] += Math.log(length)
    if (length === 0) multiply(signs, k, 0, 0)
    else multiply(signs, k, re / length, im / length)
  })
  const Reals = stack.elements.constructor as Float64ArrayConstructor
  return {
    sign: productsOf(signs, stack),
    logabsdet: reshapeOf(new Reals(logs), stack.batch, realOf(stack.dtype)),
  }
}

/** Determinants. */
export function det(x: Operand): NDArray {
  const stack = squares(x, 'det')
  const products = onesFor(stack)
  pivotsOf(stack, (k, re, im) => multiply(products, k, re, im))
  return productsOf(products, stack)
}

/** The first row of a triangle with a zero on its diagonal; −1: there is none. */
export function zeroOnDiagonal({ array, at, rows, stride, parts }: Matrix): number {
  for (let i = 0; i < rows; i++) {
    const place = (at + i * (stride + 1)) * parts
    if (array[place] === 0 && array[place + parts - 1] === 0) return i
  }
  return -1
}

export interface TriangularOptions {
  /** The triangle above the diagonal is that of A; else the one below. Default false */
  upper?: boolean
  /** Ones stand for the diagonal. Default false */
  unit?: boolean
  /** Aᵀ·X = B is solved. Default false */
  transposed?: boolean
  /** Aᴴ·X = B is solved; of real numbers that is the same. Default false */
  adjoint?: boolean
}

/** X of A·X = B, for a triangle of A. @throws ShapeError; LinearAlgebraError for a zero on the diagonal */
export function solveTriangular(x1: Operand, x2: Operand, options: TriangularOptions = {}): NDArray {
  const [a, b] = [toArray(x1, 'solveTriangular', 'x1'), toArray(x2, 'solveTriangular', 'x2')]
  const dtype = met(a.dtype, b.dtype, 'solveTriangular')
  const isVector = b.ndim === 1
  const right = isVector ? reshape(b, [-1, 1]) : b
  const triangles = squares(astype(a, dtype, { copy: false }), 'solveTriangular', 'x1')
  const solutions = new Stack(astype(right, dtype, { copy: false }), 'solveTriangular', 'x2')
  if (solutions.rows !== triangles.rows || String(triangles.batch) !== String(solutions.batch))
    throw new ShapeError(
      'solveTriangular',
      `the shapes ${shapeText(a.shape)} and ${shapeText(b.shape)} do not go together.`,
      [a.shape, b.shape],
    )
  const { upper = false, unit = false, transposed: isTransposed = false, adjoint = false } = options
  const columns = solutions[Symbol.iterator]()
  for (const matrix of triangles) {
    const zero = unit ? -1 : zeroOnDiagonal(matrix)
    if (zero >= 0) throw singular('solveTriangular', { singular: zero, line: 'column' })
    // The transpose of a triangle is taken conjugated.
    if (isTransposed && !adjoint) conjugate(matrix)
    const triangle = { matrix, upper, unit, transposed: isTransposed || adjoint }
    providerOf('solveTriangular', matrix.rows, matrix.parts).solveTriangular(triangle, columns.next().value as Matrix)
  }
  triangles.release()
  const found = overElements(solutions)
  return isVector ? reshape(found, [...triangles.batch, triangles.rows]) : found
}
