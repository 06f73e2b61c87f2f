/** Ranks of the study: `skein mpirun -n 4 ranks.ts <inputs>`. Rank 0 has the inputs, and times until it has the answer. */

import { allocate, type Intracomm, world } from 'skein/mpi'
import { type Inputs, inMemoryOf, loadInputs } from './inputs.ts'
import { joinByRanks } from './join-ranks.ts'
import { relaxByKernels, shortestByRanks } from './paths-ranks.ts'
import { serve } from './serve.ts'

const solutions: { [way: string]: (comm: Intracomm, inputs: Inputs | undefined) => Int32Array | undefined } = {
  'paths ranks': (comm, inputs) => shortestByRanks(comm, inputs?.network),
  'paths ranks, kernels': (comm, inputs) => shortestByRanks(comm, inputs?.network, relaxByKernels),
  'join ranks': (comm, inputs) => joinByRanks(comm, inputs),
}

if (world.rank === 0) {
  const inputs = inMemoryOf(loadInputs(process.argv[2]), (kind, length) => allocate(kind, length))
  await serve(async way => {
    await world.async.bcast(way)
    world.barrier()
    const began = performance.now()
    const answer = solutions[way](world, inputs)!
    return [answer, performance.now() - began]
  })
  await world.async.bcast('')
} else {
  // Awaited, so that ranks that wait for the next question leave the cores to those who are asked now.
  for (let way = await world.async.bcast(''); way !== ''; way = await world.async.bcast('')) {
    world.barrier()
    solutions[way](world, undefined)
  }
}
