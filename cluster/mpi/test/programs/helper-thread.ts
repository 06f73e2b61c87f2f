/** A thread that a rank starts for itself. */

import { parentPort } from 'node:worker_threads'
import { parent, world } from '@skein/mpi'

const total: number = world.allreduce(7)
parentPort!.postMessage({ size: world.size, rank: world.rank, total, hasParent: parent() !== undefined })
