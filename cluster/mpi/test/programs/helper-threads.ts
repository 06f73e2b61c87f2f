/** Threads that a rank starts for itself are no ranks, under no launcher. */

import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { sum, world } from '@skein/mpi'
import { assert, ok, size } from './check.ts'

const helper = new Worker(join(import.meta.dirname, 'helper-thread.ts'))
const [told] = await once(helper, 'message')
assert.deepEqual(told, { size: 1, rank: 0, total: 7, hasParent: false })
await helper.terminate()
assert.equal(world.allreduce(1, sum), size)

ok('helper-threads')
