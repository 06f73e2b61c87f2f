/** Two groups that talk to each other. */

import { procNull, root, sum, world } from '@skein/mpi'
import { assert, list, ok, rank, size } from './check.ts'

// Rank 0 alone on one side, all others on the other.
const isLow = rank === 0
const others = size - 1
const side = world.split(isLow ? 0 : 1)
const inter = side.intercomm(0, world, isLow ? 1 : 0, 9)
assert.deepEqual([inter.size, inter.remoteSize, inter.isInter], isLow ? [1, others, true] : [others, 1, true])
assert.deepEqual(inter.remoteGroup.translateRanks([0], world.group), [isLow ? 1 : 0])

// Ranks are those of the other side.
const x = new Int32Array(1)
if (isLow) {
  for (let to = 0; to < others; to++) inter.send(Int32Array.of(to), to, 1)
  for (let from = 0; from < others; from++) assert.equal(inter.recv(from, 2), `from ${from}`)
} else {
  assert.equal(inter.recv(x, 0, 1).source, 0)
  assert.equal(x[0], side.rank)
  inter.send(`from ${side.rank}`, 0, 2)
}
inter.barrier()

const from = isLow ? root : 0
assert.equal(inter.bcast(isLow ? 'told' : undefined, from), 'told')
const all = inter.gather(Float64Array.of(rank), isLow ? new Float64Array(others) : undefined, from)
assert.equal(all, undefined)
if (isLow) {
  const found = new Float64Array(others)
  inter.gather(undefined, found, root)
  assert.deepEqual(
    list(found),
    Array.from({ length: others }, (_, i) => i + 1),
  )
} else inter.gather(Float64Array.of(rank), undefined, 0)

// The other side's sum.
const total = new Float64Array(1)
inter.allreduce(Float64Array.of(rank + 1), total, sum)
assert.equal(total[0], isLow ? (size * (size + 1)) / 2 - 1 : 1)
assert.deepEqual(inter.allgather(rank), isLow ? Array.from({ length: others }, (_, i) => i + 1) : [0])
if (isLow) assert.equal(inter.reduce(undefined, sum, root), (size * (size - 1)) / 2)
else inter.reduce(rank, sum, 0)
// One of the many is the root: its own group only looks on.
const turned = isLow ? 0 : side.rank === 0 ? root : procNull
const spread = Float64Array.of(isLow ? 0 : 5)
inter.bcast(spread, turned)
assert.equal(spread[0], 5)

// In one: those that say high come last.
const merged = inter.merge(isLow)
assert.deepEqual([merged.size, merged.rank], [size, isLow ? size - 1 : side.rank])
assert.equal(merged.allreduce(rank), (size * (size - 1)) / 2)
const copy = inter.dup()
copy.barrier()
for (const made of [copy, merged, inter]) made.free()

ok('intercommunicators')
