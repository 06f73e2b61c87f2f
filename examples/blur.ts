/** A Gaussian blur of a grey image: along the rows, then along the columns. `blur.ts [side]` */

import { heap, kernel } from 'skein'
import { largestDifference, sideBySide, sizeArgument } from './side-by-side.ts'

const REACH = 6
const weights = Float32Array.from({ length: 2 * REACH + 1 }, (_, k) => Math.exp(-((k - REACH) ** 2) / 18))
const sum = weights.reduce((a, b) => a + b)
for (const k of weights.keys()) weights[k] /= sum

/** Blurs along one direction: `dx`, `dy` are 1, 0 or 0, 1. Beyond an edge, the edge's pixel counts. */
const blur = kernel(
  ([row, col], from: Float32Array, to: Float32Array, weight: Float32Array, side: number, dy: number, dx: number) => {
    let total = 0.0
    for (let k = -REACH; k <= REACH; k++) {
      const y = Math.min(Math.max(row + k * dy, 0), side - 1)
      const x = Math.min(Math.max(col + k * dx, 0), side - 1)
      total += weight[k + REACH] * from[y * side + x]
    }
    to[row * side + col] = total
  },
  { use: { REACH } },
)

const plainBlur = (from: Float32Array, to: Float32Array, side: number, dy: number, dx: number): void => {
  for (let row = 0; row < side; row++) {
    for (let col = 0; col < side; col++) {
      let total = 0
      for (let k = -REACH; k <= REACH; k++) {
        const y = Math.min(Math.max(row + k * dy, 0), side - 1)
        const x = Math.min(Math.max(col + k * dx, 0), side - 1)
        total += weights[k + REACH] * from[y * side + x]
      }
      to[row * side + col] = total
    }
  }
}

const side = sizeArgument(1024)
const [image, half, blurred] = Array.from({ length: 3 }, () => heap.f32(side * side))
const weight = heap.f32(weights.length)
weight.set(weights)
// Rings, ever finer towards the corner.
for (let at = 0; at < side * side; at++) {
  image[at] = 128 + 127 * Math.sin((((at % side) ** 2 + Math.floor(at / side) ** 2) * 40) / side ** 2)
}
const expected = new Float32Array(side * side)
const between = new Float32Array(side * side)
sideBySide(
  `blur of ${side} × ${side} pixels`,
  () => {
    plainBlur(image, between, side, 0, 1)
    plainBlur(between, expected, side, 1, 0)
  },
  () => {
    blur([side, side], image, half, weight, side, 0, 1)
    blur([side, side], half, blurred, weight, side, 1, 0)
  },
  () => largestDifference(expected, blurred),
  1e-5,
)
