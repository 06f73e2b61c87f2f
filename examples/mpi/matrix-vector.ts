/**
 * A matrix times a vector, twice. By rows: each rank has some rows, and needs all of the vector. By blocks: ranks are a grid, each has a block
 * of the matrix and needs only the part of the vector that belongs to its columns; what it finds is a part of a sum over its row of the grid. By blocks a
 * rank sends and receives n / √p numbers instead of n. `skein mpirun -n 4 matrix-vector.ts [n]`
 */

import { dims, float64, sum, world, wtime } from 'skein/mpi'

const { rank, size } = world
const n = Number(process.argv[2] ?? 1000)

/** Where each of so many parts begins, and the end. */
const cut = (parts: number): number[] => Array.from({ length: parts + 1 }, (_, part) => Math.floor((part * n) / parts))
const lengths = (cuts: readonly number[]): number[] => cuts.slice(1).map((end, part) => end - cuts[part])

/** Small whole numbers, so that sums are exact in any order. Rank 0 alone has them. */
const matrix =
  rank === 0
    ? Float64Array.from({ length: n * n }, (_, at) => ((at % n) * 13 + Math.floor(at / n) * 7) % 17)
    : undefined
const vector = rank === 0 ? Float64Array.from({ length: n }, (_, i) => (i % 10) - 4) : undefined

function multiply(a: Float64Array, x: Float64Array, y: Float64Array): void {
  const columns = x.length
  for (let row = 0; row < y.length; row++) {
    let dot = 0
    for (let column = 0; column < columns; column++) dot += a[row * columns + column] * x[column]
    y[row] = dot
  }
}

/** A x at rank 0. The vector is scattered too, so that each has its part of it, as within a longer computation. */
function byRows(): Float64Array | undefined {
  const counts = lengths(cut(size))
  const mine = counts[rank]
  const a = new Float64Array(mine * n)
  world.scatterv(matrix && { buffer: matrix, counts: counts.map(rows => rows * n) }, a)
  const part = new Float64Array(mine)
  world.scatterv(vector && { buffer: vector, counts }, part)

  const x = new Float64Array(n)
  world.allgatherv(part, { buffer: x, counts })
  const y = new Float64Array(mine)
  multiply(a, x, y)
  return world.gatherv(y)
}

/** A x at rank 0. */
function byBlocks(): Float64Array | undefined {
  const grid = world.cart(dims(size, 2))!
  const [down, across] = grid.dims
  const [tops, lefts] = [cut(down), cut(across)]
  const [heights, widths] = [lengths(tops), lengths(lefts)]
  const [row, column] = grid.coords()
  const myRow = grid.sub([false, true])
  const myColumn = grid.sub([true, false])

  // Blocks of a matrix are no run of memory: a type for each says where its rows lie.
  const a = new Float64Array(heights[row] * widths[column])
  const mine = grid.irecv(a, 0)
  for (let to = 0; to < size && matrix; to++) {
    const [r, c] = grid.coords(to)
    const block = float64.subarray([n, n], [heights[r], widths[c]], [tops[r], lefts[c]])
    grid.send({ buffer: matrix, count: 1, type: block }, to)
  }
  mine.wait()

  // The first row of the grid gets the vector in parts, and each gives its part down its column.
  const x = new Float64Array(widths[column])
  if (row === 0) myRow.scatterv(vector && { buffer: vector, counts: widths }, x)
  myColumn.bcast(x)
  const partial = new Float64Array(heights[row])
  multiply(a, x, partial)
  const y = new Float64Array(heights[row])
  myRow.reduce(partial, y, sum)
  return column === 0 ? myColumn.gatherv(y) : undefined
}

const ways: { [name: string]: () => Float64Array | undefined } = { rows: byRows, blocks: byBlocks }
for (const [name, way] of Object.entries(ways)) {
  world.barrier()
  const from = wtime()
  const y = way()
  if (y === undefined || rank > 0) continue
  const seconds = wtime() - from
  const expected = new Float64Array(n)
  multiply(matrix!, vector!, expected)
  const differences = y.reduce((count, value, i) => count + (value === expected[i] ? 0 : 1), 0)
  const norm = Math.sqrt(y.reduce((squares, value) => squares + value * value, 0))
  console.log(
    `by ${name}: ${n} × ${n} on ${size} ranks, |A x| = ${norm.toFixed(3)}, ${differences} differences, in ${seconds.toFixed(3)} s`,
  )
  if (differences > 0 || y.length !== n) process.exitCode = 1
}
