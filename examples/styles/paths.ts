/**
 * All-pairs shortest paths: what the three styles share. Floyd and Warshall's algorithm by panels, PANEL rows of the matrix each: a panel is closed, so
 * that it knows all ways from its airports through its airports, and then every row is relaxed through it (after Venkataraman, Sahni and Mukhopadhyaya, "A
 * blocked all-pairs shortest-paths algorithm", 2003). A panel must be closed before the next one, so there are side / PANEL rounds.
 */

import { FAR, type Network, PANEL } from './inputs.ts'

/** Closes a panel: the rows of the matrix from `first` on, as they are after the rounds before. */
export function close(panel: Int32Array, side: number, first: number): void {
  for (let k = 0; k < PANEL; k++) {
    for (let row = 0; row < PANEL; row++) if (row !== k) relax(panel, row * side, panel, k * side, first + k, side)
  }
}

/** Relaxes rows of the matrix through a closed panel. */
export function relaxRows(rows: Int32Array, panel: Int32Array, side: number, first: number): void {
  for (let row = 0; row < rows.length; row += side) {
    for (let k = 0; k < PANEL; k++) relax(rows, row, panel, k * side, first + k, side)
  }
}

/** Relaxes the row that begins at `row` through an airport whose own row begins at `way` of the panel. */
export function relax(
  rows: Int32Array,
  row: number,
  panel: Int32Array,
  way: number,
  airport: number,
  side: number,
): void {
  const head = rows[row + airport]
  if (head >= FAR) return
  for (let to = 0; to < side; to++) {
    const cost = head + panel[way + to]
    if (cost < rows[row + to]) rows[row + to] = cost
  }
}

/** The same without panels, on one thread: [side][side], minutes or FAR. */
export function shortestPlain({ side, minutes }: Network): Int32Array {
  const paths = minutes.slice()
  for (let k = 0; k < side; k++) {
    for (let row = 0; row < side; row++) if (row !== k) relax(paths, row * side, paths, k * side, k, side)
  }
  return paths
}
