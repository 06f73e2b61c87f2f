/**
 * Communicators that are made and dropped, with `free` and without: `threads-communicators.ts HOW COUNT`. What they held is given back; of those that are
 * neither freed nor collected there is an end, told by an error.
 */

import { heap } from '@skein/heap'
import { MpiError, world } from '@skein/mpi'
import { assert, ok, rank } from './check.ts'

const [how, given] = process.argv.slice(2)
const count = Number(given)
const before = heap.inUseBytes

const turn = () => new Promise(resolve => setImmediate(resolve))

if (how === 'endless') {
  const kept = []
  try {
    for (;;) kept.push(world.dup())
  } catch (error) {
    assert.ok(error instanceof MpiError)
    assert.match(error.message, /^dup on rank \d of world: this rank has 32768 communicators/)
  }
  assert.ok(kept.length > 32_000)
  for (const comm of kept) comm.free()
} else {
  for (let i = 0; i < count; i++) {
    const comm = world.dup()
    // It makes the board.
    if (i % 4 === 0) comm.barrier()
    if (how === 'freed') comm.free()
    else if (i % 256 === 0) await turn()
  }
}
world.dup().free()
world.barrier()
if (how === 'freed') assert.ok(heap.inUseBytes - before < 1e5, `${heap.inUseBytes - before} bytes of the heap are left`)
// Of those that were dropped some are still to be collected: not all.
if (how === 'dropped') assert.ok(heap.inUseBytes - before < (count / 4) * 8192, `${heap.inUseBytes - before} bytes`)
if (rank === 0 && process.env.SHOW) console.log(heap.inUseBytes - before, process.memoryUsage().rss >> 20)

// Messages under way when a communicator is freed are still delivered.
const comm = world.dup()
const x = new Float64Array(3)
const receive = comm.irecv(x, rank, 5)
const value = comm.irecv(rank, 6)
const gathering = comm.iallgather(rank)
const other = comm.isend(Float64Array.of(1, 2, 3), rank, 5)
comm.isend('late', rank, 6)
comm.free()
other.wait()
receive.wait()
assert.deepEqual([...x], [1, 2, 3])
assert.equal(value.wait(), 'late')
assert.equal(gathering.wait().length, world.size)

ok('threads-communicators')
