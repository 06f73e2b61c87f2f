/** Ranks that give different roots. Each root sends, and goes on; who got what it does not wait for says so in its next call. On two or three ranks. */

import { sum, type world as World, world } from '@skein/mpi'
import { assert, fails, ok, rank, size } from './check.ts'

const root = rank < 2 ? rank : 0
const calls: Record<string, (comm: typeof World) => unknown> = {
  bcast: comm => comm.bcast(new Float64Array(4), root),
  'bcast of a value': comm => comm.bcast({ rank }, root),
  ibcast: comm => comm.ibcast(new Float64Array(4), root).wait(),
  scatter: comm => comm.scatter(rank === root ? new Float64Array(4 * size) : undefined, new Float64Array(4), root),
}
for (const call of Object.values(calls)) {
  const comm = world.dup()
  call(comm)
  comm.barrier()
  fails('MPI_ERR_ROOT', 'gather', () => comm.gather(rank, 0))
  comm.barrier()
}

// What goes to a root says which; the others would wait for ever.
const comm = world.dup()
const request = comm.ireduce(new Float64Array(4), new Float64Array(4), sum, root)
if (rank === 0) fails('MPI_ERR_ROOT', 'reduce', () => request.wait())

// An error of a call that left messages is told once.
const other = world.dup()
const broken = () => other.reduce(1, () => assert.fail('this cannot be combined'), 0)
if (rank === 0) assert.throws(broken, /cannot be combined/)
else broken()
assert.equal(other.allreduce(1, sum), size)
assert.deepEqual(other.bcast(rank === 0 ? { a: 1 } : undefined, 0), { a: 1 })
ok('threads-roots')
