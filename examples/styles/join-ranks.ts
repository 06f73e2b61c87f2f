/**
 * The join with ranks: the airports, of which there are few, go to all; of the flights each rank has a share. Each joins its own, and what they have summed is
 * summed again on its way to rank 0.
 */

import { allocate, type Intracomm, sum } from 'skein/mpi'
import type { Tables } from './inputs.ts'
import { joinPlain } from './join.ts'

/** @param tables of rank 0. @returns the sums at rank 0 */
export function joinByRanks(comm: Intracomm, tables: Tables | undefined): Int32Array | undefined {
  const { rank, size } = comm
  const airports = comm.bcast(tables?.airports)!
  const count = comm.bcast(tables?.flights.delay.length ?? 0)
  const counts = Array.from(
    { length: size },
    (_, r) => Math.floor(((r + 1) * count) / size) - Math.floor((r * count) / size),
  )

  const mine = {
    origin: allocate(Int32Array, counts[rank]),
    destination: allocate(Int32Array, counts[rank]),
    delay: allocate(Int16Array, counts[rank]),
  }
  for (const column of ['origin', 'destination', 'delay'] as const) {
    comm.scatterv(tables && { buffer: tables.flights[column], counts }, mine[column])
  }
  return comm.reduce(joinPlain({ flights: mine, airports }), sum, 0)
}
