/**
 * The engine that this process runs under, and its communicators. Threads that the launcher started are told so; processes of `mpirun`, `srun` and the like are known by
 * their environment; whoever is neither is a world of one rank, as
 * are threads that a rank starts itself.
 */

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { Intracomm } from './comm/communicators.ts'
import type { Engine } from './engine.ts'
import { limitCounts } from './message/part.ts'
import type { RankStart } from './threads/world-block.ts'

/** Variables by which launchers tell a process that it is a rank: of Open MPI, of Hydra and srun with PMI, of PMIx. */
const launched = ['OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE', 'HYDI_CONTROL_FD', 'PMI_FD', 'PMI_RANK', 'PMIX_RANK']

/** What the launcher of threads has told this one, and no thread that it starts. */
const start = (globalThis as { [key: symbol]: unknown })[Symbol.for('skein.mpi.rank')] as RankStart | undefined

/**
 * Only the engine that is used is loaded, and without waiting: below a module that waits, the body of the program would run where V8 cannot stop its
 * thread (it ends the process with "Check failed: !is_null()"), and threads are stopped when another rank fails.
 */
const load = createRequire(import.meta.url)

function open(): Engine {
  // Of the threads of a process under `mpirun`, one is the rank: the others are threads that it has started for itself.
  if (start === undefined && isMainThread && launched.some(name => process.env[name] !== undefined)) {
    const native: typeof import('./native/engine.ts') = load(fileURLToPath(import.meta.resolve('./native/engine.ts')))
    return native.openNativeEngine()
  }
  const threads: typeof import('./threads/engine.ts') = load(fileURLToPath(import.meta.resolve('./threads/engine.ts')))
  return start === undefined ? threads.openAlone() : threads.openRank(start)
}

export const engine: Engine = open()
if (engine.mostCount !== undefined) limitCounts(engine.mostCount, engine.version)

/** All ranks. */
export const world: Intracomm = new Intracomm(engine.world, engine, 'world')
/** This rank alone. */
export const self: Intracomm = new Intracomm(engine.self, engine, 'self')
