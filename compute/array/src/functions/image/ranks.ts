/** Filters by the order of neighbours: medians, quantiles, and edges that stay sharp (`bilateral`). */

import { ArgumentError } from '@skein/base'
import { kernel } from '@skein/kernel'
import { type DType, infoOf, isInteger } from '../../dtypes.ts'
import { Composer } from '../../expression/compose.ts'
import { launchOf, type Run } from '../../expression/launch.ts'
import { runOf } from '../../expression/plain.ts'
import { type Made, programOf } from '../../expression/programs.ts'
import { mergeExchange } from '../../image/networks.ts'
import type { NDArray } from '../../ndarray.ts'
import { astype } from '../astype.ts'
import { computed, type Numbers } from '../computing.ts'
import type { Operand } from '../operands.ts'
import { type BorderOptions, borderOf } from './borders.ts'
import { type Framed, framed, stored } from './correlation.ts'
import { filteredType, type Pixels, pixelsOf, storedAs, storingOf } from './pixels.ts'
import { neighboursOf, type WindowSize } from './windows.ts'

/** So many neighbours are sorted by a network, in registers; of more the element is searched for. */
const mostSorted = 64

/** The kernel that sorts the neighbours of a pixel and writes the one of a rank. */
function network(dtype: DType, taps: number, rank: number): Made {
  const c = new Composer()
  const { b } = c
  const { element, kind } = infoOf(dtype)
  const [out, from] = [c.buffer(element), c.buffer(element)]
  const [stride, width] = [c.whole(), c.whole()]
  const [r, j] = [c.index(0), c.index(1)]
  const at = b.add(b.mul(r, stride), j)
  const values = Array.from({ length: taps }, () => c.load(dtype, from, b.add(c.whole(), at)).v)
  const sign = kind === 'float' ? '' : kind === 'unsigned' ? 'u' : 's'
  for (const [low, high] of mergeExchange(taps)) {
    const [x, y] = [values[low], values[high]]
    values[low] = b.op(`${sign}min`, x.type, [x, y])
    values[high] = b.op(`${sign}max`, x.type, [x, y])
  }
  b.store(out, element, b.add(b.mul(r, width), j), values[rank], 0)
  return { ir: c.finish('rankOfNeighbours', 2) }
}

/** The value that more than `rank` neighbours do not exceed, found by halving the range of whole numbers. */
const halve = kernel(
  (
    [r, j],
    taps: number,
    rank: number,
    least: number,
    most: number,
    offsets: Int32Array,
    from: Numbers,
    stride: number,
    to: Numbers,
    width: number,
  ) => {
    const at = r * stride + j
    let low = least / 1
    let high = most / 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      let count = 0
      for (let k = 0; k < taps; k++) count += from[at + offsets[k]] <= middle ? 1 : 0
      if (count > rank) high = middle
      else low = middle + 1
    }
    to[r * width + j] = low
  },
  { name: 'rankByHalving' },
)

/** The value of which at most `rank` neighbours are less, and more than that at most equal. Where one is NaN, so is the result. */
const count = kernel(
  (
    [r, j],
    taps: number,
    rank: number,
    offsets: Int32Array,
    from: Numbers,
    stride: number,
    to: Numbers,
    width: number,
  ) => {
    const at = r * stride + j
    let found = Number.NaN
    let isWhole = true
    for (let k = 0; k < taps; k++) {
      const x = from[at + offsets[k]]
      let less = 0
      let same = 0
      for (let m = 0; m < taps; m++) {
        const y = from[at + offsets[m]]
        less += y < x ? 1 : 0
        same += y === x ? 1 : 0
      }
      if (x !== x) isWhole = false
      if (less <= rank && less + same > rank) found = x
    }
    to[r * width + j] = isWhole ? found : Number.NaN
  },
  { name: 'rankByCounting' },
)

function* ranked(
  pixels: Pixels,
  { elements, stride, offsets }: Framed,
  rank: number,
  to: Numbers,
): Generator<Run, void> {
  const { rows, columns, inner, array } = pixels
  const { dtype } = array
  const [taps, width] = [offsets.length, columns * inner]
  if (taps <= mostSorted) {
    const program = programOf(`rank-${dtype}-${taps}-${rank}`, () => network(dtype, taps, rank))
    yield launchOf(program, [rows, width], [to, elements], [stride, width, ...offsets])
  } else if (isInteger(dtype)) {
    let [least, most] = [Infinity, -Infinity]
    for (let k = 0; k < elements.length; k++) {
      least = Math.min(least, elements[k])
      most = Math.max(most, elements[k])
    }
    yield runOf(halve, [rows, width], taps, rank, least, most, offsets, elements, stride, to, width)
  } else yield runOf(count, [rows, width], taps, rank, offsets, elements, stride, to, width)
}

function rankOf(
  x: Operand,
  options: WindowSize & BorderOptions,
  call: string,
  rankAmong: (n: number) => number,
): NDArray {
  const pixels = pixelsOf(x, call)
  const window = neighboursOf(options, call)
  const border = borderOf(options, call)
  const rank = rankAmong(window.places.length)
  const { array, shape, dtype } = pixels
  const made = computed(array.dtype, shape, [array], ([from], to) =>
    ranked(pixels, framed(from, array.dtype, pixels, window, border), rank, to),
  )
  return astype(made, dtype, { copy: false })
}

/**
 * The middle one of the neighbours in a window, `size` (default 3) or `footprint`; of an even number the upper one of the middle two. Where a neighbour is NaN, so is the result.
 * Windows of up to 64 neighbours are sorted by a network of comparisons; larger ones take longer, those of floats by the square of their number.
 * @param x of shape [rows, columns, …]
 * @returns of the same shape and dtype
 * @throws ShapeError, DTypeError, ArgumentError
 */
export const medianFilter = (x: Operand, options: WindowSize & BorderOptions = {}): NDArray =>
  rankOf(x, options, 'medianFilter', n => Math.floor(n / 2))

/** The neighbour of a rank in a window: 0 is the least, −1 the largest. */
export function rankFilter(x: Operand, rank: number, options: WindowSize & BorderOptions = {}): NDArray {
  return rankOf(x, options, 'rankFilter', n => {
    if (!Number.isInteger(rank) || rank < -n || rank >= n)
      throw new ArgumentError('rankFilter', 'rank', `a whole number from ${-n} to ${n - 1}, for ${n} neighbours`, rank)
    return rank < 0 ? rank + n : rank
  })
}

/** The neighbour below which a share of the window is: `percentile` from 0 to 100. */
export function percentileFilter(x: Operand, percentile: number, options: WindowSize & BorderOptions = {}): NDArray {
  if (typeof percentile !== 'number' || !(percentile >= 0 && percentile <= 100))
    throw new ArgumentError('percentileFilter', 'percentile', 'a number from 0 to 100', percentile)
  return rankOf(x, options, 'percentileFilter', n => (percentile === 100 ? n - 1 : Math.floor((n * percentile) / 100)))
}

/** A pixel's channels are `channels` elements; how alike two pixels are is said by all of them. */
const bilateralKernel = kernel(
  (
    [r, j],
    taps: number,
    channels: number,
    offsets: Int32Array,
    middle: number,
    near: Float32Array | Float64Array,
    alike: number,
    from: Numbers,
    stride: number,
    to: Numbers,
    width: number,
    whole: boolean,
    low: number,
    high: number,
  ) => {
    const at = r * stride + j
    const first = r * stride + ((j / channels) | 0) * channels
    let sum = 0
    let weights = 0
    for (let k = 0; k < taps; k++) {
      let apart = 0
      for (let c = 0; c < channels; c++) {
        // The first weight is 1: it makes floats of integers.
        const d = (from[first + offsets[k] + c] - from[first + middle + c]) * near[0]
        apart += d * d
      }
      const weight = near[k + 1] * Math.exp(apart * alike)
      sum += weight * from[at + offsets[k]]
      weights += weight
    }
    to[r * width + j] = stored(sum / weights, whole, low, high)
  },
  { name: 'bilateral', use: () => ({ stored }) },
)

export interface BilateralOptions extends BorderOptions {
  /** Standard deviation of the weights of distances, in pixels. */
  spatialSigma: number
  /** That of the weights of differences between pixels, in units of elements; over all channels. */
  chromaticSigma: number
  /** Neighbours are at most so far away. Default ⌈1.5 · spatialSigma⌉ */
  radius?: number
}

/**
 * Means of neighbours that are alike: weights are a Gaussian of the distance times one of the difference, so that edges stay (C. Tomasi, R. Manduchi, 1998).
 * @param x of shape [rows, columns] or [rows, columns, channels]: pixels are compared by all their channels
 * @returns of the same shape and dtype; integers are rounded, of booleans float32
 */
export function bilateral(x: Operand, options: BilateralOptions): NDArray {
  const call = 'bilateral'
  const pixels = pixelsOf(x, call)
  const { spatialSigma, chromaticSigma } = options
  for (const [name, sigma] of [
    ['spatialSigma', spatialSigma],
    ['chromaticSigma', chromaticSigma],
  ] as const)
    if (typeof sigma !== 'number' || !(sigma > 0)) throw new ArgumentError(call, name, 'a number above 0', sigma)
  const { radius = Math.ceil(1.5 * spatialSigma) } = options
  if (!Number.isSafeInteger(radius) || radius < 0)
    throw new ArgumentError(call, 'radius', 'a whole number from 0', radius)
  const border = borderOf(options, call)
  const places: (readonly [number, number])[] = []
  for (let r = -radius; r <= radius; r++)
    for (let c = -radius; c <= radius; c++) if (r * r + c * c <= radius * radius) places.push([r, c])
  const weights = [1, ...places.map(([r, c]) => Math.exp(-(r * r + c * c) / (2 * spatialSigma ** 2)))]
  const near = pixels.work === 'float32' ? Float32Array.from(weights) : Float64Array.from(weights)
  const { array, rows, columns, inner, shape } = pixels
  const result = filteredType(pixels.dtype)
  const made = computed(storedAs(result), shape, [array], function* ([from], to) {
    const { elements, stride, offsets } = framed(from, array.dtype, pixels, { places }, border)
    const { whole, low, high } = storingOf(result)
    const width = columns * inner
    const alike = -1 / (2 * chromaticSigma ** 2)
    yield runOf(
      bilateralKernel,
      [rows, width],
      places.length,
      inner,
      offsets,
      offsets[(places.length - 1) / 2],
      near,
      alike,
      elements,
      stride,
      to,
      width,
      whole,
      low,
      high,
    )
  })
  return astype(made, result, { copy: false })
}
