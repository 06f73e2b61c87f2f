/** Many calls at a time, of messages and collectives, that end in another order than they began in. */

import { max, Request, sum, world } from '@skein/mpi'
import { assert, list, numbered, ok, rank, size } from './check.ts'

const ranks = Array.from({ length: size }, (_, r) => r)

const received = ranks.map(() => new Float64Array(2000))
const receives = ranks.map(from => world.irecv(received[from], from, 3))
const sends = ranks.map(to => world.isend(numbered(rank, 2000), to, 3))
const open = new Set(ranks)
while (open.size > 0) {
  for (const index of Request.waitSome(receives)) open.delete(index)
}
Request.waitAll(sends)
for (const from of ranks) assert.deepEqual(list(received[from]), list(numbered(from, 2000)))

const x = Float64Array.of(rank, 1)
const totals = new Float64Array(2)
const spread = Float64Array.of(rank, rank)
const requests = [
  world.iallreduce(x, totals, sum),
  world.ibcast(spread, size - 1),
  world.iallgather(x),
  world.ibarrier(),
  world.iallreduce(rank, max),
  world.igather({ rank }, 0),
  world.ibcast(rank === 0 ? 'value' : undefined, 0),
  world.iscan(1),
  world.ialltoall(ranks.map(to => `${rank} to ${to}`)),
  world.ireduceScatterBlock(Float64Array.from(ranks), sum),
  world.iscatter(rank === 0 ? ranks.map(to => ({ to })) : undefined, 0),
] as const
// From behind, on every other rank.
if (rank % 2 === 1) for (const request of [...requests].reverse()) request.wait()
const [, , all, , most, gathered, value, count, from, scattered, own] = Request.waitAll(requests)
assert.deepEqual(list(totals), [(size * (size - 1)) / 2, size])
assert.deepEqual(list(spread), [size - 1, size - 1])
assert.deepEqual(
  list(all),
  ranks.flatMap(r => [r, 1]),
)
assert.equal(most, size - 1)
assert.deepEqual(gathered, rank === 0 ? ranks.map(r => ({ rank: r })) : undefined)
assert.equal(value, 'value')
assert.equal(count, rank + 1)
assert.deepEqual(
  from,
  ranks.map(r => `${r} to ${rank}`),
)
assert.deepEqual(list(scattered), [rank * size])
assert.deepEqual(own, { to: rank })

// What is cancelled before anything came did not come; what was, is told.
const cancelled = world.irecv(new Float64Array(1), rank, 99)
cancelled.cancel()
assert.equal(cancelled.wait().isCancelled, true)

ok('started')
