/** How bright images are: histograms made even, thresholds. */

import { ArgumentError } from '@skein/base'
import { kernel } from '@skein/kernel'
import { DTypeError, ShapeError, shapeText } from '../../errors.ts'
import { runOf } from '../../expression/plain.ts'
import type { NDArray } from '../../ndarray.ts'
import { computed, type Numbers } from '../computing.ts'
import { greater, subtract } from '../elementwise.ts'
import type { Operand } from '../operands.ts'
import { elementsOf } from '../placing.ts'
import { type BorderOptions, borderOf, placesOf } from './borders.ts'
import { gaussianFilter, uniformFilter } from './filters.ts'
import { checkPlane, floatPixels, isCount, pairOf, pixelsOf } from './pixels.ts'
import { medianFilter } from './ranks.ts'

interface Counted {
  readonly counts: Float64Array
  readonly centres: Float64Array
}

/** How many elements there are around each of `bins` values evenly apart; of whole numbers of up to 16 bits, of each value. */
function countsOf(values: Numbers, isWhole: boolean, bins: number, call: string): Counted {
  let [low, high] = [Infinity, -Infinity]
  for (let k = 0; k < values.length; k++) {
    if (values[k] < low) low = values[k]
    if (values[k] > high) high = values[k]
  }
  if (!Number.isFinite(high - low))
    throw new ArgumentError(
      call,
      'x',
      'finite elements, at least one',
      values.length === 0 ? 'none' : `${low} to ${high}`,
    )
  const number = isWhole ? high - low + 1 : bins
  const width = isWhole ? 1 : (high - low || 1) / bins
  const counts = new Float64Array(number)
  const first = isWhole ? low - 0.5 : high === low ? low - 0.5 : low
  for (let k = 0; k < values.length; k++) counts[Math.min(number - 1, Math.floor((values[k] - first) / width))]++
  return { counts, centres: counts.map((_, k) => first + (k + 0.5) * width) }
}

const isSmall = (dtype: string) => ['bool', 'uint8', 'int8', 'uint16', 'int16'].includes(dtype)

function checkBins(bins: unknown, call: string): asserts bins is number {
  if (!Number.isSafeInteger(bins) || (bins as number) < 1)
    throw new ArgumentError(call, 'bins', 'a whole number from 1', bins)
}

/**
 * The threshold between two kinds of pixels that makes the variance between them largest (N. Otsu, 1979). Computed at once, of all elements.
 * @param x integers of up to 16 bits, which are counted one by one, or numbers, which are put in `bins` (default 256)
 * @returns a number: pixels above it are of the one kind
 * @throws ArgumentError for an image without elements, or that are not finite
 */
export function thresholdOtsu(x: Operand, { bins = 256 }: { bins?: number } = {}): number {
  const call = 'thresholdOtsu'
  checkBins(bins, call)
  const { array, dtype } = pixelsOf(x, call)
  const { counts, centres } = countsOf(elementsOf(array) as unknown as Numbers, isSmall(dtype), bins, call)
  let [total, moment] = [0, 0]
  for (let k = 0; k < counts.length; k++) {
    total += counts[k]
    moment += counts[k] * centres[k]
  }
  let [below, momentBelow, best, found] = [0, 0, -1, centres[0]]
  for (let k = 0; k + 1 < counts.length; k++) {
    below += counts[k]
    momentBelow += counts[k] * centres[k]
    const above = total - below
    const variance = below * above * (momentBelow / below - (moment - momentBelow) / above) ** 2
    if (variance > best) [best, found] = [variance, centres[k]]
  }
  return found
}

export interface LocalThresholdOptions extends BorderOptions {
  /** What a pixel is compared with: `gaussian` (default), `mean` or `median` of its neighbours. */
  method?: 'gaussian' | 'mean' | 'median'
  /** Taken from it. Default 0. */
  offset?: number
  /** Of `gaussian`, in pixels. Default (blockSize − 1) / 6. */
  sigma?: number
}

/**
 * A threshold for each pixel: what its neighbours are, less an offset.
 * @param blockSize rows and columns of the neighbours: odd
 * @returns floats: of integers of up to 16 bits float32, of others float64
 */
export function thresholdLocal(x: Operand, blockSize: number, options: LocalThresholdOptions = {}): NDArray {
  const call = 'thresholdLocal'
  const { array } = floatPixels(x, call)
  if (!isCount(blockSize) || blockSize % 2 === 0)
    throw new ArgumentError(call, 'blockSize', 'an odd number from 1', blockSize)
  const { method = 'gaussian', offset = 0, sigma = (blockSize - 1) / 6 } = options
  if (typeof offset !== 'number') throw new ArgumentError(call, 'offset', 'a number', offset)
  const border = borderOf(options, call)
  if (method === 'gaussian') return subtract(gaussianFilter(array, { ...border, sigma }), offset)
  if (method === 'mean') return subtract(uniformFilter(array, { ...border, size: blockSize }), offset)
  if (method === 'median') return subtract(medianFilter(array, { ...border, size: blockSize }), offset)
  throw new ArgumentError(call, 'method', "'gaussian', 'mean' or 'median'", method)
}

/** Where pixels are above a threshold of their own: `thresholdLocal`. Booleans. */
export const adaptiveThreshold = (
  x: Operand,
  blockSize: number,
  options: LocalThresholdOptions = {},
): NDArray<'bool'> =>
  greater(floatPixels(x, 'adaptiveThreshold').array, thresholdLocal(x, blockSize, options)) as NDArray<'bool'>

/** The share of elements below, between the values of bins. */
const replaceByShare = kernel(
  (i, bins: number, centres: Float64Array, shares: Float64Array, from: Numbers, to: Float32Array | Float64Array) => {
    const at = ((from[i] - centres[0]) / (centres[bins - 1] - centres[0])) * (bins - 1)
    const place = bins > 1 ? Math.min(Math.max(at, 0), bins - 1) : 0
    const k = Math.min(Math.floor(place), Math.max(bins - 2, 0)) | 0
    const next = Math.min(k + 1, bins - 1)
    to[i] = shares[k] + (shares[next] - shares[k]) * (place - k)
  },
  { name: 'histEqual' },
)

/**
 * Spreads brightness evenly: each element becomes the share of elements that are not above it.
 * @returns floats from 0 to 1: of integers of up to 16 bits, and float32, float32; else float64
 * @throws ArgumentError for elements that are not finite
 */
export function histEqual(x: Operand, { bins = 256 }: { bins?: number } = {}): NDArray {
  const call = 'histEqual'
  checkBins(bins, call)
  const { array, dtype, work, shape } = pixelsOf(x, call)
  return computed(work, shape, [array], function* ([from], to) {
    const { counts, centres } = countsOf(from, isSmall(dtype), bins, call)
    let sum = 0
    const shares = counts.map(n => (sum += n)).map(n => n / sum)
    yield runOf(replaceByShare, from.length, counts.length, centres, shares, from, to as Float32Array)
  })
}

export interface ClaheOptions {
  /** No value may be so many times as frequent as if all were equally. 0: any may. Default 40. */
  clipLimit?: number
  /** In how many tiles the image is cut, down the rows and along them. Default 8. */
  tiles?: number | readonly [number, number]
}

/** Rounded, halves to even numbers. */
const rint = (x: number): number => {
  const up = Math.floor(x + 0.5)
  return up - x === 0.5 && up - 2 * Math.floor(up / 2) === 1 ? up - 1 : up
}

/** Between the tables of four tiles. */
const blendTables = kernel(
  (
    [r, c],
    tables: Int32Array,
    values: number,
    down: number,
    along: number,
    height: number,
    width: number,
    from: Numbers,
    to: Numbers,
    columns: number,
  ) => {
    const y = r / height - 0.5
    const x = c / width - 0.5
    const v = y - Math.floor(y)
    const u = x - Math.floor(x)
    const top = Math.max(Math.floor(y) | 0, 0)
    const bottom = Math.min((Math.floor(y) | 0) + 1, down - 1)
    const left = Math.max(Math.floor(x) | 0, 0)
    const right = Math.min((Math.floor(x) | 0) + 1, along - 1)
    const value = from[r * columns + c] | 0
    const above =
      tables[(top * along + left) * values + value] * (1 - u) + tables[(top * along + right) * values + value] * u
    const below =
      tables[(bottom * along + left) * values + value] * (1 - u) + tables[(bottom * along + right) * values + value] * u
    to[r * columns + c] = rint(above * (1 - v) + below * v)
  },
  { name: 'clahe', use: () => ({ rint }) },
)

/** Makes frequent values less so, and the others more. */
function clipCounts(counts: Int32Array, limit: number): void {
  let over = 0
  for (let k = 0; k < counts.length; k++) {
    if (counts[k] <= limit) continue
    over += counts[k] - limit
    counts[k] = limit
  }
  const share = Math.floor(over / counts.length)
  let rest = over - share * counts.length
  for (let k = 0; k < counts.length; k++) counts[k] += share
  const step = Math.max(Math.floor(counts.length / Math.max(rest, 1)), 1)
  for (let k = 0; k < counts.length && rest > 0; k += step, rest--) counts[k]++
}

/**
 * Spreads brightness evenly in each part of the image, without making noise stronger than `clipLimit` allows; between tiles it goes over smoothly (K. Zuiderveld, 1994), as OpenCV does it.
 * @param x of two axes, uint8 or uint16
 * @returns the same
 * @throws ShapeError, DTypeError, ArgumentError
 */
export function clahe(x: Operand, { clipLimit = 40, tiles = 8 }: ClaheOptions = {}): NDArray {
  const call = 'clahe'
  const pixels = pixelsOf(x, call)
  checkPlane(pixels, call)
  const { array, shape, rows, columns, dtype } = pixels
  if (dtype !== 'uint8' && dtype !== 'uint16')
    throw new DTypeError(call, 'uint8 and uint16', [dtype], 'nd.image.imgAsUbyte makes bytes of floats.')
  if (typeof clipLimit !== 'number' || !(clipLimit >= 0))
    throw new ArgumentError(call, 'clipLimit', 'a number from 0', clipLimit)
  const [down, along] = pairOf(tiles, call, 'tiles', isCount, 'a whole number from 1')
  if (rows < 2 || columns < 2)
    throw new ShapeError(call, `an image of shape ${shapeText(shape)} is too small.`, [shape])
  const values = dtype === 'uint8' ? 256 : 65536
  return computed(dtype, shape, [array], function* ([from], to) {
    const isEven = rows % down === 0 && columns % along === 0
    const height = isEven ? rows / down : Math.floor(rows / down) + 1
    const width = isEven ? columns / along : Math.floor(columns / along) + 1
    const mirror = { mode: 'mirror', cval: 0 } as const
    const ys = placesOf(rows, 0, height * down - rows, mirror)
    const xs = placesOf(columns, 0, width * along - columns, mirror)
    const area = height * width
    const limit = clipLimit > 0 ? Math.max(Math.trunc((clipLimit * area) / values), 1) : area
    const scale = Math.fround((values - 1) / area)
    const tables = new Int32Array(down * along * values)
    const counts = new Int32Array(values)
    for (let tile = 0; tile < down * along; tile++) {
      const [top, left] = [Math.floor(tile / along) * height, (tile % along) * width]
      counts.fill(0)
      for (let r = top; r < top + height; r++)
        for (let c = left; c < left + width; c++) counts[from[ys[r] * columns + xs[c]]]++
      if (limit < area) clipCounts(counts, limit)
      let sum = 0
      for (let k = 0; k < values; k++) {
        sum += counts[k]
        tables[tile * values + k] = Math.min(values - 1, rint(Math.fround(sum * scale)))
      }
    }
    yield runOf(blendTables, [rows, columns], tables, values, down, along, height, width, from, to, columns)
  })
}
