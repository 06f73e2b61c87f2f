/**
 * The Mandelbrot set, by rows that rank 0 deals out: some rows take a hundred times as long as others, so who is done asks for the
 * next. `skein mpirun -n 4 mandelbrot.ts [width]`
 */

import { anySource, anyTag, Status, world } from 'skein/mpi'

const width = Number(process.argv[2] ?? 600)
const height = Math.round(width * 0.8)
const most = 1000
const [work, end] = [1, 2]

function row(y: number, out: Uint16Array): void {
  const b = (y / height) * 2.4 - 1.2
  for (let x = 0; x < width; x++) {
    const a = (x / width) * 3 - 2.1
    let [u, v, n] = [0, 0, 0]
    while (u * u + v * v <= 4 && n < most) {
      ;[u, v] = [u * u - v * v + a, 2 * u * v + b]
      n++
    }
    out[x] = n
  }
}

/** Deals rows out, and puts together what comes back. */
function deal(): Uint16Array {
  const image = new Uint16Array(width * height)
  const line = new Uint16Array(width + 1)
  const status = new Status()
  let next = 0
  let open = 0
  const give = (to: number) => {
    world.send(Int32Array.of(next), to, next < height ? work : end)
    if (next++ < height) open++
  }
  for (let to = 1; to < world.size; to++) give(to)
  while (open > 0) {
    const { source } = world.recv(line, anySource, anyTag, status)
    image.set(line.subarray(1), line[0] * width)
    open--
    give(source)
  }
  return image
}

/** Works on rows until there are none. The first element of what it sends back is the row's number. */
function serve(): void {
  const number = new Int32Array(1)
  const line = new Uint16Array(width + 1)
  while (world.recv(number, 0).tag === work) {
    line[0] = number[0]
    row(number[0], line.subarray(1))
    world.send(line, 0)
  }
}

if (world.size === 1) {
  console.log('there must be two ranks at least: one deals the rows out')
  process.exitCode = 1
} else if (world.rank > 0) serve()
else {
  const image = deal()
  const alone = new Uint16Array(width)
  let differences = 0
  for (let y = 0; y < height; y += 7) {
    row(y, alone)
    for (let x = 0; x < width; x++) if (alone[x] !== image[y * width + x]) differences++
  }
  const inside = image.reduce((count, n) => count + (n === most ? 1 : 0), 0)
  console.log(`${width} × ${height} on ${world.size} ranks: ${inside} points inside, ${differences} differences`)
  if (differences > 0) process.exitCode = 1
}
