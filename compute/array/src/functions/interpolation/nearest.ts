/** The nearest of many points, by a tree of halves (J. L. Bentley, Multidimensional binary search trees used for associative searching). */

import { kernel } from '@skein/kernel'

/** The point in the middle of a stretch [low, high) parts the others of it along an axis: those in front of it are not above it there, those behind not below. */
export interface PointTree {
  /** [n, axes], in the tree's order. */
  readonly points: Float64Array
  /** Which points they were. */
  readonly order: Int32Array
  /** Along which axis each parts its stretch. */
  readonly split: Int32Array
  readonly axes: number
}

/** The axis along which points reach farthest. */
function widest(points: Float64Array, axes: number, order: Int32Array, low: number, high: number): number {
  let found = 0
  let most = -1
  for (let d = 0; d < axes; d++) {
    let least = Infinity
    let top = -Infinity
    for (let k = low; k < high; k++) {
      const v = points[order[k] * axes + d]
      if (v < least) least = v
      if (v > top) top = v
    }
    if (top - least > most) [found, most] = [d, top - least]
  }
  return found
}

/** C. A. R. Hoare's selection: the k-th point of a stretch by one coordinate comes to its place. */
function partAt(
  points: Float64Array,
  axes: number,
  order: Int32Array,
  d: number,
  low: number,
  high: number,
  k: number,
) {
  let [first, last] = [low, high - 1]
  while (first < last) {
    const pivot = points[order[(first + last) >> 1] * axes + d]
    let [i, j] = [first, last]
    while (i <= j) {
      while (points[order[i] * axes + d] < pivot) i++
      while (points[order[j] * axes + d] > pivot) j--
      if (i > j) break
      const kept = order[i]
      order[i++] = order[j]
      order[j--] = kept
    }
    if (k <= j) last = j
    else if (k >= i) first = i
    else return
  }
}

/** @param points [n, axes], finite */
export function pointTree(points: Float64Array, axes: number): PointTree {
  const n = points.length / axes
  const order = Int32Array.from({ length: n }, (_, k) => k)
  const split = new Int32Array(n)
  const stretches = [[0, n]]
  for (let stretch = stretches.pop(); stretch !== undefined; stretch = stretches.pop()) {
    const [low, high] = stretch
    if (high - low < 2) continue
    const middle = (low + high) >> 1
    const d = widest(points, axes, order, low, high)
    partAt(points, axes, order, d, low, high, middle)
    split[middle] = d
    stretches.push([low, middle], [middle + 1, high])
  }
  const sorted = new Float64Array(points.length)
  for (let k = 0; k < n; k++) for (let d = 0; d < axes; d++) sorted[k * axes + d] = points[order[k] * axes + d]
  return { points: sorted, order, split, axes }
}

/** A lane is a place. It goes down to the side where it lies; the other side waits, with its distance, and is skipped if a nearer point was found meanwhile. Of points at the same distance it is the first. */
export const findNearest = kernel(
  (
    i,
    count: number,
    axes: number,
    points: Float64Array,
    order: Int32Array,
    split: Int32Array,
    places: Float64Array,
    found: Int32Array,
  ) => {
    // As deep as trees of 2³¹ points.
    const lows = new Int32Array(32)
    const highs = new Int32Array(32)
    const distances = new Float64Array(32)
    let waiting = 0
    let low = 0
    let high = count | 0
    let best = Infinity
    let at = 0x7fffffff
    let searches = true
    while (searches) {
      if (low < high) {
        const middle = (low + high) >> 1
        let distance = 0
        for (let d = 0; d < axes; d++) {
          const apart = places[i * axes + d] - points[middle * axes + d]
          distance += apart * apart
        }
        const point = order[middle]
        if (distance < best || (distance === best && point < at)) {
          best = distance
          at = point
        }
        const apart = places[i * axes + split[middle]] - points[middle * axes + split[middle]]
        distances[waiting] = apart * apart
        if (apart < 0) {
          lows[waiting] = middle + 1
          highs[waiting] = high
          high = middle
        } else {
          lows[waiting] = low
          highs[waiting] = middle
          low = middle + 1
        }
        waiting++
      } else if (waiting > 0) {
        waiting--
        if (distances[waiting] <= best) {
          low = lows[waiting]
          high = highs[waiting]
        }
      } else searches = false
    }
    found[i] = at
  },
  { name: 'nearestPoint' },
)
