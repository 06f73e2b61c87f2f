import type { Collective } from '../../engine.ts'

/** What collectives are, by number: ranks of one communicator must agree. */
export const callNames: readonly Collective['is'][] = [
  'barrier',
  'bcast',
  'gather',
  'gatherv',
  'scatter',
  'scatterv',
  'allgather',
  'allgatherv',
  'alltoall',
  'alltoallv',
  'alltoallw',
  'reduce',
  'allreduce',
  'scan',
  'exscan',
  'reduceScatterBlock',
  'reduceScatter',
  'neighborAllgather',
  'neighborAllgatherv',
  'neighborAlltoall',
  'neighborAlltoallv',
  'neighborAlltoallw',
]
