/** All-pairs shortest paths with ranks: each has some panels of the matrix, and gives those it has closed to all, as one writes it with MPI. */

import { allocate, type Intracomm } from 'skein/mpi'
import { type Network, PANEL } from './inputs.ts'
import { close, relaxRows } from './paths.ts'
import { keepHeads, relaxThrough } from './paths-kernels.ts'

/** @param network of rank 0. @returns the paths at rank 0 */
export function shortestByRanks(
  comm: Intracomm,
  network: Network | undefined,
  relaxAll = relaxRows,
): Int32Array | undefined {
  const { rank, size } = comm
  const side = comm.bcast(network?.side ?? 0)
  const panels = side / PANEL
  const begins = Array.from({ length: size + 1 }, (_, r) => Math.floor((r * panels) / size))
  const counts = Array.from({ length: size }, (_, r) => (begins[r + 1] - begins[r]) * PANEL * side)

  const rows = allocate(Int32Array, counts[rank])
  comm.scatterv(network && { buffer: network.minutes, counts }, rows)
  const panel = allocate(Int32Array, PANEL * side)
  for (let p = 0; p < panels; p++) {
    const owner = begins.findIndex((_, r) => p < begins[r + 1])
    if (rank === owner) {
      panel.set(rows.subarray((p - begins[rank]) * panel.length, (p - begins[rank] + 1) * panel.length))
      close(panel, side, p * PANEL)
    }
    comm.bcast(panel, owner)
    relaxAll(rows, panel, side, p * PANEL)
  }
  const paths = rank === 0 ? allocate(Int32Array, side * side) : undefined
  comm.gatherv(rows, paths && { buffer: paths, counts }, 0)
  return paths
}

/** Kernels for what a rank does by itself: on one thread, since there is a rank for each core. */
const [keep, relax] = [keepHeads.with({ threads: 1 }), relaxThrough.with({ threads: 1 })]
export function relaxByKernels(rows: Int32Array, panel: Int32Array, side: number, first: number): void {
  const count = rows.length / side
  if (count === 0) return
  const heads = allocate(Int32Array, count * PANEL)
  keep([count, PANEL], rows, heads, side, first)
  relax([count, side], rows, heads, panel, side)
}
