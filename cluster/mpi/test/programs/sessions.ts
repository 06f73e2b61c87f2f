/** Communicators of sets of processes by name. */

import { Group, Session, sum, world } from '@skein/mpi'
import { assert, fails, ok, orEnd, rank, size } from './check.ts'

const session = orEnd('sessions', () => new Session())
assert.deepEqual(
  ['mpi://WORLD', 'mpi://SELF'].filter(name => !session.psets.includes(name)),
  [],
)
assert.equal(session.info('mpi://WORLD').mpi_size, String(size))
const all = session.group('mpi://WORLD')
assert.equal(all.compare(world.group), 'identical')
assert.deepEqual([...session.group('mpi://SELF').members], [...world.group.incl([rank]).members])

const comm = session.comm(all, 'everyone', { info: { hint: 1 } })
assert.deepEqual([comm.rank, comm.size], [rank, size])
assert.equal(comm.allreduce(1, sum), size)
const alone = session.comm(session.group('mpi://SELF'))
assert.equal(alone.size, 1)

// Two at the same time, of which some ranks are in both.
const even = all.incl(Array.from({ length: Math.ceil(size / 2) }, (_, i) => 2 * i))
if (even.rank !== undefined) {
  const evens = session.comm(even, 'even')
  assert.equal(evens.allreduce(rank, sum), even.members.length * (even.members.length - 1))
  evens.free()
}
const back = session.comm(all.incl(Array.from({ length: size }, (_, i) => size - 1 - i)), 'back')
assert.equal(back.rank, size - 1 - rank)
assert.deepEqual(
  back.allgather(rank),
  Array.from({ length: size }, (_, i) => size - 1 - i),
)

fails('MPI_ERR_ARG', 'group', () => session.group('mpi://NOWHERE'))
fails('MPI_ERR_ARG', 'comm', () => session.comm(all, 5 as never))
fails('MPI_ERR_GROUP', 'comm', () => session.comm(undefined as never))
fails('MPI_ERR_GROUP', 'comm', () => session.comm(Group.empty))
for (const made of [comm, alone, back]) made.free()
session.finalize()
fails('MPI_ERR_SESSION', 'psets', () => session.psets)
fails('MPI_ERR_SESSION', 'finalize', () => session.finalize())
{
  using another = new Session({ info: { thread_level: 'MPI_THREAD_SINGLE' } })
  assert.equal(another.group('mpi://SELF').size, 1)
}

ok('sessions')
