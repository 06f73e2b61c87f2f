/** `node --import` of a rank that a library's launcher starts, by `skein mpirun`. Threads that the rank starts inherit the flag, and have nothing of it. */

import { isMainThread } from 'node:worker_threads'
import { preload } from '../preload.ts'

if (isMainThread) preload('native', import.meta.url)
