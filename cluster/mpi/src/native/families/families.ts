/** The libraries that are known, by the name of their engine. */

export { mpi } from './abi.ts'
export { mpich } from './mpich.ts'
export { openmpi } from './openmpi.ts'
