/** Communicators of parts of the world, and groups. */

import { AttributeKey, self, sum, world } from '@skein/mpi'
import { assert, fails, list, ok, rank, size } from './check.ts'

const ranks = Array.from({ length: size }, (_, r) => r)
assert.deepEqual([self.rank, self.size], [0, 1])
assert.equal(self.allreduce(5, sum), 5)
assert.equal(world.group.rank, rank)

const copy = world.dup()
assert.equal(copy.compare(world), 'congruent')
assert.equal(copy.allreduce(1), size)

// Even and odd, and numbered from behind.
const half = world.split(rank % 2, -rank)
const mine = ranks.filter(r => r % 2 === rank % 2).reverse()
assert.deepEqual([half.size, half.rank], [mine.length, mine.indexOf(rank)])
assert.deepEqual(half.allgather(rank), mine)
assert.deepEqual(list(half.group.translateRanks([...mine.keys()], world.group) as number[]), mine)
const low = rank < 2 ? world.split(0) : world.split(undefined)
assert.equal(low?.size, rank < 2 ? Math.min(2, size) : undefined)
if (size > 1) assert.equal(world.split(0, -rank).compare(world), 'similar')

// Splits of splits, while the other half does something else.
const quarter = half.split(half.rank % 2)
assert.equal(
  quarter.allreduce(rank),
  mine.filter((_, i) => i % 2 === half.rank % 2).reduce((a, b) => a + b, 0),
)
if (rank % 2 === 0) half.bcast('even', 0)
else half.barrier()

assert.ok(world.splitType('shared').size >= 1)

const odd = world.group.incl(ranks.filter(r => r % 2 === 1))
const created = world.create(odd)
assert.equal(created?.size, rank % 2 === 1 ? odd.size : undefined)
if (created) assert.equal(created.allreduce(1), odd.size)
if (rank % 2 === 0) {
  const even = world.group.excl(ranks.filter(r => r % 2 === 1))
  const ours = world.createGroup(even, 3)!
  assert.deepEqual(
    ours.allgather(rank),
    ranks.filter(r => r % 2 === 0),
  )
  ours.free()
}

const told: number[] = []
const key = new AttributeKey<number>({ copy: (_, value) => value + 1, delete: (_, value) => told.push(value) })
copy.attributes.set(key, 1)
using again = copy.dup()
assert.equal(again.attributes.get(key), 2)
copy.free()
assert.deepEqual(told, [1])
assert.throws(() => copy.send(1, 0), /was freed/)
fails('MPI_ERR_COMM', 'barrier', () => copy.barrier())

half.name = 'half'
assert.throws(() => half.send(1, 99), new RegExp(`send on rank ${half.rank} of half: dest`))

// Many, one after another: what is freed can be had again.
for (let i = 0; i < 50; i++) {
  const made = world.dup()
  if (i % 10 === 0) assert.equal(made.allreduce(i), i * size)
  made.free()
}

ok('communicators')
