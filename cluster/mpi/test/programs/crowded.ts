/** Ranks that share cores wait so often that they come to give way to each other. */

import { sum, world } from '@skein/mpi'
import { assert, ok, rank, size } from './check.ts'

const [mine, came] = [new Float64Array(1), new Float64Array(1)]
const [before, after] = [(rank + size - 1) % size, (rank + 1) % size]

for (let turn = 0; turn < 2000; turn++) {
  mine[0] = rank * turn
  world.allreduce(mine, came, sum)
  assert.equal(came[0], (turn * size * (size - 1)) / 2)
}
for (let turn = 0; turn < 300; turn++) {
  mine[0] = turn
  if (rank === 0) world.send(mine, after)
  world.recv(came, before)
  assert.equal(came[0], turn + before)
  came[0]++
  if (rank !== 0) world.send(came, after)
}
for (let turn = 0; turn < 100; turn++) {
  // From any rank, which need not be the one that it looks for first.
  const sent = world.isend([rank, turn], (rank + 1 + (turn % (size - 1))) % size)
  const from = (rank + size - 1 - (turn % (size - 1))) % size
  assert.deepEqual(world.recv(from), [from, turn])
  sent.wait()
}

ok('crowded')
