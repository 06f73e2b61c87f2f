/** Distributions of vectors: along the last axis, which is added to the shape. */

import { ArgumentError } from '@skein/base'
import { LinearAlgebraError, ShapeError, shapeText } from '../../errors.ts'
import { NDArray } from '../../ndarray.ts'
import * as closed from '../../random/closed.ts'
import * as drawn from '../../random/drawn.ts'
import { checkShape, type Shape, sizeOf } from '../../shape.ts'
import { astype } from '../astype.ts'
import { asarray, fromTypedArray } from '../creation.ts'
import * as e from '../elementwise.ts'
import type { Operand } from '../operands.ts'
import { max, sum } from '../reductions.ts'
import { expandDims } from '../shaping.ts'
import {
  atLeast0,
  type CountOptions,
  type CountType,
  countTypes,
  type Demand,
  dtypeAmong,
  type FloatOptions,
  finite,
  type Numbers,
  parameterOf,
  placed,
  positive,
  type RealType,
  realTypes,
  streamOf,
} from './source.ts'

/** A vector of parameters. @throws ArgumentError, ShapeError */
function vectorOf(given: unknown, demand: Demand, call: string, name: string): Float64Array {
  if (!(given instanceof NDArray) && !ArrayBuffer.isView(given) && !Array.isArray(given))
    throw new ArgumentError(call, name, 'a list or an array of numbers', given)
  const x = asarray(given as Operand)
  if (x.ndim !== 1 || x.size === 0)
    throw new ShapeError(
      call,
      `${name} must have one axis, and an element at least; its shape is ${shapeText(x.shape)}.`,
      [x.shape],
    )
  return parameterOf(x, x.shape, demand, call, name) as Float64Array
}

/** Weights that are not all 0, summing to 1. */
export function weightsOf(given: unknown, call: string, name: string): Float64Array {
  const weights = vectorOf(given, atLeast0, call, name)
  const total = weights.reduce((s, w) => s + w, 0)
  if (!(total > 0 && total < Infinity))
    throw new ArgumentError(call, name, 'weights with a finite sum above 0', total, 'That is their sum')
  return weights.map(w => w / total)
}

/**
 * How `n` trials fall into classes, as probable as `p` says; weights are divided by their sum. One class after the other, each a binomial number of the trials
 * that are left. @throws ArgumentError, ShapeError
 */
export function multinomial<D extends CountType = 'int32'>(
  givenShape: number | Shape,
  options: CountOptions<D> & { n: Numbers; p: NDArray | ArrayBufferView | readonly number[] },
): NDArray<D> {
  const call = 'random.multinomial'
  const shape = checkShape(givenShape, call)
  const dtype = dtypeAmong<CountType>(options?.dtype, 'int32', countTypes, call) as D
  const p = weightsOf(options?.p, call, 'p')
  const whole = {
    is: (x: number) => Number.isInteger(x) && x >= 0 && x < 2 ** 31,
    expected: `a whole number from 0 to ${2 ** 31 - 1}`,
  }
  const n = parameterOf(options?.n, shape, whole, call, 'n')
  const size = sizeOf(shape)
  const generator = streamOf(options, call)
  const left = typeof n === 'number' ? new Float64Array(size).fill(n) : n
  const counts = new Float64Array(size * p.length)
  // What is left of the probability, summed from the end: its last part is then exact.
  const tails = p.slice()
  for (let j = p.length - 2; j >= 0; j--) tails[j] += tails[j + 1]
  for (let j = 0; j < p.length; j++) {
    const isLast = tails[j] === p[j]
    const chance = isLast ? 1 : Math.min(1, p[j] / tails[j])
    const drawnNow = placed(drawn.binomial, [size], 'float64', { generator }, call, [left.slice(), chance])
    const found = drawnNow.view.memory.elements as unknown as Float64Array
    for (let r = 0; r < size; r++) {
      counts[r * p.length + j] = found[r]
      left[r] -= found[r]
    }
  }
  return astype(fromTypedArray(counts, [...shape, p.length]), dtype)
}

/** Vectors of positive numbers whose sum is 1, of gamma numbers with these `alpha`. @throws ArgumentError, ShapeError */
export function dirichlet<D extends RealType = 'float64'>(
  givenShape: number | Shape,
  options: FloatOptions<D> & { alpha: NDArray | ArrayBufferView | readonly number[] },
): NDArray<D> {
  const call = 'random.dirichlet'
  const shape = checkShape(givenShape, call)
  const dtype = dtypeAmong<RealType>(options?.dtype, 'float64', realTypes, call) as D
  const alpha = vectorOf(options?.alpha, positive, call, 'alpha')
  const whole = checkShape([...shape, alpha.length], call)
  const of = parameterOf(alpha, whole, positive, call, 'alpha')
  const logarithms = placed(drawn.logOfGamma, whole, 'float64', options, call, [of])
  if (sizeOf(whole) === 0) return astype(logarithms, dtype)
  const parts = e.exp(e.subtract(logarithms, max(logarithms, { axis: -1, keepdims: true })))
  return astype(e.divide(parts, sum(parts, { axis: -1, keepdims: true })), dtype)
}

/**
 * Normal vectors of this mean and covariance: mean + L·z, where L·Lᵀ is the covariance, which may be singular.
 * @throws ArgumentError, ShapeError; LinearAlgebraError for a matrix that is not symmetric, or not positive semidefinite
 */
export function multivariateNormal<D extends RealType = 'float64'>(
  givenShape: number | Shape,
  options: FloatOptions<D> & {
    mean: NDArray | ArrayBufferView | readonly number[]
    cov: Operand | readonly (readonly number[])[]
  },
): NDArray<D> {
  const call = 'random.multivariateNormal'
  const shape = checkShape(givenShape, call)
  const dtype = dtypeAmong<RealType>(options?.dtype, 'float64', realTypes, call) as D
  const mean = vectorOf(options?.mean, finite, call, 'mean')
  const n = mean.length
  const given = options?.cov
  if (!(given instanceof NDArray) && !ArrayBuffer.isView(given) && !Array.isArray(given))
    throw new ArgumentError(call, 'cov', 'a matrix', given)
  const cov = asarray(given as NDArray)
  if (shapeText(cov.shape) !== shapeText([n, n]))
    throw new ShapeError(call, `cov has the shape ${shapeText(cov.shape)}, and mean ${n} elements.`, [cov.shape, [n]])
  const root = rootOf(parameterOf(cov, cov.shape, finite, call, 'cov') as Float64Array, n, call)
  const z = placed(closed.normal, checkShape([...shape, n], call), 'float64', options, call, [0, 1])
  // A sum, rather than a product of matrices: its bits are the same on every machine.
  const turned = sum(e.multiply(expandDims(z, -2), fromTypedArray(root, [n, n])), { axis: -1 })
  return astype(e.add(turned, mean), dtype)
}

/** L of A = L·Lᵀ, by columns. Where nothing is left of a pivot its column is 0. */
function rootOf(a: Float64Array, n: number, call: string): Float64Array {
  const largest = a.reduce((m, x) => Math.max(m, Math.abs(x)), 0)
  const least = 1e-12 * n * largest
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++)
      if (Math.abs(a[i * n + j] - a[j * n + i]) > 1e-8 * largest)
        throw new LinearAlgebraError(call, `cov is not symmetric: elements (${i}, ${j}) and (${j}, ${i}) differ.`, i)
  const root = new Float64Array(n * n)
  for (let j = 0; j < n; j++) {
    const rest = (i: number): number => {
      let s = a[i * n + j]
      for (let k = 0; k < j; k++) s -= root[i * n + k] * root[j * n + k]
      return s
    }
    const pivot = rest(j)
    const isNothing = pivot <= least
    for (let i = j; i < n; i++) {
      const s = i === j ? pivot : rest(i)
      if (isNothing && (i === j ? s < -least : Math.abs(s) > Math.sqrt(least * largest)))
        throw new LinearAlgebraError(call, `cov is not positive semidefinite: so says row ${i}.`, i)
      root[i * n + j] = isNothing ? 0 : s / Math.sqrt(pivot)
    }
  }
  return root
}
