/** Requests that are awaited: the event loop goes on meanwhile. */

import { sum, world } from '@skein/mpi'
import { assert, list, numbered, ok, rank, size } from './check.ts'

const next = (rank + 1) % size
const before = (rank + size - 1) % size

let turns = 0
const turning = setInterval(() => turns++, 1)
const late = world.async.recv(before, 1)
await new Promise<void>(go => {
  const look = () => (turns > 2 ? go() : setTimeout(look, 1))
  look()
})
const sent = world.isend({ from: rank }, next, 1)
assert.deepEqual(await late, { from: before })
await sent
clearInterval(turning)

const y = new Float64Array(30_000)
const [status, total, all] = await Promise.all([
  world.async.recv(y, before, 2),
  world.async.allreduce(rank, sum),
  world.async.allgather({ rank }),
  world.async.send(numbered(rank, 30_000), next, 2),
  world.async.barrier(),
])
assert.deepEqual([status.source, status.count], [before, 30_000])
assert.deepEqual(list(y), list(numbered(before, 30_000)))
assert.equal(total, (size * (size - 1)) / 2)
assert.equal(all.length, size)

const probing = world.async.probe(before, 4)
const last = world.isend(1, next, 4)
assert.equal((await probing).source, before)
assert.equal(world.recv(before, 4), 1)
await last

const matching = world.async.mprobe(before, 5)
const taken = world.isend(numbered(rank, 3), next, 5)
const message = await matching
assert.deepEqual([message.status.source, message.status.tag, message.status.bytes], [before, 5, 24])
assert.equal(world.iprobe(before, 5), undefined)
const into = new Float64Array(3)
assert.equal(message.recv(into).count, 3)
assert.deepEqual(list(into), list(numbered(before, 3)))
await taken

const given = numbered(rank, 5)
assert.equal((await world.async.sendrecvReplace(given, next, 6, before, 6)).source, before)
assert.deepEqual(list(given), list(numbered(before, 5)))

ok('awaited')
