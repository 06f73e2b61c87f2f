/** π as the area under 4 / (1 + x²), each rank every so many strips of it. `skein mpirun -n 4 cpi.ts [strips]` */

import { sum, world, wtime } from 'skein/mpi'

const { rank, size } = world
// One rank knows how many; all must.
const strips = world.bcast(rank === 0 ? Number(process.argv[2] ?? 10_000_000) : 0, 0)
const from = wtime()

let area = 0
for (let i = rank; i < strips; i += size) {
  const x = (i + 0.5) / strips
  area += 4 / (1 + x * x)
}
const pi = world.reduce(area / strips, sum, 0)

if (rank === 0) {
  const error = Math.abs(pi! - Math.PI)
  console.log(
    `π is about ${pi!.toFixed(12)}, off by ${error.toExponential(1)}, in ${(wtime() - from).toFixed(3)} s on ${size} ranks`,
  )
  if (!(error < 1 / strips)) process.exitCode = 1
}
