/**
 * The game of life on a torus that is cut into blocks, one for each rank of a Cartesian grid. A cell at the corner of a block has neighbours in three
 * other blocks, so each generation a rank gives rows, columns and corners to eight ranks, all in one call.
 * `skein mpirun -n 4 life.ts [side] [generations]`
 */

import { dims, uint8, world } from 'skein/mpi'

const side = Number(process.argv[2] ?? 256)
const generations = Number(process.argv[3] ?? 100)

const grid = world.cart(dims(world.size, 2), { periods: [true, true] })!
const [down, across] = grid.dims
if (!(side >= down)) throw new RangeError(`${world.size} ranks need a side of ${down} at least, and it is ${side}`)

/** Where the block of a rank lies. */
function block(rank: number): { top: number; left: number; rows: number; columns: number } {
  const [row, column] = grid.coords(rank)
  const [top, bottom] = [row, row + 1].map(part => Math.floor((part * side) / down))
  const [left, right] = [column, column + 1].map(part => Math.floor((part * side) / across))
  return { top, left, rows: bottom - top, columns: right - left }
}

/** One generation of a block whose border is known. */
function live(from: Uint8Array, to: Uint8Array, rows: number, columns: number): void {
  const width = columns + 2
  for (let row = 1; row <= rows; row++) {
    for (let i = row * width + 1; i <= row * width + columns; i++) {
      const above = from[i - width - 1] + from[i - width] + from[i - width + 1]
      const below = from[i + width - 1] + from[i + width] + from[i + width + 1]
      const neighbours = above + from[i - 1] + from[i + 1] + below
      to[i] = neighbours === 3 || (neighbours === 2 && from[i] === 1) ? 1 : 0
    }
  }
}

/** The eight directions. What is sent in one comes from the rank that lies the other way. */
const directions = [-1, 0, 1].flatMap(dy => [-1, 0, 1].map(dx => [dy, dx])).filter(([dy, dx]) => dy !== 0 || dx !== 0)
const [row, column] = grid.coords()
const around = grid.distGraphAdjacent({
  destinations: directions.map(([dy, dx]) => grid.rankOf([row + dy, column + dx])),
  sources: directions.map(([dy, dx]) => grid.rankOf([row - dy, column - dx])),
})
const { top, left, rows, columns } = block(grid.rank)
const width = columns + 2

const ones = directions.map(() => 1)
/** A row, a column or a corner, by the direction it goes. */
const types = directions.map(([dy, dx]) =>
  dy === 0 ? uint8.vector(rows, 1, width) : uint8.contiguous(dx === 0 ? columns : 1),
)
/** The edges of the block, and the places in its border that the opposite edges of its neighbours come to; in bytes. */
const at = (y: number, x: number): number => y * width + x
const edges = directions.map(([dy, dx]) => at(dy > 0 ? rows : 1, dx > 0 ? columns : 1))
const borders = directions.map(([dy, dx]) => {
  const y = dy > 0 ? 0 : dy < 0 ? rows + 1 : 1
  const x = dx > 0 ? 0 : dx < 0 ? columns + 1 : 1
  return at(y, x)
})

/** The world after some generations, at rank 0. */
function together(begin: (row: number, column: number) => number): Uint8Array | undefined {
  let [now, next] = [new Uint8Array((rows + 2) * width), new Uint8Array((rows + 2) * width)]
  for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) now[at(y + 1, x + 1)] = begin(top + y, left + x)
  for (let generation = 0; generation < generations; generation++) {
    around.neighborAlltoallw(
      { buffer: now, counts: ones, displs: edges, types },
      { buffer: now, counts: ones, displs: borders, types },
    )
    live(now, next, rows, columns)
    ;[now, next] = [next, now]
  }
  // Each gives the inside of its block; where it belongs in the whole is a type as well.
  const inside = uint8.subarray([rows + 2, width], [rows, columns], [1, 1])
  const sent = grid.isend({ buffer: now, count: 1, type: inside }, 0)
  let whole: Uint8Array | undefined
  if (grid.rank === 0) {
    whole = new Uint8Array(side * side)
    for (let rank = 0; rank < grid.size; rank++) {
      const from = block(rank)
      const place = uint8.subarray([side, side], [from.rows, from.columns], [from.top, from.left])
      grid.recv({ buffer: whole, count: 1, type: place }, rank)
    }
  }
  sent.wait()
  return whole
}

/** The same without ranks. */
function alone(begin: (row: number, column: number) => number): Uint8Array {
  let [now, next] = [new Uint8Array((side + 2) ** 2), new Uint8Array((side + 2) ** 2)]
  const inside = (buffer: Uint8Array, row: number) => buffer.subarray(row * (side + 2) + 1, (row + 1) * (side + 2) - 1)
  for (let y = 0; y < side; y++) inside(now, y + 1).set(Array.from({ length: side }, (_, x) => begin(y, x)))
  for (let generation = 0; generation < generations; generation++) {
    inside(now, 0).set(inside(now, side))
    inside(now, side + 1).set(inside(now, 1))
    for (let y = 0; y < side + 2; y++) {
      now[y * (side + 2)] = now[y * (side + 2) + side]
      now[y * (side + 2) + side + 1] = now[y * (side + 2) + 1]
    }
    live(now, next, side, side)
    ;[now, next] = [next, now]
  }
  const whole = new Uint8Array(side * side)
  for (let y = 0; y < side; y++) whole.set(inside(now, y + 1), y * side)
  return whole
}

const glider = ['.#.', '..#', '###']
const starts: { [name: string]: (row: number, column: number) => number } = {
  glider: (row, column) => (glider[row]?.[column] === '#' ? 1 : 0),
  // A third of the cells live: a hash of the place decides.
  soup: (row, column) =>
    (Math.imul(Math.imul(row + 1, 0x9e3779b1) ^ (column + 1), 0x85ebca6b) >>> 8) % 3 === 0 ? 1 : 0,
}
for (const [name, begin] of Object.entries(starts)) {
  const whole = together(begin)
  if (whole === undefined) continue
  const expected = alone(begin)
  const population = whole.reduce((sum, cell) => sum + cell, 0)
  // FNV-1a.
  const checksum = whole.reduce((hash, cell) => Math.imul(hash ^ cell, 16777619), 2166136261) >>> 0
  const differences = whole.reduce((count, cell, i) => count + (cell === expected[i] ? 0 : 1), 0)
  console.log(
    `${name}: ${generations} generations of ${side} × ${side} on ${down} × ${across} ranks: ${population} live, checksum ${checksum.toString(16).padStart(8, '0')}, ${differences} differences`,
  )
  if (differences > 0) process.exitCode = 1
}
