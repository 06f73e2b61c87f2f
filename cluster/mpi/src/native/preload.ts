/** `node --import` of a rank that a library's launcher starts, by `skein mpirun`. Threads that the rank starts inherit the flag, and have nothing of it. */

import { isMainThread } from 'node:worker_threads'
import { preload } from '../preload.ts'
import { endByPmi, whenItFails } from './failure.ts'

if (isMainThread) {
  // Of a program that fails before it calls MPI the launcher of MPICH hears nothing.
  if (process.env.PMI_FD !== undefined) whenItFails(endByPmi)
  preload('native', import.meta.url)
}
