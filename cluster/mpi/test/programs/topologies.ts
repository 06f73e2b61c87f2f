/** Grids and graphs: who is where, and whose neighbour. */

import { dims, procNull, world } from '@skein/mpi'
import { assert, fails, ok, rank, size } from './check.ts'

const lengths = dims(size, 2)
const grid = world.cart(lengths, { periods: [true, false] })!
assert.deepEqual([grid.size, grid.dims, grid.periods], [size, lengths, [true, false]])
const [row, column] = grid.coords()
assert.equal(grid.rankOf([row, column]), grid.rank)
assert.equal(grid.rankOf([row + lengths[0], column]), grid.rank)
assert.deepEqual(grid.coords(0), [0, 0])
const down = grid.shift(0)
assert.deepEqual(
  [grid.coords(down.source), grid.coords(down.dest)],
  [
    [(row + lengths[0] - 1) % lengths[0], column],
    [(row + 1) % lengths[0], column],
  ],
)
const right = grid.shift(1, 1)
assert.equal(right.source, column === 0 ? procNull : grid.rankOf([row, column - 1]))
assert.equal(right.dest, column === lengths[1] - 1 ? procNull : grid.rankOf([row, column + 1]))

// What one gives to the right comes from the left.
const x = Float64Array.of(-1)
grid.sendrecv(Float64Array.of(column), right.dest, 0, x, right.source, 0)
assert.equal(x[0], column === 0 ? -1 : column - 1)

const rows = grid.sub([false, true])
assert.deepEqual([rows.dims, rows.periods, rows.rank], [[lengths[1]], [false], column])
assert.deepEqual(rows.allgather(row), new Array(lengths[1]).fill(row))
fails('MPI_ERR_DIMS', 'cart', () => world.cart([size + 1]))

// One rank is left over.
if (size > 1) {
  const smaller = world.cart([size - 1])
  assert.equal(smaller?.size, rank < size - 1 ? size - 1 : undefined)
}

// A ring as a graph: everyone has the one before and the one after.
const edges = Array.from({ length: size }, (_, r) => [(r + size - 1) % size, (r + 1) % size]).flat()
const graph = world.graph(
  Array.from({ length: size }, (_, r) => 2 * (r + 1)),
  edges,
)!
assert.deepEqual(graph.neighbors(), edges.slice(2 * rank, 2 * rank + 2))
assert.deepEqual(graph.neighbors(0), edges.slice(0, 2))

const dist = world.distGraphAdjacent({
  sources: [(rank + size - 1) % size],
  destinations: [(rank + 1) % size],
  sourceWeights: [3],
  destinationWeights: [4],
})
assert.deepEqual([dist.sources, dist.destinations], [[(rank + size - 1) % size], [(rank + 1) % size]])
// Rank 0 tells all edges: a star.
const star = world.distGraph(rank === 0 ? Array.from({ length: size - 1 }, (_, i) => [0, i + 1] as const) : [])
assert.deepEqual(
  [star.sources, star.destinations],
  rank === 0 ? [[], Array.from({ length: size - 1 }, (_, i) => i + 1)] : [[0], []],
)

for (const made of [grid, graph, dist, star]) made.dup().free()

ok('topologies')
