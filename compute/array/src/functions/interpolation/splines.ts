/** Curves through points, as `scipy.interpolate` has them. */

import { ArgumentError } from '@skein/base'
import type { Nested } from '../creation.ts'
import type { Operand } from '../operands.ts'
import { type Extrapolate, hermite, PiecewisePolynomial, type Points, pointsOf } from './pieces.ts'

/** Of an end: a derivative of order 1 or 2 and its value, the same for all lines. */
export type EndCondition = readonly [order: 1 | 2, value: number]
export type BoundaryCondition =
  | 'not-a-knot'
  | 'natural'
  | 'clamped'
  | 'periodic'
  | readonly [EndCondition, EndCondition]

export interface CurveOptions {
  /** Of y, along x. Default 0. */
  axis?: number
  extrapolate?: Extrapolate
}

const stepsOf = ({ x }: Points) => Float64Array.from({ length: x.length - 1 }, (_, k) => x[k + 1] - x[k])
const slopesOf = ({ y, lines }: Points, dx: Float64Array) =>
  Float64Array.from({ length: dx.length * lines }, (_, i) => (y[i + lines] - y[i]) / dx[Math.floor(i / lines)])

/** Solves a tridiagonal system for all lines, in place. */
function solveTridiagonal(
  below: Float64Array,
  on: Float64Array,
  above: Float64Array,
  b: Float64Array,
  lines: number,
): void {
  const n = on.length
  const pivots = on.slice()
  for (let i = 1; i < n; i++) {
    const factor = below[i] / pivots[i - 1]
    pivots[i] -= factor * above[i - 1]
    for (let l = 0; l < lines; l++) b[i * lines + l] -= factor * b[(i - 1) * lines + l]
  }
  for (let i = n - 1; i >= 0; i--)
    for (let l = 0; l < lines; l++)
      b[i * lines + l] = (b[i * lines + l] - (i < n - 1 ? above[i] * b[(i + 1) * lines + l] : 0)) / pivots[i]
}

interface System {
  readonly below: Float64Array
  readonly on: Float64Array
  readonly above: Float64Array
  readonly b: Float64Array
}

/** Second derivatives agree at inner points. */
function innerRows({ n, lines }: Points, dx: Float64Array, slope: Float64Array): System {
  const [below, on, above, b] = [
    new Float64Array(n),
    new Float64Array(n),
    new Float64Array(n),
    new Float64Array(n * lines),
  ]
  for (let i = 1; i < n - 1; i++) {
    below[i] = dx[i]
    on[i] = 2 * (dx[i - 1] + dx[i])
    above[i] = dx[i - 1]
    for (let l = 0; l < lines; l++)
      b[i * lines + l] = 3 * (dx[i] * slope[(i - 1) * lines + l] + dx[i - 1] * slope[i * lines + l])
  }
  return { below, on, above, b }
}

/** @param end the first point, or the last */
function endRow(
  { below, on, above, b }: System,
  { n, lines }: Points,
  dx: Float64Array,
  slope: Float64Array,
  condition: EndCondition | 'not-a-knot',
  end: 'first' | 'last',
): void {
  const isFirst = end === 'first'
  const row = isFirst ? 0 : n - 1
  const beside = isFirst ? above : below
  const [near, next] = isFirst ? [0, 1] : [n - 2, n - 3]
  for (let l = 0; l < lines; l++) {
    const [s0, s1] = [slope[near * lines + l], slope[next * lines + l]]
    if (condition === 'not-a-knot') {
      const d = dx[near] + dx[next]
      on[row] = dx[next]
      beside[row] = d
      b[row * lines + l] = ((dx[near] + 2 * d) * dx[next] * s0 + dx[near] ** 2 * s1) / d
    } else if (condition[0] === 1) {
      on[row] = 1
      b[row * lines + l] = condition[1]
    } else {
      on[row] = 2 * dx[near]
      beside[row] = dx[near]
      b[row * lines + l] = 3 * s0 * dx[near] + (isFirst ? -0.5 : 0.5) * condition[1] * dx[near] ** 2
    }
  }
}

/** Slopes of a curve that begins anew at its end: a cyclic system, by two with a tridiagonal matrix (J. Sherman, W. Morrison). */
function periodicSlopes(points: Points, dx: Float64Array, slope: Float64Array): Float64Array {
  const { n, lines } = points
  const m = n - 1
  const [below, on, above] = [new Float64Array(m), new Float64Array(m), new Float64Array(m)]
  const wide = lines + 1
  const b = new Float64Array(m * wide)
  for (let i = 0; i < m; i++) {
    const before = (i + m - 1) % m
    below[i] = dx[i]
    on[i] = 2 * (dx[before] + dx[i])
    above[i] = dx[before]
    for (let l = 0; l < lines; l++)
      b[i * wide + l] = 3 * (dx[i] * slope[before * lines + l] + dx[before] * slope[i * lines + l])
  }
  const s = new Float64Array(n * lines)
  if (m === 2) {
    const det = on[0] * on[1] - (below[0] + above[0]) * (below[1] + above[1])
    for (let l = 0; l < lines; l++) {
      s[l] = (b[l] * on[1] - (below[0] + above[0]) * b[wide + l]) / det
      s[lines + l] = (b[wide + l] * on[0] - (below[1] + above[1]) * b[l]) / det
    }
  } else {
    const [corner, last] = [below[0], above[m - 1]]
    const gamma = -on[0]
    on[0] -= gamma
    on[m - 1] -= (corner * last) / gamma
    b[lines] = gamma
    b[(m - 1) * wide + lines] = last
    solveTridiagonal(below, on, above, b, wide)
    const of = (l: number) => b[l] + (corner / gamma) * b[(m - 1) * wide + l]
    for (let l = 0; l < lines; l++) {
      const factor = of(l) / (1 + of(lines))
      for (let i = 0; i < m; i++) s[i * lines + l] = b[i * wide + l] - factor * b[i * wide + lines]
    }
  }
  for (let l = 0; l < lines; l++) s[m * lines + l] = s[l]
  return s
}

function conditionsOf(
  given: BoundaryCondition,
  call: string,
): readonly [EndCondition | 'not-a-knot', EndCondition | 'not-a-knot'] {
  if (given === 'not-a-knot') return ['not-a-knot', 'not-a-knot']
  if (given === 'natural' || given === 'clamped') {
    const end: EndCondition = [given === 'natural' ? 2 : 1, 0]
    return [end, end]
  }
  const isPair =
    Array.isArray(given) &&
    given.length === 2 &&
    given.every(e => Array.isArray(e) && (e[0] === 1 || e[0] === 2) && typeof e[1] === 'number')
  if (!isPair)
    throw new ArgumentError(
      call,
      'bcType',
      "'not-a-knot', 'natural', 'clamped', 'periodic', or for both ends order and value of a derivative",
      given,
    )
  return given as readonly [EndCondition, EndCondition]
}

function cubic(points: Points, given: BoundaryCondition, call: string): Float64Array {
  const { n, lines, y } = points
  const dx = stepsOf(points)
  const slope = slopesOf(points, dx)
  if (given === 'periodic') {
    for (let l = 0; l < lines; l++)
      if (Math.abs(y[l] - y[(n - 1) * lines + l]) > 1e-12 * Math.max(1, Math.abs(y[l])))
        throw new ArgumentError(
          call,
          'y',
          'the same first and last value, for a periodic curve',
          `${y[l]} and ${y[(n - 1) * lines + l]}`,
        )
    return n === 2 ? new Float64Array(2 * lines) : periodicSlopes(points, dx, slope)
  }
  const conditions = conditionsOf(given, call)
  const system = innerRows(points, dx, slope)
  const isLine = n === 2
  if (n === 3 && conditions[0] === 'not-a-knot' && conditions[1] === 'not-a-knot') {
    // One parabola.
    const { below, on, above, b } = system
    for (const [row, near] of [
      [0, 0],
      [2, 1],
    ] as const) {
      on[row] = 1
      if (row === 0) above[0] = 1
      else below[2] = 1
      for (let l = 0; l < lines; l++) b[row * lines + l] = 2 * slope[near * lines + l]
    }
    solveTridiagonal(below, on, above, b, lines)
    return b
  }
  if (isLine) {
    const straight = (c: EndCondition | 'not-a-knot'): EndCondition | 'line' => (c === 'not-a-knot' ? 'line' : c)
    const [first, last] = conditions.map(straight)
    for (const [end, c] of [
      ['first', first],
      ['last', last],
    ] as const) {
      if (c !== 'line') endRow(system, points, dx, slope, c, end)
      else {
        const row = end === 'first' ? 0 : 1
        system.on[row] = 1
        for (let l = 0; l < lines; l++) system.b[row * lines + l] = slope[l]
      }
    }
  } else {
    endRow(system, points, dx, slope, conditions[0], 'first')
    endRow(system, points, dx, slope, conditions[1], 'last')
  }
  solveTridiagonal(system.below, system.on, system.above, system.b, lines)
  return system.b
}

/**
 * The cubic spline through points: its second derivative has no jumps. Evaluated by kernels, on every lane and core.
 * `new nd.interpolate.CubicSpline(x, y).evaluate(places)`
 */
export class CubicSpline extends PiecewisePolynomial {
  /**
   * @param x places, each above the one before
   * @param y values, along `axis`; other axes are curves of their own
   * @param options.bcType what holds at the ends: `not-a-knot` (default: no jump of the third derivative beside them), `natural` (no curvature), `clamped` (no slope), `periodic`, or order and value of a derivative for each
   * @throws ShapeError, DTypeError, ArgumentError
   */
  constructor(x: Operand | Nested, y: Operand | Nested, options: CurveOptions & { bcType?: BoundaryCondition } = {}) {
    const { axis = 0, bcType = 'not-a-knot', extrapolate = bcType === 'periodic' ? 'periodic' : true } = options
    const points = pointsOf(x, y, axis, 2, 'CubicSpline')
    super(...hermite(points, cubic(points, bcType, 'CubicSpline'), extrapolate))
  }
}
