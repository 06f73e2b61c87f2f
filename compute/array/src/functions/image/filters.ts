/** Linear filters of images, as `scipy.ndimage` has them: means, Gaussian weights, derivatives. */

import { ArgumentError } from '@skein/base'
import { ShapeError, shapeText } from '../../errors.ts'
import type { NDArray } from '../../ndarray.ts'
import { astype } from '../astype.ts'
import { asarray, type Nested } from '../creation.ts'
import { add, hypot, multiply } from '../elementwise.ts'
import type { Operand } from '../operands.ts'
import { flip } from '../shaping.ts'
import { type BorderOptions, borderOf } from './borders.ts'
import { correlated, correlatedWindow, type Taps } from './correlation.ts'
import { checkAlong, filteredType, isCount, isFloating, mostWeights, type Pixels, pairOf, pixelsOf } from './pixels.ts'

export interface AlongOptions extends BorderOptions {
  /** 0: down the rows; 1: along them. Default 1. */
  axis?: 0 | 1
  /** By how many places the weights are moved. Default 0: their middle is at the pixel. */
  origin?: number
}

function listOf(weights: Operand | readonly number[], call: string): number[] {
  const array = asarray(weights as Nested)
  if (array.ndim !== 1 || array.size === 0)
    throw new ShapeError(call, `weights must be a list, not of shape ${shapeText(array.shape)}.`, [array.shape])
  return astype(array, 'float64').toList() as number[]
}

function checkOrigin(origin: number, n: number, call: string): void {
  const [low, high] = [-Math.floor(n / 2), Math.floor((n - 1) / 2)]
  if (!Number.isInteger(origin) || origin < low || origin > high)
    throw new ArgumentError(
      call,
      'origin',
      `a whole number from ${low} to ${high}, so that the pixel is among the weights`,
      origin,
    )
}

/**
 * Σ weights[j] · x[k + j − ⌊n/2⌋ − origin] along an axis. Integers stay what they are: sums are rounded, halves up, and kept in range. Floats of 32 bits, and integers of up to 16,
 * are summed in float32.
 * @param x of shape [rows, columns, …]: axes behind are channels, or a stack, each for itself
 * @returns of the same shape and dtype; of booleans float32
 * @throws ShapeError, DTypeError, ArgumentError
 */
export function correlate1d(x: Operand, weights: Operand | readonly number[], options: AlongOptions = {}): NDArray {
  const pixels = pixelsOf(x, 'correlate1d')
  const list = listOf(weights, 'correlate1d')
  const { origin = 0, axis = 1 } = options
  checkOrigin(origin, list.length, 'correlate1d')
  const before = Math.floor(list.length / 2) + origin
  const taps = { axis: checkAlong(axis, 'correlate1d'), weights: list, before }
  return correlated(pixels, [taps], borderOf(options, 'correlate1d'), filteredType(pixels.dtype))
}

/** The same with the weights backwards. */
export function convolve1d(x: Operand, weights: Operand | readonly number[], options: AlongOptions = {}): NDArray {
  const list = listOf(weights, 'convolve1d')
  // Of an even number of weights the middle is on the other side.
  const origin = -(options.origin ?? 0) - (list.length % 2 === 0 ? 1 : 0)
  return correlate1d(x, list.reverse(), { ...options, origin })
}

/**
 * Sums over a window of two axes whose middle is at the pixel. Dtypes are those of `correlate1d`.
 * @param weights of shape [m, n], the same for all channels
 * @throws ShapeError, DTypeError, ArgumentError
 */
export const correlate = (x: Operand, weights: Operand | Nested, options: BorderOptions = {}): NDArray =>
  windowed(x, asarray(weights as Nested), options, 'correlate', 0)

/** The same with the weights backwards along both axes. */
export const convolve = (x: Operand, weights: Operand | Nested, options: BorderOptions = {}): NDArray =>
  windowed(x, flip(asarray(weights as Nested)), options, 'convolve', 1)

function windowed(x: Operand, weights: NDArray, options: BorderOptions, call: string, even: 0 | 1): NDArray {
  const pixels = pixelsOf(x, call)
  if (weights.ndim !== 2 || weights.size === 0)
    throw new ShapeError(call, `weights must have two axes, not the shape ${shapeText(weights.shape)}.`, [
      weights.shape,
    ])
  const rows = astype(weights, 'float64').toList() as number[][]
  const middle = weights.shape.map(n => Math.floor((n - even) / 2))
  const places = rows.flatMap((row, r) => row.map((_, c) => [r - middle[0], c - middle[1]] as const))
  return correlatedWindow(pixels, { places }, rows.flat(), borderOf(options, call), filteredType(pixels.dtype))
}

export interface UniformOptions extends BorderOptions {
  /** Of the window, or of its rows and columns. Default 3. */
  size?: number | readonly [number, number]
}

/** Means over windows: a box filter. Dtypes are those of `correlate1d`. */
export function uniformFilter(x: Operand, options: UniformOptions = {}): NDArray {
  const pixels = pixelsOf(x, 'uniformFilter')
  const isSize = (n: number) => isCount(n) && n <= mostWeights
  const sizes = pairOf(options.size ?? 3, 'uniformFilter', 'size', isSize, `a whole number from 1 to ${mostWeights}`)
  const stages = sizes.map((n, axis) => ({
    axis: axis as 0 | 1,
    weights: new Array<number>(n).fill(1 / n),
    before: Math.floor(n / 2),
  }))
  return correlated(pixels, stages, borderOf(options, 'uniformFilter'), filteredType(pixels.dtype))
}

export interface GaussianOptions extends BorderOptions {
  /** Standard deviation in pixels, or those down the rows and along them. */
  sigma: number | readonly [number, number]
  /** Of which derivative: 0 is the function itself. Default 0. */
  order?: number | readonly [number, number]
  /** Weights reach so many standard deviations. Default 4. */
  truncate?: number
}

/** Weights of a Gaussian, or of its derivative: they times a polynomial whose coefficients are found one order after the other. */
export function gaussianWeights(sigma: number, order: number, radius: number): number[] {
  if (!Number.isSafeInteger(radius) || radius < 0 || radius > mostWeights / 2)
    throw new ArgumentError(
      'gaussianWeights',
      'radius',
      `a whole number from 0 to ${mostWeights / 2}`,
      radius,
      'It is sigma times truncate.',
    )
  const places = Array.from({ length: 2 * radius + 1 }, (_, k) => k - radius)
  const bell = places.map(x => Math.exp((-0.5 / sigma ** 2) * x * x))
  const sum = bell.reduce((s, w) => s + w, 0)
  let q = [1]
  for (let k = 0; k < order; k++) {
    const next = new Array<number>(q.length + 1).fill(0)
    for (const [p, c] of q.entries()) {
      if (p > 0) next[p - 1] += p * c
      next[p + 1] -= c / sigma ** 2
    }
    q = next
  }
  // Correlation is with weights backwards.
  return places.map((x, k) => (bell[k] / sum) * q.reduceRight((s, c) => s * -x + c, 0))
}

function gaussianTaps(options: GaussianOptions, call: string): Taps[] {
  const { order = 0, truncate = 4 } = options
  const sigmas = pairOf(options.sigma, call, 'sigma', s => Number.isFinite(s) && s >= 0, 'a number from 0')
  const orders = pairOf(order, call, 'order', o => Number.isSafeInteger(o) && o >= 0, 'a whole number from 0')
  if (typeof truncate !== 'number' || !(truncate >= 0) || truncate > 1e6)
    throw new ArgumentError(call, 'truncate', 'a number from 0', truncate)
  const stages: Taps[] = []
  for (const axis of [0, 1] as const) {
    const sigma = sigmas[axis]
    if (sigma <= 1e-15) continue
    const radius = Math.floor(truncate * sigma + 0.5)
    stages.push({ axis, weights: gaussianWeights(sigma, orders[axis], radius), before: radius })
  }
  return stages.length > 0 ? stages : [{ axis: 1, weights: [1], before: 0 }]
}

/**
 * Sums with the weights of a Gaussian, or of its derivatives (which are floats: of integers of up to 16 bits float32, of others float64).
 * @throws ArgumentError for a sigma below 0; ShapeError, DTypeError
 */
export function gaussianFilter(x: Operand, options: GaussianOptions): NDArray {
  const pixels = pixelsOf(x, 'gaussianFilter')
  const stages = gaussianTaps(options, 'gaussianFilter')
  const isSmooth = [options.order ?? 0].flat().every(o => o === 0)
  const result = isSmooth ? filteredType(pixels.dtype) : slopeType(pixels)
  return correlated(pixels, stages, borderOf(options, 'gaussianFilter'), result)
}

/** What differences are: floats, since they have a sign. */
const slopeType = ({ dtype, work }: Pixels) => (isFloating(dtype) ? dtype : work)

/** Differences along an axis, smoothed along the other. */
const derivative =
  (call: string, smooth: readonly number[]) =>
  (x: Operand, options: BorderOptions & { axis?: 0 | 1 } = {}): NDArray => {
    const pixels = pixelsOf(x, call)
    const axis = checkAlong(options.axis ?? 1, call)
    const stages: Taps[] = [
      { axis, weights: [-1, 0, 1], before: 1 },
      { axis: axis === 0 ? 1 : 0, weights: smooth, before: 1 },
    ]
    return correlated(pixels, stages, borderOf(options, call), slopeType(pixels))
  }

/** Differences of neighbours along an axis, 1 (along the rows) unless said; across it weights 1, 2, 1. Floats come out: of integers of up to 16 bits float32, of others float64. */
export const sobel = derivative('sobel', [1, 2, 1])
/** The same with weights 3, 10, 3, whose directions are more exact. */
export const scharr = derivative('scharr', [3, 10, 3])
/** The same with weights 1, 1, 1. */
export const prewitt = derivative('prewitt', [1, 1, 1])

/** The sum of second differences along both axes, of floats as those of `sobel`. */
export function laplace(x: Operand, options: BorderOptions = {}): NDArray {
  const pixels = pixelsOf(x, 'laplace')
  const border = borderOf(options, 'laplace')
  const [down, along] = ([0, 1] as const).map(axis =>
    correlated(pixels, [{ axis, weights: [1, -2, 1], before: 1 }], border, slopeType(pixels)),
  )
  return add(down, along)
}

function derivatives(x: Operand, options: GaussianOptions, order: number, call: string): NDArray[] {
  const pixels = pixelsOf(x, call)
  return ([0, 1] as const).map(axis => {
    const stages = gaussianTaps({ ...options, order: axis === 0 ? [order, 0] : [0, order] }, call)
    return correlated(pixels, stages, borderOf(options, call), slopeType(pixels))
  })
}

/** The sum of second derivatives of Gaussian weights. */
export function gaussianLaplace(x: Operand, options: Omit<GaussianOptions, 'order'>): NDArray {
  const [down, along] = derivatives(x, options, 2, 'gaussianLaplace')
  return add(down, along)
}

/** How steep the image is: the length of its gradient, by derivatives of Gaussian weights. */
export function gaussianGradientMagnitude(x: Operand, options: Omit<GaussianOptions, 'order'>): NDArray {
  const [down, along] = derivatives(x, options, 1, 'gaussianGradientMagnitude')
  return hypot(down, along)
}

export interface UnsharpOptions extends BorderOptions {
  /** Standard deviation of the Gaussian in pixels. Default 1. */
  sigma?: number
  /** How much of the difference is added. Default 1. */
  amount?: number
}

/** Sharpens: adds what a Gaussian takes away. Floats come out. */
export function unsharpMask(x: Operand, { sigma = 1, amount = 1, ...options }: UnsharpOptions = {}): NDArray {
  const pixels = pixelsOf(x, 'unsharpMask')
  if (typeof amount !== 'number') throw new ArgumentError('unsharpMask', 'amount', 'a number', amount)
  const given = astype(pixels.array, slopeType(pixels), { copy: false })
  const smooth = gaussianFilter(given, { sigma, ...options })
  return add(given, multiply(add(given, multiply(smooth, -1)), amount))
}
