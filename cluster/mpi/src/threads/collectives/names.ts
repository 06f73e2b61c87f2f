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

/** For calls and roots: more than there are calls. */
const kinds = 32

/**
 * What messages of a call say of it, where those of point to point have the signature of their type: a number below 0.
 *
 * @param root of calls that have one
 */
export const signatureOf = (is: Collective['is'], root = -1): number => -1 - callNames.indexOf(is) - kinds * (root + 1)

/** The call and the root, -1 for none, of such a number. */
export const callOf = (signature: number): { readonly name: Collective['is']; readonly root: number } => ({
  name: callNames[(-1 - signature) % kinds],
  root: Math.floor((-1 - signature) / kinds) - 1,
})
