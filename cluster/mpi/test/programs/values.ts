/** Values: point to point and in every collective. */

import { band, bor, max, Status, sum, world } from '@skein/mpi'
import { assert, fails, ok, rank, size } from './check.ts'

const next = (rank + 1) % size
const before = (rank + size - 1) % size

const values = (of: number): unknown[] => [
  undefined,
  null,
  of,
  `text of ${of}`,
  BigInt(of),
  [of, [of]],
  { of, map: new Map([[of, new Set([of])]]), date: new Date(of) },
  Float64Array.of(of, 1),
  'x'.repeat(100_000 + of),
]

for (const [i, value] of values(rank).entries()) {
  const request = world.isend([value], next, i)
  const status = new Status()
  assert.deepEqual(world.recv(before, i, status), [values(before)[i]])
  assert.deepEqual([status.source, status.tag, status.count], [before, i, 1])
  request.wait()
  assert.deepEqual(world.sendrecv([value], next, i, before, i), [values(before)[i]])
}
fails('MPI_ERR_TYPE', 'send', () => world.send(() => 1, next))

const ranks = Array.from({ length: size }, (_, r) => r)
const big = (of: number) => ({ of, text: 'y'.repeat(of * 500) })
for (let root = 0; root < size; root++) {
  assert.deepEqual(world.bcast(rank === root ? big(root) : undefined, root), big(root))
  assert.deepEqual(world.gather(big(rank), root), rank === root ? ranks.map(big) : undefined)
  assert.deepEqual(world.scatter(rank === root ? ranks.map(big) : undefined, root), big(rank))
  assert.deepEqual(
    world.reduce([rank], (a, b) => [...a, ...b], root),
    rank === root ? ranks : undefined,
  )
  assert.equal(
    world.reduce(`${rank}`, (a, b) => a + b, root),
    rank === root ? ranks.join('') : undefined,
  )
  assert.equal(world.reduce(rank + 0.5, max, root), rank === root ? size - 0.5 : undefined)
}
assert.deepEqual(world.allgather(big(rank)), ranks.map(big))
assert.deepEqual(
  world.alltoall(ranks.map(to => [rank, to])),
  ranks.map(from => [from, rank]),
)
assert.deepEqual(
  world.allreduce([rank], (a, b) => [...a, ...b]),
  ranks,
)
assert.equal(world.allreduce(rank, sum), (size * (size - 1)) / 2)
assert.equal(world.allreduce(BigInt(rank), sum), BigInt((size * (size - 1)) / 2))
assert.deepEqual(
  world.scan([rank], (a, b) => [...a, ...b]),
  ranks.slice(0, rank + 1),
)
assert.deepEqual(
  world.exscan([rank], (a, b) => [...a, ...b]),
  rank === 0 ? undefined : ranks.slice(0, rank),
)
assert.equal(world.scan(1), rank + 1)
assert.equal(world.exscan(1), rank === 0 ? undefined : rank)
assert.deepEqual(
  world.reduceScatter(
    ranks.map(to => [rank * 10 + to]),
    (a, b) => [...a, ...b],
  ),
  ranks.map(from => from * 10 + rank),
)

// Numbers of more bits than an int has.
assert.equal(world.allreduce(2 ** 40 + rank, bor), 2 ** 40 + ranks.reduce((a, b) => a | b))
assert.equal(
  world.allreduce(-1 - rank, band),
  ranks.reduce((a, b) => a & (-1 - b), -1),
)
assert.equal(world.allreduce(rank === 0, bor), true)

ok('values')
