/** A token goes around the ring of ranks, each adds its number. `skein mpirun -n 4 ring.ts [rounds]` */

import { world } from 'skein/mpi'

const { rank, size } = world
const rounds = Number(process.argv[2] ?? 10)
const [before, after] = [(rank + size - 1) % size, (rank + 1) % size]
const token = new Float64Array(1)

for (let round = 0; round < rounds; round++) {
  if (rank > 0) world.recv(token, before)
  token[0] += rank
  world.send(token, after)
  if (rank === 0) world.recv(token, before)
}

const expected = (rounds * size * (size - 1)) / 2
if (rank === 0) console.log(`${rounds} rounds of ${size} ranks: ${token[0]}`)
if (rank === 0 && token[0] !== expected) process.exitCode = 1
