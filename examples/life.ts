/** Conway's Game of Life on a torus: a glider flies, a random soup settles. `life.ts [side]` */

import { heap, kernel, random, reduce } from 'skein'
import { largestDifference, sideBySide, sizeArgument } from './side-by-side.ts'

const STEPS = 32
const SEED = 1970

const sow = kernel(
  (i, cells: Uint8Array) => {
    cells[i] = random(SEED, i) < 0.3 ? 1 : 0
  },
  { use: { random, SEED } },
)

const live = kernel(([row, col], from: Uint8Array, to: Uint8Array, side: number) => {
  const up = (row === 0 ? side - 1 : row - 1) * side
  const down = (row === side - 1 ? 0 : row + 1) * side
  const here = row * side
  const left = col === 0 ? side - 1 : col - 1
  const right = col === side - 1 ? 0 : col + 1
  const above = from[up + left] + from[up + col] + from[up + right]
  const below = from[down + left] + from[down + col] + from[down + right]
  const neighbours = above + from[here + left] + from[here + right] + below
  to[here + col] = neighbours === 3 || (neighbours === 2 && from[here + col] === 1) ? 1 : 0
})

const alive = reduce('+', (i, cells: Uint8Array) => cells[i])

const plainLive = (from: Uint8Array, to: Uint8Array, side: number): void => {
  for (let row = 0; row < side; row++) {
    const up = (row === 0 ? side - 1 : row - 1) * side
    const down = (row === side - 1 ? 0 : row + 1) * side
    const here = row * side
    for (let col = 0; col < side; col++) {
      const left = col === 0 ? side - 1 : col - 1
      const right = col === side - 1 ? 0 : col + 1
      const above = from[up + left] + from[up + col] + from[up + right]
      const below = from[down + left] + from[down + col] + from[down + right]
      const neighbours = above + from[here + left] + from[here + right] + below
      to[here + col] = neighbours === 3 || (neighbours === 2 && from[here + col] === 1) ? 1 : 0
    }
  }
}

const side = sizeArgument(1024)
const start = heap.u8(side * side)
sow(side * side, start)
const grids = [heap.u8(side * side), heap.u8(side * side)]
const expected = [new Uint8Array(side * side), new Uint8Array(side * side)]
sideBySide(
  `${STEPS} generations of ${side} × ${side} cells`,
  () => {
    expected[0].set(start)
    for (let step = 0; step < STEPS; step++) plainLive(expected[step % 2], expected[(step + 1) % 2], side)
  },
  () => {
    grids[0].set(start)
    for (let step = 0; step < STEPS; step++) live([side, side], grids[step % 2], grids[(step + 1) % 2], side)
  },
  () => largestDifference(expected[STEPS % 2], grids[STEPS % 2]),
)
console.log(`${alive(side * side, start)} cells lived at first, ${alive(side * side, grids[STEPS % 2])} at last`)
