/** Collectives in which everyone gets something from everyone. */

import { float64, inPlace, int32, world } from '@skein/mpi'
import { assert, list, numbered, ok, rank, size } from './check.ts'

const ranks = Array.from({ length: size }, (_, r) => r)
const cell = (from: number, to: number, i: number) => from * 10_000 + to * 100 + i

for (const count of [0, 1, 9, 5000]) {
  const mine = numbered(rank, count)
  const all = ranks.flatMap(r => list(numbered(r, count)))
  const whole = new Float64Array(count * size)
  world.allgather(mine, whole)
  assert.deepEqual(list(whole), all)
  assert.deepEqual(list(world.allgather(mine)), all)
  whole.fill(-1).set(mine, rank * count)
  world.allgather(inPlace, whole)
  assert.deepEqual(list(whole), all)

  const counts = ranks.map(r => count + r)
  const more = numbered(rank, count + rank)
  const joined = ranks.flatMap(r => list(numbered(r, counts[r])))
  const buffer = new Float64Array(joined.length)
  world.allgatherv(more, { buffer, counts })
  assert.deepEqual(list(buffer), joined)
  assert.deepEqual(list(world.allgatherv(more)), joined)
  const at = counts.slice(0, rank).reduce((a, b) => a + b, 0)
  buffer.fill(-1).set(more, at)
  world.allgatherv(inPlace, { buffer, counts })
  assert.deepEqual(list(buffer), joined)

  const cells = (of: (r: number, i: number) => number) =>
    Float64Array.from(ranks.flatMap(r => Array.from({ length: count }, (_, i) => of(r, i))))
  const sent = cells((to, i) => cell(rank, to, i))
  const expected = list(cells((from, i) => cell(from, rank, i)))
  const got = new Float64Array(count * size)
  world.alltoall(sent, got)
  assert.deepEqual(list(got), expected)
  assert.deepEqual(list(world.alltoall(sent)), expected)
  const both = sent.slice()
  world.alltoall(inPlace, both)
  assert.deepEqual(list(both), expected)

  // To rank t go t + 1 elements.
  const sendCounts = ranks.map(to => (count === 0 ? 0 : to + 1))
  const recvCounts = ranks.map(() => (count === 0 ? 0 : rank + 1))
  const ragged = Float64Array.from(
    ranks.flatMap(to => Array.from({ length: sendCounts[to] }, (_, i) => cell(rank, to, i))),
  )
  const come = new Float64Array(recvCounts.reduce((a, b) => a + b, 0))
  world.alltoallv({ buffer: ragged, counts: sendCounts }, { buffer: come, counts: recvCounts })
  const wanted = ranks.flatMap(from => Array.from({ length: recvCounts[from] }, (_, i) => cell(from, rank, i)))
  assert.deepEqual(list(come), wanted)
  if (count > 0) assert.deepEqual(list(world.alltoallv({ buffer: ragged, counts: sendCounts }) as Float64Array), wanted)
}

// Of each rank another type: even ones get numbers, odd ones whole numbers.
const send = new DataView(new ArrayBuffer(8 * size))
const types = ranks.map(to => (to % 2 === 0 ? float64 : int32))
for (const to of ranks) {
  if (to % 2 === 0) send.setFloat64(8 * to, rank + to / 8, true)
  else send.setInt32(8 * to, rank * 100 + to, true)
}
const ones = ranks.map(() => 1)
const displs = ranks.map(r => 8 * r)
const recv = new DataView(new ArrayBuffer(8 * size))
world.alltoallw(
  { buffer: send, counts: ones, displs, types },
  { buffer: recv, counts: ones, displs, types: ranks.map(() => types[rank]) },
)
for (const from of ranks) {
  if (rank % 2 === 0) assert.equal(recv.getFloat64(8 * from, true), from + rank / 8)
  else assert.equal(recv.getInt32(8 * from, true), from * 100 + rank)
}
world.barrier()

ok('exchanges')
