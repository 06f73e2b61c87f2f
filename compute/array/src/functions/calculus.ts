/** Slopes and areas of what is given at points, and angles without jumps. */

import { ArgumentError } from '@skein/base'
import { kernel } from '@skein/kernel'
import { type DType, isComplex } from '../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../errors.ts'
import { runOf } from '../expression/plain.ts'
import { viewAt } from '../indexing/basic.ts'
import { arrayOf, type NDArray } from '../ndarray.ts'
import { checkAxes, checkAxis, type Shape, sizeOf } from '../shape.ts'
import { astype, floated } from './astype.ts'
import { areaAtOnce, slopesAtOnce } from './at-once.ts'
import { computed } from './computing.ts'
import { asarray, type Nested } from './creation.ts'
import { cumulativeSum } from './cumulative.ts'
import { diff } from './differences.ts'
import * as e from './elementwise.ts'
import { at } from './indexing.ts'
import { concat } from './joining.ts'
import { type Operand, toArray } from './operands.ts'
import { sum } from './reductions.ts'
import { moveaxis } from './shaping.ts'

type Points = number | Operand | readonly number[]

export interface GradientOptions {
  /** Along which slopes are taken; default all. */
  axis?: number | readonly number[]
  /** How far points are from each other (default 1), or where they are: for all axes, or in a list of one for each. */
  spacing?: Points | readonly Points[]
  /** Slopes at both ends are exact for polynomials up to this degree: 1 (the default) or 2. */
  edgeOrder?: 1 | 2
}

/**
 * The slope at each element by differences of its neighbours, exact for polynomials of degree 2 inside. A list of arrays, one for each axis; with a number as `axis` that array alone.
 * @throws ShapeError for fewer elements than the edges take: edgeOrder + 1; ArgumentError
 */
export function gradient(x: Operand, options: GradientOptions & { axis: number }): NDArray
export function gradient(x: Operand, options?: GradientOptions): NDArray[]
export function gradient(x: Operand, { axis, spacing = 1, edgeOrder = 1 }: GradientOptions = {}): NDArray | NDArray[] {
  const array = floated(toArray(x, 'gradient'))
  const axes = checkAxes(axis, array.shape, 'gradient')
  if (edgeOrder !== 1 && edgeOrder !== 2) throw new ArgumentError('gradient', 'edgeOrder', '1 or 2', edgeOrder)
  const isEach = Array.isArray(spacing) && axes.length > 1
  if (isEach && spacing.length !== axes.length)
    throw new ArgumentError('gradient', 'spacing', `one for each of ${axes.length} axes`, spacing)
  const found = axes.map((d, k) => {
    const points = (isEach ? (spacing as Points[])[k] : spacing) as Points
    if (array.shape[d] < edgeOrder + 1)
      throw new ShapeError(
        'gradient',
        `axis ${d} of ${shapeText(array.shape)} has ${array.shape[d]} elements, fewer than ${edgeOrder + 1}.`,
        [array.shape],
      )
    const steps = stepsOf(points, array.shape, d)
    const isPlain = typeof steps === 'number' && edgeOrder === 1 && !isComplex(array.dtype) && array.dtype !== 'float16'
    if (isPlain) return slopesAtOnce(array, steps) ?? evenSlopes(array, d, steps)
    const found = slopes(moveaxis(array, d, -1), steps, edgeOrder)
    return moveaxis(astype(found, array.dtype, { copy: false }), -1, d)
  })
  return typeof axis === 'number' ? found[0] : found
}

/** One number, or distances of neighbours. */
function stepsOf(points: Points, shape: Shape, d: number): number | NDArray {
  if (typeof points === 'number') return points
  const given = asarray(points as Nested)
  if (given.ndim === 0) return Number(given.item())
  if (given.ndim !== 1 || given.size !== shape[d])
    throw new ShapeError(
      'gradient',
      `points of shape ${shapeText(given.shape)} are not one for each of ${shape[d]} along axis ${d}.`,
      [shape, given.shape],
    )
  return diff(floated(given)).eval()
}

/** A row is as many lines as lie within one another, whose neighbours are `apart`; behind `last` they have none. */
const slopesInRows = kernel(
  ([row, k], length: number, apart: number, last: number, step: number, x: Float64Array, out: Float64Array) => {
    const at = row * length + k
    if (k < apart) out[at] = (x[at + apart] - x[at]) / step
    else if (k >= last) out[at] = (x[at] - x[at - apart]) / step
    else out[at] = (x[at + apart] - x[at - apart]) / (2 * step)
  },
  { name: 'slopes', unsafe: true },
)

/** Slopes along an axis by neighbours that are equally far from each other. */
function evenSlopes(x: NDArray, d: number, step: number): NDArray {
  const apart = sizeOf(x.shape.slice(d + 1))
  const length = x.shape[d] * apart
  const rows = sizeOf(x.shape.slice(0, d))
  return computed(x.dtype, x.shape, [x], function* ([from], to) {
    const [a, b] = [from as Float64Array, to as Float64Array]
    yield runOf(slopesInRows, [rows, length], length, apart, length - apart, step, a, b)
  })
}

/** Along the last axis. Inside by both neighbours, as far as they are (for equal steps their difference over twice the step). */
function slopes(f: NDArray, steps: number | NDArray, edgeOrder: 1 | 2): NDArray {
  const cut = (x: NDArray, span: string) => at(x, `..., ${span}`)
  const [before, here, behind] = [cut(f, ':-2'), cut(f, '1:-1'), cut(f, '2:')]
  const step = (k: number): number | NDArray => (typeof steps === 'number' ? steps : at(steps, `${k}:${k + 1 || ''}`))
  let inside: NDArray
  if (typeof steps === 'number') inside = e.divide(e.subtract(behind, before), 2 * steps)
  else {
    const [l, r] = [at(steps, ':-1'), at(steps, '1:')]
    const both = e.add(l, r)
    const a = e.divide(e.negative(r), e.multiply(l, both))
    const b = e.divide(e.subtract(r, l), e.multiply(l, r))
    const c = e.divide(l, e.multiply(r, both))
    inside = e.add(e.add(e.multiply(a, before), e.multiply(b, here)), e.multiply(c, behind))
  }
  const ends = [
    [0, 1, 2],
    [-1, -2, -3],
  ].map(([p, q, r]) => {
    const at1 = (k: number) => cut(f, `${k}:${k + 1 || ''}`)
    const isLast = p < 0
    const near = step(isLast ? -1 : 0)
    const slope = isLast ? e.subtract(at1(p), at1(q)) : e.subtract(at1(q), at1(p))
    if (edgeOrder === 1) return e.divide(slope, near)
    return edgeSlope([at1(p), at1(q), at1(r)], near, step(isLast ? -2 : 1), isLast)
  })
  return concat([ends[0], inside, ends[1]], { axis: -1 })
}

/** The slope at the first of three points of the parabola through them. */
function edgeSlope(
  [f0, f1, f2]: readonly NDArray[],
  near: number | NDArray,
  far: number | NDArray,
  isLast: boolean,
): NDArray {
  const both = e.add(near, far)
  const a = e.divide(e.negative(e.add(e.multiply(2, near), far)), e.multiply(near, both))
  const b = e.divide(both, e.multiply(near, far))
  const c = e.divide(e.negative(near), e.multiply(far, both))
  const found = e.add(e.add(e.multiply(f0, a), e.multiply(f1, b)), e.multiply(f2, c))
  return isLast ? e.negative(found) : found
}

export interface TrapezoidOptions {
  /** Where the elements are along the axis: as many, or an array that is broadcast with y's shape. */
  x?: Operand | readonly number[]
  /** How far they are from each other where `x` is left out; default 1. */
  dx?: number
  /** Default −1, the last. */
  axis?: number
}

/** The area below straight lines through elements along an axis. @throws ShapeError */
export function trapezoid(y: Operand, { x, dx = 1, axis = -1 }: TrapezoidOptions = {}): NDArray {
  const array = floated(toArray(y, 'trapezoid', 'y'))
  const d = checkAxis(axis, array.shape, 'trapezoid')
  if (x === undefined && array.shape[d] > 1) {
    const area = typeof dx === 'number' ? areaAtOnce(array, dx) : undefined
    if (area) return area
    const part = (begin: number, end: number) => arrayOf(viewAt(array.view, [...before, { begin, end }], 'trapezoid'))
    const before = array.shape.slice(0, d).map(() => ({}))
    const length = array.shape[d]
    const ends = e.add(sum<DType>(part(0, 1), { axis: d }), sum<DType>(part(length - 1, length), { axis: d }))
    return e.multiply(e.add(sum<DType>(part(1, length - 1), { axis: d }), e.divide(ends, 2)), dx)
  }
  const line = moveaxis(array, d, -1)
  const heights = e.add(at(line, '..., 1:'), at(line, '..., :-1'))
  if (x === undefined) return e.multiply(sum(heights, { axis: -1 }), dx / 2)
  const points = floated(asarray(x as Nested))
  const widths = diff(points.ndim === 1 ? points : moveaxis(points, d, -1))
  return e.divide(sum(e.multiply(widths, heights), { axis: -1 }), 2)
}

export interface UnwrapOptions {
  /** Default −1, the last. */
  axis?: number
  /** From neighbour to neighbour larger jumps are taken out; default half the period, which is also the least. */
  discont?: number
  /** Default 2π. */
  period?: number
}

/** Angles along an axis without jumps: each moved by whole periods until it is less than half of one from its neighbour before. Integers become float64. */
export function unwrap(x: Operand, { axis = -1, discont, period = 2 * Math.PI }: UnwrapOptions = {}): NDArray {
  const array = floated(toArray(x, 'unwrap'))
  if (isComplex(array.dtype)) throw new DTypeError('unwrap', 'real numbers', [array.dtype])
  if (!(period > 0)) throw new ArgumentError('unwrap', 'period', 'a number above 0', period)
  const d = checkAxis(axis, array.shape, 'unwrap')
  if (array.shape[d] < 2) return array
  const line = moveaxis(array, d, -1)
  const half = period / 2
  const steps = diff(line)
  const inside = e.subtract(e.remainder(e.add(steps, half), period), half)
  // A step of half a period stays what it is.
  const kept = e.where(e.logicalAnd(e.equal(inside, -half), e.greater(steps, 0)), half, inside)
  const moves = e.where(e.less(e.abs(steps), Math.max(discont ?? half, half)), 0, e.subtract(kept, steps))
  const moved = e.add(at(line, '..., 1:'), cumulativeSum(moves, { axis: -1 }))
  return moveaxis(concat([at(line, '..., :1'), moved], { axis: -1 }), -1, d)
}
