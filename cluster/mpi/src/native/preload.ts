/** `node --import` of a rank that a library's launcher starts, by `skein mpirun`, with `?pack=` where there is one. Threads that the rank starts inherit the flag, and have nothing of it. */

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { preload } from '../preload.ts'

if (isMainThread) {
  preload('native', new URL(import.meta.url).searchParams.get('pack') ?? undefined, import.meta.url)
  // Of a program that fails before it calls MPI the launcher of MPICH hears nothing.
  if (process.env.PMI_FD !== undefined) {
    // The engine's own copy of it, which comes out of the pack.
    const load = createRequire(import.meta.url)
    const failure: typeof import('./failure.ts') = load(fileURLToPath(import.meta.resolve('./failure.ts')))
    failure.whenItFails(failure.endByPmi, process.env.PMI_RANK, process.env.PMI_SIZE)
  }
}
