/** Sums over rectangles, and how alike two images are. */

import { ArgumentError } from '@skein/base'
import { infoOf, isFloat } from '../../dtypes.ts'
import { ShapeError, shapeText } from '../../errors.ts'
import type { NDArray } from '../../ndarray.ts'
import { sameShape } from '../../shape.ts'
import { astype } from '../astype.ts'
import { cumulativeSum } from '../cumulative.ts'
import { multiply, subtract } from '../elementwise.ts'
import { map } from '../map.ts'
import type { Operand } from '../operands.ts'
import { mean } from '../reductions.ts'
import { uniformFilter } from './filters.ts'
import { crop } from './geometry.ts'
import { isCount, type Pixels, pixelsOf } from './pixels.ts'

/**
 * Sums of all elements above and to the left, with a row and a column of zeros before them: the sum over rows a to b and columns c to d (b and d left out) is s[b, d] − s[a, d] − s[b, c] + s[a, c].
 * @param x of shape [rows, columns, …]
 * @returns of shape [rows + 1, columns + 1, …]: of floats of their dtype, of others float64
 */
export function integralImage(x: Operand): NDArray {
  const { array, dtype } = pixelsOf(x, 'integralImage')
  const numbers = isFloat(dtype) ? array : astype(array, 'float64')
  return cumulativeSum(cumulativeSum(numbers, { axis: 0, includeInitial: true }), { axis: 1, includeInitial: true })
}

interface Two {
  readonly a: NDArray
  readonly b: NDArray
  readonly pixels: Pixels
  readonly range: number
}

function twoOf(x1: Operand, x2: Operand, dataRange: number | undefined, call: string): Two {
  const [p, q] = [pixelsOf(x1, call, 'x1'), pixelsOf(x2, call, 'x2')]
  if (!sameShape(p.shape, q.shape))
    throw new ShapeError(call, `${shapeText(p.shape)} and ${shapeText(q.shape)} are not of one shape.`, [
      p.shape,
      q.shape,
    ])
  const { kind, bits } = infoOf(p.dtype)
  const usual = kind === 'float' || kind === 'bool' ? 1 : 2 ** bits - 1
  const { range = usual } = { range: dataRange }
  if (typeof range !== 'number' || !(range > 0))
    throw new ArgumentError(call, 'dataRange', 'a number above 0', dataRange)
  const [a, b] = [p, q].map(({ array }) => astype(array, 'float64', { copy: false }))
  return { a, b, pixels: p, range }
}

export interface LikenessOptions {
  /** How far elements can be apart. Default: that of an integer's dtype, or 1 for floats. */
  dataRange?: number
}

/** The peak signal-to-noise ratio in decibels: 10·log₁₀(dataRange² / mean square of differences). Infinity for equal images. */
export function psnr(x1: Operand, x2: Operand, { dataRange }: LikenessOptions = {}): number {
  const { a, b, range } = twoOf(x1, x2, dataRange, 'psnr')
  const d = subtract(a, b)
  return 10 * Math.log10(range ** 2 / (mean(multiply(d, d)).item() as number))
}

/**
 * The structural similarity of two images, of windows of `size` pixels, the mean of all of them (Z. Wang and others, 2004): 1 for equal ones. Channels count alike.
 * @throws ShapeError for images smaller than a window, or of different shapes
 */
export function ssim(
  x1: Operand,
  x2: Operand,
  { dataRange, size = 7 }: LikenessOptions & { size?: number } = {},
): number {
  const { a, b, pixels, range } = twoOf(x1, x2, dataRange, 'ssim')
  const { rows, columns, shape } = pixels
  if (!isCount(size) || size % 2 === 0) throw new ArgumentError('ssim', 'size', 'an odd number from 1', size)
  if (rows < size || columns < size)
    throw new ShapeError('ssim', `an image of shape ${shapeText(shape)} has no window of ${size} pixels.`, [shape])
  const [around, square] = [(x: NDArray) => uniformFilter(x, { size }), (x: NDArray, y: NDArray) => multiply(x, y)]
  const [ma, mb, aa, bb, ab] = [a, b, square(a, a), square(b, b), square(a, b)].map(around)
  // Covariances of samples.
  const share = size ** 2 / Math.max(size ** 2 - 1, 1)
  const [c1, c2] = [(0.01 * range) ** 2, (0.03 * range) ** 2]
  const similarity = (m: number, n: number, mm: number, nn: number, mn: number, f: number, p: number, q: number) => {
    const apart = f * (mn - m * n)
    const spread = f * (mm - m * m) + f * (nn - n * n)
    return ((2 * m * n + p) * (2 * apart + q)) / ((m * m + n * n + p) * (spread + q))
  }
  const found = map(similarity, ma, mb, aa, bb, ab, share, c1, c2)
  const edge = (size - 1) / 2
  return mean(
    crop(found, { top: edge, left: edge, height: rows - 2 * edge, width: columns - 2 * edge }),
  ).item() as number
}
