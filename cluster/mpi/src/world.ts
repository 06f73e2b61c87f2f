/**
 * The engine that this process runs under, and its communicators. Threads that the launcher started are told so; processes of `mpirun`, `srun` and the like are known by
 * their environment; whoever is neither is a world of one rank.
 */

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { getEnvironmentData } from 'node:worker_threads'
import { Intracomm } from './comm/communicators.ts'
import type { Engine } from './engine.ts'
import type { WorldStart } from './threads/world-block.ts'

/** Variables by which launchers tell a process that it is a rank: of Open MPI, of Hydra and srun with PMI, of PMIx. */
const launched = ['OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE', 'HYDI_CONTROL_FD', 'PMI_FD', 'PMI_RANK', 'PMIX_RANK']

/** What the launcher of threads tells its ranks. */
const start = getEnvironmentData('skein.mpi') as unknown as WorldStart | undefined
const threadRank = process.env.SKEIN_MPI_RANK

/**
 * Only the engine that is used is loaded, and without waiting: below a module that waits, the body of the program would run where V8 cannot stop its
 * thread (it ends the process with "Check failed: !is_null()"), and threads are stopped when another rank fails.
 */
const load = createRequire(import.meta.url)

function open(): Engine {
  if (start !== undefined && threadRank !== undefined) return openThreads(start, Number(threadRank))
  if (launched.some(name => process.env[name] !== undefined)) {
    const native: typeof import('./native/engine.ts') = load(fileURLToPath(import.meta.resolve('./native/engine.ts')))
    return native.openNativeEngine()
  }
  const block: typeof import('./threads/world-block.ts') = load(
    fileURLToPath(import.meta.resolve('./threads/world-block.ts')),
  )
  return openThreads(block.makeWorld(1), 0)
}

function openThreads(world: WorldStart, rank: number): Engine {
  const threads: typeof import('./threads/engine.ts') = load(fileURLToPath(import.meta.resolve('./threads/engine.ts')))
  return threads.openThreadsEngine(world, rank)
}

export const engine: Engine = open()

/** All ranks. */
export const world: Intracomm = new Intracomm(engine.world, engine, 'world')
/** This rank alone. */
export const self: Intracomm = new Intracomm(engine.self, engine, 'self')
