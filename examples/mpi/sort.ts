/**
 * Sorting by samples (Shi and Schaeffer 1992): each rank sorts its part, all agree on values that cut the whole into as many parts as there are ranks, and each
 * gives the others what is theirs. `skein mpirun -n 4 sort.ts [numbers of each rank]`
 */

import { sum, world } from 'skein/mpi'

const { rank, size } = world
const count = Number(process.argv[2] ?? 200_000)

let state = rank + 1
const mine = Float64Array.from({ length: count }, () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}).sort()

const samples = Float64Array.from({ length: size }, (_, i) => mine[Math.floor((i * count) / size)] ?? 0)
const all = world.allgather(samples).sort()
const cuts = Array.from({ length: size - 1 }, (_, i) => all[(i + 1) * size + (size >> 1)] ?? all.at(-1)!)

const sendCounts = new Int32Array(size)
let to = 0
for (const value of mine) {
  while (to < size - 1 && value >= cuts[to]) to++
  sendCounts[to]++
}
const counts = world.alltoall(sendCounts)
const received = new Float64Array(counts.reduce((a, b) => a + b, 0))
world.alltoallv({ buffer: mine, counts: [...sendCounts] }, { buffer: received, counts: [...counts] })
received.sort()

// Sorted here, nothing above what the next rank begins with, and as many as there were.
const edges = world.allgather([received[0], received.at(-1)])
const filled = edges.filter(([first]) => first !== undefined)
const isSorted = filled.every(([first], i) => i === 0 || filled[i - 1][1]! <= first!)
const total = world.allreduce(received.length, sum)
if (rank === 0) console.log(`${total} numbers on ${size} ranks: ${isSorted ? 'sorted' : 'not sorted'}`)
if (!isSorted || total !== count * size) process.exitCode = 1
