/** Requests that are started again and again: of messages and of collectives. */

import { Request, sum, world } from '@skein/mpi'
import { assert, list, ok, rank, size } from './check.ts'

const next = (rank + 1) % size
const before = (rank + size - 1) % size
const x = new Float64Array(3)
const y = new Float64Array(3)
const state = { round: 0, from: rank }
const total = new Float64Array(3)
const requests = [
  world.recvInit(y, before, 1),
  world.sendInit(x, next, 1),
  world.recvInit(before, 2),
  world.sendInit(state, next, 2),
] as const
const reduction = world.allreduceInit(x, total, sum)
const broadcast = world.bcastInit(x, 0)

for (let round = 1; round <= 5; round++) {
  x.fill(rank + round)
  state.round = round
  Request.startAll(requests)
  const [status, , value] = Request.waitAll(requests)
  assert.deepEqual([status.source, status.count], [before, 3])
  assert.deepEqual(value, { round, from: before })
  assert.deepEqual(list(y), new Array(3).fill(before + round))
  reduction.start().wait()
  assert.deepEqual(list(total), new Array(3).fill((size * (size - 1)) / 2 + size * round))
  await broadcast.start()
  assert.deepEqual(list(x), new Array(3).fill(round))
}
for (const request of [...requests, reduction, broadcast]) request.free()

ok('persistent')
