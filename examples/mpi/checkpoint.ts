/**
 * A simulation that can be killed. Heat in a plate, cut into blocks on a grid of ranks; every so many steps all ranks write the plate into one file, each
 * its own block of it, through a view. Started again it goes on from the last such file, on any number of ranks, and comes to the same numbers.
 * `skein mpirun -n 4 checkpoint.ts FILE [side] [steps] [die at step]`
 */

import { existsSync, renameSync } from 'node:fs'
import { dims, float64, sum, world } from 'skein/mpi'

const path = process.argv[2] ?? 'plate.checkpoint'
const side = Number(process.argv[3] ?? 256)
const steps = Number(process.argv[4] ?? 100)
const deadline = Number(process.argv[5] ?? Infinity)
const stepsBetween = 10

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

/** A block with a border of zeros around it, as it is at the start. */
function block(top: number, left: number, rows: number, columns: number): Float64Array<ArrayBuffer> {
  const width = columns + 2
  const plate = new Float64Array((rows + 2) * width)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      plate[(row + 1) * width + column + 1] = startOf(top + row, left + column)
  return plate
}

const grid = world.cart(dims(world.size, 2))!
const [down, across] = grid.dims
const [gridRow, gridColumn] = grid.coords()
const cut = (index: number, parts: number) => Math.floor((index * side) / parts)
const [top, left] = [cut(gridRow, down), cut(gridColumn, across)]
const [rows, columns] = [cut(gridRow + 1, down) - top, cut(gridColumn + 1, across) - left]
const width = columns + 2

// The file: side and step, then the plate row by row. In memory the block has its border around it; in the file other ranks' blocks.
const headerBytes = 16
const inMemory = float64.subarray([rows + 2, width], [rows, columns], [1, 1])
const inFile = float64.subarray([side, side], [rows, columns], [top, left])

/** All write their blocks into a new file, which then takes the place of the last one: whenever it is killed, one of them is whole. */
function save(plate: Float64Array, done: number): void {
  const file = grid.openFile(`${path}.new`, 'w')
  if (grid.rank === 0) file.writeAt(0, Float64Array.of(side, done))
  file.setView(headerBytes, float64, inFile)
  file.writeAll({ buffer: plate, count: 1, type: inMemory })
  file.sync()
  file.close()
  if (grid.rank === 0) renameSync(`${path}.new`, path)
}

/** @returns the step that the file is of */
function load(plate: Float64Array): number {
  const file = grid.openFile(path, 'r')
  const header = new Float64Array(2)
  file.readAtAll(0, header)
  if (header[0] !== side) throw new RangeError(`${path} is of a plate of ${header[0]} × ${header[0]}, not of ${side}`)
  file.setView(headerBytes, float64, inFile)
  const { count } = file.readAll({ buffer: plate, count: 1, type: inMemory })
  if (count !== 1) throw new RangeError(`${path} ends too early`)
  file.close()
  return header[1]
}

let [now, next] = [block(top, left, rows, columns), new Float64Array((rows + 2) * width)]
const first = world.bcast(existsSync(path), 0) ? load(now) : 0

const column = float64.vector(rows, 1, width)
const [above, below] = [grid.shift(0).source, grid.shift(0).dest]
const [before, after] = [grid.shift(1).source, grid.shift(1).dest]
const aRow = (row: number) => ({ buffer: now, offset: row * width + 1, count: columns })
const aColumn = (at: number) => ({ buffer: now, offset: width + at, count: 1, type: column })

for (let done = first; done < steps; ) {
  grid.sendrecv(aRow(1), above, 0, aRow(rows + 1), below, 0)
  grid.sendrecv(aRow(rows), below, 1, aRow(0), above, 1)
  grid.sendrecv(aColumn(1), before, 2, aColumn(columns + 1), after, 2)
  grid.sendrecv(aColumn(columns), after, 3, aColumn(0), before, 3)
  step(now, next, rows, columns)
  ;[now, next] = [next, now]
  done++
  if (done % stepsBetween === 0) save(now, done)
  if (done === deadline && grid.rank === grid.size - 1) process.kill(process.pid, 'SIGKILL')
}

// The whole plate by itself, without a pause.
let [whole, other] = [block(0, 0, side, side), new Float64Array((side + 2) ** 2)]
for (let s = 0; s < steps; s++) {
  step(whole, other, side, side)
  ;[whole, other] = [other, whole]
}
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
  console.log(
    `steps ${first + 1} to ${steps} of ${side} × ${side} on ${down} × ${across} ranks: mean ${(total! / side ** 2).toFixed(6)}, ${wrong} differences`,
  )
  if (wrong !== 0) process.exitCode = 1
}
