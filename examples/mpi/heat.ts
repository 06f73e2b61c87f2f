/**
 * Heat in a plate, cut into blocks on a grid of ranks. Each step every rank gives the edges of its block to its four neighbours; columns are
 * a derived datatype, so nobody copies them together. `skein mpirun -n 4 heat.ts [side] [steps]`
 */

import { dims, float64, procNull, sum, world } from 'skein/mpi'

const side = Number(process.argv[2] ?? 256)
const steps = Number(process.argv[3] ?? 100)

/** One step in the inside of a block whose border is known. */
function step(from: Float64Array, to: Float64Array, rows: number, columns: number): void {
  const width = columns + 2
  for (let row = 1; row <= rows; row++) {
    for (let i = row * width + 1; i <= row * width + columns; i++) {
      to[i] = from[i] + 0.2 * (from[i - width] + from[i + width] + from[i - 1] + from[i + 1] - 4 * from[i])
    }
  }
}

const startOf = (row: number, column: number): number =>
  Math.hypot(row - side / 3, column - side / 2) < side / 5 ? 100 : 0

/** The whole plate by itself, to compare with. */
function alone(): Float64Array {
  let [now, next] = [new Float64Array((side + 2) ** 2), new Float64Array((side + 2) ** 2)]
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) now[(row + 1) * (side + 2) + column + 1] = startOf(row, column)
  for (let s = 0; s < steps; s++) {
    step(now, next, side, side)
    ;[now, next] = [next, now]
  }
  return now
}

const grid = world.cart(dims(world.size, 2))!
const [down, across] = grid.dims
const [gridRow, gridColumn] = grid.coords(grid.rank)
const part = (index: number, parts: number): [number, number] => [
  Math.floor((index * side) / parts),
  Math.floor(((index + 1) * side) / parts),
]
const [[top, bottom], [left, right]] = [part(gridRow, down), part(gridColumn, across)]
const [rows, columns] = [bottom - top, right - left]
const width = columns + 2

let [now, next] = [new Float64Array((rows + 2) * width), new Float64Array((rows + 2) * width)]
for (let row = 0; row < rows; row++)
  for (let column = 0; column < columns; column++)
    now[(row + 1) * width + column + 1] = startOf(top + row, left + column)

const column = float64.vector(rows, 1, width)
const [above, below] = [grid.shift(0).source, grid.shift(0).dest]
const [before, after] = [grid.shift(1).source, grid.shift(1).dest]
const aRow = (buffer: Float64Array, row: number) => ({ buffer, offset: row * width + 1, count: columns })
const aColumn = (buffer: Float64Array, at: number) => ({ buffer, offset: width + at, count: 1, type: column })

for (let s = 0; s < steps; s++) {
  grid.sendrecv(aRow(now, 1), above, 0, aRow(now, rows + 1), below, 0)
  grid.sendrecv(aRow(now, rows), below, 1, aRow(now, 0), above, 1)
  grid.sendrecv(aColumn(now, 1), before, 2, aColumn(now, columns + 1), after, 2)
  grid.sendrecv(aColumn(now, columns), after, 3, aColumn(now, 0), before, 3)
  step(now, next, rows, columns)
  ;[now, next] = [next, now]
}

const whole = alone()
let differences = 0
let warmth = 0
for (let row = 1; row <= rows; row++) {
  for (let c = 1; c <= columns; c++) {
    warmth += now[row * width + c]
    if (now[row * width + c] !== whole[(top + row) * (side + 2) + left + c]) differences++
  }
}
const wrong = grid.reduce(differences, sum, 0)
const total = grid.reduce(warmth, sum, 0)
if (grid.rank === 0) {
  const borders = [above, below, before, after].filter(rank => rank === procNull).length
  console.log(
    `${steps} steps of ${side} × ${side} on ${down} × ${across} ranks (the first has ${borders} outer edges): mean ${(total! / side ** 2).toFixed(6)}, ${wrong} differences`,
  )
  if (wrong !== 0) process.exitCode = 1
}
