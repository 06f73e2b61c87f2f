/** Heat that flows through a square plate, hot along one edge: Jacobi's iteration. `heat.ts [side]` */

import { heap, kernel, reduce } from 'skein'
import { largestDifference, sideBySide, sizeArgument } from './side-by-side.ts'

const STEPS = 100

/** Edges keep their temperature; the two plates take turns. */
const flow = kernel(([row, col], from: Float64Array, to: Float64Array, side: number) => {
  if (row > 0 && row < side - 1 && col > 0 && col < side - 1) {
    const at = row * side + col
    to[at] = 0.25 * (from[at - side] + from[at - 1] + from[at + 1] + from[at + side])
  }
})

const warmth = reduce('+', (i, plate: Float64Array) => plate[i])

const plainFlow = (from: Float64Array, to: Float64Array, side: number): void => {
  for (let row = 1; row < side - 1; row++) {
    for (let at = row * side + 1; at < (row + 1) * side - 1; at++) {
      to[at] = 0.25 * (from[at - side] + from[at - 1] + from[at + 1] + from[at + side])
    }
  }
}

const side = sizeArgument(1024)
const expected = [new Float64Array(side * side), new Float64Array(side * side)]
const plates = [heap.f64(side * side), heap.f64(side * side)]
const begin = (pair: Float64Array[]): void => {
  for (const plate of pair) plate.fill(0).fill(100, 0, side)
}
sideBySide(
  `${STEPS} steps of a plate of ${side} × ${side}`,
  () => {
    begin(expected)
    for (let step = 0; step < STEPS; step++) plainFlow(expected[step % 2], expected[(step + 1) % 2], side)
  },
  () => {
    begin(plates)
    for (let step = 0; step < STEPS; step++) flow([side, side], plates[step % 2], plates[(step + 1) % 2], side)
  },
  () => largestDifference(expected[STEPS % 2], plates[STEPS % 2]),
)
console.log(`mean temperature: ${(warmth(side * side, plates[STEPS % 2]) / (side * side)).toFixed(4)} degrees`)
