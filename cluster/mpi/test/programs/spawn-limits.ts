/** Spawning on threads: numbers are used again and there is room for so many. */

import { MpiError, parent, self, universeSize, world } from '@skein/mpi'
import { assert, ok, rank, size } from './check.ts'

const program = import.meta.filename
const up = parent()
if (up !== undefined) {
  up.send(world.allreduce(1), 0)
  up.disconnect()
} else {
  const room = universeSize()! - size
  // Each rank by itself, at the same time as the others, and together far more than there is room for at once.
  for (let round = 0; round < 3; round++) {
    for (let turn = 0; turn < size; turn++) {
      world.barrier()
      if (turn !== rank) continue
      const count = Math.min(3, room)
      const down = self.spawn(program, [], count)
      for (let child = 0; child < count; child++) assert.equal(down.recv(child), count)
      down.disconnect()
    }
  }
  const [half, other] = [world.split(rank % 2), rank % 2]
  const down = half.spawn(program, [], 1 + other)
  if (half.rank === 0) for (let child = 0; child <= other; child++) assert.equal(down.recv(child), 1 + other)
  down.disconnect()
  assert.throws(
    () => self.spawn(program, [], 10_000),
    (error: MpiError) => {
      assert.ok(error instanceof MpiError)
      assert.equal(error.errorClass, 'MPI_ERR_SPAWN')
      assert.match(error.message, /room for \d+ more ranks, not for 10000.*SKEIN_MPI_UNIVERSE/)
      return true
    },
  )

  world.barrier()
  ok('spawn-limits')
}
