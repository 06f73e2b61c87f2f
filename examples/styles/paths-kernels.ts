/** All-pairs shortest paths with kernels: loops over the elements of a matrix that all threads see, as one writes them with OpenMP. */

import { heap, kernel } from 'skein'
import { FAR, type Network, PANEL } from './inputs.ts'

/** Ways within the panel's own airports, closed: one iteration, as each of its steps needs the one before. */
const closeDiagonal = kernel(
  (_, paths: Int32Array, diagonal: Int32Array, side: number, first: number) => {
    for (let row = 0; row < PANEL; row++) {
      for (let to = 0; to < PANEL; to++) diagonal[row * PANEL + to] = paths[(first + row) * side + first + to]
    }
    for (let k = 0; k < PANEL; k++) {
      for (let row = 0; row < PANEL; row++) {
        const head = diagonal[row * PANEL + k]
        for (let to = 0; to < PANEL; to++) {
          diagonal[row * PANEL + to] = Math.min(diagonal[row * PANEL + to], head + diagonal[k * PANEL + to])
        }
      }
    }
  },
  { use: { PANEL } },
)

/** The closed panel: [PANEL][side]. */
const carry = kernel(
  ([row, to], paths: Int32Array, diagonal: Int32Array, panel: Int32Array, side: number, first: number) => {
    let cost = FAR
    for (let k = 0; k < PANEL; k++) {
      cost = Math.min(cost, diagonal[row * PANEL + k] + paths[(first + k) * side + to])
    }
    panel[row * side + to] = cost
  },
  { use: { FAR, PANEL } },
)

/** The ways to the panel's airports as they are before any row is relaxed: [rows][PANEL]. */
export const keepHeads = kernel(
  ([row, k], rows: Int32Array, heads: Int32Array, side: number, first: number) => {
    heads[row * PANEL + k] = rows[row * side + first + k]
  },
  { use: { PANEL } },
)

export const relaxThrough = kernel(
  ([row, to], rows: Int32Array, heads: Int32Array, panel: Int32Array, side: number) => {
    let cost = rows[row * side + to]
    for (let k = 0; k < PANEL; k++) cost = Math.min(cost, heads[row * PANEL + k] + panel[k * side + to])
    rows[row * side + to] = cost
  },
  { use: { PANEL } },
)

export function shortestByKernels({ side, minutes }: Network): Int32Array {
  const paths = heap.i32(side * side)
  paths.set(minutes)
  const [diagonal, panel, heads] = [heap.i32(PANEL * PANEL), heap.i32(PANEL * side), heap.i32(side * PANEL)]
  for (let first = 0; first < side; first += PANEL) {
    closeDiagonal(1, paths, diagonal, side, first)
    carry([PANEL, side], paths, diagonal, panel, side, first)
    keepHeads([side, PANEL], paths, heads, side, first)
    relaxThrough([side, side], paths, heads, panel, side)
  }
  return paths
}
