/** Corners: places that look different from all sides. */

import { ArgumentError } from '@skein/base'
import { kernel } from '@skein/kernel'
import { runOf } from '../../expression/plain.ts'
import type { NDArray } from '../../ndarray.ts'
import { computed, type Numbers } from '../computing.ts'
import { fresh } from '../creation.ts'
import { multiply } from '../elementwise.ts'
import { map } from '../map.ts'
import type { Operand } from '../operands.ts'
import { elementsOf } from '../placing.ts'
import { gaussianFilter, sobel } from './filters.ts'
import { dilate } from './morphology.ts'
import { checkPlane, floatPixels, isCount } from './pixels.ts'
import type { Reals } from './transfer.ts'

export interface HarrisOptions {
  /** Standard deviation of the weights of neighbours, in pixels. Default 1. */
  sigma?: number
  /** How much edges are told from corners. Default 0.05. */
  k?: number
}

/**
 * How much of a corner each place is, by C. Harris and M. Stephens (1988): det(A) − k·trace(A)², A of products of derivatives, weighed around the place. Large at corners, below 0 at edges.
 * @param x of two axes
 * @returns floats: of integers of up to 16 bits float32, of others float64. `peakLocalMax` finds the places
 */
export function harris(x: Operand, { sigma = 1, k = 0.05 }: HarrisOptions = {}): NDArray {
  const pixels = floatPixels(x, 'harris')
  checkPlane(pixels, 'harris')
  if (typeof k !== 'number') throw new ArgumentError('harris', 'k', 'a number', k)
  const outside = { mode: 'constant' } as const
  const [down, along] = ([0, 1] as const).map(axis => sobel(pixels.array, { axis, ...outside }))
  const weighed = (a: NDArray, b: NDArray) => gaussianFilter(multiply(a, b), { sigma, ...outside })
  const response = (rr: number, rc: number, cc: number, weight: number) =>
    rr * cc - rc * rc - weight * (rr + cc) * (rr + cc)
  return map(response, weighed(down, down), weighed(down, along), weighed(along, along), k)
}

/** Rows and columns of a circle of 16 pixels, three away. */
const circle = Int32Array.from([
  0, 3, 1, 3, 2, 2, 3, 1, 3, 0, 3, -1, 2, -2, 1, -3, 0, -3, -1, -3, -2, -2, -3, -1, -3, 0, -3, 1, -2, 2, -1, 3,
])

const fastKernel = kernel(
  ([r, c], rows: number, columns: number, n: number, threshold: number, from: Reals, to: Reals) => {
    const at = r * columns + c
    to[at] = 0
    if (r > 2 && c > 2 && r < rows - 3 && c < columns - 3) {
      const middle = from[at]
      let apart = 0
      let [brighter, darker, most] = [0, 0, 0]
      for (let k = 0; k < 15 + n; k++) {
        const j = k & 15
        const d = from[at + circle[2 * j] * columns + circle[2 * j + 1]] - middle
        if (k < 16) apart += Math.abs(d)
        brighter = d > threshold ? brighter + 1 : 0
        darker = d < 0 - threshold ? darker + 1 : 0
        most = Math.max(most, brighter, darker)
      }
      if (most >= n) to[at] = apart
    }
  },
  { name: 'fast', use: () => ({ circle }) },
)

export interface FastOptions {
  /** So many neighbours in a row, of the 16 on the circle, are brighter or darker. Default 12. */
  n?: number
  /** By how much. Default 0.15. */
  threshold?: number
}

/**
 * Corners by a circle of 16 pixels: features from an accelerated segment test (E. Rosten, T. Drummond, 2006).
 * @param x of two axes; integers in their own units
 * @returns 0 where there is none, else the sum of differences on the circle
 */
export function fast(x: Operand, { n = 12, threshold = 0.15 }: FastOptions = {}): NDArray {
  const pixels = floatPixels(x, 'fast')
  checkPlane(pixels, 'fast')
  if (!isCount(n) || n > 16) throw new ArgumentError('fast', 'n', 'a whole number from 1 to 16', n)
  if (typeof threshold !== 'number' || !(threshold >= 0))
    throw new ArgumentError('fast', 'threshold', 'a number from 0', threshold)
  const { array, shape, rows, columns, work } = pixels
  return computed(work, shape, [array], function* ([from], to) {
    yield runOf(fastKernel, [rows, columns], rows, columns, n, threshold, from as Reals, to as Reals)
  })
}

export interface PeakOptions {
  /** Peaks are so many pixels apart, and from the border. Default 1. */
  minDistance?: number
  /** Peaks are above this. Default: the least element. */
  thresholdAbs?: number
  /** … and above this share of the largest element. */
  thresholdRel?: number
  /** At most so many, the largest. */
  numPeaks?: number
}

/**
 * Places of elements that are the largest within `minDistance` rows and columns, the largest first. Computed at once.
 * @param x of two axes, as `harris` and `fast` give them
 * @returns int32 of shape [n, 2]: rows and columns
 */
export function peakLocalMax(x: Operand, options: PeakOptions = {}): NDArray<'int32'> {
  const call = 'peakLocalMax'
  const pixels = floatPixels(x, call)
  checkPlane(pixels, call)
  const { minDistance = 1, thresholdRel, numPeaks = Number.POSITIVE_INFINITY } = options
  if (!Number.isSafeInteger(minDistance) || minDistance < 0)
    throw new ArgumentError(call, 'minDistance', 'a whole number from 0', minDistance)
  if (!(numPeaks === Number.POSITIVE_INFINITY || isCount(numPeaks)))
    throw new ArgumentError(call, 'numPeaks', 'a whole number from 1', numPeaks)
  const values = elementsOf(pixels.array) as unknown as Numbers
  const size = 2 * minDistance + 1
  const largest = elementsOf(dilate(pixels.array, { size, mode: 'nearest' })) as unknown as Numbers
  let [low, high] = [Infinity, -Infinity]
  for (let k = 0; k < values.length; k++) {
    if (values[k] < low) low = values[k]
    if (values[k] > high) high = values[k]
  }
  const threshold = Math.max(options.thresholdAbs ?? low, thresholdRel === undefined ? -Infinity : thresholdRel * high)
  const { rows, columns } = pixels
  const found: number[] = []
  for (let r = minDistance; r < rows - minDistance; r++)
    for (let c = minDistance; c < columns - minDistance; c++) {
      const at = r * columns + c
      if (values[at] === largest[at] && values[at] > threshold) found.push(at)
    }
  const kept = apart(
    found.sort((a, b) => values[b] - values[a] || a - b),
    columns,
    minDistance,
    numPeaks,
  )
  const { array, memory } = fresh('int32', [kept.length, 2], call)
  for (const [k, at] of kept.entries()) {
    memory.elements[2 * k] = Math.floor(at / columns)
    memory.elements[2 * k + 1] = at % columns
  }
  return array
}

/** Of equal ones that are near each other the first. */
function apart(places: readonly number[], columns: number, distance: number, most: number): number[] {
  const taken = new Set<number>()
  const kept: number[] = []
  for (const at of places) {
    if (kept.length >= most) break
    const column = at % columns
    let isNear = false
    for (let r = -distance; r <= distance && !isNear; r++)
      for (let c = -distance; c <= distance && !isNear; c++)
        isNear = column + c >= 0 && column + c < columns && taken.has(at + r * columns + c)
    if (isNear) continue
    taken.add(at)
    kept.push(at)
  }
  return kept
}
