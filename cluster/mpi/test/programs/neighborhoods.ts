/** Collectives between neighbours of grids and graphs. */

import { dims, float64, procNull, version, world } from '@skein/mpi'
import { assert, list, ok, rank, size } from './check.ts'

for (const periods of [
  [true, true],
  [false, true],
  [false, false],
]) {
  const lengths = dims(size, 2)
  // In a ring of one or two both neighbours are the same rank; libraries from before MPI-4.1 confuse which message is for which side.
  if (version().engine !== 'threads' && lengths.some((length, d) => periods[d] && length < 3)) continue
  const grid = world.cart(lengths, { periods })!
  const neighbors = [0, 1].flatMap(d => {
    const { source, dest } = grid.shift(d)
    return [source, dest]
  })
  assert.deepEqual(grid.sources, neighbors)

  for (const count of [1, 3000]) {
    const mine = new Float64Array(count).fill(grid.rank)
    const all = new Float64Array(4 * count).fill(-5)
    grid.neighborAllgather(mine, all)
    neighbors.forEach((from, i) => {
      assert.deepEqual(
        list(all.subarray(i * count, (i + 1) * count)),
        new Array(count).fill(from === procNull ? -5 : from),
      )
    })

    // To each another: what goes up comes from below, also where both are the same rank.
    const sent = Float64Array.from({ length: 4 * count }, (_, i) => grid.rank * 10 + Math.floor(i / count))
    const got = new Float64Array(4 * count).fill(-5)
    grid.neighborAlltoall(sent, got)
    const expected = neighbors.map((from, i) => (from === procNull ? -5 : from * 10 + (i ^ 1)))
    assert.deepEqual(
      list(got),
      expected.flatMap(x => new Array(count).fill(x)),
    )
    const started = new Float64Array(4 * count).fill(-5)
    grid.ineighborAlltoall(sent, started).wait()
    assert.deepEqual(started, got)
    const counts = [count, count, count, count]
    const v = new Float64Array(4 * count).fill(-5)
    grid.neighborAlltoallv({ buffer: sent, counts }, { buffer: v, counts })
    assert.deepEqual(v, got)
    const types = counts.map(() => float64)
    const w = new Float64Array(4 * count).fill(-5)
    grid.neighborAlltoallw({ buffer: sent, counts, types }, { buffer: w, counts, types })
    assert.deepEqual(w, got)
    const g = new Float64Array(4 * count).fill(-5)
    grid.neighborAllgatherv(mine, { buffer: g, counts })
    assert.deepEqual(g, all)
  }

  assert.deepEqual(
    grid.neighborAllgather({ rank: grid.rank }),
    neighbors.map(from => (from === procNull ? undefined : { rank: from })),
  )
  assert.deepEqual(
    grid.neighborAlltoall(neighbors.map((_, i) => `${grid.rank} ${i}`)),
    neighbors.map((from, i) => (from === procNull ? undefined : `${from} ${i ^ 1}`)),
  )
  grid.free()
}

// Everyone to all of higher rank.
const ranks = Array.from({ length: size }, (_, r) => r)
const dist = world.distGraphAdjacent({ sources: ranks.slice(0, rank), destinations: ranks.slice(rank + 1) })
assert.deepEqual(list(dist.neighborAllgather(Float64Array.of(rank))), ranks.slice(0, rank))
assert.deepEqual(
  dist.neighborAllgather(`of ${rank}`),
  ranks.slice(0, rank).map(r => `of ${r}`),
)
const counts = ranks.slice(rank + 1).map(to => to)
const buffer = Float64Array.from(counts.flatMap(to => new Array(to).fill(rank * 100 + to)))
const come = new Float64Array(rank * rank)
dist.neighborAlltoallv({ buffer, counts }, { buffer: come, counts: ranks.slice(0, rank).map(() => rank) })
assert.deepEqual(
  list(come),
  ranks.slice(0, rank).flatMap(from => new Array(rank).fill(from * 100 + rank)),
)

ok('neighborhoods')
