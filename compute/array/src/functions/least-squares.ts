/** What singular values tell: pseudo-inverses, ranks, norms, condition, least squares. Of float32, float64, complex64 and complex128; integers become float64. The axes in front of the last two are a batch. */

import { ArgumentError } from '@skein/base'
import { isComplex, isFloat } from '../dtypes.ts'
import { LinearAlgebraError, ShapeError, shapeText } from '../errors.ts'
import type { NDArray } from '../ndarray.ts'
import { adjoint } from './adjoint.ts'
import { astype } from './astype.ts'
import { lengthAtOnce } from './at-once.ts'
import { asarray, zeros } from './creation.ts'
import * as elementwise from './elementwise.ts'
import { computedIn, met } from './matrices.ts'
import { type Operand, toArray } from './operands.ts'
import { matmul } from './products.ts'
import * as reductions from './reductions.ts'
import { expandDims, reshape } from './shaping.ts'
import { svd, svdvals } from './spectra.ts'
import { inv } from './systems.ts'

export interface RankOptions {
  /** Singular values up to this part of the largest one count as zero. Default max(m, n)·ε */
  rtol?: number
}

const epsilonOf = (x: NDArray) => (x.dtype === 'float32' ? 2 ** -23 : 2 ** -52)

/** Which singular values count. */
function counted(s: NDArray, m: number, n: number, rtol: number | undefined, call: string): NDArray {
  if (rtol !== undefined && !(typeof rtol === 'number' && rtol >= 0))
    throw new ArgumentError(call, 'rtol', 'a number that is not negative', rtol)
  const largest = reductions.max(s, { axis: -1, keepdims: true })
  return elementwise.greater(s, elementwise.multiply(largest, rtol ?? Math.max(m, n) * epsilonOf(s)))
}

const rankOf = (counts: NDArray): NDArray => reductions.countNonzero(counts, { axis: -1 })

/** 1/s, and 0 for what does not count. */
const inverses = (s: NDArray, counts: NDArray): NDArray =>
  elementwise.where(counts, elementwise.divide(1, elementwise.where(counts, s, 1)), 0)

function sizesOf(x: NDArray, call: string): [m: number, n: number] {
  if (x.ndim < 2)
    throw new ShapeError(call, `x must have two axes or more, not the shape ${shapeText(x.shape)}.`, [x.shape])
  return x.shape.slice(-2) as [number, number]
}

/**
 * The pseudo-inverse of Moore and Penrose.
 * @param x of shape [..., m, n]
 * @returns [..., n, m]
 * @throws ShapeError; LinearAlgebraError as `svd`
 */
export function pinv(x: Operand, { rtol }: RankOptions = {}): NDArray {
  const array = toArray(x, 'pinv')
  const [m, n] = sizesOf(array, 'pinv')
  if (array.size === 0) return zeros([...array.shape.slice(0, -2), n, m], { dtype: computedIn(array.dtype, 'pinv') })
  const { u, s, vh } = svd(array, { fullMatrices: false })
  const factors = expandDims(inverses(s, counted(s, m, n, rtol, 'pinv')), -1)
  return matmul(adjoint(vh), elementwise.multiply(factors, adjoint(u)))
}

/**
 * How many singular values count.
 * @param x of shape [..., m, n]
 * @returns int64, [...]
 * @throws ShapeError; LinearAlgebraError as `svd`
 */
export function matrixRank(x: Operand, { rtol }: RankOptions = {}): NDArray {
  const array = toArray(x, 'matrixRank')
  const [m, n] = sizesOf(array, 'matrixRank')
  if (array.size === 0) return zeros(array.shape.slice(0, -2), { dtype: 'int64' })
  return rankOf(counted(svdvals(array), m, n, rtol, 'matrixRank'))
}

/** `fro`: the root of the sum of squares; `nuc`: the sum of singular values; 1 and −1: the largest and smallest sum of a column's sizes; ±Infinity: of a row's; 2 and −2: the largest and smallest singular value. */
export type MatrixOrder = 'fro' | 'nuc' | 1 | -1 | 2 | -2 | number

export interface MatrixNormOptions {
  /** Default `fro` */
  ord?: MatrixOrder
  /** The two axes stay, with length 1. */
  keepdims?: boolean
}

/**
 * The norm of matrices.
 * @param x of shape [..., m, n]
 * @returns [...], of the dtype of A, or of its parts if it is complex
 * @throws ShapeError; ArgumentError for another order; LinearAlgebraError as `svd` where singular values are needed
 */
export function matrixNorm(x: Operand, { ord = 'fro', keepdims = false }: MatrixNormOptions = {}): NDArray {
  const given = toArray(x, 'matrixNorm')
  sizesOf(given, 'matrixNorm')
  const array = isFloat(given.dtype) || isComplex(given.dtype) ? given : astype(given, 'float64')
  const found = normOf(array, ord)
  return keepdims ? expandDims(expandDims(found, -1), -1) : found
}

function normOf(x: NDArray, ord: MatrixOrder): NDArray {
  const small = ord === 'fro' && x.ndim === 2 ? lengthAtOnce(x) : undefined
  if (small) return small
  const last = { axis: -1 }
  const size = elementwise.abs(x)
  if (ord === 'fro') return elementwise.sqrt(reductions.sum(elementwise.square(size), { axis: [-2, -1] }))
  if (ord === 'nuc') return reductions.sum(svdvals(x), last)
  if (ord === 2) return reductions.max(svdvals(x), last)
  if (ord === -2) return reductions.min(svdvals(x), last)
  if (Math.abs(ord as number) !== 1 && Math.abs(ord as number) !== Infinity)
    throw new ArgumentError('matrixNorm', 'ord', "'fro', 'nuc', 1, -1, 2, -2, Infinity or -Infinity", ord)
  const sums = reductions.sum(size, { axis: Math.abs(ord as number) === 1 ? -2 : -1 })
  return (ord as number) > 0 ? reductions.max(sums, last) : reductions.min(sums, last)
}

/**
 * How much errors grow when a system is solved: the norm of A times that of A⁻¹; with order 2 the largest singular value over the smallest. Infinity for a singular matrix.
 * @param x of shape [..., m, n]; square unless `p` is 2 or −2
 * @throws ShapeError; LinearAlgebraError as `svd`
 */
export function cond(x: Operand, p: MatrixOrder = 2): NDArray {
  const array = toArray(x, 'cond')
  const [m, n] = sizesOf(array, 'cond')
  if (m * n === 0)
    throw new ShapeError('cond', `of an empty matrix, ${shapeText(array.shape)}, is not defined.`, [array.shape])
  if (p === 2 || p === -2) {
    const s = svdvals(array)
    const [most, least] = [reductions.max(s, { axis: -1 }), reductions.min(s, { axis: -1 })]
    return p === 2 ? unlessSingular(least, elementwise.divide(most, least)) : elementwise.divide(least, most)
  }
  const norm = matrixNorm(array, { ord: p })
  const each = [...reshape(array, [-1, m, n])].map(matrix => ofInverse(matrix, p))
  const ofInverses = reshape(asarray(each, { dtype: norm.dtype as 'float64' }), norm.shape)
  return unlessSingular(elementwise.divide(1, ofInverses), elementwise.multiply(norm, ofInverses))
}

/** Of a matrix of zeros, too, the condition is infinite, not NaN. */
const unlessSingular = (least: NDArray, found: NDArray): NDArray =>
  elementwise.where(elementwise.equal(least, 0), Infinity, found)

function ofInverse(x: NDArray, p: MatrixOrder): number {
  try {
    return Number(matrixNorm(inv(x), { ord: p }).item())
  } catch (error) {
    if (error instanceof LinearAlgebraError && error.at >= 0) return Infinity
    throw error
  }
}

export interface LeastSquares {
  /** [..., n] or [..., n, k]: of all X that make |B − A·X| least, the shortest. */
  readonly x: NDArray
  /** Sums of |B − A·X|², [...] or [..., k], real. */
  readonly residuals: NDArray
  /** int64, [...] */
  readonly rank: NDArray
  /** Singular values of A, descending. */
  readonly s: NDArray
}

/**
 * X that makes |B − A·X| least; A may be of any shape and rank.
 * @param a of shape [..., m, n]
 * @param b [m], or [..., m, k]
 * @throws ShapeError; LinearAlgebraError as `svd`
 */
export function lstsq(a: Operand, b: Operand, { rtol }: RankOptions = {}): LeastSquares {
  const [given, right] = [toArray(a, 'lstsq', 'a'), toArray(b, 'lstsq', 'b')]
  const [m, n] = sizesOf(given, 'lstsq')
  const isVector = right.ndim === 1
  const rows = right.shape[isVector ? 0 : right.ndim - 2]
  if (rows !== m)
    throw new ShapeError('lstsq', `${shapeText(given.shape)} has ${m} rows, ${shapeText(right.shape)} has ${rows}.`, [
      given.shape,
      right.shape,
    ])
  const dtype = met(given.dtype, right.dtype, 'lstsq')
  const [matrix, columns] = [
    astype(given, dtype, { copy: false }),
    astype(isVector ? reshape(right, [-1, 1]) : right, dtype),
  ]
  const { u, s, vh } = svd(matrix, { fullMatrices: false })
  const isEmpty = s.size === 0
  const counts = isEmpty ? s : counted(s, m, n, rtol, 'lstsq')
  const factors = isEmpty ? s : inverses(s, counts)
  const parts = elementwise.multiply(expandDims(factors, -1), matmul(adjoint(u), columns))
  const x = matmul(adjoint(vh), parts).eval()
  const off = elementwise.subtract(columns, matmul(matrix, x))
  const residuals = reductions.sum(elementwise.square(elementwise.abs(off)), { axis: -2 })
  return {
    x: isVector ? reshape(x, x.shape.slice(0, -1)) : x,
    residuals: isVector ? reshape(residuals, residuals.shape.slice(0, -1)) : residuals,
    rank: rankOf(counts),
    s,
  }
}
