/** Functions put together of polynomials: between each two breakpoints another one. */

import { ArgumentError } from '@skein/base'
import { kernel } from '@skein/kernel'
import { isComplex } from '../../dtypes.ts'
import { DTypeError, ShapeError, shapeText } from '../../errors.ts'
import { runOf } from '../../expression/plain.ts'
import type { NDArray } from '../../ndarray.ts'
import { checkAxis, type Shape, sizeOf } from '../../shape.ts'
import { astype } from '../astype.ts'
import { computed } from '../computing.ts'
import { asarray, type Nested } from '../creation.ts'
import { subtract } from '../elementwise.ts'
import type { Operand } from '../operands.ts'
import { elementsOf } from '../placing.ts'
import { moveaxis } from '../shaping.ts'

/** Beyond the breakpoints: the first and last polynomial go on (true), NaN (false), or the whole begins anew. */
export type Extrapolate = boolean | 'periodic'

/** A lane is a value: of a place, and of one of the functions that share breakpoints. */
const evaluatePieces = kernel(
  (
    i,
    lines: number,
    pieces: number,
    degree: number,
    beyond: number,
    x: Float64Array,
    c: Float64Array,
    at: Float64Array,
    to: Float64Array,
  ) => {
    const p = (i / lines) | 0
    const line = i - p * lines
    const first = x[0]
    const last = x[pieces]
    let v = at[p]
    if (beyond === 2) v -= Math.floor((v - first) / (last - first)) * (last - first)
    let low = 0
    let high = pieces - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (x[middle] <= v) low = middle
      else high = middle - 1
    }
    const d = v - x[low]
    let s = c[low * lines + line]
    for (let k = 1; k <= degree; k++) s = s * d + c[(k * pieces + low) * lines + line]
    to[i] = v !== v || (beyond === 0 && (v < first || v > last)) ? Number.NaN : s
  },
  { name: 'piecewisePolynomial' },
)

export class PiecewisePolynomial {
  /** Breakpoints, in order. */
  readonly #x: Float64Array
  /** Coefficients: highest power first, then pieces, then functions. */
  readonly #c: Float64Array
  readonly #degree: number
  readonly #lines: Shape
  readonly #extrapolate: Extrapolate
  /** Of y, along x. */
  readonly #axis: number

  /** For functions of this room: users make splines. */
  constructor(x: Float64Array, c: Float64Array, degree: number, lines: Shape, extrapolate: Extrapolate, axis = 0) {
    this.#x = x
    this.#c = c
    this.#degree = degree
    this.#lines = lines
    this.#extrapolate = extrapolate
    this.#axis = axis
  }

  /** Breakpoints: float64. */
  get x(): NDArray<'float64'> {
    return asarray(this.#x.slice()) as NDArray<'float64'>
  }

  /**
   * Values at places, or those of a derivative.
   * @param options.nu which derivative. Default 0
   * @returns float64 of y's shape, with that of `at` where the axis along x was
   */
  evaluate(
    at: Operand | Nested,
    { nu = 0, extrapolate = this.#extrapolate }: { nu?: number; extrapolate?: Extrapolate } = {},
  ): NDArray<'float64'> {
    if (nu !== 0) return this.derivative(nu).evaluate(at, { extrapolate })
    const places = realsOf(at, 'evaluate', 'at')
    const lines = sizeOf(this.#lines)
    const [x, c, degree] = [this.#x, this.#c, this.#degree]
    const beyond = extrapolate === 'periodic' ? 2 : extrapolate ? 1 : 0
    const found = computed('float64', [...places.shape, ...this.#lines], [places], function* ([from], to) {
      yield runOf(
        evaluatePieces,
        to.length,
        lines,
        x.length - 1,
        degree,
        beyond,
        x,
        c,
        from as Float64Array,
        to as Float64Array,
      )
    })
    if (this.#axis === 0 || places.ndim === 0) return found
    const first = places.shape.map((_, d) => d)
    return moveaxis(
      found,
      first,
      first.map(d => d + this.#axis),
    )
  }

  /** The derivative, a function like this one. */
  derivative(nu = 1): PiecewisePolynomial {
    if (!Number.isSafeInteger(nu) || nu < 0) throw new ArgumentError('derivative', 'nu', 'a whole number from 0', nu)
    const kept = Math.max(this.#degree - nu, 0)
    const size = this.#c.length / (this.#degree + 1)
    const c = new Float64Array((kept + 1) * size)
    if (nu <= this.#degree)
      for (let k = 0; k <= kept; k++) {
        let factor = 1
        for (let j = 0; j < nu; j++) factor *= this.#degree - k - j
        for (let i = 0; i < size; i++) c[k * size + i] = this.#c[k * size + i] * factor
      }
    return new PiecewisePolynomial(this.#x, c, kept, this.#lines, this.#extrapolate, this.#axis)
  }

  /** What this is the derivative of, 0 at the first breakpoint. */
  antiderivative(): PiecewisePolynomial {
    const [x, lines, degree] = [this.#x, sizeOf(this.#lines), this.#degree]
    const pieces = x.length - 1
    const size = pieces * lines
    const c = new Float64Array((degree + 2) * size)
    for (let k = 0; k <= degree; k++)
      for (let i = 0; i < size; i++) c[k * size + i] = this.#c[k * size + i] / (degree + 1 - k)
    for (let p = 1; p < pieces; p++)
      for (let l = 0; l < lines; l++) {
        let s = 0
        for (let k = 0; k <= degree + 1; k++) s = s * (x[p] - x[p - 1]) + c[k * size + (p - 1) * lines + l]
        c[(degree + 1) * size + p * lines + l] = s
      }
    return new PiecewisePolynomial(
      x,
      c,
      degree + 1,
      this.#lines,
      this.#extrapolate === 'periodic' ? true : this.#extrapolate,
      this.#axis,
    )
  }

  /** The integral from a to b. Beyond the breakpoints the first and last polynomial go on. */
  integrate(a: number, b: number): NDArray<'float64'> {
    const whole = this.antiderivative()
    const [from, to] = [a, b].map(v => whole.evaluate(v, { extrapolate: true }))
    return subtract(to, from) as NDArray<'float64'>
  }
}

/** Real numbers as float64. @throws DTypeError */
export function realsOf(x: Operand | Nested, call: string, name: string): NDArray<'float64'> {
  const array = asarray(x as Nested)
  if (isComplex(array.dtype)) throw new DTypeError(call, `real numbers as ${name}`, [array.dtype])
  return astype(array, 'float64', { copy: false })
}

/** Points that are to be met: places in order, and values whose axis along them comes first. */
export interface Points {
  readonly x: Float64Array
  /** [n, lines] */
  readonly y: Float64Array
  readonly n: number
  readonly lines: number
  /** The other axes of y. */
  readonly shape: Shape
  readonly axis: number
}

/** @throws ShapeError, ArgumentError for places that are not in order */
export function pointsOf(x: Operand | Nested, y: Operand | Nested, axis: number, least: number, call: string): Points {
  const places = realsOf(x, call, 'x')
  const values = realsOf(y, call, 'y')
  const d = checkAxis(axis, values.shape, call)
  if (places.ndim !== 1 || values.shape[d] !== places.size)
    throw new ShapeError(
      call,
      `x of shape ${shapeText(places.shape)} does not go with axis ${d} of y of shape ${shapeText(values.shape)}.`,
      [places.shape, values.shape],
    )
  if (places.size < least)
    throw new ShapeError(call, `takes ${least} points or more, not ${places.size}.`, [places.shape])
  const list = (elementsOf(places) as unknown as Float64Array).slice()
  for (let k = 0; k < list.length; k++)
    if (!Number.isFinite(list[k]) || (k > 0 && !(list[k] > list[k - 1])))
      throw new ArgumentError(call, 'x', 'finite numbers, each above the one before', `${list[k]} at ${k}`)
  const first = moveaxis(values, d, 0)
  const shape = first.shape.slice(1)
  return {
    x: list,
    y: (elementsOf(first) as unknown as Float64Array).slice(),
    n: list.length,
    lines: sizeOf(shape),
    shape,
    axis: d,
  }
}

/** What a function of pieces is made of. */
export type Parts = ConstructorParameters<typeof PiecewisePolynomial>

/** Cubics that meet values y and slopes s at the points. */
export function hermite({ x, y, n, lines, shape, axis }: Points, s: Float64Array, extrapolate: Extrapolate): Parts {
  const size = (n - 1) * lines
  const c = new Float64Array(4 * size)
  for (let i = 0; i < size; i++) {
    const dx = x[Math.floor(i / lines) + 1] - x[Math.floor(i / lines)]
    const slope = (y[i + lines] - y[i]) / dx
    const t = (s[i] + s[i + lines] - 2 * slope) / dx
    c[i] = t / dx
    c[size + i] = (slope - s[i]) / dx - t
    c[2 * size + i] = s[i]
    c[3 * size + i] = y[i]
  }
  return [x, c, 3, shape, extrapolate, axis]
}
